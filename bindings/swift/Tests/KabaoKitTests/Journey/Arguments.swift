import Foundation

/// A step is written in a way that this runner cannot carry out.
struct Written: Error {
    let text: String
    init(_ text: String) { self.text = text }
}

/// The arguments of one call. Each is taken once: one that nobody took must not be passed over.
final class Arguments {
    private var left: [String: Any]

    init(_ written: [String: Any]) { left = written }

    private func take(_ name: String) -> Any? {
        let value = left.removeValue(forKey: name)
        return value is NSNull ? nil : value
    }

    func has(_ name: String) -> Bool { left[name].map { !($0 is NSNull) } ?? false }

    func maybeText(_ name: String) -> String? { take(name) as? String }

    func text(_ name: String) throws -> String {
        guard let text = maybeText(name) else { throw Written("a text named \(name) is missing") }
        return text
    }

    func texts(_ name: String) throws -> [String] {
        guard let texts = take(name) as? [String] else { throw Written("a list of texts named \(name) is missing") }
        return texts
    }

    func number(_ name: String) -> Int64? { (take(name) as? NSNumber)?.int64Value }

    func flag(_ name: String) -> Bool { (take(name) as? NSNumber)?.boolValue ?? false }

    func bytes(_ name: String) throws -> Data {
        let digits = Array(try text(name))
        return Data(stride(from: 0, to: digits.count - 1, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) })
    }

    func choice<Choice: CaseIterable>(_ name: String, of choices: Choice.Type) throws -> Choice? {
        guard let wanted = maybeText(name) else { return nil }
        let found = choices.allCases.first { choice in
            if case .text(let name) = shape(choice) { name == wanted } else { false }
        }
        guard let found else { throw Written("\(name) has no choice \(wanted)") }
        return found
    }

    func end() throws {
        if let name = left.keys.first { throw Written("no argument is named \(name)") }
    }
}
