//! Which phones took the place of which, kept here because this file outlives a book that is put back to an older copy; and
//! the real name of a person who comes back.

use super::engine::{Engine, about, open_text, refused};
use super::desk::INFO_ID;
use super::person::{is_open, state_of};
use super::{IdentityState, Liveness, ReplacedRow, VaultAnswer, VaultDown};
use kabao_base::{FoldKind, Id, Timestamp, fold, mask};
use kabao_outside::{IdentityVendor, PersonToCheck};
use kabao_proof::{PublicKey, SealedBox, hex};
use kabao_vault_sys::Cached;
use rusqlite::{OptionalExtension, params};
use zeroize::Zeroizing;

impl Engine {
    /// Writes a replacement down, once; gives it as it stands.
    pub(super) fn keep_replaced(&mut self, row: &ReplacedRow) -> Result<VaultAnswer, VaultDown> {
        let sql = "INSERT OR IGNORE INTO replaced (replacement, account, device, device_key, approve_key, model, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let keys = (row.device_key.to_bytes(), row.approve_key.to_bytes());
        self.db.run(
            sql,
            params![row.replacement.to_string(), row.account.to_string(), row.device.to_string(), keys.0, keys.1, row.model, row.at.as_ms()],
        )?;
        self.replaced(Some(row.replacement))
    }

    /// Every replacement in the order in which they were decided, or one.
    pub(super) fn replaced(&self, only: Option<Id>) -> Result<VaultAnswer, VaultDown> {
        let sql = "SELECT replacement, account, device, device_key, approve_key, model, at FROM replaced WHERE ?1 IS NULL OR replacement = ?1 ORDER BY seq";
        let mut select = self.db.prepare_cached(sql)?;
        let rows = select.query_map([only.map(|id| id.to_string())], |row| {
            let id = |column: usize| -> rusqlite::Result<Id> { Id::parse(&row.get::<_, String>(column)?).map_err(|_| rusqlite::Error::InvalidQuery) };
            let key = |column: usize| -> rusqlite::Result<PublicKey> {
                PublicKey::from_bytes(&row.get::<_, Vec<u8>>(column)?).map_err(|_| rusqlite::Error::InvalidQuery)
            };
            Ok(ReplacedRow {
                replacement: id(0)?,
                account: id(1)?,
                device: id(2)?,
                device_key: key(3)?,
                approve_key: key(4)?,
                model: row.get(5)?,
                at: Timestamp::from_ms(row.get(6)?),
            })
        })?;
        Ok(VaultAnswer::Replaced(rows.collect::<Result<_, _>>()?))
    }

    /// Whether name, number and face are those of the account's person. Another number or another name is refused before the
    /// vendor is asked, both in the same words. Without a box: asks the vendor again.
    pub(super) fn prove_person(&mut self, proof: Id, account: Id, name: &str, sealed: Option<&SealedBox>, liveness: &Liveness) -> Result<VaultAnswer, VaultDown> {
        let place = |column: &str| format!("verification:{proof}:{column}");
        let sql = "SELECT account, name_sealed, number_sealed, token_sealed FROM verifications WHERE verification = ?1";
        let known: Option<(String, [Vec<u8>; 3])> = self
            .db
            .row(sql, [proof.to_string()], |row| Ok((row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?])))
            .optional()?;
        let (name, number, token) = match (known, sealed) {
            (Some((of, [name, number, token])), _) if of == account.to_string() => {
                let open = |column: &str, sealed: &[u8]| self.sealer.open_text(&place(column), sealed).map_err(|_| VaultDown);
                (open("name", &name)?, open("number", &number)?, open("token", &token)?)
            }
            (Some(_), _) => return Ok(refused("id_reused")),
            (None, None) => return Ok(refused("not_found")),
            (None, Some(sealed)) => {
                let Ok(number) = open_text(&self.id_key, INFO_ID, &about(account, proof), sealed) else {
                    return Ok(refused("approval_refused"));
                };
                // The number alone is compared; birth and expiry may stand behind it.
                let number = number.split(';').next().unwrap_or_default();
                let Ok(number) = fold(number, FoldKind::IdNumber).map(Zeroizing::new) else {
                    return Ok(refused("id_characters"));
                };
                (Zeroizing::new(name.to_owned()), number, liveness.in_one_text())
            }
        };
        let is_their_number = self.id_number_of(account)?.is_some_and(|theirs| theirs.eq_ignore_ascii_case(&number));
        let state = if is_their_number & self.is_name_of(account, &name)? {
            let (document, nationality) = self.document_of(account)?.unwrap_or_default();
            let person = PersonToCheck { document: &document, name: &name, number: &number, nationality: nationality.as_deref() };
            let shown = Liveness::of_one_text(&token);
            state_of(self.outside.vendor.verify(proof, &person, &shown.token, shown.nonce.as_deref()))
        } else {
            IdentityState::Rejected { code: "id_mismatch".to_owned(), retriable: true }
        };
        if is_open(&state) {
            let row = (self.seal(&place("name"), &name)?, self.seal(&place("number"), &number)?, self.seal(&place("token"), &token)?);
            self.db.run(
                "INSERT OR IGNORE INTO verifications VALUES (?1, ?2, ?3, ?4, ?5, '')",
                params![proof.to_string(), account.to_string(), row.0, row.1, row.2],
            )?;
        } else {
            self.db.run("DELETE FROM verifications WHERE verification = ?1", [proof.to_string()])?;
        }
        let mark = self.sealer.mark("id", &number);
        Ok(VaultAnswer::Identity { state, id_masked: mask::id_number(&number), id_mark: hex(&mark), pin_must_change: false, person: None })
    }
}
