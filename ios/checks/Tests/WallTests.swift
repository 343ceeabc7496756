import Foundation
import KabaoKit
import KabaoModel
import SwiftUI
import Testing

/// What screens may not hold, read from their sources, and what the stand-in refuses.
@Suite struct WallTests {
    private func sources(_ folder: String) throws -> [(name: String, text: String)] {
        let folder = root.appendingPathComponent("ios/App/\(folder)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        return try files.map { ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8)) }
    }

    /// Code without its comments.
    private func code(_ text: String) -> [Substring] {
        text.split(separator: "\n").map { line in line.range(of: "//").map { line[..<$0.lowerBound] } ?? line }
    }

    @Test func screensSeeTheModelAndNothingBehindIt() throws {
        for (name, text) in try sources("Screens") {
            let imports = code(text).filter { $0.hasPrefix("import ") || $0.contains("@testable") }
            #expect(Set(imports).isSubset(of: ["import KabaoModel", "import SwiftUI"]), "\(name)")
        }
        for (name, text) in try sources("Model") {
            let imports = code(text).filter { $0.hasPrefix("import ") }
            #expect(Set(imports).isSubset(of: ["import Foundation", "import KabaoKit", "import Observation"]), "\(name)")
        }
    }

    @Test func screensHoldNoSentenceNoFormatAndNoArithmetic() throws {
        let bans = [
            #""[^"]*[\p{L}¥][^"]*""#, #"\.minor\b|Decimal|NumberFormatter|\.formatted\("#, #"\w [-+*/%] \w"#,
            #"\.font\(\.system|Binding\(get"#, #"\.prefix\(|\.suffix\(|\.count\b"#,
        ]
        for (name, text) in try sources("Screens") where name != "CodeShapes.swift" {
            for line in code(text) where !(name == "Parts.swift" && line.contains("case ")) {
                // The names of a word's arguments.
                let said = line.replacing(/"(amount|age|payee|why|n|title|kind|state|at)":/, with: "")
                for ban in bans { #expect(said.range(of: ban, options: .regularExpression) == nil, "\(name): \(line)") }
            }
        }
    }

    @Test func everyWordStandsInTheCatalogueAndIsUsed() throws {
        for word in Word.allCases {
            for words in [en, zh] {
                #expect(!words(word).contains("receipt."), "\(word)")
                #expect(words(word) != en(word) || words.language == .en, "\(word)")
            }
        }
        let users = try sources("Screens") + sources("Model")
        let used = users.filter { $0.name != "Words.swift" }.map { $0.text }.joined()
        for word in Word.allCases { #expect(used.contains(".\(word.rawValue)"), "\(word)") }
    }

    @Test(.timeLimit(.minutes(2))) func theStandInRefusesWhatAppleRefuses() async throws {
        let folder = root.appendingPathComponent("ios/checks/Wrong")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let snippets = files.filter { $0.pathExtension == "txt" }
        #expect(snippets.count >= 15)
        let modules = try #require(built())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for file in snippets {
                group.addTask {
                    let text = try String(contentsOf: file, encoding: .utf8)
                    let first = text.split(separator: "\n").first ?? ""
                    let wanted = first.replacingOccurrences(of: "// ", with: "")
                    let said = try compile(file, modules)
                    let held = wanted == "compiles" ? !said.contains("error:") : said.contains(wanted)
                    #expect(held, "\(file.lastPathComponent): \(said)")
                }
            }
            try await group.waitForAll()
        }
    }

    /// Where the compiled modules are: beside the program that runs.
    private func built() -> String? {
        let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        let places = [program, root.appendingPathComponent("ios/.build/debug")]
        return places.map { $0.appendingPathComponent("Modules").path }.first { FileManager.default.fileExists(atPath: $0 + "/SwiftUI.swiftmodule") }
    }

    private func compile(_ file: URL, _ modules: String) throws -> String {
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent("kabao-\(UUID().uuidString).swift")
        try FileManager.default.copyItem(at: file, to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/swiftc")
        process.arguments = ["-typecheck", "-swift-version", "6", "-parse-as-library", "-I", modules, copy.path]
        (process.standardOutput, process.standardError) = (output, output)
        try process.run()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: said, as: UTF8.self)
    }
}
