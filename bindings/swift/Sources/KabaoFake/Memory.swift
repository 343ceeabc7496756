import Foundation
import KabaoKit

/// What the fake wallet knows, and its own answers.
final class Memory: @unchecked Sendable {
    private let inner = NSRecursiveLock()
    private var at: OnboardingStepKind
    private var pin = FakeWallet.pin
    private var balance: Int64
    private var made = 0
    /// What was asked for a price, and the price.
    private var quotes: [String: (kind: String, quote: QuoteView)] = [:]
    private var payments: [PaymentView] = []
    private var records: [HistoryItem] = []
    private var readers: [Int: AsyncStream<WalletEvent>.Continuation] = [:]
    private var isLocked = false
    private var end: PaymentState = .succeeded
    private var seconds: UInt32? = 120

    /// The kinds of payments, as the history calls them.
    private let kinds = ["top_up": "充值", "withdraw": "提现", "transfer": "转账", "pay": "付款", "ask": "付款"]

    /// The day of everything: a picture of a screen is the same tomorrow.
    private let day = Date(timeIntervalSince1970: 1_795_320_000)

    init(step: OnboardingStepKind, balance: Int64) { (at, self.balance) = (step, balance) }

    private func held<Value>(_ work: () throws -> Value) rethrows -> Value {
        inner.lock()
        defer { inner.unlock() }
        return try work()
    }

    var locked: Bool { held { isLocked } }
    var paymentsEnd: PaymentState {
        get { held { end } }
        set { held { end = newValue } }
    }
    var lockSeconds: UInt32? {
        get { held { seconds } }
        set { held { seconds = newValue } }
    }

    /// Whether that changed anything.
    func turn(_ to: Bool) -> Bool {
        held {
            defer { isLocked = to }
            return isLocked != to
        }
    }

    func tell(_ event: WalletEvent) { held { readers.values.forEach { $0.yield(event) } } }

    func events() -> AsyncStream<WalletEvent> {
        AsyncStream(bufferingPolicy: .unbounded) { continuation in
            let number = held {
                made += 1
                readers[made] = continuation
                continuation.yield(.state(locked: isLocked))
                return made
            }
            continuation.onTermination = { [weak self] _ in self?.held { _ = self?.readers.removeValue(forKey: number) } }
        }
    }

    /// As real ids look: 32 hexadecimal digits.
    private func id(_ number: Int? = nil) -> String {
        made += number == nil ? 1 : 0
        let digits = String(number ?? made, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }

    func answers() -> [String: Answer] {
        typealias Work = @Sendable (Memory, [any Sendable]) throws -> any Sendable
        let own: [String: Work] = [
            "account.onboardingNext": { memory, _ in OnboardingStep.blank(kind: memory.at, reasonKey: "\(memory.at)") },
            "account.register": { memory, given in try memory.register((given[0] as? RegisterRequest)?.phone ?? "") },
            "account.resendOtp": { memory, _ in memory.sent("138****8000") },
            "account.enterOtp": { memory, given in try memory.enter(given[0] as? String) },
            "account.choosePin": { memory, given in try memory.choose(given[0] as? String ?? "") },
            "account.skip": { memory, _ in
                memory.at = .ready
                return OnboardingStep.blank(kind: .ready, reasonKey: "ready")
            },
            "account.view": { memory, _ in try memory.view() },
            "account.refresh": { memory, _ in try memory.view() },
            "cards.list": { memory, _ in memory.cards() },
            "cards.refresh": { memory, _ in memory.cards() },
            "pay.read": { memory, given in memory.read(given[0] as? String ?? "") },
            "pay.quote": { memory, given in try memory.quote(given[0] as? QuoteRequest) },
            "pay.confirm": { memory, given in try memory.confirm(given[0] as? ConfirmRequest) },
            "pay.payment": { memory, given in try memory.payment(given[0] as? String) },
            "pay.resolve": { memory, given in try memory.payment(given[0] as? String) },
            "pay.openPayments": { memory, _ in memory.payments.filter { $0.state == .unknown } },
            "pay.asks": { _, _ in [AskView]() },
            "pay.prepareCodes": { _, _ in UInt32(16) },
            "pay.ways": { _, _ in
                [("lakala", "拉卡拉"), ("unionpay", "云闪付")].map { WayToPay.blank(way: $0, text: $1, usable: true) }
            },
            "pay.showCode": { memory, given in memory.code(memory.id(), given[0] as? String ?? "") },
            "pay.nextPicture": { memory, given in memory.code(given[0] as? String ?? "", given[1] as? String ?? "") },
            "pay.showing": { _, _ in ShowingView.blank(state: .shown) },
            "history.list": { memory, given in memory.list(given[0] as? String) },
            "history.detail": { memory, given in try memory.detail(given[0] as? String) },
            "history.month": { memory, _ in memory.month() },
            "history.sync": { _, _ in SyncReport.blank(complete: true) },
        ]
        return own.mapValues { work in { [self] given in try held { try work(self, given) } } }
    }

    private func sent(_ masked: String) -> OtpSentView { .blank(phoneMasked: masked, otpLength: 6, resendAt: day + 60) }

    private func register(_ phone: String) throws -> OtpSentView {
        let digits = phone.filter(\.isNumber)
        guard digits.count >= 11 else { throw refusal("not_digits", .correctInput, field: "phone") }
        at = .enterOtp
        return sent(digits.prefix(3) + "****" + digits.suffix(4))
    }

    private func enter(_ code: String?) throws -> AccountView {
        guard at == .enterOtp else { throw refusal("wrong_step", .finishSetUp) }
        guard code == FakeWallet.otp else { throw refusal("otp_wrong", .correctInput, field: "code", attemptsLeft: 4) }
        at = .choosePin
        return try view()
    }

    private func choose(_ chosen: String) throws -> AccountView {
        guard at == .choosePin else { throw refusal("wrong_step", .finishSetUp) }
        (pin, at) = (chosen, .ready)
        return try view()
    }

    private func view() throws -> AccountView {
        if at == .register || at == .enterOtp { throw refusal("not_registered", .finishSetUp) }
        return .blank(
            accountId: id(10), phoneMasked: "138****8000", accountClass: 2, pinSet: at == .ready, recoverySheetKept: true,
            balance: money(balance), balanceAt: day, balanceAgeText: "刚刚")
    }

    private func cards() -> [CardView] {
        [.blank(cardId: id(202), last4: "7802", bank: "招商银行", brand: "unionpay", kind: "debit", text: "招商银行 7802", state: "usable")]
    }

    private func read(_ text: String) -> ScanView {
        let payee = text.trimmingCharacters(in: .whitespacesAndNewlines)
        if payee.isEmpty { return .blank(refusal: refusal("empty", .scanAgain).failure) }
        return .blank(payeeId: id(5), payeeName: String(payee.prefix(20)), family: "ours")
    }

    /// An amount as typed, in minor units: up to nine digits, and up to two behind a point.
    private func minor(_ typed: String) -> Int64? {
        let parts = typed.split(separator: ".", omittingEmptySubsequences: false)
        let digits = parts.allSatisfy { part in !part.isEmpty && part.allSatisfy { ("0"..."9").contains($0) } }
        guard digits, (1...2).contains(parts.count), parts[0].count <= 9, parts.count == 1 || parts[1].count <= 2 else { return nil }
        let cents = parts.count == 2 ? parts[1].padding(toLength: 2, withPad: "0", startingAt: 0) : "00"
        return Int64(parts[0] + cents).flatMap { $0 > 0 ? $0 : nil }
    }

    private func quote(_ asked: QuoteRequest?) throws -> QuoteView {
        let (kind, typed, payee): (String, String, String?) =
            switch asked {
            case .pay(_, let amount, _): ("pay", amount, "面馆 Noodles")
            case .topUp(let amount, _): ("top_up", amount, nil)
            case .withdraw(let amount, _): ("withdraw", amount, nil)
            case .transfer(_, let amount, _): ("transfer", amount, "*三")
            case .ask: ("ask", "15.00", "面馆 Noodles")
            case nil: ("pay", "", nil)
            }
        guard let minor = minor(typed) else { throw refusal("amount_not_a_number", .correctInput, field: "amount") }
        let (amount, enough) = (money(minor), kind == "top_up" || minor <= balance)
        let source = QuoteSourceView.blank(source: "balance", text: "余额", usable: enough, proposed: enough, isDefault: true)
        let quote = QuoteView.blank(
            quoteId: id(), payeeName: payee, amount: amount, fee: money(0), total: amount, sources: [source], expiresAt: day + 300)
        quotes[quote.quoteId] = (kind, quote)
        return quote
    }

    private func confirm(_ asked: ConfirmRequest?) throws -> PaymentView {
        guard let asked, let (kind, quote) = quotes[asked.quoteId] else { throw refusal("quote_used", .newQuote) }
        guard asked.totalMinor == quote.total.minor else { throw refusal("total_differs", .newQuote) }
        guard case .pin(let typed) = asked.proof, typed == pin else { throw refusal("pin_wrong", .retypePin, field: "pin", attemptsLeft: 4) }
        if kind != "top_up", quote.total.minor > balance { throw refusal("balance_too_low", .topUpOrOtherSource) }
        quotes[asked.quoteId] = nil
        let payment = open(kind, quote, id(), .unknown, nil)
        payments.append(payment)
        if end != .unknown { settle(payment.intentId, end) }
        return try self.payment(payment.intentId)
    }

    private func open(_ kind: String, _ quote: QuoteView, _ intent: String, _ state: PaymentState, _ record: String?) -> PaymentView {
        .blank(
            intentId: intent, kind: kind, state: state, stateText: "\(state)",
            payeeName: quote.payeeName, amount: quote.amount, fee: quote.fee, mayPayAgain: state != .unknown, dispatched: true,
            recordId: record, createdAt: day)
    }

    private func payment(_ wanted: String?) throws -> PaymentView {
        guard let found = payments.first(where: { $0.intentId == wanted }) else { throw refusal("bad_id", .report) }
        return found
    }

    func settle(_ intentId: String, _ state: PaymentState) {
        held {
            guard let place = payments.firstIndex(where: { $0.intentId == intentId && $0.state == .unknown }) else {
                preconditionFailure("no open payment \(intentId)")
            }
            precondition(state == .succeeded || state == .failed, "\(state) is no end of a payment")
            let old = payments[place]
            let record = state == .succeeded ? id() : nil
            payments[place] = .blank(
                intentId: old.intentId, kind: old.kind, state: state, stateText: "\(state)", payeeName: old.payeeName,
                amount: old.amount, fee: old.fee, mayPayAgain: true, dispatched: true, recordId: record, createdAt: day)
            tell(.paymentChanged(intentId: intentId))
            guard let record else { return }
            let sign: Int64 = old.kind == "top_up" ? 1 : -1
            balance += sign * old.amount.minor
            records.insert(
                .blank(
                    recordId: record, intentId: intentId, kind: old.kind, kindText: kinds[old.kind] ?? "", state: "done",
                    stateText: "成功", title: old.payeeName ?? kinds[old.kind] ?? "", amount: money(sign * old.amount.minor), at: day,
                    atText: "2026-11-22 12:00"), at: 0)
            tell(.recordArrived(recordId: record))
        }
    }

    /// A picture that is no code: three corners and nothing to read.
    private func code(_ showing: String, _ way: String) -> PayerCodeView {
        let side = 21
        func corner(_ x: Int, _ y: Int) -> Bool {
            (0...6).contains(x) && (0...6).contains(y) && (x % 6 == 0 || y % 6 == 0 || ((2...4).contains(x) && (2...4).contains(y)))
        }
        let modules = Data(
            (0..<side * side).map { place -> UInt8 in
                let (x, y) = (place % side, place / side)
                return corner(x, y) || corner(side - 1 - x, y) || corner(x, side - 1 - y) ? 1 : 0
            })
        return .blank(
            showingId: showing, way: way, digits: "000000000000000000", grouped: "0000 0000 0000 0000 00",
            qr: .blank(size: UInt32(side), modules: modules), bars: .blank(widths: Data([1, 1, 1])), drawAgainAt: day + 30,
            cap: money(100_000), clockTrusted: true, codesLeft: 15)
    }

    private func list(_ cursor: String?) -> HistoryPage {
        let from = cursor.flatMap { Int($0) } ?? 0
        let open = payments.filter { from == 0 && $0.state == .unknown }.map { payment in
            HistoryItem.blank(
                intentId: payment.intentId, kind: payment.kind, state: "unknown", stateText: payment.stateText,
                title: payment.payeeName ?? "", amount: payment.amount, at: day)
        }
        let next = records.count > from + 50 ? "\(from + 50)" : nil
        return .blank(open: open, items: Array(records.dropFirst(from).prefix(50)), next: next)
    }

    private func detail(_ wanted: String?) throws -> RecordView {
        guard let item = records.first(where: { $0.recordId == wanted }) else { throw refusal("bad_id", .report) }
        return .blank(item: item, fee: money(0), route: "ours", routeText: "卡包", ourOrder: item.recordId ?? "", updatedAt: day)
    }

    private func month() -> MonthView {
        func sum(_ items: [HistoryItem]) -> MoneyView { money(items.reduce(0) { $0 + abs($1.amount.minor) }) }
        let (received, spent) = (records.filter { $0.amount.minor > 0 }, records.filter { $0.amount.minor <= 0 })
        return .blank(month: 202_611, spent: sum(spent), received: sum(received), count: Int64(records.count))
    }

    private func money(_ minor: Int64) -> MoneyView {
        var whole = String(abs(minor) / 100)
        var place = whole.count - 3
        while place > 0 {
            whole.insert(",", at: whole.index(whole.startIndex, offsetBy: place))
            place -= 3
        }
        let cents = abs(minor) % 100
        let text = (minor < 0 ? "-¥" : "¥") + whole + (cents < 10 ? ".0" : ".") + String(cents)
        return .blank(minor: minor, currency: .cny, text: text, spoken: text)
    }
}
