import KabaoKit

// The plain values that screens show. They come from the core ready to be shown.
public typealias AccountView = KabaoKit.AccountView
public typealias AskView = KabaoKit.AskView
public typealias CardView = KabaoKit.CardView
public typealias HistoryItem = KabaoKit.HistoryItem
public typealias MoneyView = KabaoKit.MoneyView
public typealias MonthView = KabaoKit.MonthView
public typealias PayerCodeView = KabaoKit.PayerCodeView
public typealias PaymentView = KabaoKit.PaymentView
public typealias QuoteSourceView = KabaoKit.QuoteSourceView
public typealias QuoteView = KabaoKit.QuoteView
public typealias ReadyView = KabaoKit.ReadyView
public typealias ReceiptView = KabaoKit.ReceiptView
public typealias RecordView = KabaoKit.RecordView
public typealias StepWords = KabaoKit.StepWords
public typealias WayToPay = KabaoKit.WayToPay

/// What the models ask of the wallet. `Wallet` is one; tests bring their own.
public protocol WalletPort: Sendable {
    /// What happens, beginning with the present state.
    var events: AsyncStream<WalletEvent> { get }
    /// Opens a locked wallet again.
    func unlock() async throws
    /// Somebody is there.
    func touch()

    /// The next step of the set-up.
    func nextStep() async throws -> OnboardingStep
    /// The account as it is known on this phone.
    func account() async throws -> AccountView
    /// Whether a payer code can be shown and paid now.
    func ready() async throws -> ReadyView
    /// Bound cards.
    func cards() async throws -> [CardView]
    /// Questions of merchants.
    func asks() async throws -> [AskView]
    /// Says no to one.
    func decline(_ ask: AskView) async throws
    /// Asks the service for everything that the first screen shows, and for payer codes to keep.
    func refresh() async throws
    /// Asks the service what happened.
    func look() async throws

    /// Reads a merchant's code.
    func read(_ text: String) async throws -> ScanView
    /// What a payment costs.
    func quote(_ request: QuoteRequest) async throws -> QuoteView
    /// Pays.
    func confirm(_ request: ConfirmRequest) async throws -> PaymentView
    /// How a payment stands.
    func payment(_ intentId: String) async throws -> PaymentView

    /// The ways in which a payer code is taken.
    func ways() async throws -> [WayToPay]
    /// A new payer code.
    func showCode(_ way: String) async throws -> PayerCodeView
    /// The same code, drawn for the present time.
    func nextPicture(_ shown: PayerCodeView) async throws -> PayerCodeView
    /// What became of a code that was shown.
    func showing(_ shown: PayerCodeView) async throws -> ShowingView

    /// A page of the history.
    func page(_ cursor: String?) async throws -> HistoryPage
    /// The sums of this month.
    func month() async throws -> MonthView
    /// A record with everything that is known of it.
    func record(_ recordId: String) async throws -> RecordView
    /// Its receipt.
    func receipt(_ recordId: String) async throws -> ReceiptView
}

extension Wallet: WalletPort {
    public func nextStep() async throws -> OnboardingStep { try await account.onboardingNext() }
    public func account() async throws -> AccountView { try await account.view() }
    public func ready() async throws -> ReadyView { try await limits.readyToPay() }
    public func cards() async throws -> [CardView] { try await cards.list() }
    public func asks() async throws -> [AskView] { try await pay.asks() }
    public func decline(_ ask: AskView) async throws { try await pay.decline(askId: ask.askId) }

    public func refresh() async throws {
        try await look()
        _ = try await account.refresh()
        _ = try await pay.prepareCodes()
    }

    public func look() async throws {
        while try await !history.sync().complete { try Task.checkCancellation() }
    }

    public func read(_ text: String) async throws -> ScanView { try await pay.read(text: text) }
    public func quote(_ request: QuoteRequest) async throws -> QuoteView { try await pay.quote(request: request) }
    public func confirm(_ request: ConfirmRequest) async throws -> PaymentView { try await pay.confirm(request: request) }
    public func payment(_ intentId: String) async throws -> PaymentView { try await pay.payment(intentId: intentId) }

    public func ways() async throws -> [WayToPay] { try await pay.ways() }
    public func showCode(_ way: String) async throws -> PayerCodeView { try await pay.showCode(way: way) }
    public func nextPicture(_ shown: PayerCodeView) async throws -> PayerCodeView {
        try await pay.nextPicture(showingId: shown.showingId, way: shown.way)
    }
    public func showing(_ shown: PayerCodeView) async throws -> ShowingView {
        try await pay.showing(showingId: shown.showingId)
    }

    public func page(_ cursor: String?) async throws -> HistoryPage { try await history.list(cursor: cursor) }
    public func month() async throws -> MonthView { try await history.month(month: nil) }
    public func record(_ recordId: String) async throws -> RecordView { try await history.detail(recordId: recordId) }
    public func receipt(_ recordId: String) async throws -> ReceiptView { try await pay.receipt(recordId: recordId) }
}
