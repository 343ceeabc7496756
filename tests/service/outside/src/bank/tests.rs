//! The bank as the wallet service sees it.

use super::*;
use crate::port::{Bank, BankAnswer, CardAnswer, FourElements};
use crate::testing::{TestWorld, assert_absent};
use kabao_base::{Money, Timestamp};

const PAN: &str = "6222021234567890128";
const NEWCOMER: &str = "6222020000000000000";
const ID: &str = "11010519491231002X";

#[derive(Default)]
struct Inbox(Mutex<Vec<(String, String)>>);

impl SmsSender for Inbox {
    fn sms(&self, phone: &str, text: &str, otp: &str) {
        assert!(text.contains(otp));
        self.0.lock().unwrap().push((phone.to_owned(), otp.to_owned()));
    }
}

struct Branch {
    bank: SimulatedBank,
    world: Arc<TestWorld>,
    inbox: Arc<Inbox>,
}

fn id(number: u8) -> Id {
    Id::from_bytes([number; 16])
}

fn card(balance_fen: i64) -> TestCard<'static> {
    TestCard { pan: PAN, name: "张三", id_number: ID, phone: "13800138000", balance_fen, bank: "工商银行", brand: "unionpay", ..TestCard::default() }
}

fn elements<'a>(pan: &'a str, name: &'a str, id_number: &'a str, phone: &'a str) -> FourElements<'a> {
    FourElements { pan, name, id_number, phone, credit: None }
}

fn right(pan: &str) -> FourElements<'_> {
    elements(pan, "张三", ID, "+8613800138000")
}

fn refused(code: &str) -> CardAnswer {
    CardAnswer::Refused { code: code.to_owned() }
}

fn no(code: &str) -> BankAnswer {
    BankAnswer::Refused { code: code.to_owned() }
}

impl Branch {
    fn open(path: Option<&Path>) -> Branch {
        let world = Arc::new(TestWorld::new(3));
        let bank = SimulatedBank::open(path, world.clone()).unwrap();
        let inbox = Arc::new(Inbox::default());
        bank.set_sms(inbox.clone());
        Branch { bank, world, inbox }
    }

    /// A card with money on it, bound as `card-1`.
    fn bound(balance: i64) -> Branch {
        let branch = Branch::open(None);
        branch.bank.add_card(card(balance)).unwrap();
        branch.bind();
        branch
    }

    fn bind(&self) {
        assert!(matches!(self.bank.check_card(id(200), right(PAN)), CardAnswer::OtpSent { .. }));
        self.bank.confirm_card(id(200), &self.otp(), "card-1").unwrap();
    }

    fn otp(&self) -> String {
        self.inbox.0.lock().unwrap().last().unwrap().1.clone()
    }

    fn sent(&self) -> usize {
        self.inbox.0.lock().unwrap().len()
    }

    fn balance(&self) -> i64 {
        self.bank.card_balance(PAN).unwrap().unwrap()
    }

    fn fault(&self, movements: BankFault) {
        self.bank.set_faults(BankFaults { movements, ..BankFaults::default() });
    }

    fn debit(&self, number: u8, fen: i64) -> BankAnswer {
        self.bank.debit(id(number), "card-1", Money::fen(fen))
    }
}

#[test]
fn each_element_has_its_refusal() {
    let branch = Branch::open(None);
    branch.bank.add_card(card(100)).unwrap();
    let check = |number, elements| branch.bank.check_card(id(number), elements);
    assert_eq!(check(1, elements(PAN, "李四", ID, "13800138000")), refused("card_name_refused"));
    assert_eq!(check(2, elements(PAN, "张三", ID, "13800138001")), refused("card_phone_refused"));
    assert_eq!(check(3, elements(PAN, "张三", "440524188001010014", "13800138000")), refused("card_identity_refused"));
    assert_eq!(check(4, right("6222021234567890120")), refused("card_number_refused"));
    assert_eq!(check(5, right("3622021234567890")), refused("card_number_refused"));
    assert_eq!(check(6, right("")), refused("card_number_refused"));
    branch.bank.set_state(PAN, CardState::Closed).unwrap();
    assert_eq!(check(7, right(PAN)), refused("card_closed"));
    branch.bank.set_state(PAN, CardState::Open).unwrap();
    branch.bank.refuse_number(PAN, "card_refused").unwrap();
    assert_eq!(check(8, right(PAN)), refused("card_refused"));
    assert_eq!(branch.sent(), 0);
}

#[test]
fn a_newcomers_card_is_accepted_with_the_holder_given() {
    let branch = Branch::open(None);
    let sent = CardAnswer::OtpSent { bank: "Test bank".to_owned(), brand: "unionpay".to_owned(), kind: "debit".to_owned() };
    assert_eq!(branch.bank.check_card(id(1), right(NEWCOMER)), sent);
    assert_eq!(branch.bank.card_balance(NEWCOMER).unwrap(), Some(1_000_000));
    assert_eq!(branch.bank.check_card(id(2), elements(NEWCOMER, "李四", ID, "13800138000")), refused("card_name_refused"));
    assert_eq!(branch.bank.check_card(id(1), right(NEWCOMER)), sent);
    assert_eq!(branch.sent(), 1);
    assert_eq!(branch.bank.check_card(id(1), elements("4111111111111111", "张三", ID, "13800138000")), refused("id_reused"));
}

#[test]
fn the_code_is_right_once_in_time_and_within_five_tries() {
    let branch = Branch::open(None);
    branch.bank.add_card(card(100)).unwrap();
    branch.bank.check_card(id(1), right(PAN));
    let otp = branch.otp();
    let wrong = if otp == "000000" { "000001" } else { "000000" };
    let confirm = |number, otp: &str, token: &str| {
        branch.bank.confirm_card(id(number), otp, token).map_err(|refused| (refused.code, refused.attempts_left))
    };
    let err = |code: &str, left| Err((code.to_owned(), left));
    assert_eq!(confirm(9, &otp, "t"), err("otp_expired", None));
    assert_eq!(confirm(1, wrong, "t"), err("otp_wrong", Some(4)));
    assert_eq!(confirm(1, &otp, "t"), Ok(()));
    // A lost answer: the same again. Another token: used.
    assert_eq!(confirm(1, &otp, "t"), Ok(()));
    assert_eq!(confirm(1, &otp, "u"), err("otp_used", None));
    branch.bank.check_card(id(2), right(PAN));
    for left in (0..5).rev() {
        let wrong = if branch.otp() == "000000" { "000001" } else { "000000" };
        assert_eq!(confirm(2, wrong, "v"), err(if left > 0 { "otp_wrong" } else { "otp_locked" }, Some(left)));
    }
    assert_eq!(confirm(2, &branch.otp(), "v"), err("otp_locked", None));
    branch.bank.check_card(id(3), right(PAN));
    branch.world.advance(300_001);
    assert_eq!(confirm(3, &branch.otp(), "w"), err("otp_expired", None));
    branch.bank.check_card(id(3), right(PAN));
    assert_eq!(confirm(3, &branch.otp(), "w"), Ok(()));
}

#[test]
fn the_same_id_moves_money_once() {
    let branch = Branch::bound(10_000);
    let done = branch.debit(1, 4_000);
    assert!(matches!(done, BankAnswer::Done { .. }));
    assert_eq!((branch.debit(1, 4_000), branch.bank.query(id(1)), branch.balance()), (done.clone(), done.clone(), 6_000));
    assert_eq!(branch.debit(1, 4_001), no("id_reused"));
    assert_eq!(branch.bank.credit(id(1), "card-1", Money::fen(4_000)), no("id_reused"));
    assert_eq!(branch.debit(2, 6_001), no("bank_balance_low"));
    // Refused for good, whatever comes later.
    assert!(matches!(branch.bank.credit(id(3), "card-1", Money::fen(5_000)), BankAnswer::Done { .. }));
    assert_eq!((branch.debit(2, 6_001), branch.balance()), (no("bank_balance_low"), 11_000));
    assert_eq!(branch.bank.debit(id(4), "card-9", Money::fen(1)), no("card_unknown"));
    for fen in [0, -1, i64::MIN] {
        assert_eq!(branch.debit(5, fen), no("bank_refused"));
    }
    assert_eq!(branch.bank.credit(id(6), "card-1", Money::fen(i64::MAX)), no("bank_refused"));
    branch.bank.set_state(PAN, CardState::Closed).unwrap();
    assert_eq!(branch.debit(7, 1), no("card_closed"));
    assert_eq!(branch.bank.wallet_holds().unwrap(), -1_000);
}

#[test]
fn an_unknown_id_can_be_forbidden() {
    let branch = Branch::bound(10_000);
    assert_eq!(branch.bank.query(id(1)), BankAnswer::Unknown);
    assert_eq!(branch.bank.cancel(id(1)), no("payment_abandoned"));
    assert_eq!((branch.debit(1, 100), branch.bank.query(id(1)), branch.balance()), (no("payment_abandoned"), no("payment_abandoned"), 10_000));
    let done = branch.debit(2, 100);
    assert_eq!(branch.bank.cancel(id(2)), done);
}

#[test]
fn a_lost_answer_was_carried_out() {
    let branch = Branch::bound(10_000);
    branch.fault(BankFault::LoseAnswer);
    assert_eq!((branch.debit(1, 100), branch.balance()), (BankAnswer::Pending, 9_900));
    assert!(matches!(branch.bank.query(id(1)), BankAnswer::Done { .. }));
    let callbacks = branch.bank.callbacks().unwrap();
    assert_eq!((callbacks.len(), callbacks[0].id, callbacks[0].amount), (1, id(1), Money::fen(100)));
    branch.bank.callback_taken(callbacks[0].seq).unwrap();
    assert!(branch.bank.callbacks().unwrap().is_empty());
}

#[test]
fn what_is_held_is_carried_out_at_settlement_unless_cancelled() {
    let branch = Branch::bound(150);
    branch.fault(BankFault::Hold);
    for number in [1, 2, 3] {
        assert_eq!(branch.debit(number, 100), BankAnswer::Pending);
    }
    assert_eq!((branch.bank.query(id(1)), branch.balance()), (BankAnswer::Pending, 150));
    assert_eq!(branch.bank.cancel(id(2)), no("payment_abandoned"));
    branch.bank.set_faults(BankFaults { duplicate_callbacks: true, callback_amount: Some(7), ..BankFaults::default() });
    assert_eq!((branch.bank.settle().unwrap(), branch.balance()), (2, 50));
    assert!(matches!(branch.bank.query(id(1)), BankAnswer::Done { .. }));
    assert_eq!((branch.bank.query(id(2)), branch.bank.query(id(3))), (no("payment_abandoned"), no("bank_balance_low")));
    let callbacks = branch.bank.callbacks().unwrap();
    assert_eq!((callbacks.len(), callbacks[1].amount, callbacks[3].answer.clone()), (4, Money::fen(7), no("bank_balance_low")));
    assert_eq!(branch.bank.settle().unwrap(), 0);
}

#[test]
fn a_bank_may_break_its_word() {
    let branch = Branch::bound(1_000);
    branch.bank.set_faults(BankFaults { movements: BankFault::Hold, breaks_cancel: true, ..BankFaults::default() });
    branch.debit(1, 100);
    assert_eq!(branch.bank.cancel(id(1)), no("payment_abandoned"));
    assert_eq!((branch.bank.settle().unwrap(), branch.balance()), (1, 900));
    assert!(matches!(branch.bank.callbacks().unwrap()[0].answer, BankAnswer::Done { .. }));
}

#[test]
fn refusing_and_being_down() {
    let branch = Branch::bound(1_000);
    branch.fault(BankFault::Refuse("bank_refused".to_owned()));
    assert_eq!(branch.debit(1, 100), no("bank_refused"));
    branch.fault(BankFault::Down);
    assert_eq!((branch.debit(2, 100), branch.bank.query(id(1)), branch.bank.cancel(id(2))), (BankAnswer::Pending, BankAnswer::Pending, BankAnswer::Pending));
    assert_eq!(branch.bank.check_card(id(3), right(PAN)), CardAnswer::Pending);
    branch.fault(BankFault::None);
    assert_eq!((branch.bank.query(id(1)), branch.bank.query(id(2))), (no("bank_refused"), BankAnswer::Unknown));
    assert_eq!(branch.bank.callbacks().unwrap().len(), 0);
}

#[test]
fn the_book_outlives_the_process_and_names_no_card_or_person() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bank.db");
    let branch = Branch::open(Some(&path));
    branch.bank.add_card(card(10_000)).unwrap();
    branch.bind();
    let otp = branch.otp();
    let done = branch.debit(1, 4_000);
    branch.world.advance(10);
    branch.bank.credit(id(2), "card-1", Money::fen(50));
    let before = branch.bank.book(Timestamp::from_ms(0));
    drop(branch);
    let branch = Branch::open(Some(&path));
    assert_eq!((branch.debit(1, 4_000), branch.balance()), (done, 6_050));
    let lines = branch.bank.book(Timestamp::from_ms(0));
    assert_eq!(lines, before);
    let kinds: Vec<_> = lines.iter().map(|line| (line.id, line.kind.as_str(), line.amount.minor)).collect();
    assert_eq!(kinds, [(id(1), "debit", 4_000), (id(2), "credit", 50)]);
    assert_eq!(branch.bank.book(lines[1].at).len(), 1);
    assert_eq!(branch.bank.confirm_card(id(200), "", "card-1"), Ok(()));
    assert_absent(folder.path(), &[PAN, ID, "张三", "13800138000", &otp]);
}

#[test]
fn one_id_from_many_threads_moves_money_once() {
    let branch = Branch::bound(10_000);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| branch.debit(1, 1_000));
        }
    });
    assert_eq!(branch.balance(), 9_000);
}

const CREDIT: &str = "6225760000000013";

fn credit_card() -> TestCard<'static> {
    TestCard { pan: CREDIT, bank: "招商银行", kind: "credit", expiry: "0828", cvv: "837", ..card(500) }
}

fn with_print<'a>(expiry: &'a str, cvv: &'a str) -> FourElements<'a> {
    FourElements { credit: Some(crate::port::CreditElements { expiry, cvv }), ..right(CREDIT) }
}

#[test]
fn a_credit_card_is_bound_with_what_is_printed_on_it() {
    let branch = Branch::open(None);
    branch.bank.add_card(credit_card()).unwrap();
    assert_eq!(branch.bank.check_card(id(1), right(CREDIT)), refused("card_expiry_needed"));
    assert_eq!(branch.bank.check_card(id(2), with_print("0928", "837")), refused("card_expiry_refused"));
    assert_eq!(branch.bank.check_card(id(3), with_print("0828", "838")), refused("card_cvv_refused"));
    branch.bank.set_faults(BankFaults { masks_reasons: true, ..BankFaults::default() });
    assert_eq!(branch.bank.check_card(id(4), with_print("0828", "838")), refused("card_refused"));
    assert_eq!(branch.bank.check_card(id(5), right(CREDIT)), refused("card_expiry_needed"));
    branch.bank.set_faults(BankFaults::default());
    let sent = CardAnswer::OtpSent { bank: "招商银行".to_owned(), brand: "unionpay".to_owned(), kind: "credit".to_owned() };
    assert_eq!(branch.bank.check_card(id(6), with_print("0828", "837")), sent);
    assert_eq!(branch.sent(), 1);
    branch.bank.confirm_card(id(6), &branch.otp(), "card-1").unwrap();
    // The last month counts whole, in China.
    branch.world.advance(640 * 86_400_000);
    assert_eq!(branch.bank.standing("card-1"), crate::port::CardStanding::Usable);
    branch.world.advance(10 * 86_400_000);
    assert_eq!(branch.debit(1, 1), no("card_expired"));
    assert!(matches!(branch.bank.credit(id(2), "card-1", Money::fen(1)), BankAnswer::Done { .. }), "money comes back to an expired card");
    assert_eq!(branch.bank.check_card(id(7), with_print("0828", "837")), refused("card_expired"));
}

#[test]
fn a_card_that_is_not_good_is_neither_bound_nor_debited() {
    use crate::port::CardStanding;
    let branch = Branch::bound(1_000);
    for (state, code) in [(CardState::Closed, "card_closed"), (CardState::Frozen, "card_frozen"), (CardState::Joint, "card_joint")] {
        branch.bank.set_state(PAN, state).unwrap();
        assert_eq!(branch.bank.check_card(id(1), right(PAN)), refused(code));
        assert_eq!(branch.debit(state as u8 + 10, 1), no(code));
        assert_eq!(branch.bank.standing("card-1"), CardStanding::Refused { code: code.to_owned() });
    }
    assert_eq!(branch.bank.standing("card-9"), CardStanding::Refused { code: "card_unknown".to_owned() });
}

#[test]
fn a_bank_in_maintenance_says_until_when_and_takes_nothing() {
    use crate::port::CardStanding;
    let branch = Branch::bound(1_000);
    branch.bank.add_card(TestCard { bank: "建设银行", pan: CREDIT, ..card(500) }).unwrap();
    let until = branch.world.now().plus_ms(3_600_000);
    branch.bank.set_faults(BankFaults { maintenance: Some(("工商银行".to_owned(), until)), ..BankFaults::default() });
    assert_eq!(branch.bank.check_card(id(1), right(PAN)), CardAnswer::Maintenance { until });
    assert!(matches!(branch.bank.check_card(id(2), right(CREDIT)), CardAnswer::OtpSent { .. }), "another bank serves");
    assert_eq!(branch.bank.standing("card-1"), CardStanding::Maintenance { until });
    assert_eq!(branch.debit(3, 100), no("bank_maintenance"));
    assert_eq!(branch.bank.credit(id(4), "card-1", Money::fen(5)), BankAnswer::Pending);
    branch.world.advance(3_600_000);
    assert_eq!(branch.debit(3, 100), no("bank_maintenance"), "what was refused stays refused");
    assert!(matches!(branch.debit(5, 100), BankAnswer::Done { .. }));
    assert_eq!(branch.balance(), 900);
}

#[test]
fn an_ended_agreement_moves_nothing_and_another_binding_starts_anew() {
    let branch = Branch::bound(1_000);
    assert!(branch.bank.end_agreement("card-1") && branch.bank.end_agreement("card-1"));
    assert_eq!(branch.debit(1, 1), no("card_unbound"));
    assert_eq!(branch.bank.credit(id(2), "card-1", Money::fen(1)), no("card_unbound"));
    assert_eq!(branch.bank.confirm_card(id(200), &branch.otp(), "card-1").unwrap_err().code, "otp_used");
    assert!(matches!(branch.bank.check_card(id(201), right(PAN)), CardAnswer::OtpSent { .. }));
    branch.bank.confirm_card(id(201), &branch.otp(), "card-2").unwrap();
    assert!(matches!(branch.bank.debit(id(3), "card-2", Money::fen(1)), BankAnswer::Done { .. }));
}

#[test]
fn a_transfer_from_another_bank_is_on_the_statement_once_and_goes_back_once() {
    let branch = Branch::open(None);
    let transfer = IncomingTransfer { bank_ref: "R1", amount_fen: 700, memo: "KB", sender: "张三", after_ms: 1_000 };
    let (id, _) = branch.bank.take_in(&transfer).unwrap();
    assert_eq!(branch.bank.take_in(&IncomingTransfer { amount_fen: 900, ..transfer.clone() }).unwrap().0, id);
    let shown = |since: i64| branch.bank.statement(Timestamp::from_ms(since)).unwrap();
    assert_eq!((shown(0).len(), branch.bank.wallet_holds().unwrap(), branch.bank.send_back(id)), (0, 0, BankAnswer::Unknown), "not before its batch");
    branch.world.advance(1_000);
    let lines = shown(0);
    assert_eq!((lines.len(), lines[0].amount.minor, lines[0].returned, branch.bank.wallet_holds().unwrap()), (1, 700, false, 700));
    assert_eq!(branch.bank.sender(id).as_deref(), Some("张三"));
    branch.bank.set_faults(BankFaults { movements: BankFault::LoseAnswer, ..BankFaults::default() });
    assert_eq!(branch.bank.send_back(id), BankAnswer::Pending);
    branch.bank.set_faults(BankFaults::default());
    for _ in 0..2 {
        assert_eq!((branch.bank.send_back(id), branch.bank.wallet_holds().unwrap()), (BankAnswer::Done { bank_ref: "R1".to_owned(), amount: Money::fen(700) }, 0));
    }
    assert!(shown(0)[0].returned);
    branch.bank.set_faults(BankFaults { silent_queries: true, ..BankFaults::default() });
    assert_eq!((branch.bank.statement(Timestamp::from_ms(0)), branch.bank.sender(id)), (None, None));
    // Made-up numbers differ, and a text is no longer than a statement's.
    let long = "长".repeat(1 << 20);
    let some = IncomingTransfer { bank_ref: "", amount_fen: 1, memo: &long, sender: &long, after_ms: -5 };
    assert_ne!(branch.bank.take_in(&some).unwrap().0, branch.bank.take_in(&some).unwrap().0);
    branch.bank.set_faults(BankFaults::default());
    assert!(shown(0).iter().all(|line| line.memo.chars().count() <= 200));
    assert!(branch.bank.take_in(&IncomingTransfer { amount_fen: 0, ..some }).is_ok());
    assert!(shown(0).iter().all(|line| line.amount.minor > 0), "nothing is not a transfer");
}
