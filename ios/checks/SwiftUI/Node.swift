/// What a thing on the screen is to a person.
public enum Role: String, Sendable {
    case screen, text, button, field, secureField, image, picture, list, section, header, footer, stack, row, link
    case sheet, title, back, progress, spacer, divider, colour
}

/// A thing on the screen.
@MainActor public final class Node {
    public let role: Role
    public internal(set) var children: [Node]
    /// What is written on it, or typed into it.
    public internal(set) var text: String?
    /// What VoiceOver says instead.
    public internal(set) var label: String?
    public internal(set) var value: String?
    public internal(set) var hint: String?
    public internal(set) var isEnabled = true
    public internal(set) var isHidden = false
    public internal(set) var isPrivate = false
    /// Read as one.
    public internal(set) var isOne = false
    public internal(set) var traits: AccessibilityTraits = []
    public internal(set) var style: Style = Style()
    public internal(set) var symbol: String?
    public internal(set) var path: Path?
    var act: (() -> Void)?
    var type: ((String) -> Void)?
    var pull: (() async -> Void)?
    var touched: (() -> Void)?

    init(_ role: Role, _ children: [Node] = [], text: String? = nil) {
        (self.role, self.children, self.text) = (role, children, text)
    }

    /// What VoiceOver says of it.
    public var spoken: String {
        if isHidden { return "" }
        if let label { return label }
        let inner = children.map(\.spoken).filter { !$0.isEmpty }
        return ([text].compactMap { $0 } + inner).joined(separator: ", ")
    }

    /// Everything that can be read below, in order.
    public var texts: [String] {
        let own = role == .secureField ? [] : [text].compactMap { $0 }
        return own + children.flatMap(\.texts)
    }

    /// The stops of VoiceOver, in order: what it can tell or act on, each once.
    public var stops: [Node] {
        if isHidden { return [] }
        let isStop = act != nil || type != nil || isOne || label != nil || (children.isEmpty && text != nil) || symbol != nil || path != nil
        return isStop ? [self] : children.flatMap(\.stops)
    }

    /// This and everything below.
    public var all: [Node] { [self] + children.flatMap(\.all) }
}

extension Node {
    /// Taps it, as a finger that was quicker than the screen does: without a look at whether it may be tapped now.
    public func press() { act?() }
}

/// How it looks, as far as pictures of the tree show it.
public struct Style: Sendable {
    public var font: String?
    public var isBold = false
    public var colour: String?
    public var axis: String?
    public var button: String?
    public var isWide = false
    public var isPadded = false
    public var isCentred = false
    public var background: String?
}

/// What a test could not do.
public struct NotOnScreen: Error, CustomStringConvertible {
    public let description: String
    public init(description: String) { self.description = description }
}

extension TestScreen {
    /// All things of a role, or of any.
    public func find(_ role: Role? = nil, _ spoken: String? = nil) -> [Node] {
        refresh()
        return top.all.filter { node in
            !node.isHidden && (role == nil || node.role == role) && (spoken == nil || node.spoken == spoken)
        }
    }

    /// What the person can reach: the uppermost sheet, if there is one.
    public var top: Node { tree.all.last { $0.role == .sheet } ?? tree }

    /// Everything that can be read.
    public var texts: [String] {
        refresh()
        return top.texts
    }

    /// Whether a text can be read.
    public func reads(_ text: String) -> Bool { texts.contains { $0.contains(text) } }

    private func one(_ role: Role, _ spoken: String) throws -> Node {
        let found = find(role, spoken)
        guard let node = found.first, found.count == 1 else {
            let there = find(role).map(\.spoken)
            throw NotOnScreen(description: "\(found.count) of \(role) “\(spoken)”; there are \(there), and \(texts)")
        }
        guard node.isEnabled else { throw NotOnScreen(description: "\(role) “\(spoken)” is disabled") }
        return node
    }

    /// Taps a button or a link by what VoiceOver says of it.
    public func tap(_ spoken: String, _ role: Role = .button) throws {
        let node = try one(role, spoken)
        top.all.forEach { $0.touched?() }
        node.act?()
        refresh()
    }

    /// Types a text into a field by its label.
    public func type(_ text: String, into label: String, _ role: Role = .field) throws {
        try one(role, label).type?(text)
        refresh()
    }

    /// Pulls the list down, and waits until it is refreshed.
    public func pull() async throws {
        refresh()
        guard let node = top.all.first(where: { $0.pull != nil }), let pull = node.pull else {
            throw NotOnScreen(description: "nothing can be pulled")
        }
        await pull()
        refresh()
    }

    /// Waits until the screen is as asked.
    public func until(_ what: String, seconds: Double = 40, _ holds: () throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while try { refresh(); return try !holds() }() {
            guard ContinuousClock.now < end else { throw NotOnScreen(description: "never: \(what); there is \(texts)") }
            try await Task.sleep(for: .milliseconds(4))
        }
    }

    /// Waits until a text can be read.
    public func until(reads text: String, seconds: Double = 40) async throws {
        try await until("“\(text)”", seconds: seconds) { reads(text) }
    }
}
