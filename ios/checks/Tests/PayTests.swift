import KabaoKit
import KabaoModel
import SwiftUI
import Testing

@MainActor @Suite struct PayTests {
    let wallet = FakeWallet()

    /// The screen on which the person agrees.
    private func agreement(_ amount: String = "15.80") async throws -> TestScreen {
        wallet.onRead = { _ in fakeScan() }
        let host = try await screens(wallet)
        try await host.until(reads: "¥123.45")
        try await host.scan()
        try host.type(amount, into: "Amount in yuan")
        try host.tap("Continue")
        try await host.until("agree") { !host.find(.secureField).isEmpty }
        // The first event, the present state, has come by then.
        try await Task.sleep(for: .milliseconds(50))
        return host
    }

    private func pay(_ host: TestScreen, _ pin: String = "480273") throws {
        try host.type(pin, into: "Payment PIN", .secureField)
        try host.tap("Pay with the PIN")
    }

    @Test func whoHowMuchFromWhatAndThePinOnce() async throws {
        let host = try await agreement("１５．８０")
        #expect(wallet.quoted == [.pay(payeeId: "p1", amount: "１５．８０", order: nil)])
        for line in ["Payee, 老王早餐铺", "Amount, 1580 fen", "Fee, 0 fen", "Total, 1580 fen"] {
            #expect(host.find(nil, line).count == 1, "\(line)")
        }
        #expect(host.find(.button, "余额").first?.traits.contains(.isSelected) == true)
        try pay(host)
        try await host.until(reads: "state succeeded")
        let request = try #require(wallet.confirmed.first)
        guard case .pin(let pin) = request.proof else { throw NotOnScreen(description: "no PIN") }
        #expect(pin == "480273" && request.totalMinor == 1580 && request.source == "balance" && !request.again)
        #expect(host.reads("已受理"))
        #expect(host.find(.button).map(\.spoken) == ["Done"])
        try host.tap("Done")
        #expect(host.find(.title).first?.text == "Kabao")
    }

    @Test func twoTapsPayOnce() async throws {
        let host = try await agreement()
        let bell = Bell()
        wallet.onConfirm = { _ in try await bell.wait(); return fakePayment(.succeeded) }
        let button = try #require(host.find(.button, "Pay with the PIN").first)
        button.press()
        button.press()
        try await host.until("it is paid") { wallet.confirmed.count == 1 }
        #expect(throws: NotOnScreen.self) { try host.tap("Pay with the PIN") }
        #expect(throws: NotOnScreen.self) { try host.tap("Pay with finger or face") }
        #expect(throws: NotOnScreen.self) { try host.tap("Back") }
        button.press()
        bell.go()
        try await host.until(reads: "state succeeded")
        button.press()
        try await Task.sleep(for: .milliseconds(50))
        #expect(wallet.confirmed.count == 1)
    }

    @Test func anUnknownResultIsBeingCheckedAndNothingPaysAgain() async throws {
        let failure = fakeFailure("net_timeout", .unknown, .doNotPayAgain)
        do {
            let host = try await agreement()
            wallet.onConfirm = { _ in fakePayment(.unknown, failure) }
            try pay(host)
            try await host.until(reads: "state unknown")
            let said = en.trouble(failure)
            #expect(said.text.contains("Please do not pay again"))
            #expect(host.reads(said.text) && host.reads(said.next))
            #expect(host.find(.button).map(\.spoken) == ["Done"])
            // The wallet goes on asking; the screen says so until there is a result.
            wallet.tell(.paymentChanged(intentId: "another"))
            wallet.onPayment = { _ in fakePayment(.succeeded) }
            try await Task.sleep(for: .milliseconds(30))
            #expect(host.reads("state unknown"))
            wallet.tell(.paymentChanged(intentId: "i1"))
            try await host.until(reads: "state succeeded")
            #expect(!host.reads(said.text))
        }
    }

    @Test func anErrorAfterWhichNobodyKnowsIsNotPaidAgainEither() async throws {
        struct Surprise: Error {}
        for error in [WalletError.Failed(failure: fakeFailure("storage_full", .unknown, .freeSpace)) as any Error, Surprise()] {
            let host = try await agreement()
            wallet.onConfirm = { _ in throw error }
            try pay(host)
            try await host.until(reads: "Please do not pay again")
            #expect(host.find(.button).map(\.spoken) == ["Done"] && host.find(.secureField).isEmpty)
        }
    }

    @Test func aWrongPinCanBeTypedAgain() async throws {
        let host = try await agreement()
        let refused = fakeFailure("pin_wrong", .certain, .retypePin)
        wallet.onConfirm = { _ in fakePayment(.failed, refused, again: true) }
        try pay(host, "000000")
        try await host.until(reads: en.trouble(refused).next)
        wallet.onQuote = { _ in fakeQuote(1581) }
        try host.tap("Try again")
        try await host.until("a new price") { host.reads("¥15.81") }
        #expect(host.find(.secureField).first?.text == "")
        #expect(wallet.quoted.count == 2)
    }

    @Test func theSameOnceMoreHasToBeMeant() async throws {
        let host = try await agreement()
        wallet.onConfirm = { request in
            if !request.again { throw WalletError.Failed(failure: fakeFailure("payment_repeated", .certain, .doNotPayAgain)) }
            return fakePayment(.succeeded)
        }
        try pay(host)
        try await host.until(reads: en.trouble(fakeFailure("payment_repeated")).text)
        #expect(host.find(.button, "Pay with the PIN").isEmpty)
        try host.type("480273", into: "Payment PIN", .secureField)
        try host.tap("Pay the same once more")
        try await host.until(reads: "state succeeded")
        #expect(wallet.confirmed.map(\.again) == [false, true])
    }

    @Test func aSourceThatCannotPaySaysWhyAndIsNotTaken() async throws {
        let why = fakeFailure("balance_low")
        wallet.onQuote = { _ in
            fakeQuote(sources: [
                QuoteSourceView(source: "balance", text: "余额", usable: false, reason: why, proposed: false, isDefault: true),
                QuoteSourceView(source: "c1", text: "建设银行", usable: true, reason: nil, proposed: true, isDefault: false),
                QuoteSourceView(source: "c2", text: "招商银行", usable: true, reason: nil, proposed: false, isDefault: false),
            ])
        }
        let host = try await agreement()
        #expect(host.reads("Not usable: \(en.trouble(why).text)"))
        #expect(throws: NotOnScreen.self) { try host.tap("余额, Not usable: \(en.trouble(why).text)") }
        try host.tap("招商银行")
        #expect(host.find(.button, "招商银行").first?.traits.contains(.isSelected) == true)
        try pay(host)
        try await host.until(reads: "state succeeded")
        #expect(wallet.confirmed.first?.source == "c2")
    }

    @Test func aPriceThatIsTooOldIsAskedForAgain() async throws {
        let host = try await agreement()
        wallet.onConfirm = { _ in throw WalletError.Failed(failure: fakeFailure("quote_expired", .certain, .newQuote)) }
        try pay(host)
        try await host.until(reads: en.trouble(fakeFailure("quote_expired")).text)
        #expect(throws: NotOnScreen.self) { try host.tap("Pay with the PIN") }
        try host.tap("Try again")
        try await host.until("a new price") { wallet.quoted.count == 2 && !host.reads(en.trouble(fakeFailure("quote_expired")).text) }
    }

    @Test func anAmountThatTheCodeFixesIsNotTypedAndDangersAreSeenFirst() async throws {
        wallet.onRead = { _ in fakeScan(amount: yuan(2500), dangers: ["That is not the shop's host"]) }
        let host = try await screens(wallet)
        try await host.until(reads: "¥123.45")
        try await host.scan()
        try await host.until("agree") { !host.find(.secureField).isEmpty }
        #expect(wallet.quoted == [.pay(payeeId: "p1", amount: "¥25.0", order: nil)])
        #expect(host.reads("That is not the shop's host"))
    }

    @Test func faceOrFingerSignsAndNoPinIsSent() async throws {
        let host = try await agreement()
        try host.tap("Pay with finger or face")
        try await host.until(reads: "state succeeded")
        guard case .approval = wallet.confirmed.first?.proof else { throw NotOnScreen(description: "no approval") }
    }
}
