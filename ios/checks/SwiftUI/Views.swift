public struct LocalizedStringKey: ExpressibleByStringInterpolation, Equatable, Sendable {
    let key: String
    public init(stringLiteral value: String) { key = value }
}

public struct Text: View, Primitive, Equatable, Sendable {
    enum Content: Equatable, Sendable {
        case text(String), key(String), timer(ClosedRange<Date>)
    }
    let content: Content

    public init(_ key: LocalizedStringKey) { content = .key(key.key) }
    @_disfavoredOverload public init<S: StringProtocol>(_ content: S) { self.content = .text(String(content)) }
    public init(verbatim content: String) { self.content = .text(content) }
    public init(
        timerInterval: ClosedRange<Date>, pauseTime: Date? = nil, countsDown: Bool = true, showsHours: Bool = true
    ) { content = .timer(timerInterval) }

    var text: String {
        switch content {
        case .text(let text): return text
        // A sentence in a screen is not found in any catalogue, and is seen to be missing.
        case .key(let key): return "⟦\(key)⟧"
        case .timer(let interval):
            let left = Int(max(0, interval.upperBound.timeIntervalSinceNow.rounded(.up)))
            return "\(left / 60):" + (left % 60 < 10 ? "0" : "") + "\(left % 60)"
        }
    }

    func nodes(_ place: Place) -> [Node] { [Node(.text, text: text)] }
}

/// The symbols of Apple's that the screens use: a name that is not here is a misspelt one.
public struct Image: View, Primitive {
    let name: String
    static let known: Set<String> = [
        "qrcode", "clock", "checkmark.circle", "exclamationmark.triangle", "xmark.circle", "checkmark", "lock", "bell",
        "list.bullet", "plus.circle",
    ]
    public init(systemName: String) {
        precondition(Image.known.contains(systemName), "no symbol of this name")
        name = systemName
    }
    func nodes(_ place: Place) -> [Node] {
        let node = Node(.image)
        node.symbol = name
        return [node]
    }
}

public struct Label<Title: View, Icon: View>: View, Primitive {
    let title: Title
    let icon: Icon
    func nodes(_ place: Place) -> [Node] {
        let icon = evaluate(icon, place.child("i"))
        // The symbol beside a text is ornament.
        icon.forEach { $0.isHidden = true }
        return [Node(.row, icon + evaluate(title, place.child("t")))]
    }
}

extension Label where Title == Text, Icon == Image {
    @_disfavoredOverload public init<S: StringProtocol>(_ title: S, systemImage name: String) {
        (self.title, icon) = (Text(title), Image(systemName: name))
    }
    public init(_ key: LocalizedStringKey, systemImage name: String) { (title, icon) = (Text(key), Image(systemName: name)) }
}

public struct ButtonRole: Equatable, Sendable {
    let name: String
    public static let destructive = ButtonRole(name: "destructive")
    public static let cancel = ButtonRole(name: "cancel")
}

public struct Button<Label: View>: View, Primitive {
    let role: ButtonRole?
    let action: @MainActor () -> Void
    let label: Label
    public init(action: @escaping @MainActor () -> Void, @ViewBuilder label: () -> Label) {
        (role, self.action, self.label) = (nil, action, label())
    }
    public init(role: ButtonRole?, action: @escaping @MainActor () -> Void, @ViewBuilder label: () -> Label) {
        (self.role, self.action, self.label) = (role, action, label())
    }
    func nodes(_ place: Place) -> [Node] {
        let node = Node(.button, evaluate(label, place.child("l")))
        node.isEnabled = place.values.isEnabled
        node.style.button = role?.name
        node.act = action
        return [node]
    }
}

extension Button where Label == Text {
    @_disfavoredOverload public init<S: StringProtocol>(_ title: S, action: @escaping @MainActor () -> Void) {
        (role, self.action, label) = (nil, action, Text(title))
    }
    @_disfavoredOverload
    public init<S: StringProtocol>(_ title: S, role: ButtonRole?, action: @escaping @MainActor () -> Void) {
        (self.role, self.action, label) = (role, action, Text(title))
    }
    public init(_ key: LocalizedStringKey, action: @escaping @MainActor () -> Void) {
        (role, self.action, label) = (nil, action, Text(key))
    }
}

@MainActor private func field(_ role: Role, _ title: Text, _ text: Binding<String>, _ place: Place) -> [Node] {
    let node = Node(role, text: text.wrappedValue)
    node.label = title.text
    node.isEnabled = place.values.isEnabled
    node.type = { text.wrappedValue = $0 }
    return [node]
}

public struct TextField<Label: View>: View, Primitive {
    let title: Text
    let text: Binding<String>
    func nodes(_ place: Place) -> [Node] { field(.field, title, text, place) }
}

extension TextField where Label == Text {
    @_disfavoredOverload public init<S: StringProtocol>(_ title: S, text: Binding<String>) {
        (self.title, self.text) = (Text(title), text)
    }
    public init(_ key: LocalizedStringKey, text: Binding<String>) { (title, self.text) = (Text(key), text) }
}

public struct SecureField<Label: View>: View, Primitive {
    let title: Text
    let text: Binding<String>
    func nodes(_ place: Place) -> [Node] { field(.secureField, title, text, place) }
}

extension SecureField where Label == Text {
    @_disfavoredOverload public init<S: StringProtocol>(_ title: S, text: Binding<String>) {
        (self.title, self.text) = (Text(title), text)
    }
    public init(_ key: LocalizedStringKey, text: Binding<String>) { (title, self.text) = (Text(key), text) }
}

public struct HorizontalAlignment: Sendable {
    public static let leading = HorizontalAlignment(), center = HorizontalAlignment(), trailing = HorizontalAlignment()
}

public struct VerticalAlignment: Sendable {
    public static let top = VerticalAlignment(), center = VerticalAlignment(), bottom = VerticalAlignment()
    public static let firstTextBaseline = VerticalAlignment()
}

@MainActor private func stack(_ axis: String, _ content: some View, _ place: Place) -> [Node] {
    let node = Node(axis == "across" ? .row : .stack, evaluate(content, place.child(axis)))
    node.style.axis = axis
    return [node]
}

public struct VStack<Content: View>: View, Primitive {
    let content: Content
    public init(alignment: HorizontalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> Content) {
        self.content = content()
    }
    func nodes(_ place: Place) -> [Node] { stack("down", content, place) }
}

public struct HStack<Content: View>: View, Primitive {
    let content: Content
    public init(alignment: VerticalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> Content) {
        self.content = content()
    }
    func nodes(_ place: Place) -> [Node] { stack("across", content, place) }
}

public struct ScrollView<Content: View>: View, Primitive {
    let content: Content
    public init(@ViewBuilder content: () -> Content) { self.content = content() }
    func nodes(_ place: Place) -> [Node] { stack("down", content, place) }
}

public struct Spacer: View, Primitive {
    nonisolated public init(minLength: CGFloat? = nil) {}
    func nodes(_ place: Place) -> [Node] { [Node(.spacer)] }
}

public struct Divider: View, Primitive {
    nonisolated public init() {}
    func nodes(_ place: Place) -> [Node] { [Node(.divider)] }
}

public struct ProgressView<Label: View>: View, Primitive {
    let label: Label
    func nodes(_ place: Place) -> [Node] { [Node(.progress, evaluate(label, place.child("l")))] }
}

extension ProgressView where Label == Text {
    @_disfavoredOverload public init<S: StringProtocol>(_ title: S) { label = Text(title) }
}

public struct List<Content: View>: View, Primitive {
    let content: Content
    public init(@ViewBuilder content: () -> Content) { self.content = content() }
    func nodes(_ place: Place) -> [Node] {
        var inner = place.child("list")
        inner.values.inList = true
        return [Node(.list, evaluate(content, inner))]
    }
}

public struct Section<Parent: View, Content: View, Footer: View>: View, Primitive {
    let header: Parent
    let content: Content
    let footer: Footer
    func nodes(_ place: Place) -> [Node] {
        let rows = evaluate(content, place.child("c"))
        let head = evaluate(header, place.child("h")), foot = evaluate(footer, place.child("f"))
        return [Node(.section, (head.isEmpty ? [] : [Node(.header, head)]) + rows + (foot.isEmpty ? [] : [Node(.footer, foot)]))]
    }
}

extension Section where Parent == EmptyView, Footer == EmptyView {
    public init(@ViewBuilder content: () -> Content) { self.init(header: EmptyView(), content: content(), footer: EmptyView()) }
}

extension Section where Parent == Text, Footer == EmptyView {
    @_disfavoredOverload public init<S: StringProtocol>(_ title: S, @ViewBuilder content: () -> Content) {
        self.init(header: Text(title), content: content(), footer: EmptyView())
    }
}

extension Section {
    public init(@ViewBuilder content: () -> Content, @ViewBuilder header: () -> Parent, @ViewBuilder footer: () -> Footer) {
        self.init(header: header(), content: content(), footer: footer())
    }
}

public struct LabeledContent<Label: View, Content: View>: View, Primitive {
    let label: Label
    let content: Content
    public init(@ViewBuilder content: () -> Content, @ViewBuilder label: () -> Label) {
        (self.content, self.label) = (content(), label())
    }
    func nodes(_ place: Place) -> [Node] {
        let node = Node(.row, evaluate(label, place.child("l")) + [Node(.spacer)] + evaluate(content, place.child("c")))
        node.isOne = true
        node.style.axis = "across"
        return [node]
    }
}

extension LabeledContent where Label == Text {
    @_disfavoredOverload public init<S: StringProtocol>(_ title: S, @ViewBuilder content: () -> Content) {
        (label, self.content) = (Text(title), content())
    }
}

extension LabeledContent where Label == Text, Content == Text {
    @_disfavoredOverload public init<S1: StringProtocol, S2: StringProtocol>(_ title: S1, value: S2) {
        (label, content) = (Text(title), Text(value))
    }
}

public struct NavigationStack<Data, Root: View>: View, Primitive {
    let path: Binding<Data>
    let items: @MainActor (Data) -> [AnyHashable]
    let push: @MainActor (Data, AnyHashable) -> Data
    let pop: @MainActor (Data) -> Data
    let root: Root

    public init(path: Binding<Data>, @ViewBuilder root: () -> Root)
    where Data: MutableCollection, Data: RandomAccessCollection, Data: RangeReplaceableCollection, Data.Element: Hashable {
        (self.path, self.root) = (path, root())
        items = { $0.map(AnyHashable.init) }
        push = { data, item in
            guard let item = item.base as? Data.Element else { preconditionFailure("a link of another kind of place") }
            return data + [item]
        }
        pop = { Data($0.dropLast()) }
    }

    func nodes(_ place: Place) -> [Node] {
        let there = items(path.wrappedValue)
        var inner = place.child("root")
        let (path, push) = (path, push)
        inner.values.places = { path.wrappedValue = push(path.wrappedValue, $0) }
        inner.values.isCovered = place.values.isCovered || !there.isEmpty
        var nodes = evaluate(root, inner)
        for (depth, item) in there.enumerated() {
            guard let destination = place.host.destinations[ObjectIdentifier(Swift.type(of: item.base))] else {
                preconditionFailure("no destination for this kind of place")
            }
            var next = place.child("[\(depth)]")
            next.values.places = inner.values.places
            next.values.dismiss = DismissAction { path.wrappedValue = pop(path.wrappedValue) }
            next.values.isCovered = place.values.isCovered || depth + 1 < there.count
            let back = Node(.back)
            back.label = "Back"
            back.act = { path.wrappedValue = pop(path.wrappedValue) }
            nodes = [back] + evaluate(destination(item), next)
        }
        return nodes
    }
}

public struct NavigationLink<Label: View, Destination: View>: View, Primitive {
    let value: AnyHashable?
    let label: Label
    func nodes(_ place: Place) -> [Node] {
        let node = Node(.link, evaluate(label, place.child("l")))
        node.isEnabled = place.values.isEnabled && value != nil
        let (value, places) = (value, place.values.places)
        node.act = { if let value { places(value) } }
        return [node]
    }
}

extension NavigationLink where Destination == Never {
    public init<P: Hashable>(value: P?, @ViewBuilder label: () -> Label) {
        (self.value, self.label) = (value.map(AnyHashable.init), label())
    }
}
