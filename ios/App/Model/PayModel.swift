import KabaoKit
import Observation

/// One payment from the amount to its result.
@Observable @MainActor public final class PayModel: Working, Identifiable {
    /// What is paid.
    enum Purpose {
        /// A merchant whose code was scanned.
        case scan(ScanView)
        /// Into the balance, from a card.
        case topUp(CardView)
        /// A merchant's question.
        case ask(AskView)
    }

    /// How far it came.
    public enum Stage: Equatable, Sendable {
        /// The person types the amount.
        case amount
        /// The person sees payee, total and source, and agrees.
        case agree
        /// It is confirmed; what became of it is shown, also that nobody knows it yet.
        case result
    }

    /// How the person proves that the payment is meant.
    public enum Proof: Sendable { case pin, face }

    /// How far it came.
    public private(set) var stage: Stage
    /// The amount as typed.
    public var amount = ""
    /// The payment PIN as typed; empty again as soon as it was used.
    public var pin = ""
    /// What the person agrees to.
    public private(set) var quote: QuoteView?
    /// The source that was chosen.
    public private(set) var source: QuoteSourceView?
    /// Whether the same was paid minutes ago, so that the person has to say that it is meant.
    public private(set) var isRepeat = false
    /// What became of it.
    public private(set) var payment: PaymentView?
    /// What went wrong last.
    public internal(set) var trouble: Trouble?
    /// Whether a call is under way.
    public internal(set) var isWorking = false
    /// The words of the screens.
    public let words: Words

    private let wallet: any WalletPort
    private let purpose: Purpose

    init(_ wallet: any WalletPort, _ words: Words, _ purpose: Purpose) {
        (self.wallet, self.words, self.purpose) = (wallet, words, purpose)
        stage = .agree
        if needsAmount { stage = .amount }
    }

    /// The amount that the merchant's code settles, as the core writes it.
    private var settled: String? {
        if case .scan(let scan) = purpose { scan.amount?.text } else { nil }
    }

    private var needsAmount: Bool {
        switch purpose {
        case .scan: settled == nil
        case .topUp: true
        case .ask: false
        }
    }

    /// Who is paid, before there is a quote.
    public var payee: String {
        switch purpose {
        case .scan(let scan): scan.payeeName ?? scan.words.title
        case .topUp: words(.toBalance)
        case .ask(let ask): ask.payeeName
        }
    }

    /// What the code warns of, before anything is agreed.
    public var dangers: [String] {
        if case .scan(let scan) = purpose { scan.words.dangers } else { [] }
    }

    /// Asks for the price when the amount is settled, then follows the payment until the task is cancelled.
    public func watch() async {
        if stage == .agree && quote == nil { await ask() }
        for await event in wallet.events {
            switch event {
            case .paymentChanged(let intentId) where intentId == payment?.intentId: await look()
            // Events of this payment may have come before it was known here.
            case .state(locked: false), .serviceRestored: await look()
            default: break
            }
        }
    }

    private func look() async {
        guard let intentId = payment?.intentId else { return }
        await attempt { show(try await wallet.payment(intentId)) }
    }

    /// What is asked for.
    private var request: QuoteRequest {
        switch purpose {
        case .scan(let scan):
            .pay(payeeId: scan.payeeId ?? "", amount: settled ?? amount, order: scan.order)
        case .topUp(let card): .topUp(amount: amount, cardId: card.cardId)
        case .ask(let ask): .ask(askId: ask.askId)
        }
    }

    /// Asks what it costs. The amount goes to the core as it was typed.
    public func ask() async {
        guard stage != .result else { return }
        await work {
            let quote = try await wallet.quote(request)
            (self.quote, isRepeat) = (quote, false)
            source = quote.sources.first { $0.proposed && $0.usable }
            trouble = (quote.warning ?? quote.defaultPassedOver).map(words.trouble)
            stage = .agree
        }
    }

    /// Whether the price can be asked for again: it was never known, or it is too old.
    public var canAskAgain: Bool {
        stage == .agree && !isWorking && trouble?.isUnknown != true && (quote == nil || trouble?.remedy == .newQuote)
    }

    /// Chooses another source.
    public func choose(_ source: QuoteSourceView) {
        if source.usable && stage == .agree { self.source = source }
    }

    /// Whether everything is there that the person agrees to.
    public var canPay: Bool { stage == .agree && !isWorking && quote != nil && source != nil && !canAskAgain }

    /// Pays. It can be called once for each agreement: a second tap finds nothing to agree to.
    public func pay(_ proof: Proof) async {
        guard canPay, let quote, let source else { return }
        let typed = pin
        pin = ""
        await work {
            let request = ConfirmRequest(
                quoteId: quote.quoteId, totalMinor: quote.total.minor, source: source.source,
                proof: proof == .pin ? .pin(pin: typed) : .approval, again: isRepeat)
            show(try await wallet.confirm(request))
        }
        guard payment == nil, let trouble else { return }
        isRepeat = trouble.code == "payment_repeated"
        // Money may have moved: nothing on this screen pays any more.
        if trouble.isUnknown { stage = .result }
    }

    private func show(_ payment: PaymentView) {
        (self.payment, stage) = (payment, .result)
        trouble = (payment.failure ?? payment.warning).map(words.trouble)
    }

    /// Whether the payment has no result, so that the screen says that it is being checked.
    public var isBeingChecked: Bool {
        guard stage == .result else { return false }
        guard let payment else { return true }
        return payment.state != .succeeded && payment.state != .failed
    }

    /// Whether the person may begin the same payment anew: it certainly failed.
    public var canBeginAnew: Bool { stage == .result && payment?.mayPayAgain == true && payment?.state == .failed }

    /// Begins the same payment anew, with a new price.
    public func beginAnew() async {
        guard canBeginAnew else { return }
        (payment, quote, source, trouble, stage) = (nil, nil, nil, nil, .agree)
        await ask()
    }
}
