//! What was decided about accounts for good, kept here because this file outlives a book that is put back to an older copy.

use super::engine::Engine;
use super::{DecisionRow, VaultAnswer, VaultDown};
use kabao_base::{Id, Timestamp};
use kabao_vault_sys::Cached;
use rusqlite::{TransactionBehavior, params};

impl Engine {
    /// Writes a decision down, once; gives it as it stands.
    pub(super) fn keep_decision(&mut self, row: &DecisionRow) -> Result<VaultAnswer, VaultDown> {
        let body = serde_json::to_string(&row.body).map_err(|_| VaultDown)?;
        let sql = "INSERT OR IGNORE INTO decisions (decision, account, body, at) VALUES (?1, ?2, ?3, ?4)";
        self.db.run(sql, params![row.decision.to_string(), row.account.to_string(), body, row.at.as_ms()])?;
        self.decisions(Some(row.decision))
    }

    /// Every decision in the order in which they were made, or one.
    pub(super) fn decisions(&self, only: Option<Id>) -> Result<VaultAnswer, VaultDown> {
        let sql = "SELECT decision, account, body, at FROM decisions WHERE ?1 IS NULL OR decision = ?1 ORDER BY seq";
        let mut select = self.db.prepare_cached(sql)?;
        let rows = select.query_map([only.map(|id| id.to_string())], |row| {
            let id = |column: usize| -> rusqlite::Result<Id> { Id::parse(&row.get::<_, String>(column)?).map_err(|_| rusqlite::Error::InvalidQuery) };
            Ok(DecisionRow {
                decision: id(0)?,
                account: id(1)?,
                body: serde_json::from_str(&row.get::<_, String>(2)?).map_err(|_| rusqlite::Error::InvalidQuery)?,
                at: Timestamp::from_ms(row.get(3)?),
            })
        })?;
        Ok(VaultAnswer::Decisions(rows.collect::<Result<_, _>>()?))
    }

    /// Forgets the person of a closed account, but for a mark by which whoever comes for later money is known. Tokens of cards stay without their numbers: money that still comes for one is
    /// known to be the account's.
    pub(super) fn forget(&mut self, account: Id, decision: Id) -> Result<VaultAnswer, VaultDown> {
        let (key, mark) = (account.to_string(), self.mark_of_person(account)?);
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(mark) = mark {
            tx.run("INSERT OR IGNORE INTO closed_persons VALUES (?1, ?2)", params![key, mark])?;
        }
        for sql in [
            "DELETE FROM pins WHERE account = ?1",
            "DELETE FROM passwords WHERE account = ?1",
            "DELETE FROM factors WHERE account = ?1",
            "DELETE FROM backup_codes WHERE account = ?1",
            "DELETE FROM verdicts WHERE account = ?1",
            "DELETE FROM persons WHERE account = ?1",
            "DELETE FROM verifications WHERE account = ?1",
            "UPDATE cards SET mark = x'', pan_sealed = x'', last4 = '', bound = 0 WHERE account = ?1",
        ] {
            tx.run(sql, [&key])?;
        }
        // That there was an account stays known, for what was paid to it; number and phone go. The mark is one that no number has.
        let free = kabao_proof::hex(&kabao_proof::digest::sha256_of(&[b"kabao-closed-1", account.as_bytes()]));
        let sql = "UPDATE decisions SET body = json_set(body, '$.opened.phone_mark', ?2, '$.opened.phone_sealed', '', '$.opened.model', '') \
                   WHERE account = ?1 AND json_extract(body, '$.opened') IS NOT NULL";
        tx.run(sql, [&key, &free])?;
        // What was paid out or came by bank transfer stays known: a book that is put back to before it must not give the same money to somebody else.
        let sql = "DELETE FROM decisions WHERE account = ?1 AND decision <> ?2 AND coalesce(json_extract(body, '$.opened'), \
                   json_extract(body, '$.withdrawal'), json_extract(body, '$.wire'), json_extract(body, '$.transfer'), json_extract(body, '$.transfer_void'), json_extract(body, '$.withdrawal_void'), json_extract(body, '$.transfer_cancelled')) IS NULL";
        tx.run(sql, [&key, &decision.to_string()])?;
        tx.commit()?;
        Ok(VaultAnswer::Done)
    }
}
