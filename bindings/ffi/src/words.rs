use kabao_base::Failure;
use kabao_core::words::{self, Explanation, Language, StepWords};
use kabao_money::merchant::MerchantState;
use kabao_money::onboarding::OnboardingStep;
use std::collections::HashMap;

/// The wallet's language for a BCP 47 tag of the phone (`zh-Hans-CN`, `en-GB`): Chinese for every sort of Chinese,
/// English for everything else.
#[uniffi::export]
pub fn language_of_tag(tag: String) -> Language {
    Language::from_tag(&tag)
}

/// What to tell a person about a failure, and what to do next.
#[uniffi::export]
pub fn explain_failure(language: Language, failure: Failure) -> Explanation {
    words::explain(language, &failure)
}

/// Heading and reason of a step of the set-up.
#[uniffi::export]
pub fn onboarding_words(language: Language, step: OnboardingStep) -> StepWords {
    words::step(language, &step)
}

/// What became of a payer code that was shown, in words.
#[uniffi::export]
pub fn showing_words(language: Language, state: MerchantState) -> String {
    words::payer_code(language, state)
}

/// A heading, button or label of a screen by its name in the catalogue, with the arguments filled in. A name that is not
/// there gives its key, so that the mistake is seen.
#[uniffi::export]
pub fn screen_words(language: Language, name: String, arguments: HashMap<String, String>) -> String {
    words::screen(language, &name, &arguments)
}
