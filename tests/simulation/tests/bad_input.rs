//! Every call of the day with what nobody should type: each time a typed error of the catalogue with a next step, in
//! the right field, without a secret in it; and afterwards everything goes on as before.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::{Story, confirmation, fresh, story};
use kabao_base::Code;
use kabao_core::account::RegisterRequest;
use kabao_core::cards::BindRequest;
use kabao_core::error::Outcome;
use kabao_core::identity::VerifyRequest;
use kabao_core::pay::{PaymentProof, QuoteRequest};
use kabao_core::words::{Language, explain};
use kabao_core::{Wallet, WalletError};
use kabao_money::payment::PaymentState;
use kabao_simulation::phone::{CARD, ID_NUMBER, PHONE, PIN};
use std::fmt::Debug;
use std::time::Duration;

/// A megabyte of digits.
fn megabyte() -> String {
    "7".repeat(1 << 20)
}

/// What may never be read in an error.
const SECRETS: [&str; 8] =
    [PIN, CARD, ID_NUMBER, "6222021234567890", "110105194912310021", "147036", "905172", "77777777"];

/// Looks at an error and gives its code. `at` names the case in a report.
fn judged<T: Debug>(at: &str, outcome: Outcome<T>) -> (Code, Option<String>) {
    let error: WalletError = outcome.expect_err(at);
    let failure = error.failure().clone();
    let code = Code::parse(&failure.code).unwrap_or_else(|| panic!("{at}: {} is not in the catalogue", failure.code));
    let entry = code.entry();
    assert_eq!((failure.certainty, failure.remedy, failure.actor), (entry.certainty, entry.remedy, entry.actor), "{at}");
    for language in [Language::ZhCn, Language::En] {
        let words = explain(language, &failure);
        assert!(words.text.chars().count() > 3 && !words.text.contains('.') | words.text.contains(' '), "{at}: {words:?}");
        assert!(!words.next.is_empty(), "{at}");
    }
    let shown = format!("{error} {error:?} {failure:?}");
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{at}: {shown}");
    }
    assert!(shown.len() < 2000, "{at}: the error repeats what was typed");
    (code, failure.field)
}

/// One case: the call must fail with one of `codes`, in `field`.
fn bad<T: Debug>(at: &str, outcome: Outcome<T>, codes: &[Code], field: Option<&str>) {
    let (code, named) = judged(at, outcome);
    assert!(codes.contains(&code), "{at}: {code:?}, wanted {codes:?}");
    assert_eq!(named.as_deref(), field, "{at}: {code:?}");
}

/// A name for a report that is not a megabyte.
fn name(call: &str, typed: &str) -> String {
    format!("{call} {:?}…", typed.chars().take(24).collect::<String>())
}

/// Hidden characters of each sort inside `text`.
fn hidden(text: &str) -> Vec<String> {
    let (head, tail) = text.split_at(text.char_indices().nth(2).map_or(text.len(), |(place, _)| place));
    ["\u{200b}", "\u{200d}", "\u{feff}", "\u{202e}", "\u{2066}", "\0", "\u{7}", "\u{1b}", "\u{7f}"]
        .iter()
        .map(|character| format!("{head}{character}{tail}"))
        .collect()
}

/// As a Chinese keyboard types it.
fn full_width(text: &str) -> String {
    text.chars().map(|sign| char::from_u32(u32::from(sign) + 0xfee0).unwrap()).collect()
}

async fn step(wallet: &Wallet) -> String {
    format!("{:?}", wallet.account().onboarding_next().await.unwrap())
}

fn ids() -> Vec<String> {
    let mut ids = vec![String::new(), "1".to_owned(), "z".repeat(32), full_width(&"1".repeat(32)), megabyte(), "0".repeat(33)];
    ids.extend(["00000000-0000-0000-0000-000000000000".to_owned(), "../".repeat(10) + "ab", "0'; DROP TABLE intents; --012345".to_owned()]);
    ids.extend(hidden(&"a".repeat(31)));
    ids
}

#[test]
fn before_there_is_an_account_every_call_names_the_next_step() {
    fresh("nobody", async |mut story: Story| {
        let wallet = story.all.phone.start().await.unwrap();
        let before = step(&wallet).await;
        let id = || "0".repeat(32);
        let set_up = [Code::NotRegistered, Code::WrongStep];
        let (account, identity, cards) = (wallet.account(), wallet.identity(), wallet.cards());
        let (pay, history) = (wallet.pay(), wallet.history());
        bad("otp", account.enter_otp("123456".to_owned()).await, &set_up, None);
        bad("resend", account.resend_otp().await, &set_up, None);
        bad("pin", account.choose_pin(PIN.to_owned()).await, &set_up, None);
        bad("sheet", account.make_recovery_sheet().await, &set_up, None);
        bad("sheet", account.confirm_recovery_sheet("ABCD-EFGH-JKLM-NPQR".to_owned()).await, &set_up, None);
        bad("skip", account.skip().await, &set_up, None);
        bad("view", account.view().await, &set_up, None);
        bad("refresh", account.refresh().await, &set_up, None);
        bad("consent text", identity.consent_text().await, &set_up, None);
        bad("consent", identity.consent("1".to_owned()).await, &set_up, None);
        bad("check", identity.check().await, &set_up, None);
        let request = VerifyRequest { name: "张三".to_owned(), id_number: ID_NUMBER.to_owned(), liveness_token: "t".to_owned() };
        bad("verify", identity.verify(request).await, &[Code::NotRegistered, Code::ConsentMissing], None);
        let request = BindRequest { card_number: CARD.to_owned(), name: "张三".to_owned(), phone: PHONE.to_owned() };
        bad("bind", cards.bind(request).await, &set_up, None);
        bad("card otp", cards.confirm(id(), "123456".to_owned()).await, &[Code::NotFound, Code::NotRegistered], None);
        bad("cards", cards.refresh().await, &set_up, None);
        bad("ways", pay.ways().await, &set_up, None);
        bad("codes", pay.prepare_codes().await, &set_up, None);
        bad("code", pay.show_code("lakala".to_owned()).await, &set_up, None);
        bad("showing", pay.showing("1".to_owned()).await, &[Code::NotFound], None);
        let request = QuoteRequest::TopUp { amount: "1.00".to_owned(), card_id: id() };
        bad("quote", pay.quote(request).await, &set_up, None);
        bad("decline", pay.decline(id()).await, &set_up, None);
        bad("sync", history.sync().await, &set_up, None);
        bad("hint", wallet.hint(megabyte().into_bytes()).await, &set_up, None);
        assert!(history.list(None).await.unwrap().items.is_empty() && pay.asks().await.unwrap().is_empty());
        assert_eq!(step(&wallet).await, before);
        wallet.close().await.unwrap();
    });
}

#[test]
fn the_telephone_number_and_its_code() {
    fresh("phone", async |mut story: Story| {
        let wallet = story.all.phone.start().await.unwrap();
        let account = wallet.account();
        let before = step(&wallet).await;
        let register = async |phone: &str, model: &str| {
            account.register(RegisterRequest { phone: phone.to_owned(), device_model: model.to_owned() }).await
        };
        let shapes = [Code::PhoneInvalid, Code::EmptyInput, Code::InputTooLong, Code::NotDigits];
        let wrong = ["", "   ", "\u{3000}", "-", "1391234567", "139123456789", "12345678901", "13912345678x",
            "１３９１２３４５６7", "+1 202 555 0143", "0x13912345678", "139.1234.5678", "一三九一二三四五六七八"];
        for phone in wrong {
            bad(&name("register", phone), register(phone, "Phone").await, &shapes, Some("phone"));
        }
        bad("megabyte", register(&megabyte(), "Phone").await, &[Code::InputTooLong], Some("phone"));
        for phone in hidden(PHONE) {
            bad(&name("register", &phone), register(&phone, "Phone").await, &[Code::HiddenCharacter], Some("phone"));
        }
        for model in hidden("Phone") {
            bad(&name("model", &model), register(PHONE, &model).await, &[Code::HiddenCharacter], Some("device_model"));
        }
        bad("model", register(PHONE, " ").await, &[Code::EmptyInput], Some("device_model"));
        bad("model", register(PHONE, &megabyte()).await, &[Code::InputTooLong], Some("device_model"));
        bad("model", register(PHONE, "Phone\n<b>").await, &[Code::HiddenCharacter], Some("device_model"));
        assert_eq!(step(&wallet).await, before);
        // The same number as a Chinese keyboard types it is taken.
        register(&full_width(&format!("+86{PHONE}")), "Simulated phone").await.unwrap();
        let before = step(&wallet).await;
        assert!(before.contains("EnterOtp"));
        bad("again at once", account.resend_otp().await, &[Code::OtpCooldown], None);
        let enter = async |otp: &str| account.enter_otp(otp.to_owned()).await;
        for otp in ["", " ", "12345", "1234567", "12345a", "-12345", "½½½½½½", "123456.", "0x1234"] {
            let codes = [Code::EmptyInput, Code::NotDigits, Code::InputTooLong];
            bad(&name("otp", otp), enter(otp).await, &codes, Some("otp"));
        }
        bad("megabyte", enter(&megabyte()).await, &[Code::InputTooLong], Some("otp"));
        for otp in hidden("905172") {
            bad(&name("otp", &otp), enter(&otp).await, &[Code::HiddenCharacter], Some("otp"));
        }
        let right = story.all.console.otp("kabao", PHONE).await.unwrap();
        let wrong = if right == "905172" { "905173" } else { "905172" };
        bad("wrong", enter(wrong).await, &[Code::OtpWrong], Some("otp"));
        assert_eq!(step(&wallet).await, before);
        // Late: the code lives five minutes.
        tokio::time::sleep(Duration::from_secs(301)).await;
        bad("late", enter(&right).await, &[Code::OtpExpired], Some("otp"));
        account.resend_otp().await.unwrap();
        let right = story.all.console.otp("kabao", PHONE).await.unwrap();
        enter(&full_width(&right)).await.unwrap();
        bad("used", enter(&right).await, &[Code::WrongStep], None);
        bad("registered", register(PHONE, "Phone").await, &[Code::WrongStep], None);
        wallet.close().await.unwrap();
        let again = story.all.phone.start().await.unwrap();
        assert!(step(&again).await.contains("Pin"));
        again.close().await.unwrap();
    });
}

#[test]
fn the_pin_the_sheet_the_name_and_the_card() {
    fresh("set-up", async |mut story: Story| {
        let wallet = story.all.phone.start().await.unwrap();
        let account = wallet.account();
        account.register(RegisterRequest { phone: PHONE.to_owned(), device_model: "Phone".to_owned() }).await.unwrap();
        account.enter_otp(story.all.console.otp("kabao", PHONE).await.unwrap()).await.unwrap();
        pins(&wallet).await;
        sheets(&wallet).await;
        names(&story, &wallet).await;
        cards(&story, &wallet).await;
        assert!(wallet.history().verify().await.unwrap().first_wrong_event.is_none());
        wallet.close().await.unwrap();
        story.all.phone.start().await.unwrap().close().await.unwrap();
    });
}

async fn pins(wallet: &Wallet) {
    let before = step(wallet).await;
    let choose = async |pin: &str| wallet.account().choose_pin(pin.to_owned()).await;
    for pin in ["", "25801", "2580140", &megabyte()] {
        bad(&name("pin", pin), choose(pin).await, &[Code::PinLength], Some("pin"));
    }
    let mut strange = hidden("25801");
    strange.extend([full_width(PIN), "25 801".to_owned(), "25801x".to_owned(), "-25801".to_owned(), "２５".to_owned()]);
    for pin in strange {
        bad(&name("pin", &pin), choose(&pin).await, &[Code::PinNotAscii, Code::PinLength], Some("pin"));
    }
    for (pin, code) in [("000000", Code::PinRepeats), ("123123", Code::PinRepeats), ("123456", Code::PinRun),
        ("987654", Code::PinRun), ("345678", Code::PinRun), ("139123", Code::PinPhone), ("491231", Code::PinBirthDate)] {
        bad(pin, choose(pin).await, &[code], Some("pin"));
    }
    bad("tail", choose(&PHONE[5..]).await, &[Code::PinPhone, Code::PinRun], Some("pin"));
    assert_eq!(step(wallet).await, before);
    choose(PIN).await.unwrap();
}

async fn sheets(wallet: &Wallet) {
    let account = wallet.account();
    bad("not made", account.confirm_recovery_sheet("ABCD-EFGH-JKLM-NPQR".to_owned()).await, &[Code::WrongStep], None);
    let sheet = account.make_recovery_sheet().await.unwrap();
    assert!(!format!("{sheet:?}").contains(&sheet.code));
    let before = step(wallet).await;
    let mut wrong = vec![String::new(), " - - ".to_owned(), sheet.code[..18].to_owned(), format!("{}A", sheet.code), megabyte()];
    wrong.extend([full_width(&sheet.code.replace('-', "")), "0000-0000-0000-0000".to_owned(), sheet.code.replace('-', "_")]);
    wrong.extend(hidden(&sheet.code));
    let last = if sheet.code.ends_with('A') { "B" } else { "A" };
    wrong.push(format!("{}{last}", &sheet.code[..18]));
    for typed in wrong {
        let codes = [Code::EmptyInput, Code::InputTooLong, Code::HiddenCharacter, Code::SheetWrong];
        let outcome = account.confirm_recovery_sheet(typed.clone()).await;
        assert!(!format!("{outcome:?}").contains(&sheet.code[..9]));
        bad(&name("sheet", &typed), outcome, &codes, Some("sheet"));
    }
    assert_eq!(step(wallet).await, before);
    account.confirm_recovery_sheet(sheet.code.to_lowercase().replace('-', " ")).await.unwrap();
}

async fn names(story: &Story, wallet: &Wallet) {
    let identity = wallet.identity();
    let before = step(wallet).await;
    for version in ["", "no such version", "\u{200b}", "2026-11 "] {
        bad(&name("consent", version), identity.consent(version.to_owned()).await, &[Code::ConsentVersion], Some("version"));
    }
    bad("megabyte", identity.consent(megabyte()).await, &[Code::ConsentVersion], Some("version"));
    assert_eq!(step(wallet).await, before);
    let token = async || {
        let body = serde_json::json!({ "channels": 5, "result": "ok" });
        story.all.console.post("/dev/liveness", body).await.unwrap()["token"].as_str().unwrap().to_owned()
    };
    let verify = async |name: &str, number: &str, token: &str| {
        let request = VerifyRequest { name: name.to_owned(), id_number: number.to_owned(), liveness_token: token.to_owned() };
        assert!(!format!("{request:?}").contains(number) || number.is_empty());
        identity.verify(request).await
    };
    bad("no consent", verify("张三", ID_NUMBER, "t").await, &[Code::ConsentMissing], None);
    identity.consent(identity.consent_text().await.unwrap().version).await.unwrap();
    let before = step(wallet).await;
    let numbers = [("", Code::EmptyInput), ("1101051949123100", Code::IdLength), ("110105194912310021", Code::IdCheckDigit),
        ("11010519491231002A", Code::IdCharacters), ("-1010519491231002X", Code::IdLength), ("1１0105194912310028", Code::IdCheckDigit),
        ("11010519490230002X", Code::IdBirthDate), ("110105199913011234", Code::IdBirthDate)];
    for (number, code) in numbers {
        let codes = [code, Code::IdCheckDigit, Code::IdLength, Code::IdCharacters];
        bad(&name("number", number), verify("张三", number, "t").await, &codes, Some("id_number"));
    }
    // The 30th of February, and a birth next year, with check digits that are right.
    for (body, code) in [("11010520010230001", Code::IdBirthDate), ("11010520271231001", Code::IdFuture), ("11010500000000001", Code::IdBirthDate)] {
        let number = with_check_digit(body);
        bad(&name("number", &number), verify("张三", &number, "t").await, &[code], Some("id_number"));
    }
    bad("megabyte", verify("张三", &megabyte(), "t").await, &[Code::InputTooLong, Code::IdLength], Some("id_number"));
    for number in hidden(ID_NUMBER) {
        bad(&name("number", &number), verify("张三", &number, "t").await, &[Code::HiddenCharacter], Some("id_number"));
    }
    let long = "张".repeat(400_000);
    for typed in ["", " ", "张三1", "<b>张三</b>", "张三;DROP", "······", &long] {
        let codes = [Code::EmptyInput, Code::NameInvalid, Code::InputTooLong];
        bad(&name("name", typed), verify(typed, ID_NUMBER, "t").await, &codes, Some("name"));
    }
    for typed in hidden("张三丰") {
        bad(&name("name", &typed), verify(&typed, ID_NUMBER, "t").await, &[Code::HiddenCharacter], Some("name"));
    }
    for (typed, code) in [("", Code::EmptyInput), ("a b", Code::HiddenCharacter), ("ａ", Code::HiddenCharacter), ("a\n", Code::HiddenCharacter)] {
        bad(&name("token", typed), verify("张三", ID_NUMBER, typed).await, &[code], Some("liveness_token"));
    }
    bad("megabyte", verify("张三", ID_NUMBER, &megabyte()).await, &[Code::InputTooLong], Some("liveness_token"));
    assert_eq!(step(wallet).await, before);
    bad("check", identity.check().await, &[Code::WrongStep], None);
    assert_eq!(verify("张三", &full_width(ID_NUMBER), &token().await).await.unwrap().state, "passed");
    bad("twice", verify("张三", ID_NUMBER, "t").await, &[Code::WrongStep], None);
}

/// GB 11643: the check digit over the first seventeen.
fn with_check_digit(body: &str) -> String {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.chars().zip(weights).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
    format!("{body}{}", ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][sum as usize % 11])
}

async fn cards(story: &Story, wallet: &Wallet) {
    let cards = wallet.cards();
    let before = step(wallet).await;
    let bind = async |number: &str, name: &str, phone: &str| {
        let request = BindRequest { card_number: number.to_owned(), name: name.to_owned(), phone: phone.to_owned() };
        assert!(!format!("{request:?}").contains("6222"));
        cards.bind(request).await
    };
    let shapes = [Code::EmptyInput, Code::NotDigits, Code::CardLength, Code::CardCheckDigit, Code::InputTooLong];
    for number in ["", " ", "--", "6222", "622202123456789012a", "62220212345678901286222"] {
        bad(&name("card", number), bind(number, "张三", PHONE).await, &shapes, Some("card_number"));
    }
    // Some lawful cards have no check digit: whether the number exists is the bank's to say.
    let codes = [Code::CardCheckDigit, Code::CardNumberRefused];
    assert!(codes.contains(&judged("check digit", bind("6222021234567890129", "张三", PHONE).await).0));
    bad("megabyte", bind(&megabyte(), "张三", PHONE).await, &[Code::InputTooLong], Some("card_number"));
    for number in hidden(CARD) {
        bad(&name("card", &number), bind(&number, "张三", PHONE).await, &[Code::HiddenCharacter], Some("card_number"));
    }
    for name_typed in ["", "张\u{202e}三", "1"] {
        let codes = [Code::EmptyInput, Code::HiddenCharacter, Code::NameInvalid];
        bad(&name("name", name_typed), bind(CARD, name_typed, PHONE).await, &codes, Some("name"));
    }
    for phone in ["", "12", "139123456\u{200b}78", &megabyte()] {
        let codes = [Code::EmptyInput, Code::PhoneInvalid, Code::HiddenCharacter, Code::InputTooLong];
        bad(&name("phone", phone), bind(CARD, "张三", phone).await, &codes, Some("phone"));
    }
    assert!(cards.waiting().await.unwrap().is_empty());
    assert_eq!(step(wallet).await, before);
    let binding = bind(&full_width(CARD), "张三", &full_width(PHONE)).await.unwrap();
    let right = story.all.console.otp("bank", PHONE).await.unwrap();
    for id in ids() {
        bad(&name("binding", &id), cards.confirm(id.clone(), right.clone()).await, &[Code::BadId], Some("binding_id"));
    }
    bad("another", cards.confirm("0".repeat(32), right.clone()).await, &[Code::NotFound], None);
    let confirm = async |otp: &str| cards.confirm(binding.binding_id.clone(), otp.to_owned()).await;
    for otp in ["", "12345", "1234567", "abcdef", "12\u{200b}3456", &megabyte()] {
        let codes = [Code::EmptyInput, Code::NotDigits, Code::HiddenCharacter, Code::InputTooLong];
        bad(&name("otp", otp), confirm(otp).await, &codes, Some("otp"));
    }
    let wrong = if right == "905172" { "905173" } else { "905172" };
    bad("wrong", confirm(wrong).await, &[Code::OtpWrong], Some("otp"));
    assert_eq!(cards.waiting().await.unwrap().len(), 1);
    confirm(&full_width(&right)).await.unwrap();
    assert_eq!(cards.list().await.unwrap().len(), 1);
}

#[test]
fn amounts_and_ids() {
    story("amounts", async |story: Story| {
        let wallet = story.wallet();
        let pay = wallet.pay();
        let payee_id = story.merchant().await;
        let card_id = wallet.cards().list().await.unwrap()[0].card_id.clone();
        let before = step(&wallet).await;
        let cases = [("", Code::EmptyInput), ("  ", Code::EmptyInput), ("-1", Code::AmountNegative), ("－1.00", Code::AmountNegative),
            ("−5", Code::AmountNegative), ("0", Code::AmountZero), ("0.00", Code::AmountZero), ("00", Code::AmountZero),
            ("1.005", Code::AmountDecimals), ("0.001", Code::AmountDecimals), ("1.000", Code::AmountDecimals), ("．", Code::AmountMalformed),
            ("1e3", Code::AmountMalformed), ("NaN", Code::AmountMalformed), ("inf", Code::AmountMalformed), ("1,00", Code::AmountMalformed),
            ("1.2.3", Code::AmountMalformed), ("0x10", Code::AmountMalformed), ("一百", Code::AmountMalformed), ("+-1", Code::AmountMalformed),
            ("$5", Code::AmountMalformed), ("5元", Code::AmountMalformed), ("92233720368547758.08", Code::AmountTooLarge),
            ("99999999999999999999999999", Code::AmountTooLarge)];
        for (amount, code) in cases {
            for request in [
                QuoteRequest::TopUp { amount: amount.to_owned(), card_id: card_id.clone() },
                QuoteRequest::Pay { payee_id: payee_id.clone(), amount: amount.to_owned(), order: None },
            ] {
                bad(&name("amount", amount), pay.quote(request).await, &[code], Some("amount"));
            }
        }
        let quote = async |amount: &str| pay.quote(QuoteRequest::TopUp { amount: amount.to_owned(), card_id: card_id.clone() }).await;
        bad("megabyte", quote(&megabyte()).await, &[Code::AmountTooLarge], Some("amount"));
        for amount in hidden("12.50") {
            bad(&name("amount", &amount), quote(&amount).await, &[Code::HiddenCharacter], Some("amount"));
        }
        // What fits into an amount and nowhere else is the service's to refuse.
        let codes = [Code::AmountTooLarge, Code::LimitSingle, Code::LimitDay, Code::BadArgument];
        assert!(codes.contains(&judged("largest", quote("92233720368547758.07").await).0));
        assert_eq!(quote("￥１２．５０").await.unwrap().amount.minor, 1250);
        for id in ids() {
            let top_up = QuoteRequest::TopUp { amount: "1".to_owned(), card_id: id.clone() };
            bad(&name("card", &id), pay.quote(top_up).await, &[Code::BadId], Some("card_id"));
            let request = QuoteRequest::Pay { payee_id: id.clone(), amount: "1".to_owned(), order: None };
            bad(&name("payee", &id), pay.quote(request).await, &[Code::BadId], Some("payee_id"));
            bad(&name("ask", &id), pay.quote(QuoteRequest::Ask { ask_id: id.clone() }).await, &[Code::BadId], Some("ask_id"));
            bad(&name("decline", &id), pay.decline(id.clone()).await, &[Code::BadId], Some("ask_id"));
            bad(&name("payment", &id), pay.payment(id.clone()).await, &[Code::BadId], Some("intent_id"));
            bad(&name("resolve", &id), pay.resolve(id.clone()).await, &[Code::BadId], Some("intent_id"));
            bad(&name("abandon", &id), pay.abandon(id.clone()).await, &[Code::BadId], Some("intent_id"));
            bad(&name("receipt", &id), pay.receipt(id.clone()).await, &[Code::BadId], Some("record_id"));
            bad(&name("detail", &id), wallet.history().detail(id.clone()).await, &[Code::BadId], Some("record_id"));
            bad(&name("way", &id), pay.show_code(id.clone()).await, &[Code::ChannelUnusable], Some("way"));
            bad(&name("showing", &id), pay.showing(id.clone()).await, &[Code::NotFound], None);
            bad(&name("picture", &id), pay.next_picture(id.clone(), "lakala".to_owned()).await, &[Code::NotFound], None);
        }
        let nobody = || "f".repeat(32);
        bad("card", pay.quote(QuoteRequest::TopUp { amount: "1".to_owned(), card_id: nobody() }).await, &[Code::CardUnknown], Some("card_id"));
        let request = QuoteRequest::Pay { payee_id: nobody(), amount: "1".to_owned(), order: None };
        bad("payee", pay.quote(request).await, &[Code::PayeeUnknown], Some("payee_id"));
        for order in [String::new(), megabyte(), "a\u{202e}b".to_owned(), "a\0b".to_owned()] {
            let request = QuoteRequest::Pay { payee_id: payee_id.clone(), amount: "1".to_owned(), order: Some(order.clone()) };
            assert_eq!(judged(&name("order", &order), pay.quote(request).await).1.as_deref().unwrap_or("order"), "order");
        }
        bad("ask", pay.quote(QuoteRequest::Ask { ask_id: nobody() }).await, &[Code::AskLapsed], None);
        judged("decline", pay.decline(nobody()).await);
        for outcome in [pay.payment(nobody()).await, pay.resolve(nobody()).await, pay.abandon(nobody()).await] {
            bad("payment", outcome, &[Code::NotFound], None);
        }
        bad("receipt", pay.receipt(nobody()).await, &[Code::NotFound], None);
        bad("detail", wallet.history().detail(nobody()).await, &[Code::NotFound], None);
        for cursor in ["", "x", "1.5", "9223372036854775808", "１", "0x1", " 1", &megabyte()] {
            bad(&name("cursor", cursor), wallet.history().list(Some(cursor.to_owned())).await, &[Code::BadArgument], Some("cursor"));
        }
        for cursor in ["-1", "0", "-9223372036854775808", "9223372036854775807"] {
            assert!(wallet.history().list(Some(cursor.to_owned())).await.unwrap().open.is_empty());
        }
        for month in [0, -1, 202_600, 202_613, i32::MAX, i32::MIN, 197_000, -202_611] {
            bad("month", wallet.history().month(Some(month)).await, &[Code::BadArgument], Some("month"));
        }
        for push in [Vec::new(), vec![0xff; 1 << 20], b"{\"pay\":1}".to_vec()] {
            wallet.hint(push).await.unwrap();
        }
        assert_eq!(step(&wallet).await, before);
        assert!(pay.open_payments().await.unwrap().is_empty() && story.executions().await.is_empty());
        assert_eq!(story.top_up("5.00").await.state, PaymentState::Succeeded);
    });
}

#[test]
fn quotes_that_are_not_what_was_shown() {
    story("quotes", async |story: Story| {
        let pay = story.wallet().pay();
        let request = story.top_up_request("20.00").await;
        let quote = pay.quote(request.clone()).await.unwrap();
        for id in ids() {
            let mut changed = confirmation(&quote);
            changed.quote_id = id.clone();
            bad(&name("quote", &id), pay.confirm(changed).await, &[Code::BadId], Some("quote_id"));
        }
        let mut changed = confirmation(&quote);
        changed.quote_id = "f".repeat(32);
        bad("unknown", pay.confirm(changed).await, &[Code::QuoteUnknown], None);
        for total in [0, -2000, 1999, 2001, i64::MAX, i64::MIN] {
            let mut changed = confirmation(&quote);
            changed.total_minor = total;
            bad("total", pay.confirm(changed).await, &[Code::QuoteAltered], None);
        }
        for source in ["", "Balance", "balance ", &"f".repeat(32), &megabyte()] {
            let mut changed = confirmation(&quote);
            changed.source = source.to_owned();
            bad(&name("source", source), pay.confirm(changed).await, &[Code::BadArgument], Some("source"));
        }
        for pin in ["", "12345", "1234567", "２５８０１４", "25801\u{200b}", "25801\0", &megabyte()] {
            let mut changed = confirmation(&quote);
            changed.proof = PaymentProof::Pin { pin: pin.to_owned() };
            assert!(pin.is_empty() || !format!("{changed:?}").contains(pin));
            bad(&name("pin", pin), pay.confirm(changed).await, &[Code::PinLength, Code::PinNotAscii], Some("pin"));
        }
        assert!(pay.open_payments().await.unwrap().is_empty());
        // A quote is paid within its time or not at all.
        let wait = quote.expires_at.since(kabao_base::Timestamp::from_ms(1_795_305_600_000 + story.all.world.elapsed()));
        tokio::time::sleep(Duration::from_millis(u64::try_from(wait).unwrap())).await;
        bad("expired", pay.confirm(confirmation(&quote)).await, &[Code::QuoteExpired], None);
        bad("gone", pay.confirm(confirmation(&quote)).await, &[Code::QuoteUnknown], None);
        // A wrong PIN is the vault's to refuse; the payment has an end and nothing moved.
        let quote = pay.quote(request).await.unwrap();
        let mut wrong = confirmation(&quote);
        wrong.proof = PaymentProof::Pin { pin: "147036".to_owned() };
        let refused = pay.confirm(wrong).await.unwrap();
        assert_eq!(refused.state, PaymentState::Failed);
        assert_eq!(refused.failure.unwrap().code, "pin_wrong");
        bad("paid", pay.confirm(confirmation(&quote)).await, &[Code::QuoteUnknown], None);
        assert!(story.executions().await.is_empty());
        assert_eq!(story.top_up("5.00").await.state, PaymentState::Succeeded);
    });
}

/// CRC-16/CCITT-FALSE over the text and `6304`, as EMV MPM ends.
fn with_sum(body: &str) -> String {
    let body = format!("{body}6304");
    let sum = body.bytes().fold(0xffff_u16, |sum, byte| {
        (0..8).fold(sum ^ (u16::from(byte) << 8), |sum, _| if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 })
    });
    format!("{body}{sum:04X}")
}

#[test]
fn codes_that_cannot_be_paid() {
    story("codes", async |story: Story| {
        let pay = story.wallet().pay();
        let merchant = story.all.console.post("/dev/merchants", serde_json::json!({ "name": "Corner shop" })).await.unwrap();
        let text = merchant["collection_code_text"].as_str().unwrap().to_owned();
        let body = &text[..text.len() - 8];
        assert_eq!(with_sum(body), text, "the sum of the test is the sum of the code");
        // Another currency is named; whether known or not, it is not paid.
        for currency in ["840", "999", "000", "392"] {
            let foreign = with_sum(&body.replace("5303156", &format!("5303{currency}")));
            match pay.read(foreign).await {
                Ok(scanned) => assert_eq!(scanned.refusal.unwrap().code, "currency_unknown", "{currency}"),
                Err(error) => assert!(error.is(Code::CurrencyUnknown) || error.is(Code::CodeDamaged), "{currency} {error}"),
            }
        }
        for amount in ["1.005", "-1.00", "1e3", "99999999999999999999", "0", "١"] {
            let field = format!("54{:02}{amount}", amount.len());
            let fixed = with_sum(&body.replace("5303156", &format!("5303156{field}")));
            if let Ok(scanned) = pay.read(fixed).await {
                assert!(scanned.refusal.is_some() || scanned.amount.is_none_or(|amount| amount.minor > 0), "{amount}");
            }
        }
        let mut strange = vec![String::new(), " ".to_owned(), megabyte(), "\u{feff}".to_owned(), "🂡".repeat(1000), text[1..].to_owned()];
        strange.extend(hidden(&text));
        strange.extend((0..text.len()).step_by(7).map(|cut| text[..cut].to_owned()));
        strange.extend((0..text.len() - 1).step_by(5).map(|place| {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= 1;
            String::from_utf8_lossy(&bytes).into_owned()
        }));
        strange.extend([ID_NUMBER.to_owned(), CARD.to_owned(), "javascript:alert(1)".to_owned(), "http://[::1".to_owned()]);
        strange.push(with_sum("000201\u{202e}"));
        for code in &strange {
            match pay.read(code.clone()).await {
                Ok(scanned) => assert!(scanned.refusal.is_some() && scanned.payee_id.is_none(), "{}", name("read", code)),
                Err(error) => drop(judged::<()>(&name("read", code), Err(error))),
            }
        }
        assert!(pay.read(text).await.unwrap().payee_id.is_some());
    });
}

#[test]
fn a_locked_and_a_closed_wallet_say_so() {
    story("locked", async |mut story: Story| {
        story.top_up("5.00").await;
        let wallet = story.wallet();
        for (code, shut) in [(Code::Locked, true), (Code::Closed, false)] {
            if shut { wallet.lock().await.unwrap() } else { wallet.close().await.unwrap() }
            let (account, pay, history) = (wallet.account(), wallet.pay(), wallet.history());
            bad("next", account.onboarding_next().await, &[code], None);
            bad("view", account.view().await, &[code], None);
            bad("pin", account.choose_pin(PIN.to_owned()).await, &[code], None);
            bad("cards", wallet.cards().list().await, &[code], None);
            bad("ways", pay.ways().await, &[code], None);
            bad("code", pay.show_code("lakala".to_owned()).await, &[code], None);
            bad("read", pay.read("1".to_owned()).await, &[code], None);
            bad("open", pay.open_payments().await, &[code], None);
            bad("asks", pay.asks().await, &[code], None);
            bad("codes", pay.prepare_codes().await, &[code], None);
            bad("payment", pay.payment("0".repeat(32)).await, &[code], None);
            bad("receipt", pay.receipt("0".repeat(32)).await, &[code], None);
            bad("list", history.list(None).await, &[code], None);
            bad("month", history.month(None).await, &[code], None);
            bad("sync", history.sync().await, &[code], None);
            bad("verify", history.verify().await, &[code], None);
            bad("hint", wallet.hint(Vec::new()).await, &[code], None);
        }
        bad("unlock", wallet.unlock().await, &[Code::Closed], None);
        bad("lock", wallet.lock().await, &[Code::Closed], None);
        bad("suspend", wallet.suspend().await, &[Code::Closed], None);
        wallet.close().await.unwrap();
        let again = story.all.phone.start().await.unwrap();
        let page = again.history().list(None).await.unwrap();
        assert_eq!(page.open.len() + page.items.len(), 1);
    });
}
