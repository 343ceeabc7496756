import Foundation
import KabaoFake
import KabaoKit
import Testing

@Suite struct FakeWallets {
    private func refused(_ call: () async throws -> Any) async throws -> Failure {
        switch try await outcome(call) {
        case .success(let value): throw NoRefusal(value: "\(value)")
        case .failure(let error): error.failure
        }
    }

    private struct NoRefusal: Error { let value: String }

    private func pays(_ wallet: any OpenWallet, _ amount: String, pin: String = FakeWallet.pin) async throws -> PaymentView {
        let quote = try await wallet.pay.quote(request: .pay(payeeId: "p", amount: amount, order: nil))
        return try await wallet.pay.confirm(
            request: ConfirmRequest(
                quoteId: quote.quoteId, totalMinor: quote.total.minor, source: "balance", proof: .pin(pin: pin), again: false))
    }

    @Test func theFirstStepsLeadToAWalletThatPays() async throws {
        let wallet: any OpenWallet = FakeWallet(step: .register)
        #expect(try await refused { try await wallet.account.view() }.code == "not_registered")
        let sent = try await wallet.account.register(request: RegisterRequest(phone: "138 0013 8000", deviceModel: "iPhone"))
        #expect(sent.phoneMasked == "138****8000")
        #expect(try await refused { try await wallet.account.enterOtp(code: "000000") }.code == "otp_wrong")
        _ = try await wallet.account.enterOtp(code: FakeWallet.otp)
        _ = try await wallet.account.choosePin(pin: "314159")
        #expect(try await wallet.account.onboardingNext().kind == .ready)
        #expect(try await refused { try await pays(wallet, "15") }.remedy == .retypePin)
        #expect(try await pays(wallet, "15", pin: "314159").state == .succeeded)
        #expect(try await wallet.account.view().balance?.text == "¥985.00")
        let page = try await wallet.history.list(cursor: nil)
        #expect(page.items.map(\.amount.text) == ["-¥15.00"])
        #expect(try await wallet.history.detail(recordId: page.items[0].recordId ?? "").item.title == "面馆 Noodles")
        #expect(try await wallet.history.month(month: nil).spent.minor == 1500)
    }

    @Test func aResultThatIsUnknownStaysOpenUntilTheBankAnswers() async throws {
        let wallet = FakeWallet()
        wallet.paymentsEnd = .unknown
        let payment = try await pays(wallet, "9.90")
        #expect(try await wallet.pay.openPayments() == [payment])
        #expect(try await wallet.account.view().balance?.minor == 100_000)
        #expect(try await wallet.history.list(cursor: nil).open.count == 1)
        wallet.settle(payment.intentId, .succeeded)
        #expect(try await wallet.pay.payment(intentId: payment.intentId).state == .succeeded)
        #expect(try await wallet.account.view().balance?.minor == 99_010)
    }

    @Test func whateverCanBePaidMovesTheBalanceItsWayAndSaysInTheHistoryWhatItWas() async throws {
        let wallet = FakeWallet()
        let asked: [QuoteRequest] = [
            .topUp(amount: "20", cardId: "c"), .withdraw(amount: "3", cardId: "c"), .transfer(payeeId: "p", amount: "4", delayMs: 0),
            .pay(payeeId: "p", amount: "5", order: nil), .ask(askId: "a"),
        ]
        for request in asked {
            let quote = try await wallet.pay.quote(request: request)
            _ = try await wallet.pay.confirm(
                request: ConfirmRequest(
                    quoteId: quote.quoteId, totalMinor: quote.total.minor, source: "balance", proof: .pin(pin: FakeWallet.pin), again: false))
        }
        #expect(try await wallet.account.view().balance?.text == "¥993.00")
        let lines = try await wallet.history.list(cursor: nil).items
        #expect(lines.map(\.kind) == ["ask", "pay", "transfer", "withdraw", "top_up"])
        #expect(lines.map(\.kindText) == ["付款", "付款", "转账", "提现", "充值"])
        #expect(lines.map(\.amount.text) == ["-¥15.00", "-¥5.00", "-¥4.00", "-¥3.00", "¥20.00"])
    }

    @Test func aLongHistoryComesInPagesAndOnlyAmountsAreAmounts() async throws {
        let wallet = FakeWallet()
        for _ in 0..<120 { _ = try await pays(wallet, "0.01") }
        var (sizes, next): ([Int], String?) = ([], nil)
        repeat {
            let page = try await wallet.history.list(cursor: next)
            sizes.append(page.items.count)
            next = page.next
        } while next != nil
        #expect(sizes == [50, 50, 20])
        #expect(try await refused { try await pays(wallet, "5000") }.code == "balance_too_low")
        for typed in ["", "0", "-1", "1.005", "1e99", "一百", "1.", "１"] {
            #expect(try await refused { try await pays(wallet, typed) }.field == "amount", "\(typed)")
        }
    }

    @Test func anAnswerCanBeGivenToEveryCallCanWaitAndCanRefuse() async throws {
        let wallet = FakeWallet()
        await #expect(throws: NoAnswer.self) { try await wallet.identity.view() }
        wallet.answer("identity.view") { _ in
            try await Task.sleep(for: .milliseconds(5))
            return IdentityView.blank()
        }
        #expect(try await wallet.identity.view() == IdentityView.blank())
        wallet.answer("identity.view") { _ in "something else" }
        await #expect(throws: NoAnswer.self) { try await wallet.identity.view() }
        wallet.refuse("pay.quote", .blank(code: "limit_day", remedy: .smallerAmount))
        #expect(try await refused { try await pays(wallet, "1") }.code == "limit_day")
        wallet.answer("data.eraseWord") { _ in "erase" }
        #expect(wallet.data.eraseWord() == "erase")
        #expect(wallet.calls == ["identity.view", "identity.view", "identity.view", "pay.quote", "data.eraseWord"])
    }

    @Test(.timeLimit(.minutes(1))) func itLocksAndClosesAsAWalletDoes() async throws {
        let wallet = FakeWallet()
        var seen = wallet.events.makeAsyncIterator()
        #expect(await seen.next() == .state(locked: false))
        try await wallet.lock()
        #expect(await seen.next() == .state(locked: true))
        #expect(try await refused { try await wallet.history.list(cursor: nil) }.remedy == .unlock)
        try await wallet.unlock()
        #expect(try await refused { try await wallet.setLockAfter(1) }.code == "bad_argument")
        #expect(try await wallet.setLockAfter(30).seconds == 30)
        let code = try await wallet.pay.showCode(way: "lakala")
        #expect(try await wallet.pay.nextPicture(showingId: code.showingId, way: "lakala").showingId == code.showingId)
        #expect(try await wallet.pay.prepareCodes() == 16)
        try await wallet.shutDown()
        #expect(try await refused { try await wallet.account.view() }.code == "closed")
    }
}
