import Foundation
import KabaoKit
import KabaoModel
import KabaoScreens
import SwiftUI
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

private let phone = "13912340278"
private let name = "李小满"
private let idNumber = "110105199207150043"
private let card = "6217001234567802"
private let pin = "480273"

/// The first day of `tests/journeys/first-day.json` through the screens, with the real core and the reference service.
/// The set-up has no screens yet: its calls are made here, and the screen says at each step what comes next.
@MainActor @Suite struct DayTests {
    let service: ReferenceService
    let folder: Folder
    let secrets = MemorySecrets()

    init() throws { (service, folder) = (try ReferenceService(), try Folder()) }

    private func open() async throws -> (wallet: Wallet, host: TestScreen) {
        let wallet = try await Wallet.open(service.file.settings(folder), device: device(secrets))
        let pace = Pace(until: { try await Task.sleep(for: .seconds(max($0.timeIntervalSinceNow, 0.2))) }, between: { try await Task.sleep(for: .milliseconds(200)) })
        let host = TestScreen(RootScreen(WalletModel(wallet, language: .zhCn, pace: pace)))
        try await host.until("open") { !host.find(.title).isEmpty }
        return (wallet, host)
    }

    private func home(_ host: TestScreen) async throws {
        if !host.find(.back).isEmpty { try host.tap("Back", .back) }
        try await host.until("home") { host.find(.title, "卡包").count == 1 && !host.find(.link).isEmpty }
    }

    @Test(.timeLimit(.minutes(3))) func theFirstDayThroughTheScreens() async throws {
        let (wallet, host) = try await open()
        try await host.until(reads: "用手机号开通")
        try await setUp(wallet, host)
        try await topUp(host)
        try await breakfast(host)
        try await noodles(host)
        try await fruit(host)
        let list = try await readTheList(host)
        try await lift(wallet, host, list)
        host.close()
        try await wallet.shutDown()
    }

    private func setUp(_ wallet: Wallet, _ host: TestScreen) async throws {
        _ = try await wallet.account.register(request: RegisterRequest(phone: phone, deviceModel: "iPhone 20"))
        try await shows(host, wallet)
        _ = try await wallet.account.enterOtp(code: service.code(for: phone, from: "kabao"))
        _ = try await wallet.account.choosePin(pin: pin)
        try await shows(host, wallet)
        let sheet = try await wallet.account.makeRecoverySheet()
        _ = try await wallet.account.confirmRecoverySheet(typed: sheet.code)
        try await wallet.identity.consent(version: wallet.identity.consentText().version)
        for document in ["terms", "privacy", "face", "card_binding"] {
            _ = try await wallet.data.giveConsent(document: document, version: wallet.data.consentText(document: document).version)
        }
        let token = try #require(try await service.ask("/dev/liveness", ["channels": 5])["token"] as? String)
        _ = try await wallet.identity.verify(request: VerifyRequest(name: name, idNumber: idNumber, livenessToken: token))
        try await shows(host, wallet)
        #expect(host.find(.button, "充值").isEmpty)
        _ = try await service.ask(
            "/dev/bank/cards", ["pan": card, "name": name, "id_number": idNumber, "phone": phone, "balance_fen": 500_000, "bank": "建设银行"])
        let binding = try await wallet.cards.bind(request: BindRequest(cardNumber: card, name: name, phone: phone))
        _ = try await wallet.cards.confirm(bindingId: binding.bindingId, code: service.code(for: phone, from: "bank"))
        try await host.pull()
        try await host.until("a card to top up from") { host.find(.button, "充值").count == 1 }
        #expect(host.reads("¥0.00") && host.reads("139****0278") && !host.reads(phone))
        #expect(!host.reads(zh(.nextStep)))
    }

    /// The next step stands on the screen, as soon as the person pulls it.
    private func shows(_ host: TestScreen, _ wallet: Wallet) async throws {
        try await host.pull()
        let step = try await wallet.account.onboardingNext().words(in: .zhCn)
        try await host.until(reads: step.title)
        #expect(host.reads(step.why))
    }

    private func fault(_ action: String) async throws {
        _ = try await service.ask("/dev/faults", ["path_prefix": "/v1/payments", "method": "PUT", "times": 1, "action": action])
    }

    /// 200 yuan, cut in the middle: the screen says that it is being checked, and then that it arrived.
    private func topUp(_ host: TestScreen) async throws {
        try host.tap("充值")
        try await host.until("the amount") { !host.find(.field).isEmpty }
        try host.type("200.005", into: zh(.amountField))
        try host.tap("继续")
        try await host.until(reads: zh.trouble(fakeFailure("amount_decimals")).next)
        try host.type("２００．００", into: zh(.amountField))
        try host.tap("继续")
        try await host.until("agree") { !host.find(.secureField).isEmpty }
        #expect(host.find(nil, "合计, 二百元").count == 1)
        #expect(host.reads("建设银行（尾号 7802）"))
        try await fault("drop_after")
        try host.type(pin, into: zh(.pin), .secureField)
        try host.tap(zh(.payWithPin))
        try await host.until("confirmed") { host.reads("结果待确认") || host.reads("付款成功") }
        if host.reads("结果待确认") { #expect(host.reads("请不要重复付款")) }
        #expect(host.find(.button).map(\.spoken) == ["完成"])
        try await host.until("the signed result", seconds: 40) { host.reads("付款成功") && !host.reads("请不要重复付款") }
        try host.tap("完成")
        try await home(host)
        try await host.pull()
        try await host.until(reads: "¥200.00")
        #expect(host.find(nil).contains { $0.spoken.hasPrefix("余额 二百元") })
    }

    /// The payer code without network; the till charges, and the phone learns of it later.
    private func breakfast(_ host: TestScreen) async throws {
        _ = try await service.ask("/dev/faults", ["path_prefix": "/v1", "action": "drop_before"])
        try host.tap("付款码", .link)
        try await host.until("the code") { host.find(.picture).count == 2 }
        let digits = try #require(host.texts.first { $0.count == 29 && $0.hasPrefix("97") }).replacingOccurrences(of: " ", with: "")
        #expect(digits.count == 24 && host.reads("¥100.00"))
        #expect(host.find(.text, zh(.codeDigits)).first?.value?.replacingOccurrences(of: " ", with: "") == digits)
        let till = try await service.ask("/dev/till/charge", ["code": digits, "amount_fen": 2350, "subject": "豆浆油条"])
        #expect(till["code"] as? String == "BBS00000")
        try await Task.sleep(for: .milliseconds(500))
        #expect(host.find(.picture).count == 2)
        try await service.clearFaults()
        try await host.until("what became of it", seconds: 30) { host.find(.picture).isEmpty && host.reads("-¥23.50") }
        try await home(host)
        try await host.until("the notice") { host.reads("23.50") }
        try host.tap("知道了")
    }

    /// The merchant's printed code; the finger this time.
    private func noodles(_ host: TestScreen) async throws {
        let merchant = try await service.ask("/dev/merchants", ["name": "老王早餐铺"])
        let printed = try #require(merchant["collection_code_text"] as? String)
        try host.type(printed, into: zh(.scanField))
        try host.tap("继续")
        try await host.until("the amount") { host.find(.title).first?.text == "老王早餐铺" }
        try host.type("15.80", into: zh(.amountField))
        try host.tap("继续")
        try await host.until("agree") { !host.find(.secureField).isEmpty }
        try host.tap(zh(.payWithFace))
        try await host.until("paid", seconds: 30) { host.find(.button).map(\.spoken) == ["完成"] && !host.reads("请不要重复付款") }
        #expect(host.reads("老王早餐铺") && host.reads("¥15.80"))
        try host.tap("完成")
        try await home(host)
    }

    /// Above the cap: the merchant asks, and the person decides.
    private func fruit(_ host: TestScreen) async throws {
        try host.tap("付款码", .link)
        try await host.until("the code") { host.find(.picture).count == 2 }
        let digits = try #require(host.texts.first { $0.count == 29 && $0.hasPrefix("97") }).replacingOccurrences(of: " ", with: "")
        let till = try await service.ask("/dev/till/charge", ["code": digits, "amount_fen": 10_800, "subject": "水果礼盒"])
        #expect(till["code"] as? String == "BBS10000")
        try await host.until("the merchant asks", seconds: 30) { host.find(.picture).isEmpty }
        #expect(host.reads(MerchantState.needsYou.words(in: .zhCn)))
        try await home(host)
        try await host.until("the question") { host.find(.header, "等待你的确认").count == 1 && host.reads("¥108.00") }
        try host.tap("查看")
        try await host.until("agree") { !host.find(.secureField).isEmpty }
        #expect(host.find(nil, "合计, 一百零八元").count == 1)
        try host.type(pin, into: zh(.pin), .secureField)
        try host.tap(zh(.payWithPin))
        try await host.until("paid", seconds: 30) { host.find(.button).map(\.spoken) == ["完成"] && !host.reads("请不要重复付款") }
        try host.tap("完成")
        try await home(host)
        try await host.pull()
        try await host.until("nobody asks") { host.find(.button, "查看").isEmpty && host.reads("¥52.70") }
    }

    private func rows(_ host: TestScreen) -> [String] { host.texts.filter { $0.contains("¥") } }

    private func readTheList(_ host: TestScreen) async throws -> [String] {
        try host.tap("账单", .link)
        try await host.until("four records") { host.find(.button).count == 4 }
        #expect(rows(host) == ["¥147.30", "¥200.00", "-¥108.00", "-¥15.80", "-¥23.50", "¥200.00"])
        host.find(.button)[2].press()
        try await host.until(reads: zh(.verified))
        #expect(host.find(nil, "金额, 负二十三元五角").count >= 1 || host.reads("-¥23.50"))
        #expect(host.reads("拉卡拉"))
        try host.tap("返回")
        let ledger = try await service.ask("/dev/ledger")
        #expect(ledger["sum"] as? Int == 0)
        #expect((ledger["executions"] as? [ReferenceService.Object])?.compactMap { $0["count"] as? Int } == [1, 1, 1, 1])
        return rows(host)
    }

    /// No signal: everything is there, and pulling says why there is nothing newer. Locked, nothing is.
    private func lift(_ wallet: Wallet, _ host: TestScreen, _ list: [String]) async throws {
        service.stop()
        try await host.pull()
        #expect(host.reads(zh.trouble(fakeFailure("net_down")).next) && list.allSatisfy { host.reads($0) })
        try await wallet.lock()
        try await host.until(reads: "卡包已锁定")
        #expect(!host.reads("¥"))
        try host.tap("解锁")
        try await host.until("the same list") { host.find(.button).count == 4 && rows(host) == list }
        host.find(.button)[0].press()
        try await host.until(reads: zh(.verified))
    }
}

/// What the service's console answered.
struct Answer: @unchecked Sendable {
    let object: ReferenceService.Object
    subscript(name: String) -> Any? { object[name] }
}

extension ReferenceService {
    func ask(_ path: String, _ body: sending Object? = nil) async throws -> Answer {
        guard let body else { return Answer(object: try await get(path)) }
        return Answer(object: try await post(path, body))
    }

    /// From now on every request is answered as it should be.
    func clearFaults() async throws {
        guard let url = URL(string: file.devUrl + "/dev/faults") else { return }
        var request = URLRequest(url: url)
        request.httpMethod = "DELETE"
        _ = try await URLSession.shared.data(for: request)
    }
}
