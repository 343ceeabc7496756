import Foundation
import KabaoKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The repository.
let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

/// The program that runs the reference service and journeys.
let kabao = ProcessInfo.processInfo.environment["KABAO"] ?? root.appendingPathComponent("target/debug/kabao").path

/// What a service tells of itself in its `service.json`.
struct ServiceFile: Decodable {
    let url: String
    let devUrl: String
    let tlsCaPem: String
    let rootKey: String
    let spkiPins: [String]
    let guid: String
    let linkHost: String?

    static func read(_ file: URL) throws -> ServiceFile {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(ServiceFile.self, from: Data(contentsOf: file))
    }

    /// A service that nobody runs.
    static func ofNobody() throws -> ServiceFile {
        try read(root.appendingPathComponent("bindings/fixtures/nobody.json"))
    }

    func settings(_ folder: Folder, url: String? = nil, rootKey: String? = nil) -> WalletSettings {
        WalletSettings(
            folder: folder.url.appendingPathComponent("wallet").path,
            service: ServiceSettings(
                url: url ?? self.url, tlsCaPem: tlsCaPem, spkiPins: spkiPins, rootKey: rootKey ?? self.rootKey, guid: guid,
                linkHost: linkHost),
            language: "zh-CN")
    }
}

/// The reference service, started as a child for one test, and its developer's console.
final class ReferenceService: Sendable {
    typealias Object = [String: Any]

    struct Trouble: Error, CustomStringConvertible {
        let description: String
    }

    let file: ServiceFile
    private let data: Folder
    private let process: Process
    private let input = Pipe()

    /// Starts the service and waits until it says where it is. It ends with this program, however that ends.
    init() throws {
        data = try Folder()
        process = Process()
        let log = data.url.appendingPathComponent("log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: kabao)
        process.arguments = ["serve", "--data", data.url.path, "--until-stdin-ends"]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        var said = Data()
        while said.range(of: Data("for wallets".utf8)) == nil {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else {
                let complaint = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
                throw Trouble(description: "the service did not start: \(complaint)")
            }
            said.append(more)
        }
        file = try ServiceFile.read(data.url.appendingPathComponent("service.json"))
    }

    deinit { stop() }

    /// Ends the service: from now on the phone has no network that helps.
    func stop() {
        guard process.isRunning else { return }
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    func get(_ path: String) async throws -> Object { try await send(URLRequest(url: at(path))) }

    func post(_ path: String, _ body: Object) async throws -> Object {
        var request = URLRequest(url: try at(path))
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "content-type")
        request.httpBody = try JSONSerialization.data(withJSONObject: body)
        return try await send(request)
    }

    /// The newest one-time code that `sender` (`kabao`, `bank`) sent to a telephone number.
    func code(for phone: String, from sender: String) async throws -> String {
        let inbox = try await get("/dev/inbox?phone=\(phone)")["messages"] as? [Object] ?? []
        guard let code = inbox.last(where: { $0["from"] as? String == sender })?["otp"] as? String else {
            throw Trouble(description: "no code from \(sender)")
        }
        return code
    }

    private func at(_ path: String) throws -> URL {
        guard let url = URL(string: file.devUrl + path) else { throw Trouble(description: "no address: \(path)") }
        return url
    }

    private func send(_ request: URLRequest) async throws -> Object {
        let (body, answer) = try await URLSession.shared.data(for: request)
        let status = (answer as? HTTPURLResponse)?.statusCode ?? 0
        guard (200..<300).contains(status), let object = try JSONSerialization.jsonObject(with: body) as? Object else {
            throw Trouble(description: "\(request.url?.path ?? ""): \(status) \(String(decoding: body, as: UTF8.self))")
        }
        return object
    }
}
