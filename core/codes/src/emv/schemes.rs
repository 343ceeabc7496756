//! Whose merchant code it is: networks by field, schemes by the globally unique identifier of a
//! template, a few by what else their codes have. To name a scheme is not to be able to pay it.
//!
//! Identifiers, names and countries are rows of the table of codes. Which field belongs to which network
//! is the specification's, and a shape without an identifier is a rule and no row: both stand here.

use super::{AccountKind, MerchantAccount, MerchantCode};
use crate::read;
use crate::table::Table;

/// A payment scheme that merchant codes name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Scheme {
    /// A stable short name: `promptpay`, `bc-korea`.
    pub key: String,
    /// What people call it: `PromptPay`.
    pub name: String,
    /// Two letters of its country or region; `None` for a network of the world.
    pub country: Option<String>,
}

/// The scheme of a globally unique identifier, as sub-field 00 of a template or as the application
/// identifier of a card has it; `None` for one that the table does not know. Case does not matter.
///
/// # Examples
///
/// ```
/// use kabao_codes::{emv::scheme_of_guid, table::Table};
/// let table = Table::shipped();
/// assert_eq!(scheme_of_guid("a000000677010111", &table).unwrap().key, "promptpay");
/// assert_eq!(scheme_of_guid("app.nobody", &table), None);
/// ```
pub fn scheme_of_guid(guid: &str, table: &Table) -> Option<Scheme> {
    table.owner_of_guid(guid).map(|owner| table.merchant_scheme(owner))
}

impl MerchantCode {
    /// The schemes of a code in the order of its accounts, each once. Empty for a code that names
    /// nobody the table knows: that is an answer, nothing is guessed.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::{emv::{read, with_checksum}, table::Table};
    /// let code = read(&with_checksum("00020129370016A00000067701011101130066812223333")).unwrap();
    /// let schemes = code.schemes(&Table::shipped());
    /// assert_eq!(schemes[0].name, "PromptPay");
    /// ```
    pub fn schemes(&self, table: &Table) -> Vec<Scheme> {
        self.owners(table).iter().map(|owner| table.merchant_scheme(owner)).collect()
    }

    /// The same by the names of the table.
    pub(crate) fn owners(&self, table: &Table) -> Vec<read::Scheme> {
        let mut found: Vec<read::Scheme> = Vec::new();
        for account in self.accounts() {
            let by_shape = self.owner_of_shape(&account).map(read::Scheme::from_name);
            for owner in [owner_of_account(&account, table), by_shape].into_iter().flatten() {
                if !found.contains(&owner) {
                    found.push(owner);
                }
            }
        }
        found
    }

    /// Schemes without an identifier of their own. Cambodia puts the payee's Bakong account
    /// (`name@bank`) where the identifier belongs, in 29 or 30; Sri Lanka a number of 28 digits in
    /// 26; Mongolia has a UnionPay account of its own length.
    fn owner_of_shape(&self, account: &MerchantAccount) -> Option<&'static str> {
        let guid = account.guid.as_deref().unwrap_or_default();
        let country = self.value("58").unwrap_or_default();
        match account.id.as_str() {
            "29" | "30" if guid.contains('@') => Some("khqr"),
            "26" if country == "LK" && guid.len() == 28 && guid.bytes().all(|byte| byte.is_ascii_digit()) => Some("lankaqr"),
            "15" if country == "MN" && account.value.len() == 25 => Some("qpay"),
            _ => None,
        }
    }
}

fn owner_of_account(account: &MerchantAccount, table: &Table) -> Option<read::Scheme> {
    let name = match account.kind {
        AccountKind::Visa => "visa",
        AccountKind::Mastercard => "mastercard",
        AccountKind::Discover => "discover",
        AccountKind::AmericanExpress => "american_express",
        AccountKind::Jcb => "jcb",
        AccountKind::UnionPay => "unionpay",
        AccountKind::EmvCo => return None,
        AccountKind::Template => return table.owner_of_guid(account.guid.as_deref()?).cloned(),
    };
    Some(read::Scheme::from_name(name))
}
