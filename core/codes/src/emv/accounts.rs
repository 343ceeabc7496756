//! Merchant accounts (fields 02 to 51): by which networks and schemes a code can be paid.

use super::{Field, MerchantCode, split, value};

/// Whose account a field is, by its identifier (EMVCo QR Code MPM 1.1, table 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum AccountKind {
    /// 02 and 03.
    Visa,
    /// 04 and 05.
    Mastercard,
    /// 06 to 08 and 17 to 25: kept by EMVCo for networks to come.
    EmvCo,
    /// 09 and 10.
    Discover,
    /// 11 and 12.
    AmericanExpress,
    /// 13 and 14.
    Jcb,
    /// 15 and 16.
    UnionPay,
    /// 26 to 51: a template that its globally unique identifier names.
    Template,
}

impl AccountKind {
    pub(super) fn of(id: &str) -> Option<AccountKind> {
        Some(match split::number(id) {
            2 | 3 => AccountKind::Visa,
            4 | 5 => AccountKind::Mastercard,
            9 | 10 => AccountKind::Discover,
            11 | 12 => AccountKind::AmericanExpress,
            13 | 14 => AccountKind::Jcb,
            15 | 16 => AccountKind::UnionPay,
            6..=8 | 17..=25 => AccountKind::EmvCo,
            26..=51 => AccountKind::Template,
            _ => return None,
        })
    }
}

/// One merchant account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MerchantAccount {
    /// Where it stands, `02` to `51`.
    pub id: String,
    /// Whose it is.
    pub kind: AccountKind,
    /// The value as it stands.
    pub value: String,
    /// Of a template: its globally unique identifier (sub-field 00).
    pub guid: Option<String>,
    /// Of a template: its sub-fields; empty where it cannot be split.
    pub parts: Vec<Field>,
}

/// A merchant's account in the UnionPay network (fields 15 and 16).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct UnionPayAccount {
    /// Eight digits: the institution that keeps the merchant.
    pub acquirer: String,
    /// Eight digits: the institution that hands payments on.
    pub forwarder: String,
    /// The merchant: 15 letters or digits, in Mongolia nine.
    pub merchant: String,
}

impl MerchantAccount {
    /// The parts of a UnionPay account: two institutions of eight digits and a merchant of 15
    /// characters, 31 in all; Mongolia writes a merchant of nine, 25 in all. `None` for every
    /// other account and length: the value stays what it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::emv::{read, with_checksum};
    /// let account = read(&with_checksum("00020115312799900027999000123456789012345")).unwrap().accounts().remove(0);
    /// assert_eq!(account.unionpay().unwrap().merchant, "123456789012345");
    /// ```
    pub fn unionpay(&self) -> Option<UnionPayAccount> {
        if self.kind != AccountKind::UnionPay || ![25, 31].contains(&self.value.len()) {
            return None;
        }
        let (acquirer, rest) = self.value.split_at_checked(8)?;
        let (forwarder, merchant) = rest.split_at_checked(8)?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let good = digits(acquirer) && digits(forwarder) && merchant.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let owned = str::to_owned;
        good.then(|| UnionPayAccount { acquirer: owned(acquirer), forwarder: owned(forwarder), merchant: owned(merchant) })
    }
}

impl MerchantCode {
    /// The merchant accounts in the order of the code.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::emv::{read, with_checksum};
    /// let accounts = read(&with_checksum("00020129370016A00000067701011101130066812223333")).unwrap().accounts();
    /// assert_eq!(accounts[0].guid.as_deref(), Some("A000000677010111"));
    /// ```
    pub fn accounts(&self) -> Vec<MerchantAccount> {
        let account = |field: &Field| {
            let kind = AccountKind::of(&field.id)?;
            let parts = if kind == AccountKind::Template { self.parts_of(&field.value).unwrap_or_default() } else { Vec::new() };
            let guid = value(&parts, "00").map(str::to_owned);
            Some(MerchantAccount { id: field.id.clone(), kind, value: field.value.clone(), guid, parts })
        };
        self.fields.iter().filter_map(account).collect()
    }
}
