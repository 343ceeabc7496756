//! The catalogue of errors as data: every code with its certainty, cause, actor and next step.
//! A test of the words fails for a code without a sentence.

use crate::error::{Actor, Cause, Certainty, Remedy};

/// What the catalogue says of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Whether the outcome is known.
    pub certainty: Certainty,
    /// The family of the cause.
    pub cause: Cause,
    /// Who has to act.
    pub actor: Actor,
    /// The next step.
    pub remedy: Remedy,
}

macro_rules! codes {
    ($($variant:ident $text:literal $certainty:ident $cause:ident $actor:ident $remedy:ident $doc:literal;)*) => {
        /// The stable name of an error.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $doc] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the catalogue.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The name as it crosses every boundary: `snake_case`, never changed once released.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }

            /// What the catalogue says.
            pub const fn entry(self) -> Entry {
                match self {
                    $(Code::$variant => Entry {
                        certainty: Certainty::$certainty,
                        cause: Cause::$cause,
                        actor: Actor::$actor,
                        remedy: Remedy::$remedy,
                    },)*
                }
            }

            /// The code of a name, or `None` for a name that this version does not know.
            pub fn parse(text: &str) -> Option<Code> {
                Code::ALL.iter().copied().find(|code| code.as_str() == text)
            }
        }
    };
}

codes! {
    // input
    EmptyInput "empty_input" Certain Input Person CorrectInput "Nothing was typed.";
    InputTooLong "input_too_long" Certain Input Person CorrectInput "Longer than any value of this kind.";
    HiddenCharacter "hidden_character" Certain Input Person CorrectInput "A zero-width, bidirectional or control character.";
    NotDigits "not_digits" Certain Input Person CorrectInput "Something other than digits.";
    AmountMalformed "amount_malformed" Certain Input Person CorrectInput "Not an amount.";
    AmountNegative "amount_negative" Certain Input Person CorrectInput "A negative amount.";
    AmountZero "amount_zero" Certain Input Person CorrectInput "An amount of zero.";
    AmountDecimals "amount_decimals" Certain Input Person CorrectInput "More decimals than the currency has.";
    AmountTooLarge "amount_too_large" Certain Input Person CorrectInput "An amount that does not fit.";
    CurrencyUnknown "currency_unknown" Certain Input Person OtherWayToPay "A currency that the wallet does not know or does not keep.";
    BadId "bad_id" Certain Input App Report "An id of another shape than 32 hexadecimal digits.";
    BadArgument "bad_argument" Certain Input App Report "A call with an argument outside its range.";
    // account
    PhoneInvalid "phone_invalid" Certain Input Person CorrectInput "Not a number that can receive SMS.";
    PhoneUnreachable "phone_unreachable" Certain Input Person CorrectInput "A lawful number to which this service sends no SMS.";
    PhoneTaken "phone_taken" Certain State Person ReplaceDevice "The number belongs to an account already: this phone can take the place of its earlier one.";
    PhoneUnknown "phone_unknown" Certain State Person CorrectInput "No account has this number.";
    PhoneSame "phone_same" Certain Input Person CorrectInput "The number is the account's already.";
    PhoneInUse "phone_in_use" Certain State Person CallSupport "The new number belongs to another account, perhaps of who had the number before.";
    OldNumberNeeded "old_number_needed" Certain State Person FinishSetUp "Without a verified name only a code to the account's present number can prove a change of it.";
    ChangeOvertaken "change_overtaken" Certain State Person CallSupport "The account's number was changed otherwise meanwhile.";
    EmailInvalid "email_invalid" Certain Input Person CorrectInput "Not an e-mail address of the plain shape.";
    ContactSame "contact_same" Certain Input Person CorrectInput "The second contact is the account's own number.";
    ContactExists "contact_exists" Certain State Person CorrectInput "There is a second contact of this kind already.";
    AccountClosing "account_closing" Certain State Person FinishSetUp "The account is being closed and pays nothing.";
    AccountClosed "account_closed" Certain State Person FinishSetUp "The account is closed for good.";
    ClosureBalance "closure_balance" Certain State Person FinishSetUp "An account with a balance is not closed.";
    ClosureInFlight "closure_in_flight" Certain State Service Wait "Payments of the account have no result yet.";
    ClosureAsks "closure_asks" Certain State Person FinishSetUp "A merchant's question to the account is open.";
    ClosureReturns "closure_returns" Certain State Service Wait "Money is on its way back to a card.";
    ClosureCards "closure_cards" Certain State Person FinishSetUp "Cards are bound to the account.";
    ClosureOther "closure_other" Certain State Person UpdateApp "Something that this version does not know stands in the way of closing.";
    ReplaceOvertaken "replace_overtaken" Certain State Person CallSupport "Another phone took the account over first.";
    AccountOther "account_other" Certain State Person CallSupport "The number belongs to another account than the files of this phone.";
    OtpWrong "otp_wrong" Certain Proof Person AskNewCode "A wrong one-time code.";
    OtpExpired "otp_expired" Certain Proof Person AskNewCode "The one-time code came too late.";
    OtpUsed "otp_used" Certain Proof Person AskNewCode "The one-time code was used already.";
    OtpLocked "otp_locked" Certain Proof Person Wait "Too many wrong codes.";
    OtpCooldown "otp_cooldown" Certain Proof Person Wait "A new code may not be asked for yet.";
    SheetWrong "sheet_wrong" Certain Proof Person CorrectInput "The code is not the one of the recovery sheet that was made last.";
    NotRegistered "not_registered" Certain State Person FinishSetUp "There is no account on this phone yet.";
    WrongStep "wrong_step" Certain State Person FinishSetUp "Another step of the set-up comes first.";
    AccountFrozen "account_frozen" Certain State Person CallSupport "The account was frozen.";
    DeviceRevoked "device_revoked" Certain State Person ReplaceDevice "The service knows this phone no longer.";
    SignedOut "signed_out" Certain State Person FinishSetUp "This phone was signed out of the account.";
    SignInByReplacing "sign_in_by_replacing" Certain State Person ReplaceDevice "The account has neither a password nor a PIN to sign in with: real name instead.";
    BuildUnknown "build_unknown" Certain State Person UpdateApp "The build of the app is none that the service knows.";
    BuildWithdrawn "build_withdrawn" Certain State Person UpdateApp "The build of the app was withdrawn.";
    DeviceLimit "device_limit" Certain State Person CorrectInput "The account is signed in on as many phones as it may be.";
    DeviceIsThis "device_is_this" Certain Input Person CorrectInput "This phone itself, where another one is meant.";
    SignOutBusy "sign_out_busy" Certain State Wallet Wait "A payment is on its way; signing out waits for its answer.";
    // pin
    PinLength "pin_length" Certain Proof Person CorrectInput "A PIN has six digits.";
    PinNotAscii "pin_not_ascii" Certain Proof Person CorrectInput "A PIN has the digits 0 to 9 only.";
    PinRepeats "pin_repeats" Certain Proof Person ChooseOtherPin "The PIN repeats a digit or a group.";
    PinRun "pin_run" Certain Proof Person ChooseOtherPin "The PIN is a run of neighbours.";
    PinBirthDate "pin_birth_date" Certain Proof Person ChooseOtherPin "The PIN is or may be a birth date.";
    PinPhone "pin_phone" Certain Proof Person ChooseOtherPin "The PIN is a part of the phone number.";
    PinIdTail "pin_id_tail" Certain Proof Person ChooseOtherPin "The PIN is the tail of the identity number.";
    PinWrong "pin_wrong" Certain Proof Person RetypePin "A wrong PIN.";
    PinLocked "pin_locked" Certain Proof Person ResetPin "The PIN is locked after too many wrong tries.";
    ReplacePinLocked "replace_pin_locked" Certain Proof Person ResetPin "The PIN is locked; while this phone takes another's place, a new one is chosen on the way.";
    SignInPinLocked "sign_in_pin_locked" Certain Proof Person ReplaceDevice "The PIN is locked and signs in to nothing.";
    PinLockedUnverified "pin_locked_unverified" Certain Proof Person CallSupport "The PIN is locked, and the account has no verified name that could prove whose it is.";
    PinResetDone "pin_reset_done" Certain State Person RetypePin "The PIN was reset by an earlier try, or on another phone: what was typed now was not taken.";
    PinNotSet "pin_not_set" Certain State Person FinishSetUp "No PIN was chosen yet.";
    // login password
    PasswordTooShort "password_too_short" Certain Proof Person CorrectInput "A password has at least eight characters.";
    PasswordCharacters "password_characters" Certain Proof Person CorrectInput "A password has letters, digits and signs of a plain keyboard only.";
    PasswordDigits "password_digits" Certain Proof Person CorrectInput "A password of digits alone.";
    PasswordIsPin "password_is_pin" Certain Proof Person CorrectInput "The password is a PIN, or holds the payment PIN.";
    PasswordCommon "password_common" Certain Proof Person CorrectInput "The password is little more than a word that everybody tries.";
    PasswordSequence "password_sequence" Certain Proof Person CorrectInput "The password is little more than a run of neighbours.";
    PasswordRepeats "password_repeats" Certain Proof Person CorrectInput "The password repeats a character or a group.";
    PasswordKeyboard "password_keyboard" Certain Proof Person CorrectInput "The password is little more than a walk over the keyboard.";
    PasswordPhone "password_phone" Certain Proof Person CorrectInput "The password holds a part of the phone number.";
    PasswordBirthDate "password_birth_date" Certain Proof Person CorrectInput "The password holds the birth date.";
    PasswordName "password_name" Certain Proof Person CorrectInput "The password holds the name.";
    PasswordIdTail "password_id_tail" Certain Proof Person CorrectInput "The password holds the tail of the identity number.";
    PasswordSame "password_same" Certain Proof Person CorrectInput "The new password is the one in use.";
    PasswordWrong "password_wrong" Certain Proof Person TryAgain "A wrong login password.";
    PasswordLocked "password_locked" Certain Proof Person Wait "Too many wrong passwords for now.";
    PasswordNotSet "password_not_set" Certain State Person CorrectInput "No login password was chosen.";
    // second factor
    FactorShape "factor_shape" Certain Proof Person CorrectInput "Neither six digits nor a backup code.";
    FactorWrong "factor_wrong" Certain Proof Person TryAgain "A wrong code of the authenticator app, or no backup code of this account.";
    FactorTime "factor_time" Certain Clock Person TryAgain "A code of another moment: too old, or of a clock that is ahead.";
    FactorUsed "factor_used" Certain Proof Person TryAgain "The code was used already.";
    FactorLocked "factor_locked" Certain Proof Person Wait "Too many wrong codes for now.";
    FactorNotSet "factor_not_set" Certain State Person CorrectInput "No second factor is on.";
    FactorAlreadyOn "factor_already_on" Certain State Person CorrectInput "A second factor is on already.";
    FactorExpired "factor_expired" Certain State Person TryAgain "What was shown once is not shown again: begin anew.";
    // approval
    ApprovalRefused "approval_refused" Certain Proof Person TryAgain "The proof does not fit this payment.";
    ApprovalCancelled "approval_cancelled" Certain Proof Person TryAgain "The person cancelled finger or face.";
    ApprovalBlocked "approval_blocked" Certain Proof Person RetypePin "Finger or face cannot be asked now: too many tries, or the phone does not allow it.";
    ApprovalFault "approval_fault" Certain Proof Person RetypePin "The sensor for finger or face did not work.";
    ApprovalLost "approval_lost" Certain Proof Person FinishSetUp "The approval key died with a new enrolment.";
    // identity
    ConsentMissing "consent_missing" Certain Identity Person GiveConsent "The consent to a document that this step needs is missing; the field is the document.";
    ConsentNotGiven "consent_not_given" Certain State Person CorrectInput "There is no consent to this document that could be withdrawn; the field is the document.";
    ConsentVersion "consent_version" Certain Identity Person GiveConsent "The consent is to another version of the text.";
    NameInvalid "name_invalid" Certain Identity Person CorrectInput "Not a name as documents carry it.";
    IdLength "id_length" Certain Identity Person CorrectInput "An identity number of another length.";
    IdCharacters "id_characters" Certain Identity Person CorrectInput "An identity number with other characters.";
    IdCheckDigit "id_check_digit" Certain Identity Person CorrectInput "The check digit of the identity number is wrong.";
    IdBirthDate "id_birth_date" Certain Identity Person CorrectInput "The date in the identity number does not exist.";
    IdFuture "id_future" Certain Identity Person CorrectInput "The date in the identity number lies in the future.";
    IdMismatch "id_mismatch" Certain Identity Person CorrectInput "Name and number do not belong together.";
    IdNotFound "id_not_found" Certain Identity Person CallSupport "The register does not know the number.";
    IdReportedLost "id_reported_lost" Certain Identity Person CallSupport "The document was reported lost.";
    IdOnOtherAccount "id_on_other_account" Certain Identity Person CallSupport "The document is verified on another account.";
    IdLegacy "id_legacy" Certain Identity Person CorrectInput "A number of 15 digits, which proves nobody's identity since 2013.";
    DocumentNumber "document_number" Certain Identity Person CorrectInput "No document of this kind has such a number.";
    DocumentOther "document_other" Certain Identity Person CorrectInput "What was entered is of another kind of document.";
    DocumentExpired "document_expired" Certain Identity Person CorrectInput "The document has expired.";
    DateInvalid "date_invalid" Certain Identity Person CorrectInput "A date that does not exist or cannot stand there.";
    NationalityUnknown "nationality_unknown" Certain Identity Person CorrectInput "No nationality that passports print.";
    NameNotLatin "name_not_latin" Certain Identity Person CorrectInput "A name in a passport has Latin letters.";
    MrzMisread "mrz_misread" Certain Identity Person ScanAgain "The machine-readable lines do not agree with themselves.";
    MrzDiffers "mrz_differs" Certain Identity Person CorrectInput "What was typed is not what the machine-readable lines say.";
    IdRegisterLate "id_register_late" Certain Identity Service Wait "The register does not know the new document yet.";
    FaceMismatch "face_mismatch" Certain Identity Person TryAgain "The face is not the one of the document.";
    LivenessUsed "liveness_used" Certain Identity Person TryAgain "The result of the face check was used before.";
    LivenessStale "liveness_stale" Certain Identity Person TryAgain "The face check took too long or was not asked for.";
    LivenessOther "liveness_other" Certain Identity Person TryAgain "The face check was made for another person or account.";
    UnderAge "under_age" Certain Identity Person CallSupport "The person is too young for an account.";
    GuardianNeeded "guardian_needed" Certain Identity Person FinishSetUp "A person under 16 needs the code of a guardian.";
    GuardianCode "guardian_code" Certain Identity Person CorrectInput "The guardian's code is wrong, used or too old.";
    IdentityReview "identity_review" Certain Identity Service Wait "A person looks at the real-name check.";
    VendorMaintenance "vendor_maintenance" Certain Service Service Wait "The register is being maintained.";
    IdentityOverdue "identity_overdue" Certain Identity Person FinishSetUp "The document expired long ago: the real name has to be verified again.";
    IdOtherPerson "id_other_person" Certain Identity Person CallSupport "The document is of another person than the account's.";
    SourceMismatch "source_mismatch" Certain Identity Person CallSupport "The register has other data of the person.";
    SourceNotFound "source_not_found" Certain Identity Person CallSupport "The register does not know the person.";
    LivenessFailed "liveness_failed" Certain Identity Person TryAgain "The liveness check did not pass.";
    VerificationPending "verification_pending" Certain Identity Service Wait "The real-name check has no answer yet.";
    VerificationAttempts "verification_attempts" Certain Identity Person CallSupport "Too many attempts at the real-name check.";
    // cards
    CardLength "card_length" Certain Card Person CorrectInput "A card number of another length.";
    CardCheckDigit "card_check_digit" Certain Card Person CorrectInput "The check digit of the card number is wrong.";
    CardNumberRefused "card_number_refused" Certain Card Person CorrectInput "The bank does not know the card number.";
    CardNameRefused "card_name_refused" Certain Card Person CallBank "The bank knows another name for the card.";
    CardPhoneRefused "card_phone_refused" Certain Card Person CallBank "The bank knows another phone number for the card.";
    CardRefused "card_refused" Certain Card Person CallBank "The bank refused and did not say which field.";
    CardIdentityRefused "card_identity_refused" Certain Card Person CallBank "The bank knows another identity document for the card: a card of another person, or an old document.";
    CardExpiryMalformed "card_expiry_malformed" Certain Card Person CorrectInput "Not a month and a year.";
    CardExpiryAmbiguous "card_expiry_ambiguous" Certain Card Person CorrectInput "Month and year can be read either way round.";
    CardExpired "card_expired" Certain Card Person CallBank "The card's last month is over.";
    CardExpiryNeeded "card_expiry_needed" Certain Card Person CorrectInput "A credit card is bound with expiry date and security code only.";
    CardExpiryRefused "card_expiry_refused" Certain Card Person CorrectInput "The bank knows another expiry date for the card.";
    CardCvvMalformed "card_cvv_malformed" Certain Card Person CorrectInput "A security code has three digits, four with American Express.";
    CardCvvRefused "card_cvv_refused" Certain Card Person CorrectInput "The bank says that the security code is another one.";
    CardWrongBank "card_wrong_bank" Certain Card Person CorrectInput "The number is one of another bank than the person chose.";
    CardOtherBank "card_other_bank" Certain Card Person CorrectInput "A card is replaced by one of the same bank.";
    CardJoint "card_joint" Certain Card Person CallBank "The card's account belongs to several persons.";
    CardFrozen "card_frozen" Certain Card Person CallBank "The bank blocked the card.";
    CardClosed "card_closed" Certain Card Person CallBank "The card is closed.";
    CardUnbound "card_unbound" Certain Card Person OtherWayToPay "The card was removed from the wallet.";
    CardInFlight "card_in_flight" Certain State Wallet Wait "The card still pays something.";
    CardRefundPending "card_refund_pending" Certain State Wallet Wait "Money is on its way back to the card.";
    CardTaken "card_taken" Certain Card Person CallSupport "The card is bound to another account.";
    CardUnknown "card_unknown" Certain Card Person CorrectInput "There is no such card in this wallet.";
    // money
    QuoteExpired "quote_expired" Certain Money Person NewQuote "The quote has expired.";
    QuoteAltered "quote_altered" Certain Money App NewQuote "The quote is not the one that the service made.";
    QuoteUnknown "quote_unknown" Certain Money App NewQuote "There is no such quote.";
    BalanceLow "balance_low" Certain Money Person TopUpOrOtherSource "The balance is too low.";
    AboveBalance "above_balance" Certain Money Person SmallerAmount "Above what can be sent or withdrawn: both take from the balance alone.";
    BalanceOnly "balance_only" Certain Money Person OtherWayToPay "A transfer or a withdrawal takes from the balance, from no card.";
    BankBalanceLow "bank_balance_low" Certain Money Person TopUpOrOtherSource "The bank has too little on the card.";
    LimitSingle "limit_single" Certain Money Person SmallerAmount "Above the cap of one payment.";
    LimitDay "limit_day" Certain Money Person SmallerAmount "Above what is left of the day's limit.";
    LimitYear "limit_year" Certain Money Person SmallerAmount "Above what is left of the year's limit.";
    LimitLifetime "limit_lifetime" Certain Money Person SmallerAmount "Above what is left of the lifetime limit of class I.";
    LimitNewDevice "limit_new_device" Certain Money Person SmallerAmount "Above what may be paid in the first 24 hours after phone or number were replaced.";
    LimitOwnSingle "limit_own_single" Certain Money Person SmallerAmount "Above the cap of one payment that the person set.";
    LimitOwnDay "limit_own_day" Certain Money Person SmallerAmount "Above what is left of the day's cap that the person set.";
    OwnCapRaise "own_cap_raise" Certain Proof Person RetypePin "A higher cap of one's own needs the PIN.";
    OwnCapMalformed "own_cap_malformed" Certain Input Person CorrectInput "No cap can be set like that.";
    StepUpPin "step_up_pin" Certain Proof Person RetypePin "So much in a day is confirmed with the payment PIN, not with finger or face.";
    PinAlways "pin_always" Certain Proof Person RetypePin "A transfer or a withdrawal is always confirmed with the payment PIN, not with finger or face.";
    FeeDiffers "fee_differs" Certain Money App NewQuote "The fee of the quote is not the one that the signed rules give.";
    Maintenance "maintenance" Certain Service Service Wait "The service rests for maintenance.";
    LimitStaticCode "limit_static_code" Certain Money Person SmallerAmount "Above what is left today for printed codes.";
    BankRefused "bank_refused" Certain Card Person CallBank "The bank refused.";
    BankMaintenance "bank_maintenance" Certain Service Service Wait "The bank does not serve now and says until when.";
    MerchantNoCredit "merchant_no_credit" Certain Merchant Person OtherWayToPay "The merchant takes no credit.";
    CreditNoTopUp "credit_no_top_up" Certain Money Person OtherWayToPay "Credit does not fill the balance.";
    CreditNoWithdraw "credit_no_withdraw" Certain Card Person CorrectInput "A withdrawal goes to a debit card, not to a credit card.";
    NoOtherSource "no_other_source" Certain Money Person OtherWayToPay "No other source can pay this.";
    MayPayTwice "may_pay_twice" Unknown State Wallet DoNotPayAgain "An earlier try of the same has no result and may still succeed.";
    PaidTwice "paid_twice" Certain Money Person CallSupport "An earlier try succeeded late: the same was paid twice.";
    RefundNone "refund_none" Certain State Person CallSupport "The record is no payment to a merchant, or it was undone: nothing of it can be asked back.";
    OrderPaidTwice "order_paid_twice" Certain Money Person CallSupport "The order was paid once more, perhaps by somebody else, while the service did not know of this payment: one of both has to be asked back.";
    TopUpTwice "top_up_twice" Certain State Person WithdrawOrKeep "Two top-ups that both went through are both in the balance: there is nobody to claim one from, and it can be withdrawn.";
    RefundTooMuch "refund_too_much" Certain Money Person CorrectInput "More than is left of the payment after what was given back and what is asked for already.";
    RefundLate "refund_late" Certain State Person CallSupport "The payment is too long ago to be asked back here.";
    RefundRefused "refund_refused" Certain Merchant Person CallSupport "The merchant does not give the money back.";
    RefundGoodsBack "refund_goods_back" Certain Merchant Person TryAgain "The merchant has not got the goods back.";
    RefundDelivered "refund_delivered" Certain Merchant Person CallSupport "The merchant says that the goods were delivered.";
    RefundSilent "refund_silent" Certain Merchant Person CallSupport "The merchant has not answered in time.";
    RefundOverdue "refund_overdue" Certain Service Person CallSupport "Money that was given back has not arrived in time.";
    NotTwice "not_twice" Certain Input Person CorrectInput "The two records are not the same thing paid twice.";
    BankUnavailable "bank_unavailable" Certain Service Service Wait "The bank cannot answer now.";
    // paying
    CodeUnknown "code_unknown" Certain Merchant Person OtherWayToPay "Nobody's code that the wallet knows.";
    CodeDamaged "code_damaged" Certain Merchant Person ScanAgain "The code is damaged or cut.";
    CodeHostile "code_hostile" Certain Merchant Person OtherWayToPay "The code hides something.";
    CodeNotPayable "code_not_payable" Certain Merchant Person OtherWayToPay "Another wallet's code.";
    CodeIsPayerCode "code_is_payer_code" Certain Merchant Person OtherWayToPay "A payer code: the merchant scans it, not the payer.";
    CodeMayBeId "code_may_be_id" Certain Merchant Person OtherWayToPay "May be an identity number; it is not sent anywhere.";
    CodeMayBeCard "code_may_be_card" Certain Merchant Person OtherWayToPay "May be a card number; it is not sent anywhere.";
    CodeNoPayment "code_no_payment" Certain Merchant Person OtherWayToPay "A code that is known and is for something else than paying.";
    CodeSignIn "code_sign_in" Certain Merchant Person OtherWayToPay "A sign-in page on a host known for payments.";
    CodeWebLink "code_web_link" Certain Merchant Person OtherWayToPay "A link that is not known; it is not opened.";
    CodeAggregated "code_aggregated" Certain Merchant Person OtherWayToPay "An acquirer's page that leads to the network of the app that opens it.";
    CodeCrypto "code_crypto" Certain Merchant Person OtherWayToPay "Asks for crypto currency.";
    PayeeUnknown "payee_unknown" Certain Merchant Person ScanAgain "The service does not know the payee.";
    PersonUnknown "person_unknown" Certain Merchant Person CorrectInput "Nobody was looked up under this id.";
    PayeeNotHere "payee_not_here" Certain Merchant Person CorrectInput "Nobody with an account has this number.";
    PayeeUnverified "payee_unverified" Certain Merchant Person OtherWayToPay "The payee has no verified name yet.";
    PayeeFrozen "payee_frozen" Certain Merchant Person OtherWayToPay "The payee's account is frozen.";
    PayeeClosing "payee_closing" Certain Merchant Person OtherWayToPay "The payee's account is being closed.";
    PayeeNameWrong "payee_name_wrong" Certain Merchant Person CorrectInput "The payee's name begins otherwise.";
    PayeeFirstTime "payee_first_time" Certain Merchant Person CorrectInput "Nothing was ever sent to this payee.";
    SenderNotYou "sender_not_you" Certain Money Person OtherWayToPay "A bank transfer came from somebody else's account and goes back there.";
    TransferArrived "transfer_arrived" Certain State Person CallSupport "The transfer has arrived and cannot be called back.";
    UnknownIncoming "unknown_incoming" Certain State Person CallSupport "Money came from somebody to whom this account never sent anything: it may be sent by mistake, or be bait.";
    CancelUnknown "cancel_unknown" Unknown State Wallet DoNotPayAgain "Whether the transfer was called back is not known yet.";
    PayeeIsSelf "payee_is_self" Certain Merchant Person CorrectInput "The payee is the payer.";
    ChannelUnusable "channel_unusable" Certain Merchant Person OtherWayToPay "This way to pay cannot be used now.";
    NoPayerCodes "no_payer_codes" Certain State Person CheckNetwork "No payer codes are left; the phone must go online once.";
    AskLapsed "ask_lapsed" Certain Merchant Person ScanAgain "The merchant's question was not answered in time.";
    AskPaid "ask_paid" Certain State Person DoNotPayAgain "The merchant's question was paid already, from another phone of the account.";
    AskDeclined "ask_declined" Certain Merchant Person OtherWayToPay "The person declined the merchant's question.";
    PaymentUnresolved "payment_unresolved" Unknown State Wallet DoNotPayAgain "An earlier payment to the same payee and order has no result yet.";
    PaymentRepeated "payment_repeated" Certain Money Person DoNotPayAgain "The same payee and amount was paid minutes ago; say that it is meant.";
    OrderPaid "order_paid" Certain State Person DoNotPayAgain "The order was paid already, perhaps by somebody else; this payment was not carried out.";
    OrderInProgress "order_in_progress" Certain State Person DoNotPayAgain "Another payment of the order has no result yet; this one was not carried out.";
    PaymentUnknown "payment_unknown" Unknown State Wallet DoNotPayAgain "The result is not known yet.";
    PaymentRefused "payment_refused" Certain Service Person CallSupport "The service refused the payment.";
    PaymentAbandoned "payment_abandoned" Certain State Person TryAgain "The payment was given up and will never be carried out.";
    PaymentNeverArrived "payment_never_arrived" Certain Service Person TryAgain "The service, put back to an older copy, has no such payment; it was fenced off.";
    IdReused "id_reused" Certain State App Report "The id was used for another payment.";
    NothingToAbandon "nothing_to_abandon" Certain State App Report "The payment is final or was never sent.";
    NotFound "not_found" Certain State Person CorrectInput "There is no such record.";
    // network and service
    NetDown "net_down" Certain Network Person CheckNetwork "The service cannot be reached.";
    NetNoName "net_no_name" Certain Network Person CheckNetwork "The network does not know the service's name.";
    NetSignIn "net_sign_in" Certain Network Person CheckNetwork "The network shows a page of its own and wants a sign-in first.";
    NetSlow "net_slow" Certain Network Person CheckNetwork "The service did not answer in time.";
    NetCut "net_cut" Certain Network Person CheckNetwork "The connection ended before the answer was whole.";
    TlsUntrusted "tls_untrusted" Certain Network Person CheckNetwork "The other side is not the service: certificate or pin.";
    ClockWrong "clock_wrong" Certain Clock Person SetClock "The clock of the phone is wrong.";
    AnswerUnsigned "answer_unsigned" Certain Service Person CheckNetwork "An answer without the service's signature.";
    AnswerForged "answer_forged" Certain Service Person CheckNetwork "An answer whose signature is wrong.";
    AnswerMalformed "answer_malformed" Certain Service Wallet TryAgain "An answer that cannot be read.";
    ServiceDown "service_down" Certain Service Service Wait "The service cannot answer now.";
    TooManyRequests "too_many_requests" Certain Service Wallet Wait "The service asks to slow down.";
    Replayed "replayed" Certain Service Wallet TryAgain "The service saw the same request before.";
    EpochChanged "epoch_changed" Unknown Service Wallet DoNotPayAgain "The service was restored; the wallet asks before it sends again.";
    HistoryInconsistent "history_inconsistent" Certain Service Service CallSupport "The service's history contradicts what it signed before.";
    FeedForged "feed_forged" Certain Service Service Wait "A feed of the service that nobody who may has signed.";
    FeedExpired "feed_expired" Certain Service Service Wait "A feed of the service whose time is over.";
    FeedOlder "feed_older" Certain Service Service Wait "A feed of the service that is not newer than the one in use.";
    FeedJumps "feed_jumps" Certain Service Service Wait "A feed of the service whose version lies too far ahead.";
    FeedUnlawful "feed_unlawful" Certain Service Service Wait "Rules of the service that allow more than the law.";
    FeedMalformed "feed_malformed" Certain Service Person UpdateApp "A feed of the service that this version cannot read.";
    FeedClaimsOurs "feed_claims_ours" Certain Service Service Wait "A table of code formats that gives this wallet's payer codes to another one.";
    OperatorUnverified "operator_unverified" Certain Service Service Wait "Nobody shows under a valid licence who runs this wallet.";
    OperatorRevoked "operator_revoked" Certain Service Service Wait "The operator has withdrawn.";
    LicenceMissing "licence_missing" Certain Service Service Wait "The operator names no licence.";
    LicenceExpired "licence_expired" Certain Service Service Wait "The operator's licence is over.";
    ReceiptInvalid "receipt_invalid" Certain Service Person CallSupport "The receipt does not verify.";
    // files and keys
    Locked "locked" Certain State Person Unlock "The wallet is locked.";
    Closed "closed" Certain State App Restart "The wallet was closed.";
    InUse "in_use" Certain Storage Person CloseOther "Another program holds the wallet.";
    KeyLost "key_lost" Certain Storage Person ReplaceDevice "The key of the files is gone; they were set aside unread.";
    KeyPresent "key_present" Certain Storage Person Restart "The key of the files is there: nothing is set aside.";
    KeyWrong "key_wrong" Certain Storage Person CallSupport "The key does not open the files, or their start is damaged; they were left as they are.";
    KeyStoreUnavailable "key_store_unavailable" Certain Storage Person Unlock "The key store cannot be used now; unlock the phone.";
    StorageFull "storage_full" Certain Storage Person FreeSpace "No space is left on the phone.";
    StorageReadOnly "storage_read_only" Certain Storage Person Restart "The files cannot be written.";
    StorageBusy "storage_busy" Certain Storage Person TryAgain "The files are held for a moment.";
    StorageDamaged "storage_damaged" Certain Storage Person CallSupport "A file is damaged; a copy was kept.";
    StorageFailed "storage_failed" Certain Storage Person Restart "Reading or writing a file failed.";
    NewerSchema "newer_schema" Certain Storage Person UpdateApp "The files were written by a newer app.";
    RolledBack "rolled_back" Certain Storage Person ReplaceDevice "An old copy of the files was put back.";
    // what is kept about the person
    SecretInText "secret_in_text" Certain Input Person CorrectInput "A field that is kept holds what looks like a card or identity number.";
    EraseNotMeant "erase_not_meant" Certain Input Person CorrectInput "The word that confirms erasing was not typed.";
    EraseOpen "erase_open" Certain State Person TryAgain "Payments of this phone have no result yet.";
    ExportExists "export_exists" Certain Storage Person CorrectInput "There is something under the name of the export already; nothing is overwritten.";
    ExportFolder "export_folder" Certain Storage Person CorrectInput "An export cannot be made in this place.";
    ExportRunning "export_running" Certain State Person TryAgain "An export is being made already.";
    Internal "internal" Certain State App Report "A fault of the wallet itself.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_read_back() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(*code));
            assert!(code.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        }
        assert_eq!(Code::parse("no_such_code"), None);
    }

    #[test]
    fn an_unknown_outcome_never_says_try_again() {
        for code in Code::ALL {
            let entry = code.entry();
            if entry.certainty == Certainty::Unknown {
                assert_eq!(entry.remedy, Remedy::DoNotPayAgain, "{code:?}");
            }
        }
    }
}
