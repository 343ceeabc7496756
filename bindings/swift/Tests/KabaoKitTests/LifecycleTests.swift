import Foundation
import KabaoKit
import Testing

/// Secret of a person in the text of what the app throws: it must not come back.
private let secret = "6217859001234567893"

/// Not an error that the wallet declares.
private struct Surprise: Error, CustomStringConvertible {
    let description = secret
}

/// Lends what is below until its call number `at`, which throws.
private final class Failing: SecretStore, DeviceKeys, @unchecked Sendable {
    private let lock = NSLock()
    private let at: Int
    private let thrown: any Error
    private let secrets = MemorySecrets()
    private let keys: any DeviceKeys
    private var counted = 0

    init(at: Int, _ thrown: any Error) {
        (self.at, self.thrown) = (at, thrown)
        keys = devOnlySoftwareKeys(store: secrets)
    }

    var calls: Int { lock.withLock { counted } }

    private func lend<Value>(_ work: () throws -> Value) throws -> Value {
        let number = lock.withLock {
            counted += 1
            return counted
        }
        if number == at { throw thrown }
        return try work()
    }

    func load(name: String) throws -> Data? { try lend { try secrets.load(name: name) } }
    func store(name: String, value: Data) throws { try lend { try secrets.store(name: name, value: value) } }
    func remove(name: String) throws { try lend { try secrets.remove(name: name) } }
    func make(role: KeyRole) throws -> Data { try lend { try keys.make(role: role) } }
    func publicKey(role: KeyRole) throws -> Data? { try lend { try keys.publicKey(role: role) } }
    func sign(role: KeyRole, text: Data) throws -> Data { try lend { try keys.sign(role: role, text: text) } }
}

/// Threads, lifetimes, and what crosses the boundary badly.
@Suite struct Lifecycle {
    private let folder: Folder

    init() throws { folder = try Folder() }

    private func register(_ wallet: Wallet) async throws -> OtpSentView {
        try await wallet.account.register(request: RegisterRequest(phone: "13800138000", deviceModel: "iPhone"))
    }

    private func hold(_ service: ReferenceService) async throws {
        let action: [String: Any] = ["hold_ms": 1500]
        _ = try await service.post(
            "/dev/faults", ["path_prefix": "/v1/registrations", "times": 1, "action": action])
    }

    @MainActor @Test(.timeLimit(.minutes(1))) func theMainActorStaysFreeWhileACallWaits() async throws {
        let service = try ReferenceService()
        let wallet = try await Wallet.open(service.file.settings(folder), device: device())
        try await hold(service)
        let turns = Task { @MainActor in
            var turns = 0
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(10))
                turns += 1
            }
            return turns
        }
        _ = try await register(wallet)
        turns.cancel()
        #expect(await turns.value > 30)
        try await wallet.shutDown()
    }

    @Test(.timeLimit(.minutes(1))) func whoStopsWaitingIsFreeAtOnceAndTheCallGoesOn() async throws {
        let service = try ReferenceService()
        let wallet = try await Wallet.open(service.file.settings(folder), device: device())
        try await hold(service)
        let began = ContinuousClock.now
        let waiting = Task { try await whileWanted { try await register(wallet) } }
        try await Task.sleep(for: .milliseconds(200))
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(ContinuousClock.now - began < .milliseconds(1200))
        while try await wallet.account.onboardingNext().kind != .enterOtp { try await Task.sleep(for: .milliseconds(50)) }
        try await wallet.shutDown()
    }

    @Test func whatIsNotGivenUpComesAsItIs() async throws {
        #expect(try await whileWanted { 7 } == 7)
        await #expect(throws: Surprise.self) { try await whileWanted { throw Surprise() } }
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await whileWanted { 7 }
        }
        await #expect(throws: CancellationError.self) { try await late.value }
    }

    @Test func aWalletCanBeShutDownTwiceAndOpenedAgain() async throws {
        let (settings, device) = (try ServiceFile.ofNobody().settings(folder), device())
        let wallet = try await Wallet.open(settings, device: device)
        try await wallet.shutDown()
        try await wallet.shutDown()
        #expect(try await refusal { try await wallet.account.view() }.code == "closed")
        try await Wallet.open(settings, device: device).shutDown()
    }

    @Test func textsThatNoPersonTypesAreRefusedAndDoNotEndTheProgram() async throws {
        let wallet = try await Wallet.open(ServiceFile.ofNobody().settings(folder), device: device())
        // Half of a surrogate pair becomes U+FFFD on its way into a text of Swift.
        let half = String(decoding: [0xD83D] as [UInt16], as: UTF16.self)
        #expect(try await wallet.pay.read(text: half).refusal != nil)
        #expect(try await wallet.pay.read(text: "\0").refusal != nil)
        let long = String(repeating: "好", count: 1 << 20)
        #expect(try await wallet.pay.read(text: long).refusal != nil)
        for (typed, code) in [("138\0138000", "hidden_character"), (half, "not_digits"), (long, "input_too_long")] {
            let request = RegisterRequest(phone: typed, deviceModel: "iPhone")
            #expect(try await refusal { try await wallet.account.register(request: request) }.code == code)
        }
        #expect(try await refusal { try await wallet.pay.payment(intentId: long) }.code == "bad_id")
        try await wallet.shutDown()
    }

    @Test(.timeLimit(.minutes(3))) func whateverAHostThrowsIsAFailureOfTheWalletAndLeavesNoTextBehind() async throws {
        let service = try ReferenceService()
        let kinds: [any Error] = [HostError.Unavailable, HostError.Lost, HostError.Cancelled, HostError.Failed, Surprise()]
        let sound = Failing(at: 0, Surprise())
        try await day(service, sound)
        #expect(sound.calls >= 6)
        for kind in kinds {
            for at in 1...sound.calls {
                let host = Failing(at: at, kind)
                do {
                    try await day(service, host)
                } catch let error as WalletError {
                    #expect(!"\(error.failure)".contains(secret))
                }
                #expect(host.calls >= at, "call \(at) of \(kind) did not come")
            }
        }
        #expect(!faultPlaces().contains { $0.contains(secret) })
    }

    /// Opens, asks for a code, and shuts down, on a phone of its own.
    private func day(_ service: ReferenceService, _ host: Failing) async throws {
        let phone = try Folder()
        let wallet = try await Wallet.open(service.file.settings(phone), device: Device(secrets: host, keys: host))
        let came = try await outcome { try await register(wallet) }
        try await wallet.shutDown()
        _ = try came.get()
    }

    @Test(.timeLimit(.minutes(1))) func aListenerMayAskTheWallet() async throws {
        let wallet = try await Wallet.open(ServiceFile.ofNobody().settings(folder), device: device())
        for await _ in wallet.events {
            #expect(try await wallet.account.onboardingNext().kind == .register)
            break
        }
        try await wallet.shutDown()
    }
}
