//! The simulated card bank and identity vendor, which live beside the vault because they take whole numbers.

use super::{BankState, BookRow, StatementRow, VaultAnswer};
use kabao_outside::{
    BankAnswer, BankFault, BankFaults, BookLine, CardStanding, CardState, IncomingTransfer, LivenessResult, OutsideError, SimulatedBank, SimulatedVendor, SmsSender,
    StatementLine, TestCard, VendorFaults, World,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The short messages of the bank. In memory only; the developer's console reads them.
#[derive(Default)]
pub(super) struct Sms(Mutex<BTreeMap<String, Vec<(String, String)>>>);

impl SmsSender for Sms {
    fn sms(&self, phone: &str, text: &str, otp: &str) {
        let mut inbox = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inbox.entry(phone.to_owned()).or_default().push((text.to_owned(), otp.to_owned()));
    }
}

/// Bank and vendor with their books in the data folder.
pub(super) struct Outside {
    pub(super) bank: SimulatedBank,
    pub(super) vendor: SimulatedVendor,
    sms: Arc<Sms>,
    world: Arc<dyn World>,
}

impl Outside {
    pub(super) fn open(data: &Path, world: Arc<dyn World>) -> Result<Outside, OutsideError> {
        let bank = SimulatedBank::open(Some(&data.join("bank.db")), world.clone())?;
        let vendor = SimulatedVendor::open(Some(&data.join("vendor.db")), world.clone())?;
        let sms = Arc::new(Sms::default());
        bank.set_sms(sms.clone());
        Ok(Outside { bank, vendor, sms, world })
    }

    /// What the developer's console asks. An unknown request gives null.
    pub(super) fn dev(&self, what: &str, body: &Value) -> Result<Value, OutsideError> {
        let text = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default();
        let flag = |field: &str| body.get(field).and_then(Value::as_bool).unwrap_or(false);
        Ok(match what {
            "inbox" => {
                let inbox = self.sms.0.lock().unwrap_or_else(PoisonError::into_inner);
                let found = inbox.get(text("phone")).cloned().unwrap_or_default();
                found.into_iter().map(|(text, otp)| json!({"from": "bank", "text": text, "otp": otp})).collect()
            }
            "liveness" => {
                let channels = body.get("channels").and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok()).unwrap_or(5);
                let result = LivenessResult::parse(text("result")).unwrap_or(LivenessResult::Ok);
                let nonce = body.get("nonce").and_then(Value::as_str);
                json!({"token": self.vendor.issue_liveness(channels, result, nonce)?})
            }
            "number" => {
                self.vendor.set_number(text("id_number"), text("code"))?;
                json!({})
            }
            "reviews" => json!({"waiting": self.vendor.reviews()?}),
            "review" => {
                let id = body.get("verification_id").and_then(Value::as_str);
                let rejected = body.get("reject").and_then(Value::as_str).map(|code| (code, flag("retriable")));
                json!({"decided": self.vendor.decide(id, rejected)?})
            }
            "holder" => {
                self.vendor.set_holder(text("id_number"), text("name"))?;
                json!({})
            }
            "card" => {
                let (bank, brand) = (text("bank"), text("brand"));
                self.bank.add_card(TestCard {
                    pan: text("pan"),
                    name: text("name"),
                    id_number: text("id_number"),
                    phone: text("phone"),
                    balance_fen: body.get("balance_fen").and_then(Value::as_i64).unwrap_or(1_000_000),
                    bank: if bank.is_empty() { "测试银行" } else { bank },
                    brand: if brand.is_empty() { "unionpay" } else { brand },
                    state: if flag("closed") { CardState::Closed } else { CardState::read(text("state")).unwrap_or_default() },
                    kind: text("kind"),
                    expiry: text("expiry"),
                    cvv: text("cvv"),
                })?;
                json!({})
            }
            "refuse_card" => {
                self.bank.refuse_number(text("pan"), text("code"))?;
                json!({})
            }
            "card_state" => match CardState::read(text("state")) {
                Some(state) => {
                    self.bank.set_state(text("pan"), state)?;
                    json!({})
                }
                None => Value::Null,
            },
            "card_balance" => json!({"balance_fen": self.bank.card_balance(text("pan"))?}),
            "incoming" => {
                let (id, bank_ref) = self.bank.take_in(&IncomingTransfer {
                    bank_ref: text("bank_ref"),
                    amount_fen: body.get("amount_fen").and_then(Value::as_i64).unwrap_or(0),
                    memo: text("memo"),
                    sender: text("sender"),
                    after_ms: body.get("after_ms").and_then(Value::as_i64).unwrap_or(0),
                })?;
                json!({"wire_id": id.to_string(), "bank_ref": bank_ref})
            }
            "settle" => json!({"settled": self.bank.settle()?}),
            "holds" => json!({"fen": self.bank.wallet_holds()?}),
            "bank_faults" => {
                self.bank.set_faults(BankFaults {
                    movements: match text("movements") {
                        "lose_answer" => BankFault::LoseAnswer,
                        "hold" => BankFault::Hold,
                        "down" => BankFault::Down,
                        "refuse" => BankFault::Refuse(text("code").to_owned()),
                        _ => BankFault::None,
                    },
                    silent_queries: flag("silent_queries"),
                    breaks_cancel: flag("breaks_cancel"),
                    duplicate_callbacks: flag("duplicate_callbacks"),
                    callback_amount: body.get("callback_amount").and_then(Value::as_i64),
                    books_amount: body.get("books_amount").and_then(Value::as_i64).filter(|fen| *fen > 0),
                    masks_reasons: flag("masks_reasons"),
                    takes_back: flag("takes_back"),
                    maintenance: body.get("maintenance_ms").and_then(Value::as_i64).map(|ms| (text("bank").to_owned(), self.world.now().plus_ms(ms))),
                });
                json!({})
            }
            "vendor_faults" => {
                let reject = body.get("reject").and_then(Value::as_str).map(|code| (code.to_owned(), flag("retriable")));
                let pending_times = body.get("pending_times").and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
                let maintenance_ms = body.get("maintenance_ms").and_then(Value::as_i64);
                let sources = body.get("sources").and_then(Value::as_object).into_iter().flatten();
                let sources = sources.filter_map(|(source, said)| Some((source.clone(), said.as_str()?.to_owned()))).collect();
                self.vendor.set_faults(VendorFaults { pending_times, reject, maintenance_ms, sources });
                json!({})
            }
            _ => Value::Null,
        })
    }
}

/// The bank's answer as it crosses to the main process.
pub(super) fn bank_answer(answer: BankAnswer) -> VaultAnswer {
    VaultAnswer::Bank(match answer {
        BankAnswer::Done { amount, .. } => BankState::Done { amount },
        BankAnswer::Refused { code } => BankState::Refused(code),
        BankAnswer::Pending => BankState::Pending,
        BankAnswer::Unknown => BankState::Unknown,
    })
}

/// How a card stands, as it crosses to the main process: done means that nothing stands against it.
pub(super) fn standing_answer(standing: CardStanding) -> VaultAnswer {
    match standing {
        CardStanding::Usable => VaultAnswer::Done,
        CardStanding::Refused { code } => VaultAnswer::Refused { code, attempts_left: None },
        CardStanding::Maintenance { until } => VaultAnswer::Maintenance { until },
        CardStanding::Pending => VaultAnswer::Pending,
    }
}

/// The bank's book as it crosses to the main process.
pub(super) fn book_answer(lines: Vec<BookLine>) -> VaultAnswer {
    let row = |line: BookLine| BookRow { id: line.id, kind: line.kind, token: line.card_token, amount: line.amount, at: line.at };
    VaultAnswer::Book(lines.into_iter().map(row).collect())
}

/// The statement as it crosses to the main process: without who sent what.
pub(super) fn statement_answer(lines: Option<Vec<StatementLine>>) -> VaultAnswer {
    let row = |line: StatementLine| StatementRow { id: line.id, amount: line.amount, memo: line.memo, at: line.at, returned: line.returned };
    lines.map_or(VaultAnswer::Pending, |lines| VaultAnswer::Statement(lines.into_iter().map(row).collect()))
}
