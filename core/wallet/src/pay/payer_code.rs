//! Showing a payer code. Needs no network: one token is used up for each showing, committed before the first pixel.

use super::{PayClient, PayerCodeView};
use crate::error::{Outcome, WalletError};
use crate::tables::tokens::{self, TokenRow};
use crate::words::Language;
use kabao_base::{Code, Money, Timestamp};
use kabao_codes::draw;
use kabao_codes::payer::{PayerToken, STEP_SECONDS, derive_code};
use kabao_money::merchant::MerchantState;

impl PayClient {
    /// Shows a code for the way that the person chose. Each call uses up one token; the picture is renewed with
    /// `next_picture`.
    pub async fn show_code(&self, way: String) -> Outcome<PayerCodeView> {
        let ways = self.ways().await?;
        match ways.iter().find(|known| known.way == way) {
            Some(known) if known.usable => {}
            Some(known) => return Err(known.reason.clone().map_or(Code::ChannelUnusable.into(), WalletError::from)),
            None => return Err(WalletError::from(Code::ChannelUnusable).in_field("way")),
        }
        let (now, trusted) = self.core.clock.now(self.core.host.as_ref());
        let shown = self
            .core
            .open_files(move |files| {
                files.commit(now, |tx, log| {
                    let token = tokens::next(tx, now)?.ok_or(Code::NoPayerCodes)?;
                    tokens::set_state(tx, &token.token_id, MerchantState::Shown.as_str(), Some(now), None)?;
                    log.append(tx, "token", &token.token_id, MerchantState::Shown.as_str().as_bytes())?;
                    Ok((token, tokens::left(tx, now)?))
                })
            })
            .await?;
        draw_code(self.core.settings.language, &shown.0, way, now, trusted, shown.1)
    }

    /// The next picture of the same showing: the same token, the present step.
    pub async fn next_picture(&self, showing_id: String, way: String) -> Outcome<PayerCodeView> {
        self.core.identity()?;
        let (now, trusted) = self.core.clock.now(self.core.host.as_ref());
        let (token, left) = self
            .core
            .open_files(move |files| {
                files.ledger(|conn| {
                    let token = tokens::get(conn, &showing_id)?.ok_or(Code::NotFound)?;
                    Ok((token, tokens::left(conn, now)?))
                })
            })
            .await?;
        if token.state != MerchantState::Shown.as_str() || token.not_after <= now {
            return Err(Code::NoPayerCodes.into());
        }
        draw_code(self.core.settings.language, &token, way, now, trusted, left)
    }

    /// What became of a showing: the merchant-started payment's state.
    pub async fn showing(&self, showing_id: String) -> Outcome<(MerchantState, Option<String>)> {
        let token = self.core.open_files(move |files| files.ledger(|conn| tokens::get(conn, &showing_id))).await?;
        let token = token.filter(|token| token.state != "unused").ok_or(Code::NotFound)?;
        let state = MerchantState::parse(&token.state).ok_or(Code::StorageDamaged)?;
        Ok((state, token.record_id.map(|id| id.to_string())))
    }

    /// The prefix of this wallet's payer codes, once tokens were fetched.
    pub(super) async fn prefix(&self) -> Outcome<Option<String>> {
        let now = self.core.now();
        let next = self.core.open_files(move |files| files.ledger(|conn| tokens::next(conn, now))).await?;
        Ok(next.map(|token| token.prefix))
    }
}

fn draw_code(language: Language, row: &TokenRow, way: String, now: Timestamp, trusted: bool, left: u32) -> Outcome<PayerCodeView> {
    let (cap, low) = (Money::fen(row.cap), Money::fen(row.cap_untrusted));
    let token = PayerToken::new(&row.prefix, &row.token_id, &row.key, row.not_after, cap, low)
        .map_err(|_| Code::StorageDamaged)?;
    let seconds = now.as_seconds();
    let digits = derive_code(&token, seconds);
    let next_step = seconds.div_euclid(STEP_SECONDS).saturating_add(1).saturating_mul(STEP_SECONDS);
    let groups: Vec<&str> = (0..digits.len()).step_by(4).filter_map(|start| digits.get(start..start + 4)).collect();
    Ok(PayerCodeView {
        showing_id: row.token_id.clone(),
        way,
        grouped: groups.join(" "),
        qr: draw::qr(&digits).map_err(|_| Code::Internal)?,
        bars: draw::bars(&digits).map_err(|_| Code::Internal)?,
        draw_again_at: Timestamp::from_ms(next_step.saturating_mul(1000)),
        cap: token.cap(trusted).view(language),
        clock_trusted: trusted,
        codes_left: left,
        digits,
    })
}
