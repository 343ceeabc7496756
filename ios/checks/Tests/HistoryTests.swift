import KabaoKit
import KabaoModel
import SwiftUI
import Testing

@MainActor @Suite struct HistoryTests {
    let wallet = FakeWallet()

    private func history() async throws -> TestScreen {
        let host = try await screens(wallet)
        try await host.until(reads: "¥123.45")
        try host.tap("History", .link)
        return host
    }

    private var rows: (TestScreen) -> [String] {
        { host in host.find(.button).map(\.spoken).filter { $0.hasPrefix("Shop") } }
    }

    @Test(.timeLimit(.minutes(1))) func tenThousandRowsAreReadPageByPageAndEachIsSeen() async throws {
        let count = 10_000
        wallet.pages = (0..<(count / 50)).map { page in
            let items = (0..<50).map { fakeItem(page * 50 + $0) }
            return HistoryPage(open: [], items: items, next: page + 1 < count / 50 ? "\(page + 1)" : nil)
        }
        let host = try await history()
        try await host.until(reads: "Shop 0")
        #expect(wallet.pagesRead <= 4)
        var seen = Set<String>()
        let before = host.count
        while seen.count < count {
            seen.formUnion(rows(host))
            #expect(host.find(.button).count <= TestScreen.rows + 2)
            if !host.scrollOn() {
                let known = seen.count
                try await host.until("more rows") { known == count || host.scrollOn() }
            }
        }
        #expect(seen.count == count)
        // A row is evaluated when it comes into view and when a page arrives, not all rows each time.
        #expect(host.count - before < count * 4)
    }

    @Test func aLineIsSpokenAsOneSentence() async throws {
        wallet.pages = [HistoryPage(open: [fakeItem(9, "unknown")], items: [fakeItem(1)], next: nil)]
        let host = try await history()
        try await host.until(reads: "Shop 1")
        #expect(rows(host) == ["Shop 1, Payment, -1 fen, Done, at 1"])
        #expect(host.reads(en(.underWay)) && host.reads("Shop 9"))
        #expect(host.find(nil, "Spent this month, 14730 fen").count == 1)
    }

    @Test func aNewRecordComesToTheTopAndWhatWasReadStays() async throws {
        let first = HistoryPage(open: [], items: (0..<3).map { fakeItem($0) }, next: "1")
        wallet.pages = [first, HistoryPage(open: [], items: (3..<6).map { fakeItem($0) }, next: nil)]
        let host = try await history()
        try await host.until("both pages") { rows(host).count == 6 }
        wallet.pages[0] = HistoryPage(open: [], items: [fakeItem(99)] + first.items.dropLast(), next: "1")
        wallet.tell(.recordArrived(recordId: "r99"))
        try await host.until(reads: "Shop 99")
        #expect(rows(host).map { $0.split(separator: ",")[0] } == ["Shop 99", "Shop 0", "Shop 1", "Shop 2", "Shop 3", "Shop 4", "Shop 5"])
    }

    @Test func moreThanAPageOfNewRecordsLeavesNoHole() async throws {
        wallet.pages = [HistoryPage(open: [], items: (0..<3).map { fakeItem($0) }, next: "1"), HistoryPage(open: [], items: [fakeItem(3)], next: nil)]
        let host = try await history()
        try await host.until("both pages") { rows(host).count == 4 }
        wallet.pages = [
            HistoryPage(open: [], items: [fakeItem(90), fakeItem(91)], next: "1"),
            HistoryPage(open: [], items: [fakeItem(92)] + (0..<4).map { fakeItem($0) }, next: nil),
        ]
        wallet.tell(.recordArrived(recordId: "r90"))
        try await host.until("all") { rows(host).count == 7 }
        #expect(rows(host).map { $0.split(separator: ",")[0] } == ["Shop 90", "Shop 91", "Shop 92", "Shop 0", "Shop 1", "Shop 2", "Shop 3"])
    }

    @Test func aReceiptWhoseSignatureDoesNotHoldIsShownAsSuch() async throws {
        wallet.pages = [HistoryPage(open: [], items: [fakeItem(1), fakeItem(2)], next: nil)]
        wallet.records = ["r1": fakeRecord(fakeItem(1)), "r2": fakeRecord(fakeItem(2), receipt: false)]
        for (verified, word) in [(true, Word.verified), (false, .notVerified)] {
            wallet.receipts["r1"] = fakeReceipt(verified: verified)
            let host = try await history()
            try await host.until(reads: "Shop 1")
            host.find(.button).first { $0.spoken.hasPrefix("Shop 1,") }?.press()
            try await host.until(reads: en(word))
            #expect(host.reads("K1") && host.find(nil, "Amount, -1 fen").count == 2)
            try host.tap("Back")
            host.find(.button).first { $0.spoken.hasPrefix("Shop 2,") }?.press()
            try await host.until("the record") { host.reads("K1") }
            #expect(!host.reads("付款凭证"))
        }
    }

    @Test func withoutNetworkTheListIsReadAndPullingSaysWhy() async throws {
        wallet.pages = [HistoryPage(open: [], items: [fakeItem(1)], next: nil)]
        wallet.offline = fakeFailure("net_down")
        let host = try await history()
        try await host.until(reads: "Shop 1")
        #expect(!host.reads(en.trouble(fakeFailure("net_down")).text))
        try await host.pull()
        #expect(host.reads(en.trouble(fakeFailure("net_down")).text) && host.reads("Shop 1"))
    }
}
