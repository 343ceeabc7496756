@_exported import KabaoCore

import Foundation

/// What the phone lends the wallet. The wallet calls all of it from threads of its own.
public struct Device: Sendable {
    /// Keeps small secrets under a key of the hardware.
    public let secrets: any SecretStore
    /// Signs with keys that cannot leave the hardware.
    public let keys: any DeviceKeys
    /// Keeps the process alive while money is on its way; nil where programs are not stopped.
    public let background: (any Background)?

    /// What the phone lends.
    public init(secrets: any SecretStore, keys: any DeviceKeys, background: (any Background)? = nil) {
        self.secrets = secrets
        self.keys = keys
        self.background = background
    }
}

/// One wallet on this phone, with one client for each feature. Open one when the app starts and keep it. Its calls
/// never block the caller's thread. Cancelling the task that waits for a call changes nothing about the call, not even
/// the waiting (`whileWanted` ends that): cancelling does not undo a payment.
public final class Wallet: Sendable {
    private let core: KabaoWallet

    /// Registration, payment PIN, recovery sheet, the next step of the set-up.
    public let account: AccountClient
    /// The real name.
    public let identity: IdentityClient
    /// Bound cards.
    public let cards: CardsClient
    /// Paying.
    public let pay: PayClient
    /// What happened.
    public let history: HistoryClient
    /// Limits, fees, and what stands in the way of a payment.
    public let limits: LimitsClient
    /// Who runs this wallet.
    public let `operator`: OperatorClient
    /// What is kept about the person: inventory, consents, export, and erasing this phone.
    public let data: DataClient

    private init(_ core: KabaoWallet) {
        self.core = core
        account = core.account()
        identity = core.identity()
        cards = core.cards()
        pay = core.pay()
        history = core.history()
        limits = core.limits()
        `operator` = core.`operator`()
        data = core.data()
    }

    /// Opens the wallet of `settings.folder`, or makes it.
    ///
    /// Throws `WalletError` with `in_use`, `key_lost`, `rolled_back`, `newer_schema`, `bad_argument` or `storage_…`, and
    /// `LibraryMismatch` before anything else when the library is of another version. Call this first: other functions of a
    /// library of another version end the program.
    public static func open(_ settings: WalletSettings, device: Device) async throws -> Wallet {
        guard libraryMatches else { throw LibraryMismatch() }
        let core = try await KabaoWallet.open(
            settings: settings, secrets: device.secrets, keys: device.keys, background: device.background)
        return Wallet(core)
    }

    /// Sets the files of a wallet with a lost key aside, so that a new one can begin in the same folder, and gives
    /// their new names. Nothing is deleted. Refused while the key is there.
    public static func setAsideLost(_ settings: WalletSettings, device: Device) async throws -> [String] {
        guard libraryMatches else { throw LibraryMismatch() }
        return try await setAsideLostWallet(settings: settings, secrets: device.secrets, keys: device.keys)
    }

    /// Whether the wallet is locked.
    public var isLocked: Bool { core.isLocked() }

    /// What happens, beginning with the present state. Each stream has a subscription of its own, which ends with the
    /// stream; no event is lost on a slow reader.
    public var events: AsyncStream<WalletEvent> {
        AsyncStream(bufferingPolicy: .unbounded) { continuation in
            let subscription = core.subscribe(listener: Listener { continuation.yield($0) })
            continuation.onTermination = { _ in subscription.cancel() }
        }
    }

    /// The phone is on another network: call it when the system says so (`NWPathMonitor`). Whoever waits for an answer on the old
    /// one hears `net_cut`, and every payment without a result is asked for at once. Nothing is sent twice for it.
    public func networkChanged() { core.networkChanged() }

    /// Opens a locked wallet again. Does nothing when it is open.
    public func unlock() async throws { try await core.unlock() }

    /// Locks for the person at once. Returns when the answers that are on their way are recorded, at the latest after
    /// 20 seconds; what has no answer by then stays *unknown*.
    public func lock() async throws { try await core.lock() }

    /// Locks without waiting: for the moment in which the system stops the app.
    public func suspend() async throws { try await core.suspend() }

    /// Somebody is there: call it for every touch of a screen that shows the wallet. Other calls do not count.
    public func touch() { core.touch() }

    /// After how long without a touch the wallet locks by itself.
    public func lockAfter() async throws -> LockAfterView { try await core.lockAfter() }

    /// Sets it: 15 to 3600 seconds, or `nil` for never; `bad_argument` for any other number.
    public func setLockAfter(_ seconds: UInt32?) async throws -> LockAfterView { try await core.setLockAfter(seconds: seconds) }

    /// Something arrived by push. Nothing in it is believed; it is only a reason to look.
    public func hint(_ push: Data) async throws { try await core.hint(push: push) }

    /// Closes the files, so that the wallet can be opened anew; every later call fails with `closed`.
    public func shutDown() async throws { try await core.shutDown() }
}

private final class Listener: WalletListener {
    private let tell: @Sendable (WalletEvent) -> Void

    init(_ tell: @escaping @Sendable (WalletEvent) -> Void) { self.tell = tell }

    func onEvent(event: WalletEvent) { tell(event) }
}
