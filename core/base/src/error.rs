//! What an error tells a person: whether money may have moved, why, who acts, and what to do next.

use crate::catalogue::Code;

/// Whether the outcome is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Certainty {
    /// It did not happen; doing it again is safe.
    Certain,
    /// It may have happened; do not pay again before the wallet says so.
    Unknown,
}

/// Who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Actor {
    /// The person in front of the screen.
    Person,
    /// The wallet itself; it goes on by itself.
    Wallet,
    /// The wallet service, a bank or an acquirer.
    Service,
    /// The developer of the app: the call was made wrongly.
    App,
}

/// The family of the cause, for statistics and for grouping help pages (register, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Cause {
    /// What was typed or scanned is not usable.
    Input,
    /// The network or the way to the service.
    Network,
    /// The service cannot answer now, or answered what cannot be believed.
    Service,
    /// The clock of the phone.
    Clock,
    /// Money: balance, limits, fees.
    Money,
    /// Proofs: PIN, one-time code, finger or face.
    Proof,
    /// Identity or the real-name check.
    Identity,
    /// A bound card or its bank.
    Card,
    /// The merchant, its code or its channel.
    Merchant,
    /// Files and keys on this phone.
    Storage,
    /// The state of the account or of the wallet does not allow the call now.
    State,
}

/// The next step. The words for each stand in the word files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Remedy {
    /// Correct the field and try again.
    CorrectInput,
    /// Try the same again now.
    TryAgain,
    /// Wait until the time given, then try again.
    Wait,
    /// Do not pay again; the wallet keeps asking and will tell.
    DoNotPayAgain,
    /// Check the network, then try again.
    CheckNetwork,
    /// Set the clock of the phone right (automatic date and time).
    SetClock,
    /// Ask for a new code by SMS.
    AskNewCode,
    /// Type the PIN again, with care.
    RetypePin,
    /// Choose another PIN.
    ChooseOtherPin,
    /// Set a new PIN with the account's number, the real name and the face.
    ResetPin,
    /// Ask the service's support.
    CallSupport,
    /// Ask the bank.
    CallBank,
    /// Top up, or use another source.
    TopUpOrOtherSource,
    /// Use another way to pay.
    OtherWayToPay,
    /// Keep the money, or withdraw it to a card: it is the person's own.
    WithdrawOrKeep,
    /// Pay a smaller amount, or wait until the limit resets.
    SmallerAmount,
    /// Ask for a new quote and confirm that one.
    NewQuote,
    /// Scan the code again, or ask the merchant for a new one.
    ScanAgain,
    /// Finish the step that `onboarding_next` names.
    FinishSetUp,
    /// Show the document that `field` names and ask for the person's consent to it, then try the same again.
    GiveConsent,
    /// Unlock the wallet.
    Unlock,
    /// Free space on the phone.
    FreeSpace,
    /// Update the app.
    UpdateApp,
    /// Close the other program that holds the wallet.
    CloseOther,
    /// Set this phone up as a new device.
    ReplaceDevice,
    /// Restart the app.
    Restart,
    /// Send the report to the developer of the app.
    Report,
}

/// An error as every feature reports it. No personal data in it, whatever happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Failure {
    /// Stable name, `snake_case`; the key of the words.
    pub code: String,
    /// Whether the outcome is known.
    pub certainty: Certainty,
    /// The family of the cause.
    pub cause: Cause,
    /// Who has to act.
    pub actor: Actor,
    /// The next step.
    pub remedy: Remedy,
    /// When a retry makes sense, in milliseconds from now; absent when it does not depend on time.
    pub retry_after_ms: Option<i64>,
    /// The field of the form that is meant (`phone`, `name`, `amount` …), where there is one.
    pub field: Option<String>,
    /// How many tries are left, where tries are counted.
    pub attempts_left: Option<u32>,
}

impl Failure {
    /// The failure that the catalogue describes for `code`.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::{Certainty, Code, Failure};
    /// assert_eq!(Failure::of(Code::EmptyInput).certainty, Certainty::Certain);
    /// ```
    pub fn of(code: Code) -> Failure {
        let entry = code.entry();
        Failure {
            code: code.as_str().to_owned(),
            certainty: entry.certainty,
            cause: entry.cause,
            actor: entry.actor,
            remedy: entry.remedy,
            retry_after_ms: None,
            field: None,
            attempts_left: None,
        }
    }

    /// Names the field of the form.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::{Code, Failure};
    /// assert_eq!(Failure::of(Code::EmptyInput).in_field("phone").field.as_deref(), Some("phone"));
    /// ```
    pub fn in_field(mut self, field: &str) -> Failure {
        self.field = Some(field.to_owned());
        self
    }

    /// Says when a retry makes sense.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::{Code, Failure};
    /// assert_eq!(Failure::of(Code::OtpCooldown).retry_after(Some(60_000)).retry_after_ms, Some(60_000));
    /// ```
    pub fn retry_after(mut self, ms: Option<i64>) -> Failure {
        self.retry_after_ms = ms;
        self
    }

    /// Says how many tries are left.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::{Code, Failure};
    /// assert_eq!(Failure::of(Code::PinWrong).left(Some(4)).attempts_left, Some(4));
    /// ```
    pub fn left(mut self, attempts: Option<u32>) -> Failure {
        self.attempts_left = attempts;
        self
    }

    /// The same failure with an outcome that is not known.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::{Certainty, Code, Failure};
    /// assert_eq!(Failure::of(Code::NetDown).unknown().certainty, Certainty::Unknown);
    /// ```
    pub fn unknown(mut self) -> Failure {
        self.certainty = Certainty::Unknown;
        self
    }
}
