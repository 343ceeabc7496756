use super::OnboardingStepKind as Kind;
use super::*;
use std::collections::BTreeSet;

fn shown(facts: &OnboardingFacts) -> (Kind, &'static str, bool) {
    let step = next(facts);
    let key = REASON_KEYS.iter().find(|key| **key == step.reason_key).expect("a key of the list");
    (step.kind, key, step.can_skip)
}

#[test]
fn the_day_goes_step_by_step() {
    let mut facts = OnboardingFacts::default();
    assert_eq!(shown(&facts), (Kind::Register, "onboarding_register", false));
    facts.operator_unverified = true;
    assert_eq!(shown(&facts), (Kind::OperatorUnverified, "onboarding_operator_unverified", false));
    facts.operator_unverified = false;
    facts.otp_pending = true;
    assert_eq!(shown(&facts), (Kind::EnterOtp, "onboarding_enter_otp", false));
    facts.replacing = ReplaceFact::Needed;
    assert_eq!(shown(&facts), (Kind::ReplacePhone, "onboarding_replace_phone", false));
    facts.replacing = ReplaceFact::OtpPending;
    assert_eq!(shown(&facts), (Kind::ReplaceOtp, "onboarding_replace_otp", false));
    facts.replacing = ReplaceFact::Proving;
    assert_eq!(shown(&facts), (Kind::ReplaceProve, "onboarding_replace_prove", false));
    facts.replacing = ReplaceFact::PersonPending;
    assert_eq!(shown(&facts), (Kind::ReplaceProve, "onboarding_replace_pending", false));
    facts.replacing = ReplaceFact::None;
    facts.signing_in = SignInFact::Needed;
    assert_eq!(shown(&facts), (Kind::SignIn, "onboarding_sign_in", false));
    facts.replacing = ReplaceFact::Proving;
    assert_eq!(shown(&facts), (Kind::ReplaceProve, "onboarding_replace_prove", false));
    facts.replacing = ReplaceFact::Needed;
    facts.signing_in = SignInFact::OtpPending;
    assert_eq!(shown(&facts), (Kind::SignInOtp, "onboarding_sign_in_otp", false));
    facts.signing_in = SignInFact::Proving;
    assert_eq!(shown(&facts), (Kind::SignInProve, "onboarding_sign_in_prove", false));
    facts.registered = true;
    assert_eq!(shown(&facts), (Kind::ChoosePin, "onboarding_choose_pin", false));
    facts.pin_set = true;
    assert_eq!(shown(&facts), (Kind::KeepRecoverySheet, "onboarding_keep_recovery_sheet", true));
    facts.sheet_kept = true;
    assert_eq!(shown(&facts), (Kind::Consent, "onboarding_consent", false));
    facts.consent = true;
    assert_eq!(shown(&facts), (Kind::Verify, "onboarding_verify", false));
    facts.verification = VerificationFact::Pending;
    assert_eq!(shown(&facts), (Kind::AwaitVerification, "onboarding_await_verification", false));
    facts.verification = VerificationFact::Rejected { retriable: true };
    assert_eq!(shown(&facts), (Kind::Verify, "onboarding_verify_again", false));
    facts.verification = VerificationFact::Rejected { retriable: false };
    assert_eq!(shown(&facts), (Kind::VerificationClosed, "onboarding_verification_closed", false));
    facts.verification = VerificationFact::Passed;
    assert_eq!(shown(&facts), (Kind::BindCard, "onboarding_bind_card", true));
    facts.cards = 1;
    facts.pin_locked = true;
    assert_eq!(shown(&facts), (Kind::ResetPin, "onboarding_reset_pin", false));
    facts.pin_locked = false;
    facts.operator_unverified = true;
    assert_eq!(shown(&facts), (Kind::Ready, "onboarding_ready", false));
    facts.operator_unverified = false;
    facts.build_refused = true;
    assert_eq!(shown(&facts), (Kind::UpdateApp, "onboarding_update_app", false));
    facts.closing = true;
    assert_eq!(shown(&facts), (Kind::Closing, "onboarding_closing", false));
    // What is left of the set-up makes no account pay that is being closed.
    let half_way = OnboardingFacts { registered: true, closing: true, operator_unverified: true, ..OnboardingFacts::default() };
    assert_eq!(shown(&half_way), (Kind::Closing, "onboarding_closing", false));
    facts.frozen = true;
    assert_eq!(shown(&facts), (Kind::Frozen, "onboarding_frozen", false));
    facts.closed = true;
    assert_eq!(shown(&facts), (Kind::Closed, "onboarding_closed", false));
}

/// The service shut this phone out, or its files are an old copy: either way a replacement that was begun is not begun again.
#[test]
fn who_began_to_replace_goes_on_with_that() {
    let step = |signing_in, replacing| shown(&OnboardingFacts { signing_in, replacing, ..OnboardingFacts::default() }).1;
    for signing_in in [SignInFact::Needed, SignInFact::RolledBack] {
        let begun = [ReplaceFact::OtpPending, ReplaceFact::Proving, ReplaceFact::PersonPending];
        let steps = ["onboarding_replace_otp", "onboarding_replace_prove", "onboarding_replace_pending"];
        assert_eq!(begun.map(|replacing| step(signing_in, replacing)), steps, "{signing_in:?}");
    }
    let not_begun = [ReplaceFact::None, ReplaceFact::Needed];
    assert_eq!(not_begun.map(|replacing| step(SignInFact::Needed, replacing)), ["onboarding_sign_in"; 2]);
    assert_eq!(not_begun.map(|replacing| step(SignInFact::RolledBack, replacing)), ["onboarding_rolled_back"; 2]);
}

fn all_facts() -> Vec<OnboardingFacts> {
    let checks = [
        VerificationFact::None,
        VerificationFact::Pending,
        VerificationFact::Rejected { retriable: true },
        VerificationFact::Rejected { retriable: false },
        VerificationFact::Passed,
    ];
    let mut all = Vec::new();
    let ways = [
        ReplaceFact::None,
        ReplaceFact::Needed,
        ReplaceFact::OtpPending,
        ReplaceFact::Proving,
        ReplaceFact::PersonPending,
    ];
    for bits in 0u32..8192 {
        let bit = |index: u32| bits >> index & 1 == 1;
        for (verification, replacing) in checks.iter().flat_map(|check| ways.map(|way| (*check, way))) {
            let ins = [SignInFact::None, SignInFact::Needed, SignInFact::RolledBack, SignInFact::OtpPending, SignInFact::Proving];
            for (cards, signing_in) in [0, 1, u32::MAX].into_iter().flat_map(|cards| ins.map(|sign_in| (cards, sign_in))) {
                all.push(OnboardingFacts {
                    registered: bit(0),
                    replacing,
                    signing_in,
                    otp_pending: bit(1),
                    pin_set: bit(2),
                    sheet_kept: bit(3),
                    sheet_skipped: bit(4),
                    consent: bit(5),
                    card_skipped: bit(6),
                    frozen: bit(7),
                    operator_unverified: bit(8),
                    closed: bit(9),
                    pin_locked: bit(10),
                    build_refused: bit(11),
                    closing: bit(12),
                    verification,
                    cards,
                });
            }
        }
    }
    all
}

#[test]
fn every_combination_leads_on_and_every_reason_is_reachable() {
    let mut reasons = BTreeSet::new();
    for mut facts in all_facts() {
        reasons.insert(shown(&facts).1);
        // Doing, or skipping where that is allowed, leads further each time and ends.
        let mut last = None;
        for _ in 0..14 {
            let step = next(&facts);
            assert!(last.is_none_or(|kind| step.kind > kind), "{facts:?} went back to {:?}", step.kind);
            last = Some(step.kind);
            match step.kind {
                Kind::OperatorUnverified => facts.operator_unverified = false,
                Kind::Register => facts.otp_pending = true,
                Kind::EnterOtp | Kind::ReplaceProve | Kind::SignInProve => facts.registered = true,
                Kind::SignIn => facts.signing_in = SignInFact::OtpPending,
                Kind::SignInOtp => facts.signing_in = SignInFact::Proving,
                Kind::ReplacePhone => facts.replacing = ReplaceFact::OtpPending,
                Kind::ReplaceOtp => facts.replacing = ReplaceFact::Proving,
                Kind::UpdateApp => facts.build_refused = false,
                Kind::ChoosePin => facts.pin_set = true,
                Kind::KeepRecoverySheet => facts.sheet_skipped = true,
                Kind::Consent => facts.consent = true,
                Kind::Verify => facts.verification = VerificationFact::Pending,
                Kind::AwaitVerification => facts.verification = VerificationFact::Passed,
                Kind::BindCard => facts.card_skipped = true,
                Kind::ResetPin => facts.pin_locked = false,
                Kind::Closing => facts.closed = true,
                Kind::Frozen | Kind::Closed | Kind::VerificationClosed | Kind::Ready => break,
            }
            assert_eq!(step.can_skip, matches!(step.kind, Kind::KeepRecoverySheet | Kind::BindCard));
        }
        let end = next(&facts).kind;
        assert!(matches!(end, Kind::Frozen | Kind::Closed | Kind::VerificationClosed | Kind::Ready), "{facts:?}");
    }
    assert_eq!(reasons, REASON_KEYS.into_iter().collect());
}
