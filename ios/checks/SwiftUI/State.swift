/// What a view keeps between two evaluations, or is lent by its surroundings.
@MainActor protocol Held {
    func hold(_ place: Place, _ name: String)
}

@MainActor final class Cell<Value> {
    var value: Value
    let host: TestScreen
    init(_ value: Value, _ host: TestScreen) { (self.value, self.host) = (value, host) }
}

@MainActor final class Slot<Value> {
    let first: Value
    var cell: Cell<Value>?
    init(_ first: Value) { self.first = first }
}

@propertyWrapper @MainActor @preconcurrency public struct State<Value>: Held {
    let slot: Slot<Value>
    public init(wrappedValue value: Value) { slot = Slot(value) }
    public init(initialValue value: Value) { slot = Slot(value) }

    public var wrappedValue: Value {
        get { slot.cell?.value ?? slot.first }
        nonmutating set { projectedValue.wrappedValue = newValue }
    }

    public var projectedValue: Binding<Value> {
        let slot = slot
        return Binding(read: { slot.cell?.value ?? slot.first }) { value in
            // Before the view is on the screen there is nothing that could keep it.
            guard let cell = slot.cell else { preconditionFailure("a state was set outside of the screen") }
            cell.value = value
            cell.host.change()
        }
    }

    func hold(_ place: Place, _ name: String) {
        slot.cell = place.host.state("\(place.path).\(name)") { Cell(slot.first, place.host) }
    }
}

@propertyWrapper @dynamicMemberLookup @MainActor @preconcurrency public struct Binding<Value> {
    let read: @MainActor () -> Value
    let write: @MainActor (Value) -> Void

    // No `init(get:set:)`: screens bind to state and to models.
    init(read: @escaping @MainActor () -> Value, write: @escaping @MainActor (Value) -> Void) {
        (self.read, self.write) = (read, write)
    }

    public var wrappedValue: Value {
        get { read() }
        nonmutating set { write(newValue) }
    }
    public var projectedValue: Binding<Value> { self }

    public subscript<Subject>(dynamicMember path: WritableKeyPath<Value, Subject>) -> Binding<Subject> {
        Binding<Subject>(read: { read()[keyPath: path] }) { value in
            var whole = read()
            whole[keyPath: path] = value
            write(whole)
        }
    }
}

@propertyWrapper @dynamicMemberLookup @MainActor @preconcurrency public struct Bindable<Value> {
    public var wrappedValue: Value
    public init(wrappedValue: Value) where Value: AnyObject, Value: Observable { self.wrappedValue = wrappedValue }
    public init(_ wrappedValue: Value) where Value: AnyObject, Value: Observable { self.wrappedValue = wrappedValue }
    public var projectedValue: Bindable<Value> { self }

    public subscript<Subject>(dynamicMember path: ReferenceWritableKeyPath<Value, Subject>) -> Binding<Subject>
    where Value: AnyObject {
        let model = wrappedValue
        return Binding(read: { model[keyPath: path] }) { model[keyPath: path] = $0 }
    }
}

@MainActor final class Lent {
    var values: EnvironmentValues?
}

@propertyWrapper @MainActor @preconcurrency public struct Environment<Value>: Held {
    let path: KeyPath<EnvironmentValues, Value>
    let lent = Lent()
    public init(_ path: KeyPath<EnvironmentValues, Value>) { self.path = path }

    public var wrappedValue: Value {
        guard let values = lent.values else { preconditionFailure("the environment was read outside of the screen") }
        return values[keyPath: path]
    }

    func hold(_ place: Place, _ name: String) { lent.values = place.values }
}

public enum ScenePhase: Comparable, Sendable { case background, inactive, active }
public enum ColorScheme: CaseIterable, Sendable { case light, dark }
public enum DynamicTypeSize: Comparable, CaseIterable, Sendable {
    case xSmall, small, medium, large, xLarge, xxLarge, xxxLarge
    case accessibility1, accessibility2, accessibility3, accessibility4, accessibility5
    public var isAccessibilitySize: Bool { self >= .accessibility1 }
}

public struct DismissAction: Sendable {
    let act: @MainActor @Sendable () -> Void
    @MainActor public func callAsFunction() { act() }
}

public struct EnvironmentValues: Sendable {
    public var scenePhase = ScenePhase.active
    public var colorScheme = ColorScheme.light
    public var dynamicTypeSize = DynamicTypeSize.large
    public var locale = Locale(identifier: "en")
    public var isEnabled = true
    public internal(set) var dismiss = DismissAction {}
    // Of the stand-in alone.
    var inList = false
    var isCovered = false
    var places: @MainActor @Sendable (AnyHashable) -> Void = { _ in }

    public init() {}
}
