//! What a merchant code says beside whose it is: amount, once or often, additional data, the name
//! in the language of the place.

use super::{EmvError, Field, MerchantCode, split, value};
use kabao_base::{Currency, Money};

/// Whether a code is for one payment or printed for many (field 01).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Initiation {
    /// 11: printed, the same code for every payment.
    Static,
    /// 12: made for one payment.
    Dynamic,
}

/// The amount of a code (field 54).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MerchantAmount {
    /// As it stands in the code.
    pub text: String,
    /// As money, where the currency is one that the wallet knows and the text is an amount of it.
    pub money: Option<Money>,
}

/// What a value of the additional data (template 62, sub-fields 01 to 11 but 09) is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum DetailKind {
    /// 01.
    BillNumber,
    /// 02.
    MobileNumber,
    /// 03.
    StoreLabel,
    /// 04.
    LoyaltyNumber,
    /// 05.
    ReferenceLabel,
    /// 06.
    CustomerLabel,
    /// 07.
    TerminalLabel,
    /// 08: what the payment is for.
    Purpose,
    /// 10: the merchant's tax number.
    MerchantTaxId,
    /// 11: where and how the code is shown, three characters.
    MerchantChannel,
}

impl DetailKind {
    pub(super) fn of(id: &str) -> Option<DetailKind> {
        Some(match id {
            "01" => DetailKind::BillNumber,
            "02" => DetailKind::MobileNumber,
            "03" => DetailKind::StoreLabel,
            "04" => DetailKind::LoyaltyNumber,
            "05" => DetailKind::ReferenceLabel,
            "06" => DetailKind::CustomerLabel,
            "07" => DetailKind::TerminalLabel,
            "08" => DetailKind::Purpose,
            "10" => DetailKind::MerchantTaxId,
            "11" => DetailKind::MerchantChannel,
            _ => return None,
        })
    }
}

/// A value of the additional data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum DetailValue {
    /// The code gives it.
    Given {
        /// As it stands in the code.
        text: String,
    },
    /// `***`: the payer is asked for it.
    AskPayer,
}

/// One named value of the additional data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Detail {
    /// What it is.
    pub kind: DetailKind,
    /// Its value, or that the payer is asked.
    pub value: DetailValue,
}

/// What the merchant wants to be sent of the payer (sub-field 09).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ConsumerData {
    /// `A`.
    Address,
    /// `M`.
    MobileNumber,
    /// `E`.
    EMail,
}

/// A template that belongs to somebody: its identifier, the owner's, and all sub-fields.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Template {
    /// Where it stands, `50` to `99`.
    pub id: String,
    /// The globally unique identifier (sub-field 00).
    pub guid: Option<String>,
    /// The sub-fields; empty where the value is no template, though it should be one.
    pub parts: Vec<Field>,
    /// The value as it stands.
    pub value: String,
}

/// The additional data of a code (template 62).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AdditionalData {
    /// Named values in the order of the code.
    pub details: Vec<Detail>,
    /// What the merchant wants to be sent of the payer.
    pub asks: Vec<ConsumerData>,
    /// Templates of payment systems, 50 to 99.
    pub templates: Vec<Template>,
}

/// The merchant in the language of the place (template 64).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct LanguageTemplate {
    /// Two letters, as they stand: `ZH`, `km`.
    pub language: String,
    /// The merchant's name.
    pub name: Option<String>,
    /// The city.
    pub city: Option<String>,
}

impl MerchantCode {
    /// Whether the code is for one payment; `None` where it does not say, or says neither.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::emv::{read, with_checksum};
    /// let code = read(&with_checksum("000201010212")).unwrap();
    /// assert_eq!(code.initiation(), Some(kabao_codes::emv::Initiation::Dynamic));
    /// ```
    pub fn initiation(&self) -> Option<Initiation> {
        match self.value("01")? {
            "11" => Some(Initiation::Static),
            "12" => Some(Initiation::Dynamic),
            _ => None,
        }
    }

    /// The amount, where the code states one: always as text, as money where the wallet knows the
    /// currency (53) and the text is a lawful amount of it.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::emv::{read, with_checksum};
    /// let amount = read(&with_checksum("0002015303156540523.72")).unwrap().amount().unwrap();
    /// assert_eq!(amount.text, "23.72");
    /// assert_eq!(amount.money, Some(kabao_base::Money::fen(2372)));
    /// ```
    pub fn amount(&self) -> Option<MerchantAmount> {
        let text = self.value("54")?.to_owned();
        let currency = self.value("53").and_then(|text| numeric_currency(text).ok());
        let money = currency.and_then(|currency| amount(&text, currency).ok());
        Some(MerchantAmount { text, money })
    }

    /// The additional data (62); `None` where there is none or it cannot be split.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::emv::{DetailKind, DetailValue};
    /// use kabao_codes::emv::{read, with_checksum};
    /// let data = read(&with_checksum("00020162150603***0804Rent")).unwrap().additional_data().unwrap();
    /// assert_eq!((data.details[0].kind, &data.details[0].value), (DetailKind::CustomerLabel, &DetailValue::AskPayer));
    /// ```
    pub fn additional_data(&self) -> Option<AdditionalData> {
        let mut data = AdditionalData { details: Vec::new(), asks: Vec::new(), templates: Vec::new() };
        for part in self.parts_of(self.value("62")?).ok()? {
            if let Some(kind) = DetailKind::of(&part.id) {
                let value = if part.value == "***" { DetailValue::AskPayer } else { DetailValue::Given { text: part.value } };
                data.details.push(Detail { kind, value });
            } else if part.id == "09" {
                data.asks.extend(part.value.chars().filter_map(asked));
            } else if split::number(&part.id) >= 50 {
                let parts = self.parts_of(&part.value).unwrap_or_default();
                let guid = value(&parts, "00").map(str::to_owned);
                data.templates.push(Template { id: part.id, guid, parts, value: part.value });
            }
        }
        Some(data)
    }

    /// The merchant in the language of the place (64); `None` where the code does not say.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::emv::{read, with_checksum};
    /// let local = read(&with_checksum("00020164200002ZH0104最佳运输0202北京")).unwrap().language().unwrap();
    /// assert_eq!(local.name.as_deref(), Some("最佳运输"));
    /// ```
    pub fn language(&self) -> Option<LanguageTemplate> {
        let parts = self.parts_of(self.value("64")?).ok()?;
        let part = |id| value(&parts, id).map(str::to_owned);
        Some(LanguageTemplate { language: part("00")?, name: part("01"), city: part("02") })
    }
}

fn asked(letter: char) -> Option<ConsumerData> {
    match letter {
        'A' => Some(ConsumerData::Address),
        'M' => Some(ConsumerData::MobileNumber),
        'E' => Some(ConsumerData::EMail),
        _ => None,
    }
}

/// The currency of field 53, three digits.
pub(crate) fn numeric_currency(text: &str) -> Result<Currency, EmvError> {
    if text.len() != 3 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EmvError::Value { id: 53 });
    }
    Currency::parse(text).map_err(|_| EmvError::Currency)
}

/// The shape of an amount: at most 13 characters, digits and one point that may end the text
/// (`98`, `98.`, `98.73`), and not zero.
pub(super) fn is_amount(text: &str) -> bool {
    text.len() <= 13
        && text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && text.bytes().filter(|byte| *byte == b'.').count() <= 1
        && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
}

/// The amount of field 54. Money's own reader is for people and takes more spellings.
pub(crate) fn amount(text: &str, currency: Currency) -> Result<Money, EmvError> {
    let wrong = EmvError::Value { id: 54 };
    if !is_amount(text) {
        return Err(wrong);
    }
    let money = Money::parse(text.strip_suffix('.').unwrap_or(text), currency).map_err(|_| wrong)?;
    if money.minor > 0 { Ok(money) } else { Err(wrong) }
}
