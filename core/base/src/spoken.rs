//! Amounts as a screen reader says them.
//!
//! Digits with a unit (`1234元5角`) are left to the voice, and voices differ: an English one says nothing at all, some
//! Chinese ones say 二元. So amounts are given in words, in the language of the person.

use crate::currency::Currency;
use crate::language::Language;
use crate::money::Money;
use crate::numerals::{EVERYDAY, english};

/// How a currency is said: Chinese, English for one and for many, English for one and many of the minor unit.
struct Name {
    zh: &'static str,
    en: [&'static str; 2],
    minor: Option<[&'static str; 2]>,
}

const CENTS: Option<[&str; 2]> = Some(["cent", "cents"]);

/// The currencies that people in China meet most; the rest is said by its code.
fn name(currency: Currency) -> Option<Name> {
    let (zh, en, minor) = match currency {
        Currency::Cny => ("元", ["yuan"; 2], Some(["fen"; 2])),
        Currency::Hkd => ("港元", ["Hong Kong dollar", "Hong Kong dollars"], CENTS),
        Currency::Mop => ("澳门元", ["pataca", "patacas"], Some(["avo", "avos"])),
        Currency::Twd => ("新台币", ["New Taiwan dollar", "New Taiwan dollars"], CENTS),
        Currency::Usd => ("美元", ["US dollar", "US dollars"], CENTS),
        Currency::Eur => ("欧元", ["euro", "euros"], CENTS),
        Currency::Gbp => ("英镑", ["British pound", "British pounds"], Some(["penny", "pence"])),
        Currency::Jpy => ("日元", ["Japanese yen"; 2], None),
        Currency::Krw => ("韩元", ["South Korean won"; 2], None),
        Currency::Sgd => ("新加坡元", ["Singapore dollar", "Singapore dollars"], CENTS),
        Currency::Thb => ("泰铢", ["Thai baht"; 2], Some(["satang"; 2])),
        Currency::Myr => ("马来西亚林吉特", ["Malaysian ringgit"; 2], Some(["sen"; 2])),
        Currency::Vnd => ("越南盾", ["Vietnamese dong"; 2], None),
        Currency::Khr => ("柬埔寨瑞尔", ["Cambodian riel", "Cambodian riels"], None),
        Currency::Lak => ("老挝基普", ["Lao kip"; 2], None),
        Currency::Php => ("菲律宾比索", ["Philippine peso", "Philippine pesos"], Some(["centavo", "centavos"])),
        Currency::Idr => ("印度尼西亚卢比", ["Indonesian rupiah"; 2], None),
        Currency::Inr => ("印度卢比", ["Indian rupee", "Indian rupees"], Some(["paisa", "paise"])),
        Currency::Aud => ("澳元", ["Australian dollar", "Australian dollars"], CENTS),
        Currency::Nzd => ("新西兰元", ["New Zealand dollar", "New Zealand dollars"], CENTS),
        Currency::Cad => ("加元", ["Canadian dollar", "Canadian dollars"], CENTS),
        Currency::Chf => ("瑞士法郎", ["Swiss franc", "Swiss francs"], Some(["centime", "centimes"])),
        Currency::Rub => ("俄罗斯卢布", ["Russian rouble", "Russian roubles"], Some(["kopeck", "kopecks"])),
        _ => return None,
    };
    Some(Name { zh, en, minor })
}

impl Money {
    /// The amount as a screen reader says it: 十二元五角, `twelve yuan and fifty fen`. Currencies that are seldom met in
    /// China are said by their code. Two different amounts are never said alike.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::{Currency, Language, Money};
    /// assert_eq!(Money::fen(200).spoken(Language::ZhCn), "两元");
    /// assert_eq!(Money::fen(1205).spoken(Language::ZhCn), "十二元零五分");
    /// let dinars = Money { minor: 1250, currency: Currency::Kwd };
    /// assert_eq!(dinars.spoken(Language::En), "one point two five KWD");
    /// ```
    pub fn spoken(self, language: Language) -> String {
        let scale = 10u128.pow(self.currency.decimals());
        let minor = u128::from(self.minor.unsigned_abs());
        let (whole, part) = (minor / scale, minor % scale);
        match language {
            Language::ZhCn => self.chinese(whole, part),
            Language::En => self.english(whole, part),
        }
    }

    fn chinese(self, whole: u128, part: u128) -> String {
        let minus = if self.minor < 0 { "负" } else { "" };
        if self.currency == Currency::Cny {
            return format!("{minus}{}", yuan(whole, part));
        }
        let (unit, space) = match name(self.currency) {
            Some(name) => (name.zh, ""),
            None => (self.currency.code(), " "),
        };
        if part == 0 {
            return format!("{minus}{}{space}{unit}", counted(whole));
        }
        let decimals: String = self.decimals(part).map(|digit| EVERYDAY.digit(digit)).collect();
        format!("{minus}{}点{decimals}{space}{unit}", everyday(whole))
    }

    fn english(self, whole: u128, part: u128) -> String {
        let minus = if self.minor < 0 { "minus " } else { "" };
        let one_of = |names: [&'static str; 2], count: u128| if count == 1 { names[0] } else { names[1] };
        let said = match name(self.currency) {
            Some(Name { en, minor: Some(minor), .. }) => match (whole, part) {
                (_, 0) => format!("{} {}", english(whole), one_of(en, whole)),
                // Cents belong to several currencies, so the dollar that they are of is said before them.
                (0, _) if Some(minor) != CENTS => format!("{} {}", english(part), one_of(minor, part)),
                _ => format!("{} {} and {} {}", english(whole), one_of(en, whole), english(part), one_of(minor, part)),
            },
            other => {
                let point: String = self.decimals(part).map(|digit| format!(" {}", english(digit))).collect();
                let point = if point.is_empty() { point } else { format!(" point{point}") };
                let count = if point.is_empty() { whole } else { 2 };
                format!("{}{point} {}", english(whole), other.map_or(self.currency.code(), |name| one_of(name.en, count)))
            }
        };
        format!("{minus}{said}")
    }

    /// The digits after the point without zeros at the end.
    fn decimals(self, part: u128) -> impl Iterator<Item = u128> {
        let mut count = self.currency.decimals();
        let mut part = part;
        while count > 0 && part.is_multiple_of(10) {
            (part, count) = (part / 10, count - 1);
        }
        (0..count).rev().map(move |place| part / 10u128.pow(place) % 10)
    }
}

fn yuan(whole: u128, part: u128) -> String {
    let (jiao, fen) = (part / 10, part % 10);
    let mut out = if whole > 0 || part == 0 { format!("{}元", counted(whole)) } else { String::new() };
    let lone = out.is_empty();
    if jiao > 0 {
        out.push(if jiao == 2 { '两' } else { EVERYDAY.digit(jiao) });
        out.push('角');
    }
    if fen > 0 {
        if jiao == 0 && !lone {
            out.push('零');
        }
        out.push(if fen == 2 && part == 2 && lone { '两' } else { EVERYDAY.digit(fen) });
        out.push('分');
    }
    out
}

/// A number before a unit: as [`everyday`], and two alone is 两.
fn counted(value: u128) -> String {
    if value == 2 { "两".to_owned() } else { everyday(value) }
}

/// A number as people say it: 十二 without 一 in front, 两 before 千, 万 and 亿 at the beginning.
fn everyday(value: u128) -> String {
    let words = EVERYDAY.whole(value, &mut || false);
    if words.starts_with("一十") {
        return words.chars().skip(1).collect();
    }
    let mut characters = words.chars();
    match (characters.next(), characters.clone().next()) {
        (Some('二'), Some('千' | '万' | '亿')) => format!("两{}", characters.as_str()),
        _ => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn chinese_as_people_say_it() {
        let cases = [
            (0, "零元"), (1, "一分"), (2, "两分"), (20, "两角"), (22, "两角二分"), (200, "两元"), (202, "两元零二分"), (1000, "十元"),
            (1200, "十二元"), (1250, "十二元五角"), (1205, "十二元零五分"), (2000, "二十元"), (10_200, "一百零二元"),
            (11_000, "一百一十元"), (20_000, "二百元"), (200_000, "两千元"), (2_000_000, "两万元"), (2_200_000, "两万二千元"),
            (20_000_000_000, "两亿元"), (1_000_500, "一万零五元"), (123_456, "一千二百三十四元五角六分"), (-50, "负五角"),
        ];
        for (fen, said) in cases {
            assert_eq!(Money::fen(fen).spoken(Language::ZhCn), said, "{fen}");
        }
    }

    #[test]
    fn other_currencies_and_english() {
        let said = |minor, currency: Currency, language| Money { minor, currency }.spoken(language);
        let cases = [
            (1250, Currency::Usd, "十二点五美元", "twelve US dollars and fifty cents"),
            (101, Currency::Usd, "一点零一美元", "one US dollar and one cent"),
            (1, Currency::Hkd, "零点零一港元", "zero Hong Kong dollars and one cent"),
            (1, Currency::Cny, "一分", "one fen"),
            (-1200, Currency::Jpy, "负一千二百日元", "minus one thousand two hundred Japanese yen"),
            (2, Currency::Jpy, "两日元", "two Japanese yen"),
            (2000, Currency::Kwd, "两 KWD", "two KWD"),
            (1005, Currency::Kwd, "一点零零五 KWD", "one point zero zero five KWD"),
            (100, Currency::Khr, "一柬埔寨瑞尔", "one Cambodian riel"),
            (150, Currency::Khr, "一点五柬埔寨瑞尔", "one point five Cambodian riels"),
            (12_345, Currency::Clf, "一点二三四五 CLF", "one point two three four five CLF"),
        ];
        for (minor, currency, chinese, english) in cases {
            assert_eq!((said(minor, currency, Language::ZhCn).as_str(), said(minor, currency, Language::En).as_str()), (chinese, english));
        }
    }

    fn money() -> impl Strategy<Value = Money> {
        let minor = prop_oneof![-300i64..300, any::<i64>(), (0i64..100_000).prop_map(|value| value * 100)];
        let currencies = vec![Currency::Cny, Currency::Usd, Currency::Hkd, Currency::Jpy, Currency::Kwd, Currency::Khr, Currency::Clf];
        (minor, prop::sample::select(currencies)).prop_map(|(minor, currency)| Money { minor, currency })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn different_amounts_are_said_differently(first in money(), second in money()) {
            for language in [Language::ZhCn, Language::En] {
                prop_assert_eq!(first == second, first.spoken(language) == second.spoken(language));
            }
        }
    }

    #[test]
    fn small_amounts_are_said_differently() {
        for language in [Language::ZhCn, Language::En] {
            for decimals in 0..=4 {
                let of = |currency: &&Currency| currency.decimals() == decimals;
                let mut said = std::collections::BTreeSet::new();
                let currencies: Vec<_> = Currency::ALL.iter().filter(of).collect();
                let count = if currencies.len() > 20 { 300 } else { 3000 };
                for currency in &currencies {
                    for minor in -count..count {
                        assert!(said.insert(Money { minor, currency: **currency }.spoken(language)), "{minor} {currency:?}");
                    }
                }
            }
        }
    }
}
