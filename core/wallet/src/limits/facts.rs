//! What this phone knows: the rules, what the service counted last, and what was spent here since.

use super::spent::Spent;
use crate::error::{Outcome, WalletError};
use crate::host::{HostError, KeyRole};
use crate::service::wire;
use crate::shared::{Core, why_not_build};
use crate::tables::intents::{self, IntentRow};
use crate::tables::account::{self, AccountRow};
use crate::tables::{marks, records, sync, tokens};
use kabao_base::{Code, Id, Money, Timestamp};
use kabao_money::limits::AccountClass;
use kabao_money::payment::PaymentState;
use kabao_money::rules::{CardSort, OwnCaps, PayChannel, Rules, Standing, Used};
use kabao_proof::{Document, MoveKind, Terms};
use rusqlite::Connection;
use std::sync::Arc;

/// A card as rules ask about it.
#[derive(Clone)]
pub(super) struct CardFact {
    pub(super) id: Id,
    pub(super) bank: String,
    pub(super) last4: String,
    pub(super) sort: CardSort,
    /// What its bank said last that keeps it from paying: a code of the catalogue.
    pub(super) reason: Option<String>,
    /// Until when its bank rests.
    pub(super) until: Option<Timestamp>,
}

/// All of it at one time.
pub(super) struct Facts {
    pub(super) rules: Arc<Rules>,
    pub(super) counters: Option<(wire::Counters, Timestamp)>,
    pub(super) class: Option<AccountClass>,
    pub(super) pin_set: bool,
    pub(super) frozen: bool,
    /// Why this phone is none of an account that pays: not registered, signed out, shut out, on old files, closing, closed.
    pub(super) no_phone: Option<Code>,
    pub(super) identity_overdue: bool,
    /// Why this build of the app pays nothing.
    pub(super) build: Option<Code>,
    /// The PIN is locked: only the approval key approves.
    pub(super) pin_locked: bool,
    /// The approval key is gone, or is being renewed, as far as the key store tells without a finger: only the PIN approves.
    pub(super) approval_lost: bool,
    /// The balance, how much of it is held, and when that was so.
    pub(super) balance: Option<(Money, Money, Timestamp)>,
    pub(super) cards: Vec<CardFact>,
    pub(super) channels: Vec<wire::Channel>,
    pub(super) codes_left: u32,
    pub(super) now: Timestamp,
    pub(super) clock_trusted: bool,
    pub(super) clock_wrong: bool,
    /// Top-ups without a result: what may come into the balance.
    pub(super) arriving: i64,
    /// The same, and top-ups that succeeded since the service counted: what its balance did not have.
    coming: i64,
    spent: Vec<Spent>,
    /// Records of what the balance does not have any more and nobody else has yet: of which payment, and how much with its fee.
    leaving: Vec<(Option<Id>, i64)>,
}

/// Reads everything in one turn of the database thread.
pub(super) async fn gather(core: &Core) -> Outcome<Facts> {
    core.check_open()?;
    let rules = Arc::clone(&core.feed::<Rules>().await?.body);
    let (now, clock_trusted) = core.clock.now(core.host.as_ref());
    // A time that was signed since the phone started carries on whatever the wall clock says.
    let clock_wrong = !clock_trusted && core.clock.wall_is_wrong(core.host.as_ref());
    let build = core.build();
    let no_key = matches!(core.host.keys().public_key(KeyRole::Approve), Ok(None) | Err(HostError::Lost));
    core.open_files(move |files| {
        let (row, open, newest, shown, codes_left, standing, renewing) = files.ledger(|conn| {
            let row = account::load(conn)?;
            let standing = standing(conn, &row)?;
            Ok((row, intents::unsettled(conn)?, intents::newest(conn, 50)?, tokens::shown(conn)?, tokens::left(conn, now)?, standing, marks::get(conn, marks::APPROVE_RENEWAL)?))
        })?;
        let (counters, known, balance, of_codes, leaving) = files.cache(|conn| {
            let of_codes: Vec<Option<Spent>> = shown.iter().map(|token| Spent::of_token(conn, token)).collect::<Outcome<_>>()?;
            let of_codes = of_codes.into_iter().flatten();
            Ok((sync::snapshot(conn, sync::LIMITS)?, sync::snapshot(conn, sync::ACCOUNT)?, sync::balance(conn)?, of_codes, records::leaving(conn)?))
        })?;
        let counters = counters.and_then(|(body, at)| Some((serde_json::from_str::<wire::Counters>(&body).ok()?, at)));
        let known = known.and_then(|(body, at)| Some((serde_json::from_str::<wire::Account>(&body).ok()?, at)));
        // The balance that was said last, whichever answer said it.
        let of_counters = counters.as_ref().map(|(counters, at)| (counters.balance, counters.held.unwrap_or(Money::fen(0)), *at));
        let balance = [balance, of_counters].into_iter().flatten().max_by_key(|(.., at)| *at);
        let counted_at = counters.as_ref().map_or(Timestamp::from_ms(i64::MIN), |(_, at)| *at);
        let top_up = |row: &&IntentRow| Terms::decode(&row.terms).is_ok_and(|terms| terms.kind == MoveKind::TopUp);
        let arriving = open.iter().filter(top_up).fold(0_i64, |sum, row| sum.saturating_add(row.amount.minor));
        let arrived = newest.iter().filter(|row| row.state == PaymentState::Succeeded && row.updated_at > counted_at).filter(top_up);
        let coming = arrived.fold(arriving, |sum, row| sum.saturating_add(row.amount.minor));
        let of = counters.as_ref().map(|(counters, _)| counters);
        let succeeded = newest.iter().filter(|row| row.state == PaymentState::Succeeded);
        let mut spent: Vec<Spent> = open.iter().chain(succeeded).filter_map(|row| Spent::of_intent(row, of)).collect();
        spent.extend(of_codes);
        let newer = |at: Timestamp| counted_at >= at;
        let class = match (&counters, &known) {
            (Some((counters, _)), Some((_, at))) if newer(*at) => counters.class,
            (Some((counters, _)), None) => counters.class,
            (_, Some((known, _))) => known.class,
            (None, None) => row.class,
        };
        // Of two answers the later one counts, also when it says that the account is free again.
        let frozen = match (&counters, &known) {
            (Some((counters, _)), Some((_, at))) if newer(*at) => counters.frozen,
            (Some((counters, _)), None) => counters.frozen,
            (_, known) => known.as_ref().is_some_and(|(known, _)| known.frozen),
        };
        let known = known.map(|(known, _)| known);
        let closing = known.as_ref().is_some_and(|known| known.closing);
        let identity_overdue = known.as_ref().is_some_and(|known| known.verification.reverify.as_deref() == Some("overdue"));
        let pin_locked = known.as_ref().is_some_and(|known| known.pin_locked);
        let build = match &known {
            Some(known) => files.ledger(|conn| why_not_build(conn, known, row.device_id, build.as_ref()))?,
            None => None,
        };
        Ok(Facts {
            build,
            pin_locked,
            approval_lost: row.device_id.is_some() && (no_key || renewing.is_some()),
            rules,
            class: class_of(class),
            pin_set: row.pin_set,
            frozen,
            no_phone: standing.or(closing.then_some(Code::AccountClosing)),
            identity_overdue,
            balance,
            cards: known.iter().flat_map(|known| &known.cards).map(card_of).collect(),
            channels: known.map(|known| known.channels).unwrap_or_default(),
            codes_left,
            now,
            clock_trusted,
            clock_wrong,
            arriving,
            coming,
            spent,
            leaving,
            counters,
        })
    })
    .await
}

/// Whether this phone is one of an account that pays, and why not.
fn standing(conn: &Connection, row: &AccountRow) -> Outcome<Option<Code>> {
    let marked = |mark: &str, id: Option<Id>| Ok::<bool, WalletError>(id.is_some() && marks::get(conn, mark)? == id.map(|id| id.to_string()));
    Ok(match row {
        AccountRow { account_id: None, .. } => Some(Code::NotRegistered),
        row if marked(marks::CLOSED, row.account_id)? => Some(Code::AccountClosed),
        AccountRow { device_id: None, .. } => Some(Code::SignedOut),
        row if marked(marks::REVOKED, row.device_id)? => Some(Code::DeviceRevoked),
        row if marked(marks::ROLLED_BACK, row.device_id)? => Some(Code::RolledBack),
        _ => None,
    })
}

fn class_of(class: u8) -> Option<AccountClass> {
    match class {
        1 => Some(AccountClass::I),
        2 => Some(AccountClass::II),
        3 => Some(AccountClass::III),
        _ => None,
    }
}

fn card_of(card: &wire::Card) -> CardFact {
    CardFact { id: card.card_id, bank: card.bank.clone(), last4: card.last4.clone(), sort: CardSort::parse(&card.kind).unwrap_or(CardSort::Debit), reason: card.reason.clone(), until: card.until.map(Timestamp::from_ms) }
}

impl Facts {
    /// How the account stands for the evaluator.
    pub(super) fn standing(&self) -> Standing {
        let low_until = self.counters.as_ref().and_then(|(counters, _)| counters.low_until).map(Timestamp::from_ms);
        Standing { class: self.class, low_until, own: self.own().0 }
    }

    /// The person's caps that count now, from when on, and those that wait.
    pub(super) fn own(&self) -> (OwnCaps, Option<Timestamp>, Option<(OwnCaps, Timestamp)>) {
        let Some((counters, _)) = &self.counters else { return (OwnCaps::default(), None, None) };
        let caps = |own: &wire::OwnCaps| (OwnCaps { single: own.single, day: own.day }, Timestamp::from_ms(own.from));
        let (own, next) = (caps(&counters.own), counters.own_next.as_ref().map(caps));
        match next {
            Some((next, from)) if from <= self.now => (next, Some(from), None),
            next => (own.0, Some(own.1).filter(|from| from.as_ms() > 0), next),
        }
    }

    /// What the service counted; days and years that are over count nothing.
    pub(super) fn used(&self, card: Option<Id>) -> Used {
        let Some((counters, at)) = &self.counters else { return Used::default() };
        let (today, this_year) = (at.china_day() == self.now.china_day(), at.china_year() == self.now.china_year());
        let of = |name: &str, card: Option<Id>, current: bool| {
            let found = counters.counters.iter().find(|counter| counter.counter == name && counter.card_id == card);
            found.filter(|_| current).map_or(0, |counter| counter.used.minor.max(0))
        };
        Used {
            day: of("day", None, today),
            static_day: of("static_day", None, today),
            code_day: of("code_day", None, today),
            year: of("year", None, this_year),
            life: of("life", None, true),
            kept: counters.balance.minor.max(0),
            low: of("low", None, true),
            own_day: of("own_day", None, today),
            top_up_day: of("top_up_day", None, today),
            withdraw_day: of("withdraw_day", None, today),
            transfer_day: of("transfer_day", None, today),
            card_day: card.map_or(0, |id| of("card_day", Some(id), today)),
            card_static: card.map_or(0, |id| of("card_static", Some(id), today)),
        }
    }

    /// What is gone of a free quota.
    pub(super) fn free_used(&self, kind: &str) -> Money {
        let name = format!("free_{kind}");
        let found = self.counters.as_ref().and_then(|(counters, _)| counters.counters.iter().find(|counter| counter.counter == name));
        found.map_or(Money::fen(0), |counter| counter.used)
    }

    /// What this phone may have spent and the service had not counted.
    pub(super) fn reserved(&self, card: Option<Id>) -> Used {
        let mut used = Used { kept: self.coming, ..Used::default() };
        let counted_at = self.counters.as_ref().map_or(Timestamp::from_ms(i64::MIN), |(_, at)| *at);
        for spent in self.spent.iter().filter(|spent| spent.is_missing_in(counted_at)) {
            let (today, this_year) = (spent.at.china_day() == self.now.china_day(), spent.at.china_year() == self.now.china_year());
            let add = |into: &mut i64, counts: bool| *into = into.saturating_add(if counts { spent.total } else { 0 });
            if spent.channel == PayChannel::TopUp {
                add(&mut used.top_up_day, today);
                continue;
            }
            if spent.channel == PayChannel::Withdraw {
                add(&mut used.withdraw_day, today);
                add(&mut used.low, true);
                add(&mut used.life, true);
                continue;
            }
            let printed = spent.channel == PayChannel::PrintedCode;
            add(&mut used.own_day, today);
            add(&mut used.low, true);
            match spent.card {
                Some(id) => {
                    let same = card == Some(id);
                    add(&mut used.card_day, today && same);
                    add(&mut used.card_static, today && same && printed);
                }
                None => {
                    add(&mut used.day, today);
                    add(&mut used.static_day, today && printed);
                    add(&mut used.transfer_day, today && spent.channel == PayChannel::Transfer);
                    add(&mut used.code_day, today && spent.channel == PayChannel::PayerCode);
                    add(&mut used.year, this_year);
                    add(&mut used.life, true);
                }
            }
        }
        used
    }

    /// What is left of the balance when everything that may have been spent from it was.
    pub(super) fn spendable(&self) -> Option<i64> {
        self.balance.map(|(balance, held, _)| balance.minor.saturating_sub(held.minor).saturating_sub(self.in_flight()).max(0))
    }

    /// What may have been paid from the balance, and the balance may not show it.
    pub(super) fn in_flight(&self) -> i64 {
        self.missing().fold(0, |sum, spent| sum.saturating_add(spent.total))
    }

    fn missing(&self) -> impl Iterator<Item = &Spent> {
        let said_at = self.balance.map_or(Timestamp::from_ms(i64::MIN), |(.., at)| at);
        self.spent.iter().filter(move |spent| spent.is_of_balance() && spent.is_missing_in(said_at))
    }

    /// What the balance does not have any more and nobody else has yet. What is in flight still is not counted twice.
    pub(super) fn leaving(&self) -> i64 {
        let twice = |intent: &Option<Id>| intent.is_some() && self.missing().any(|spent| spent.intent == *intent);
        self.leaving.iter().filter(|(intent, _)| !twice(intent)).fold(0, |sum, (_, total)| sum.saturating_add(*total))
    }

    /// A card of the wallet.
    pub(super) fn card(&self, id: Id) -> Option<&CardFact> {
        self.cards.iter().find(|card| card.id == id)
    }
}
