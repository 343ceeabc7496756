//! The currencies of ISO 4217 as data.
//!
//! Source: list one of ISO 4217 as PyPI `iso4217` 1.16.20260101 carries it (1 January 2026): 178 codes, of which 165
//! have a minor unit. The other 13 (precious metals, units of account, the codes for tests and for no currency) are
//! no money that could be counted and are refused. Signs are those of the Chinese locale of Unicode CLDR; where it
//! has none, the code stands before the amount.

use crate::money::MoneyError;
use serde::{Deserialize, Serialize};

macro_rules! currencies {
    ($($name:ident $code:tt $numeric:literal $decimals:literal $sign:literal;)*) => {
        /// A currency of ISO 4217 with a minor unit. The wallet keeps accounts in CNY; the others appear on codes of
        /// foreign merchants and are read, named and refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
        pub enum Currency {
            $(
                #[doc = $code]
                #[serde(rename = $code)]
                $name,
            )*
        }

        impl Currency {
            /// Every currency, in the order of the codes.
            pub const ALL: &'static [Currency] = &[$(Currency::$name),*];

            const fn row(self) -> (&'static str, u16, u32, &'static str) {
                match self {
                    $(Currency::$name => ($code, $numeric, $decimals, $sign),)*
                }
            }
        }
    };
}

currencies! {
    Aed "AED" 784 2 "AED\u{a0}";
    Afn "AFN" 971 2 "AFN\u{a0}";
    All "ALL" 8 2 "ALL\u{a0}";
    Amd "AMD" 51 2 "AMD\u{a0}";
    Aoa "AOA" 973 2 "AOA\u{a0}";
    Ars "ARS" 32 2 "ARS\u{a0}";
    Aud "AUD" 36 2 "AU$";
    Awg "AWG" 533 2 "AWG\u{a0}";
    Azn "AZN" 944 2 "AZN\u{a0}";
    Bam "BAM" 977 2 "BAM\u{a0}";
    Bbd "BBD" 52 2 "BBD\u{a0}";
    Bdt "BDT" 50 2 "BDT\u{a0}";
    Bhd "BHD" 48 3 "BHD\u{a0}";
    Bif "BIF" 108 0 "BIF\u{a0}";
    Bmd "BMD" 60 2 "BMD\u{a0}";
    Bnd "BND" 96 2 "BND\u{a0}";
    Bob "BOB" 68 2 "BOB\u{a0}";
    Bov "BOV" 984 2 "BOV\u{a0}";
    Brl "BRL" 986 2 "R$";
    Bsd "BSD" 44 2 "BSD\u{a0}";
    Btn "BTN" 64 2 "BTN\u{a0}";
    Bwp "BWP" 72 2 "BWP\u{a0}";
    Byn "BYN" 933 2 "BYN\u{a0}";
    Bzd "BZD" 84 2 "BZD\u{a0}";
    Cad "CAD" 124 2 "CA$";
    Cdf "CDF" 976 2 "CDF\u{a0}";
    Che "CHE" 947 2 "CHE\u{a0}";
    Chf "CHF" 756 2 "CHF\u{a0}";
    Chw "CHW" 948 2 "CHW\u{a0}";
    Clf "CLF" 990 4 "CLF\u{a0}";
    Clp "CLP" 152 0 "CLP\u{a0}";
    Cny "CNY" 156 2 "¥";
    Cop "COP" 170 2 "COP\u{a0}";
    Cou "COU" 970 2 "COU\u{a0}";
    Crc "CRC" 188 2 "CRC\u{a0}";
    Cup "CUP" 192 2 "CUP\u{a0}";
    Cve "CVE" 132 2 "CVE\u{a0}";
    Czk "CZK" 203 2 "CZK\u{a0}";
    Djf "DJF" 262 0 "DJF\u{a0}";
    Dkk "DKK" 208 2 "DKK\u{a0}";
    Dop "DOP" 214 2 "DOP\u{a0}";
    Dzd "DZD" 12 2 "DZD\u{a0}";
    Egp "EGP" 818 2 "EGP\u{a0}";
    Ern "ERN" 232 2 "ERN\u{a0}";
    Etb "ETB" 230 2 "ETB\u{a0}";
    Eur "EUR" 978 2 "€";
    Fjd "FJD" 242 2 "FJD\u{a0}";
    Fkp "FKP" 238 2 "FKP\u{a0}";
    Gbp "GBP" 826 2 "£";
    Gel "GEL" 981 2 "GEL\u{a0}";
    Ghs "GHS" 936 2 "GHS\u{a0}";
    Gip "GIP" 292 2 "GIP\u{a0}";
    Gmd "GMD" 270 2 "GMD\u{a0}";
    Gnf "GNF" 324 0 "GNF\u{a0}";
    Gtq "GTQ" 320 2 "GTQ\u{a0}";
    Gyd "GYD" 328 2 "GYD\u{a0}";
    Hkd "HKD" 344 2 "HK$";
    Hnl "HNL" 340 2 "HNL\u{a0}";
    Htg "HTG" 332 2 "HTG\u{a0}";
    Huf "HUF" 348 2 "HUF\u{a0}";
    Idr "IDR" 360 2 "IDR\u{a0}";
    Ils "ILS" 376 2 "₪";
    Inr "INR" 356 2 "₹";
    Iqd "IQD" 368 3 "IQD\u{a0}";
    Irr "IRR" 364 2 "IRR\u{a0}";
    Isk "ISK" 352 0 "ISK\u{a0}";
    Jmd "JMD" 388 2 "JMD\u{a0}";
    Jod "JOD" 400 3 "JOD\u{a0}";
    Jpy "JPY" 392 0 "JP¥";
    Kes "KES" 404 2 "KES\u{a0}";
    Kgs "KGS" 417 2 "KGS\u{a0}";
    Khr "KHR" 116 2 "KHR\u{a0}";
    Kmf "KMF" 174 0 "KMF\u{a0}";
    Kpw "KPW" 408 2 "KPW\u{a0}";
    Krw "KRW" 410 0 "₩";
    Kwd "KWD" 414 3 "KWD\u{a0}";
    Kyd "KYD" 136 2 "KYD\u{a0}";
    Kzt "KZT" 398 2 "KZT\u{a0}";
    Lak "LAK" 418 2 "LAK\u{a0}";
    Lbp "LBP" 422 2 "LBP\u{a0}";
    Lkr "LKR" 144 2 "LKR\u{a0}";
    Lrd "LRD" 430 2 "LRD\u{a0}";
    Lsl "LSL" 426 2 "LSL\u{a0}";
    Lyd "LYD" 434 3 "LYD\u{a0}";
    Mad "MAD" 504 2 "MAD\u{a0}";
    Mdl "MDL" 498 2 "MDL\u{a0}";
    Mga "MGA" 969 2 "MGA\u{a0}";
    Mkd "MKD" 807 2 "MKD\u{a0}";
    Mmk "MMK" 104 2 "MMK\u{a0}";
    Mnt "MNT" 496 2 "MNT\u{a0}";
    Mop "MOP" 446 2 "MOP\u{a0}";
    Mru "MRU" 929 2 "MRU\u{a0}";
    Mur "MUR" 480 2 "MUR\u{a0}";
    Mvr "MVR" 462 2 "MVR\u{a0}";
    Mwk "MWK" 454 2 "MWK\u{a0}";
    Mxn "MXN" 484 2 "MX$";
    Mxv "MXV" 979 2 "MXV\u{a0}";
    Myr "MYR" 458 2 "MYR\u{a0}";
    Mzn "MZN" 943 2 "MZN\u{a0}";
    Nad "NAD" 516 2 "NAD\u{a0}";
    Ngn "NGN" 566 2 "NGN\u{a0}";
    Nio "NIO" 558 2 "NIO\u{a0}";
    Nok "NOK" 578 2 "NOK\u{a0}";
    Npr "NPR" 524 2 "NPR\u{a0}";
    Nzd "NZD" 554 2 "NZ$";
    Omr "OMR" 512 3 "OMR\u{a0}";
    Pab "PAB" 590 2 "PAB\u{a0}";
    Pen "PEN" 604 2 "PEN\u{a0}";
    Pgk "PGK" 598 2 "PGK\u{a0}";
    Php "PHP" 608 2 "₱";
    Pkr "PKR" 586 2 "PKR\u{a0}";
    Pln "PLN" 985 2 "PLN\u{a0}";
    Pyg "PYG" 600 0 "PYG\u{a0}";
    Qar "QAR" 634 2 "QAR\u{a0}";
    Ron "RON" 946 2 "RON\u{a0}";
    Rsd "RSD" 941 2 "RSD\u{a0}";
    Rub "RUB" 643 2 "RUB\u{a0}";
    Rwf "RWF" 646 0 "RWF\u{a0}";
    Sar "SAR" 682 2 "SAR\u{a0}";
    Sbd "SBD" 90 2 "SBD\u{a0}";
    Scr "SCR" 690 2 "SCR\u{a0}";
    Sdg "SDG" 938 2 "SDG\u{a0}";
    Sek "SEK" 752 2 "SEK\u{a0}";
    Sgd "SGD" 702 2 "SGD\u{a0}";
    Shp "SHP" 654 2 "SHP\u{a0}";
    Sle "SLE" 925 2 "SLE\u{a0}";
    Sos "SOS" 706 2 "SOS\u{a0}";
    Srd "SRD" 968 2 "SRD\u{a0}";
    Ssp "SSP" 728 2 "SSP\u{a0}";
    Stn "STN" 930 2 "STN\u{a0}";
    Svc "SVC" 222 2 "SVC\u{a0}";
    Syp "SYP" 760 2 "SYP\u{a0}";
    Szl "SZL" 748 2 "SZL\u{a0}";
    Thb "THB" 764 2 "THB\u{a0}";
    Tjs "TJS" 972 2 "TJS\u{a0}";
    Tmt "TMT" 934 2 "TMT\u{a0}";
    Tnd "TND" 788 3 "TND\u{a0}";
    Top "TOP" 776 2 "TOP\u{a0}";
    Try "TRY" 949 2 "TRY\u{a0}";
    Ttd "TTD" 780 2 "TTD\u{a0}";
    Twd "TWD" 901 2 "NT$";
    Tzs "TZS" 834 2 "TZS\u{a0}";
    Uah "UAH" 980 2 "UAH\u{a0}";
    Ugx "UGX" 800 0 "UGX\u{a0}";
    Usd "USD" 840 2 "US$";
    Usn "USN" 997 2 "USN\u{a0}";
    Uyi "UYI" 940 0 "UYI\u{a0}";
    Uyu "UYU" 858 2 "UYU\u{a0}";
    Uyw "UYW" 927 4 "UYW\u{a0}";
    Uzs "UZS" 860 2 "UZS\u{a0}";
    Ved "VED" 926 2 "VED\u{a0}";
    Ves "VES" 928 2 "VES\u{a0}";
    Vnd "VND" 704 0 "₫";
    Vuv "VUV" 548 0 "VUV\u{a0}";
    Wst "WST" 882 2 "WST\u{a0}";
    Xad "XAD" 396 2 "XAD\u{a0}";
    Xaf "XAF" 950 0 "XAF\u{a0}";
    Xcd "XCD" 951 2 "XCD\u{a0}";
    Xcg "XCG" 532 2 "XCG\u{a0}";
    Xof "XOF" 952 0 "XOF\u{a0}";
    Xpf "XPF" 953 0 "XPF\u{a0}";
    Yer "YER" 886 2 "YER\u{a0}";
    Zar "ZAR" 710 2 "ZAR\u{a0}";
    Zmw "ZMW" 967 2 "ZMW\u{a0}";
    Zwg "ZWG" 924 2 "ZWG\u{a0}";
}

impl Currency {
    /// The alphabetic code, `CNY`.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_base::Currency::Thb.code(), "THB");
    /// ```
    pub const fn code(self) -> &'static str {
        self.row().0
    }

    /// The numeric code, as codes of merchants carry it (156 for CNY). Printed with three digits: Algeria's is `012`.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_base::Currency::Dzd.numeric(), 12);
    /// ```
    pub const fn numeric(self) -> u16 {
        self.row().1
    }

    /// How many decimals the minor unit has: 0, 2, 3 or 4.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Currency;
    /// assert_eq!([Currency::Jpy, Currency::Cny, Currency::Kwd, Currency::Clf].map(Currency::decimals), [0, 2, 3, 4]);
    /// ```
    pub const fn decimals(self) -> u32 {
        self.row().2
    }

    /// What stands before an amount: a sign, or the code and a space that does not break.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Currency;
    /// assert_eq!([Currency::Cny, Currency::Hkd, Currency::Khr].map(Currency::sign), ["¥", "HK$", "KHR\u{a0}"]);
    /// ```
    pub const fn sign(self) -> &'static str {
        self.row().3
    }

    /// Reads an alphabetic code (`CNY`, any case) or a numeric one of three digits (`156`, `012`).
    ///
    /// # Errors
    /// [`MoneyError::UnknownCurrency`] for what ISO 4217 does not list and for what has no minor unit (`XAU`, `XXX`).
    ///
    /// # Examples
    /// ```
    /// use kabao_base::{Currency, MoneyError};
    /// assert_eq!(Currency::parse("012"), Ok(Currency::Dzd));
    /// assert_eq!(Currency::parse("XAU"), Err(MoneyError::UnknownCurrency));
    /// ```
    pub fn parse(text: &str) -> Result<Currency, MoneyError> {
        let text = text.trim();
        let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        let numeric = if digits { text.parse::<u16>().ok() } else { None };
        Self::ALL
            .iter()
            .copied()
            .find(|currency| currency.code().eq_ignore_ascii_case(text) || numeric == Some(currency.numeric()))
            .ok_or(MoneyError::UnknownCurrency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn agrees_with_the_published_list() {
        let rows: Vec<serde_json::Value> = serde_json::from_str(include_str!("../../../tests/vectors/iso4217.json")).unwrap();
        assert_eq!(rows.len(), 178);
        let mut with_minor_unit = BTreeSet::new();
        for row in &rows {
            let (code, numeric) = (row["code"].as_str().unwrap(), row["numeric"].as_str().unwrap());
            let Some(decimals) = row["exponent"].as_u64() else {
                assert_eq!(Currency::parse(code), Err(MoneyError::UnknownCurrency), "{code}");
                assert_eq!(Currency::parse(numeric), Err(MoneyError::UnknownCurrency), "{code}");
                continue;
            };
            let currency = Currency::parse(code).unwrap();
            assert_eq!((currency.code(), u64::from(currency.decimals())), (code, decimals));
            assert_eq!((Currency::parse(numeric), format!("{:03}", currency.numeric()).as_str()), (Ok(currency), numeric));
            assert_eq!(serde_json::to_value(currency).unwrap(), row["code"]);
            with_minor_unit.insert(code);
        }
        assert_eq!(with_minor_unit, Currency::ALL.iter().map(|currency| currency.code()).collect());
        assert_eq!(Currency::ALL.len(), 165);
    }

    #[test]
    fn signs_tell_currencies_apart() {
        let signs: BTreeSet<_> = Currency::ALL.iter().map(|currency| currency.sign()).collect();
        assert_eq!(signs.len(), Currency::ALL.len());
    }

    #[test]
    fn unknown_codes_are_refused() {
        for text in ["", "CNH", "BGN", "HRK", "ANG", "RMB", "15", "0156", "+12", "１５６", "999", "000", "XXX", "C\u{4eba}"] {
            assert_eq!(Currency::parse(text), Err(MoneyError::UnknownCurrency), "{text}");
        }
        assert_eq!(Currency::parse(" cny "), Ok(Currency::Cny));
    }
}
