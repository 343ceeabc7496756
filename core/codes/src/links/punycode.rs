//! The encoding of hosts in other scripts (RFC 3492), read only: to compare what a person would see.

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;

/// A host with every `xn--` label decoded; labels that do not decode stay as they are.
pub(super) fn decoded_host(host: &str) -> String {
    let labels = host.split('.').map(|label| label.strip_prefix("xn--").and_then(decoded).unwrap_or_else(|| label.to_owned()));
    labels.collect::<Vec<_>>().join(".")
}

/// One label; at most 63 characters, as hosts have, so that inserting stays cheap.
fn decoded(label: &str) -> Option<String> {
    if label.len() > 63 {
        return None;
    }
    let (plain, coded) = label.rsplit_once('-').unwrap_or(("", label));
    let mut out: Vec<char> = plain.chars().collect();
    let (mut point, mut index, mut bias) = (128u32, 0u32, 72u32);
    let mut digits = coded.chars();
    let mut next = digits.next();
    while next.is_some() {
        let (before, mut weight, mut k) = (index, 1u32, BASE);
        loop {
            let digit = value(next?)?;
            index = index.checked_add(digit.checked_mul(weight)?)?;
            let threshold = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
            next = digits.next();
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            k += BASE;
        }
        let count = u32::try_from(out.len()).ok()? + 1;
        bias = adapted(index - before, count, before == 0);
        point = point.checked_add(index / count)?;
        index %= count;
        out.insert(usize::try_from(index).ok()?, char::from_u32(point)?);
        index += 1;
    }
    Some(out.into_iter().collect())
}

fn value(character: char) -> Option<u32> {
    match character {
        'a'..='z' => Some(u32::from(character) - u32::from('a')),
        '0'..='9' => Some(u32::from(character) - u32::from('0') + 26),
        _ => None,
    }
}

fn adapted(delta: u32, count: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut k = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected labels come from Python's codec `punycode`.
    #[test]
    fn agrees_with_another_implementation() {
        for (coded, plain) in [
            ("qr.xn--alipy-7ve.com", "qr.alipаy.com"),
            ("xn--fiqs8s.cn", "中国.cn"),
            ("xn--pple-43d.com", "аpple.com"),
            ("xn--ihqwcrb4cv8a8dqg056pqjye", "他们为什么不说中文"),
            ("plain.example", "plain.example"),
            ("xn--!.example", "xn--!.example"),
            ("xn--99999999.example", "xn--99999999.example"),
        ] {
            assert_eq!(decoded_host(coded), plain, "{coded}");
        }
    }
}
