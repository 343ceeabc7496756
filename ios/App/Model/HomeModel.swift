import KabaoKit
import Observation

/// One thing that stands in the way of a payer code.
public struct Lack: Identifiable, Equatable, Sendable {
    /// What is amiss: the account, the limits, the clock and so on.
    public let id: String
    /// What it is in words, and what to do.
    public let trouble: Trouble
}

/// What the first screen shows: the balance and its age, the next step of the set-up, what stands in the way of a payer
/// code, what waits for an answer, and payments without a result.
@Observable @MainActor public final class HomeModel: Working {
    /// The account; absent before the first sign-in.
    public private(set) var account: AccountView?
    /// The step that the set-up asks for; absent when everything is set up.
    public private(set) var step: StepWords?
    /// What stands in the way of a payer code, and what to do about it; empty when nothing does.
    public private(set) var lacks: [Lack] = []
    /// The advice to show the code where a scan would wait; absent where it would not.
    public private(set) var offer: String?
    /// Questions of merchants.
    public private(set) var asks: [AskView] = []
    /// Payments whose result is not known.
    public private(set) var open: [HistoryItem] = []
    /// The card that a top-up is taken from; absent when there is none.
    public private(set) var card: CardView?
    /// What the merchant's code says, as typed or scanned.
    public var scanned = ""
    /// The payment that the person is making.
    public var paying: PayModel?
    /// What went wrong last.
    public internal(set) var trouble: Trouble?
    /// Whether a call is under way.
    public internal(set) var isWorking = false
    /// The words of the screens.
    public let words: Words

    private let wallet: any WalletPort

    init(_ wallet: any WalletPort, _ words: Words) { (self.wallet, self.words) = (wallet, words) }

    /// Keeps what is shown true until the task is cancelled.
    public func watch() async {
        for await event in wallet.events {
            switch event {
            case .state(locked: true): forget()
            case .notice: break
            default: await load()
            }
        }
    }

    private func forget() {
        (account, step, asks, open, card, scanned, trouble) = (nil, nil, [], [], nil, "", nil)
        (lacks, offer) = ([], nil)
    }

    private func load() async {
        await attempt {
            let next = try await wallet.nextStep()
            step = next.kind == .ready ? nil : next.words(in: words.language)
            // The earlier steps of the set-up: there is no account to show.
            guard next.kind != .register, next.kind != .enterOtp else {
                (account, lacks, offer) = (nil, [], nil)
                return
            }
            account = try await wallet.account()
            card = try await usable(wallet.cards())
            asks = try await wallet.asks()
            open = try await wallet.page(nil).open
            // Rules that cannot be read hide nothing of what was read so far; why is told where a code is shown.
            let ready = try? await wallet.ready()
            (lacks, offer) = (lacking(ready), ready?.offerText)
        }
    }

    /// Who has a step to go is led by that step: what it brings is missing for no other reason.
    private func lacking(_ ready: ReadyView?) -> [Lack] {
        guard let ready, step == nil else { return [] }
        return ready.checks.compactMap { check in
            check.failure.map { Lack(id: check.check, trouble: words.trouble($0)) }
        }
    }

    private func usable(_ cards: [CardView]) -> CardView? {
        let usable = cards.filter { $0.reason == nil && $0.state == "bound" }
        return usable.first(where: \.isDefault) ?? usable.first
    }

    /// Asks the service, when the person pulls the list or taps.
    public func refresh() async {
        await work { try await wallet.refresh() }
        // What is known on the phone is shown all the same, beside why there is nothing newer.
        await load()
    }

    /// Reads the merchant's code and begins to pay it.
    public func scan() async {
        await work {
            let scan = try await wallet.read(scanned)
            if let refusal = scan.refusal { return trouble = words.trouble(refusal) }
            scanned = ""
            paying = PayModel(wallet, words, .scan(scan))
        }
    }

    /// Begins a top-up from the card.
    public func topUp() {
        guard let card else { return }
        paying = PayModel(wallet, words, .topUp(card))
    }

    /// Begins to answer a merchant's question.
    public func answer(_ ask: AskView) { paying = PayModel(wallet, words, .ask(ask)) }

    /// Says no to a merchant's question.
    public func decline(_ ask: AskView) async {
        await work { try await wallet.decline(ask) }
        await load()
    }
}
