import KabaoModel
import SwiftUI

/// What happened, newest first. It is read from the phone, also without network.
struct HistoryScreen: View {
    @Bindable var model: HistoryModel

    var body: some View {
        List {
            TroubleView(model.trouble)
            if let month = model.month {
                Section {
                    AmountLine(model.words(.monthSpent), month.spent)
                    AmountLine(model.words(.monthReceived), month.received)
                }
            }
            if !model.open.isEmpty {
                Section(model.words(.underWay)) {
                    ForEach(model.open) { ItemRow(words: model.words, item: $0) }
                }
            }
            Section {
                if model.isLoaded && model.items.isEmpty { Text(model.words(.noRecords)) }
                ForEach(model.items) { item in
                    Button {
                        model.look(at: item)
                    } label: {
                        ItemRow(words: model.words, item: item)
                    }
                    .buttonStyle(.plain)
                    .accessibilityHint(model.words(.openDetails))
                    .onAppear {
                        if item.id == model.items.last?.id { Task { [model] in await model.more() } }
                    }
                }
                if model.hasMore {
                    Button(model.words(.more)) { Task { [model] in await model.more() } }
                }
            }
        }
        .navigationTitle(model.words(.history))
        .task { [model] in await model.watch() }
        .refreshable { [model] in await model.refresh() }
        .sheet(item: $model.record) { RecordScreen(model: $0) }
    }
}

/// A line of the history, spoken as one sentence.
struct ItemRow: View {
    let words: Words
    let item: HistoryItem

    var body: some View {
        HStack {
            VStack(alignment: .leading) {
                Text(item.title)
                Text(item.stateText).font(.footnote).foregroundStyle(.secondary)
                Text(item.atText).font(.footnote).foregroundStyle(.secondary)
            }
            Spacer()
            Text(item.amount.text)
        }
        .accessibilityElement(children: .ignore)
        .accessibilityLabel(
            words(
                .lineOf,
                [
                    "title": item.title, "kind": item.kindText, "amount": item.amount.spoken, "state": item.stateText,
                    "at": item.atText,
                ]))
    }
}

/// A record with its receipt. A receipt whose signature does not hold is shown as such.
struct RecordScreen: View {
    let model: RecordModel
    @Environment(\.dismiss) private var dismiss

    var body: some View {
        List {
            TroubleView(model.trouble)
            if let record = model.record {
                Section {
                    Text(record.item.title).font(.title2).accessibilityAddTraits(.isHeader)
                    AmountLine(model.words(.amount), record.item.amount)
                    AmountLine(model.words(.fee), record.fee)
                    Line(model.words(.state), record.item.stateText)
                    Line(model.words(.time), record.item.atText)
                    Line(model.words(.route), record.routeText)
                    Line(model.words(.ourOrder), record.ourOrder)
                    Line(model.words(.acquirerOrder), record.acquirerOrder)
                    Line(model.words(.merchantOrder), record.merchantOrder)
                }
            }
            if let receipt = model.receipt { ReceiptSection(words: model.words, receipt: receipt) }
            Button(model.words(.back)) { dismiss() }
        }
        .navigationTitle(model.words(.record))
        .task { [model] in await model.load() }
    }
}

/// The signed receipt, checked on this phone.
private struct ReceiptSection: View {
    let words: Words
    let receipt: ReceiptView

    var body: some View {
        Section(receipt.title) {
            Label(
                words(receipt.verified ? .verified : .notVerified),
                systemImage: receipt.verified ? Symbol.good.rawValue : Symbol.careful.rawValue)
            Line(receipt.payeeLabel, receipt.payeeName)
            AmountLine(words(.amount), receipt.amount)
            Line(words(.source), receipt.sourceText)
            Line(words(.arrives), receipt.arrivesText)
        }
    }
}
