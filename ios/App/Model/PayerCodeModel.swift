import Foundation
import KabaoKit
import Observation

/// How a model waits. The phone's clock in the app; tests turn it themselves.
public struct Pace: Sendable {
    let until: @Sendable (Date) async throws -> Void
    let between: @Sendable () async throws -> Void

    /// `until` waits for a moment, `between` for as long as lies between two looks at the service.
    public init(until: @escaping @Sendable (Date) async throws -> Void, between: @escaping @Sendable () async throws -> Void) {
        (self.until, self.between) = (until, between)
    }

    /// Real time; the service is asked every three seconds while a code is shown.
    public static let ofThePhone = Pace(
        until: { try await Task.sleep(for: .seconds(max($0.timeIntervalSinceNow, 0.2))) },
        between: { try await Task.sleep(for: .seconds(3)) })
}

/// The payer code on the screen. It works without network; what became of it is seen when there is one.
@Observable @MainActor public final class PayerCodeModel: Working {
    /// The ways to pay, in the core's order.
    public private(set) var ways: [WayToPay] = []
    /// The code, while the screen is there and nothing became of it.
    public private(set) var code: PayerCodeView?
    /// From when till when the picture holds.
    public private(set) var lifetime: ClosedRange<Date>?
    /// What became of the code, once a merchant took it.
    public private(set) var outcome: String?
    /// The record of the payment.
    public private(set) var record: RecordView?
    /// What went wrong last.
    public internal(set) var trouble: Trouble?
    /// Whether a call is under way.
    public internal(set) var isWorking = false
    /// The words of the screens.
    public let words: Words

    private let wallet: any WalletPort
    private let pace: Pace
    /// Counts how often the screen came and went.
    private var visit = 0

    init(_ wallet: any WalletPort, _ words: Words, _ pace: Pace) {
        (self.wallet, self.words, self.pace) = (wallet, words, pace)
    }

    /// Shows a code and follows it until the task is cancelled.
    public func show() async {
        hide()
        let visit = visit
        isWorking = true
        await attempt {
            let ways = try await wallet.ways()
            guard visit == self.visit else { return }
            self.ways = ways
            guard let usable = ways.first(where: \.usable) else {
                // Each way says why it cannot be used; what to do next stands beside the first.
                return trouble = ways.compactMap(\.reason).first.map(words.trouble)
            }
            put(try await wallet.showCode(usable.way), visit)
        }
        if visit == self.visit { isWorking = false }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.follow() }
            group.addTask { await self.lookNowAndThen() }
        }
        if visit == self.visit { hide() }
    }

    /// The screen is gone: nothing of the code is kept, and what a call still brings is not shown to anybody.
    public func hide() {
        visit += 1
        (code, lifetime, outcome, record, trouble, ways, isWorking) = (nil, nil, nil, nil, nil, [], false)
    }

    private func put(_ code: PayerCodeView?, _ visit: Int) {
        guard visit == self.visit else { return }
        self.code = code
        lifetime = code.map { code in
            let now = Date.now
            return min(now, code.drawAgainAt)...code.drawAgainAt
        }
    }

    /// Shows a new code, of this way or of another one.
    public func choose(_ way: WayToPay) async {
        guard way.usable else { return }
        let visit = visit
        await work {
            (outcome, record) = (nil, nil)
            put(nil, visit)
            put(try await wallet.showCode(way.way), visit)
        }
    }

    /// Shows another code of the first way that can be used.
    public func another() async {
        if let usable = ways.first(where: { $0.way == code?.way && $0.usable }) ?? ways.first(where: \.usable) {
            await choose(usable)
        }
    }

    /// Draws the code anew as soon as its picture is too old; a task of the screen for each picture.
    public func renew() async {
        guard let shown = code else { return }
        let visit = visit
        repeat {
            do { try await pace.until(shown.drawAgainAt) } catch { return }
            guard code == shown else { return }
            do {
                let next = try await wallet.nextPicture(shown)
                if code == shown { put(next, visit) }
            } catch {
                // A picture that is too old is taken away: no merchant would take it.
                guard code == shown, visit == self.visit else { return }
                put(nil, visit)
                trouble = words.trouble(error)
            }
        } while code == shown && !Task.isCancelled
    }

    private func follow() async {
        for await event in wallet.events {
            switch event {
            case .state(locked: true): put(nil, visit)
            case .recordArrived, .askArrived: await look()
            default: break
            }
        }
    }

    /// The service knows first what a merchant did. That it cannot be asked is no trouble: a code works without network.
    private func lookNowAndThen() async {
        while (try? await pace.between()) != nil {
            if code != nil { try? await wallet.look() }
        }
    }

    private func look() async {
        guard let shown = code else { return }
        let visit = visit
        await attempt {
            let showing = try await wallet.showing(shown)
            guard code?.showingId == shown.showingId, showing.state != .shown else { return }
            var record: RecordView?
            if let recordId = showing.recordId { record = try await wallet.record(recordId) }
            guard code?.showingId == shown.showingId else { return }
            // A code pays once: what is left of it is what became of it.
            put(nil, visit)
            (outcome, self.record) = (showing.state.words(in: words.language), record)
        }
    }
}
