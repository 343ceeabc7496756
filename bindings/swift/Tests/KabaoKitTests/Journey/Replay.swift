import Foundation
import KabaoKit

/// Secrets in the file that the journey's phone keeps: it takes copies of it, puts old ones back, and loses it.
final class FileSecrets: SecretStore, @unchecked Sendable {
    private let lock = NSLock()
    private let file: URL

    init(_ path: String) { file = URL(fileURLWithPath: path) }

    private func read() throws -> [String: String] {
        guard FileManager.default.fileExists(atPath: file.path) else { return [:] }
        return try JSONDecoder().decode([String: String].self, from: Data(contentsOf: file))
    }

    private func write(_ names: [String: String]) throws {
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try JSONEncoder().encode(names).write(to: file, options: .atomic)
    }

    func load(name: String) throws -> Data? {
        try lock.withLock { try read()[name].flatMap { Data(base64Encoded: $0) } }
    }

    func store(name: String, value: Data) throws {
        try lock.withLock { try write(read().merging([name: value.base64EncodedString()]) { _, new in new }) }
    }

    func remove(name: String) throws {
        try lock.withLock {
            var names = try read()
            if names.removeValue(forKey: name) != nil { try write(names) }
        }
    }
}

/// The library's own keys behind a sensor that may not work.
private final class Sensor: DeviceKeys, @unchecked Sendable {
    private let keys: any DeviceKeys
    private let lock = NSLock()
    private var fault: HostError?

    init(_ keys: any DeviceKeys, _ fault: HostError?) { (self.keys, self.fault) = (keys, fault) }

    func set(_ fault: HostError?) { lock.withLock { self.fault = fault } }
    func make(role: KeyRole) throws -> Data { try keys.make(role: role) }
    func publicKey(role: KeyRole) throws -> Data? { try keys.publicKey(role: role) }

    func sign(role: KeyRole, text: Data) throws -> Data {
        if role == .approve, let fault = lock.withLock({ fault }) { throw fault }
        return try keys.sign(role: role, text: text)
    }
}

/// A phone of the journey: at most one open wallet on it, and what that told.
private final class Phone {
    private final class Heard: @unchecked Sendable {
        private let lock = NSLock()
        private var events: [WalletEvent] = []

        func add(_ event: WalletEvent) { lock.withLock { events.append(event) } }

        func take() -> [WalletEvent] {
            lock.withLock {
                defer { events = [] }
                return events
            }
        }
    }

    private let heard = Heard()
    private var sensor: Sensor?
    private var fault: HostError?
    private var open: (wallet: Wallet, language: Language, watching: Task<Void, Never>)?

    func answer(_ action: String, _ with: [String: Any]) async throws -> JSON {
        switch action {
        case "open": try await open(with)
        case "shut": try await shut()
        case "set_aside_lost":
            let files = try await Wallet.setAsideLost(settings(with), device: device(with))
            return .object(["files": shape(files.count)])
        case "approval_fault": try setFault(with["fault"] as? String)
        case "events": return .list(heard.take().map { shape($0) })
        default:
            guard let open else { throw Written("the wallet is not open") }
            let arguments = Arguments(with)
            let gave = try await Calls(wallet: open.wallet, language: open.language).make(action, arguments)
            try arguments.end()
            return shape(gave)
        }
        return .object([:])
    }

    private func open(_ with: [String: Any]) async throws {
        let wallet = try await Wallet.open(settings(with), device: device(with))
        let (events, heard) = (wallet.events, heard)
        let watching = Task { for await event in events { heard.add(event) } }
        open = (wallet, Language(tag: try text(with, "language")), watching)
    }

    func shut() async throws {
        guard let (wallet, _, watching) = open else { return }
        open = nil
        watching.cancel()
        try await wallet.shutDown()
    }

    private func settings(_ with: [String: Any]) throws -> WalletSettings {
        guard let service = with["service"] as? [String: Any] else { throw Written("no service") }
        let build = try (with["build"] as? [String: Any]).map {
            BuildIdentity(package: try text($0, "package"), signingDigest: try text($0, "signing_digest"), channel: try text($0, "channel"))
        }
        return WalletSettings(
            folder: try text(with, "folder"),
            service: ServiceSettings(
                url: try text(service, "url"), tlsCaPem: try text(service, "tls_ca_pem"),
                spkiPins: service["spki_pins"] as? [String] ?? [], rootKey: try text(service, "root_key"),
                guid: try text(service, "guid"), linkHost: service["link_host"] as? String),
            language: try text(with, "language"), build: build)
    }

    private func device(_ with: [String: Any]) throws -> Device {
        let secrets = FileSecrets(try text(with, "store"))
        let keys = Sensor(devOnlySoftwareKeys(store: secrets), fault)
        sensor = keys
        return Device(secrets: secrets, keys: keys)
    }

    private func setFault(_ name: String?) throws {
        let faults: [String: HostError] = ["cancelled": .Cancelled, "blocked": .Unavailable, "fault": .Failed]
        fault = name.flatMap { faults[$0] }
        if let name, fault == nil { throw Written("no sensor fails like \(name)") }
        sensor?.set(fault)
    }
}

private func text(_ object: [String: Any], _ name: String) throws -> String {
    guard let text = object[name] as? String else { throw Written("no text named \(name)") }
    return text
}

/// A program and the lines that it says.
private struct Program {
    let process = Process()
    let input = Pipe()
    let lines: AsyncStream<String>
    let log: URL

    init(_ arguments: [String], log: URL) throws {
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: kabao)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: log)
        self.log = log
        let (lines, tell) = AsyncStream<String>.makeStream()
        self.lines = lines
        try process.run()
        let reading = output.fileHandleForReading
        // Reading waits: it has a thread of its own, so that no thread of the tasks stands still.
        Thread.detachNewThread {
            var held = Data()
            while case let more = reading.availableData, !more.isEmpty {
                held.append(more)
                while let end = held.firstIndex(of: UInt8(ascii: "\n")) {
                    tell.yield(String(decoding: held[held.startIndex..<end], as: UTF8.self))
                    held = Data(held[(end + 1)...])
                }
            }
            tell.finish()
        }
    }

    /// Throws what the program complained of when it did not end well.
    func end() throws {
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ReferenceService.Trouble(description: (try? String(contentsOf: log, encoding: .utf8)) ?? "")
        }
    }
}

/// Replays a journey with wallets of this package, and gives its transcript. The program `kabao` reads the journey, plays
/// the world around the wallets and compares; each call comes here as a line and is made through the public API.
func replay(_ journey: URL, in folder: URL) async throws -> String {
    let transcript = folder.appendingPathComponent("transcript")
    let arguments = ["journey", "--wallets-on-stdio", "--transcript", transcript.path, journey.path]
    let program = try Program(arguments, log: folder.appendingPathComponent("log"))
    var phones: [String: Phone] = [:]
    for await line in program.lines {
        let asked = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
        let name = try text(asked, "phone")
        let phone = phones[name] ?? Phone()
        phones[name] = phone
        var answer = try JSONEncoder().encode(await answered(phone, asked))
        answer.append(UInt8(ascii: "\n"))
        try program.input.fileHandleForWriting.write(contentsOf: answer)
    }
    for phone in phones.values { try? await phone.shut() }
    try program.end()
    return try String(contentsOf: transcript, encoding: .utf8)
}

private func answered(_ phone: Phone, _ asked: [String: Any]) async throws -> JSON {
    do {
        let with = asked["with"] as? [String: Any] ?? [:]
        return .object(["gives": try await phone.answer(text(asked, "do"), with)])
    } catch let error as WalletError {
        let said = error.failure.explained(in: Language(tag: try text(asked, "language")))
        guard case .object(var failure) = shape(error.failure) else { throw Written("no failure") }
        failure["text"] = .text(said.text)
        failure["next"] = .text(said.next)
        return .object(["fails": .object(failure)])
    } catch let error as Written {
        return .object(["says": .text(error.text)])
    }
}

/// What the program's own wallet makes of the same journey.
func replayByProgram(_ journey: URL, in folder: URL) async throws -> String {
    let transcript = folder.appendingPathComponent("own-transcript")
    let arguments = ["journey", "--quiet", "--transcript", transcript.path, journey.path]
    let program = try Program(arguments, log: folder.appendingPathComponent("own-log"))
    for await _ in program.lines {}
    try program.end()
    return try String(contentsOf: transcript, encoding: .utf8)
}
