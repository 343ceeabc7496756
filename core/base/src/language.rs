//! The languages of the wallet.

/// The language in which sentences and spoken amounts are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Language {
    /// Chinese as written in mainland China.
    ZhCn,
    /// English.
    En,
}

impl Language {
    /// The language for a BCP 47 tag of the phone (`zh-Hans-CN`, `zh_CN`, `en-GB`): Chinese for every sort of
    /// Chinese, English for everything else, an empty or malformed tag included.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Language;
    /// assert_eq!(Language::from_tag("zh-Hans-CN"), Language::ZhCn);
    /// assert_eq!(Language::from_tag(""), Language::En);
    /// ```
    pub fn from_tag(tag: &str) -> Language {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") { Language::ZhCn } else { Language::En }
    }

    /// The tag for the phone's speech and fonts: `zh-CN` or `en`.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_base::Language::ZhCn.tag(), "zh-CN");
    /// ```
    pub const fn tag(self) -> &'static str {
        match self {
            Language::ZhCn => "zh-CN",
            Language::En => "en",
        }
    }
}
