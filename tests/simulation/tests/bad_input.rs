//! Every call of the day with what nobody should type: each time a typed error of the catalogue with a next step, in
//! the right field, without a secret in it; and afterwards everything goes on as before.

use crate::common::bad::*;
use crate::common::{Story, fresh};
use kabao_base::Code;
use kabao_core::account::RegisterRequest;
use kabao_core::cards::BindRequest;
use kabao_core::identity::VerifyRequest;
use kabao_core::pay::QuoteRequest;
use kabao_core::Wallet;
use kabao_simulation::phone::{CARD, ID_NUMBER, PHONE, PIN, consent_to_all};
use std::time::Duration;

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
        bad("sheet", account.confirm_recovery_sheet("ABCD-EFGH-JKLM-NPQR".to_owned(), None).await, &set_up, None);
        bad("skip", account.skip().await, &set_up, None);
        bad("view", account.view().await, &set_up, None);
        bad("refresh", account.refresh().await, &set_up, None);
        bad("consent text", identity.consent_text().await, &set_up, None);
        bad("consent", identity.consent("1".to_owned()).await, &set_up, None);
        bad("check", identity.check().await, &set_up, None);
        let request = VerifyRequest::resident("张三", ID_NUMBER, "t");
        bad("verify", identity.verify(request).await, &[Code::NotRegistered, Code::ConsentMissing], None);
        let request = BindRequest { card_number: CARD.to_owned(), name: "张三".to_owned(), phone: PHONE.to_owned(), expiry: None, cvv: None, bank: None };
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
            "１３９１２３４５６7", "+1 202 555 0143 0143 0143", "0x13912345678", "139/1234/5678", "一三九一二三四五六七八"];
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
    bad("not made", account.confirm_recovery_sheet("ABCD-EFGH-JKLM-NPQR".to_owned(), None).await, &[Code::WrongStep], None);
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
        let outcome = account.confirm_recovery_sheet(typed.clone(), None).await;
        assert!(!format!("{outcome:?}").contains(&sheet.code[..9]));
        bad(&name("sheet", &typed), outcome, &codes, Some("sheet"));
    }
    assert_eq!(step(wallet).await, before);
    account.confirm_recovery_sheet(sheet.code.to_lowercase().replace('-', " "), None).await.unwrap();
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
        let request = VerifyRequest::resident(name, number, token);
        assert!(!format!("{request:?}").contains(number) || number.is_empty());
        identity.verify(request).await
    };
    bad("no consent", verify("张三", ID_NUMBER, "t").await, &[Code::ConsentMissing], Some("terms"));
    identity.consent(identity.consent_text().await.unwrap().version).await.unwrap();
    let data = wallet.data();
    for document in ["", "FACE", "faces", "ｆａｃｅ", "人脸", "\u{202e}face", "fa\u{200b}ce", "real_name\0"] {
        for outcome in [data.give_consent(document.to_owned(), "1".to_owned()).await.map(drop), data.consent_text(document.to_owned()).await.map(drop)] {
            bad(&name("document", document), outcome, &[Code::BadArgument], Some("document"));
        }
    }
    bad("megabyte", data.give_consent(megabyte(), "1".to_owned()).await, &[Code::BadArgument], Some("document"));
    bad("megabyte", data.give_consent("face".to_owned(), megabyte()).await, &[Code::ConsentVersion], Some("version"));
    bad("a text that was not shown", data.give_consent("face".to_owned(), "2026-11".to_owned()).await, &[Code::ConsentVersion], Some("version"));
    bad("no face consent", verify("张三", ID_NUMBER, "t").await, &[Code::ConsentMissing], Some("terms"));
    consent_to_all(wallet).await.unwrap();
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
        let request = BindRequest { card_number: number.to_owned(), name: name.to_owned(), phone: phone.to_owned(), expiry: None, cvv: None, bank: None };
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
