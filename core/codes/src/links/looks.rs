//! Whom a host imitates. A person reads `qr.alipay.com` where `qr.a1ipay.com`, `qr.alipay.com.pay.example`
//! or a Cyrillic letter stands; nothing here opens a host, it only says so.

use super::punycode::decoded_host;
use crate::table::LinkRow;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A host that somebody may imitate, with what a person sees of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    /// `qr.alipay.com`.
    pub host: String,
    /// As it looks.
    looks: String,
    /// `alipay.com`.
    base: String,
    /// As it looks.
    base_looks: String,
    /// `alipay`, as it looks; only names of five characters and more, which nobody has by chance.
    name_looks: Option<String>,
}

impl Known {
    /// The hosts of rows that belong to somebody.
    pub fn of_rows(rows: &[LinkRow]) -> Vec<Known> {
        let mut known: Vec<Known> = Vec::new();
        for row in rows.iter().filter(|row| row.owner.is_some() && row.schemes.iter().any(|scheme| scheme == "https")) {
            let host = row.host.strip_prefix("*.").unwrap_or(&row.host);
            if known.iter().all(|earlier| earlier.host != host) {
                known.push(Known::of_host(host));
            }
        }
        known
    }

    /// One host.
    pub fn of_host(host: &str) -> Known {
        let host = host.to_lowercase();
        let base = base_of(&host).to_owned();
        let name = base.split('.').next().unwrap_or_default();
        Known {
            looks: looks(&host),
            base_looks: looks(&base),
            name_looks: (name.len() >= 5).then(|| looks(name)),
            base,
            host,
        }
    }
}

impl Known {
    fn is_number(&self) -> bool {
        self.base.split('.').next().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

/// The host that a link imitates, or `None`. `host` in lower case and none that is known.
pub(crate) fn imitated<'a>(host: &str, path: &str, known: impl Iterator<Item = &'a Known> + Clone) -> Option<&'a str> {
    // Longer than any host can be: what would be compared is no host.
    if host.len() > 512 {
        return None;
    }
    let seen = decoded_host(host);
    let base = base_of(&seen);
    if known.clone().any(|known| base == known.base) {
        return None;
    }
    let (seen_looks, seen_base) = (looks(&seen), looks(base));
    let words: Vec<&str> = seen_looks.split(['.', '-', '_']).collect();
    let dotted = words.join(".");
    let by_host = known.clone().find(|known| {
        let embedded = || format!(".{dotted}.").contains(&format!(".{}.", known.base_looks.replace('-', ".")));
        let named = || known.name_looks.as_deref().is_some_and(|name| words.iter().any(|word| *word == name || glued(word, name)));
        // Numbers are another matter: 95511 and 95518 are insurers beside 95516, and no slips of it.
        let close = || known.name_looks.is_some() && !known.is_number() && one_edit(&seen_base, &known.base_looks);
        seen_looks == known.looks || one_edit(&seen_looks, &known.looks) || seen_base == known.base_looks || embedded() || named() || close()
    });
    let by_path = || {
        let path = path.to_ascii_lowercase();
        known.clone().find(|known| known.name_looks.is_some() && path.contains(&known.host))
    };
    by_host.or_else(by_path).map(|known| known.host.as_str())
}

/// What stands before or behind a well-known name in hosts that borrow it: `alipayqr`, `myalipay`, `paypal2026`.
const LURES: &[&str] = &[
    "account", "app", "bank", "bill", "card", "center", "china", "cn", "code", "hb", "help", "hk", "hongbao", "kefu", "login", "me", "mobile", "my",
    "official", "online", "pay", "payment", "qr", "qrcode", "safe", "scan", "secure", "security", "service", "shop", "support", "update", "user",
    "verify", "vip", "wallet", "wap", "web", "www",
];

/// Whether a word is the name with a lure or a number at one end. Any other word that holds it holds it by chance.
fn glued(word: &str, name: &str) -> bool {
    let rest = word.strip_prefix(name).or_else(|| word.strip_suffix(name)).filter(|rest| !rest.is_empty());
    let number = |rest: &str| rest.chars().all(|letter| letter.is_ascii_digit() || "ols".contains(letter));
    rest.is_some_and(|rest| LURES.iter().any(|lure| looks(lure) == rest) || number(rest))
}

/// The part of a host that somebody registers: two labels, three below a country's `com.cn` and its kin.
fn base_of(host: &str) -> &str {
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else { return host };
    let country = host.len() - last == 3;
    let group = host.get(second + 1..last).is_some_and(|label| ["com", "net", "org", "gov", "edu", "co", "ac"].contains(&label));
    let start = if country && group { dots.next().map_or(0, |third| third + 1) } else { second + 1 };
    host.get(start..).unwrap_or(host)
}

/// What a person sees of a host: letters that look alike become one letter.
fn looks(host: &str) -> String {
    let folded: String = host.nfkc().flat_map(char::to_lowercase).nfd().filter(|character| !is_combining_mark(*character)).map(alike).collect();
    folded.replace("rn", "m").replace("vv", "w")
}

/// One letter for letters that look alike in the fonts of phones (after Unicode TR 39, what hosts can hold).
fn alike(character: char) -> char {
    match character {
        '0' | 'о' | 'ο' | 'օ' | 'ס' | 'σ' | 'ø' | 'ɵ' => 'o',
        '1' | 'i' | '|' | 'ı' | 'і' | 'ι' | 'ɩ' | 'ӏ' | 'ł' | 'ǀ' | 'ⅼ' => 'l',
        '5' | 'ѕ' | 'ꜱ' => 's',
        'а' | 'α' | 'ɑ' => 'a',
        'ь' | 'ƅ' | 'в' | 'β' | 'ß' => 'b',
        'с' | 'ϲ' | 'ᴄ' => 'c',
        'ԁ' | 'đ' | 'ɗ' => 'd',
        'е' | 'ε' | 'є' | 'ҽ' => 'e',
        'ɡ' | 'ց' => 'g',
        'һ' | 'հ' | 'н' => 'h',
        'ј' | 'ϳ' => 'j',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'п' | 'ո' | 'η' => 'n',
        'р' | 'ρ' => 'p',
        'ԛ' | 'զ' => 'q',
        'г' | 'ᴦ' => 'r',
        'т' | 'τ' => 't',
        'υ' | 'ս' | 'ц' => 'u',
        'ѵ' | 'ν' => 'v',
        'ԝ' | 'ω' | 'ш' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' | 'ү' | 'ʏ' => 'y',
        'ᴢ' => 'z',
        '。' | '．' | '｡' | '․' | '·' => '.',
        '‐' | '‑' | '‒' | '–' | '—' | '−' => '-',
        other => other,
    }
}

/// Whether one letter put in, left out, changed, or two neighbours swapped lead from one to the other.
fn one_edit(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > 1 || one == other {
        return false;
    }
    let head = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let tail = |a: usize, b: usize| one.iter().skip(head + a).eq(other.iter().skip(head + b));
    let swapped = || {
        one.get(head).is_some()
            && one.get(head) == other.get(head + 1)
            && one.get(head + 1) == other.get(head)
            && tail(2, 2)
    };
    tail(1, 1) || tail(1, 0) || tail(0, 1) || swapped()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;

    #[test]
    fn names_whom_a_host_imitates() {
        let table = Table::shipped();
        for (host, path, of) in [
            ("qr.a1ipay.com", "", Some("qr.alipay.com")),
            ("qr.alipаy.com", "", Some("qr.alipay.com")),
            ("qr.xn--alipy-7ve.com", "", Some("qr.alipay.com")),
            ("ｑr.alipay.com", "", None),
            ("qr.alipay.com.pay.example", "", Some("qr.alipay.com")),
            ("qr-alipay-com.example", "", Some("qr.alipay.com")),
            ("alipay.login.example", "", Some("qr.alipay.com")),
            ("secure-paypal.example", "", Some("paypal.me")),
            ("alipayqr.com", "", Some("qr.alipay.com")),
            ("www.a1ipay-qr.com", "", Some("qr.alipay.com")),
            ("myalipay.cn", "", Some("qr.alipay.com")),
            ("paypal2026.example", "", Some("paypal.me")),
            ("wechatpay-hongbao.cn", "", Some("u.wechat.com")),
            ("paypalace.example", "", None),
            ("alipayday.example", "", None),
            ("qr.alpay.com", "", Some("qr.alipay.com")),
            ("qr.aliapy.com", "", Some("qr.alipay.com")),
            ("qr.alipay.co", "", Some("qr.alipay.com")),
            ("paypa1.me", "", Some("paypal.me")),
            ("qr.95561.com", "", Some("qr.95516.com")),
            ("qr.95516.cn", "", Some("qr.95516.com")),
            ("qr.95511.com", "", Some("qr.95516.com")),
            ("95S16.com", "", Some("qr.95516.com")),
            ("www.95511.com", "", None),
            ("www.95518.com", "", None),
            ("95566.com", "", None),
            ("qr.iakala.com", "", Some("lakala.com")),
            ("evil.example", "/qr.alipay.com/bax", Some("qr.alipay.com")),
            ("evil.example", "/pay", None),
            ("render.alipay.com", "", None),
            ("news.qq.com", "/qr.alipay.com", None),
            ("www.example.com", "/wechat", None),
            ("papal.va", "", None),
            ("example.com.cn", "", None),
        ] {
            assert_eq!(imitated(host, path, table.known_hosts().iter()), of, "{host}{path}");
        }
        assert_eq!(imitated(&"a.".repeat(100_000), "", table.known_hosts().iter()), None);
    }

    #[test]
    fn the_part_that_is_registered() {
        for (host, base) in [("a.b.com", "b.com"), ("a.b.com.cn", "b.com.cn"), ("com.cn", "com.cn"), ("b.com.cn", "b.com.cn"), ("a.b.cc.cn", "cc.cn"), ("x", "x")] {
            assert_eq!(base_of(host), base);
        }
    }
}
