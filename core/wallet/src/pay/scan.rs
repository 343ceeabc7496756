//! What is this code: judged on the phone first, so that what is not meant for the service is not sent to it.

use super::{PayClient, ScanView};
use crate::error::{Outcome, WalletError};
use crate::service::wire::Payee;
use kabao_base::{Code, Failure};
use kabao_codes::{ReadContext, Scanned};

impl PayClient {
    /// Reads a scanned text. A code that cannot be paid gives its reason; a payee's name comes from the service.
    pub async fn read(&self, text: String) -> Outcome<ScanView> {
        self.core.gate.check_open()?;
        let context = ReadContext { guid: self.core.settings.guid.clone(), payer_prefix: self.prefix().await? };
        let scanned = kabao_codes::read(&text, &context).map_err(|error| WalletError::from(error.code()))?;
        let refusal = scanned.refusal().map(Failure::of);
        let code = match scanned {
            Scanned::Collection { code } => code,
            Scanned::Other { wallet } => return Ok(ScanView { other: Some(wallet), ..nothing(refusal) }),
            _ => return Ok(nothing(refusal)),
        };
        let body = serde_json::json!({ "payee_code": code.payee_code }).to_string().into_bytes();
        let request = self.core.request("POST", "/v1/payees/resolve".to_owned(), body)?;
        let payee: Payee = self.core.call(&request).await?.read()?;
        let language = self.core.settings.language;
        Ok(ScanView {
            payee_id: Some(payee.payee_id.to_string()),
            payee_name: Some(payee.name),
            order: code.order,
            amount: code.amount.map(|amount| amount.view(language)),
            limit_class: payee.limit_class,
            static_left: payee.static_left.map(|left| left.view(language)),
            other: None,
            refusal: (code.currency != kabao_base::Currency::Cny).then(|| Failure::of(Code::CurrencyUnknown)),
        })
    }
}

fn nothing(refusal: Option<Failure>) -> ScanView {
    ScanView {
        payee_id: None,
        payee_name: None,
        order: None,
        amount: None,
        limit_class: None,
        static_left: None,
        other: None,
        refusal,
    }
}
