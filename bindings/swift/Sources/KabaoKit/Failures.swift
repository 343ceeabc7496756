import KabaoCore

extension WalletError {
    /// What happened, whether money may have moved, who acts and what to do next.
    public var failure: Failure {
        switch self {
        case .Failed(let failure): failure
        }
    }
}

extension Failure {
    /// What to tell a person about this failure, and what to do next.
    public func explained(in language: Language) -> Explanation { explainFailure(language: language, failure: self) }
}

extension OnboardingStep {
    /// Heading and reason of this step of the set-up.
    public func words(in language: Language) -> StepWords { onboardingWords(language: language, step: self) }
}

extension MerchantState {
    /// What became of a payer code that was shown, in words.
    public func words(in language: Language) -> String { showingWords(language: language, state: self) }
}

extension Language {
    /// The wallet's language for a BCP 47 tag of the phone (`zh-Hans-CN`, `en-GB`).
    public init(tag: String) { self = languageOfTag(tag: tag) }
}

/// Runs a call of the wallet and gives its failure as a value. Anything else that is thrown goes on.
public func outcome<Value>(_ call: () async throws -> Value) async throws -> Result<Value, WalletError> {
    do {
        return .success(try await call())
    } catch let error as WalletError {
        return .failure(error)
    }
}
