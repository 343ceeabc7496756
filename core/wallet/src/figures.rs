//! What `cargo bench` needs and no app has: a history without a service, and the one commit of a payment alone.

use crate::error::Outcome;
use crate::tables::intents::{self, IntentRow};
use crate::tables::marks;
use crate::tables::records::{self, RecordRow};
use crate::wallet::Wallet;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Code, Id, Money, Timestamp};
use kabao_money::payment::PaymentState;
use kabao_proof::{Document, Receipt, RecordKind, Signature, Source};

/// The first moment of the made-up history.
pub const FIRST: i64 = 1_700_000_000_000;

fn id(number: u64, kind: u8) -> Id {
    let mut bytes = [kind; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    Id::from_bytes(bytes)
}

/// The record of a number: the same in every file that is compared.
fn record(number: u64) -> RecordRow {
    let at = Timestamp::from_ms(FIRST + i64::try_from(number).unwrap_or(0) * 600_000);
    RecordRow {
        record_id: id(number, 1),
        seq: number + 1,
        kind: "payer_code".to_owned(),
        state: "done".to_owned(),
        payee_id: None,
        payee_name: format!("Corner shop {}", number % 97),
        amount: Money::fen(-i64::try_from(number % 10_000).unwrap_or(1)),
        fee: Money::fen(0),
        route: "lakala".to_owned(),
        merchant_order: Some(format!("M{number}")),
        our_order: format!("K{number}"),
        acquirer_order: Some(format!("L{number}")),
        intent_id: None,
        token_id: Some(format!("{:011}", number)),
        original: None,
        at,
        updated_at: at,
    }
}

/// The receipt of a made-up record.
fn receipt(row: &RecordRow) -> Receipt {
    Receipt {
        receipt_id: row.record_id,
        record_id: row.record_id,
        intent_id: None,
        terms_digest: None,
        token_id: row.token_id.clone(),
        kind: RecordKind::PayerCode,
        account_id: id(0, 4),
        payee_id: None,
        payee_name: row.payee_name.clone(),
        amount: Money::fen(row.amount.minor.saturating_abs().max(1)),
        fee: row.fee,
        source: Source::Balance,
        route: row.route.clone(),
        order: row.merchant_order.clone(),
        our_order: row.our_order.clone(),
        acquirer_order: row.acquirer_order.clone(),
        original: None,
        arrives_at: None,
        at: row.at,
        epoch: 1,
    }
}

impl Wallet {
    /// Adds made-up records `from..to` to the history.
    pub async fn fill(&self, from: u64, to: u64) -> Outcome<()> {
        let core = self.core();
        core.open_files(move |files| {
            files.cache_write(|tx| {
                for number in from..to {
                    records::upsert(tx, &record(number), Some(&[7; 400]))?;
                }
                Ok(())
            })
        })
        .await
    }

    /// The same with a receipt of each that `sign` signed under the name `documents-1`.
    pub async fn fill_signed(&self, from: u64, to: u64, sign: impl Fn(&[u8]) -> Signature + Send + 'static) -> Outcome<()> {
        let core = self.core();
        core.open_files(move |files| {
            files.cache_write(|tx| {
                for number in from..to {
                    let row = record(number);
                    let waiting = receipt(&row).to_sign("documents-1").map_err(|_| Code::Internal)?;
                    let signature = sign(&waiting.tbs);
                    let document = waiting.finish(&signature).map_err(|_| Code::Internal)?;
                    records::upsert(tx, &row, Some(&document))?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Keeps a key set as if the service had sent it.
    pub async fn keep_key_set(&self, document: Vec<u8>) -> Outcome<()> {
        let text = URL_SAFE_NO_PAD.encode(document);
        let core = self.core();
        core.open_files(move |files| {
            files.commit(Timestamp::from_ms(FIRST), |tx, log| {
                marks::set(tx, marks::KEY_SET, &text)?;
                log.append(tx, "keys", "kept", b"")
            })
        })
        .await
    }

    /// The one commit between *confirm* and the permission to open a socket.
    pub async fn one_intent(&self, number: u64) -> Outcome<()> {
        let mut row = IntentRow {
            intent_id: id(number, 2),
            kind: "pay".to_owned(),
            payee_key: format!("{}/{number}", id(number % 13, 3)),
            payee_name: Some("Corner shop".to_owned()),
            amount: Money::fen(2350),
            fee: Money::fen(0),
            terms: vec![5; 280],
            state: PaymentState::Sending,
            event: 0,
            epoch: 1,
            attempts: 1,
            dispatched: false,
            abandon_asked: false,
            code: None,
            attempts_left: None,
            record_id: None,
            timeline: None,
            created_at: Timestamp::from_ms(FIRST),
            updated_at: Timestamp::from_ms(FIRST),
            proof: None,
        };
        let at = row.created_at;
        self.core()
            .open_files(move |files| {
                files.commit(at, |tx, log| {
                    intents::unsettled_to(tx, &row.payee_key)?;
                    row.event = log.next();
                    intents::insert(tx, &row, &[9; 900])?;
                    log.append(tx, "intent", &row.intent_id.to_string(), b"sending attempt 1 epoch 1 after 0")
                })
            })
            .await
    }
}
