// A stand-in for Apple's SwiftUI on Linux: the part of it that the screens use, with Apple's signatures. It checks the
// types of the unchanged screens, evaluates them into a tree of what a person finds on the screen, and lets a test read,
// tap and type. Where Apple's behaviour leaves room, this takes the strictest reading. It draws nothing and knows no
// layout.

@_exported import Foundation
@_exported import Observation

/// Something on the screen.
@MainActor @preconcurrency public protocol View {
    associatedtype Body: View
    @ViewBuilder @MainActor @preconcurrency var body: Body { get }
}

extension Never: View {
    public var body: Never { fatalError("a view of the stand-in has no body") }
}

/// A view without a body. Only the stand-in's own are: a screen's view that has none of its own is an error.
@MainActor @preconcurrency public protocol _Bodiless {}

extension _Bodiless {
    public var body: Never { fatalError("a view of the stand-in has no body") }
}

/// A view that the stand-in evaluates itself.
@MainActor protocol Primitive: _Bodiless {
    func nodes(_ place: Place) -> [Node]
}

/// Where a view stands in the tree: its identity, what surrounds it, and the screen it is on.
@MainActor struct Place {
    var path: String
    var values: EnvironmentValues
    let host: TestScreen

    func child(_ name: some CustomStringConvertible) -> Place {
        var place = self
        place.path += "/\(name)"
        return place
    }
}

/// Evaluates a view.
@MainActor func evaluate(_ view: some View, _ place: Place) -> [Node] {
    if let primitive = view as? any Primitive { return primitive.nodes(place) }
    place.host.count += 1
    for child in Mirror(reflecting: view).children {
        (child.value as? any Held)?.hold(place, child.label ?? "")
    }
    return evaluate(view.body, place.child("b"))
}

@resultBuilder @MainActor public struct ViewBuilder {
    public static func buildExpression<Content: View>(_ content: Content) -> Content { content }
    public static func buildBlock() -> EmptyView { EmptyView() }
    public static func buildBlock<Content: View>(_ content: Content) -> Content { content }
    public static func buildBlock<each Content: View>(_ content: repeat each Content) -> TupleView<(repeat each Content)> {
        var parts: [any View] = []
        repeat parts.append(each content)
        return TupleView(value: (repeat each content), parts: parts)
    }
    public static func buildIf<Content: View>(_ content: Content?) -> Content? { content }
    public static func buildEither<First: View, Second: View>(first: First) -> _ConditionalContent<First, Second> {
        _ConditionalContent(first: first, second: nil)
    }
    public static func buildEither<First: View, Second: View>(second: Second) -> _ConditionalContent<First, Second> {
        _ConditionalContent(first: nil, second: second)
    }
}

public struct EmptyView: View, Primitive {
    nonisolated public init() {}
    func nodes(_ place: Place) -> [Node] { [] }
}

public struct TupleView<T>: View, Primitive {
    public var value: T
    let parts: [any View]
    func nodes(_ place: Place) -> [Node] {
        parts.enumerated().flatMap { evaluate($1, place.child($0)) }
    }
}

public struct _ConditionalContent<TrueContent: View, FalseContent: View>: View, Primitive {
    let first: TrueContent?
    let second: FalseContent?
    func nodes(_ place: Place) -> [Node] {
        first.map { evaluate($0, place.child("t")) } ?? second.map { evaluate($0, place.child("f")) } ?? []
    }
}

extension Optional: View where Wrapped: View {
    public typealias Body = Never
}

extension Optional: _Bodiless where Wrapped: View {}

extension Optional: Primitive where Wrapped: View {
    func nodes(_ place: Place) -> [Node] { map { evaluate($0, place.child("s")) } ?? [] }
}

public struct Group<Content: View>: View, Primitive {
    let content: Content
    public init(@ViewBuilder content: () -> Content) { self.content = content() }
    func nodes(_ place: Place) -> [Node] { evaluate(content, place.child("g")) }
}

/// Rows of data. Their identity is their `id`: two with the same one are a fault of the screen, and stop the test.
public struct ForEach<Data: RandomAccessCollection, ID: Hashable, Content: View>: View, Primitive {
    let data: Data
    let id: (Data.Element) -> ID
    let content: (Data.Element) -> Content

    func nodes(_ place: Place) -> [Node] {
        var seen = Set<ID>()
        let part = place.host.window(place, data.count)
        let rows = data[data.index(data.startIndex, offsetBy: part.lowerBound)..<data.index(data.startIndex, offsetBy: part.upperBound)]
        return rows.flatMap { element in
            let name = id(element)
            precondition(seen.insert(name).inserted, "two rows have the same id")
            return evaluate(content(element), place.child("[\(name)]"))
        }
    }
}

extension ForEach where Data.Element: Identifiable, ID == Data.Element.ID {
    public init(_ data: Data, @ViewBuilder content: @escaping (Data.Element) -> Content) {
        self.init(data: data, id: { $0.id }, content: content)
    }
}

extension ForEach {
    public init(_ data: Data, id: KeyPath<Data.Element, ID>, @ViewBuilder content: @escaping (Data.Element) -> Content) {
        self.init(data: data, id: { $0[keyPath: id] }, content: content)
    }
}
