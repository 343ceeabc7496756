//! The memo by which a bank transfer finds its account: `KB`, eight signs of Crockford's Base32 and two check digits (a remainder of 97, as in
//! ISO 7064 MOD 97-10), so that no one wrong sign and no two swapped ones are another memo. It says nothing of the person.

use crate::refusal::Outcome;
use crate::store::{all, id_at, run};
use kabao_base::Id;
use kabao_proof::digest::sha256_of;
use rusqlite::{Connection, params};

/// Without I, L, O and U: what people write for them is read as 1, 1 and 0.
const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const HEAD: &str = "KB";
const BODY: usize = 8;
const WHOLE: usize = 12;

/// The check digits of eight signs.
fn check(body: &str) -> Option<u64> {
    let value = body.bytes().try_fold(0u64, |value, sign| {
        let place = SIGNS.iter().position(|known| *known == sign)?;
        value.checked_mul(32)?.checked_add(u64::try_from(place).ok()?)
    })?;
    Some(98 - (value % 97) * 100 % 97)
}

/// The memo of an account.
pub fn memo_of(account: Id) -> String {
    let hash = sha256_of(&[b"kabao-wire-memo-1", account.as_bytes()]);
    let mut value = hash.iter().take(5).fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
    let mut body = [b'0'; BODY];
    for sign in body.iter_mut().rev() {
        *sign = usize::try_from(value % 32).ok().and_then(|place| SIGNS.get(place)).copied().unwrap_or(b'0');
        value /= 32;
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    let check = check(&body).unwrap_or(0);
    format!("{HEAD}{body}{check:02}")
}

/// The memo in what somebody typed: width, case, blanks, marks and words in characters around it do not count; one wrong sign does.
pub fn read(typed: &str) -> Option<String> {
    let mut found = String::with_capacity(WHOLE);
    for sign in typed.chars() {
        let sign = match sign {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(sign).checked_sub(0xfee0)?)?,
            sign => sign,
        };
        if sign.is_ascii_alphanumeric() {
            if found.len() == WHOLE {
                return None;
            }
            found.push(sign.to_ascii_uppercase());
        } else if sign.is_alphanumeric() && u32::from(sign) < 0x2e80 {
            // A letter of another script that looks like one of ours: nobody's memo.
            return None;
        }
    }
    let rest = found.strip_prefix(HEAD).filter(|rest| rest.len() == BODY + 2)?;
    let rest: String = rest.chars().map(|sign| match sign {
        'O' => '0',
        'I' | 'L' => '1',
        sign => sign,
    }).collect();
    let (body, digits) = rest.split_at_checked(BODY)?;
    let right = digits.bytes().all(|digit| digit.is_ascii_digit()) && digits.parse().ok() == check(body);
    right.then(|| format!("{HEAD}{rest}"))
}

/// Whose memo was typed; nobody's when it is not exactly one account's.
pub fn owner(db: &Connection, typed: &str) -> Outcome<Option<Id>> {
    let Some(memo) = read(typed) else { return Ok(None) };
    let missing = "SELECT account_id FROM accounts WHERE account_id NOT IN (SELECT account_id FROM wire_memos)";
    for account in all(db, missing, [], |row| id_at(row, "account_id"))? {
        run(db, "INSERT OR IGNORE INTO wire_memos VALUES (?1, ?2)", params![account.to_string(), memo_of(account)])?;
    }
    let found = all(db, "SELECT account_id FROM wire_memos WHERE memo = ?1 LIMIT 2", [memo], |row| id_at(row, "account_id"))?;
    Ok(match found.as_slice() {
        [one] => Some(*one),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memo_is_read_however_it_is_typed() {
        let memo = memo_of(Id::from_bytes([7; 16]));
        assert_eq!(memo.len(), WHOLE);
        let wide: String = memo.chars().map(|sign| char::from_u32(u32::from(sign) + 0xfee0).unwrap()).collect();
        let grouped = format!("{} {}-{}", &memo[..4], &memo[4..8], &memo[8..]);
        let misread = memo.replace('0', "o").replace('1', "l");
        for typed in [memo.clone(), memo.to_lowercase(), wide, grouped, misread, format!("充值\u{200b}{memo}。谢谢 😀"), format!("\u{202e}{memo}\u{3000}")] {
            assert_eq!(read(&typed).as_ref(), Some(&memo), "{typed:?}");
        }
        for typed in ["", "KB", "谢谢", "KB0000000000", "😀", &memo[..11], &format!("{memo}1"), &format!("A{memo}"), &memo.repeat(2), &memo.replace('K', "К")] {
            assert_eq!(read(typed), None, "{typed:?}");
        }
        assert_eq!(read(&"K".repeat(1 << 20)), None);
    }

    #[test]
    fn no_wrong_sign_and_no_swapped_ones_are_another_memo() {
        for number in 0..40u8 {
            let memo = memo_of(Id::from_bytes([number; 16]));
            assert_eq!(read(&memo).as_deref(), Some(memo.as_str()));
            let signs: Vec<char> = memo.chars().collect();
            for place in 2..WHOLE {
                for sign in SIGNS.iter().map(|sign| char::from(*sign)).filter(|sign| *sign != signs[place]) {
                    let mut wrong = signs.clone();
                    wrong[place] = sign;
                    assert_eq!(read(&wrong.iter().collect::<String>()), None, "{memo} {place} {sign}");
                }
                if place + 1 < WHOLE && signs[place] != signs[place + 1] {
                    let mut swapped = signs.clone();
                    swapped.swap(place, place + 1);
                    assert_eq!(read(&swapped.iter().collect::<String>()), None, "{memo} {place}");
                }
            }
        }
    }
}
