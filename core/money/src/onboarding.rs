//! The way from a new wallet to one that pays: exactly one next step, why, and whether it may be
//! skipped. Computed from what is stored, so that it is the same after a restart.

/// How far the real-name check came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum VerificationFact {
    /// Nothing was handed in.
    #[default]
    None,
    /// Handed in; no answer yet, or the vendor did not answer in time.
    Pending,
    /// The service rejected it.
    Rejected {
        /// Whether the person may hand it in again.
        retriable: bool,
    },
    /// Verified.
    Passed,
}

/// Whether this phone takes the place of an earlier one, and how far it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ReplaceFact {
    /// It does not.
    #[default]
    None,
    /// The number has an account, or the service shut this phone out.
    Needed,
    /// A code was sent by SMS and waits to be typed.
    OtpPending,
    /// The number is proven; real name and PIN are to be.
    Proving,
    /// The real name is being checked.
    PersonPending,
}

/// Whether this phone is being signed in beside the account's others, and how far it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SignInFact {
    /// It is not.
    #[default]
    None,
    /// This phone was signed out.
    Needed,
    /// An old copy of the files was put back: the service takes nothing from this phone before it is signed in anew.
    RolledBack,
    /// A code was sent by SMS and waits to be typed.
    OtpPending,
    /// The number is proven; password or PIN, and perhaps a code, are to be.
    Proving,
}

/// What is known about the set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct OnboardingFacts {
    /// The service knows this phone: telephone number proven, device key registered.
    pub registered: bool,
    /// A code was sent by SMS and waits to be typed.
    pub otp_pending: bool,
    /// Whether this phone takes the place of an earlier one.
    pub replacing: ReplaceFact,
    /// Whether this phone is being signed in.
    pub signing_in: SignInFact,
    /// A payment PIN was set.
    pub pin_set: bool,
    /// The person said that the recovery sheet is kept.
    pub sheet_kept: bool,
    /// The person skipped the recovery sheet.
    pub sheet_skipped: bool,
    /// The person consented to the real-name check, in the version that is asked for now.
    pub consent: bool,
    /// How far the real-name check came.
    pub verification: VerificationFact,
    /// How many cards are bound.
    pub cards: u32,
    /// The person skipped binding a card.
    pub card_skipped: bool,
    /// The account is frozen.
    pub frozen: bool,
    /// The PIN is locked after too many wrong tries.
    pub pin_locked: bool,
    /// The service said that the account is being closed and can still be taken back.
    pub closing: bool,
    /// The service said that the account is closed for good.
    pub closed: bool,
    /// It is known that nobody shows under a valid licence who runs this wallet.
    pub operator_unverified: bool,
    /// The service said that this build of the app was withdrawn, or is none that it knows.
    pub build_refused: bool,
}

/// The kinds of steps, in the order of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum OnboardingStepKind {
    /// Nobody shows under a valid licence who runs this wallet: nothing is handed in until somebody does.
    OperatorUnverified,
    /// Type the telephone number.
    Register,
    /// Type the code that came by SMS.
    EnterOtp,
    /// This phone was signed out: sign in again.
    SignIn,
    /// Type the code that came by SMS to the account's number.
    SignInOtp,
    /// Prove password or PIN, and a code where the second factor is on.
    SignInProve,
    /// The number has an account: take the place of its phone.
    ReplacePhone,
    /// Type the code that came by SMS to the account's number.
    ReplaceOtp,
    /// Prove real name and PIN.
    ReplaceProve,
    /// The account is frozen: only support can help.
    Frozen,
    /// The account is being closed and pays nothing: take the closing back with `reopen_account`, or take the history along.
    Closing,
    /// The account is closed: take the history along, then erase this phone.
    Closed,
    /// This version of the app pays nothing any more: install the operator's newest one.
    UpdateApp,
    /// Choose the six-digit payment PIN.
    ChoosePin,
    /// Keep the recovery sheet: a code that can only freeze.
    KeepRecoverySheet,
    /// Consent to the real-name check.
    Consent,
    /// Hand in name, number and liveness check.
    Verify,
    /// Wait for the answer of the real-name check.
    AwaitVerification,
    /// Rejected for good: only support can help.
    VerificationClosed,
    /// The payment PIN is locked: set a new one with number, real name and face.
    ResetPin,
    /// Bind a bank card.
    BindCard,
    /// Nothing is missing.
    Ready,
}

/// The one next step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct OnboardingStep {
    /// What to do.
    pub kind: OnboardingStepKind,
    /// Key of the words that say why.
    pub reason_key: String,
    /// Whether the person may leave it out for now.
    pub can_skip: bool,
}

/// Every key that [`OnboardingStep::reason_key`] can be; the word files have a sentence for each.
pub const REASON_KEYS: [&str; 25] = [
    "onboarding_operator_unverified",
    "onboarding_register",
    "onboarding_enter_otp",
    "onboarding_sign_in",
    "onboarding_rolled_back",
    "onboarding_sign_in_otp",
    "onboarding_sign_in_prove",
    "onboarding_replace_phone",
    "onboarding_replace_otp",
    "onboarding_replace_prove",
    "onboarding_replace_pending",
    "onboarding_frozen",
    "onboarding_closing",
    "onboarding_closed",
    "onboarding_update_app",
    "onboarding_choose_pin",
    "onboarding_reset_pin",
    "onboarding_keep_recovery_sheet",
    "onboarding_consent",
    "onboarding_verify",
    "onboarding_verify_again",
    "onboarding_await_verification",
    "onboarding_verification_closed",
    "onboarding_bind_card",
    "onboarding_ready",
];

/// The one next step for what is known.
///
/// The order: register, code, PIN, recovery sheet, consent, real name, card. A closed account
/// comes before everything, a frozen one before everything but registration, and so does one that is being closed: nothing that is
/// left of the set-up makes it pay. A number that has an account already goes the way of a
/// replacement in the place of a registration; a phone that was signed out goes the way of signing in, unless it is on the way of a
/// replacement. Recovery sheet and card may be skipped. A phone of an account whose version of the app may not pay is asked to
/// update before it goes on. While nobody shows who runs the
/// wallet, every step on the way gives way to [`OnboardingStepKind::OperatorUnverified`].
pub fn next(facts: &OnboardingFacts) -> OnboardingStep {
    use OnboardingStepKind as Kind;
    use VerificationFact as Fact;
    let replacing = match facts.replacing {
        ReplaceFact::None => None,
        ReplaceFact::Needed => Some((Kind::ReplacePhone, "onboarding_replace_phone", false)),
        ReplaceFact::OtpPending => Some((Kind::ReplaceOtp, "onboarding_replace_otp", false)),
        ReplaceFact::Proving => Some((Kind::ReplaceProve, "onboarding_replace_prove", false)),
        ReplaceFact::PersonPending => Some((Kind::ReplaceProve, "onboarding_replace_pending", false)),
    };
    let signing_in = match facts.signing_in {
        // Who began to replace goes on with that.
        SignInFact::None => None,
        SignInFact::Needed if replacing.is_some_and(|(kind, ..)| kind != Kind::ReplacePhone) => None,
        SignInFact::Needed => Some((Kind::SignIn, "onboarding_sign_in", false)),
        SignInFact::RolledBack if replacing.is_some_and(|(kind, ..)| kind != Kind::ReplacePhone) => None,
        SignInFact::RolledBack => Some((Kind::SignIn, "onboarding_rolled_back", false)),
        SignInFact::OtpPending => Some((Kind::SignInOtp, "onboarding_sign_in_otp", false)),
        SignInFact::Proving => Some((Kind::SignInProve, "onboarding_sign_in_prove", false)),
    };
    let (kind, reason, can_skip) = if facts.closed {
        // Also on a phone that was signed out before: no way leads back into a closed account.
        (Kind::Closed, "onboarding_closed", false)
    } else if !facts.registered && let Some(step) = signing_in.or(replacing) {
        step
    } else if !facts.registered && facts.otp_pending {
        (Kind::EnterOtp, "onboarding_enter_otp", false)
    } else if !facts.registered {
        (Kind::Register, "onboarding_register", false)
    } else if facts.frozen {
        (Kind::Frozen, "onboarding_frozen", false)
    } else if facts.closing {
        (Kind::Closing, "onboarding_closing", false)
    } else if facts.build_refused {
        (Kind::UpdateApp, "onboarding_update_app", false)
    } else if !facts.pin_set {
        (Kind::ChoosePin, "onboarding_choose_pin", false)
    } else if !facts.sheet_kept && !facts.sheet_skipped {
        (Kind::KeepRecoverySheet, "onboarding_keep_recovery_sheet", true)
    } else {
        match facts.verification {
            Fact::Rejected { retriable: false } => {
                (Kind::VerificationClosed, "onboarding_verification_closed", false)
            }
            Fact::Pending => (Kind::AwaitVerification, "onboarding_await_verification", false),
            Fact::None | Fact::Rejected { .. } if !facts.consent => {
                (Kind::Consent, "onboarding_consent", false)
            }
            Fact::None => (Kind::Verify, "onboarding_verify", false),
            Fact::Rejected { retriable: true } => (Kind::Verify, "onboarding_verify_again", false),
            Fact::Passed if facts.pin_locked => (Kind::ResetPin, "onboarding_reset_pin", false),
            Fact::Passed if facts.cards == 0 && !facts.card_skipped => {
                (Kind::BindCard, "onboarding_bind_card", true)
            }
            Fact::Passed => (Kind::Ready, "onboarding_ready", false),
        }
    };
    let waits = matches!(kind, Kind::Ready | Kind::Frozen | Kind::Closing | Kind::Closed | Kind::VerificationClosed);
    let (kind, reason, can_skip) = match facts.operator_unverified && !waits {
        true => (Kind::OperatorUnverified, "onboarding_operator_unverified", false),
        false => (kind, reason, can_skip),
    };
    OnboardingStep { kind, reason_key: reason.to_owned(), can_skip }
}

#[cfg(test)]
mod tests;
