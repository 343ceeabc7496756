import Foundation
import KabaoKit
import KabaoModel

/// A wallet of the tests: gives what it is told to, and notes what it is asked.
@MainActor final class FakeWallet: WalletPort {
    var step = OnboardingStep(kind: .ready, reasonKey: "onboarding_ready", canSkip: false)
    var known: AccountView? = fakeAccount()
    var bound: [CardView] = []
    var readiness: ReadyView? = fakeReady()
    var questions: [AskView] = []
    var channels = [WayToPay(way: "lakala", text: "拉卡拉", usable: true, reason: nil)]
    var pages: [HistoryPage] = [HistoryPage(open: [], items: [], next: nil)]
    var records: [String: RecordView] = [:]
    var receipts: [String: ReceiptView] = [:]
    var became = ShowingView(state: .shown, recordId: nil)
    var offline: Failure?

    var onRead: (String) throws -> ScanView = { _ in throw WalletError.Failed(failure: fakeFailure("not_a_code")) }
    var onQuote: (QuoteRequest) throws -> QuoteView = { _ in fakeQuote() }
    var onConfirm: (ConfirmRequest) async throws -> PaymentView = { _ in fakePayment(.succeeded) }
    /// How the payment stands by now; as it was confirmed, unless a test says otherwise.
    var onPayment: ((String) throws -> PaymentView)?
    private var last: PaymentView?
    var onPicture: (PayerCodeView) throws -> PayerCodeView = { $0 }

    var onShow: () async throws -> Void = {}

    private(set) var quoted: [QuoteRequest] = []
    private(set) var confirmed: [ConfirmRequest] = []
    private(set) var declined: [String] = []
    private(set) var shown = 0
    private(set) var asked = 0
    private(set) var pagesRead = 0
    private(set) var looks = 0

    private nonisolated let told = Told()

    /// How many listen.
    var listeners: Int { told.count }
    /// How often a person touched the screen.
    var touches: Int { told.touches }

    func tell(_ event: WalletEvent) { told.send(event) }

    func lock(_ locked: Bool = true) { told.lock(locked) }

    nonisolated var events: AsyncStream<WalletEvent> { told.stream() }
    nonisolated func touch() { told.touch() }
    func unlock() async throws { lock(false) }

    private func online() throws {
        if let offline { throw WalletError.Failed(failure: offline) }
    }

    func nextStep() async throws -> OnboardingStep { step }
    func account() async throws -> AccountView {
        guard let known else { throw WalletError.Failed(failure: fakeFailure("not_registered")) }
        return known
    }
    func ready() async throws -> ReadyView {
        guard let readiness else { throw WalletError.Failed(failure: fakeFailure("feed_malformed")) }
        return readiness
    }
    func cards() async throws -> [CardView] { bound }
    func asks() async throws -> [AskView] { questions }
    func decline(_ ask: AskView) async throws {
        declined.append(ask.askId)
        questions.removeAll { $0.askId == ask.askId }
    }
    func refresh() async throws { try online() }
    func look() async throws {
        looks += 1
        try online()
    }
    func read(_ text: String) async throws -> ScanView { try onRead(text) }
    func quote(_ request: QuoteRequest) async throws -> QuoteView {
        quoted.append(request)
        return try onQuote(request)
    }
    func confirm(_ request: ConfirmRequest) async throws -> PaymentView {
        confirmed.append(request)
        let made = try await onConfirm(request)
        last = made
        return made
    }
    func payment(_ intentId: String) async throws -> PaymentView {
        guard let payment = try onPayment?(intentId) ?? last else { throw WalletError.Failed(failure: fakeFailure("not_found")) }
        return payment
    }
    func ways() async throws -> [WayToPay] { channels }
    func showCode(_ way: String) async throws -> PayerCodeView {
        asked += 1
        let number = asked
        try await onShow()
        shown += 1
        return fakeCode(number, way)
    }
    func nextPicture(_ shown: PayerCodeView) async throws -> PayerCodeView { try onPicture(shown) }
    func showing(_ shown: PayerCodeView) async throws -> ShowingView { became }
    func page(_ cursor: String?) async throws -> HistoryPage {
        pagesRead += 1
        return pages[cursor.flatMap(Int.init) ?? 0]
    }
    func month() async throws -> MonthView { MonthView(month: 202611, spent: yuan(14730), received: yuan(20350), count: 5) }
    func record(_ recordId: String) async throws -> RecordView {
        guard let record = records[recordId] else { throw WalletError.Failed(failure: fakeFailure("not_found")) }
        return record
    }
    func receipt(_ recordId: String) async throws -> ReceiptView {
        guard let receipt = receipts[recordId] else { throw WalletError.Failed(failure: fakeFailure("not_found")) }
        return receipt
    }
}

/// Who listens; the first event is the present state, as the wallet's is.
private final class Told: @unchecked Sendable {
    private let lock = NSLock()
    private var isLocked = false
    private var touched = 0
    private var open: [UUID: AsyncStream<WalletEvent>.Continuation] = [:]

    var count: Int { lock.withLock { open.count } }
    var touches: Int { lock.withLock { touched } }
    func touch() { lock.withLock { touched += 1 } }
    func send(_ event: WalletEvent) { lock.withLock { open.values.forEach { $0.yield(event) } } }
    func lock(_ locked: Bool) {
        lock.withLock { isLocked = locked }
        send(.state(locked: locked))
    }
    func stream() -> AsyncStream<WalletEvent> {
        AsyncStream { continuation in
            let name = UUID()
            lock.withLock {
                open[name] = continuation
                continuation.yield(.state(locked: isLocked))
            }
            continuation.onTermination = { [self] _ in _ = lock.withLock { open.removeValue(forKey: name) } }
        }
    }
}

/// Amounts of the tests: what is written and what is spoken differ, so that a test sees which of them is used.
func yuan(_ fen: Int64) -> MoneyView {
    MoneyView(minor: fen, currency: .cny, text: "¥\(Double(fen) / 100)", spoken: "\(fen) fen")
}

func fakeFailure(_ code: String, _ certainty: Certainty = .certain, _ remedy: Remedy = .correctInput) -> Failure {
    Failure(
        code: code, certainty: certainty, cause: .state, actor: .person, remedy: remedy, retryAfterMs: nil, field: nil,
        attemptsLeft: nil)
}

func fakeAccount(_ balance: Int64? = 12_345) -> AccountView {
    AccountView(
        accountId: "a", phoneMasked: "139****0278", accountClass: 3,
        verification: VerificationView(
            state: "passed", code: nil, retriable: false, accountClass: 3, nameMasked: nil, idMasked: nil, attemptsLeft: nil,
            reviewBy: nil),
        pinSet: true, pinLocked: false, pinMustChange: false, recoverySheetKept: true, frozen: false,
        balance: balance.map(yuan), balanceAt: balance.map { _ in Date(timeIntervalSince1970: 1) },
        balanceAgeText: balance.map { _ in "5 min ago" }, singleLimit: nil, dayLeft: nil, lowLimitsUntil: nil)
}

func fakeReady(_ lacks: [(check: String, failure: Failure)] = [], offer: String? = nil) -> ReadyView {
    let well = ReadyCheckView(check: "clock", text: "clock", well: true, failure: nil)
    let checks = lacks.map { ReadyCheckView(check: $0.check, text: $0.check, well: false, failure: $0.failure) }
    return ReadyView(
        ready: lacks.isEmpty, checks: checks + [well], codesLeft: 3, clockTrusted: true, network: .good, networkText: "good",
        networkFailure: nil, offerText: offer)
}

func fakeCard(_ id: String = "c1", reason: Failure? = nil) -> CardView {
    CardView(
        cardId: id, last4: "7802", bank: "建设银行", brand: "unionpay", kind: "debit", kindText: "借记卡", text: "建设银行（尾号 7802）",
        state: "bound", reason: reason, isDefault: false, replaces: nil)
}

func fakeScan(amount: MoneyView? = nil, refusal: Failure? = nil, dangers: [String] = []) -> ScanView {
    ScanView(
        payeeId: "p1", payeeName: "老王早餐铺", order: nil, amount: amount, limitClass: "D", staticLeft: nil, family: "ours",
        owner: "ours",
        says: CodeSaysView(
            payee: "says", amount: nil, currency: nil, order: nil, isStatic: true, amountEditable: nil, masked: nil, category: nil),
        dangers: [], handOver: nil,
        words: CodeWords(title: "卡包收款码", lines: [], dangers: dangers, refusal: nil, next: "继续。"), refusal: refusal)
}

func fakeQuote(_ total: Int64 = 1580, sources: [QuoteSourceView]? = nil) -> QuoteView {
    QuoteView(
        quoteId: "q1", payeeName: "老王早餐铺", amount: yuan(total), fee: yuan(0), total: yuan(total),
        sources: sources ?? [
            QuoteSourceView(source: "balance", text: "余额", usable: true, reason: nil, proposed: true, isDefault: false)
        ], defaultPassedOver: nil, insteadOf: nil, warning: nil, expiresAt: .distantFuture)
}

func fakePayment(_ state: PaymentState, _ failure: Failure? = nil, again: Bool = false) -> PaymentView {
    PaymentView(
        intentId: "i1", kind: "pay", state: state, stateText: "state \(state)", payeeName: "老王早餐铺", amount: yuan(1580), fee: yuan(0),
        mayPayAgain: again, dispatched: false, failure: failure, recordId: nil,
        timeline: [StageView(stage: "accepted", text: "已受理", at: .now)], createdAt: .now, insteadOf: nil, replacedBy: nil,
        warning: nil)
}

func fakeCode(_ number: Int, _ way: String = "lakala", until: Date = .now + 42, trusted: Bool = true) -> PayerCodeView {
    PayerCodeView(
        showingId: "s\(number)", way: way, digits: "970000000000000000000000", grouped: "9700 0000 \(number)",
        qr: QrPicture(size: 3, modules: Data([1, 0, 1, 0, 1, 0, 1, 1, 0])), bars: BarPicture(widths: Data([2, 1, 1, 3, 2])),
        drawAgainAt: until, cap: yuan(10_000), clockTrusted: trusted, codesLeft: 9)
}

func fakeItem(_ number: Int, _ state: String = "done") -> HistoryItem {
    HistoryItem(
        recordId: "r\(number)", intentId: nil, kind: "pay", kindText: "Payment", state: state, stateText: "Done",
        title: "Shop \(number)", amount: yuan(-Int64(number)), at: Date(timeIntervalSince1970: Double(number)), atText: "at \(number)")
}

func fakeRecord(_ item: HistoryItem, receipt: Bool = true) -> RecordView {
    RecordView(
        item: item, fee: yuan(0), route: "kabao", routeText: "卡包", merchantOrder: "M1", ourOrder: "K1", acquirerOrder: nil, original: nil,
        updatedAt: .now, hasReceipt: receipt, warning: nil)
}

func fakeReceipt(verified: Bool) -> ReceiptView {
    ReceiptView(
        recordId: "r1", verified: verified, shows: "paid", title: "付款凭证", payeeName: "老王早餐铺", payeeLabel: "收款方", amount: yuan(-1),
        fee: yuan(0), arrivesAt: nil, arrivesText: nil, route: "kabao", routeText: "卡包",
        source: "balance", sourceText: "余额", ourOrder: "K1", acquirerOrder: nil, merchantOrder: nil, at: .now, atText: "now",
        document: Data(), qrText: nil)
}
