import Foundation
import KabaoKit
import Network

/// Tells the wallet when the phone is on another network: from Wi-Fi to the mobile network and back. Whoever waits for an
/// answer on the old one hears of it at once. Keep it as long as the wallet is open.
public final class NetworkWatch: @unchecked Sendable {
    private let monitor = NWPathMonitor()
    private let changed: @Sendable () -> Void
    // The two below are used on the monitor's queue alone.
    private var last: Way?
    private var wasLost = false

    /// What a connection hangs on. A path changes for other reasons as well, as when a network becomes a costly one.
    private struct Way: Equatable {
        let interface: String?
        let gateways: [NWEndpoint]
    }

    /// Watches for this wallet.
    public convenience init(_ wallet: any OpenWallet) {
        self.init { wallet.networkChanged() }
    }

    /// Calls `changed` for each change.
    public init(changed: @escaping @Sendable () -> Void) {
        self.changed = changed
        monitor.pathUpdateHandler = { [weak self] path in self?.arrived(path) }
        monitor.start(queue: DispatchQueue(label: "app.kabao.network"))
    }

    deinit { monitor.cancel() }

    private func arrived(_ path: NWPath) {
        guard path.status == .satisfied else {
            wasLost = last != nil
            return
        }
        let way = Way(interface: path.availableInterfaces.first?.name, gateways: path.gateways)
        // The first path names the network that is there already; one that was lost in between carries no old connection.
        if let last, last != way || wasLost { changed() }
        (last, wasLost) = (way, false)
    }
}
