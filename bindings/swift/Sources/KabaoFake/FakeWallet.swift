import Foundation
import KabaoKit

/// A wallet in memory for tests of screens: no files, no network, no clock, the same every time.
///
/// By itself it answers the set-up (`register`, `enterOtp` with `otp`, `choosePin`, `skip`), the account, paying (`read` of any
/// text, `quote`, `confirm` with `pin`, `payment`, `ways`, `showCode` …), the cards and the history. Every other call of every
/// client is answered with `answer`, and refused with `refuse`; one that has no answer throws `NoAnswer` with its name.
/// Records are made with `.blank(…)`.
public final class FakeWallet: OpenWallet {
    /// The one-time code that the fake takes.
    public static let otp = "123456"
    /// The payment PIN that the fake takes, unless another was chosen.
    public static let pin = "271828"

    private let answers = Answers()
    private let memory: Memory

    public let account: FakeAccount
    public let identity: FakeIdentity
    public let cards: FakeCards
    public let pay: FakePay
    public let history: FakeHistory
    public let limits: FakeLimits
    public let `operator`: FakeOperator
    public let data: FakeData

    /// A wallet whose set-up stands at `step` (`.ready` can pay) with a balance in minor units.
    public init(step: OnboardingStepKind = .ready, balanceMinor: Int64 = 100_000) {
        memory = Memory(step: step, balance: balanceMinor)
        account = FakeAccount(answers)
        identity = FakeIdentity(answers)
        cards = FakeCards(answers)
        pay = FakePay(answers)
        history = FakeHistory(answers)
        limits = FakeLimits(answers)
        `operator` = FakeOperator(answers)
        data = FakeData(answers)
        for (call, answer) in memory.answers() { answers.set(call, answer) }
    }

    /// Which calls of clients were made, in order: `pay.quote`, `pay.confirm`.
    public var calls: [String] { answers.calls }

    /// How the next payments end. `.unknown` leaves them open until `settle`.
    public var paymentsEnd: PaymentState {
        get { memory.paymentsEnd }
        set { memory.paymentsEnd = newValue }
    }

    /// What a call (`limits.view`) gives from now on, in place of what the fake would answer.
    public func answer(_ call: String, _ answer: @escaping Answer) { answers.set(call, answer) }

    /// Lets a call fail from now on.
    public func refuse(_ call: String, _ failure: Failure) {
        answers.set(call) { _ in throw WalletError.Failed(failure: failure) }
    }

    /// Tells whoever reads `events`.
    public func emit(_ event: WalletEvent) { memory.tell(event) }

    /// The bank has answered about a payment whose result was unknown: `.succeeded` or `.failed`.
    public func settle(_ intentId: String, _ state: PaymentState) { memory.settle(intentId, state) }

    public var isLocked: Bool { memory.locked }

    public var events: AsyncStream<WalletEvent> { memory.events() }

    public func unlock() async throws { turn(false) }

    public func lock() async throws { turn(true) }

    public func suspend() async throws { turn(true) }

    private func turn(_ locked: Bool) {
        guard memory.turn(locked) else { return }
        answers.close(locked ? refusal("locked", .unlock) : nil)
        emit(.state(locked: locked))
    }

    public func networkChanged() {}

    public func touch() {}

    public func lockAfter() async throws -> LockAfterView {
        .blank(seconds: memory.lockSeconds, text: "\(memory.lockSeconds ?? 0) s", shortest: 15, longest: 3600)
    }

    public func setLockAfter(_ seconds: UInt32?) async throws -> LockAfterView {
        if let seconds, !(15...3600).contains(seconds) { throw refusal("bad_argument", .report, actor: .app) }
        memory.lockSeconds = seconds
        return try await lockAfter()
    }

    public func hint(_ push: Data) async throws {}

    public func shutDown() async throws { answers.close(refusal("closed", .restart, actor: .app)) }
}

/// A refusal as the wallet gives it; without effect on any money.
public func refusal(
    _ code: String, _ remedy: Remedy, actor: Actor = .person, field: String? = nil, attemptsLeft: UInt32? = nil
) -> WalletError {
    .Failed(
        failure: .blank(
            code: code, certainty: .certain, cause: .state, actor: actor, remedy: remedy, field: field, attemptsLeft: attemptsLeft))
}
