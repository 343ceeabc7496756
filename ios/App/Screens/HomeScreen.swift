import KabaoModel
import SwiftUI

/// The first screen: what there is, what waits for an answer, and where to go.
struct HomeScreen: View {
    let wallet: WalletModel
    @Bindable var home: HomeModel

    var body: some View {
        List {
            if let notice = wallet.notice { NoticeSection(wallet: wallet, notice: notice) }
            TroubleView(home.trouble)
            if let step = home.step { StepSection(title: home.words(.nextStep), step: step) }
            // A merchant waits a minute: the question stands above everything that can wait.
            if !home.asks.isEmpty { AsksSection(home: home) }
            if let account = home.account { BalanceSection(words: home.words, account: account) }
            if !home.open.isEmpty { OpenSection(home: home) }
            if !home.lacks.isEmpty { LacksSection(title: home.words(.notReady), lacks: home.lacks) }
            if home.account != nil { WaysSection(home: home) }
        }
        .navigationTitle(home.words(.home))
        .task { [home] in await home.watch() }
        .refreshable { [home] in await home.refresh() }
        .sheet(item: $home.paying) { PayScreen(model: $0) }
    }
}

/// A sentence of the wallet, until the person has read it.
private struct NoticeSection: View {
    let wallet: WalletModel
    let notice: WalletModel.Notice

    var body: some View {
        Section {
            VStack(alignment: .leading) {
                Label(notice.title, systemImage: Symbol.notice.rawValue).font(.headline)
                Text(notice.body)
            }
            .accessibilityElement(children: .combine)
            Button(wallet.words(.dismiss)) { wallet.dismissNotice() }
        }
    }
}

/// What the set-up asks for.
private struct StepSection: View {
    let title: String
    let step: StepWords

    var body: some View {
        Section(title) {
            VStack(alignment: .leading) {
                Text(step.title).font(.headline)
                Text(step.why).foregroundStyle(.secondary)
            }
            .accessibilityElement(children: .combine)
        }
    }
}

/// What stands in the way of a payer code.
private struct LacksSection: View {
    let title: String
    let lacks: [Lack]

    var body: some View {
        Section(title) {
            ForEach(lacks) { lack in
                VStack(alignment: .leading) {
                    Text(lack.trouble.text).font(.headline)
                    Text(lack.trouble.next).foregroundStyle(.secondary)
                }
                .accessibilityElement(children: .combine)
            }
        }
    }
}

/// The balance as the service said it last, and how long ago that was.
private struct BalanceSection: View {
    let words: Words
    let account: AccountView

    var body: some View {
        Section(words(.balance)) {
            if let balance = account.balance {
                VStack(alignment: .leading) {
                    Text(balance.text).font(.largeTitle)
                    if let age = account.balanceAgeText { Text(age).font(.footnote).foregroundStyle(.secondary) }
                }
                .accessibilityElement(children: .ignore)
                .accessibilityLabel(words(.balanceOf, ["amount": balance.spoken, "age": account.balanceAgeText ?? ""]))
                .privacySensitive()
            } else {
                Text(words(.balanceAbsent))
            }
            Line(words(.phone), account.phoneMasked)
        }
    }
}

/// Where to go from here.
private struct WaysSection: View {
    @Bindable var home: HomeModel

    var body: some View {
        Section {
            if let offer = home.offer { Text(offer).font(.footnote).foregroundStyle(.secondary) }
            NavigationLink(value: Destination.code) {
                Label(home.words(.showCode), systemImage: Symbol.code.rawValue)
            }
            NavigationLink(value: Destination.history) {
                Label(home.words(.history), systemImage: Symbol.history.rawValue)
            }
            if home.card != nil {
                Button {
                    home.topUp()
                } label: {
                    Label(home.words(.topUp), systemImage: Symbol.topUp.rawValue)
                }
            }
        }
        // A camera comes in an adapter of its own; what it reads stands in this field.
        Section(home.words(.scan)) {
            TextField(home.words(.scanField), text: $home.scanned)
                .textInputAutocapitalization(.never)
                .autocorrectionDisabled()
            ActionButton(home.words(.goOn), isWorking: home.isWorking) { [home] in await home.scan() }
        }
    }
}

/// Merchants that wait for an answer.
private struct AsksSection: View {
    let home: HomeModel

    var body: some View {
        Section(home.words(.asks)) {
            ForEach(home.asks, id: \.askId) { ask in
                Text(home.words(.askLine, ["payee": ask.payeeName, "amount": ask.amount.text]))
                    .accessibilityLabel(home.words(.askLine, ["payee": ask.payeeName, "amount": ask.amount.spoken]))
                Button(home.words(.look)) { home.answer(ask) }
                Button(home.words(.decline), role: .destructive) {
                    Task { [home] in await home.decline(ask) }
                }
                .disabled(home.isWorking)
            }
        }
    }
}

/// Payments without a result. Nothing here pays again.
private struct OpenSection: View {
    let home: HomeModel

    var body: some View {
        Section(home.words(.underWay)) {
            ForEach(home.open) { ItemRow(words: home.words, item: $0) }
        }
    }
}
