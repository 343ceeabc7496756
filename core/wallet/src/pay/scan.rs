//! What is this code: judged on the phone first, so that what is not meant for the service is not sent to it.

use super::{CodeSaysView, DangerView, HandOverView, PayClient, ScanView};
use crate::error::Outcome;
use crate::service::wire::Payee;
use crate::words::{self, Language};
use kabao_base::{Code, Currency, Failure};
use kabao_codes::read::{PayWay, Scheme};
use kabao_codes::table::Table;
use kabao_codes::{ReadContext, Verdict};
use std::sync::Arc;

impl PayClient {
    /// Reads a scanned text. Every text has an answer; a code that cannot be paid gives its reason. Only the
    /// payee's code of a collection code of this wallet goes to the service, and the payee's name comes from there.
    ///
    /// # Errors
    /// Those of asking the service for the payee, and [`Code::Locked`].
    pub async fn read(&self, text: String) -> Outcome<ScanView> {
        self.core.check_open()?;
        let verdict = kabao_codes::read(&text, &self.read_context().await?);
        self.judged(verdict).await
    }

    /// Reads what a tag or a terminal gave: the bytes of an NDEF message, as [`kabao_codes::type4`] or the phone read
    /// them. The answer is that of a scan of the same text; a damaged message and one with several links are refused.
    ///
    /// # Errors
    /// Those of [`PayClient::read`].
    pub async fn tap(&self, ndef: Vec<u8>) -> Outcome<ScanView> {
        self.core.check_open()?;
        let verdict = kabao_codes::ndef::tap(&ndef, &self.read_context().await?);
        self.judged(verdict).await
    }

    async fn judged(&self, verdict: Verdict) -> Outcome<ScanView> {
        let language = self.core.settings.language;
        let mut view = view(language, &verdict);
        let Some(code) = verdict.collection else { return Ok(view) };
        let body = serde_json::json!({ "payee_code": code.payee_code }).to_string().into_bytes();
        let request = self.core.request("POST", "/v1/payees/resolve".to_owned(), body)?;
        let payee: Payee = self.core.call(&request).await?.read()?;
        view.payee_id = Some(payee.payee_id.to_string());
        view.payee_name = Some(payee.name);
        view.order = code.order;
        view.amount = code.amount.map(|amount| amount.view(language));
        view.limit_class = payee.limit_class;
        view.static_left = payee.static_left.map(|left| left.view(language));
        view.refusal = (code.currency != Currency::Cny).then(|| Failure::of(Code::CurrencyUnknown));
        Ok(view)
    }

    /// What this wallet calls its own, and the table of codes in use. It has no channel of its own to another scheme's codes.
    async fn read_context(&self) -> Outcome<ReadContext> {
        let (payer_prefix, codes) = (self.prefix().await?, self.core.feed::<Table>().await?);
        let settings = &self.core.settings;
        let link_host = settings.link_host.clone();
        Ok(ReadContext { payer_prefix, link_host, table: Arc::clone(&codes.body), ..ReadContext::new(&settings.guid) })
    }
}

/// What the code itself tells, before anybody is asked.
fn view(language: Language, verdict: &Verdict) -> ScanView {
    let asks = &verdict.asks;
    let hand_over = match &verdict.pay {
        PayWay::HandOver { app, link } => {
            Some(HandOverView { app: app.name().to_owned(), text: words::scheme(language, app), link: link.clone() })
        }
        _ => None,
    };
    let dangers = verdict.dangers.iter().map(|danger| DangerView { danger: danger.name().to_owned(), text: words::danger(language, danger) });
    ScanView {
        payee_id: None,
        payee_name: None,
        order: None,
        amount: None,
        limit_class: None,
        static_left: None,
        family: verdict.family.name().to_owned(),
        owner: verdict.owner.as_ref().map(Scheme::name).map(str::to_owned),
        says: CodeSaysView {
            payee: asks.payee.clone(),
            amount: asks.amount_text.clone(),
            currency: asks.currency.clone(),
            order: asks.order.clone(),
            is_static: asks.is_static,
            amount_editable: asks.amount_editable,
            masked: verdict.masked.clone(),
            category: asks.category,
        },
        dangers: dangers.collect(),
        hand_over,
        words: words::code(language, verdict),
        refusal: verdict.refusal.map(Failure::of),
    }
}
