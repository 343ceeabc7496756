//! The words of Lakala's interface (register, F22, F23) and how long an answer may still come. The
//! wallet never calls it: the merchant's keys are the service's. It only says what to expect.

use kabao_base::Timestamp;

/// Whose wallet pays (`accountType`, `account_type`; as `payMode` there is one more).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum LakalaAccount {
    /// `WECHAT`: WeChat Pay.
    WeChat,
    /// `ALIPAY`: Alipay.
    Alipay,
    /// `UQRCODEPAY`: UnionPay.
    UnionPay,
    /// `BESTPAY`: 翼支付.
    BestPay,
    /// `SUNING`: 苏宁支付.
    Suning,
    /// `DCPAY`: e-CNY 数字人民币.
    ECny,
    /// `LKLACC`: Lakala's own account; only as `payMode`.
    LakalaAccount,
}

const ACCOUNTS: [(LakalaAccount, &str); 7] = [
    (LakalaAccount::WeChat, "WECHAT"),
    (LakalaAccount::Alipay, "ALIPAY"),
    (LakalaAccount::UnionPay, "UQRCODEPAY"),
    (LakalaAccount::BestPay, "BESTPAY"),
    (LakalaAccount::Suning, "SUNING"),
    (LakalaAccount::ECny, "DCPAY"),
    (LakalaAccount::LakalaAccount, "LKLACC"),
];

impl LakalaAccount {
    /// Reads `accountType`; absent for a word that is none.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::handoff::lakala::LakalaAccount;
    ///
    /// assert_eq!(LakalaAccount::read("UQRCODEPAY"), Some(LakalaAccount::UnionPay));
    /// assert_eq!(LakalaAccount::read("LKLACC"), None);
    /// ```
    pub fn read(account_type: &str) -> Option<LakalaAccount> {
        LakalaAccount::read_pay_mode(account_type).filter(|account| *account != LakalaAccount::LakalaAccount)
    }

    /// Reads `payMode`: the same words and `LKLACC`.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::handoff::lakala::LakalaAccount;
    ///
    /// assert_eq!(LakalaAccount::read_pay_mode("LKLACC"), Some(LakalaAccount::LakalaAccount));
    /// ```
    pub fn read_pay_mode(pay_mode: &str) -> Option<LakalaAccount> {
        ACCOUNTS.iter().find(|(_, word)| *word == pay_mode).map(|(account, _)| *account)
    }

    /// The word of the interface.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(kabao_codes::handoff::lakala::LakalaAccount::ECny.word(), "DCPAY");
    /// ```
    pub fn word(self) -> &'static str {
        ACCOUNTS.iter().find(|(account, _)| *account == self).map_or("", |(_, word)| word)
    }
}

/// How the payer comes to the payment (`transType`, `trans_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum LakalaTransType {
    /// `41`: NATIVE, the till shows a code.
    Native,
    /// `51`: JSAPI, a page inside the payer's app.
    JsApi,
    /// `61`: APP, from another app.
    App,
    /// `71`: a mini program.
    MiniProgram,
}

impl LakalaTransType {
    /// Reads the two digits.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::handoff::lakala::LakalaTransType;
    ///
    /// assert_eq!(LakalaTransType::read("41"), Some(LakalaTransType::Native));
    /// ```
    pub fn read(digits: &str) -> Option<LakalaTransType> {
        match digits {
            "41" => Some(LakalaTransType::Native),
            "51" => Some(LakalaTransType::JsApi),
            "61" => Some(LakalaTransType::App),
            "71" => Some(LakalaTransType::MiniProgram),
            _ => None,
        }
    }

    /// The two digits.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(kabao_codes::handoff::lakala::LakalaTransType::MiniProgram.digits(), "71");
    /// ```
    pub fn digits(self) -> &'static str {
        match self {
            LakalaTransType::Native => "41",
            LakalaTransType::JsApi => "51",
            LakalaTransType::App => "61",
            LakalaTransType::MiniProgram => "71",
        }
    }
}

/// Days after which a pre-authorisation that nobody completed is void (i.lakala.com/doc/openapi).
pub const PRE_AUTHORISATION_DAYS: u32 = 30;

/// Whether Lakala is known to refuse this pair when an order is made or money reserved: WeChat has
/// no `41`. Of the other pairs nothing is published; the service's answer decides.
///
/// # Examples
///
/// ```
/// use kabao_codes::handoff::lakala::{LakalaAccount, LakalaTransType, is_refused_pair};
///
/// assert!(is_refused_pair(LakalaAccount::WeChat, LakalaTransType::Native));
/// assert!(!is_refused_pair(LakalaAccount::Alipay, LakalaTransType::Native));
/// ```
pub fn is_refused_pair(account: LakalaAccount, trans_type: LakalaTransType) -> bool {
    account == LakalaAccount::WeChat && trans_type == LakalaTransType::Native
}

/// How long Lakala goes on asking the channel after an answer stayed away: two hours.
pub const EXPECTATION_SECONDS: u32 = 7200;

/// The seconds after which a till asks again, one after the other; then by hand.
const TILL_ASKS_AFTER: [u32; 7] = [5, 5, 5, 5, 10, 10, 20];

/// What to expect of a payment whose answer has not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Expectation {
    /// The first minute: the till asks every few seconds.
    Soon {
        /// Seconds until the till asks again.
        next_in_seconds: u32,
    },
    /// Up to two hours: the platform goes on asking, and will tell.
    Later {
        /// Seconds until the platform stops asking.
        ends_in_seconds: u32,
    },
    /// More than two hours: nobody asks by himself any more. The result is as unknown as before; the service must resolve it.
    Over,
    /// The time of the question lies in the future: the clock was changed. Nothing can be said.
    ClockChanged,
}

/// What to expect at `now` of a payment that was asked for at `asked_at`. Only time decides: no
/// moment makes a failure of it.
///
/// # Examples
///
/// ```
/// use kabao_base::Timestamp;
/// use kabao_codes::handoff::lakala::{Expectation, expectation};
///
/// let asked = Timestamp::from_ms(1_700_000_000_000);
/// assert_eq!(expectation(asked, Timestamp::from_ms(1_700_000_001_000)), Expectation::Soon { next_in_seconds: 4 });
/// assert_eq!(expectation(asked, Timestamp::from_ms(1_700_000_600_000)), Expectation::Later { ends_in_seconds: 6600 });
/// ```
pub fn expectation(asked_at: Timestamp, now: Timestamp) -> Expectation {
    let Ok(passed) = u64::try_from(now.since(asked_at)) else { return Expectation::ClockChanged };
    let Ok(seconds) = u32::try_from(passed / 1000) else { return Expectation::Over };
    let mut asks_at = 0u32;
    for wait in TILL_ASKS_AFTER {
        asks_at = asks_at.saturating_add(wait);
        if seconds < asks_at {
            return Expectation::Soon { next_in_seconds: asks_at - seconds };
        }
    }
    match EXPECTATION_SECONDS.checked_sub(seconds) {
        Some(left) if left > 0 => Expectation::Later { ends_in_seconds: left },
        _ => Expectation::Over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for (account, word) in ACCOUNTS {
            assert_eq!((LakalaAccount::read_pay_mode(word), account.word()), (Some(account), word));
        }
        for word in ["", "wechat", "WECHAT ", "PAYPAL"] {
            assert_eq!(LakalaAccount::read_pay_mode(word), None);
        }
        for digits in ["41", "51", "61", "71"] {
            assert_eq!(LakalaTransType::read(digits).map(LakalaTransType::digits), Some(digits));
        }
        for digits in ["", "4", "041", "81"] {
            assert_eq!(LakalaTransType::read(digits), None);
        }
    }

    #[test]
    fn only_the_published_pair_is_refused() {
        let refused: Vec<_> = ACCOUNTS
            .iter()
            .flat_map(|(account, _)| ["41", "51", "61", "71"].map(|digits| (*account, LakalaTransType::read(digits).unwrap())))
            .filter(|(account, trans_type)| is_refused_pair(*account, *trans_type))
            .collect();
        assert_eq!(refused, [(LakalaAccount::WeChat, LakalaTransType::Native)]);
    }

    #[test]
    fn two_hours_are_expected() {
        let at = |ms: i64| expectation(Timestamp::from_ms(1_700_000_000_000), Timestamp::from_ms(1_700_000_000_000 + ms));
        // The till asks after 5, 10, 15, 20, 30, 40 and 60 seconds.
        for (ms, next) in [(0, 5), (999, 5), (4_999, 1), (5_000, 5), (19_000, 1), (20_000, 10), (39_000, 1), (40_000, 20), (59_999, 1)] {
            assert_eq!(at(ms), Expectation::Soon { next_in_seconds: next }, "{ms}");
        }
        assert_eq!(at(60_000), Expectation::Later { ends_in_seconds: 7140 });
        assert_eq!(at(7_199_999), Expectation::Later { ends_in_seconds: 1 });
        assert_eq!(at(7_200_000), Expectation::Over);
        assert_eq!(at(-1), Expectation::ClockChanged);
        assert_eq!(expectation(Timestamp::from_ms(0), Timestamp::from_ms(i64::MAX)), Expectation::Over);
        assert_eq!(expectation(Timestamp::from_ms(i64::MIN), Timestamp::from_ms(i64::MAX)), Expectation::Over);
        assert_eq!(expectation(Timestamp::from_ms(i64::MAX), Timestamp::from_ms(0)), Expectation::ClockChanged);
    }

    proptest::proptest! {
        #[test]
        fn what_is_left_only_shrinks(asked in 0i64..4_000_000_000_000, first in 0i64..20_000_000, more in 0i64..20_000_000) {
            let left = |now: i64| match expectation(Timestamp::from_ms(asked), Timestamp::from_ms(now)) {
                Expectation::Soon { .. } => (0, 0),
                Expectation::Later { ends_in_seconds } => (1, 7200 - ends_in_seconds),
                Expectation::Over => (2, 0),
                Expectation::ClockChanged => (3, 0),
            };
            let (earlier, later) = (left(asked + first), left(asked + first + more));
            proptest::prop_assert!(earlier <= later && later.0 < 3);
        }
    }
}
