import Foundation
import KabaoKit

/// A value of JSON.
enum JSON: Encodable, Sendable {
    case null
    case bool(Bool)
    case number(Int64)
    case text(String)
    case list([JSON])
    case object([String: JSON])

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .list(let items):
            var container = encoder.unkeyedContainer()
            for item in items { try container.encode(item) }
        case .object(let parts):
            var container = encoder.container(keyedBy: Key.self)
            for (name, part) in parts { try container.encode(part, forKey: Key(stringValue: name)) }
        default:
            var container = encoder.singleValueContainer()
            switch self {
            case .bool(let value): try container.encode(value)
            case .number(let value): try container.encode(value)
            case .text(let value): try container.encode(value)
            default: try container.encodeNil()
            }
        }
    }
}

/// What the package gave, as JSON, by one rule: a record is its properties in `snake_case`, a choice its name, a currency
/// its code, a time its milliseconds since 1970, bytes are base64url. So a transcript shows what an app is given and
/// nothing else.
func shape(_ value: Any) -> JSON {
    switch value {
    case let value as JSON: return value
    case is Void: return .object([:])
    case let value as String: return .text(value)
    case let value as Bool: return .bool(value)
    case let value as any BinaryInteger: return .number(Int64(value))
    case let value as Date: return .number(Int64((value.timeIntervalSince1970 * 1000).rounded()))
    case let value as Data: return .text(base64url(value))
    case let value as Currency: return .text("\(value)".uppercased())
    default: break
    }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional: return mirror.children.first.map { shape($0.value) } ?? .null
    case .collection: return .list(mirror.children.map { shape($0.value) })
    case .enum: return .text(snake("\(value)"))
    default:
        return .object(
            mirror.children.reduce(into: [:]) { parts, child in parts[snake(child.label ?? "")] = shape(child.value) })
    }
}

/// An event: its name and its parts.
func shape(_ event: WalletEvent) -> JSON {
    func named(_ name: String, _ parts: [String: JSON] = [:]) -> JSON {
        .object(parts.merging(["event": .text(name)]) { part, _ in part })
    }
    switch event {
    case .state(let locked): return named("state", ["locked": .bool(locked)])
    case .paymentChanged(let intentId): return named("payment_changed", ["intent_id": .text(intentId)])
    case .recordArrived(let recordId): return named("record_arrived", ["record_id": .text(recordId)])
    case .askArrived(let askId): return named("ask_arrived", ["ask_id": .text(askId)])
    case .notice(let title, let body, let recordId):
        return named("notice", ["title": .text(title), "body": .text(body), "record_id": recordId.map(JSON.text) ?? .null])
    case .serviceRestored: return named("service_restored")
    }
}

private func base64url(_ bytes: Data) -> String {
    bytes.base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
        .replacingOccurrences(of: "=", with: "")
}

private func snake(_ name: String) -> String {
    name.reduce(into: "") { text, letter in
        if letter.isUppercase { text.append("_") }
        text.append(contentsOf: letter.lowercased())
    }
}
