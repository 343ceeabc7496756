import Foundation
import KabaoKit
import Testing

/// What a wallet says and refuses before anybody answers it.
@Suite struct FirstSteps {
    private let folder: Folder
    private let settings: WalletSettings

    init() throws {
        folder = try Folder()
        settings = try ServiceFile.ofNobody().settings(folder)
    }

    private func withWallet(_ device: Device = device(), _ work: (Wallet) async throws -> Void) async throws {
        let wallet = try await Wallet.open(settings, device: device)
        try await work(wallet)
        try await wallet.shutDown()
    }

    @Test func aNewWalletAsksForTheTelephoneNumber() async throws {
        try await withWallet { wallet in
            let step = try await wallet.account.onboardingNext()
            #expect(step.kind == .register)
            #expect(!step.canSkip)
            let words = ["zh-Hans-CN", "en-GB"].map { step.words(in: Language(tag: $0)) }
            #expect(words[0] != words[1])
            #expect(words.allSatisfy { !$0.title.isEmpty && !$0.why.isEmpty })
        }
    }

    @Test func whatIsTypedWronglyIsRefusedWithItsFieldAndWhatToDo() async throws {
        try await withWallet { wallet in
            let cases = [
                ("", "empty_input"), ("１３８", "phone_invalid"), ("138\u{200b}00138000", "hidden_character"),
                ("\u{202e}13800138000", "hidden_character"), ("one three eight", "not_digits"),
                (String(repeating: "1", count: 1 << 20), "input_too_long"),
            ]
            for (typed, code) in cases {
                let failure = try await refusal {
                    try await wallet.account.register(request: RegisterRequest(phone: typed, deviceModel: "iPhone"))
                }
                #expect(failure.code == code)
                #expect(failure.field == "phone")
                #expect(failure.certainty == .certain)
                #expect(failure.remedy == .correctInput)
                #expect(failure.actor == .person)
            }
            #expect(try await refusal { try await wallet.account.enterOtp(code: "123456") }.code == "wrong_step")
            #expect(try await refusal { try await wallet.history.detail(recordId: "x") }.code == "bad_id")
            #expect(try await refusal { try await wallet.history.month(month: 202_613) }.field == "month")
        }
    }

    @Test func withoutANetworkACallSaysSoAndNothingIsLost() async throws {
        try await withWallet { wallet in
            let failure = try await refusal {
                let request = RegisterRequest(phone: "１３８ 0013-8000", deviceModel: "iPhone")
                return try await wallet.account.register(request: request)
            }
            #expect(failure.remedy == .checkNetwork)
            #expect(failure.certainty == .certain)
            #expect(Language.allCases.map(failure.explained).allSatisfy { !$0.text.isEmpty && !$0.next.isEmpty })
            // Nothing begins before the operator has shown who it is.
            #expect(try await wallet.account.onboardingNext().kind == .register)
        }
    }

    @Test func aSecondOpenerIsToldThatTheWalletIsInUse() async throws {
        try await withWallet { _ in
            let failure = try await refusal { try await Wallet.open(settings, device: device()) }
            #expect(failure.code == "in_use")
            #expect(failure.remedy == .closeOther)
        }
    }

    @Test func filesWithoutTheirKeyAreKeptAndSetAsideOnDemand() async throws {
        try await withWallet { _ in }
        let bare = device()
        let failure = try await refusal { try await Wallet.open(settings, device: bare) }
        #expect(failure.code == "key_lost")
        #expect(failure.remedy == .replaceDevice)
        let moved = try await Wallet.setAsideLost(settings, device: bare)
        #expect(moved.contains { $0.contains("ledger") })
        try await withWallet { wallet in
            let step = try await wallet.account.onboardingNext()
            #expect(step.kind == .register)
        }
    }

    @Test(.timeLimit(.minutes(1))) func aLockedWalletShowsNothingAndItsEventsSaySo() async throws {
        try await withWallet { wallet in
            var seen = wallet.events.makeAsyncIterator()
            #expect(await seen.next() == .state(locked: false))
            try await wallet.lock()
            #expect(await seen.next() == .state(locked: true))
            #expect(wallet.isLocked)
            let failure = try await refusal { try await wallet.account.onboardingNext() }
            #expect(failure.code == "locked")
            #expect(failure.remedy == .unlock)
            try await wallet.unlock()
            #expect(try await wallet.account.onboardingNext().kind == .register)
        }
    }

    @Test func aWalletThatWasShutDownSaysClosed() async throws {
        try await withWallet { wallet in
            try await wallet.shutDown()
            #expect(try await refusal { try await wallet.account.onboardingNext() }.code == "closed")
        }
    }

    @Test func aKeyStoreThatThrowsIsAFailureAndNotTheEnd() async throws {
        let failure = try await refusal { try await Wallet.open(settings, device: device(BrokenSecrets())) }
        #expect(failure.code == "key_store_unavailable")
        #expect(!"\(failure)".contains("6217"))
        try await withWallet { _ in }
    }

    @Test func settingsThatCannotBeUsedAreNamed() async throws {
        let nobody = try ServiceFile.ofNobody()
        let plain = nobody.settings(folder, url: "http://localhost:9")
        #expect(try await refusal { try await Wallet.open(plain, device: device()) }.field == "service")
        let keyless = nobody.settings(folder, rootKey: "AA")
        #expect(try await refusal { try await Wallet.open(keyless, device: device()) }.field == "root_key")
    }

    @Test func whatCarriesASecretDoesNotPrintIt() {
        let pin = PaymentProof.pin(pin: "271828")
        let confirm = ConfirmRequest(quoteId: "q", totalMinor: 1, source: "balance", proof: pin, again: false)
        let bind = BindRequest(cardNumber: "6217859001234567893", name: "张三", phone: "13800138000")
        let verify = VerifyRequest(name: "张三", idNumber: "110105199003072012", livenessToken: "token")
        let printed = "\(pin) \(confirm) \(bind) \(verify)"
        for secret in ["271828", "621785", "110105", "13800138000"] { #expect(!printed.contains(secret)) }
    }
}

private final class BrokenSecrets: SecretStore {
    struct Broken: Error, CustomStringConvertible {
        let description = "6217859001234567893"
    }

    func load(name: String) throws -> Data? { throw Broken() }
    func store(name: String, value: Data) throws { throw Broken() }
    func remove(name: String) throws { throw Broken() }
}
