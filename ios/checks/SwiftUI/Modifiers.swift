public enum UIKeyboardType: Int, Sendable { case `default`, asciiCapable, numberPad, decimalPad }

public struct TextInputAutocapitalization: Sendable {
    public static var never: TextInputAutocapitalization { .init() }
}

public struct AccessibilityTraits: SetAlgebra, Sendable {
    var names: Set<String> = []
    public init() {}
    init(_ name: String) { names = [name] }
    public static let isHeader = AccessibilityTraits("header"), isSelected = AccessibilityTraits("selected")
    public static let isButton = AccessibilityTraits("button"), updatesFrequently = AccessibilityTraits("updates")
    public func contains(_ member: AccessibilityTraits) -> Bool { names.isSuperset(of: member.names) }
    public func union(_ other: AccessibilityTraits) -> AccessibilityTraits { var all = self; all.formUnion(other); return all }
    public func intersection(_ other: AccessibilityTraits) -> AccessibilityTraits { var all = self; all.formIntersection(other); return all }
    public func symmetricDifference(_ other: AccessibilityTraits) -> AccessibilityTraits { var all = self; all.formSymmetricDifference(other); return all }
    public mutating func insert(_ new: AccessibilityTraits) -> (inserted: Bool, memberAfterInsert: AccessibilityTraits) {
        defer { names.formUnion(new.names) }
        return (!contains(new), new)
    }
    public mutating func remove(_ old: AccessibilityTraits) -> AccessibilityTraits? {
        names.subtract(old.names)
        return old
    }
    public mutating func update(with new: AccessibilityTraits) -> AccessibilityTraits? { insert(new).memberAfterInsert }
    public mutating func formUnion(_ other: AccessibilityTraits) { names.formUnion(other.names) }
    public mutating func formIntersection(_ other: AccessibilityTraits) { names.formIntersection(other.names) }
    public mutating func formSymmetricDifference(_ other: AccessibilityTraits) { names.formSymmetricDifference(other.names) }
}

public struct AccessibilityChildBehavior: Equatable, Sendable {
    let name: String
    public static let ignore = AccessibilityChildBehavior(name: "ignore")
    public static let combine = AccessibilityChildBehavior(name: "combine")
    public static let contain = AccessibilityChildBehavior(name: "contain")
}

public struct Edge: Sendable {
    public struct Set: OptionSet, Sendable {
        public let rawValue: Int8
        public init(rawValue: Int8) { self.rawValue = rawValue }
        public static let top = Set(rawValue: 1), leading = Set(rawValue: 2), bottom = Set(rawValue: 4)
        public static let trailing = Set(rawValue: 8), horizontal = Set(rawValue: 10), vertical = Set(rawValue: 5)
        public static let all = Set(rawValue: 15)
    }
}

public struct Alignment: Sendable {
    public static let leading = Alignment(), center = Alignment(), trailing = Alignment(), top = Alignment()
}

public enum ContentMode: Sendable { case fit, fill }
public enum TextAlignment: Sendable { case leading, center, trailing }

@MainActor public protocol PrimitiveButtonStyle { var name: String { get } }
public struct BorderedProminentButtonStyle: PrimitiveButtonStyle { public let name = "prominent"; nonisolated public init() {} }
public struct BorderedButtonStyle: PrimitiveButtonStyle { public let name = "bordered"; nonisolated public init() {} }
public struct PlainButtonStyle: PrimitiveButtonStyle { public let name = "plain"; nonisolated public init() {} }
extension PrimitiveButtonStyle where Self == BorderedProminentButtonStyle { public static var borderedProminent: Self { .init() } }
extension PrimitiveButtonStyle where Self == BorderedButtonStyle { public static var bordered: Self { .init() } }
extension PrimitiveButtonStyle where Self == PlainButtonStyle { public static var plain: Self { .init() } }

/// A view with something changed about it, or about what surrounds it.
struct Modified<Content: View>: View, Primitive {
    let content: Content
    let name: String
    let change: @MainActor (Content, Place) -> [Node]
    func nodes(_ place: Place) -> [Node] { change(content, place.child(name)) }
}

extension View {
    func changed(_ name: String, _ change: @escaping @MainActor (Node) -> Void) -> Modified<Self> {
        Modified(content: self, name: name) { content, place in
            let nodes = evaluate(content, place)
            for node in nodes { change(node) }
            return nodes
        }
    }

    /// As one node, so that something can be said of all of it.
    func joined(_ name: String, _ change: @escaping @MainActor (Node) -> Void) -> Modified<Self> {
        Modified(content: self, name: name) { content, place in
            let nodes = evaluate(content, place)
            let node = nodes.count == 1 ? nodes[0] : Node(.stack, nodes)
            change(node)
            return [node]
        }
    }

    func lent(_ name: String, _ change: @escaping @MainActor (inout EnvironmentValues) -> Void) -> Modified<Self> {
        Modified(content: self, name: name) { content, place in
            var place = place
            change(&place.values)
            return evaluate(content, place)
        }
    }

    // What the eye sees.
    public func padding(_ edges: Edge.Set = .all, _ length: CGFloat? = nil) -> some View { changed("p") { $0.style.isPadded = true } }
    public func font(_ font: Font?) -> some View { changed("o") { node in node.all.forEach { $0.style.font = $0.style.font ?? font?.name } } }
    public func bold(_ isActive: Bool = true) -> some View { changed("d") { node in node.all.forEach { $0.style.isBold = isActive } } }
    public func foregroundStyle<S: ShapeStyle>(_ style: S) -> some View {
        changed("y") { node in node.all.forEach { $0.style.colour = $0.style.colour ?? style.name } }
    }
    public func background<S: ShapeStyle>(_ style: S) -> some View { joined("bg") { $0.style.background = style.name } }
    public func frame(
        minWidth: CGFloat? = nil, idealWidth: CGFloat? = nil, maxWidth: CGFloat? = nil, minHeight: CGFloat? = nil,
        idealHeight: CGFloat? = nil, maxHeight: CGFloat? = nil, alignment: Alignment = .center
    ) -> some View { changed("fr") { $0.style.isWide = maxWidth == .infinity } }
    public func aspectRatio(_ ratio: CGFloat? = nil, contentMode: ContentMode) -> some View { changed("ar") { _ in } }
    public func multilineTextAlignment(_ alignment: TextAlignment) -> some View { changed("ta") { $0.style.isCentred = alignment == .center } }
    public func buttonStyle<S: PrimitiveButtonStyle>(_ style: S) -> some View {
        let name = style.name
        return changed("bs") { node in node.all.filter { $0.role == .button || $0.role == .link }.forEach { $0.style.button = name } }
    }
    public func keyboardType(_ type: UIKeyboardType) -> some View { changed("k") { _ in } }
    public func textInputAutocapitalization(_ autocapitalization: TextInputAutocapitalization?) -> some View { changed("tc") { _ in } }
    public func autocorrectionDisabled(_ disable: Bool = true) -> some View { changed("ac") { _ in } }
    public func navigationTitle<S: StringProtocol>(_ title: S) -> some View {
        let title = String(title)
        return Modified(content: self, name: "nt") { content, place in
            let node = Node(.title, text: title)
            node.traits = .isHeader
            return [node] + evaluate(content, place)
        }
    }
    /// Covered when somebody else may look: in the app switcher and on a shared screen.
    public func privacySensitive(_ sensitive: Bool = true) -> some View { changed("ps") { node in node.all.forEach { $0.isPrivate = sensitive } } }
    public func interactiveDismissDisabled(_ isDisabled: Bool = true) -> some View { changed("id") { _ in } }

    // What VoiceOver says.
    @_disfavoredOverload public func accessibilityLabel<S: StringProtocol>(_ label: S) -> some View {
        let label = String(label)
        return joined("al") { $0.label = label }
    }
    public func accessibilityLabel(_ key: LocalizedStringKey) -> some View { joined("al") { $0.label = "⟦\(key.key)⟧" } }
    @_disfavoredOverload public func accessibilityValue<S: StringProtocol>(_ value: S) -> some View {
        let value = String(value)
        return joined("av") { $0.value = value }
    }
    @_disfavoredOverload public func accessibilityHint<S: StringProtocol>(_ hint: S) -> some View {
        let hint = String(hint)
        return joined("ah") { $0.hint = hint }
    }
    public func accessibilityHidden(_ hidden: Bool) -> some View { joined("ax") { $0.isHidden = hidden } }
    public func accessibilityAddTraits(_ traits: AccessibilityTraits) -> some View { joined("at") { $0.traits.formUnion(traits) } }
    public func accessibilityElement(children: AccessibilityChildBehavior = .ignore) -> some View {
        joined("ae") { node in
            node.isOne = children != .contain
            if children == .ignore { node.children.flatMap(\.all).forEach { $0.isHidden = true } }
        }
    }

    // What happens.
    public func disabled(_ disabled: Bool) -> some View { lent("ds") { $0.isEnabled = $0.isEnabled && !disabled } }
    public func onAppear(perform action: (@MainActor () -> Void)? = nil) -> some View {
        Modified(content: self, name: "oa") { content, place in
            if let action { place.host.appear(place, action) }
            return evaluate(content, place)
        }
    }
    public func onDisappear(perform action: (@MainActor () -> Void)? = nil) -> some View {
        Modified(content: self, name: "od") { content, place in
            if let action { place.host.leave(place, action) }
            return evaluate(content, place)
        }
    }
    public func onChange<V: Equatable>(of value: V, initial: Bool = false, _ action: @escaping @MainActor (V, V) -> Void) -> some View {
        Modified(content: self, name: "oc") { content, place in
            place.host.watch(place, value, action)
            return evaluate(content, place)
        }
    }
    // Without the actor of the surroundings: the closure names what it takes along.
    public func task(priority: TaskPriority = .userInitiated, _ action: @escaping @Sendable () async -> Void) -> some View {
        task(id: 0, priority: priority, action)
    }
    public func task<T: Hashable>(id value: T, priority: TaskPriority = .userInitiated, _ action: @escaping @Sendable () async -> Void) -> some View {
        Modified(content: self, name: "tk") { content, place in
            place.host.task(place, AnyHashable(value)) { Task { await action() } }
            return evaluate(content, place)
        }
    }
    public func refreshable(action: @escaping @Sendable () async -> Void) -> some View { joined("rf") { $0.pull = action } }
    public func sheet<Item: Identifiable, Content: View>(
        item: Binding<Item?>, onDismiss: (@MainActor () -> Void)? = nil, @ViewBuilder content: @escaping (Item) -> Content
    ) -> some View {
        Modified(content: self, name: "sh") { below, place in
            let nodes = evaluate(below, place)
            guard let there = item.wrappedValue, !place.values.isCovered else { return nodes }
            var inner = place.child("sheet[\(there.id)]")
            inner.values.dismiss = DismissAction {
                item.wrappedValue = nil
                onDismiss?()
            }
            inner.values.inList = false
            return nodes + [Node(.sheet, evaluate(content(there), inner))]
        }
    }
    public func navigationDestination<D: Hashable, C: View>(for data: D.Type, @ViewBuilder destination: @escaping (D) -> C) -> some View {
        Modified(content: self, name: "nd") { content, place in
            place.host.destinations[ObjectIdentifier(data)] = { item in
                guard let item = item.base as? D else { return EmptyView() }
                return destination(item)
            }
            return evaluate(content, place)
        }
    }
    public func simultaneousGesture<G: Gesture>(_ gesture: G) -> some View { joined("sg") { $0.touched = gesture.act } }
}

@MainActor public protocol Gesture { var act: () -> Void { get } }
public struct TapGesture: Gesture {
    public var act: () -> Void = {}
    public init(count: Int = 1) {}
    public func onEnded(_ action: @escaping @MainActor (()) -> Void) -> TapGesture {
        var gesture = self
        gesture.act = { action(()) }
        return gesture
    }
}

@MainActor @preconcurrency public protocol Scene {
    associatedtype Body: Scene
    @SceneBuilder @MainActor @preconcurrency var body: Body { get }
}
extension Never: Scene {}
@resultBuilder public struct SceneBuilder {
    public static func buildBlock<Content: Scene>(_ content: Content) -> Content { content }
}
public struct WindowGroup<Content: View>: Scene {
    public init(@ViewBuilder content: () -> Content) {}
    public var body: Never { fatalError("the stand-in opens no window") }
}
@MainActor @preconcurrency public protocol App {
    associatedtype Body: Scene
    @SceneBuilder @MainActor @preconcurrency var body: Body { get }
    @MainActor @preconcurrency init()
}
extension App {
    /// There is no screen here: the program says so and ends.
    public static func main() { print("The app runs on a phone. Here its screens are checked: swift test.") }
}
