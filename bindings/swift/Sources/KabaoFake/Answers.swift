import Foundation
import KabaoKit

/// What a call of a fake wallet gives: it gets the arguments, and gives a value of the call's type or throws.
public typealias Answer = @Sendable (_ arguments: [any Sendable]) async throws -> any Sendable

/// Nobody said what this call gives: `FakeWallet.answer` does.
public struct NoAnswer: Error, CustomStringConvertible {
    /// Client and call, and what is wrong.
    public let description: String
}

/// What each call gives, and which calls were made.
final class Answers: @unchecked Sendable {
    private let lock = NSLock()
    private var given: [String: Answer] = [:]
    private var made: [String] = []
    private var shut: WalletError?

    var calls: [String] { lock.withLock { made } }

    func set(_ call: String, _ answer: @escaping Answer) {
        precondition(everyCall.contains(call), "no client has the call \(call)")
        lock.withLock { given[call] = answer }
    }

    /// With an error, each call that waits fails with it: the wallet is locked or closed.
    func close(_ error: WalletError?) { lock.withLock { shut = error } }

    func note(_ call: String) { lock.withLock { made.append(call) } }

    func give<Value>(_ call: String, _ arguments: [any Sendable]) async throws -> Value {
        let (answer, shut) = lock.withLock {
            made.append(call)
            return (given[call], self.shut)
        }
        if let shut { throw shut }
        guard let answer else { throw NoAnswer(description: "the fake wallet has no answer for \(call)") }
        let came = try await answer(arguments)
        guard let value = came as? Value else { throw NoAnswer(description: "\(call) gives \(Value.self), not \(type(of: came))") }
        return value
    }

    private final class Box<Value>: @unchecked Sendable { var value: Value? }

    /// For calls that do not wait: an answer that waits counts as none.
    func now<Value: Sendable>(_ call: String, _ arguments: [any Sendable]) -> Value? {
        let answer = lock.withLock {
            made.append(call)
            return given[call]
        }
        guard let answer else { return nil }
        let (box, done) = (Box<Value>(), DispatchSemaphore(value: 0))
        Task.detached {
            box.value = (try? await answer(arguments)) as? Value
            done.signal()
        }
        return done.wait(timeout: .now() + 5) == .success ? box.value : nil
    }
}
