//! Another number for an account, as the book has it. What is decided is written by the vault first: a book that is put back
//! to an older copy must not give the account back to who holds the earlier number now.

use crate::api::account::phone_of;
use crate::closing;
use crate::freezing;
use crate::holds;
use crate::refusal::{Outcome, Refusal};
use crate::store::low::{self, LOW_MS};
use crate::service::{self, Service, Sms, internal};
use crate::store::people::{Account, account};
use crate::tell as telling;
use crate::store::{self, all, id_at, maybe_id_at, one, own_caps, run};
use crate::vault::{Decision, DecisionRow, VaultAnswer, VaultCall};
use crate::ways::{PROVEN_MS, Person, Stage};
use crate::wire::{self, PhoneChangeOut};
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::digest::sha256_of;
use kabao_proof::{Digest32, hex};
use rusqlite::{Connection, Row, params};

/// A change of a number.
#[derive(Debug, Clone)]
pub struct Change {
    /// The phone's id of it.
    pub id: Id,
    /// The account.
    pub account: Id,
    /// The phone that asked for it, and that alone can go on with it.
    pub device: Id,
    /// The mark of the new number.
    pub new_mark: Vec<u8>,
    /// The new number, sealed.
    pub new_sealed: Vec<u8>,
    /// The new number, masked.
    pub new_masked: String,
    /// Whether the earlier number proves it too, or the real name does.
    pub old_reachable: bool,
    /// Where it stands.
    pub stage: Stage,
    /// When the new number was proven.
    pub new_at: Option<i64>,
    /// When the earlier number was proven.
    pub old_at: Option<i64>,
    /// How far the name is proven.
    pub person: Person,
    /// The proof that the vendor judges.
    pub person_proof: Option<Id>,
    /// Until when limits are low.
    pub low_until: Option<i64>,
}

fn read(row: &Row) -> rusqlite::Result<Change> {
    Ok(Change {
        id: id_at(row, "change_id")?,
        account: id_at(row, "account_id")?,
        device: id_at(row, "device_id")?,
        new_mark: row.get("new_mark")?,
        new_sealed: row.get("new_sealed")?,
        new_masked: row.get("new_masked")?,
        old_reachable: row.get("old_reachable")?,
        stage: row.get("state")?,
        new_at: row.get("new_at")?,
        old_at: row.get("old_at")?,
        person: row.get("person")?,
        person_proof: maybe_id_at(row, "person_proof")?,
        low_until: row.get("low_until")?,
    })
}

/// A change by its id.
pub fn load(db: &Connection, id: Id) -> Outcome<Option<Change>> {
    Ok(one(db, "SELECT * FROM phone_changes WHERE change_id = ?1", [id.to_string()], read)?)
}

/// Another change, or another account, was first.
pub fn overtaken() -> Refusal {
    Refusal::of(409, Code::ChangeOvertaken)
}

impl Change {
    /// Whether a proof of a number is too old to count.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.stage == Stage::Open && [self.new_at, self.old_at].into_iter().flatten().any(|at| now.as_ms().saturating_sub(at) > PROVEN_MS)
    }

    /// Whether the real name has to be shown: in the place of the earlier number, and where there is no PIN. A code by SMS to
    /// the earlier number is never the only proof of an account that can hold something.
    pub fn needs_person(&self, who: &Account) -> bool {
        self.stage == Stage::Open && who.class > 0 && self.person != Person::Passed && (!self.old_reachable || !who.pin_set)
    }

    /// What the person has to do next.
    pub fn step(&self) -> &'static str {
        match self.stage {
            Stage::Done => "done",
            _ if self.new_at.is_none() => "new_code",
            _ if self.old_reachable && self.old_at.is_none() => "old_code",
            _ if self.person == Person::Pending => "person_pending",
            _ => "proving",
        }
    }

    /// What a PIN's box is bound to: this phone, this account, this number, this try.
    pub fn digest(&self, phone: &str, proof: Id) -> [u8; 32] {
        let parts = [
            "kabao-number-1".to_owned(), self.id.to_string(), proof.to_string(), self.account.to_string(), self.device.to_string(),
            phone.to_owned(),
        ];
        sha256_of(&[parts.join("\0").as_bytes()])
    }

    /// The new number.
    pub fn phone(&self, service: &Service) -> Outcome<String> {
        let place = format!("change:{}", self.id);
        let text = service.keys.sealer.open_text(&place, &self.new_sealed).map_err(|_| internal())?;
        Ok(text.to_string())
    }

    /// As its phone sees it.
    pub fn view(&self, who: &Account, now: Timestamp) -> Outcome<PhoneChangeOut> {
        if self.stage == Stage::Void {
            return Err(overtaken());
        }
        Ok(PhoneChangeOut {
            change_id: self.id.to_string(),
            state: self.step().to_owned(),
            phone_masked: self.new_masked.clone(),
            needs_person: self.needs_person(who),
            needs_pin: self.stage == Stage::Open && who.pin_set,
            low_until: self.low_until.filter(|until| now.as_ms() < *until),
        })
    }
}

/// The account of a number as it is written.
pub fn owner_of(service: &Service, db: &Connection, phone: &str) -> Outcome<Option<Id>> {
    owner(db, &service.keys.sealer.mark("phone", phone))
}

/// The account of a number's mark.
pub fn owner(db: &Connection, mark: &[u8]) -> Outcome<Option<Id>> {
    Ok(one(db, "SELECT account_id FROM accounts WHERE phone_mark = ?1", [mark], |row| id_at(row, "account_id"))?)
}

/// Everything in one step: the new number is the account's, other ways under way to it end, and without the earlier number
/// limits are low for a day. Safe to repeat after a crash at any place.
pub fn complete(service: &Service, state: &mut service::State, known: &Change, now: Timestamp) -> Outcome<()> {
    if owner(&state.db, &known.new_mark)?.is_some_and(|owner| owner != known.account) {
        run(&state.db, "UPDATE phone_changes SET state = 'void' WHERE change_id = ?1", [known.id.to_string()])?;
        return Err(Refusal::of(409, Code::PhoneInUse).field("phone"));
    }
    let who = account(&state.db, known.account)?;
    let (old, new) = (phone_of(service, &who)?, known.phone(service)?);
    let sealer = &service.keys.sealer;
    let sealed = sealer.seal(service.world.as_ref(), &format!("phone:{}", known.account), new.as_bytes()).map_err(|_| internal())?;
    let row = DecisionRow {
        decision: known.id,
        account: known.account,
        body: Decision::Number {
            device: known.device,
            new_mark: hex(&known.new_mark),
            new_sealed: wire::text(&sealed),
            new_masked: known.new_masked.clone(),
            old_mark: hex(&sealer.mark("phone", &old)),
            low_until: (!known.old_reachable).then(|| now.plus_ms(LOW_MS).as_ms()),
        },
        at: now,
    };
    // The account's own number is no second contact: what named it as one ends with this.
    let same = same_contacts(service, &state.db, known.account, &new)?;
    for contact in &same {
        let gone = DecisionRow { decision: *contact, account: known.account, body: Decision::ContactGone, at: now };
        let VaultAnswer::Decisions(_) = service.ask_vault(VaultCall::KeepDecision(gone))? else { return Err(Refusal::down()) };
    }
    // The vault's word comes first and stands: the same change again is the one of the first call.
    let VaultAnswer::Decisions(rows) = service.ask_vault(VaultCall::KeepDecision(row))? else { return Err(Refusal::down()) };
    let row = rows.into_iter().find(|row| row.decision == known.id).ok_or_else(Refusal::down)?;
    store::write(&mut state.db, |tx| {
        apply(tx, &row)?;
        let account = known.account.to_string();
        let sql = "UPDATE phone_changes SET state = 'void' WHERE account_id = ?1 AND change_id <> ?2 AND state = 'open'";
        run(tx, sql, [&account, &known.id.to_string()])?;
        // Whoever is on the way into the phone's place with a code to the earlier number has to begin anew.
        run(tx, "UPDATE replacements SET state = 'void' WHERE account_id = ?1 AND state = 'open'", [&account])?;
        run(tx, "UPDATE sign_ins SET state = 'void' WHERE account_id = ?1 AND state = 'open'", [&account])?;
        run(tx, "UPDATE pin_resets SET number_at = NULL WHERE account_id = ?1 AND state = 'open'", [&account])?;
        for contact in &same {
            run(tx, "DELETE FROM contacts WHERE contact_id = ?1", [contact.to_string()])?;
        }
        let sql = "INSERT INTO notices VALUES (?1, ?2, 'phone_changed', ?3, ?4)";
        run(tx, sql, params![service.make_id().to_string(), account, known.device.to_string(), now.as_ms()])?;
        Ok(())
    })?;
    state.memory.contact_codes.retain(|id, _| !same.contains(id));
    state.memory.replacements.retain(|_, pending| pending.phone != old);
    // Codes to the earlier number that wait for a new PIN are worth nothing either.
    state.memory.change_codes.retain(|(id, which), _| *id != known.id && *which != "pin");
    tell(service, state, &old, &new, known, now);
    Ok(())
}

/// The second contacts of an account that are this number, counting or not.
fn same_contacts(service: &Service, db: &Connection, account: Id, phone: &str) -> Outcome<Vec<Id>> {
    let sql = "SELECT contact_id, address_sealed FROM contacts WHERE account_id = ?1 AND kind = 'phone'";
    let named = all(db, sql, [account.to_string()], |row| Ok((id_at(row, "contact_id")?, row.get::<_, Vec<u8>>(1)?)))?;
    let mut same = Vec::new();
    for (contact, sealed) in named {
        if telling::address(service, contact, &sealed)? == phone {
            same.push(contact);
        }
    }
    Ok(same)
}

/// Both numbers hear of it; the earlier one also how to object, whoever holds it.
fn tell(service: &Service, state: &mut service::State, old: &str, new: &str, known: &Change, now: Timestamp) {
    let low = if known.old_reachable { "" } else { "24小时内限额较低。" };
    let lost = format!(
        "【卡包】你的账户手机号已改为{}，此号码不再能登录。{low}如非本人操作，请立即用应急卡冻结账户（填写本号码即可），并联系客服。",
        known.new_masked
    );
    let won = format!("【卡包】此号码已成为你的账户手机号。{low}");
    let beside = format!("【卡包】你的账户手机号已改为{}。{low}如非本人操作，请立即用应急卡冻结账户，并联系客服。", known.new_masked);
    telling::contacts(service, state, known.account, &beside, now);
    for (phone, text) in [(old, lost), (new, won)] {
        state.memory.inbox.entry(phone.to_owned()).or_default().push(Sms { text, otp: String::new(), at: now });
    }
}

/// Writes a decided number into the book. A number that another account has by now stays where it is: a later decision of
/// this account brings its own.
fn apply(tx: &Connection, row: &DecisionRow) -> Outcome<()> {
    let Decision::Number { device, new_mark, new_sealed, new_masked, old_mark, low_until } = &row.body else { return Ok(()) };
    let mark = |text: &str| Digest32::parse(text).map(|digest| digest.0.to_vec()).map_err(|_| internal());
    let (new_mark, old_mark, sealed) = (mark(new_mark)?, mark(old_mark)?, wire::bytes(new_sealed, "sealed").map_err(|_| internal())?);
    let account = row.account.to_string();
    let sql = "UPDATE OR IGNORE accounts SET phone_mark = ?2, phone_sealed = ?3, phone_masked = ?4 WHERE account_id = ?1";
    run(tx, sql, params![account, new_mark, sealed, new_masked])?;
    if let Some(until) = low_until {
        low::begin(tx, row.account, Timestamp::from_ms(*until).plus_ms(-LOW_MS))?;
    }
    let sql = "INSERT INTO phone_changes (change_id, account_id, device_id, new_mark, new_sealed, new_masked, old_mark, old_reachable, state, low_until, at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'done', ?9, ?10) ON CONFLICT (change_id) DO UPDATE SET state = 'done', low_until = ?9";
    run(
        tx,
        sql,
        params![
            row.decision.to_string(), account, device.to_string(), new_mark, Vec::<u8>::new(), new_masked, old_mark, low_until.is_none(),
            low_until, row.at.as_ms()
        ],
    )?;
    Ok(())
}

/// A book that was put back learns which accounts were opened since, which numbers are whose, which codes were handed out, which contacts are gone, which caps persons set, which accounts are frozen, by
/// which sheet they can be, and which are closed. Called before it answers anybody.
pub fn reapply(service: &Service, state: &mut service::State) -> Outcome<()> {
    let VaultAnswer::Decisions(rows) = service.ask_vault(VaultCall::Decisions)? else { return Err(Refusal::down()) };
    store::write(&mut state.db, |tx| {
        for row in &rows {
            let known = one(tx, "SELECT 1 FROM accounts WHERE account_id = ?1", [row.account.to_string()], |row| row.get::<_, i64>(0))?;
            match &row.body {
                Decision::Opened { .. } if known.is_none() => crate::opened::apply(tx, row)?,
                _ if known.is_none() => {}
                Decision::Number { .. } => apply(tx, row)?,
                Decision::PinReset { .. } => crate::pin_reset::apply(tx, row)?,
                Decision::ContactGone => {
                    run(tx, "DELETE FROM contacts WHERE contact_id = ?1", [row.decision.to_string()])?;
                }
                Decision::OwnCaps { held, wanted, from } => {
                    let caps = |[single, day]: [Option<i64>; 2]| own_caps::Caps { single, day };
                    own_caps::set(tx, row.account, row.decision, caps(*held), caps(*wanted), row.at, Timestamp::from_ms(*from))?;
                }
                Decision::Frozen | Decision::Unfrozen | Decision::Sheet { .. } => freezing::apply(tx, row)?,
                Decision::Hold { .. } | Decision::Lifted { .. } => holds::apply(tx, row)?,
                Decision::ClaimPaid { .. } => crate::claims::apply(tx, row)?,
                Decision::RefundGiven { .. } => crate::refunds::apply(tx, row)?,
                Decision::Reopened | Decision::Closed => closing::apply(tx, row)?,
                Decision::Codes { .. } => crate::codes::tokens::apply(tx, row)?,
                // Taken up when the rest is there: `pay::recall`.
                Decision::Opened { .. } | Decision::Withdrawal { .. } | Decision::Transfer { .. } | Decision::TransferVoid { .. } | Decision::WithdrawalVoid { .. } | Decision::TransferCancelled { .. } => {}
                // Booked with the statement: `pay::wires`.
                Decision::Wire { .. } => {}
            }
        }
        crate::opened::reapply_pins(service, tx)
    })
}
