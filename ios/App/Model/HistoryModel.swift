import KabaoKit
import Observation

/// What happened, newest first, read page by page while the person scrolls.
@Observable @MainActor public final class HistoryModel: Working {
    /// Payments of this phone without a result.
    public private(set) var open: [HistoryItem] = []
    /// The records that were read.
    public private(set) var items: [HistoryItem] = []
    /// The sums of this month.
    public private(set) var month: MonthView?
    /// Whether the first page was read.
    public private(set) var isLoaded = false
    /// The record that the person looks at.
    public var record: RecordModel?
    /// What went wrong last.
    public internal(set) var trouble: Trouble?
    /// Whether a call is under way.
    public internal(set) var isWorking = false
    /// The words of the screens.
    public let words: Words

    private let wallet: any WalletPort
    private var next: String?
    /// The names of what was read: a record stands in the list once.
    private var known: Set<String> = []
    private var isReading = false

    init(_ wallet: any WalletPort, _ words: Words) { (self.wallet, self.words) = (wallet, words) }

    /// Whether there is more to read.
    public var hasMore: Bool { next != nil }

    /// Keeps what is shown true until the task is cancelled.
    public func watch() async {
        for await event in wallet.events {
            switch event {
            case .state(locked: true): forget()
            case .askArrived, .notice: break
            default: await load()
            }
        }
    }

    private func forget() {
        (open, items, known, month, isLoaded, next, record, trouble) = ([], [], [], nil, false, nil, nil, nil)
    }

    /// Reads the first page. What was read below it stays, if the two still meet.
    private func load() async {
        await attempt {
            // Both before anything is shown: a list and the sum of another moment would not agree.
            let (page, month) = (try await wallet.page(nil), try await wallet.month())
            let new = Set(page.items.map(\.id))
            let below = items.drop { !new.contains($0.id) }.filter { !new.contains($0.id) }
            if below.isEmpty || page.next == nil {
                (items, next) = (page.items, page.next)
            } else {
                items = page.items + below
            }
            known = Set(items.map(\.id))
            (open, self.month, isLoaded) = (page.open, month, true)
        }
    }

    /// Reads the next page, when the end of the list comes into view.
    public func more() async {
        guard let next, !isReading else { return }
        isReading = true
        await attempt {
            let page = try await wallet.page(next)
            guard self.next == next else { return }
            items += page.items.filter { known.insert($0.id).inserted }
            self.next = page.next
        }
        isReading = false
    }

    /// Asks the service, when the person pulls the list.
    public func refresh() async {
        await work { try await wallet.look() }
        await load()
    }

    /// Opens a record.
    public func look(at item: HistoryItem) {
        if let recordId = item.recordId { record = RecordModel(wallet, words, recordId) }
    }
}

extension HistoryItem: @retroactive Identifiable {
    /// A record keeps its name in the list; a payment without one has that of the payment.
    public var id: String { recordId ?? intentId ?? "" }
}

/// One record with its receipt.
@Observable @MainActor public final class RecordModel: Working, Identifiable {
    /// Everything that is known of it.
    public private(set) var record: RecordView?
    /// Its receipt, checked on this phone.
    public private(set) var receipt: ReceiptView?
    /// What went wrong last.
    public internal(set) var trouble: Trouble?
    /// Whether a call is under way.
    public internal(set) var isWorking = false
    /// The words of the screens.
    public let words: Words

    private let wallet: any WalletPort
    private let recordId: String

    init(_ wallet: any WalletPort, _ words: Words, _ recordId: String) {
        (self.wallet, self.words, self.recordId) = (wallet, words, recordId)
    }

    /// Reads it.
    public func load() async {
        await work {
            let record = try await wallet.record(recordId)
            self.record = record
            if record.hasReceipt { receipt = try await wallet.receipt(recordId) }
        }
    }
}
