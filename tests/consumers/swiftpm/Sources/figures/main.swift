import Foundation
import KabaoKit

// What a call costs from Swift, and whether opening and closing leaves memory behind. `figures.py` runs it.

final class Kept: SecretStore, @unchecked Sendable {
    private let lock = NSLock()
    private var kept: [String: Data] = [:]

    init(_ file: String?) throws {
        guard let file else { return }
        for line in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n") {
            let parts = line.split(separator: " ")
            let hex = Array(parts[1])
            let bytes = stride(from: 0, to: hex.count, by: 2).compactMap { UInt8(String(hex[$0..<$0 + 2]), radix: 16) }
            kept[String(parts[0])] = Data(bytes)
        }
    }

    func load(name: String) throws -> Data? { lock.withLock { kept[name] } }
    func store(name: String, value: Data) throws { lock.withLock { kept[name] = value } }
    func remove(name: String) throws { lock.withLock { kept[name] = nil } }
}

func median(_ name: String, _ count: Int, _ call: () async throws -> Void) async throws {
    var took: [Int64] = []
    for round in 0..<count + count / 10 {
        let began = DispatchTime.now().uptimeNanoseconds
        try await call()
        if round >= count / 10 { took.append(Int64(DispatchTime.now().uptimeNanoseconds - began)) }
    }
    took.sort()
    print("\(name) \(took[count / 2])")
}

func settings(_ folder: String, _ given: ArraySlice<String>) -> WalletSettings {
    let given = Array(given)
    let service = ServiceSettings(
        url: given[0], tlsCaPem: given[1], spkiPins: [given[2]], rootKey: given[3], guid: given[4], linkHost: nil)
    return WalletSettings(folder: folder, service: service, language: "zh-CN")
}

func resident() throws -> String {
    let lines = try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n")
    return (lines.first { $0.hasPrefix("VmRSS") } ?? "").filter(\.isNumber)
}

func calls(_ given: [String]) async throws {
    let secrets = try Kept(given[3])
    let device = Device(secrets: secrets, keys: devOnlySoftwareKeys(store: secrets))
    let (wallet, showing) = (try await Wallet.open(settings(given[2], given[5...]), device: device), given[4])
    print("records \(try await wallet.history.list(cursor: nil).items.count)")
    try await median("no_op_at_once", 20_000) { _ = wallet.isLocked }
    try await median("no_op", 5_000) { try await wallet.unlock() }
    try await median("page_of_50", 1_000) { _ = try await wallet.history.list(cursor: nil) }
    try await median("payer_code", 1_000) { _ = try await wallet.pay.nextPicture(showingId: showing, way: "lakala") }
    try await median("error", 2_000) { _ = try? await wallet.pay.payment(intentId: "x") }
    try await wallet.shutDown()
}

func cycles(_ given: [String]) async throws {
    let secrets = try Kept(nil)
    let device = Device(secrets: secrets, keys: devOnlySoftwareKeys(store: secrets))
    for round in 1...(Int(given[4]) ?? 1) {
        try await Wallet.open(settings(given[2], given[5...]), device: device).shutDown()
        if "\(round)" == given[3] || "\(round)" == given[4] { print("resident_\(round) \(try resident())") }
    }
}

let arguments = CommandLine.arguments
if arguments[1] == "calls" { try await calls(arguments) } else { try await cycles(arguments) }
