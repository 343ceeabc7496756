//! The first page of an export: what is in it, readable in any browser, without script and without anything from elsewhere.

use super::sink::Written;
use crate::data::InventoryView;
use crate::words::{Language, say};
use kabao_base::fold::hidden_kind;

/// What stands on the page.
pub(super) struct Page<'a> {
    pub(super) language: Language,
    pub(super) made_at: String,
    /// Names and values about the account, masked.
    pub(super) account: &'a [(String, String)],
    /// Whether journal and receipts verify.
    pub(super) sound: bool,
    /// How far the history goes, and what is not here.
    pub(super) notes: &'a [String],
    /// File, what it is, how many lines.
    pub(super) files: &'a [(Written, String, u64)],
    pub(super) receipts: u64,
    pub(super) root_key: String,
    pub(super) inventory: &'a InventoryView,
}

const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
<meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>{title}</title>\n<style>\n\
body{font-family:sans-serif;margin:2em auto;max-width:60em;padding:0 1em;line-height:1.5}\n\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3em .6em;border-bottom:1px solid #ccc;vertical-align:top}\n\
code{word-break:break-all;font-size:85%}\n</style>\n</head>\n<body>\n";

/// The page.
pub(super) fn html(page: &Page<'_>) -> String {
    let word = |name: &str| escape(&say(page.language, &format!("data.export.{name}"), &[]));
    let show = |name: &str| escape(&say(page.language, &format!("data.show.{name}"), &[]));
    let mut out = HEAD.replace("{lang}", page.language.tag()).replace("{title}", &word("title"));
    let mut add = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    add(&format!("<h1>{}</h1>\n<p>{} {}</p>", word("title"), word("made_at"), escape(&page.made_at)));
    add(&format!("<p><strong>{}</strong></p>", word(if page.sound { "sound" } else { "not_sound" })));
    for note in page.notes {
        add(&format!("<p>{}</p>", escape(note)));
    }
    add("<table>");
    for (name, value) in page.account {
        add(&format!("<tr><th>{}</th><td><bdi>{}</bdi></td></tr>", escape(name), escape(value)));
    }
    add(&format!("</table>\n<h2>{}</h2>\n<table>\n<tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th><th>SHA-256</th></tr>", word("files"), word("file"), show("what"), show("count"), show("bytes")));
    for (file, what, count) in page.files {
        let name = escape(&file.name);
        let row = format!("<tr><td><a href=\"{name}\">{name}</a></td><td>{}</td><td>{count}</td><td>{}</td><td><code>{}</code></td></tr>", escape(what), file.bytes, file.sha256);
        add(&row);
    }
    add(&format!("<tr><td>receipts/</td><td>{}</td><td>{}</td><td></td><td><a href=\"SHA256SUMS\">SHA256SUMS</a></td></tr>\n</table>", word("receipts"), page.receipts));
    add(&format!("<p>{}</p>\n<pre><code>sha256sum -c SHA256SUMS\nkabao verify --keys keys.cose --root {} receipts/202611/….cose</code></pre>", word("check"), escape(&page.root_key)));
    add(&format!("<h2>{}</h2>\n<table>\n<tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr>", word("kept"), show("what"), show("place"), word("because"), show("keep")));
    for item in &page.inventory.items {
        add(&format!("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", escape(&item.what), escape(&item.place_text), escape(&item.why), escape(&item.keep_text)));
    }
    add(&format!("</table>\n<p>{}</p>\n</body>\n</html>", word("left_out")));
    out
}

/// Text that is text in any place of the page. Hidden characters are left out: they could turn what is read around.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other if other.is_control() || hidden_kind(other).is_some() => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use kabao_base::Timestamp;

    #[test]
    fn nothing_that_somebody_wrote_is_markup() {
        let hostile = "<script>alert(1)</script>\" onload='x' &amp; \u{202e}gnp".to_owned();
        let inventory = InventoryView { items: Vec::new(), files: Vec::new(), file_bytes: 0, complete: true, at: Timestamp::from_ms(0) };
        for language in [Language::ZhCn, Language::En] {
            let file = Written { name: "a\"><b".to_owned(), bytes: 1, sha256: "00".to_owned() };
            let page = html(&Page {
                language,
                made_at: hostile.clone(),
                account: &[(hostile.clone(), hostile.clone())],
                sound: false,
                notes: std::slice::from_ref(&hostile),
                files: &[(file, hostile.clone(), 3)],
                receipts: 0,
                root_key: hostile.clone(),
                inventory: &inventory,
            });
            assert!(!page.contains("<script") && !page.contains("onload='") && !page.contains('\u{202e}') && !page.contains("\"><b"), "{page}");
            assert!(page.contains("default-src 'none'") && !page.contains("http://") && !page.contains("https://"), "{page}");
            assert!(!page.contains("data.export.") && !page.contains("data.show."), "{page}");
            assert_eq!(page.matches("<table").count(), page.matches("</table>").count());
        }
    }
}
