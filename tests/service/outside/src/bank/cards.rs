//! Cards, their holders, and how a card is bound: four elements, then a code by SMS.

use super::{BankFault, SimulatedBank};
use crate::error::OutsideError;
use crate::port::{CardAnswer, FourElements};
use crate::store::lock;
use kabao_base::{Id, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;

/// How long a bank's code lives, in milliseconds.
const OTP_LIFE_MS: i64 = 5 * 60_000;
/// How many wrong codes lock a binding.
const OTP_TRIES: u32 = 5;
/// What a card holds that nobody registered, in fen: 10,000.00.
const NEWCOMER_BALANCE: i64 = 1_000_000;

/// A card for tests, with its holder and its money.
#[derive(Clone, Copy)]
pub struct TestCard<'a> {
    /// The number.
    pub pan: &'a str,
    /// The holder's name.
    pub name: &'a str,
    /// The holder's identity number.
    pub id_number: &'a str,
    /// The phone that the bank knows.
    pub phone: &'a str,
    /// What is on the card, in fen.
    pub balance_fen: i64,
    /// The bank's name as the wallet shows it.
    pub bank: &'a str,
    /// The card's scheme: `unionpay`, `visa`, `mastercard`.
    pub brand: &'a str,
    /// The card was closed.
    pub closed: bool,
}

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
    closed: bool,
}

impl SimulatedBank {
    /// Registers a test card, or changes the one with this number.
    pub fn add_card(&self, card: TestCard<'_>) -> Result<(), OutsideError> {
        if card.balance_fen < 0 {
            return Err(OutsideError::Amount);
        }
        let pan = digits(card.pan);
        self.book.hold().execute(
            "INSERT INTO cards VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT(card) DO UPDATE SET bank = ?3,
             brand = ?4, holder = ?5, id_number = ?6, phone = ?7, balance = ?8, closed = ?9",
            params![
                self.prints.of("card", &pan), last4(&pan), card.bank, card.brand, self.holder(card.name),
                self.id_print(card.id_number), self.phone_print(card.phone), card.balance_fen, card.closed
            ],
        )?;
        Ok(())
    }

    /// Makes the bank refuse a number with a code of the catalogue, whoever presents it.
    pub fn refuse_number(&self, pan: &str, code: &str) -> Result<(), OutsideError> {
        let card = self.prints.of("card", &digits(pan));
        self.book.hold().execute("INSERT OR REPLACE INTO refused_numbers VALUES(?1, ?2)", params![card, code])?;
        Ok(())
    }

    /// Closes or opens a card again.
    pub fn set_closed(&self, pan: &str, closed: bool) -> Result<(), OutsideError> {
        let card = self.prints.of("card", &digits(pan));
        self.book.hold().execute("UPDATE cards SET closed = ?2 WHERE card = ?1", params![card, closed])?;
        Ok(())
    }

    /// What is on a card, in fen; `None` for a card that the bank does not know.
    pub fn card_balance(&self, pan: &str) -> Result<Option<i64>, OutsideError> {
        let card = self.prints.of("card", &digits(pan));
        Ok(self.book.hold().query_row("SELECT balance FROM cards WHERE card = ?1", [card], |row| row.get(0)).optional()?)
    }

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
            Ok(Ok((bank, brand))) => {
                if self.renew_otp(binding_id) {
                    self.send(&sender, binding_id, elements.phone, last4(&digits(elements.pan)));
                }
                CardAnswer::OtpSent { bank, brand }
            }
            Ok(Err(code)) => CardAnswer::Refused { code: code.to_owned() },
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
        let bound: Option<Option<String>> = book
            .query_row("SELECT token FROM bindings WHERE binding = ?1", [binding_id.to_string()], |row| row.get(0))
            .optional()
            .map_err(|_| OtpRefused::new("bank_unavailable"))?;
        match bound {
            None => return Err(OtpRefused::new("otp_expired")),
            Some(Some(token)) if token == card_token => return Ok(()),
            Some(Some(_)) => return Err(OtpRefused::new("otp_used")),
            Some(None) => {}
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
        book.execute("UPDATE bindings SET token = ?2 WHERE binding = ?1", params![binding_id.to_string(), card_token])
            .map_err(|_| OtpRefused::new("bank_unavailable"))?;
        state.used = true;
        state.otp.clear();
        Ok(())
    }

    /// The bank and brand, or the code of the refusal.
    fn judge(&self, binding_id: Id, elements: &FourElements<'_>) -> rusqlite::Result<Result<(String, String), &'static str>> {
        let pan = digits(elements.pan);
        let card = self.prints.of("card", &pan);
        let mut book = self.book.hold();
        let book = book.transaction()?;
        let refused: Option<String> =
            book.query_row("SELECT code FROM refused_numbers WHERE card = ?1", [&card], |row| row.get(0)).optional()?;
        if let Some(code) = refused {
            return Ok(Err(kabao_base::Code::parse(&code).map_or("card_refused", |code| code.as_str())));
        }
        let row = match known_card(&book, &card)? {
            Some(row) => row,
            None => match newcomer_brand(&pan) {
                None => return Ok(Err("card_number_refused")),
                Some(brand) => {
                    book.execute(
                        "INSERT INTO cards VALUES(?1, ?2, 'Test bank', ?3, ?4, ?5, ?6, ?7, 0)",
                        params![
                            card, last4(&pan), brand, self.holder(elements.name), self.id_print(elements.id_number),
                            self.phone_print(elements.phone), NEWCOMER_BALANCE
                        ],
                    )?;
                    match known_card(&book, &card)? {
                        Some(row) => row,
                        None => return Ok(Err("card_number_refused")),
                    }
                }
            },
        };
        if row.closed {
            return Ok(Err("card_closed"));
        }
        if row.holder != self.holder(elements.name) {
            return Ok(Err("card_name_refused"));
        }
        if row.phone != self.phone_print(elements.phone) {
            return Ok(Err("card_phone_refused"));
        }
        if row.id_number != self.id_print(elements.id_number) {
            return Ok(Err("card_refused"));
        }
        let whole = [&card, &row.holder, &row.phone, &row.id_number].map(|print| print.as_slice()).concat();
        book.execute(
            "INSERT INTO bindings VALUES(?1, ?2, ?3, NULL) ON CONFLICT DO NOTHING",
            params![binding_id.to_string(), whole, card],
        )?;
        let kept: Vec<u8> = book.query_row(
            "SELECT elements FROM bindings WHERE binding = ?1", [binding_id.to_string()], |row| row.get(0))?;
        if kept != whole {
            return Ok(Err("id_reused"));
        }
        book.commit()?;
        Ok(Ok((row.bank, row.brand)))
    }

    /// Makes a code when there is none alive; says whether it has to be sent.
    fn renew_otp(&self, binding_id: Id) -> bool {
        let now = self.world.now();
        let bound: Result<Option<String>, _> = self.book.hold().query_row(
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

    fn holder(&self, name: &str) -> Vec<u8> {
        // The point between the parts of a name has several look-alikes; the bank keeps one.
        let name: String = name.trim().chars().map(|letter| if "•∙・●⋅‧".contains(letter) { '·' } else { letter }).collect();
        self.prints.of("holder", &name)
    }

    fn id_print(&self, id_number: &str) -> Vec<u8> {
        self.prints.of("id", &id_number.trim().to_ascii_uppercase())
    }

    fn phone_print(&self, phone: &str) -> Vec<u8> {
        let all = digits(phone);
        let national = all.strip_prefix("0086").or_else(|| all.strip_prefix("86")).filter(|rest| rest.len() == 11);
        self.prints.of("phone", national.unwrap_or(&all))
    }
}

fn known_card(book: &Connection, card: &[u8]) -> rusqlite::Result<Option<CardRow>> {
    book.query_row("SELECT bank, brand, holder, id_number, phone, closed FROM cards WHERE card = ?1", [card], |row| {
        Ok(CardRow {
            bank: row.get(0)?,
            brand: row.get(1)?,
            holder: row.get(2)?,
            id_number: row.get(3)?,
            phone: row.get(4)?,
            closed: row.get(5)?,
        })
    })
    .optional()
}

/// The ASCII digits of a text.
fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn last4(pan: &str) -> String {
    pan.get(pan.len().saturating_sub(4)..).unwrap_or_default().to_owned()
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
