import Foundation
import KabaoKit

/// Secrets that end with the program.
final class MemorySecrets: SecretStore, @unchecked Sendable {
    private let lock = NSLock()
    private var kept: [String: Data] = [:]

    func load(name: String) throws -> Data? { lock.withLock { kept[name] } }

    func store(name: String, value: Data) throws { lock.withLock { kept[name] = value } }

    func remove(name: String) throws { _ = lock.withLock { kept.removeValue(forKey: name) } }
}

/// Linux has no secure element at hand: the keys are the library's own, for development.
func device(_ secrets: any SecretStore = MemorySecrets(), background: (any Background)? = nil) -> Device {
    Device(secrets: secrets, keys: devOnlySoftwareKeys(store: secrets), background: background)
}

/// Counts how often the wallet asked to be kept alive, and let go again.
final class CountingBackground: Background, @unchecked Sendable {
    private let lock = NSLock()
    private var begun: UInt64 = 0
    private var ended: UInt64 = 0
    /// Each time that the wallet asked, by number.
    let begins: AsyncStream<UInt64>
    private let tell: AsyncStream<UInt64>.Continuation

    init() { (begins, tell) = AsyncStream.makeStream() }

    func begin() -> UInt64 {
        lock.withLock {
            begun += 1
            tell.yield(begun)
            return begun
        }
    }

    func end(ticket: UInt64) { lock.withLock { ended += 1 } }

    var counts: (begun: UInt64, ended: UInt64) { lock.withLock { (begun, ended) } }
}

/// A folder that ends with the test.
final class Folder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("kabao-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}

struct NotRefused: Error {}

/// Why a call was refused.
func refusal<Value>(_ call: () async throws -> Value) async throws -> Failure {
    switch try await outcome(call) {
    case .success: throw NotRefused()
    case .failure(let error): error.failure
    }
}
