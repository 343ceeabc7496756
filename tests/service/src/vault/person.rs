//! The real name of an account's person: judged, kept, renewed, and asked of single registers.

use super::desk::INFO_ID;
use super::engine::{Engine, about, open_text, refused};
use super::names::{is_same, spelled};
use super::papers::{self, Paper};
use super::{weak, weak_person};
use super::{IdentityState, Liveness, PersonFacts, VaultAnswer, VaultDown};
use chrono::NaiveDate;
use kabao_base::{Code, Id, Timestamp, mask};
use kabao_outside::{Bank, IdentityAnswer, IdentityVendor, PersonToCheck, SourceAnswer};
use kabao_proof::{SealedBox, hex};
use kabao_vault_sys::Cached;
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Younger persons have no account: they cannot agree to one (Civil Code, article 20).
const YOUNGEST: u32 = 8;
/// Younger ones need a guardian.
const WITH_GUARDIAN: u32 = 16;

/// What is kept of a verified person beside the number.
#[derive(Serialize, Deserialize)]
struct Details {
    name: String,
    /// ISO 8601, as is the expiry.
    birth: String,
    expires: Option<String>,
    nationality: Option<String>,
    /// Other names under which the same number was verified before, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    before: Vec<String>,
}

/// How many earlier names of a person are kept.
const NAMES_BEFORE: usize = 3;

/// The vendor's word as it crosses to the main process.
pub(super) fn state_of(answer: IdentityAnswer) -> IdentityState {
    match answer {
        IdentityAnswer::Passed { channels } => IdentityState::Passed(channels),
        IdentityAnswer::Rejected { code, retriable } => IdentityState::Rejected { code, retriable },
        IdentityAnswer::Review { within_ms } => IdentityState::Review { within_ms },
        IdentityAnswer::Maintenance { retry_after_ms } => IdentityState::Maintenance { retry_after_ms },
        IdentityAnswer::Pending => IdentityState::Pending,
    }
}

/// Whether the vendor has to be asked again.
pub(super) fn is_open(state: &IdentityState) -> bool {
    matches!(state, IdentityState::Pending | IdentityState::Review { .. })
}

fn today(now: Timestamp) -> Result<NaiveDate, VaultDown> {
    now.china_date().ok_or(VaultDown)
}

fn rejected(code: Code) -> IdentityState {
    IdentityState::Rejected { code: code.as_str().to_owned(), retriable: code != Code::IdOnOtherAccount }
}

impl Engine {
    /// A mark of name and number together, as the person of a closed account is known by.
    fn closed_mark(&self, name: &str, number: &str) -> Vec<u8> {
        self.sealer.mark("closed", &format!("{}\0{}", spelled(name).join(" "), number.trim().to_uppercase())).to_vec()
    }

    /// The mark of an account's person, for the time after it is closed.
    pub(super) fn mark_of_person(&self, account: Id) -> Result<Option<Vec<u8>>, VaultDown> {
        let (Some((_, details)), Some(number)) = (self.details(account)?, self.id_number_of(account)?) else { return Ok(None) };
        Ok(Some(self.closed_mark(&details.name, &number)))
    }

    /// Whether name and number are those of the person of a closed account.
    pub(super) fn is_closed_person(&self, account: Id, name: &str, number: &str) -> Result<VaultAnswer, VaultDown> {
        let sql = "SELECT 1 FROM closed_persons WHERE account = ?1 AND mark = ?2";
        let known: Option<i64> = self.db.row(sql, params![account.to_string(), self.closed_mark(name, number)], |row| row.get(0)).optional()?;
        Ok(VaultAnswer::Weighed { repeat: known.is_some() })
    }

    fn details(&self, account: Id) -> Result<Option<(String, Details)>, VaultDown> {
        let sql = "SELECT document, details_sealed FROM persons WHERE account = ?1";
        let row: Option<(String, Vec<u8>)> = self.db.row(sql, [account.to_string()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((document, sealed)) = row else { return Ok(None) };
        let text = self.sealer.open_text(&format!("details:{account}"), &sealed).map_err(|_| VaultDown)?;
        serde_json::from_str(&text).map(|details| Some((document, details))).map_err(|_| VaultDown)
    }

    /// The kind of document of the account's person, and the nationality.
    pub(super) fn document_of(&self, account: Id) -> Result<Option<(String, Option<String>)>, VaultDown> {
        Ok(self.details(account)?.map(|(document, details)| (document, details.nationality)))
    }

    /// Whether a name is the person's, in any spelling that was verified with the number.
    pub(super) fn is_name_of(&self, account: Id, name: &str) -> Result<bool, VaultDown> {
        let Some((_, details)) = self.details(account)? else { return Ok(false) };
        Ok(is_same(&details.name, name) || details.before.iter().any(|before| is_same(before, name)))
    }

    /// Which document the account's person has, and how old the person is.
    pub(super) fn person(&self, now: Timestamp, account: Id) -> Result<Option<PersonFacts>, VaultDown> {
        let today = today(now)?;
        let Some((document, details)) = self.details(account)? else { return Ok(None) };
        let birth = details.birth.parse().map_err(|_| VaultDown)?;
        Ok(Some(PersonFacts { document, age: papers::age(birth, today), expires_on: details.expires }))
    }

    /// The PINs that number and birth of the account's person give away, each with the code that refuses it.
    pub(super) fn given_away(&self, account: Id) -> Result<Vec<(String, Code)>, VaultDown> {
        let mut all = self.id_number_of(account)?.map(|number| weak::given_away_by(&number)).unwrap_or_default();
        if let Some((_, details)) = self.details(account)? {
            // A passport's number does not say the birth date: it stands where a resident's number has it.
            all.extend(weak::given_away_by(&format!("xxxxxx{}xxxx", details.birth.replace('-', ""))));
        }
        Ok(all)
    }

    /// What of the account's person stands in a password.
    pub(super) fn person_in(&self, account: Id, password: &str) -> Result<Option<Code>, VaultDown> {
        let Some((_, details)) = self.details(account)? else { return Ok(None) };
        Ok(weak_person::judge(password, &details.birth, &details.name))
    }

    /// Whether the name of the account's person begins so, without regard to capitals.
    pub(super) fn name_begins(&self, account: Id, begins: &str) -> Result<VaultAnswer, VaultDown> {
        let Some((_, details)) = self.details(account)? else { return Ok(refused("payee_unverified")) };
        let right = !begins.is_empty() && details.name.trim().to_uppercase().starts_with(&begins.to_uppercase());
        Ok(if right { VaultAnswer::Done } else { refused("payee_name_wrong") })
    }

    /// Whether a transfer comes from an account of the account's person, by the name as that bank has it.
    pub(super) fn is_sender(&self, id: Id, account: Id) -> Result<VaultAnswer, VaultDown> {
        let Some(sender) = self.outside.bank.sender(id) else { return Ok(VaultAnswer::Pending) };
        let person = self.details(account)?;
        Ok(VaultAnswer::Weighed { repeat: person.is_some_and(|(_, details)| is_same(&details.name, &sender)) })
    }

    /// Asks one register about the account's person.
    pub(super) fn ask_source(&self, account: Id, source: &str) -> Result<VaultAnswer, VaultDown> {
        let (Some((document, details)), Some(number)) = (self.details(account)?, self.id_number_of(account)?) else {
            return Ok(refused("wrong_step"));
        };
        let person = PersonToCheck { document: &document, name: &details.name, number: &number, nationality: details.nationality.as_deref() };
        let said = match self.outside.vendor.ask_source(source, &person) {
            SourceAnswer::Match => "match",
            SourceAnswer::Mismatch => "mismatch",
            SourceAnswer::NotFound => "not_found",
            SourceAnswer::Pending => "pending",
        };
        Ok(VaultAnswer::Source(said.to_owned()))
    }

    /// Has a person judged. Without a box: asks the vendor again. `how` is the kind of document, and whether a guardian
    /// agreed.
    #[allow(clippy::too_many_arguments, reason = "one call of the vault, field by field")]
    pub(super) fn verify(
        &mut self,
        now: Timestamp,
        verification: Id,
        account: Id,
        name: &str,
        sealed: Option<&SealedBox>,
        liveness: &Liveness,
        how: (&str, bool),
    ) -> Result<VaultAnswer, VaultDown> {
        let (key, today) = (verification.to_string(), today(now)?);
        let place = |column: &str| format!("verification:{verification}:{column}");
        let sql = "SELECT account, document, name_sealed, number_sealed, token_sealed FROM verifications WHERE verification = ?1";
        let known: Option<(String, String, [Vec<u8>; 3])> =
            self.db.row(sql, [&key], |row| Ok((row.get(0)?, row.get(1)?, [row.get(2)?, row.get(3)?, row.get(4)?]))).optional()?;
        let (document, name, paper, token) = match (known, sealed) {
            (Some((of, document, [name, number, token])), _) if of == account.to_string() => {
                let open = |column: &str, sealed: &[u8]| self.sealer.open_text(&place(column), sealed).map_err(|_| VaultDown);
                let paper = match papers::read(&document, &open("number", &number)?, today) {
                    Ok(paper) => paper,
                    // It expired while the vendor was silent.
                    Err(code) => {
                        self.db.run("DELETE FROM verifications WHERE verification = ?1", [&key])?;
                        let (id_masked, id_mark) = (String::new(), String::new());
                        return Ok(VaultAnswer::Identity { state: rejected(code), id_masked, id_mark, pin_must_change: false, person: None });
                    }
                };
                let token = open("token", &token)?;
                let token = Liveness::of_one_text(&token);
                (document, open("name", &name)?, paper, token)
            }
            (Some(_), _) => return Ok(refused("id_reused")),
            (None, None) => return Ok(refused("not_found")),
            (None, Some(sealed)) => {
                let Ok(text) = open_text(&self.id_key, INFO_ID, &about(account, verification), sealed) else {
                    return Ok(refused("approval_refused"));
                };
                let paper = match papers::read(how.0, &text, today) {
                    Ok(paper) => paper,
                    Err(code) => return Ok(refused(code.as_str())),
                };
                match papers::age(paper.birth, today) {
                    0..YOUNGEST => return Ok(refused(Code::UnderAge.as_str())),
                    YOUNGEST..WITH_GUARDIAN if !how.1 => return Ok(refused(Code::GuardianNeeded.as_str())),
                    _ => {}
                }
                let token = liveness.in_one_text();
                let row = (self.seal(&place("name"), name)?, self.seal(&place("number"), &text)?, self.seal(&place("token"), &token)?);
                self.db.run(
                    "INSERT INTO verifications VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![key, account.to_string(), row.0, row.1, row.2, how.0],
                )?;
                (how.0.to_owned(), Zeroizing::new(name.to_owned()), paper, liveness.clone())
            }
        };
        let mark = self.sealer.mark("id", &paper.number);
        let state = match self.standing_in_the_way(account, &document, &name, &paper, &mark)? {
            Some(code) => rejected(code),
            None => {
                let person = PersonToCheck { document: &document, name: &name, number: &paper.number, nationality: paper.nationality.as_deref() };
                match state_of(self.outside.vendor.verify(verification, &person, &token.token, token.nonce.as_deref())) {
                    // What is waited for goes on being waited for.
                    IdentityState::Maintenance { .. } if sealed.is_none() => IdentityState::Pending,
                    state => state,
                }
            }
        };
        let mut pin_must_change = false;
        if matches!(state, IdentityState::Passed(_)) {
            self.keep_person(account, &document, &name, &paper, &mark)?;
            pin_must_change = self.pin_is_given_away(account)?;
        }
        if !is_open(&state) {
            // A verified number is kept once, with the person; a rejected one is not kept at all. Asked again,
            // the main process answers from its own book.
            self.db.run("DELETE FROM verifications WHERE verification = ?1", [&key])?;
        }
        let person = Some(facts(&document, paper.birth, paper.expires, today));
        Ok(VaultAnswer::Identity { state, id_masked: mask::id_number(&paper.number), id_mark: hex(&mark), pin_must_change, person })
    }

    /// Why a document cannot be this account's: it is verified on another one, or the account's person is somebody else.
    /// A passport or a permit that was renewed has another number: name and birth then have to be the same.
    fn standing_in_the_way(&self, account: Id, document: &str, name: &str, paper: &Paper, mark: &[u8]) -> Result<Option<Code>, VaultDown> {
        let sql = "SELECT account FROM persons WHERE mark = ?1 AND account <> ?2";
        let elsewhere: Option<String> = self.db.row(sql, params![mark, account.to_string()], |row| row.get(0)).optional()?;
        if elsewhere.is_some() {
            return Ok(Some(Code::IdOnOtherAccount));
        }
        let (Some((known, details)), Some(number)) = (self.details(account)?, self.id_number_of(account)?) else { return Ok(None) };
        let same_number = number.eq_ignore_ascii_case(&paper.number);
        let for_life = known == "resident_card" && document == "resident_card";
        let same_person = details.birth == paper.birth.to_string() && spelled(&details.name) == spelled(name);
        Ok((!same_number && (for_life || !same_person)).then_some(Code::IdOtherPerson))
    }

    fn keep_person(&self, account: Id, document: &str, name: &str, paper: &Paper, mark: &[u8]) -> Result<(), VaultDown> {
        let same_number = self.id_number_of(account)?.is_some_and(|known| known.eq_ignore_ascii_case(&paper.number));
        let known = self.details(account)?.filter(|_| same_number).map(|(_, details)| details);
        let mut before: Vec<String> = known.into_iter().flat_map(|known| known.before.into_iter().chain([known.name])).collect();
        before.retain(|known| !is_same(known, name));
        before.drain(..before.len().saturating_sub(NAMES_BEFORE));
        let number = self.seal(&format!("person:{account}"), &paper.number)?;
        let details = Details {
            name: name.to_owned(),
            birth: paper.birth.to_string(),
            expires: paper.expires.map(|day| day.to_string()),
            nationality: paper.nationality.clone(),
            before,
        };
        let details = Zeroizing::new(serde_json::to_string(&details).map_err(|_| VaultDown)?);
        let details = self.seal(&format!("details:{account}"), &details)?;
        self.db.run(
            "INSERT INTO persons VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (account) DO UPDATE SET mark = ?2, number_sealed = ?3, document = ?4, details_sealed = ?5",
            params![account.to_string(), mark, number, document, details],
        )?;
        Ok(())
    }
}

fn facts(document: &str, birth: NaiveDate, expires: Option<NaiveDate>, today: NaiveDate) -> PersonFacts {
    PersonFacts { document: document.to_owned(), age: papers::age(birth, today), expires_on: expires.map(|day| day.to_string()) }
}
