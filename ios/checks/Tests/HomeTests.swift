import KabaoKit
import KabaoModel
import SwiftUI
import Testing

@MainActor @Suite struct HomeTests {
    let wallet = FakeWallet()

    @Test func theBalanceIsReadWithItsAgeAndSpokenInWords() async throws {
        let host = try await screens(wallet)
        try await host.until(reads: "¥123.45")
        #expect(host.reads("5 min ago") && host.reads("139****0278"))
        #expect(host.find(nil, "Balance 12345 fen, 5 min ago").count == 1)
        #expect(host.top.stops.contains { $0.isPrivate && $0.spoken.contains("12345 fen") })
        wallet.known = fakeAccount(nil)
        wallet.tell(.serviceRestored)
        try await host.until(reads: "No balance yet")
        #expect(!host.reads("¥"))
    }

    @Test func aPhoneThatIsNotSetUpShowsTheStepAndNothingThatPays() async throws {
        wallet.step = OnboardingStep(kind: .register, reasonKey: "onboarding_register", canSkip: false)
        wallet.known = nil
        let host = try await screens(wallet, .zhCn)
        try await host.until(reads: "下一步")
        #expect(host.reads(wallet.step.words(in: .zhCn).why))
        #expect(host.find(.link).isEmpty && host.find(.button).isEmpty && host.find(.field).isEmpty)
    }

    @Test func whatStandsInTheWayOfACodeIsSaidWithWhatToDo() async throws {
        let failures = ["account_frozen", "no_payer_codes"].map { fakeFailure($0) }
        wallet.readiness = fakeReady([("account", failures[0]), ("codes", failures[1])], offer: "The network is slow.")
        let host = try await screens(wallet)
        try await host.until(reads: "Before you can pay by code")
        for failure in failures { #expect(host.reads(en.trouble(failure).text) && host.reads(en.trouble(failure).next)) }
        #expect(host.reads("The network is slow.") && host.reads("¥123.45"))
        // Who has a step to go is led by that step.
        wallet.step = OnboardingStep(kind: .choosePin, reasonKey: "onboarding_choose_pin", canSkip: false)
        wallet.tell(.serviceRestored)
        try await host.until(reads: wallet.step.words(in: .en).title)
        #expect(!host.reads("Before you can pay by code"))
        // When nothing is amiss, and when it cannot be told, nothing stands there.
        wallet.step = OnboardingStep(kind: .ready, reasonKey: "onboarding_ready", canSkip: false)
        for readiness in [fakeReady([("account", failures[0])]), fakeReady(), nil] {
            wallet.readiness = readiness
            wallet.tell(.serviceRestored)
            let amiss = readiness?.ready == false
            try await host.until("as the wallet says") { host.reads("Before you can pay by code") == amiss && !host.reads("Next step") }
            #expect(host.reads("¥123.45") && !host.reads("slow"))
        }
    }

    @Test func whatIsKnownStaysOnTheScreenWithoutNetwork() async throws {
        let host = try await screens(wallet)
        try await host.until(reads: "¥123.45")
        wallet.offline = fakeFailure("net_down", .certain, .checkNetwork)
        try await host.pull()
        let said = en.trouble(fakeFailure("net_down"))
        #expect(host.reads(said.text) && host.reads(said.next) && host.reads("¥123.45"))
        wallet.offline = nil
        try await host.pull()
        #expect(!host.reads(said.text))
    }

    @Test func aMerchantsQuestionIsAnsweredOrDeclined() async throws {
        wallet.questions = [1, 2].map {
            AskView(askId: "k\($0)", payeeName: "水果店", order: nil, amount: yuan(10_800 + Int64($0)), expiresAt: .distantFuture)
        }
        let host = try await screens(wallet)
        try await host.until(reads: "水果店 asks for ¥108.01")
        #expect(host.find(.text, "水果店 asks for 10802 fen").count == 1)
        host.find(.button, "Decline")[1].press()
        try await host.until("one is left") { host.find(.button, "Decline").count == 1 }
        #expect(wallet.declined == ["k2"])
        try host.tap("Look at it")
        try await host.until("the price is asked at once") { wallet.quoted == [.ask(askId: "k1")] }
        try await host.until("agree") { !host.find(.secureField).isEmpty }
    }

    @Test func aNoticeIsShownUntilItWasRead() async throws {
        let host = try await screens(wallet)
        try await host.until(reads: "¥123.45")
        wallet.tell(.notice(title: "Paid", body: "You paid ¥23.50.", recordId: nil))
        try await host.until(reads: "You paid ¥23.50.")
        try host.tap("Got it")
        #expect(!host.reads("You paid"))
    }

    @Test func aLockedWalletShowsNothingOfItselfAndForgets() async throws {
        let host = try await screens(wallet)
        try await host.until(reads: "¥123.45")
        try host.type("6217", into: "Content of the merchant's code")
        wallet.lock()
        try await host.until(reads: "Kabao is locked")
        #expect(!host.reads("¥") && !host.reads("139") && host.find(.field).isEmpty)
        try host.tap("Unlock")
        try await host.until(reads: "¥123.45")
        #expect(host.find(.field).first?.text == "")
    }

    @Test func everyTouchIsToldToTheWallet() async throws {
        let host = try await screens(wallet)
        try await host.until(reads: "¥123.45")
        #expect(wallet.touches == 0)
        try host.tap("History", .link)
        #expect(wallet.touches == 1)
    }

    @Test func whatIsTypedGoesToTheCoreAsItIs() async throws {
        let host = try await screens(wallet)
        try await host.until(reads: "¥123.45")
        for typed in ["", "👛", "６２１７", "\u{202E}1234", "a\u{200B}b", String(repeating: "好", count: 1 << 19)] {
            var came: String?
            wallet.onRead = { came = $0; throw WalletError.Failed(failure: fakeFailure("empty_input")) }
            try host.type(typed, into: "Content of the merchant's code")
            try host.tap("Continue")
            try await host.until("it was read") { came != nil }
            #expect(came == typed)
            try await host.until(reads: en.trouble(fakeFailure("empty_input")).next)
        }
        wallet.onRead = { _ in fakeScan(refusal: fakeFailure("payee_unknown")) }
        try host.tap("Continue")
        try await host.until(reads: en.trouble(fakeFailure("payee_unknown")).text)
        #expect(host.find(.secureField).isEmpty)
    }

    @Test func aTopUpNeedsACardThatCanPay() async throws {
        wallet.bound = [fakeCard("c0", reason: fakeFailure("card_expired")), fakeCard("c1")]
        let host = try await screens(wallet)
        try await host.until("top up") { host.find(.button, "Top up").count == 1 }
        try host.tap("Top up")
        try host.type("200.005", into: "Amount in yuan")
        wallet.onQuote = { _ in throw WalletError.Failed(failure: fakeFailure("amount_decimals")) }
        try host.tap("Continue")
        try await host.until(reads: en.trouble(fakeFailure("amount_decimals")).next)
        #expect(wallet.quoted == [.topUp(amount: "200.005", cardId: "c1")])
        #expect(host.find(.field, "Amount in yuan").first?.text == "200.005")
    }

    @Test func leavingEndsTheSubscriptions() async throws {
        let host = try await screens(wallet)
        try await host.until("both listen") { wallet.listeners == 2 && host.find(.link).count == 2 }
        try host.tap("History", .link)
        try await host.until("the covered screen does not") { wallet.listeners == 2 && host.reads("No records yet") }
        try host.tap("Back", .back)
        try await host.until(reads: "¥123.45")
        host.close()
        let end = ContinuousClock.now + .seconds(5)
        while wallet.listeners > 0 && ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(5)) }
        #expect(wallet.listeners == 0)
    }
}
