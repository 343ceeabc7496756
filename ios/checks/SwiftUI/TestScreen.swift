/// The screen of a test: evaluates the root when something it read has changed, keeps state, and runs the tasks of the
/// views that are there.
@MainActor public final class TestScreen {
    /// What a person finds.
    public private(set) var tree = Node(.screen)
    /// How often a view of ours was evaluated.
    public internal(set) var count = 0
    /// The environment of the root.
    public var values: EnvironmentValues { didSet { change() } }

    private let root: any View
    private let dirt = Dirt()
    private var cells: [String: AnyObject] = [:]
    private var seen: Set<String> = []
    private var tasks: [String: (id: AnyHashable, task: Task<Void, Never>)] = [:]
    private var wanted: [String: (id: AnyHashable, start: () -> Task<Void, Never>)] = [:]
    private var present: Set<String> = []
    private var appearing: [String: () -> Void] = [:]
    private var leaving: [String: () -> Void] = [:]
    private var watched: [String: Any] = [:]
    private var changes: [() -> Void] = []
    private var windows: [String: Int] = [:]
    private var reach: [String: Int] = [:]
    var destinations: [ObjectIdentifier: (AnyHashable) -> any View] = [:]

    /// How many rows of a list are in view.
    public static let rows = 12

    public init(_ root: some View, _ values: EnvironmentValues = EnvironmentValues()) {
        (self.root, self.values) = (root, values)
        refresh()
    }

    func change() { dirt.mark() }

    /// Evaluates again, if something that was read has changed since.
    public func refresh() {
        // A change while evaluating asks for another round; a screen that never rests is a fault.
        for _ in 0..<50 {
            guard dirt.take() else { return }
            (seen, wanted, reach) = ([], [:], [:])
            let (before, dirt) = (present, dirt)
            let gone = leaving
            (present, appearing, leaving, changes) = ([], [:], [:], [])
            let place = Place(path: "", values: values, host: self)
            let children = withObservationTracking { evaluate(root, place) } onChange: { dirt.mark() }
            tree = Node(.screen, children)
            cells = cells.filter { seen.contains($0.key) }
            for (key, running) in tasks where wanted[key]?.id != running.id {
                running.task.cancel()
                tasks[key] = nil
            }
            for (key, asked) in wanted where tasks[key] == nil { tasks[key] = (asked.id, asked.start()) }
            watched = watched.filter { present.contains($0.key) }
            for (key, act) in gone where !present.contains(key) { act() }
            for (key, act) in appearing where !before.contains(key) { act() }
            changes.forEach { $0() }
        }
        preconditionFailure("the screen does not come to rest")
    }

    /// Ends the screen: tasks are cancelled.
    public func close() {
        tasks.values.forEach { $0.task.cancel() }
        tasks = [:]
    }

    /// How many tasks of views run.
    public var running: Int { tasks.count }

    func state<Value>(_ key: String, _ make: () -> Cell<Value>) -> Cell<Value> {
        seen.insert(key)
        if let cell = cells[key] as? Cell<Value> { return cell }
        let cell = make()
        cells[key] = cell
        return cell
    }

    // What is covered by a pushed screen keeps its state, but is not there: its tasks end.
    func task(_ place: Place, _ id: AnyHashable, _ start: @escaping () -> Task<Void, Never>) {
        if !place.values.isCovered { wanted[place.path] = (id, start) }
    }

    func appear(_ place: Place, _ act: @escaping () -> Void) {
        guard !place.values.isCovered else { return }
        present.insert(place.path)
        appearing[place.path] = act
    }

    func leave(_ place: Place, _ act: @escaping () -> Void) {
        guard !place.values.isCovered else { return }
        present.insert(place.path)
        leaving[place.path] = act
    }

    func watch<Value: Equatable>(_ place: Place, _ value: Value, _ act: @escaping (Value, Value) -> Void) {
        present.insert(place.path)
        if let old = watched[place.path] as? Value, old != value { changes.append { act(old, value) } }
        watched[place.path] = value
    }

    /// The rows of a `ForEach` that are in view: all of them, but in a list only as many as fit.
    func window(_ place: Place, _ count: Int) -> Range<Int> {
        guard place.values.inList, count > TestScreen.rows else { return 0..<count }
        reach[place.path] = count
        let start = min(windows[place.path] ?? 0, count - TestScreen.rows)
        return start..<(start + TestScreen.rows)
    }

    /// Scrolls the longest list by as many rows as fit, and says whether there was anything left to scroll.
    public func scrollOn() -> Bool {
        refresh()
        guard let (path, count) = reach.max(by: { $0.value < $1.value }) else { return false }
        let start = windows[path] ?? 0
        guard start + TestScreen.rows < count else { return false }
        windows[path] = min(start + TestScreen.rows, count - TestScreen.rows)
        change()
        refresh()
        return true
    }
}

/// Whether something changed. Observation tells it from whatever thread changed it.
final class Dirt: @unchecked Sendable {
    private let lock = NSLock()
    private var isMarked = true
    func mark() { lock.withLock { isMarked = true } }
    func take() -> Bool {
        lock.withLock {
            defer { isMarked = false }
            return isMarked
        }
    }
}
