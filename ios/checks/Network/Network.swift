// A stand-in for Apple's Network on Linux: what the adapters use, with Apple's names.

@_exported import Foundation

public struct NWEndpoint: Hashable, Sendable {
    let text: String
    public init(_ text: String) { self.text = text }
}

public struct NWInterface: Hashable, Sendable {
    public let name: String
}

public struct NWPath: Equatable, Sendable {
    public enum Status: Sendable { case satisfied, unsatisfied, requiresConnection }
    public let status: Status
    public let availableInterfaces: [NWInterface]
    public let gateways: [NWEndpoint]
    public let isExpensive: Bool

    /// A path of a test. The system makes them on a phone.
    public init(_ status: Status, _ interface: String? = nil, gateway: String? = nil, isExpensive: Bool = false) {
        self.status = status
        availableInterfaces = interface.map { [NWInterface(name: $0)] } ?? []
        gateways = gateway.map { [NWEndpoint($0)] } ?? []
        self.isExpensive = isExpensive
    }
}

public final class NWPathMonitor: @unchecked Sendable {
    public var pathUpdateHandler: (@Sendable (NWPath) -> Void)?
    private var queue: DispatchQueue?

    public init() {}
    public func start(queue: DispatchQueue) {
        self.queue = queue
        TestNetwork.shared.add(self)
    }
    public func cancel() { TestNetwork.shared.remove(self) }
    fileprivate func tell(_ path: NWPath) { queue?.sync { pathUpdateHandler?(path) } }
}

/// The networks of the phone, as tests make them.
public final class TestNetwork: @unchecked Sendable {
    public static let shared = TestNetwork()
    private let lock = NSLock()
    private var monitors: [ObjectIdentifier: Weak] = [:]
    private struct Weak { weak var monitor: NWPathMonitor? }

    fileprivate func add(_ monitor: NWPathMonitor) {
        lock.withLock { monitors[ObjectIdentifier(monitor)] = Weak(monitor: monitor) }
    }
    fileprivate func remove(_ monitor: NWPathMonitor) {
        _ = lock.withLock { monitors.removeValue(forKey: ObjectIdentifier(monitor)) }
    }

    /// How many watch.
    public var watchers: Int { lock.withLock { monitors.count } }
    /// Each of them is told, on its queue, before this returns.
    public func becomes(_ path: NWPath) {
        for monitor in lock.withLock({ monitors.values.compactMap(\.monitor) }) { monitor.tell(path) }
    }
}
