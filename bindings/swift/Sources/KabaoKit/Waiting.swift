import Foundation

/// Waits for a call of the wallet until it is done or the task that waits is cancelled. Cancelling ends the waiting at
/// once with `CancellationError`; the call goes on, and a payment that was confirmed stays confirmed. Without this a
/// cancelled task waits to the end of the call.
public func whileWanted<Value: Sendable>(_ call: @escaping @Sendable () async throws -> Value) async throws -> Value {
    let end = End<Value>()
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            guard end.wait(continuation) else { return }
            Task {
                do {
                    end.come(.success(try await call()))
                } catch {
                    end.come(.failure(error))
                }
            }
        }
    } onCancel: {
        end.come(.failure(CancellationError()))
    }
}

/// What came first: the end of the call, or that nobody wants it any more.
private final class End<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var waiting: CheckedContinuation<Value, any Error>?
    private var came: Result<Value, any Error>?

    /// Whether the call has to be made: nobody gave it up before it began.
    func wait(_ continuation: CheckedContinuation<Value, any Error>) -> Bool {
        let early = lock.withLock {
            if came == nil { waiting = continuation }
            return came
        }
        if let early { continuation.resume(with: early) }
        return early == nil
    }

    func come(_ result: Result<Value, any Error>) {
        let continuation = lock.withLock {
            defer { waiting = nil }
            if came == nil { came = result }
            return waiting
        }
        continuation?.resume(with: result)
    }
}
