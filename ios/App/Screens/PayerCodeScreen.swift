import KabaoModel
import SwiftUI

/// The payer code, to be scanned by a merchant. It works without network.
struct PayerCodeScreen: View {
    let model: PayerCodeModel
    @Environment(\.scenePhase) private var phase

    var body: some View {
        List {
            TroubleView(model.trouble)
            if let outcome = model.outcome { OutcomeSection(model: model, outcome: outcome) }
            if let code = model.code {
                // Not in the app switcher, and not behind a question of the system.
                if phase == .active {
                    CodeSection(model: model, code: code)
                } else {
                    Text(model.words(.codeCovered))
                }
            } else {
                ActionButton(model.words(.newCode), isWorking: model.isWorking) { [model] in await model.another() }
            }
            WaysSection(model: model)
        }
        .navigationTitle(model.words(.showCode))
        .task { [model] in await model.show() }
        .onDisappear { model.hide() }
        .task(id: model.code?.drawAgainAt) { [model] in await model.renew() }
    }
}

/// Both pictures of the code, its digits, and how long and how far it goes.
private struct CodeSection: View {
    let model: PayerCodeModel
    let code: PayerCodeView

    var body: some View {
        Section {
            BarShape(widths: code.bars.widths).fill(.black)
                .aspectRatio(4, contentMode: .fit)
                .padding()
                .background(.white)
                .accessibilityElement()
                .accessibilityLabel(model.words(.codeBars))
                .privacySensitive()
            QrShape(size: code.qr.size, modules: code.qr.modules).fill(.black)
                .aspectRatio(1, contentMode: .fit)
                .padding()
                .background(.white)
                .accessibilityElement()
                .accessibilityLabel(model.words(.codePicture))
                .privacySensitive()
            Text(code.grouped).font(.body.monospacedDigit())
                .accessibilityLabel(model.words(.codeDigits))
                .accessibilityValue(code.grouped)
                .privacySensitive()
            if let lifetime = model.lifetime {
                LabeledContent(model.words(.codeRenews)) {
                    Text(timerInterval: lifetime, countsDown: true, showsHours: false)
                }
            }
        }
        Section {
            Text(model.words(.codeCap, ["amount": code.cap.text]))
                .accessibilityLabel(model.words(.codeCap, ["amount": code.cap.spoken]))
            Text(model.words(.codeLeft, ["n": code.codesLeft.description]))
            if !code.clockTrusted { Text(model.words(.clockDoubt)) }
        }
    }
}

/// What a merchant did with the code.
private struct OutcomeSection: View {
    let model: PayerCodeModel
    let outcome: String

    var body: some View {
        Section {
            Text(outcome).font(.title2).accessibilityAddTraits(.isHeader)
            if let record = model.record { ItemRow(words: model.words, item: record.item) }
        }
    }
}

/// The ways to pay, and why one cannot be used.
private struct WaysSection: View {
    let model: PayerCodeModel

    var body: some View {
        Section(model.words(.ways)) {
            ForEach(model.ways, id: \.way) { way in
                Button {
                    Task { [model] in await model.choose(way) }
                } label: {
                    VStack(alignment: .leading) {
                        HStack {
                            Text(way.text)
                            if model.code?.way == way.way { SymbolView(.chosen) }
                        }
                        if let reason = way.reason {
                            Text(model.words(.notUsable, ["why": model.words.trouble(reason).text])).font(.footnote)
                        }
                    }
                }
                .disabled(!way.usable || model.isWorking)
                .accessibilityAddTraits(model.code?.way == way.way ? .isSelected : [])
            }
        }
    }
}
