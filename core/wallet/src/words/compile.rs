//! The rules that the word files must keep. `build.rs` applies them before a table is made; the tests here run with
//! the crate's. Knows nothing of TOML: it is given keys and sentences.

use std::collections::{BTreeMap, BTreeSet};

/// The sentences of one language by flattened key.
pub type Words = BTreeMap<String, String>;

/// Joins the languages into rows `(key, Chinese, English)`, sorted by key, or says everything that is wrong.
pub fn join(zh: &Words, en: &Words) -> Result<Vec<(String, String, String)>, Vec<String>> {
    let mut faults = Vec::new();
    for (name, words, other_name, other) in [("zh-CN.toml", zh, "en.toml", en), ("en.toml", en, "zh-CN.toml", zh)] {
        for (key, text) in words {
            if !other.contains_key(key) {
                faults.push(format!("{other_name}: no sentence for `{key}`, which {name} has"));
            }
            faults.extend(fault_of(text).map(|fault| format!("{name}: `{key}` {fault}")));
        }
    }
    let mut rows = Vec::with_capacity(zh.len());
    for (key, zh_text) in zh {
        let Some(en_text) = en.get(key) else { continue };
        if let (Ok(of_zh), Ok(of_en)) = (placeholders(zh_text), placeholders(en_text))
            && of_zh != of_en
        {
            faults.push(format!("`{key}` has the placeholders {of_zh:?} in zh-CN.toml and {of_en:?} in en.toml"));
        }
        rows.push((key.clone(), zh_text.clone(), en_text.clone()));
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

/// The names between braces, or what is wrong with the braces.
pub fn placeholders(text: &str) -> Result<BTreeSet<&str>, String> {
    let mut names = BTreeSet::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (_, tail) = rest.split_at(at);
        let name = tail.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        match name {
            Some((name, after)) if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') => {
                names.insert(name);
                rest = after;
            }
            _ => return Err("has a brace that is no {placeholder}".to_owned()),
        }
    }
    Ok(names)
}

fn fault_of(text: &str) -> Option<String> {
    if text.trim() != text || text.is_empty() {
        return Some("is empty or has white space at an end".to_owned());
    }
    if let Some(character) = text.chars().find(|character| !is_plain(*character)) {
        return Some(format!("contains U+{:04X}, which is hidden or stands in no sentence of ours", u32::from(character)));
    }
    placeholders(text).err()
}

/// What may stand in a sentence. A list of what is allowed: hidden characters are too many to list.
fn is_plain(character: char) -> bool {
    matches!(character,
        ' '..='~'
        | '\u{4e00}'..='\u{9fff}'
        // Chinese punctuation and full-width marks.
        | '、' | '。' | '《' | '》' | '「' | '」' | '！' | '（' | '）' | '，' | '：' | '；' | '？' | '￥'
        // Typographic marks that can be seen.
        | '¥' | '·' | '–' | '—' | '‘' | '’' | '“' | '”' | '…')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(rows: &[(&str, &str)]) -> Words {
        rows.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
    }

    fn faults(zh: &[(&str, &str)], en: &[(&str, &str)]) -> String {
        join(&words(zh), &words(en)).expect_err("a fault").join("\n")
    }

    #[test]
    fn joins_what_is_whole_in_the_order_of_the_keys() {
        let rows = join(&words(&[("b.x", "还有 {n} 次，{n}"), ("a", "好")]), &words(&[("a", "Good"), ("b.x", "{n} left")]));
        let whole = |key: &str, zh: &str, en: &str| (key.to_owned(), zh.to_owned(), en.to_owned());
        assert_eq!(rows, Ok(vec![whole("a", "好", "Good"), whole("b.x", "还有 {n} 次，{n}", "{n} left")]));
    }

    #[test]
    fn names_a_key_that_is_missing_in_either_language() {
        assert!(faults(&[("a", "好"), ("b", "坏")], &[("a", "Good")]).contains("en.toml: no sentence for `b`"));
        assert!(faults(&[("a", "好")], &[("a", "Good"), ("c", "C")]).contains("zh-CN.toml: no sentence for `c`"));
    }

    #[test]
    fn refuses_placeholders_that_differ_or_are_broken() {
        assert!(faults(&[("a", "{n} 次")], &[("a", "{m} times")]).contains("`a` has the placeholders"));
        assert!(faults(&[("a", "{n} 次")], &[("a", "times")]).contains("`a` has the placeholders"));
        for broken in ["{n", "n}", "{}", "{N}", "{a{b}}", "{a b}"] {
            assert!(faults(&[("a", broken)], &[("a", broken)]).contains("brace"), "{broken}");
        }
    }

    #[test]
    fn refuses_hidden_characters_empty_texts_and_loose_ends() {
        for hidden in ['\u{200b}', '\u{202e}', '\u{feff}', '\n', '\t', '\u{a0}', '\u{3000}', '\u{fe0f}', '\u{7f}'] {
            let text = format!("好{hidden}的");
            let code = format!("U+{:04X}", u32::from(hidden));
            assert!(faults(&[("a", &text)], &[("a", "Good")]).contains(&code), "{code}");
            assert!(faults(&[("a", "好")], &[("a", &text)]).contains(&code), "{code}");
        }
        for loose in ["", " ", " 好", "好 "] {
            assert!(faults(&[("a", loose)], &[("a", "Good")]).contains("empty or has white space"), "{loose:?}");
        }
    }
}
