public struct Path: Equatable, Sendable {
    public private(set) var rects: [CGRect] = []
    public init() {}
    public mutating func addRect(_ rect: CGRect) { rects.append(rect) }
}

public protocol Shape: View, Sendable {
    nonisolated func path(in rect: CGRect) -> Path
}

extension Shape {
    @MainActor public var body: some View { fill(Color.primary) }
    public func fill<S: ShapeStyle>(_ content: S) -> some View { Filled(shape: self, colour: content.name) }
}

struct Filled<S: Shape>: View, Primitive {
    let shape: S
    let colour: String
    func nodes(_ place: Place) -> [Node] {
        let node = Node(.picture)
        node.path = shape.path(in: CGRect(x: 0, y: 0, width: 200, height: 200))
        node.style.colour = colour
        return [node]
    }
}

public protocol ShapeStyle: Sendable {
    var name: String { get }
}

public struct Color: ShapeStyle, View, Primitive, Equatable {
    public let name: String
    public static let primary = Color(name: "primary"), secondary = Color(name: "secondary")
    public static let black = Color(name: "black"), white = Color(name: "white")
    public static let red = Color(name: "red"), orange = Color(name: "orange"), green = Color(name: "green")
    public static let accentColor = Color(name: "accent")
    func nodes(_ place: Place) -> [Node] {
        let node = Node(.colour)
        node.style.background = name
        return [node]
    }
}

extension ShapeStyle where Self == Color {
    public static var primary: Color { .init(name: "primary") }
    public static var secondary: Color { .init(name: "secondary") }
    public static var black: Color { .init(name: "black") }
    public static var white: Color { .init(name: "white") }
    public static var red: Color { .init(name: "red") }
    public static var orange: Color { .init(name: "orange") }
    public static var green: Color { .init(name: "green") }
}

/// Text styles only, which grow with the person's choice; a size in points is not here.
public struct Font: Equatable, Sendable {
    let name: String
    var isMono = false
    public static let largeTitle = Font(name: "largeTitle"), title = Font(name: "title"), title2 = Font(name: "title2")
    public static let title3 = Font(name: "title3"), headline = Font(name: "headline"), body = Font(name: "body")
    public static let callout = Font(name: "callout"), subheadline = Font(name: "subheadline")
    public static let footnote = Font(name: "footnote"), caption = Font(name: "caption")
    public func monospacedDigit() -> Font {
        var font = self
        font.isMono = true
        return font
    }
}
