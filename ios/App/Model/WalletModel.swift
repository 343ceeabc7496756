import KabaoKit
import Observation

/// The wallet of the process: whether it is locked, what the system has to tell, and the models of its screens.
@Observable @MainActor public final class WalletModel: Working {
    /// A sentence that is ready to be shown.
    public struct Notice: Equatable, Sendable {
        /// The heading.
        public let title: String
        /// The sentence.
        public let body: String
    }

    /// Whether the person has to unlock first. True until the wallet said otherwise.
    public private(set) var isLocked = true
    /// The newest thing to tell.
    public private(set) var notice: Notice?
    /// Why unlocking failed.
    public internal(set) var trouble: Trouble?
    /// Whether a call is under way.
    public internal(set) var isWorking = false
    /// The words of the screens.
    public let words: Words
    /// The first screen.
    public let home: HomeModel
    /// The payer code.
    public let code: PayerCodeModel
    /// What happened.
    public let history: HistoryModel

    private let wallet: any WalletPort

    /// The model of a wallet that is open.
    public init(_ wallet: any WalletPort, language: Language, pace: Pace = .ofThePhone) {
        self.wallet = wallet
        words = Words(language)
        home = HomeModel(wallet, words)
        code = PayerCodeModel(wallet, words, pace)
        history = HistoryModel(wallet, words)
    }

    /// Follows the wallet until the task is cancelled.
    public func watch() async {
        for await event in wallet.events {
            switch event {
            case .state(let locked):
                isLocked = locked
                if locked { notice = nil }
            case .notice(let title, let body, _): notice = Notice(title: title, body: body)
            default: break
            }
        }
    }

    /// Opens a locked wallet.
    public func unlock() async {
        await work { try await wallet.unlock() }
    }

    /// The person read the notice.
    public func dismissNotice() { notice = nil }

    /// The person touched the screen.
    public func touch() { wallet.touch() }
}
