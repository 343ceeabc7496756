import Foundation
import Testing

/// The journeys that every test run replays. They make every call that an ordinary day needs, most of the others, and meet
/// faults. `KABAO_JOURNEYS=all` replays all of `tests/journeys`; the names of some, with a comma between them, replay these.
private let usual = [
    "first-day.json", "cards/two-banks-and-credit.json", "account/my-data.json", "limits/own-caps.json",
]

private let journeys = root.appendingPathComponent("tests/journeys")

private func chosen() -> [String] {
    switch ProcessInfo.processInfo.environment["KABAO_JOURNEYS"] ?? "" {
    case "": usual
    case "all":
        (FileManager.default.enumerator(atPath: journeys.path)?.compactMap { $0 as? String } ?? [])
            .filter { $0.hasSuffix(".json") && !setsTheClock($0) }.sorted()
    case let names: names.split(separator: ",").map(String.init)
    }
}

/// A package has the clock of its computer.
private func setsTheClock(_ name: String) -> Bool {
    (try? String(contentsOf: journeys.appendingPathComponent(name), encoding: .utf8))?.contains("phone_clock") ?? false
}

/// Every journey gives the same transcript through this package as through the program's own wallet, byte for byte.
@Suite struct Journeys {
    @Test(.timeLimit(.minutes(20)), arguments: chosen())
    func transcriptIsThatOfTheProgram(name: String) async throws {
        let folder = try Folder()
        let journey = journeys.appendingPathComponent(name)
        async let programs = replayByProgram(journey, in: folder.url)
        let ours = try await replay(journey, in: folder.url)
        // The first line that differs says more than both transcripts.
        let lines = zip(try await programs.split(separator: "\n"), ours.split(separator: "\n"))
        if let (program, our) = lines.first(where: { $0 != $1 }) { try #require(program == our) }
        #expect(try await programs == ours)
    }
}
