import KabaoKit

/// Headings, buttons and labels of the screens. Their sentences stand in the core's catalogue, `[screen]` and
/// `[receipt]`, in every language of the wallet.
public enum Word: String, CaseIterable, Sendable {
    case home, balance, balanceOf, balanceAbsent, phone, nextStep, asks, askLine, look, decline, underWay, showCode
    case notReady, scan, scanField, goOn, topUp, history, openDetails, dismiss, tryAgain, locked, unlock, working
    case amountField, toBalance, total, payFrom, chosen, notUsable, pin, payWithPin, payWithFace, payAgain
    case result, stages, done, back
    case codePicture, codeBars, codeDigits, codeCap, codeLeft, codeRenews, clockDoubt, codeCovered, way, ways, newCode
    case monthSpent, monthReceived, noRecords, more, record, state, lineOf
    case payee, amount, fee, route, ourOrder, acquirerOrder, merchantOrder, time, source, verified, notVerified, arrives

    /// Its name in the catalogue: `balanceOf` is `balance_of`.
    public var name: String {
        rawValue.reduce(into: "") { name, letter in
            if letter.isUppercase { name.append("_") }
            name.append(letter.lowercased())
        }
    }
}

/// The words of one language.
public struct Words: Sendable {
    /// The language that the person reads.
    public let language: Language

    /// The words of a language.
    public init(_ language: Language) { self.language = language }

    /// The sentence of a word, with its arguments filled in.
    public func callAsFunction(_ word: Word, _ arguments: [String: String] = [:]) -> String {
        screenWords(language: language, name: word.name, arguments: arguments)
    }
}

/// What went wrong, in words: what happened and what to do next.
public struct Trouble: Equatable, Sendable {
    /// What happened.
    public let text: String
    /// What to do now.
    public let next: String
    /// Whether money may have moved all the same: then nothing offers to pay again.
    public let isUnknown: Bool
    /// The name of the cause, for what a screen decides by it.
    let code: String
    /// What to do, as the screens know it.
    let remedy: Remedy

    init(_ failure: Failure, _ language: Language) {
        let said = failure.explained(in: language)
        (text, next) = (said.text, said.next)
        (isUnknown, code, remedy) = (failure.certainty == .unknown, failure.code, failure.remedy)
    }
}

extension Words {
    /// What a failure means.
    public func trouble(_ failure: Failure) -> Trouble { Trouble(failure, language) }

    /// What to tell about an error; nothing when the person only went away. Anything that is no error of the wallet is a
    /// fault of the app, after which nobody knows what became of a payment.
    func trouble(_ error: any Error) -> Trouble? {
        switch error {
        case is CancellationError: nil
        case let error as WalletError: trouble(error.failure)
        default:
            trouble(
                Failure(
                    code: "internal", certainty: .unknown, cause: .state, actor: .app, remedy: .report,
                    retryAfterMs: nil, field: nil, attemptsLeft: nil))
        }
    }
}
