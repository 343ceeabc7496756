import Foundation
import KabaoKit
import KabaoModel
import KabaoScreens
import SwiftUI

/// The screens over a fake wallet, once the wallet said that it is open.
@MainActor func screens(_ wallet: FakeWallet, _ language: Language = .en, pace: Pace = .never) async throws -> TestScreen {
    let host = TestScreen(RootScreen(WalletModel(wallet, language: language, pace: pace)))
    try await host.until("open") { !host.find(.title).isEmpty }
    return host
}

extension Pace {
    /// Nothing comes by itself.
    static var never: Pace {
        Pace(until: { _ in try await Task.sleep(for: .seconds(3600)) }, between: { try await Task.sleep(for: .seconds(3600)) })
    }
}

/// Holds who waits until a test lets one go.
final class Bell: @unchecked Sendable {
    private let lock = NSLock()
    private var rung = 0
    func go() { lock.withLock { rung += 1 } }
    func wait() async throws {
        while !lock.withLock({ rung > 0 ? { rung -= 1; return true }() : false }) { try await Task.sleep(for: .milliseconds(1)) }
    }
}

extension TestScreen {
    /// Opens the payment of a scanned code and types the amount.
    @MainActor func scan(_ text: String = "code") async throws {
        try type(text, into: Words(.en)(.scanField))
        try tap("Continue")
        try await until("the payment") { top.role == .sheet }
    }
}

let en = Words(.en)
let zh = Words(.zhCn)
