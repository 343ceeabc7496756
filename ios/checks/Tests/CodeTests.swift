import KabaoKit
import KabaoModel
import SwiftUI
import Testing

@MainActor @Suite struct CodeTests {
    let wallet = FakeWallet()

    private func shown(_ pace: Pace = .never, _ language: Language = .en) async throws -> TestScreen {
        let host = try await screens(wallet, language, pace: pace)
        try await host.until("home") { !host.find(.link).isEmpty }
        try host.tap(Words(language)(.showCode), .link)
        return host
    }

    @Test func bothPicturesTheDigitsTheTimeLeftAndTheBounds() async throws {
        let host = try await shown()
        try await host.until(reads: "9700 0000 1")
        let pictures = host.find(.picture)
        #expect(pictures.map(\.spoken) == [en(.codeBars), en(.codePicture)])
        #expect(pictures[1].path?.rects.count == 5)
        #expect(pictures[0].path?.rects.count == 3)
        #expect(pictures.allSatisfy { $0.isPrivate })
        #expect(host.texts.contains { $0 == "0:42" || $0 == "0:41" })
        #expect(host.find(.text, "The merchant may take up to 10000 fen; above that you are asked").count == 1)
        #expect(host.reads("9 more times") && !host.reads(en(.clockDoubt)))
    }

    @Test func aPictureIsDrawnAnewInTimeAndTakenAwayWhenItCannotBe() async throws {
        let bell = Bell()
        let host = try await shown(Pace(until: { _ in try await bell.wait() }, between: { try await Task.sleep(for: .seconds(3600)) }))
        try await host.until(reads: "9700 0000 1")
        wallet.onPicture = { _ in fakeCode(77, until: .now + 60, trusted: false) }
        bell.go()
        try await host.until(reads: "9700 0000 77")
        #expect(host.reads(en(.clockDoubt)))
        // As early as that the picture is still the same: it is asked for again.
        var asked = 0
        wallet.onPicture = { same in asked += 1; return asked == 1 ? same : fakeCode(78, until: .now + 120) }
        bell.go()
        try await host.until("asked") { asked == 1 }
        bell.go()
        try await host.until(reads: "9700 0000 78")
        wallet.onPicture = { _ in throw WalletError.Failed(failure: fakeFailure("no_payer_codes")) }
        bell.go()
        try await host.until(reads: en.trouble(fakeFailure("no_payer_codes")).next)
        #expect(!host.reads("9700") && host.find(.picture).isEmpty)
        try host.tap("Show another code")
        try await host.until(reads: "9700 0000 2")
    }

    @Test func inTheAppSwitcherTheCodeIsCovered() async throws {
        let host = try await shown()
        try await host.until(reads: "9700 0000 1")
        for phase in [ScenePhase.inactive, .background] {
            host.values.scenePhase = phase
            #expect(host.reads(en(.codeCovered)) && !host.reads("9700") && host.find(.picture).isEmpty)
        }
        host.values.scenePhase = .active
        #expect(host.reads("9700 0000 1") && wallet.shown == 1)
    }

    @Test func whoLeavesTheScreenLeavesNoCodeBehind() async throws {
        let host = try await shown()
        try await host.until(reads: "9700 0000 1")
        try host.tap("Back", .back)
        try await host.until("home") { !host.find(.link).isEmpty }
        try host.tap("Payer code", .link)
        #expect(!host.reads("9700 0000 1"))
        try await host.until(reads: "9700 0000 2")
    }

    @Test func aCodePaysOnceAndSaysWhatBecameOfIt() async throws {
        let bell = Bell()
        let pace = Pace(until: { _ in try await Task.sleep(for: .seconds(3600)) }, between: { try await bell.wait() })
        let host = try await shown(pace)
        try await host.until(reads: "9700 0000 1")
        wallet.offline = fakeFailure("net_down")
        bell.go()
        try await host.until("the service is asked") { wallet.looks == 1 }
        #expect(!host.reads(en.trouble(fakeFailure("net_down")).text))
        wallet.tell(.recordArrived(recordId: "r7"))
        try await Task.sleep(for: .milliseconds(30))
        #expect(host.reads("9700 0000 1"))
        wallet.records["r7"] = fakeRecord(fakeItem(7))
        wallet.became = ShowingView(state: .paid, recordId: "r7")
        wallet.tell(.recordArrived(recordId: "r7"))
        try await host.until(reads: "Shop 7")
        #expect(host.reads(MerchantState.paid.words(in: .en)) && !host.reads("9700"))
    }

    @Test func aWayThatCannotBeUsedSaysWhy() async throws {
        let why = fakeFailure("channel_unusable", .certain, .otherWayToPay)
        wallet.channels = [
            WayToPay(way: "alipay", text: "支付宝", usable: false, reason: why),
            WayToPay(way: "lakala", text: "拉卡拉", usable: true, reason: nil),
            WayToPay(way: "unionpay", text: "银联", usable: true, reason: nil),
        ]
        let host = try await shown(.never, .zhCn)
        try await host.until(reads: "9700 0000 1")
        #expect(host.find(.button, "拉卡拉").first?.traits.contains(.isSelected) == true)
        #expect(throws: NotOnScreen.self) { try host.tap("支付宝, 不可用：\(zh.trouble(why).text)") }
        try host.tap("银联")
        try await host.until(reads: "9700 0000 2")
        #expect(host.find(.button, "银联").first?.traits.contains(.isSelected) == true)
        wallet.channels = [wallet.channels[0]]
        try host.tap("Back", .back)
        try await host.until("home") { !host.find(.link).isEmpty }
        try host.tap("付款码", .link)
        try await host.until(reads: zh.trouble(why).next)
        #expect(wallet.shown == 2)
    }

    @Test func lockingTakesTheCodeAway() async throws {
        let host = try await shown()
        try await host.until(reads: "9700 0000 1")
        wallet.lock()
        try await host.until(reads: "Kabao is locked")
        #expect(!host.reads("9700"))
    }

    @Test func whatComesAfterThePersonLeftIsShownToNobody() async throws {
        let bell = Bell()
        let model = WalletModel(wallet, language: .en, pace: .never).code
        wallet.onShow = { try await bell.wait() }
        let first = Task { await model.show() }
        while wallet.asked < 1 { await Task.yield() }
        model.hide()
        first.cancel()
        let second = Task { await model.show() }
        while wallet.asked < 2 { await Task.yield() }
        bell.go()
        bell.go()
        while model.code == nil { try await Task.sleep(for: .milliseconds(1)) }
        await first.value
        #expect(model.code?.showingId == "s2" && !model.isWorking)
        second.cancel()
        await second.value
        #expect(model.code == nil)
    }
}
