//! Numbers in Chinese and English words; amounts are made of them.
//!
//! Chinese counts in groups of four digits: 万 is 10⁴, 亿 is 10⁸. Above that the names differ by time and place (兆 is
//! 10⁶ to one reader and 10¹² to another), so 10¹⁶ is written 万万亿 and never misread.

/// The characters of a manner of writing: digits from 零 to 9, and the units ten, hundred, thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChineseNumerals {
    /// The ten digits.
    pub digits: [char; 10],
    /// 10, 100, 1000.
    pub units: [char; 3],
}

/// Everyday numerals: 一二三.
pub const EVERYDAY: ChineseNumerals = ChineseNumerals {
    digits: ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'],
    units: ['十', '百', '千'],
};

/// Numerals that cannot be altered: 壹贰叁. Banks and invoices want them.
pub const CAPITAL: ChineseNumerals = ChineseNumerals {
    digits: ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'],
    units: ['拾', '佰', '仟'],
};

impl ChineseNumerals {
    /// The digit's character; a value above nine gives its last digit's.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_base::numerals::CAPITAL.digit(7), '柒');
    /// ```
    pub fn digit(&self, value: u128) -> char {
        self.digits.get((value % 10) as usize).copied().unwrap_or('零')
    }

    /// A whole number in words, every 一 before 十 written.
    ///
    /// `optional` is asked for each 零 that may be written or left out, from the highest: the one between a group that
    /// ends in zero and a next group that fills its first place (壹拾万零柒仟 or 壹拾万柒仟).
    ///
    /// # Examples
    /// ```
    /// use kabao_base::numerals::{CAPITAL, EVERYDAY};
    /// assert_eq!(EVERYDAY.whole(10_405, &mut || false), "一万零四百零五");
    /// assert_eq!(CAPITAL.whole(107_000, &mut || true), "壹拾万零柒仟");
    /// ```
    pub fn whole(&self, value: u128, optional: &mut dyn FnMut() -> bool) -> String {
        let mut out = String::new();
        self.write(value, optional, &mut out);
        out
    }

    fn write(&self, value: u128, optional: &mut dyn FnMut() -> bool, out: &mut String) {
        let (size, unit) = match value {
            0..10_000 => return self.group(value, out),
            10_000..100_000_000 => (10_000, "万"),
            _ => (100_000_000, "亿"),
        };
        let (high, low) = (value / size, value % size);
        let start = out.len();
        self.write(high, optional, out);
        if unit == "亿" {
            // Above 10¹⁶ the number of 亿 has 亿 of its own.
            let inner = out.get(start..).unwrap_or_default().replace('亿', "万万");
            out.truncate(start);
            out.push_str(&inner);
        }
        out.push_str(unit);
        let fills_first_place = low >= size / 10;
        if low > 0 && (!fills_first_place || (high % 10 == 0 && optional())) {
            out.push(self.digit(0));
        }
        if low > 0 {
            self.write(low, optional, out);
        }
    }

    fn group(&self, value: u128, out: &mut String) {
        let mut gap = false;
        for (size, unit) in [(1000, Some(2)), (100, Some(1)), (10, Some(0)), (1, None)] {
            let digit = value / size % 10;
            if digit == 0 {
                gap = value >= size * 10;
                continue;
            }
            if gap {
                out.push(self.digit(0));
            }
            gap = false;
            out.push(self.digit(digit));
            out.extend(unit.and_then(|unit: usize| self.units.get(unit)));
        }
        if value == 0 {
            out.push(self.digit(0));
        }
    }
}

const SMALL: [&str; 20] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const LARGE: [(u128, &str); 7] = [
    (1_000_000_000_000_000_000, "quintillion"), (1_000_000_000_000_000, "quadrillion"), (1_000_000_000_000, "trillion"),
    (1_000_000_000, "billion"), (1_000_000, "million"), (1000, "thousand"), (100, "hundred"),
];

/// A whole number in English words: `one thousand two hundred thirty-four`.
///
/// # Examples
/// ```
/// assert_eq!(kabao_base::numerals::english(10_042), "ten thousand forty-two");
/// ```
pub fn english(value: u128) -> String {
    let mut out = String::new();
    write_english(value, &mut out);
    out
}

fn write_english(value: u128, out: &mut String) {
    for (size, name) in LARGE {
        if value >= size {
            write_english(value / size, out);
            out.push(' ');
            out.push_str(name);
            if !value.is_multiple_of(size) {
                out.push(' ');
                write_english(value % size, out);
            }
            return;
        }
    }
    match SMALL.get(value as usize) {
        Some(word) => out.push_str(word),
        None => {
            out.push_str(TENS.get((value / 10) as usize).copied().unwrap_or_default());
            if let Some(unit) = SMALL.get((value % 10) as usize).filter(|_| !value.is_multiple_of(10)) {
                out.push('-');
                out.push_str(unit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_stand_where_a_place_is_empty() {
        let cases: [(u128, &str); 19] = [
            (0, "零"), (10, "壹拾"), (12, "壹拾贰"), (105, "壹佰零伍"), (110, "壹佰壹拾"), (1005, "壹仟零伍"), (1050, "壹仟零伍拾"),
            (1100, "壹仟壹佰"), (16_409, "壹万陆仟肆佰零玖"), (10_001, "壹万零壹"), (107_000, "壹拾万柒仟"), (100_000_000, "壹亿"),
            (100_010_000, "壹亿零壹万"), (110_000_000, "壹亿壹仟万"), (100_001_000, "壹亿零壹仟"), (1_001_000_021, "壹拾亿零壹佰万零贰拾壹"),
            (1_000_000_000_000, "壹万亿"), (10_000_000_000_000_000, "壹万万亿"),
            (92_233_720_368_547_758, "玖万万贰仟贰佰叁拾叁万柒仟贰佰零叁亿陆仟捌佰伍拾肆万柒仟柒佰伍拾捌"),
        ];
        for (value, words) in cases {
            assert_eq!(CAPITAL.whole(value, &mut || false), words, "{value}");
        }
        assert_eq!(CAPITAL.whole(1_050_107_000, &mut || true), "壹拾亿零伍仟零壹拾万零柒仟");
    }

    #[test]
    fn english_counts_by_thousands() {
        let cases: [(u128, &str); 8] = [
            (0, "zero"), (13, "thirteen"), (20, "twenty"), (99, "ninety-nine"), (100, "one hundred"),
            (1_000_001, "one million one"), (120_015, "one hundred twenty thousand fifteen"),
            (9_000_000_000_000_000_000, "nine quintillion"),
        ];
        for (value, words) in cases {
            assert_eq!(english(value), words);
        }
    }

    #[test]
    fn the_largest_numbers_have_words() {
        assert!(CAPITAL.whole(u128::MAX, &mut || true).ends_with('伍'));
        assert!(english(u128::MAX).ends_with("fifty-five"));
    }
}
