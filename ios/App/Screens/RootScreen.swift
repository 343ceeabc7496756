import KabaoModel
import SwiftUI

/// Where the person can go from the first screen.
enum Destination: Hashable { case code, history }

/// The app: the lock, or the first screen and what was opened on it.
public struct RootScreen: View {
    private let wallet: WalletModel
    @State private var path: [Destination] = []

    /// The screens of a wallet.
    public init(_ wallet: WalletModel) { self.wallet = wallet }

    public var body: some View {
        Group {
            if wallet.isLocked {
                LockedScreen(wallet: wallet)
            } else {
                NavigationStack(path: $path) {
                    HomeScreen(wallet: wallet, home: wallet.home)
                        .navigationDestination(for: Destination.self) { place in
                            switch place {
                            case .code: PayerCodeScreen(model: wallet.code)
                            case .history: HistoryScreen(model: wallet.history)
                            }
                        }
                }
            }
        }
        .simultaneousGesture(TapGesture().onEnded { wallet.touch() })
        .task { [wallet] in await wallet.watch() }
    }
}

/// Nothing of the wallet, and the way back into it.
struct LockedScreen: View {
    let wallet: WalletModel

    var body: some View {
        VStack {
            SymbolView(.locked)
            Text(wallet.words(.locked)).font(.title).accessibilityAddTraits(.isHeader)
            TroubleView(wallet.trouble)
            ActionButton(wallet.words(.unlock), isWorking: wallet.isWorking) { await wallet.unlock() }
        }
        .padding()
    }
}
