import KabaoModel
import SwiftUI

/// One payment: the amount, the agreement, and what became of it.
struct PayScreen: View {
    @Bindable var model: PayModel
    @Environment(\.dismiss) private var dismiss

    var body: some View {
        List {
            switch model.stage {
            case .amount: AmountSection(model: model)
            case .agree: AgreeSection(model: model)
            case .result: ResultSection(model: model)
            }
            // What became of a payment is never half a sentence away from what to do about it.
            if model.stage != .result { TroubleView(model.trouble) }
            if model.isWorking { ProgressView(model.words(.working)) }
            Button(model.words(model.stage == .result ? .done : .back)) { dismiss() }
                .disabled(model.isWorking)
        }
        .navigationTitle(model.payee)
        .interactiveDismissDisabled(model.isWorking)
        .task { [model] in await model.watch() }
    }
}

/// The person types the amount. It is read by the core.
private struct AmountSection: View {
    @Bindable var model: PayModel

    var body: some View {
        Section {
            ForEach(model.dangers, id: \.self) { danger in
                Label(danger, systemImage: Symbol.careful.rawValue)
            }
            Line(model.words(.payee), model.payee)
        }
        // The label stays when something is typed.
        Section(model.words(.amountField)) {
            TextField(model.words(.amountField), text: $model.amount).keyboardType(.decimalPad).font(.title)
            ActionButton(model.words(.goOn), isWorking: model.isWorking) { [model] in await model.ask() }
        }
    }
}

/// Who, how much, from what.
private struct AgreeSection: View {
    @Bindable var model: PayModel

    var body: some View {
        if let quote = model.quote {
            Section {
                ForEach(model.dangers, id: \.self) { danger in
                    Label(danger, systemImage: Symbol.careful.rawValue)
                }
                Line(model.words(.payee), model.payee)
                AmountLine(model.words(.amount), quote.amount)
                AmountLine(model.words(.fee), quote.fee)
                AmountLine(model.words(.total), quote.total).font(.headline)
            }
            Section(model.words(.payFrom)) {
                ForEach(quote.sources, id: \.source) { SourceRow(model: model, source: $0) }
            }
            Section(model.words(.pin)) {
                SecureField(model.words(.pin), text: $model.pin).keyboardType(.numberPad)
                ActionButton(model.words(model.isRepeat ? .payAgain : .payWithPin), isWorking: !model.canPay) { [model] in
                    await model.pay(.pin)
                }
                if !model.isRepeat {
                    ActionButton(model.words(.payWithFace), isWorking: !model.canPay) { [model] in await model.pay(.face) }
                }
            }
        }
        if model.canAskAgain {
            ActionButton(model.words(.tryAgain), isWorking: model.isWorking) { [model] in await model.ask() }
        }
    }
}

/// A source of the money, or why it cannot be one.
private struct SourceRow: View {
    let model: PayModel
    let source: QuoteSourceView

    private var isChosen: Bool { model.source?.source == source.source }

    var body: some View {
        Button {
            model.choose(source)
        } label: {
            VStack(alignment: .leading) {
                HStack {
                    Text(source.text)
                    if isChosen { SymbolView(.chosen) }
                }
                if let reason = source.reason {
                    Text(model.words(.notUsable, ["why": model.words.trouble(reason).text])).font(.footnote)
                }
            }
        }
        .disabled(!source.usable)
        .accessibilityAddTraits(isChosen ? .isSelected : [])
    }
}

/// What became of it. While nobody knows, the screen says that it is being checked and offers nothing that pays.
private struct ResultSection: View {
    let model: PayModel

    var body: some View {
        Section(model.words(.result)) {
            if let payment = model.payment {
                Label(payment.stateText, systemImage: symbol.rawValue).font(.title2)
                if let payee = payment.payeeName { Line(model.words(.payee), payee) }
                AmountLine(model.words(.amount), payment.amount)
            }
            TroubleView(model.trouble)
        }
        if let payment = model.payment, !payment.timeline.isEmpty {
            Section(model.words(.stages)) {
                ForEach(payment.timeline, id: \.stage) { Text($0.text) }
            }
        }
        if model.canBeginAnew {
            ActionButton(model.words(.tryAgain), isWorking: model.isWorking) { [model] in await model.beginAnew() }
        }
    }

    private var symbol: Symbol {
        if model.isBeingChecked { return .waiting }
        return model.canBeginAnew || model.trouble != nil ? .bad : .good
    }
}
