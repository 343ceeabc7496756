import Foundation
import KabaoKit
import KabaoModel
import KabaoScreens
import SwiftUI
import Testing

/// Every screen in both languages, in the dark and with large letters. With `KABAO_PICTURES` a page of each is written
/// there, to be looked at. Without, the same screens are read: nothing may be mute, and nothing in the wrong language.
@MainActor @Suite struct PictureTests {
    private struct Look {
        let name: String
        let language: Language
        let colours: ColorScheme
        let size: DynamicTypeSize
    }

    @Test func everyScreenIsDrawnAndNothingOnItIsMute() async throws {
        let looks = [
            Look(name: "zh", language: .zhCn, colours: .light, size: .large),
            Look(name: "en", language: .en, colours: .light, size: .large),
            Look(name: "dark", language: .zhCn, colours: .dark, size: .large),
            Look(name: "large", language: .zhCn, colours: .light, size: .accessibility2),
        ]
        for look in looks {
            let drawn = try await draw(look)
            #expect(drawn.count == 9)
            guard let folder = ProcessInfo.processInfo.environment["KABAO_PICTURES"] else { continue }
            let page = URL(fileURLWithPath: folder).appendingPathComponent("ios-\(look.name).html")
            try TestScreen.page(drawn).write(to: page, atomically: true, encoding: .utf8)
        }
    }

    private func draw(_ look: Look) async throws -> [(name: String, html: String)] {
        let (words, wallet) = (Words(look.language), FakeWallet())
        wallet.bound = [fakeCard()]
        wallet.onRead = { _ in fakeScan() }
        wallet.channels.append(
            WayToPay(way: "alipay", text: "支付宝", usable: false, reason: fakeFailure("channel_unusable", .certain, .otherWayToPay)))
        wallet.questions = [AskView(askId: "k1", payeeName: "水果店", order: nil, amount: yuan(10_850), expiresAt: .distantFuture)]
        wallet.pages = [HistoryPage(open: [fakeItem(9_999, "unknown")], items: (101..<106).map { fakeItem($0 * 7) }, next: nil)]
        wallet.records["r707"] = fakeRecord(fakeItem(707))
        wallet.receipts["r707"] = fakeReceipt(verified: true)
        var values = EnvironmentValues()
        (values.colorScheme, values.dynamicTypeSize) = (look.colours, look.size)
        let host = TestScreen(RootScreen(WalletModel(wallet, language: look.language, pace: .never)), values)
        var drawn: [(name: String, html: String)] = []
        func keep(_ name: String) {
            host.refresh()
            for stop in host.top.stops {
                #expect(!stop.spoken.isEmpty && !stop.spoken.contains("⟦"), "\(look.name) \(name): \(stop.role) is mute")
            }
            drawn.append((name, host.html()))
        }

        try await host.until("home") { host.find(.link).count == 2 && host.reads(words(.asks)) }
        wallet.tell(.notice(title: words(.result), body: words(.askLine, ["payee": "水果店", "amount": "¥108.50"]), recordId: nil))
        try await host.until("the notice") { !host.find(.button, words(.dismiss)).isEmpty }
        keep("home")
        try host.type("KB", into: words(.scanField))
        try host.tap(words(.goOn))
        try await host.until("the amount") { !host.find(.field, words(.amountField)).isEmpty }
        try host.type("15.80", into: words(.amountField))
        keep("amount")
        try host.tap(words(.goOn))
        try await host.until("agree") { !host.find(.secureField).isEmpty }
        try host.type("480273", into: words(.pin), .secureField)
        keep("confirm")
        #expect(!drawn[2].html.contains("480273"))
        let failure = fakeFailure("net_timeout", .unknown, .doNotPayAgain)
        wallet.onConfirm = { _ in fakePayment(.unknown, failure) }
        try host.tap(words(.payWithPin))
        try await host.until(reads: words.trouble(failure).text)
        keep("being checked")
        wallet.onPayment = { _ in fakePayment(.succeeded) }
        wallet.tell(.paymentChanged(intentId: "i1"))
        try await host.until(reads: "state succeeded")
        keep("paid")
        try host.tap(words(.done))
        try host.tap(words(.showCode), .link)
        try await host.until("the code") { host.find(.picture).count == 2 }
        keep("payer code")
        try host.tap("Back", .back)
        try host.tap(words(.history), .link)
        try await host.until(reads: "Shop 707")
        keep("history")
        host.find(.button).first { $0.spoken.hasPrefix("Shop 707") }?.press()
        try await host.until(reads: words(.verified))
        keep("record")
        wallet.lock()
        try await host.until(reads: words(.locked))
        keep("locked")
        host.close()
        return drawn
    }
}
