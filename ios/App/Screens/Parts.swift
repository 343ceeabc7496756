import KabaoModel
import SwiftUI

/// The symbols of Apple's that the screens use.
enum Symbol: String {
    case code = "qrcode"
    case waiting = "clock"
    case good = "checkmark.circle"
    case bad = "xmark.circle"
    case careful = "exclamationmark.triangle"
    case chosen = "checkmark"
    case locked = "lock"
    case notice = "bell"
    case history = "list.bullet"
    case topUp = "plus.circle"
}

/// A symbol beside a text that says the same.
struct SymbolView: View {
    private let symbol: Symbol

    init(_ symbol: Symbol) { self.symbol = symbol }

    var body: some View { Image(systemName: symbol.rawValue).accessibilityHidden(true) }
}

/// An amount: written for the eye, spoken for the ear.
struct Amount: View {
    private let money: MoneyView

    init(_ money: MoneyView) { self.money = money }

    var body: some View { Text(money.text).accessibilityLabel(money.spoken) }
}

/// What happened and what to do next.
struct TroubleView: View {
    private let trouble: Trouble?

    init(_ trouble: Trouble?) { self.trouble = trouble }

    var body: some View {
        if let trouble {
            VStack(alignment: .leading) {
                HStack {
                    SymbolView(trouble.isUnknown ? .waiting : .careful)
                    Text(trouble.text).bold()
                }
                Text(trouble.next).foregroundStyle(.secondary)
            }
            .accessibilityElement(children: .combine)
        }
    }
}

/// A button that calls the wallet. It rests while a call is under way.
struct ActionButton: View {
    private let title: String
    private let isWorking: Bool
    private let action: @MainActor @Sendable () async -> Void

    init(_ title: String, isWorking: Bool, action: @escaping @MainActor @Sendable () async -> Void) {
        (self.title, self.isWorking, self.action) = (title, isWorking, action)
    }

    var body: some View {
        Button {
            Task { [action] in await action() }
        } label: {
            Text(title).frame(maxWidth: .infinity)
        }
        .buttonStyle(.borderedProminent)
        .disabled(isWorking)
    }
}

/// A line of what the person agrees to, or of a receipt; nothing when there is nothing to say.
struct Line: View {
    private let title: String
    private let text: String?

    init(_ title: String, _ text: String?) { (self.title, self.text) = (title, text) }

    var body: some View {
        if let text { LabeledContent(title, value: text) }
    }
}

/// A line with an amount.
struct AmountLine: View {
    private let title: String
    private let money: MoneyView

    init(_ title: String, _ money: MoneyView) { (self.title, self.money) = (title, money) }

    var body: some View {
        LabeledContent(title) { Amount(money) }
    }
}
