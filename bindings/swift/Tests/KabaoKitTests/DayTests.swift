import Foundation
import KabaoKit
import Testing

private let phone = "13800138000"
private let name = "张三"
private let idNumber = "110105199003072012"
private let card = "6217859001234567893"
private let pin = "271928"

/// A person's first day: from an empty phone to the receipt without a network.
@Suite struct Day {
    @Test(.timeLimit(.minutes(3))) func aPhoneACardATillAndTheReceiptInTheLift() async throws {
        let service = try ReferenceService()
        let folder = try Folder()
        let settings = service.file.settings(folder)
        let background = CountingBackground()
        let device = device(background: background)
        let wallet = try await Wallet.open(settings, device: device)
        try await openAccount(service, wallet)
        try await proveIdentity(service, wallet)
        try await bindCard(service, wallet)
        try await topUp(service, wallet, background)
        try await payAtTill(service, wallet)
        try await payPrintedCode(service, wallet)
        _ = try await wallet.history.sync()
        try await checkBooks(service)
        try await wallet.shutDown()
        let counts = background.counts
        #expect(counts.begun >= 3 && counts.begun == counts.ended)
        service.stop()
        let later = try await Wallet.open(settings, device: device)
        try await readInTheLift(later)
        try await later.shutDown()
    }

    private func step(_ wallet: Wallet) async throws -> OnboardingStepKind {
        try await wallet.account.onboardingNext().kind
    }

    private func openAccount(_ service: ReferenceService, _ wallet: Wallet) async throws {
        let sent = try await wallet.account.register(request: RegisterRequest(phone: phone, deviceModel: "iPhone 20"))
        #expect(sent.otpLength == 6)
        #expect(!sent.phoneMasked.contains(phone))
        #expect(sent.resendAt.timeIntervalSinceNow < 3600)
        #expect(try await step(wallet) == .enterOtp)
        let code = try await service.code(for: phone, from: "kabao")
        let wrong = String(code.compactMap(\.wholeNumberValue).map { "\(($0 + 1) % 10)" }.joined())
        #expect(try await refusal { try await wallet.account.enterOtp(code: wrong) }.code == "otp_wrong")
        _ = try await wallet.account.enterOtp(code: code)
        #expect(try await refusal { try await wallet.account.choosePin(pin: "123456") }.code == "pin_run")
        #expect(try await refusal { try await wallet.account.choosePin(pin: "２７１９２８") }.code == "pin_not_ascii")
        #expect(try await wallet.account.choosePin(pin: pin).pinSet)
        let sheet = try await wallet.account.makeRecoverySheet()
        let account = try await wallet.account.confirmRecoverySheet(typed: sheet.code.lowercased())
        #expect(account.recoverySheetKept)
        #expect(try await step(wallet) == .consent)
    }

    private func proveIdentity(_ service: ReferenceService, _ wallet: Wallet) async throws {
        try await wallet.identity.consent(version: wallet.identity.consentText().version)
        for document in ["terms", "privacy", "face", "card_binding"] {
            _ = try await wallet.data.giveConsent(document: document, version: wallet.data.consentText(document: document).version)
        }
        let token = try #require(try await service.post("/dev/liveness", ["channels": 5])["token"] as? String)
        let wrong = VerifyRequest(name: name, idNumber: idNumber.dropLast() + "3", livenessToken: token)
        #expect(try await refusal { try await wallet.identity.verify(request: wrong) }.code == "id_check_digit")
        let right = VerifyRequest(name: name, idNumber: idNumber, livenessToken: token)
        let passed = try await wallet.identity.verify(request: right)
        #expect(passed.state == "passed")
        #expect(passed.accountClass == 3)
        #expect(!"\(passed)".contains(idNumber) && !"\(passed)".contains(name))
        #expect(try await step(wallet) == .bindCard)
    }

    private func bindCard(_ service: ReferenceService, _ wallet: Wallet) async throws {
        _ = try await service.post(
            "/dev/bank/cards",
            ["pan": card, "name": name, "id_number": idNumber, "phone": phone, "balance_fen": 100_000])
        let binding = try await wallet.cards.bind(request: BindRequest(cardNumber: card, name: name, phone: phone))
        #expect(binding.last4 == card.suffix(4))
        let code = try await service.code(for: phone, from: "bank")
        let bound = try await wallet.cards.confirm(bindingId: binding.bindingId, code: code)
        #expect(try await wallet.cards.list() == [bound])
        #expect(try await step(wallet) == .ready)
    }

    private func confirmation(_ quote: QuoteView, _ proof: PaymentProof) throws -> ConfirmRequest {
        let source = try #require(quote.sources.first { $0.proposed && $0.usable }).source
        return ConfirmRequest(
            quoteId: quote.quoteId, totalMinor: quote.total.minor, source: source, proof: proof, again: false)
    }

    /// The next payment that the service is handed meets a fault.
    private func disturb(_ service: ReferenceService, _ action: Any) async throws {
        _ = try await service.post(
            "/dev/faults", ["path_prefix": "/v1/payments", "method": "PUT", "times": 1, "action": action])
    }

    /// The payment once it has a result. The wallet goes on asking by itself and tells of each change.
    private func settled(_ wallet: Wallet, _ intentId: String) async throws -> PaymentView {
        for await _ in wallet.events {
            let payment = try await wallet.pay.payment(intentId: intentId)
            if payment.state == .succeeded || payment.state == .failed { return payment }
        }
        throw ReferenceService.Trouble(description: "the events ended")
    }

    private func topUp(
        _ service: ReferenceService, _ wallet: Wallet, _ background: CountingBackground
    ) async throws {
        let cardId = try #require(try await wallet.cards.list().first).cardId
        let bad = QuoteRequest.topUp(amount: "200.005", cardId: cardId)
        #expect(try await refusal { try await wallet.pay.quote(request: bad) }.code == "amount_decimals")
        let quote = try await wallet.pay.quote(request: .topUp(amount: "２００．００", cardId: cardId))
        #expect(quote.amount.minor == 20_000)
        let refused = try await wallet.pay.confirm(request: confirmation(quote, .pin(pin: "271929")))
        #expect(refused.state == .failed)
        #expect(refused.failure?.code == "pin_wrong")
        #expect(refused.failure?.remedy == .retypePin)
        #expect(refused.failure?.certainty == .certain)

        // The person leaves the screen while the money is on its way: the payment goes on.
        let again = try await wallet.pay.quote(request: .topUp(amount: "200.00", cardId: cardId))
        let request = try confirmation(again, .pin(pin: pin))
        try await disturb(service, ["hold_ms": 1500])
        let before = background.counts.begun
        let leaving = Task { try await wallet.pay.confirm(request: request) }
        for await number in background.begins where number > before { break }
        leaving.cancel()
        let left = try #require(try await wallet.pay.openPayments().first)
        #expect(left.state == .sending && !left.mayPayAgain)
        #expect(left.failure?.remedy == .doNotPayAgain)
        #expect(try await wallet.history.list(cursor: nil).open.map(\.intentId) == [left.intentId])
        let paid = try await settled(wallet, left.intentId)
        #expect(paid.state == .succeeded)
        #expect(paid.timeline.contains { $0.stage == "arrived" && !$0.text.isEmpty })
        #expect(try await wallet.account.refresh().balance?.minor == 20_000)
    }

    private func payAtTill(_ service: ReferenceService, _ wallet: Wallet) async throws {
        #expect(try await wallet.pay.prepareCodes() > 0)
        let ways = try await wallet.pay.ways()
        #expect(ways.allSatisfy { $0.usable == ($0.reason == nil) })
        #expect(ways.contains { $0.way == "lakala" && $0.usable })
        let other = try #require(ways.first { !$0.usable }).way
        #expect(try await refusal { try await wallet.pay.showCode(way: other) }.remedy == .otherWayToPay)
        let code = try await wallet.pay.showCode(way: "lakala")
        #expect(code.digits.count == 24)
        #expect(code.qr.modules.count == Int(code.qr.size * code.qr.size))
        let charged = try await service.post("/dev/till/charge", ["code": code.digits, "amount_fen": 2350])
        _ = try await wallet.history.sync()
        let showing = try await wallet.pay.showing(showingId: code.showingId)
        #expect(showing.state == .paid, "\(charged)")
        let receipt = try await wallet.pay.receipt(recordId: #require(showing.recordId))
        #expect(receipt.verified)
        #expect(receipt.route == "lakala")
        #expect(receipt.merchantOrder == charged["order"] as? String)
        #expect(receipt.acquirerOrder?.isEmpty == false)
        #expect(!receipt.ourOrder.isEmpty)
        #expect(receipt.amount.minor == 2350)
        #expect(receipt.qrText?.hasPrefix("KB1R:") == true)
    }

    private func payPrintedCode(_ service: ReferenceService, _ wallet: Wallet) async throws {
        let merchant = try await service.post("/dev/merchants", ["name": "小面馆"])
        let printed = try #require(merchant["collection_code_text"] as? String)
        let scanned = try await wallet.pay.read(text: printed)
        #expect(scanned.payeeName == "小面馆")
        #expect(scanned.limitClass == "D")
        let asked = QuoteRequest.pay(payeeId: try #require(scanned.payeeId), amount: "12.00", order: scanned.order)
        let quote = try await wallet.pay.quote(request: asked)
        // The service pays, and its answer is lost. The finger this time: the approval key signs what is paid.
        try await disturb(service, "drop_after")
        let confirmed = try await wallet.pay.confirm(request: confirmation(quote, .approval))
        #expect(confirmed.state == .succeeded || !confirmed.mayPayAgain)
        let paid = try await settled(wallet, confirmed.intentId)
        #expect(paid.state == .succeeded, "\(String(describing: paid.failure))")
    }

    private func checkBooks(_ service: ReferenceService) async throws {
        let ledger = try await service.get("/dev/ledger")
        #expect(ledger["sum"] as? Int == 0)
        let executions = ledger["executions"] as? [ReferenceService.Object] ?? []
        #expect(executions.compactMap { $0["count"] as? Int } == [1, 1, 1])
    }

    private func readInTheLift(_ wallet: Wallet) async throws {
        let page = try await wallet.history.list(cursor: nil)
        let amounts = page.items.map { $0.amount.minor }
        #expect(amounts == [-1200, -2350, 20_000])
        #expect(page.open.isEmpty)
        for item in page.items {
            let recordId = try #require(item.recordId)
            #expect(try await wallet.history.detail(recordId: recordId).hasReceipt)
            #expect(try await wallet.pay.receipt(recordId: recordId).verified)
        }
        #expect(try await wallet.history.month(month: nil).spent.minor == 3550)
        let report = try await wallet.history.verify()
        #expect(report.firstWrongEvent == nil)
        #expect(report.receipts == 3)
        #expect(report.wrongReceipts.isEmpty)
        let account = try await wallet.account.view()
        #expect(account.balance?.minor == 16_450)
        #expect(account.balanceAgeText?.isEmpty == false)
        #expect(try await refusal { try await wallet.history.sync() }.remedy == .checkNetwork)
    }
}
