//! The simulated real-name vendor. Its book holds fingerprints only.

mod names;
#[cfg(test)]
mod tests;

use crate::error::OutsideError;
use crate::fingerprint::Fingerprints;
use crate::port::{IdentityAnswer, IdentityVendor, PersonToCheck, SourceAnswer, World};
use crate::store::{Book, lock};
use kabao_base::Id;
use kabao_vault_sys::Cached;
use rusqlite::{OptionalExtension, Transaction, params};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// How long a liveness token can be used, in milliseconds.
const TOKEN_LIFE_MS: i64 = 30 * 60_000;
/// What the vendor promises for a check that a person has to look at, in milliseconds.
const REVIEW_MS: i64 = 24 * 3_600_000;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS tokens(
    token BLOB PRIMARY KEY, channels INTEGER NOT NULL, outcome TEXT NOT NULL, nonce BLOB, made_at INTEGER NOT NULL, used_by TEXT) STRICT;
CREATE TABLE IF NOT EXISTS answers(
    id TEXT PRIMARY KEY, elements BLOB NOT NULL, channels INTEGER, code TEXT, retriable INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS numbers(number BLOB PRIMARY KEY, code TEXT, holder BLOB) STRICT;
CREATE TABLE IF NOT EXISTS reviews(
    id TEXT PRIMARY KEY, asked_at INTEGER NOT NULL, passes INTEGER, code TEXT, retriable INTEGER) STRICT;
";

/// The elements' fingerprints; the channels of a pass; code and retriable of a rejection.
type KeptAnswer = (Vec<u8>, Option<u32>, Option<String>, Option<bool>);

/// What the camera saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LivenessResult {
    /// A living person who is the one on the document.
    Ok,
    /// No living person.
    Failed,
    /// A living person who is not the one on the document.
    OtherFace,
    /// A twin, or a picture too good to be true: a person has to look.
    Unclear,
}

impl LivenessResult {
    const ALL: [LivenessResult; 4] = [LivenessResult::Ok, LivenessResult::Failed, LivenessResult::OtherFace, LivenessResult::Unclear];

    /// The word of the console: `ok`, `failed`, `other_face`, `unclear`.
    pub const fn as_str(self) -> &'static str {
        match self {
            LivenessResult::Ok => "ok",
            LivenessResult::Failed => "failed",
            LivenessResult::OtherFace => "other_face",
            LivenessResult::Unclear => "unclear",
        }
    }

    /// The result of a word.
    pub fn parse(word: &str) -> Option<LivenessResult> {
        LivenessResult::ALL.into_iter().find(|result| result.as_str() == word)
    }
}

/// The switches of the vendor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VendorFaults {
    /// So many calls get no answer; it counts down by itself.
    pub pending_times: u32,
    /// Every verification is rejected with this code, and whether trying again makes sense.
    pub reject: Option<(String, bool)>,
    /// The registers are being maintained for so long; nothing is judged and nothing is used up.
    pub maintenance_ms: Option<i64>,
    /// What single registers answer when they are asked one by one: `mismatch`, `not_found`, `pending`. The others match.
    pub sources: BTreeMap<String, String>,
}

/// The simulated vendor. Without other instructions it passes every number whose check digit is right, where the document
/// has one.
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
    /// `channels` is how many independent registers will agree. The component binds it to the wallet service's `nonce`;
    /// one without serves tests only.
    pub fn issue_liveness(&self, channels: u32, result: LivenessResult, nonce: Option<&str>) -> Result<String, OutsideError> {
        let mut bytes = [0u8; 16];
        self.world.random(&mut bytes);
        let token = format!("lv{}", Id::from_bytes(bytes));
        self.book.hold().run(
            "INSERT INTO tokens VALUES(?1, ?2, ?3, ?4, ?5, NULL)",
            params![
                self.prints.of("liveness", &token),
                channels,
                result.as_str(),
                nonce.map(|nonce| self.prints.of("nonce", nonce)),
                self.world.now().as_ms()
            ],
        )?;
        Ok(token)
    }

    /// Makes the register answer for a number with a code: `id_reported_lost`, `id_not_found`, `id_on_other_account`.
    pub fn set_number(&self, id_number: &str, code: &str) -> Result<(), OutsideError> {
        self.book.hold().run(
            "INSERT INTO numbers VALUES(?1, ?2, NULL) ON CONFLICT(number) DO UPDATE SET code = ?2",
            params![self.number(id_number), code],
        )?;
        Ok(())
    }

    /// Tells the register whose number it is: another name is then `id_mismatch`.
    pub fn set_holder(&self, id_number: &str, name: &str) -> Result<(), OutsideError> {
        self.book.hold().run(
            "INSERT INTO numbers VALUES(?1, NULL, ?2) ON CONFLICT(number) DO UPDATE SET holder = ?2",
            params![self.number(id_number), self.prints.of("holder", &names::canonical(name))],
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

    /// The checks that wait for a person to look, oldest first.
    pub fn reviews(&self) -> Result<Vec<String>, OutsideError> {
        let book = self.book.hold();
        let mut select = book.prepare_cached("SELECT id FROM reviews WHERE passes IS NULL ORDER BY asked_at, id")?;
        let rows = select.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A person has looked: `None` passes, a code rejects. Without an id, every check that waits. Gives how many.
    pub fn decide(&self, id: Option<&str>, rejected: Option<(&str, bool)>) -> Result<usize, OutsideError> {
        let (code, retriable) = (rejected.map(|(code, _)| code), rejected.map(|(_, retriable)| retriable));
        Ok(self.book.hold().run(
            "UPDATE reviews SET passes = ?2, code = ?3, retriable = ?4 WHERE passes IS NULL AND (?1 IS NULL OR id = ?1)",
            params![id, rejected.is_none(), code, retriable],
        )?)
    }

    /// What the token shows: how many registers agree, or why the face is not believed.
    fn face(&self, book: &Transaction<'_>, id: &str, token: &[u8], nonce: Option<&str>) -> rusqlite::Result<Result<(u32, LivenessResult), IdentityAnswer>> {
        type Kept = (u32, String, Option<Vec<u8>>, i64, Option<String>);
        let kept: Option<Kept> = book
            .row("SELECT channels, outcome, nonce, made_at, used_by FROM tokens WHERE token = ?1", [token], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })
            .optional()?;
        let Some((channels, outcome, bound, made_at, used_by)) = kept else { return Ok(Err(rejected("liveness_failed", true))) };
        let asked_again = used_by.as_deref() == Some(id);
        if used_by.is_some() && !asked_again {
            return Ok(Err(rejected("liveness_used", true)));
        }
        if bound != nonce.map(|nonce| self.prints.of("nonce", nonce)) {
            return Ok(Err(rejected("liveness_other", true)));
        }
        // A check that is waited for does not grow stale by the waiting.
        if !asked_again && made_at < self.world.now().plus_ms(-TOKEN_LIFE_MS).as_ms() {
            return Ok(Err(rejected("liveness_stale", true)));
        }
        // Used, also when the vendor is silent: the token belongs to this verification from here on.
        book.run("UPDATE tokens SET used_by = ?2 WHERE token = ?1", params![token, id])?;
        Ok(Ok((channels, LivenessResult::parse(&outcome).unwrap_or(LivenessResult::Failed))))
    }

    /// What a person decided on an unclear picture, or that nobody has looked yet.
    fn reviewed(&self, book: &Transaction<'_>, id: &str, channels: u32) -> rusqlite::Result<IdentityAnswer> {
        let now = self.world.now().as_ms();
        book.run("INSERT OR IGNORE INTO reviews (id, asked_at) VALUES (?1, ?2)", params![id, now])?;
        let (asked_at, passes, code, retriable): (i64, Option<bool>, Option<String>, Option<bool>) = book.row(
            "SELECT asked_at, passes, code, retriable FROM reviews WHERE id = ?1",
            [id],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        Ok(match passes {
            None => IdentityAnswer::Review { within_ms: asked_at.saturating_add(REVIEW_MS).saturating_sub(now).max(0) },
            Some(true) => IdentityAnswer::Passed { channels },
            Some(false) => rejected(code.as_deref().unwrap_or("liveness_failed"), retriable.unwrap_or(false)),
        })
    }

    fn judge(&self, id: Id, person: &PersonToCheck<'_>, liveness_token: &str, nonce: Option<&str>) -> rusqlite::Result<IdentityAnswer> {
        let id = id.to_string();
        let number = self.number(person.number);
        let holder = self.prints.of("holder", &names::canonical(person.name));
        let token = self.prints.of("liveness", liveness_token);
        let elements = [person.document.as_bytes(), &number, &holder, &token].concat();
        let mut book = self.book.hold();
        let book = book.transaction()?;
        let known: Option<KeptAnswer> = book
            .row("SELECT elements, channels, code, retriable FROM answers WHERE id = ?1", [&id], |row| {
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
        if let Some(retry_after_ms) = self.faults().maintenance_ms {
            return Ok(IdentityAnswer::Maintenance { retry_after_ms });
        }
        let face = self.face(&book, &id, &token, nonce)?;
        if self.stays_silent() {
            book.commit()?;
            return Ok(IdentityAnswer::Pending);
        }
        let register: Option<(Option<String>, Option<Vec<u8>>)> = book
            .row("SELECT code, holder FROM numbers WHERE number = ?1", [&number], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (code, registered) = register.unwrap_or((None, None));
        let answer = if let Some((code, retriable)) = self.faults().reject {
            rejected(&code, retriable)
        } else if !check_digit_is_right(person.document, person.number.trim()) {
            rejected("id_not_found", true)
        } else if let Some(code) = code {
            rejected(&code, matches!(code.as_str(), "id_register_late" | "document_expired"))
        } else if registered.is_some_and(|registered| registered != holder) {
            rejected("id_mismatch", true)
        } else {
            match face {
                Err(answer) => answer,
                Ok((channels, LivenessResult::Ok)) if channels > 0 => IdentityAnswer::Passed { channels },
                Ok((channels, LivenessResult::Unclear)) => self.reviewed(&book, &id, channels)?,
                Ok((_, LivenessResult::OtherFace)) => rejected("face_mismatch", true),
                Ok(_) => rejected("liveness_failed", true),
            }
        };
        let (channels, code, retriable) = match &answer {
            IdentityAnswer::Passed { channels } => (Some(*channels), None, None),
            IdentityAnswer::Rejected { code, retriable } => (None, Some(code.as_str()), Some(*retriable)),
            _ => {
                book.commit()?;
                return Ok(answer);
            }
        };
        book.run("INSERT INTO answers VALUES(?1, ?2, ?3, ?4, ?5)", params![id, elements, channels, code, retriable])?;
        book.commit()?;
        Ok(answer)
    }
}

impl IdentityVendor for SimulatedVendor {
    fn verify(&self, id: Id, person: &PersonToCheck<'_>, liveness_token: &str, nonce: Option<&str>) -> IdentityAnswer {
        self.judge(id, person, liveness_token, nonce).unwrap_or(IdentityAnswer::Pending)
    }

    fn ask_source(&self, source: &str, person: &PersonToCheck<'_>) -> SourceAnswer {
        let holder = self.prints.of("holder", &names::canonical(person.name));
        let number = self.number(person.number);
        let registered: Result<Option<Option<Vec<u8>>>, _> =
            self.book.hold().row("SELECT holder FROM numbers WHERE number = ?1", [&number], |row| row.get(0)).optional();
        let said = self.faults().sources.get(source).cloned().unwrap_or_default();
        match (registered, said.as_str()) {
            (Err(_), _) | (_, "pending") => SourceAnswer::Pending,
            (_, "mismatch") => SourceAnswer::Mismatch,
            (_, "not_found") => SourceAnswer::NotFound,
            (Ok(Some(Some(registered))), _) if registered != holder => SourceAnswer::Mismatch,
            _ => SourceAnswer::Match,
        }
    }
}

fn rejected(code: &str, retriable: bool) -> IdentityAnswer {
    IdentityAnswer::Rejected { code: code.to_owned(), retriable }
}

/// The check digit, where the document's numbers have one. Computed here and not by the wallet's own reader: the two
/// sides have to agree without sharing code.
fn check_digit_is_right(document: &str, number: &str) -> bool {
    match document {
        "hong_kong_macau_travel_permit" | "taiwan_travel_permit" | "foreign_passport" => true,
        "foreigner_card" if number.len() == 15 => old_card_is_right(number),
        _ => mod_11_2_is_right(number),
    }
}

/// ICAO 9303 weights 7, 3, 1 over the first fourteen characters; letters count from 10.
fn old_card_is_right(number: &str) -> bool {
    let values: Option<Vec<u32>> = number.chars().map(|sign| sign.to_digit(36).filter(|_| sign.is_ascii_digit() || sign.is_ascii_uppercase())).collect();
    let Some((check, body)) = values.as_deref().and_then(<[u32]>::split_last) else { return false };
    body.iter().zip([7, 3, 1].into_iter().cycle()).map(|(value, weight)| value * weight).sum::<u32>() % 10 == *check
}

/// ISO 7064 MOD 11-2 over 17 digits, as GB 11643-1999 writes it.
fn mod_11_2_is_right(number: &str) -> bool {
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
