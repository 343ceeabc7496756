//! The same for paying: amounts, ids, quotes that are not what was shown, codes that cannot be paid; and a wallet that is
//! locked or closed.

use crate::common::bad::*;
use crate::common::{Story, confirmation, story};
use kabao_base::Code;
use kabao_core::pay::{PaymentProof, QuoteRequest};
use kabao_money::payment::PaymentState;
use kabao_simulation::phone::{CARD, ID_NUMBER, PIN};
use std::time::Duration;

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
