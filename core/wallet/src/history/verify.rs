//! Checking everything that is kept: the seal of every event and the signature of every receipt. Takes as long as the
//! history is; meant for the background and before an export.

use super::{HistoryClient, VerifyReport};
use crate::error::Outcome;
use crate::tables::records::{self, RecordRow};
use kabao_base::Code;
use kabao_proof::Receipt;

/// Records of one step.
const STEP: u32 = 200;

impl HistoryClient {
    /// Checks the chain of events, every payment against its events, and every receipt. Works without network.
    pub async fn verify(&self) -> Outcome<VerifyReport> {
        let (events, first_wrong_event) =
            self.core.open_files(|files| Ok((files.head().seq, files.verify_events()?))).await?;
        let mut report = VerifyReport { events, first_wrong_event, receipts: 0, wrong_receipts: Vec::new() };
        let keys = self.core.stored_key_set().await?;
        let mut before = i64::MAX;
        loop {
            let rows = self
                .core
                .open_files(move |files| {
                    files.cache(|conn| {
                        let with_receipt = |(key, row): (i64, RecordRow)| {
                            Ok((key, records::receipt(conn, row.record_id)?, row))
                        };
                        records::page(conn, before, STEP)?.into_iter().map(with_receipt).collect::<Outcome<Vec<_>>>()
                    })
                })
                .await?;
            let Some((last, _, _)) = rows.last() else { return Ok(report) };
            before = *last;
            for (_, document, row) in &rows {
                let Some(document) = document else { continue };
                report.receipts = report.receipts.saturating_add(1);
                let keys = keys.as_ref().ok_or(Code::ReceiptInvalid)?;
                let fits = Receipt::open(document, keys).is_ok_and(|receipt| receipt.record_id == row.record_id);
                if !fits {
                    report.wrong_receipts.push(row.record_id.to_string());
                }
            }
        }
    }
}
