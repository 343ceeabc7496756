//! The signed receipt, checked on the phone each time it is shown. Works without network.

use super::{PayClient, ReceiptView};
use crate::error::{Outcome, WalletError};
use crate::shared::{known_cards, source_text};
use crate::tables::{receipts, records};
use crate::words::say;
use kabao_base::{Code, Id};
use kabao_codes::carrier::{self, CarrierKind};
use kabao_proof::{Document, Receipt};

impl PayClient {
    /// The receipt of a record of the history.
    pub async fn receipt(&self, record_id: String) -> Outcome<ReceiptView> {
        let id = Id::parse(&record_id).map_err(|_| WalletError::from(Code::BadId).in_field("record_id"))?;
        let document = self
            .core
            .open_files(move |files| {
                let own = files.ledger(|conn| receipts::get(conn, id))?.map(|row| row.document);
                match own {
                    Some(document) => Ok(Some(document)),
                    None => files.cache(|conn| records::receipt(conn, id)),
                }
            })
            .await?
            .ok_or(Code::NotFound)?;
        let keys = self.core.stored_key_set().await?.ok_or(Code::ReceiptInvalid)?;
        let opened = Receipt::open(&document, &keys);
        let verified = opened.as_ref().is_ok_and(|receipt| receipt.record_id == id);
        let receipt = match opened {
            Ok(receipt) => receipt,
            // Shown as not verified; what cannot even be read is an error.
            Err(_) => kabao_proof::cose::read(&document)
                .ok()
                .and_then(|cose| Receipt::decode(&cose.payload).ok())
                .ok_or(Code::ReceiptInvalid)?,
        };
        let language = self.core.settings.language;
        let cards = known_cards(&self.core).await?;
        let source = super::quote::name(receipt.source);
        let shows = receipt.shows().as_str();
        Ok(ReceiptView {
            record_id: receipt.record_id.to_string(),
            verified,
            shows: shows.to_owned(),
            title: say(language, &format!("receipt.of.{shows}.title"), &[]),
            payee_label: say(language, &format!("receipt.of.{shows}.payee"), &[]),
            arrives_at: receipt.arrives_at,
            arrives_text: receipt.arrives_at.map(|at| say(language, "receipt.arrives_at", &[("at", &at.china_text())])),
            payee_name: receipt.payee_name,
            amount: receipt.amount.view(language),
            fee: receipt.fee.view(language),
            route_text: say(language, &format!("way.{}", receipt.route), &[]),
            route: receipt.route,
            source_text: source_text(language, &source, &cards),
            source,
            our_order: receipt.our_order,
            acquirer_order: receipt.acquirer_order,
            merchant_order: receipt.order,
            at: receipt.at,
            at_text: receipt.at.china_text(),
            qr_text: carrier::make(CarrierKind::Receipt, &document).ok(),
            document,
        })
    }
}
