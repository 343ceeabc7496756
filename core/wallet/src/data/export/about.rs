//! What is small: the account, what it consented to, its cards, contacts and phones, what the person chose, what the service
//! answered last. And what is not here because this phone never asked for it: an export says that too.

use super::lines;
use super::steps::{Work, pretty};
use crate::error::Outcome;
use crate::service::wire;
use crate::tables::{Files, account, choices, consents, exports, marks, refunds, sync};
use crate::words::{Language, say};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Code, Money, Timestamp, mask};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// What the first page says about the account and about what is missing.
pub(super) struct About {
    /// Names and values about the account, masked.
    pub(super) account: Vec<(String, String)>,
    /// Files that are empty because this phone never asked the service what would stand in them.
    pub(super) not_asked: Vec<&'static str>,
    /// The moment of each answer of the service that is in the export.
    pub(super) answered: Map<String, Value>,
}

/// The last answers, read from where they are kept.
struct Answers(Vec<(String, String, Timestamp)>);

impl Answers {
    fn get<T: DeserializeOwned>(&self, name: &str) -> Option<(T, Timestamp)> {
        let (_, body, at) = self.0.iter().find(|(known, ..)| known == name)?;
        Some((serde_json::from_str(body).ok()?, *at))
    }

    /// All of them as they were answered.
    fn all(&self) -> Value {
        let one = |(name, body, at): &(String, String, Timestamp)| {
            let said = serde_json::from_str::<Value>(body).unwrap_or_else(|_| json!(body));
            (name.clone(), json!({ "at": lines::time(*at), "said": said }))
        };
        Value::Object(self.0.iter().map(one).collect())
    }

    fn moments(&self) -> Map<String, Value> {
        self.0.iter().map(|(name, _, at)| (name.clone(), json!(at.rfc3339()))).collect()
    }
}

/// Writes all of it.
pub(super) fn write(files: &Files, mut work: Work, language: Language) -> Outcome<(Work, About)> {
    let word = |name: &str| say(language, &format!("data.export.{name}"), &[]);
    let answers = Answers(files.cache(sync::snapshots)?);
    let mut about = About { account: Vec::new(), not_asked: Vec::new(), answered: answers.moments() };
    about.account = of_account(files, &mut work, language, &answers)?;

    let mut pair = work.begin(language, "consents", &lines::CONSENTS)?;
    let (given, owed, keys) =
        files.ledger(|conn| Ok((consents::all(conn)?, crate::shared::owed(conn)?, marks::get(conn, marks::KEY_SET)?)))?;
    if owed {
        about.not_asked.push("consents");
    }
    for row in &given {
        work.add(&mut pair, &lines::consent(language, row))?;
    }
    work.end(pair, &word("consents"))?;

    cards(files, &mut work, language, &answers)?;

    let mut pair = work.begin(language, "contacts", &lines::CONTACTS)?;
    match answers.get::<wire::Contacts>(sync::CONTACTS) {
        Some((known, _)) => known.contacts.iter().try_for_each(|one| work.add(&mut pair, &lines::contact(language, one)))?,
        None => about.not_asked.push("contacts"),
    }
    work.end(pair, &word("contacts"))?;

    let mut pair = work.begin(language, "devices", &lines::DEVICES)?;
    match answers.get::<wire::Devices>(sync::DEVICES) {
        Some((known, _)) => known.devices.iter().try_for_each(|one| work.add(&mut pair, &lines::device(language, one)))?,
        None => about.not_asked.push("devices"),
    }
    work.end(pair, &word("devices"))?;

    settings(files, &mut work, language, &answers, &mut about)?;

    let mut pair = work.begin(language, "exports", &lines::EXPORTS)?;
    for made in files.mine(exports::made)? {
        work.add(&mut pair, &lines::export(&made))?;
    }
    work.end(pair, &word("exports"))?;
    let mut pair = work.begin(language, "refund-requests", &lines::REFUNDS)?;
    for row in files.ledger(refunds::all)? {
        work.add(&mut pair, &lines::refund(language, &row))?;
    }
    work.end(pair, &word("refund_requests"))?;
    work.one("answers.json", &word("answers"), pretty(&answers.all()).as_bytes())?;
    if let Some(keys) = keys {
        work.one("keys.cose", &word("keys"), &URL_SAFE_NO_PAD.decode(keys).map_err(|_| Code::StorageDamaged)?)?;
    }
    Ok((work, about))
}

fn of_account(files: &Files, work: &mut Work, language: Language, answers: &Answers) -> Outcome<Vec<(String, String)>> {
    let row = files.ledger(account::load)?;
    let balance = files.cache(sync::balance)?;
    let security = answers.get::<wire::Security>(sync::SECURITY);
    let sign_in = security.map(|(known, at)| {
        json!({
            "password_set_at": known.password_at.map(|at| lines::time(Timestamp::from_ms(at))),
            "second_factor_on_since": known.factor.as_ref().map(|factor| lines::time(Timestamp::from_ms(factor.at))),
            "backup_codes_left": known.factor.as_ref().map(|factor| factor.backups_left), "at": lines::time(at),
        })
    });
    let phone = row.phone.as_deref().map(|phone| mask::phone(phone.strip_prefix("+86").unwrap_or(phone)));
    let value = json!({
        "account_id": row.account_id, "device_id": row.device_id, "device_model": row.device_model, "phone_masked": phone,
        "account_class": row.class, "verification_state": row.verification_state, "name_masked": row.name_masked,
        "id_masked": row.id_masked, "pin_set": row.pin_set, "recovery_sheet_kept": row.sheet_set, "sign_in": sign_in,
        "balance_minor": balance.map(|(balance, ..)| balance.minor), "balance_held_minor": balance.map(|(_, held, _)| held.minor),
        "balance_at": balance.map(|(.., at)| at.rfc3339()),
    });
    work.one("account.json", &say(language, "data.export.account", &[]), pretty(&value).as_bytes())?;
    let label = |name: &str| say(language, &format!("data.column.{name}"), &[]);
    let shown = [("account_id", row.account_id.map(|id| id.to_string())), ("phone", phone), ("person", row.name_masked), ("document_number", row.id_masked), ("device", row.device_model)];
    Ok(shown.into_iter().filter_map(|(name, value)| Some((label(name), value?))).collect())
}

/// Cards that are bound, and earlier ones that old payments name.
fn cards(files: &Files, work: &mut Work, language: Language, answers: &Answers) -> Outcome<()> {
    let mut pair = work.begin(language, "cards", &lines::CARDS)?;
    match answers.get::<wire::Account>(sync::ACCOUNT) {
        Some((known, _)) => {
            let all = known.cards.iter().map(|card| (card, "bound")).chain(known.earlier_cards.iter().map(|card| (card, "unbound")));
            for (card, otherwise) in all {
                let state = if card.state.is_empty() { otherwise } else { &card.state };
                work.add(&mut pair, &lines::card(language, &card.card_id.to_string(), [&card.bank, &card.brand, &card.last4], &card.kind, state))?;
            }
        }
        // Without an answer of the service: what was bound on this phone.
        None => {
            let bindings = files.ledger(account::bindings)?;
            for row in bindings.iter().filter(|binding| binding.state == "bound") {
                let part = |text: &Option<String>| text.clone().unwrap_or_default();
                let (bank, brand, last4) = (part(&row.bank), part(&row.brand), part(&row.last4));
                work.add(&mut pair, &lines::card(language, "", [&bank, &brand, &last4], "", "bound"))?;
            }
        }
    }
    work.end(pair, &say(language, "data.export.cards", &[]))
}

/// What the person chose here, and what they set at the service: caps of their own, and what the account signs in with.
fn settings(files: &Files, work: &mut Work, language: Language, answers: &Answers, about: &mut About) -> Outcome<()> {
    let mut pair = work.begin(language, "settings", &lines::SETTINGS)?;
    let mut add = |name: &str, value: &str, at: Timestamp| work.add(&mut pair, &lines::setting(name, value, at));
    for (name, value, at) in files.mine(choices::all)? {
        add(&name, &value, at)?;
    }
    for (kind, key, at) in files.mine(refunds::allowed)? {
        add(&format!("repeat_meant_{kind}"), &key, at)?;
    }
    match answers.get::<wire::Counters>(sync::LIMITS) {
        Some((known, at)) => {
            for (which, own) in [("own_cap", Some(known.own)), ("own_cap_next", known.own_next)] {
                let Some(own) = own else { continue };
                let from = if own.from > 0 { Timestamp::from_ms(own.from) } else { at };
                for (period, cap) in [("single", own.single), ("day", own.day)] {
                    if let Some(cap) = cap {
                        add(&format!("{which}_{period}"), &Money::plain(cap), from)?;
                    }
                }
            }
        }
        None => about.not_asked.push("own_caps"),
    }
    match answers.get::<wire::Security>(sync::SECURITY) {
        Some((known, _)) => {
            if let Some(at) = known.password_at {
                add("login_password", "set", Timestamp::from_ms(at))?;
            }
            if let Some(factor) = known.factor {
                add("second_factor", "on", Timestamp::from_ms(factor.at))?;
                add("backup_codes_left", &factor.backups_left.to_string(), Timestamp::from_ms(factor.at))?;
            }
        }
        None => about.not_asked.push("sign_in"),
    }
    work.end(pair, &say(language, "data.export.settings", &[]))
}
