//! Whose merchant code it is: networks by field, schemes by the globally unique identifier of a
//! template, a few by what else their codes have. To name a scheme is not to be able to pay it.

use super::{AccountKind, MerchantAccount, MerchantCode};

/// A payment scheme that merchant codes name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Scheme {
    /// A stable short name: `promptpay`.
    pub key: String,
    /// What people call it: `PromptPay`.
    pub name: String,
    /// Two letters of its country or region; `None` for a network of the world.
    pub country: Option<String>,
}

/// How the globally unique identifier of a scheme is recognised; case never matters.
enum Guid {
    /// The whole identifier.
    Is(&'static str),
    /// Its beginning: the applications of one registered provider (ISO/IEC 7816-5).
    Begins(&'static str),
}

use Guid::{Begins, Is};

/// Key, name, country, identifiers. Each row stands in codes of `tests/vectors/emv_mpm_valid.json`
/// or `emv_mpm_invalid.json`, whose cases name their sources, but those that say otherwise.
const SCHEMES: &[(&str, &str, &str, &[Guid])] = &[
    // UnionPay's registered provider identifier, ISO/IEC 7816-5.
    ("unionpay", "UnionPay", "", &[Begins("A000000333")]),
    ("vietqr", "VietQR (NAPAS)", "VN", &[Begins("A000000727")]),
    ("vnpay", "VNPAY-QR", "VN", &[Begins("A000000775")]),
    ("promptpay", "PromptPay", "TH", &[Begins("A000000677")]),
    ("duitnow", "DuitNow", "MY", &[Begins("A000000615")]),
    ("bharatqr", "BharatQR / UPI", "IN", &[Begins("A000000524")]),
    ("lapnet", "LAPNet", "LA", &[Is("A005266284662577")]),
    ("bc-korea", "BC Card", "KR", &[Is("D4100000014010")]),
    // The second is the name of the same national scheme before 2019.
    ("qris", "QRIS", "ID", &[Is("ID.CO.QRIS.WWW"), Is("ID.OR.GPNQR.WWW"), Begins("A000000602")]),
    ("pix", "Pix", "BR", &[Is("br.gov.bcb.pix"), Is("br.gov.bcb.spi")]),
    ("jpqr", "JPQR", "JP", &[Is("jp.or.paymentsjapan")]),
    ("qrph", "QR Ph", "PH", &[Is("com.p2pqrpay"), Begins("ph.ppmi.")]),
    ("fps", "FPS 轉數快", "HK", &[Is("hk.com.hkicl")]),
    ("paynow", "PayNow", "SG", &[Is("SG.PAYNOW")]),
    // Singapore's common code; public SGQR generators (merchant identifiers in template 51).
    ("sgqr", "SGQR", "SG", &[Is("SG.SGQR")]),
    ("nets", "NETS", "SG", &[Is("SG.COM.NETS")]),
    // Specification of the PI-SPI code by the BCEAO (eight states, so no country).
    ("uemoa", "PI-SPI (UEMOA)", "", &[Is("int.bceao.pi")]),
];

const KHQR: (&str, &str, &str) = ("khqr", "KHQR (Bakong)", "KH");
const LANKAQR: (&str, &str, &str) = ("lankaqr", "LankaQR", "LK");
const QPAY: (&str, &str, &str) = ("qpay", "QPay", "MN");

/// The scheme of a globally unique identifier, as sub-field 00 of a template or as the application
/// identifier of a card has it; `None` for one that is not known here. Case does not matter.
///
/// # Examples
///
/// ```
/// use kabao_codes::emv::scheme_of_guid;
/// assert_eq!(scheme_of_guid("a000000677010111").unwrap().key, "promptpay");
/// assert_eq!(scheme_of_guid("app.nobody"), None);
/// ```
pub fn scheme_of_guid(guid: &str) -> Option<Scheme> {
    let begins = |start: &str| guid.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    let known = |rule: &Guid| match rule {
        Is(whole) => guid.eq_ignore_ascii_case(whole),
        Begins(start) => begins(start),
    };
    let row = SCHEMES.iter().find(|row| row.3.iter().any(known))?;
    Some(scheme((row.0, row.1, row.2)))
}

impl MerchantCode {
    /// The schemes of a code in the order of its accounts, each once. Empty for a code that names
    /// nobody known here: that is an answer, nothing is guessed.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::emv::{read, with_checksum};
    /// let schemes = read(&with_checksum("00020129370016A00000067701011101130066812223333")).unwrap().schemes();
    /// assert_eq!(schemes[0].name, "PromptPay");
    /// ```
    pub fn schemes(&self) -> Vec<Scheme> {
        let mut found: Vec<Scheme> = Vec::new();
        for account in self.accounts() {
            let by_shape = self.scheme_of_shape(&account);
            for scheme in [scheme_of_account(&account), by_shape].into_iter().flatten() {
                if !found.contains(&scheme) {
                    found.push(scheme);
                }
            }
        }
        found
    }

    /// Schemes without an identifier of their own. Cambodia puts the payee's Bakong account
    /// (`name@bank`) where the identifier belongs, in 29 or 30; Sri Lanka a number of 28 digits in
    /// 26; Mongolia has a UnionPay account of its own length.
    fn scheme_of_shape(&self, account: &MerchantAccount) -> Option<Scheme> {
        let guid = account.guid.as_deref().unwrap_or_default();
        let country = self.value("58").unwrap_or_default();
        let row = match account.id.as_str() {
            "29" | "30" if guid.contains('@') => KHQR,
            "26" if country == "LK" && guid.len() == 28 && guid.bytes().all(|byte| byte.is_ascii_digit()) => LANKAQR,
            "15" if country == "MN" && account.value.len() == 25 => QPAY,
            _ => return None,
        };
        Some(scheme(row))
    }
}

fn scheme_of_account(account: &MerchantAccount) -> Option<Scheme> {
    let row = match account.kind {
        AccountKind::Visa => ("visa", "Visa", ""),
        AccountKind::Mastercard => ("mastercard", "Mastercard", ""),
        AccountKind::Discover => ("discover", "Discover", ""),
        AccountKind::AmericanExpress => ("american-express", "American Express", ""),
        AccountKind::Jcb => ("jcb", "JCB", ""),
        AccountKind::UnionPay => ("unionpay", "UnionPay", ""),
        AccountKind::EmvCo => return None,
        AccountKind::Template => return scheme_of_guid(account.guid.as_deref()?),
    };
    Some(scheme(row))
}

fn scheme((key, name, country): (&str, &str, &str)) -> Scheme {
    Scheme { key: key.to_owned(), name: name.to_owned(), country: (!country.is_empty()).then(|| country.to_owned()) }
}
