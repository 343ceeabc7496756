/// A model that calls the wallet: one call of a person at a time, and its trouble in words.
@MainActor protocol Working: AnyObject {
    var words: Words { get }
    var isWorking: Bool { get set }
    var trouble: Trouble? { get set }
}

extension Working {
    /// Makes a call that the person asked for, unless one is under way: a second tap changes nothing.
    func work(_ call: () async throws -> Void) async {
        guard !isWorking else { return }
        isWorking = true
        trouble = nil
        await attempt(call)
        isWorking = false
    }

    /// Makes a call and keeps its trouble.
    func attempt(_ call: () async throws -> Void) async {
        do { try await call() } catch { trouble = words.trouble(error) }
    }
}
