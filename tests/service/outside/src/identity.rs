//! The simulated real-name vendor. Its book holds fingerprints only.

use crate::error::OutsideError;
use crate::fingerprint::Fingerprints;
use crate::port::{IdentityAnswer, IdentityVendor, World};
use crate::store::{Book, lock};
use kabao_base::Id;
use rusqlite::{OptionalExtension, params};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// How long a liveness token can be used, in milliseconds.
const TOKEN_LIFE_MS: i64 = 30 * 60_000;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS tokens(
    token BLOB PRIMARY KEY, channels INTEGER NOT NULL, alive INTEGER NOT NULL, made_at INTEGER NOT NULL, used_by TEXT) STRICT;
CREATE TABLE IF NOT EXISTS answers(
    id TEXT PRIMARY KEY, elements BLOB NOT NULL, channels INTEGER, code TEXT, retriable INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS numbers(number BLOB PRIMARY KEY, code TEXT, holder BLOB) STRICT;
";

/// The elements' fingerprints; the channels of a pass; code and retriable of a rejection.
type KeptAnswer = (Vec<u8>, Option<u32>, Option<String>, Option<bool>);

/// What the camera saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LivenessResult {
    /// A living person who is the one on the document.
    Ok,
    /// No living person, or another one.
    Failed,
}

/// The switches of the vendor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VendorFaults {
    /// So many calls get no answer; it counts down by itself.
    pub pending_times: u32,
    /// Every verification is rejected with this code, and whether trying again makes sense.
    pub reject: Option<(String, bool)>,
}

/// The simulated vendor. Without other instructions it passes every number whose check digit (GB 11643) is right.
pub struct SimulatedVendor {
    book: Book,
    prints: Fingerprints,
    world: Arc<dyn World>,
    faults: Mutex<VendorFaults>,
}

impl SimulatedVendor {
    /// Opens the vendor's book (and makes it when missing); `None` keeps it in memory.
    pub fn open(path: Option<&Path>, world: Arc<dyn World>) -> Result<SimulatedVendor, OutsideError> {
        Ok(SimulatedVendor {
            book: Book::open(path, TABLES)?,
            prints: Fingerprints::open(path, world.as_ref())?,
            world,
            faults: Mutex::new(VendorFaults::default()),
        })
    }

    /// Sets all switches; `VendorFaults::default()` ends every fault.
    pub fn set_faults(&self, faults: VendorFaults) {
        *lock(&self.faults) = faults;
    }

    /// The switches as they stand.
    pub fn faults(&self) -> VendorFaults {
        lock(&self.faults).clone()
    }

    /// Makes a liveness token, as the vendor's component in the app would. It serves one verification for 30 minutes;
    /// `channels` is how many independent registers will agree.
    pub fn issue_liveness(&self, channels: u32, result: LivenessResult) -> Result<String, OutsideError> {
        let mut bytes = [0u8; 16];
        self.world.random(&mut bytes);
        let token = format!("lv{}", Id::from_bytes(bytes));
        self.book.hold().execute(
            "INSERT INTO tokens VALUES(?1, ?2, ?3, ?4, NULL)",
            params![self.prints.of("liveness", &token), channels, result == LivenessResult::Ok, self.world.now().as_ms()],
        )?;
        Ok(token)
    }

    /// Makes the register answer for a number with a code: `id_reported_lost`, `id_not_found`, `id_on_other_account`.
    pub fn set_number(&self, id_number: &str, code: &str) -> Result<(), OutsideError> {
        self.book.hold().execute(
            "INSERT INTO numbers VALUES(?1, ?2, NULL) ON CONFLICT(number) DO UPDATE SET code = ?2",
            params![self.number(id_number), code],
        )?;
        Ok(())
    }

    /// Tells the register whose number it is: another name is then `id_mismatch`.
    pub fn set_holder(&self, id_number: &str, name: &str) -> Result<(), OutsideError> {
        self.book.hold().execute(
            "INSERT INTO numbers VALUES(?1, NULL, ?2) ON CONFLICT(number) DO UPDATE SET holder = ?2",
            params![self.number(id_number), self.prints.of("holder", name.trim())],
        )?;
        Ok(())
    }

    fn number(&self, id_number: &str) -> Vec<u8> {
        self.prints.of("id", &id_number.trim().to_ascii_uppercase())
    }

    /// One failed call less; says whether this one fails.
    fn stays_silent(&self) -> bool {
        let mut faults = lock(&self.faults);
        let silent = faults.pending_times > 0;
        faults.pending_times = faults.pending_times.saturating_sub(1);
        silent
    }

    fn judge(&self, id: Id, name: &str, id_number: &str, liveness_token: &str) -> rusqlite::Result<IdentityAnswer> {
        let id = id.to_string();
        let number = self.number(id_number);
        let holder = self.prints.of("holder", name.trim());
        let token = self.prints.of("liveness", liveness_token);
        let elements = [number.as_slice(), &holder, &token].concat();
        let mut book = self.book.hold();
        let book = book.transaction()?;
        let known: Option<KeptAnswer> = book
            .query_row("SELECT elements, channels, code, retriable FROM answers WHERE id = ?1", [&id], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        if let Some((of, channels, code, retriable)) = known {
            return Ok(match (of == elements, channels, code) {
                (false, _, _) => rejected("id_reused", false),
                (true, Some(channels), _) => IdentityAnswer::Passed { channels },
                (true, None, code) => rejected(&code.unwrap_or_default(), retriable.unwrap_or(false)),
            });
        }
        // Used, also when the vendor is silent: the token belongs to this verification from here on.
        let found: Option<(u32, bool)> = book
            .query_row(
                "UPDATE tokens SET used_by = ?2 WHERE token = ?1 AND (used_by IS NULL OR used_by = ?2) AND made_at >= ?3
                 RETURNING channels, alive",
                params![token, id, self.world.now().plus_ms(-TOKEN_LIFE_MS).as_ms()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        if self.stays_silent() {
            book.commit()?;
            return Ok(IdentityAnswer::Pending);
        }
        let register: Option<(Option<String>, Option<Vec<u8>>)> = book
            .query_row("SELECT code, holder FROM numbers WHERE number = ?1", [&number], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (code, registered) = register.unwrap_or((None, None));
        let answer = if let Some((code, retriable)) = self.faults().reject {
            rejected(&code, retriable)
        } else if !check_digit_is_right(id_number.trim()) {
            rejected("id_not_found", true)
        } else if let Some(code) = code {
            rejected(&code, false)
        } else if registered.is_some_and(|registered| registered != holder) {
            rejected("id_mismatch", true)
        } else {
            match found {
                Some((channels, true)) if channels > 0 => IdentityAnswer::Passed { channels },
                _ => rejected("liveness_failed", true),
            }
        };
        let (channels, code, retriable) = match &answer {
            IdentityAnswer::Passed { channels } => (Some(*channels), None, None),
            IdentityAnswer::Rejected { code, retriable } => (None, Some(code.as_str()), Some(*retriable)),
            IdentityAnswer::Pending => return Ok(answer),
        };
        book.execute("INSERT INTO answers VALUES(?1, ?2, ?3, ?4, ?5)", params![id, elements, channels, code, retriable])?;
        book.commit()?;
        Ok(answer)
    }
}

impl IdentityVendor for SimulatedVendor {
    fn verify(&self, id: Id, name: &str, id_number: &str, liveness_token: &str) -> IdentityAnswer {
        self.judge(id, name, id_number, liveness_token).unwrap_or(IdentityAnswer::Pending)
    }
}

fn rejected(code: &str, retriable: bool) -> IdentityAnswer {
    IdentityAnswer::Rejected { code: code.to_owned(), retriable }
}

/// ISO 7064 MOD 11-2 over 17 digits, as GB 11643-1999 writes it. Computed here and not by the wallet's own reader: the
/// two sides have to agree without sharing code.
fn check_digit_is_right(number: &str) -> bool {
    let (Some(body), Some(check)) = (number.get(..17), number.get(17..)) else { return false };
    if !body.bytes().all(|digit| digit.is_ascii_digit()) {
        return false;
    }
    let rest = body.bytes().fold(0u32, |rest, digit| (rest + u32::from(digit - b'0')) * 2 % 11);
    let wanted = (12 - rest) % 11;
    match check {
        "X" | "x" => wanted == 10,
        digit => digit.len() == 1 && digit.parse() == Ok(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestWorld;

    const NUMBER: &str = "11010519491231002X";

    fn id(byte: u8) -> Id {
        Id::from_bytes([byte; 16])
    }

    fn vendor() -> (SimulatedVendor, Arc<TestWorld>) {
        let world = Arc::new(TestWorld::new(1));
        (SimulatedVendor::open(None, world.clone()).unwrap(), world)
    }

    #[test]
    fn check_digits() {
        for right in [NUMBER, "440524188001010014", "11010519491231002x", "810000199408230021", "932682198501010017"] {
            assert!(check_digit_is_right(right), "{right}");
        }
        for wrong in ["", "110105194912310021", "11010519491231002", "11010519491231002XX", "1101051949123100２X", "é1010519491231002X"] {
            assert!(!check_digit_is_right(wrong), "{wrong}");
        }
    }

    #[test]
    fn passes_once_per_token_and_repeats_its_answer() {
        let (vendor, world) = vendor();
        let token = vendor.issue_liveness(5, LivenessResult::Ok).unwrap();
        let passed = IdentityAnswer::Passed { channels: 5 };
        assert_eq!(vendor.verify(id(1), "张三", NUMBER, &token), passed);
        assert_eq!(vendor.verify(id(1), "张三", NUMBER, &token), passed);
        assert_eq!(vendor.verify(id(2), "张三", NUMBER, &token), rejected("liveness_failed", true));
        assert_eq!(vendor.verify(id(1), "李四", NUMBER, &token), rejected("id_reused", false));
        assert_eq!(vendor.verify(id(3), "张三", NUMBER, "lv00"), rejected("liveness_failed", true));
        let failed = vendor.issue_liveness(5, LivenessResult::Failed).unwrap();
        assert_eq!(vendor.verify(id(4), "张三", NUMBER, &failed), rejected("liveness_failed", true));
        let late = vendor.issue_liveness(5, LivenessResult::Ok).unwrap();
        world.advance(TOKEN_LIFE_MS + 1);
        assert_eq!(vendor.verify(id(5), "张三", NUMBER, &late), rejected("liveness_failed", true));
    }

    #[test]
    fn silence_is_not_a_rejection() {
        let (vendor, _) = vendor();
        let token = vendor.issue_liveness(3, LivenessResult::Ok).unwrap();
        vendor.set_faults(VendorFaults { pending_times: 2, reject: None });
        assert_eq!(vendor.verify(id(1), "张三", NUMBER, &token), IdentityAnswer::Pending);
        assert_eq!(vendor.verify(id(1), "张三", NUMBER, &token), IdentityAnswer::Pending);
        assert_eq!(vendor.verify(id(1), "张三", NUMBER, &token), IdentityAnswer::Passed { channels: 3 });
    }

    #[test]
    fn the_register_knows_numbers_and_names() {
        let (vendor, _) = vendor();
        let token = || vendor.issue_liveness(3, LivenessResult::Ok).unwrap();
        assert_eq!(vendor.verify(id(1), "张三", "110105194912310021", &token()), rejected("id_not_found", true));
        vendor.set_holder(NUMBER, "张三").unwrap();
        assert_eq!(vendor.verify(id(2), "李四", NUMBER, &token()), rejected("id_mismatch", true));
        assert_eq!(vendor.verify(id(3), "张三", NUMBER, &token()), IdentityAnswer::Passed { channels: 3 });
        vendor.set_number(NUMBER, "id_reported_lost").unwrap();
        assert_eq!(vendor.verify(id(4), "张三", NUMBER, &token()), rejected("id_reported_lost", false));
        vendor.set_faults(VendorFaults { pending_times: 0, reject: Some(("id_mismatch".to_owned(), true)) });
        assert_eq!(vendor.verify(id(5), "张三", "440524188001010014", &token()), rejected("id_mismatch", true));
    }

    #[test]
    fn answers_outlive_the_process_and_the_book_holds_no_person() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vendor.db");
        let world = Arc::new(TestWorld::new(1));
        let vendor = SimulatedVendor::open(Some(&path), world.clone()).unwrap();
        let token = vendor.issue_liveness(2, LivenessResult::Ok).unwrap();
        assert_eq!(vendor.verify(id(1), "张三丰", NUMBER, &token), IdentityAnswer::Passed { channels: 2 });
        drop(vendor);
        let vendor = SimulatedVendor::open(Some(&path), world).unwrap();
        assert_eq!(vendor.verify(id(1), "张三丰", NUMBER, &token), IdentityAnswer::Passed { channels: 2 });
        crate::testing::assert_absent(folder.path(), &[NUMBER, "张三丰", &token]);
    }
}
