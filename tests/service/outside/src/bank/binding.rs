//! How a card is bound: four elements, for a credit card two more, then a code by SMS.

use super::cards::{CardState, digits, is_over, last4};
use super::{BankFault, SimulatedBank};
use crate::port::{CardAnswer, CreditElements, FourElements};
use crate::store::lock;
use kabao_base::{Id, Timestamp};
use kabao_vault_sys::Cached;
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;

/// How long a bank's code lives, in milliseconds.
const OTP_LIFE_MS: i64 = 5 * 60_000;

/// How many wrong codes lock a binding.
const OTP_TRIES: u32 = 5;

/// What a card holds that nobody registered, in fen: 10,000.00.
const NEWCOMER_BALANCE: i64 = 1_000_000;

/// Why the bank's code did not bind the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtpRefused {
    /// `otp_wrong`, `otp_expired`, `otp_used`, `otp_locked`, or `bank_unavailable` when the bank is silent.
    pub code: String,
    /// With `otp_wrong`: how many tries are left.
    pub attempts_left: Option<u32>,
}

impl OtpRefused {
    fn new(code: &str) -> OtpRefused {
        OtpRefused { code: code.to_owned(), attempts_left: None }
    }
}

/// A code that was sent; in memory only.
pub(super) struct OtpState {
    otp: String,
    sent_at: Timestamp,
    tries_left: u32,
    used: bool,
}

struct CardRow {
    bank: String,
    brand: String,
    holder: Vec<u8>,
    id_number: Vec<u8>,
    phone: Vec<u8>,
    state: String,
    kind: String,
    expiry: Option<String>,
    cvv: Option<Vec<u8>>,
}

/// Why a card was not taken for a binding.
enum No {
    Code(&'static str),
    Maintenance(Timestamp),
}

impl SimulatedBank {
    /// Checks the four elements and, when they belong together, sends the bank's code to the card's phone.
    ///
    /// The same binding with the same elements gets the same answer; a code that is still alive is not sent again.
    /// A number that nobody registered is accepted when it has 16 to 19 digits, begins with 62, 4 or 5 and its check
    /// digit is right: it becomes a card of "Test bank" with the elements given and 10,000.00 on it.
    pub fn check_card(&self, binding_id: Id, elements: FourElements<'_>) -> CardAnswer {
        let sender = lock(&self.sms).clone();
        let Some(sender) = sender.filter(|_| lock(&self.faults).movements != BankFault::Down) else {
            return CardAnswer::Pending;
        };
        match self.judge(binding_id, &elements) {
            Ok(Ok((bank, brand, kind))) => {
                if self.renew_otp(binding_id) {
                    self.send(&sender, binding_id, elements.phone, last4(&digits(elements.pan)));
                }
                CardAnswer::OtpSent { bank, brand, kind }
            }
            Ok(Err(No::Maintenance(until))) => CardAnswer::Maintenance { until },
            Ok(Err(No::Code(code))) => {
                // What is wrong with the card itself every bank says; which of the elements is wrong, not every one.
                let says = !lock(&self.faults).masks_reasons || !MASKED.contains(&code);
                CardAnswer::Refused { code: if says { code } else { "card_refused" }.to_owned() }
            }
            Err(_) => CardAnswer::Pending,
        }
    }

    /// Binds the card under `card_token` when the code is right. The same binding with the same token is confirmed
    /// again, so that a caller that lost the answer may repeat the call; keep the token before the first call.
    pub fn confirm_card(&self, binding_id: Id, otp: &str, card_token: &str) -> Result<(), OtpRefused> {
        if lock(&self.faults).movements == BankFault::Down {
            return Err(OtpRefused::new("bank_unavailable"));
        }
        let book = self.book.hold();
        let bound: Option<(Option<String>, bool)> = book
            .row("SELECT token, ended FROM bindings WHERE binding = ?1", [binding_id.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(|_| OtpRefused::new("bank_unavailable"))?;
        match bound {
            None => return Err(OtpRefused::new("otp_expired")),
            Some((Some(token), false)) if token == card_token => return Ok(()),
            Some((Some(_), _)) => return Err(OtpRefused::new("otp_used")),
            Some((None, _)) => {}
        }
        let mut otps = lock(&self.otps);
        let state = otps.get_mut(&binding_id).ok_or_else(|| OtpRefused::new("otp_expired"))?;
        if state.used {
            return Err(OtpRefused::new("otp_used"));
        }
        if state.tries_left == 0 {
            return Err(OtpRefused::new("otp_locked"));
        }
        if self.world.now().since(state.sent_at) > OTP_LIFE_MS {
            return Err(OtpRefused::new("otp_expired"));
        }
        if state.otp != otp {
            state.tries_left -= 1;
            let code = if state.tries_left == 0 { "otp_locked" } else { "otp_wrong" };
            return Err(OtpRefused { code: code.to_owned(), attempts_left: Some(state.tries_left) });
        }
        book.run("UPDATE bindings SET token = ?2 WHERE binding = ?1", params![binding_id.to_string(), card_token])
            .map_err(|_| OtpRefused::new("bank_unavailable"))?;
        state.used = true;
        state.otp.clear();
        Ok(())
    }

    /// Bank, brand and kind, or why not.
    fn judge(&self, binding_id: Id, elements: &FourElements<'_>) -> rusqlite::Result<Result<(String, String, String), No>> {
        let pan = digits(elements.pan);
        let card = self.prints.of("card", &pan);
        let mut book = self.book.hold();
        let book = book.transaction()?;
        let refused: Option<String> =
            book.row("SELECT code FROM refused_numbers WHERE card = ?1", [&card], |row| row.get(0)).optional()?;
        if let Some(code) = refused {
            return Ok(Err(No::Code(kabao_base::Code::parse(&code).map_or("card_refused", |code| code.as_str()))));
        }
        let row = match known_card(&book, &card)? {
            Some(row) => row,
            None => match newcomer_brand(&pan) {
                None => return Ok(Err(No::Code("card_number_refused"))),
                Some(brand) => {
                    book.run(
                        "INSERT INTO cards VALUES(?1, ?2, 'Test bank', ?3, ?4, ?5, ?6, ?7, 'open', 'debit', NULL, NULL)",
                        params![
                            card, last4(&pan), brand, self.holder(elements.name), self.id_print(elements.id_number),
                            self.phone_print(elements.phone), NEWCOMER_BALANCE
                        ],
                    )?;
                    match known_card(&book, &card)? {
                        Some(row) => row,
                        None => return Ok(Err(No::Code("card_number_refused"))),
                    }
                }
            },
        };
        if let Some(until) = self.maintenance_of(&row.bank) {
            return Ok(Err(No::Maintenance(until)));
        }
        if let Some(code) = CardState::read(&row.state).and_then(CardState::refusal) {
            return Ok(Err(No::Code(code)));
        }
        if row.holder != self.holder(elements.name) {
            return Ok(Err(No::Code("card_name_refused")));
        }
        if row.phone != self.phone_print(elements.phone) {
            return Ok(Err(No::Code("card_phone_refused")));
        }
        if row.id_number != self.id_print(elements.id_number) {
            return Ok(Err(No::Code("card_identity_refused")));
        }
        if let Some(code) = self.credit_refusal(&pan, &row, elements.credit.as_ref()) {
            return Ok(Err(No::Code(code)));
        }
        let whole = [&card, &row.holder, &row.phone, &row.id_number].map(|print| print.as_slice()).concat();
        book.run(
            "INSERT INTO bindings VALUES(?1, ?2, ?3, NULL, 0) ON CONFLICT DO NOTHING",
            params![binding_id.to_string(), whole, card],
        )?;
        let kept: Vec<u8> = book.row(
            "SELECT elements FROM bindings WHERE binding = ?1", [binding_id.to_string()], |row| row.get(0))?;
        if kept != whole {
            return Ok(Err(No::Code("id_reused")));
        }
        book.commit()?;
        Ok(Ok((row.bank, row.brand, row.kind)))
    }

    /// What is wrong with expiry and security code, for a card that has them.
    fn credit_refusal(&self, pan: &str, row: &CardRow, given: Option<&CreditElements<'_>>) -> Option<&'static str> {
        let expiry = row.expiry.as_deref()?;
        let Some(given) = given else { return Some("card_expiry_needed") };
        if given.expiry != expiry {
            return Some("card_expiry_refused");
        }
        if is_over(expiry, self.world.now()) {
            return Some("card_expired");
        }
        let cvv = self.prints.of("cvv", &format!("{pan}:{}", given.cvv));
        row.cvv.as_ref().is_some_and(|kept| *kept != cvv).then_some("card_cvv_refused")
    }

    /// Makes a code when there is none alive; says whether it has to be sent.
    fn renew_otp(&self, binding_id: Id) -> bool {
        let now = self.world.now();
        let bound: Result<Option<String>, _> = self.book.hold().row(
            "SELECT token FROM bindings WHERE binding = ?1", [binding_id.to_string()], |row| row.get(0));
        if matches!(bound, Ok(Some(_))) {
            return false;
        }
        let mut otps = lock(&self.otps);
        otps.retain(|_, state| now.since(state.sent_at) <= 4 * OTP_LIFE_MS);
        let alive = otps.get(&binding_id).is_some_and(|state| {
            state.used || state.tries_left == 0 || now.since(state.sent_at) <= OTP_LIFE_MS
        });
        if alive {
            return false;
        }
        let otp = self.six_digits();
        otps.insert(binding_id, OtpState { otp, sent_at: now, tries_left: OTP_TRIES, used: false });
        true
    }

    fn send(&self, sender: &Arc<dyn crate::port::SmsSender>, binding_id: Id, phone: &str, last4: String) {
        let otp = lock(&self.otps).get(&binding_id).map(|state| state.otp.clone());
        if let Some(otp) = otp {
            let text = format!("【测试银行】验证码{otp}，用于绑定尾号{last4}的银行卡，5分钟内有效。请勿告诉他人。");
            sender.sms(phone, &text, &otp);
        }
    }

    fn six_digits(&self) -> String {
        let mut bytes = [0u8; 8];
        self.world.random(&mut bytes);
        format!("{:06}", u64::from_be_bytes(bytes) % 1_000_000)
    }
}

/// Which of the elements is wrong: what a bank that is sparing with words keeps to itself.
const MASKED: &[&str] = &[
    "card_number_refused", "card_name_refused", "card_phone_refused", "card_identity_refused", "card_expiry_refused", "card_cvv_refused",
];

fn known_card(book: &Connection, card: &[u8]) -> rusqlite::Result<Option<CardRow>> {
    book.row("SELECT bank, brand, holder, id_number, phone, state, kind, expiry, cvv FROM cards WHERE card = ?1", [card], |row| {
        Ok(CardRow {
            bank: row.get(0)?,
            brand: row.get(1)?,
            holder: row.get(2)?,
            id_number: row.get(3)?,
            phone: row.get(4)?,
            state: row.get(5)?,
            kind: row.get(6)?,
            expiry: row.get(7)?,
            cvv: row.get(8)?,
        })
    })
    .optional()
}

/// The brand under which an unregistered number is accepted.
fn newcomer_brand(pan: &str) -> Option<&'static str> {
    if !(16..=19).contains(&pan.len()) || !luhn(pan) {
        return None;
    }
    match pan.as_bytes() {
        [b'6', b'2', ..] => Some("unionpay"),
        [b'4', ..] => Some("visa"),
        [b'5', ..] => Some("mastercard"),
        _ => None,
    }
}

/// The check digit of ISO/IEC 7812.
fn luhn(pan: &str) -> bool {
    let sum: u32 = pan
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            match (place % 2, digit * 2) {
                (0, _) => digit,
                (_, double) if double > 9 => double - 9,
                (_, double) => double,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}
