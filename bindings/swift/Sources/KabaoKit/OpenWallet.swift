import Foundation
import KabaoCore

/// What screens need of a wallet: its clients, its events, its lock. `Wallet` is the real one; `FakeWallet` of the module
/// `KabaoFake` is one in memory for tests of screens. Write screens against `any OpenWallet`.
public protocol OpenWallet: AnyObject, Sendable {
    associatedtype Account: AccountClientProtocol
    associatedtype Identity: IdentityClientProtocol
    associatedtype Cards: CardsClientProtocol
    associatedtype Pay: PayClientProtocol
    associatedtype History: HistoryClientProtocol
    associatedtype Limits: LimitsClientProtocol
    associatedtype Operator: OperatorClientProtocol
    associatedtype Held: DataClientProtocol

    /// Registration, payment PIN, recovery sheet, the next step of the set-up.
    var account: Account { get }
    /// The real name.
    var identity: Identity { get }
    /// Bound cards.
    var cards: Cards { get }
    /// Paying.
    var pay: Pay { get }
    /// What happened.
    var history: History { get }
    /// Limits, fees, and what stands in the way of a payment.
    var limits: Limits { get }
    /// Who runs this wallet.
    var `operator`: Operator { get }
    /// What is kept about the person: inventory, consents, export, and erasing this phone.
    var data: Held { get }

    /// Whether the wallet is locked.
    var isLocked: Bool { get }
    /// What happens, beginning with the present state. Each stream has a subscription of its own, which ends with the
    /// stream; no event is lost on a slow reader.
    var events: AsyncStream<WalletEvent> { get }

    /// The phone is on another network: call it when the system says so (`NWPathMonitor`). Whoever waits for an answer on the old
    /// one hears `net_cut`, and every payment without a result is asked for at once. Nothing is sent twice for it.
    func networkChanged()
    /// Opens a locked wallet again. Does nothing when it is open.
    func unlock() async throws
    /// Locks for the person at once.
    func lock() async throws
    /// Locks without waiting: for the moment in which the system stops the app.
    func suspend() async throws
    /// Somebody is there: call it for every touch of a screen that shows the wallet. Other calls do not count.
    func touch()
    /// After how long without a touch the wallet locks by itself.
    func lockAfter() async throws -> LockAfterView
    /// Sets it: 15 to 3600 seconds, or `nil` for never; `bad_argument` for any other number.
    func setLockAfter(_ seconds: UInt32?) async throws -> LockAfterView
    /// Something arrived by push. Nothing in it is believed; it is only a reason to look.
    func hint(_ push: Data) async throws
    /// Closes the files, so that the wallet can be opened anew; every later call fails with `closed`.
    func shutDown() async throws
}

extension Wallet: OpenWallet {}

/// The library that is linked is of another version than this package. Nothing of the wallet was touched. Build both from
/// the same commit.
public struct LibraryMismatch: Error, Equatable {
    /// Says so.
    public init() {}
}
