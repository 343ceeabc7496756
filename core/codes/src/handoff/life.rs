//! How long a code of another scheme lives. Hints for a timer on the screen: the scheme decides, and
//! a code that the hint calls old may still be paid.

/// A family of codes that grow old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CodeFamily {
    /// Payer code of WeChat Pay.
    WeChatPayer,
    /// Payer code of Alipay.
    AlipayPayer,
    /// Payer code of UnionPay.
    UnionPayPayer,
    /// Order code of WeChat (Native).
    WeChatOrder,
    /// Order code of Alipay (precreate), as long as nobody has scanned it.
    AlipayOrder,
}

/// How long a code lives, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeLife {
    /// The family.
    pub family: CodeFamily,
    /// Seconds from the moment the code is made.
    pub seconds: u32,
    /// Whether the code is used up by one attempt, so that a failed one needs a new code.
    pub single_use: bool,
    /// Where it is written.
    pub source: &'static str,
}

/// The known lives.
pub const CODE_LIVES: &[CodeLife] = &[
    CodeLife { family: CodeFamily::WeChatPayer, seconds: 60, single_use: true, source: "WeChat Pay, QuickPay: important parameters (valid 1 minute, refreshed after use)" },
    CodeLife { family: CodeFamily::AlipayPayer, seconds: 60, single_use: true, source: "Alipay, opendocs.alipay.com/open/194/106039 (single use, refresh after a failed payment too); the minute is practice" },
    CodeLife { family: CodeFamily::UnionPayPayer, seconds: 30, single_use: true, source: "boleren.cn/shuma/305719 (secondary: one page only)" },
    CodeLife { family: CodeFamily::WeChatOrder, seconds: 7200, single_use: true, source: "WeChat Pay, API v3 Native: code_url is valid for 2 hours" },
    CodeLife { family: CodeFamily::AlipayOrder, seconds: 7200, single_use: true, source: "docs.antom.com/ac/global/precreate_transaction; cloud.tencent.com/developer/article/1096089 (about 2 hours)" },
];

/// How long a code of a family lives.
///
/// # Examples
///
/// ```
/// use kabao_codes::handoff::{CodeFamily, code_life};
///
/// assert_eq!(code_life(CodeFamily::UnionPayPayer).map(|life| life.seconds), Some(30));
/// ```
pub fn code_life(family: CodeFamily) -> Option<CodeLife> {
    CODE_LIVES.iter().find(|life| life.family == family).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_one_life_and_a_source() {
        // Register, F1, F4, F8, F9 and F16.
        let expected = [
            (CodeFamily::WeChatPayer, 60),
            (CodeFamily::AlipayPayer, 60),
            (CodeFamily::UnionPayPayer, 30),
            (CodeFamily::WeChatOrder, 7200),
            (CodeFamily::AlipayOrder, 7200),
        ];
        assert_eq!(CODE_LIVES.len(), expected.len());
        for (family, seconds) in expected {
            let life = code_life(family).unwrap();
            assert_eq!(life.seconds, seconds, "{family:?}");
            assert!(!life.source.is_empty());
        }
    }
}
