//! What a person agrees to before money moves.

use super::map::{Fields, Maker};
use super::{Document, DocumentError};
use crate::digest::{base64url, sha256};
use kabao_base::{Id, Money, Timestamp};
use serde::{Deserialize, Serialize};

/// What kind of movement a person agrees to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveKind {
    /// Money comes from a bound card into the balance.
    TopUp,
    /// A payment to a merchant.
    Pay,
    /// The answer to a merchant's charge on a payer code that needs the person's consent.
    Ask,
    /// Money goes from the balance to a bound card of the same person.
    Withdraw,
    /// Money goes from the balance to another person.
    Transfer,
}

impl MoveKind {
    const ALL: [(MoveKind, &'static str); 5] = [
        (MoveKind::TopUp, "top_up"),
        (MoveKind::Pay, "pay"),
        (MoveKind::Ask, "ask"),
        (MoveKind::Withdraw, "withdraw"),
        (MoveKind::Transfer, "transfer"),
    ];

    /// The kind of a name on the wire.
    ///
    /// # Examples
    /// ```
    /// use kabao_proof::MoveKind;
    /// assert_eq!(MoveKind::parse("withdraw"), Some(MoveKind::Withdraw));
    /// ```
    pub fn parse(text: &str) -> Option<MoveKind> {
        Self::ALL.iter().find(|row| row.1 == text).map(|row| row.0)
    }

    /// The name on the wire: `top_up`, `pay`, `ask`, `withdraw`, `transfer`.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    fn take(fields: &mut Fields) -> Result<MoveKind, DocumentError> {
        MoveKind::parse(&fields.text("kind")?).ok_or(DocumentError::Malformed("kind"))
    }
}

/// Where the money comes from. In JSON `{"kind":"balance"}` or `{"kind":"card","card_id":"…"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "SourceWire", into = "SourceWire")]
pub enum Source {
    /// The balance of the account.
    Balance,
    /// A bound card, by its id (never its number).
    Card(Id),
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum SourceWire {
    Balance {},
    Card { card_id: Id },
}

impl From<SourceWire> for Source {
    fn from(wire: SourceWire) -> Source {
        match wire {
            SourceWire::Balance {} => Source::Balance,
            SourceWire::Card { card_id } => Source::Card(card_id),
        }
    }
}

impl From<Source> for SourceWire {
    fn from(source: Source) -> SourceWire {
        match source {
            Source::Balance => SourceWire::Balance {},
            Source::Card(card_id) => SourceWire::Card { card_id },
        }
    }
}

impl Source {
    pub(super) fn put(&self, maker: &mut Maker) {
        maker.map("source", |maker| match self {
            Source::Balance => maker.text("kind", "balance"),
            Source::Card(card_id) => {
                maker.text("kind", "card");
                maker.id("card_id", card_id);
            }
        });
    }

    pub(super) fn take(fields: &mut Fields) -> Result<Source, DocumentError> {
        fields.map("source", |fields| match fields.text("kind")?.as_str() {
            "balance" => Ok(Source::Balance),
            "card" => fields.id("card_id").map(Source::Card),
            _ => Err(DocumentError::Malformed("source")),
        })
    }
}

/// The terms of one movement of money: what was shown, what is confirmed and what is sent, byte
/// for byte. Its digest is what the approval key signs and what the PIN's box is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The phone's id of the movement, made and stored before its first use.
    pub intent_id: Id,
    /// What kind of movement.
    pub kind: MoveKind,
    /// The quote that was shown.
    pub quote_id: Id,
    /// The payer's account.
    pub account_id: Id,
    /// Who is paid; the card for a withdrawal; absent for a top-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee_id: Option<Id>,
    /// The merchant's order number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// What is paid, without the fee.
    pub amount: Money,
    /// The fee on top.
    pub fee: Money,
    /// Where the money comes from.
    pub source: Source,
    /// How long a transfer waits before it arrives, in milliseconds; absent when it does not wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u32>,
    /// Until when the terms may be confirmed.
    pub expires_at: Timestamp,
    /// 32 bytes from the service that make the terms unique.
    #[serde(with = "base64url")]
    pub challenge: [u8; 32],
}

impl Terms {
    /// The SHA-256 of the deterministic CBOR: what an approval signs.
    pub fn digest(&self) -> [u8; 32] {
        sha256(&self.encode())
    }
}

impl Document for Terms {
    const CONTENT_TYPE: &'static str = "application/kabao-terms+cbor";

    fn put(&self, maker: &mut Maker) {
        maker.id("intent_id", &self.intent_id);
        maker.text("kind", self.kind.as_str());
        maker.id("quote_id", &self.quote_id);
        maker.id("account_id", &self.account_id);
        maker.id_if("payee_id", self.payee_id.as_ref());
        maker.text_if("order", self.order.as_deref());
        maker.money("amount", self.amount);
        maker.money("fee", self.fee);
        self.source.put(maker);
        if let Some(delay) = self.delay_ms {
            maker.number("delay_ms", u64::from(delay));
        }
        maker.time("expires_at", self.expires_at);
        maker.bytes("challenge", &self.challenge);
    }

    fn take(fields: &mut Fields) -> Result<Terms, DocumentError> {
        Ok(Terms {
            intent_id: fields.id("intent_id")?,
            kind: MoveKind::take(fields)?,
            quote_id: fields.id("quote_id")?,
            account_id: fields.id("account_id")?,
            payee_id: fields.id_if("payee_id")?,
            order: fields.text_if("order")?,
            amount: fields.money("amount")?,
            fee: fields.money("fee")?,
            source: Source::take(fields)?,
            delay_ms: fields.small_if("delay_ms")?,
            expires_at: fields.time("expires_at")?,
            challenge: fields.fixed("challenge")?,
        })
    }
}
