//! The fifteen categories of spending, and which code falls under which.
//!
//! The categories are those of Alipay's bills, so that an imported bill and a payment of this wallet are counted
//! together. Which code belongs where is our judgement by the descriptions of the codes.

/// What a payment was for, as a wallet sorts it. The words for a person stand in the apps' word files, by
/// [`MccCategory::key`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum MccCategory {
    /// 餐饮美食: restaurants, bars, caterers.
    Dining,
    /// 日用百货: supermarkets, department stores, food and daily goods.
    Daily,
    /// 服饰装扮: clothes, shoes, jewellery.
    Clothing,
    /// 家居家装: furniture, building, repairs at home, rent.
    Home,
    /// 数码电器: electronics, computers, software.
    Electronics,
    /// 交通出行: trains, buses, taxis, tolls, the own car.
    Transport,
    /// 酒店旅游: flights, hotels, agencies.
    Travel,
    /// 文化休闲: culture, games, sport, tickets.
    Leisure,
    /// 医疗健康: doctors, hospitals, pharmacies.
    Health,
    /// 教育培训: schools, courses, child care.
    Education,
    /// 生活服务: laundry, hairdresser, post and parcels, lawyers, business services.
    Services,
    /// 充值缴费: telephone, internet, electricity, gas, water.
    Bills,
    /// 投资理财: banks, transfers of money, securities, insurance.
    Finance,
    /// 公共服务: taxes, courts, fines, charities, associations.
    Public,
    /// 其他: codes without a trade.
    Other,
}

impl MccCategory {
    /// Every category, in the order in which they are shown.
    pub const ALL: &'static [MccCategory] = &[
        MccCategory::Dining, MccCategory::Daily, MccCategory::Clothing, MccCategory::Home, MccCategory::Electronics,
        MccCategory::Transport, MccCategory::Travel, MccCategory::Leisure, MccCategory::Health, MccCategory::Education,
        MccCategory::Services, MccCategory::Bills, MccCategory::Finance, MccCategory::Public, MccCategory::Other,
    ];

    /// Stable name, `snake_case`; the key of the words.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::mcc::MccCategory::Dining.key(), "dining");
    /// ```
    pub fn key(self) -> &'static str {
        self.names().0
    }

    /// The name that Alipay's bills give the category (交易分类).
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::mcc::MccCategory::Dining.bill_name(), "餐饮美食");
    /// ```
    pub fn bill_name(self) -> &'static str {
        self.names().1
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            MccCategory::Dining => ("dining", "餐饮美食"),
            MccCategory::Daily => ("daily", "日用百货"),
            MccCategory::Clothing => ("clothing", "服饰装扮"),
            MccCategory::Home => ("home", "家居家装"),
            MccCategory::Electronics => ("electronics", "数码电器"),
            MccCategory::Transport => ("transport", "交通出行"),
            MccCategory::Travel => ("travel", "酒店旅游"),
            MccCategory::Leisure => ("leisure", "文化休闲"),
            MccCategory::Health => ("health", "医疗健康"),
            MccCategory::Education => ("education", "教育培训"),
            MccCategory::Services => ("services", "生活服务"),
            MccCategory::Bills => ("bills", "充值缴费"),
            MccCategory::Finance => ("finance", "投资理财"),
            MccCategory::Public => ("public", "公共服务"),
            MccCategory::Other => ("other", "其他"),
        }
    }
}

use MccCategory::{
    Bills, Clothing, Daily, Dining, Education, Electronics, Finance, Health, Home, Leisure, Public, Services, Transport, Travel,
};

/// First code, last code, category; the first row that holds the code decides, so exceptions stand above their range.
#[rustfmt::skip]
const RULES: &[(u16, u16, MccCategory)] = &[
    (700, 999, Services), (1500, 1799, Home), (1800, 2799, Services), (2842, 2842, Home), (2800, 2999, Services),
    // The schemes' own codes of airlines, of car rental, of hotels.
    (3000, 3350, Travel), (3351, 3500, Transport), (3501, 3999, Travel),
    (4119, 4119, Health), (4214, 4225, Services), (4411, 4411, Travel), (4457, 4468, Leisure), (4511, 4582, Travel),
    (4722, 4733, Travel), (4000, 4799, Transport), (4829, 4829, Finance), (4800, 4999, Bills),
    (5013, 5013, Transport), (5021, 5039, Home), (5044, 5046, Electronics), (5047, 5047, Health), (5065, 5065, Electronics),
    (5072, 5074, Home), (5094, 5094, Clothing), (5122, 5122, Health), (5131, 5139, Clothing), (5172, 5172, Transport),
    (5192, 5192, Leisure), (5000, 5197, Daily), (5198, 5261, Home), (5271, 5271, Home), (5262, 5499, Daily),
    (5500, 5599, Transport), (5655, 5655, Leisure), (5600, 5699, Clothing),
    (5715, 5715, Daily), (5700, 5729, Home), (5732, 5732, Electronics), (5734, 5734, Electronics), (5733, 5735, Leisure),
    (5800, 5814, Dining), (5815, 5818, Leisure), (5832, 5832, Leisure), (5912, 5912, Health), (5932, 5932, Leisure),
    (5933, 5933, Finance), (5935, 5935, Transport), (5937, 5942, Leisure), (5944, 5944, Clothing), (5945, 5945, Leisure),
    (5946, 5946, Electronics), (5948, 5949, Clothing), (5950, 5950, Home), (5960, 5960, Finance), (5962, 5962, Travel),
    (5970, 5973, Leisure), (5975, 5976, Health), (5978, 5978, Electronics), (5983, 5983, Bills), (5994, 5994, Leisure),
    (5996, 5996, Leisure), (5998, 5998, Leisure), (5700, 5999, Daily),
    (6513, 6513, Home), (6000, 6999, Finance), (7000, 7099, Travel), (7217, 7217, Home), (7221, 7221, Leisure),
    (7276, 7276, Finance), (7280, 7280, Health), (7295, 7295, Home), (7296, 7296, Clothing), (7321, 7322, Finance),
    (7342, 7349, Home), (7372, 7379, Electronics), (7395, 7395, Leisure), (7511, 7519, Transport), (7523, 7523, Transport),
    (7530, 7549, Transport), (7622, 7629, Electronics), (7641, 7641, Home), (7000, 7799, Services), (7800, 7999, Leisure),
    (8000, 8099, Health), (8111, 8111, Services), (8398, 8398, Public), (8200, 8399, Education), (8675, 8675, Transport), (8600, 8699, Public),
    (8912, 8912, Home), (8000, 8999, Services), (9406, 9406, Leisure), (9200, 9499, Public),
];

pub(super) fn of(code: u16) -> MccCategory {
    RULES.iter().find(|(first, last, _)| (*first..=*last).contains(&code)).map_or(MccCategory::Other, |rule| rule.2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_all_are_used() {
        let keys: BTreeSet<_> = MccCategory::ALL.iter().map(|category| category.key()).collect();
        let bills: BTreeSet<_> = MccCategory::ALL.iter().map(|category| category.bill_name()).collect();
        let used: BTreeSet<_> = (0..10_000).map(of).collect();
        assert_eq!((keys.len(), bills.len(), used.len(), MccCategory::ALL.len()), (15, 15, 15, 15));
    }

    #[test]
    fn common_merchants_fall_where_people_look() {
        let cases = [
            (5411, Daily), (5814, Dining), (5651, Clothing), (5712, Home), (5732, Electronics), (4121, Transport), (5541, Transport),
            (3501, Travel), (7011, Travel), (4511, Travel), (7832, Leisure), (5816, Leisure), (8062, Health), (5912, Health),
            (8211, Education), (8351, Education), (7230, Services), (4215, Services), (4900, Bills), (4814, Bills), (6011, Finance),
            (6300, Finance), (9311, Public), (8398, Public), (8661, Public), (9702, MccCategory::Other), (0, MccCategory::Other),
        ];
        for (code, category) in cases {
            assert_eq!(of(code), category, "{code}");
        }
    }

    #[test]
    fn no_rule_is_hidden_by_the_rules_above() {
        for (at, (first, last, _)) in RULES.iter().enumerate() {
            let reached = (*first..=*last).any(|code| RULES.iter().position(|rule| (rule.0..=rule.1).contains(&code)) == Some(at));
            assert!(reached && first <= last, "{first}");
        }
    }
}
