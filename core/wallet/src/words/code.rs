//! What a person reads about a scanned code.

use super::{Language, exists, explain, say};
use kabao_base::Failure;
use kabao_codes::read::{Danger, PayWay, Scheme};
use kabao_codes::Verdict;

/// A verdict about a code in words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CodeWords {
    /// What the code is, `支付宝个人收款码`.
    pub title: String,
    /// What it says and what can be done with it, a line each. What it says of its payee is marked as not verified.
    pub lines: Vec<String>,
    /// What is dangerous about it, a line each; empty for most codes.
    pub dangers: Vec<String>,
    /// Why it cannot be paid here; absent when it can.
    pub refusal: Option<String>,
    /// What to do now, whole sentences.
    pub next: String,
}

/// A verdict of the reader of codes in words. Nothing of a number that may be a person's or a card's but its mask.
pub fn code(language: Language, verdict: &Verdict) -> CodeWords {
    let refusal = verdict.refusal.map(|code| explain(language, &Failure::of(code)));
    CodeWords {
        title: say(language, &format!("code.family.{}", verdict.family.name()), &[]),
        lines: lines(language, verdict),
        dangers: verdict.dangers.iter().map(|found| danger(language, found)).collect(),
        next: refusal.as_ref().map_or_else(|| say(language, "code.pay.next", &[]), |refusal| refusal.next.clone()),
        refusal: refusal.map(|refusal| refusal.text),
    }
}

/// Whose a code is, in words; a scheme that only a newer table of codes names gives its own name.
pub fn scheme(language: Language, scheme: &Scheme) -> String {
    let key = format!("code.owner.{}", scheme.name());
    if exists(&key) { say(language, &key, &[]) } else { scheme.name().to_owned() }
}

/// What is dangerous about a code, in words.
pub fn danger(language: Language, danger: &Danger) -> String {
    let host = match danger {
        Danger::LookAlike { of } => of.as_str(),
        _ => "",
    };
    say(language, &format!("code.danger.{}", danger.name()), &[("host", host)])
}

fn lines(language: Language, verdict: &Verdict) -> Vec<String> {
    let line = |key: &str, text: &str| say(language, &format!("code.line.{key}"), &[("text", text)]);
    let asks = &verdict.asks;
    let mut lines = Vec::new();
    if let Some(owner) = &verdict.owner {
        lines.push(line("owner", &scheme(language, owner)));
    }
    let texts = [("payee", &asks.payee), ("order", &asks.order), ("expires", &asks.expires), ("masked", &verdict.masked)];
    lines.extend(texts.into_iter().filter_map(|(key, text)| Some(line(key, text.as_deref()?))));
    if let Some(category) = asks.category {
        lines.push(line("category", &say(language, &format!("category.{}", category.key()), &[])));
    }
    let printed = || asks.amount_text.as_ref().map(|text| format!("{text} {}", asks.currency.as_deref().unwrap_or_default()));
    match asks.amount.map(|amount| amount.view(language).text).or_else(printed) {
        Some(amount) => lines.push(line("amount", amount.trim_end())),
        None if asks.amount_editable == Some(true) => lines.push(line("amount_open", "")),
        None => {}
    }
    match asks.is_static {
        Some(true) => lines.push(line("static", "")),
        Some(false) => lines.push(line("dynamic", "")),
        None => {}
    }
    lines.extend(match &verdict.pay {
        PayWay::Direct => Some(line("direct", "")),
        PayWay::Channel { scheme: through } => Some(line("channel", &scheme(language, through))),
        PayWay::HandOver { app, link: Some(_) } => Some(line("hand_over", &scheme(language, app))),
        PayWay::HandOver { app, link: None } => Some(line("open_app", &scheme(language, app))),
        PayWay::AskService { host, .. } => Some(line("ask_service", host)),
        PayWay::No => None,
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use kabao_codes::{ReadContext, read};

    #[test]
    fn a_verdict_reads_well() {
        let words = |language, text: &str| code(language, &read(text, &ReadContext::new("app.kabao")));
        let scanned = words(Language::ZhCn, "HTTPS://QR.ALIPAY.COM/FKX00000AAAA");
        assert_eq!(scanned.title, "支付宝个人收款码");
        assert_eq!(scanned.lines, ["所属：支付宝", "金额由付款人填写", "静态码，按规定每天最多付 500 元", "可以打开支付宝付款"]);
        assert_eq!(scanned.refusal.as_deref(), Some("这是别的钱包的收款码，不能在这里付"));
        let fake = words(Language::En, "https://qr.a1ipay.com/fkx00000aaaa");
        assert_eq!((fake.title.as_str(), fake.dangers.as_slice()), ("Web link", ["The address imitates qr.alipay.com".to_owned()].as_slice()));
        assert_eq!(fake.next, "Do not scan it again. Pay another way.");
        let upi = words(Language::En, "upi://pay?pa=a@b&pn=Shop&am=100");
        assert_eq!(upi.lines, ["Belongs to: UPI (India)", "Payee as printed: Shop (not verified)", "Amount: ₹100.00"]);
        let person = words(Language::En, "110101199003078670");
        assert_eq!(person.lines, ["Number: 110***********8670"]);
        assert_eq!(scheme(Language::En, &Scheme::from_name("some_acquirer")), "some_acquirer");
    }
}
