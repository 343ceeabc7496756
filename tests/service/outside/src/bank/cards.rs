//! Cards, their holders and their money.

use super::SimulatedBank;
use crate::error::OutsideError;
use crate::port::CardStanding;
use kabao_base::Timestamp;
use kabao_vault_sys::Cached;
use rusqlite::{OptionalExtension, params};

/// Whether a card is good at its bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CardState {
    /// It is.
    #[default]
    Open,
    /// Closed for good.
    Closed,
    /// Blocked: reported lost, or by a court.
    Frozen,
    /// An account of two persons, which no wallet may debit for one of them.
    Joint,
}

impl CardState {
    const ALL: [(CardState, &'static str); 4] =
        [(CardState::Open, "open"), (CardState::Closed, "closed"), (CardState::Frozen, "frozen"), (CardState::Joint, "joint")];

    /// The word in the book.
    pub fn text(self) -> &'static str {
        Self::ALL.iter().find(|row| row.0 == self).map_or("open", |row| row.1)
    }

    /// The state of a word.
    pub fn read(text: &str) -> Option<CardState> {
        Self::ALL.iter().find(|row| row.1 == text).map(|row| row.0)
    }

    /// Why a card in this state is neither bound nor debited.
    pub(super) fn refusal(self) -> Option<&'static str> {
        match self {
            CardState::Open => None,
            CardState::Closed => Some("card_closed"),
            CardState::Frozen => Some("card_frozen"),
            CardState::Joint => Some("card_joint"),
        }
    }
}

/// A card for tests, with its holder and its money. For a credit card the money is what is left of its credit.
#[derive(Clone, Copy, Default)]
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
    /// Whether it is good.
    pub state: CardState,
    /// `debit` (also when empty), `credit`, `quasi_credit`, `prepaid`.
    pub kind: &'a str,
    /// A credit card's last month, `MMYY`; empty for a card without one.
    pub expiry: &'a str,
    /// The digits for payments without the card; empty for a card without them.
    pub cvv: &'a str,
}

impl SimulatedBank {
    /// Registers a test card, or changes the one with this number.
    pub fn add_card(&self, card: TestCard<'_>) -> Result<(), OutsideError> {
        if card.balance_fen < 0 {
            return Err(OutsideError::Amount);
        }
        let pan = digits(card.pan);
        self.book.hold().run(
            "INSERT INTO cards VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT(card) DO UPDATE SET bank = ?3,
             brand = ?4, holder = ?5, id_number = ?6, phone = ?7, balance = ?8, state = ?9, kind = ?10, expiry = ?11, cvv = ?12",
            params![
                self.prints.of("card", &pan), last4(&pan), card.bank, card.brand, self.holder(card.name),
                self.id_print(card.id_number), self.phone_print(card.phone), card.balance_fen, card.state.text(),
                if card.kind.is_empty() { "debit" } else { card.kind }, Some(card.expiry).filter(|text| !text.is_empty()),
                Some(card.cvv).filter(|text| !text.is_empty()).map(|cvv| self.prints.of("cvv", &format!("{pan}:{cvv}")))
            ],
        )?;
        Ok(())
    }

    /// Makes the bank refuse a number with a code of the catalogue, whoever presents it.
    pub fn refuse_number(&self, pan: &str, code: &str) -> Result<(), OutsideError> {
        let card = self.prints.of("card", &digits(pan));
        self.book.hold().run("INSERT OR REPLACE INTO refused_numbers VALUES(?1, ?2)", params![card, code])?;
        Ok(())
    }

    /// Closes, blocks or opens a card.
    pub fn set_state(&self, pan: &str, state: CardState) -> Result<(), OutsideError> {
        let card = self.prints.of("card", &digits(pan));
        self.book.hold().run("UPDATE cards SET state = ?2 WHERE card = ?1", params![card, state.text()])?;
        Ok(())
    }

    /// What is on a card, in fen; `None` for a card that the bank does not know.
    pub fn card_balance(&self, pan: &str) -> Result<Option<i64>, OutsideError> {
        let card = self.prints.of("card", &digits(pan));
        Ok(self.book.hold().row("SELECT balance FROM cards WHERE card = ?1", [card], |row| row.get(0)).optional()?)
    }

    /// How the card of a token stands, beside the amount of a debit.
    pub(super) fn standing_of(&self, card_token: &str) -> rusqlite::Result<CardStanding> {
        let no = |code: &str| CardStanding::Refused { code: code.to_owned() };
        let row = self.book.hold().row(
            "SELECT cards.bank, cards.state, cards.expiry, bindings.ended FROM bindings JOIN cards USING(card) WHERE token = ?1",
            [card_token],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?, row.get::<_, bool>(3)?)),
        );
        let Some((bank, state, expiry, ended)) = row.optional()? else { return Ok(no("card_unknown")) };
        if let Some(until) = self.maintenance_of(&bank) {
            return Ok(CardStanding::Maintenance { until });
        }
        Ok(match why_bad(&state, expiry.as_deref(), ended, self.world.now()) {
            Some(code) => no(code),
            None => CardStanding::Usable,
        })
    }

    pub(super) fn holder(&self, name: &str) -> Vec<u8> {
        // The point between the parts of a name has several look-alikes; the bank keeps one.
        let name: String = name.trim().chars().map(|letter| if "•∙・●⋅‧".contains(letter) { '·' } else { letter }).collect();
        self.prints.of("holder", &name)
    }

    pub(super) fn id_print(&self, id_number: &str) -> Vec<u8> {
        self.prints.of("id", &id_number.trim().to_ascii_uppercase())
    }

    pub(super) fn phone_print(&self, phone: &str) -> Vec<u8> {
        let all = digits(phone);
        let national = all.strip_prefix("0086").or_else(|| all.strip_prefix("86")).filter(|rest| rest.len() == 11);
        self.prints.of("phone", national.unwrap_or(&all))
    }
}

/// Why a card is not debited, whatever the amount.
pub(super) fn why_bad(state: &str, expiry: Option<&str>, ended: bool, now: Timestamp) -> Option<&'static str> {
    if ended {
        return Some("card_unbound");
    }
    let expired = expiry.is_some_and(|expiry| is_over(expiry, now));
    CardState::read(state).and_then(CardState::refusal).or_else(|| expired.then_some("card_expired"))
}

/// Whether the last month of a card, `MMYY`, is over in China.
pub(super) fn is_over(expiry: &str, now: Timestamp) -> bool {
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<i32>().ok());
    match (number(expiry.get(..2)), number(expiry.get(2..4))) {
        (Some(month), Some(year)) => (2000 + year) * 100 + month < now.china_month(),
        _ => true,
    }
}

/// The ASCII digits of a text.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

pub(super) fn last4(pan: &str) -> String {
    pan.get(pan.len().saturating_sub(4)..).unwrap_or_default().to_owned()
}
