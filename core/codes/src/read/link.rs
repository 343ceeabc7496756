//! Links: the table says whose and what for; what is dangerous about them is found here.

use super::{Asks, Danger, Family, LimitClass, PayWay, ReadContext, Scheme, Verdict, amount, crypto, merchant};
use crate::collection::link::LinkError;
use crate::handoff::percent::loosened;
use crate::{collection, handoff, hidden_in_code};
use crate::links::looks::{self, Known};
use crate::links::{Link, percent_decoded, row_of, take_apart, wrapped};
use crate::table::{HandOverWay, LinkRow};
use kabao_base::Code;

/// Links in links that are followed. Apps make two.
const DEPTH: usize = 4;
/// How often a parameter is decoded in the search for an address in it.
const ROUNDS: usize = 3;
/// So many parameters of a link may be addresses of its own host.
const WAYS_BACK: usize = 2;

pub(super) fn judge(text: &str, context: &ReadContext, depth: usize) -> Option<Verdict> {
    let link = take_apart(text)?;
    if context.table.is_crypto_scheme(&link.scheme) {
        return Some(crypto::refused());
    }
    let mut verdict = match own(text, &link, context) {
        Some(verdict) => verdict,
        None => match row_of(&link, &context.table) {
            Some(row) => known(text, &link, row, context, depth),
            None => other(&link, context),
        },
    };
    for danger in dangers(text, &link, &verdict, context) {
        let leads_away = danger == Danger::OpenRedirect && matches!(verdict.pay, PayWay::HandOver { .. } | PayWay::Channel { .. });
        verdict.warn(danger);
        if leads_away {
            // A payment code that carries another address is not what its scheme makes.
            (verdict.pay, verdict.refusal) = (PayWay::No, Some(Code::CodeHostile));
        }
    }
    Some(verdict)
}

/// A link to our own host: a collection link, one that is damaged, or another page of ours.
fn own(text: &str, link: &Link<'_>, context: &ReadContext) -> Option<Verdict> {
    let host = context.link_host.as_deref()?;
    if !link.is_web() || link.host_lower != host.to_ascii_lowercase() {
        return None;
    }
    Some(match collection::link::read(text, host) {
        Ok(code) => merchant::ours(Family::OurCollectionLink, code, Asks::default()),
        Err(LinkError::Path | LinkError::Version | LinkError::NotLink) => Verdict::refused(Family::WebLink, Code::CodeWebLink).of(Scheme::Ours),
        // Our own port written out: nobody deceives so, and our links are not written so.
        Err(LinkError::Port) if !link.has_odd_port() => Verdict::refused(Family::WebLink, Code::CodeWebLink).of(Scheme::Ours),
        // Who stands before the `@` or behind a port is not us.
        Err(error @ (LinkError::UserInfo | LinkError::Port)) => Verdict::refused(Family::WebLink, error.code()),
        Err(error) => Verdict::refused(Family::OurCollectionLink, error.code()).of(Scheme::Ours),
    })
}

fn known(text: &str, link: &Link<'_>, row: &LinkRow, context: &ReadContext, depth: usize) -> Verdict {
    let mut verdict = Verdict::refused(row.family, refusal_of(row));
    verdict.owner = row.owner.clone();
    verdict.asks = Asks {
        token: row.token.as_deref().and_then(|place| token(link, place)),
        is_static: row.is_static,
        limit_class: (row.is_static == Some(true)).then_some(LimitClass::D),
        ..Asks::default()
    };
    match row.family {
        Family::AlipayHandOff => return hand_off(verdict, link, context, depth),
        Family::PayPalMe => paypal(&mut verdict.asks, text, link, row, context),
        Family::Upi => upi(&mut verdict, link),
        Family::AlipayPersonal | Family::WeChatPersonal | Family::PayPalCode => verdict.asks.amount_editable = Some(true),
        Family::UnionPaySignIn => verdict.warn(Danger::SignIn),
        _ => {}
    }
    let app = row.owner.clone();
    match (row.hand_over, app) {
        (HandOverWay::No, _) | (_, None) => {}
        (HandOverWay::AskService, _) => verdict.pay = PayWay::AskService { host: link.host_lower.clone(), routes: routes(link) },
        (_, Some(app)) if context.channels.contains(&app) => (verdict.pay, verdict.refusal) = (PayWay::Channel { scheme: app }, None),
        (HandOverWay::AlipayScan, Some(app)) => verdict.pay = PayWay::HandOver { app, link: Some(handoff::alipay_scan(text)) },
        (HandOverWay::AsIs, Some(app)) => verdict.pay = PayWay::HandOver { app, link: Some(text.to_owned()) },
        (HandOverWay::OpenApp, Some(app)) => verdict.pay = PayWay::HandOver { app, link: None },
    }
    verdict
}

fn refusal_of(row: &LinkRow) -> Code {
    match row.family {
        Family::UnionPaySignIn => Code::CodeSignIn,
        Family::Aggregated => Code::CodeAggregated,
        Family::WeChatContact | Family::WeChatMiniProgram | Family::GoogleWalletPass => Code::CodeNoPayment,
        _ => Code::CodeNotPayable,
    }
}

/// What opens Alipay is judged by what it carries: an Alipay code is one, anything else leads away.
fn hand_off(outer: Verdict, link: &Link<'_>, context: &ReadContext, depth: usize) -> Verdict {
    let Some(inner) = wrapped(link) else { return Verdict { refusal: Some(Code::CodeNoPayment), ..outer } };
    let mut verdict = outer;
    if depth >= DEPTH {
        verdict.warn(Danger::Nested);
        return verdict;
    }
    if let Some(name) = hidden_in_code(&inner) {
        verdict.warn(Danger::Hidden { name });
        return verdict;
    }
    match judge(&inner, context, depth + 1) {
        Some(carried) if carried.owner == verdict.owner && carried.pay != PayWay::No => Verdict { family: verdict.family, ..carried },
        carried => {
            let dangers = carried.map(|carried| carried.dangers).unwrap_or_default();
            dangers.into_iter().for_each(|danger| verdict.warn(danger));
            verdict.warn(Danger::OpenRedirect);
            verdict.refusal = Some(Code::CodeHostile);
            verdict
        }
    }
}

/// A link that fits no row: whose host it is may still be known.
fn other(link: &Link<'_>, context: &ReadContext) -> Verdict {
    if !link.is_web() {
        return Verdict::refused(Family::Unknown, Code::CodeUnknown);
    }
    if context.table.is_short_link(&link.host_lower) && !link.user_info {
        let mut verdict = Verdict::refused(Family::ShortLink, Code::CodeWebLink);
        verdict.warn(Danger::ShortLink);
        return verdict;
    }
    let whole = !link.user_info && link.has_plain_host() && !link.has_odd_port();
    let owner = context.table.links().iter().find(|row| whole && row.owner.is_some() && row.host == link.host_lower);
    Verdict { owner: owner.and_then(|row| row.owner.clone()), ..Verdict::refused(Family::WebLink, Code::CodeWebLink) }
}

fn dangers(text: &str, link: &Link<'_>, verdict: &Verdict, context: &ReadContext) -> Vec<Danger> {
    let mut found = Vec::new();
    let mut say = |danger: Danger, is: bool| {
        if is {
            found.push(danger);
        }
    };
    say(Danger::UserInfo, link.user_info);
    let address = text.split(['?', '#']).next().unwrap_or_default();
    let elsewhere = leads_elsewhere(link);
    say(Danger::TwoLinks, address.matches("://").count() > 1 || (!elsewhere && has_link_glued_on(link)));
    if !link.is_web() {
        return found;
    }
    let idn = link.has_idn_host();
    let number = link.host_lower.rsplit('.').next().is_some_and(|last| last.starts_with(|first: char| first.is_ascii_digit()));
    say(Danger::IdnHost, idn);
    say(Danger::OddHost, (!idn && (!link.has_plain_host() || number)) || address.contains('\\'));
    say(Danger::OddPort, link.has_odd_port());
    say(Danger::PlainHttp, link.scheme == "http");
    say(Danger::OddDigits, verdict.owner.is_some() && link.path.chars().any(|character| character.is_numeric() && !character.is_ascii()));
    if verdict.owner.is_none() && verdict.family == Family::WebLink && !context.table.is_stranger(&link.host_lower) {
        let own = context.link_host.as_deref().map(Known::of_host);
        let known = context.table.known_hosts().iter().chain(own.iter());
        let of = looks::imitated(&link.host_lower, link.path, known).map(str::to_owned);
        if let Some(of) = of {
            say(Danger::LookAlike { of }, true);
        }
    }
    say(Danger::OpenRedirect, elsewhere);
    found
}

/// Whether an address of the same host stands behind other text in a parameter or behind the hash sign, `?t=18https://…` or
/// `#a weixin://…`: two codes that ran together, or one that was lengthened. An address that is the whole value is a way back;
/// more of them than any app writes are no ways back.
fn has_link_glued_on(link: &Link<'_>) -> bool {
    let parts = || [link.query, link.fragment].into_iter().flat_map(|part| part.split(['&', ';', '=']));
    let own = format!("{}://", link.scheme);
    let glued = parts().any(|part| {
        let lower = part.to_ascii_lowercase();
        ["https://", "http://", own.as_str()].iter().any(|begin| lower.match_indices(begin).any(|(at, _)| at > 0))
    });
    glued || parts().filter(|part| part.contains("://")).count() > WAYS_BACK
}

/// Whether a parameter, or what stands behind the hash sign, is an address of another host or app. It is read as
/// the most careless page would: signs that decode to nothing stay, control characters go, `\\` is `/`.
pub(crate) fn leads_elsewhere(link: &Link<'_>) -> bool {
    let mut parts = [link.query, link.fragment].into_iter().flat_map(|part| part.split(['&', ';', '=']));
    parts.any(|part| {
        let mut value = part.to_owned();
        for _ in 0..=ROUNDS {
            if is_elsewhere(&value, &link.host_lower) {
                return true;
            }
            let decoded = loosened(&value);
            if decoded == value {
                return false;
            }
            value = decoded;
        }
        // Still encoded: nobody writes that who has nothing to hide.
        true
    })
}

/// Whether a value leads to another host: an address anywhere in it (`https://…`, an app's link), or at its
/// beginning `//…`, `https:…` as browsers mend it, or a link that runs or carries a page itself.
fn is_elsewhere(value: &str, here: &str) -> bool {
    let value: String = value.chars().filter(|character| !character.is_control()).map(|character| if character == '\\' { '/' } else { character }).collect();
    let other = |rest: &str| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let address = authority.rsplit_once('@').map_or(authority, |pair| pair.1);
        address.split(':').next().unwrap_or_default().to_lowercase() != here
    };
    if value.match_indices("://").any(|(at, found)| value.get(at + found.len()..).is_some_and(other)) {
        return true;
    }
    let start = value.trim_start();
    if let Some(rest) = start.strip_prefix("//") {
        return other(rest);
    }
    let Some((scheme, rest)) = start.split_once(':') else { return false };
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => !rest.starts_with("//"),
        "javascript" | "vbscript" | "data" | "blob" | "file" | "intent" => true,
        _ => false,
    }
}

fn token(link: &Link<'_>, place: &str) -> Option<String> {
    match place {
        "path" => link.path.strip_prefix('/').map(str::to_owned),
        "host" => Some(link.host.to_owned()),
        parameter => link.parameter(parameter.strip_prefix('?')?).map(str::to_owned),
    }
}

/// The name stands there even when the amount is none.
fn paypal(asks: &mut Asks, text: &str, link: &Link<'_>, row: &LinkRow, context: &ReadContext) {
    let name = row.below(link.path).and_then(|below| below.split('/').next());
    asks.payee = name.filter(|name| !name.is_empty()).map(str::to_owned);
    asks.token.clone_from(&asks.payee);
    asks.amount_editable = Some(true);
    if let Ok(me) = handoff::read_paypal_me(text, &context.table) {
        (asks.amount, asks.amount_text, asks.currency) = amount::printed(me.amount.as_deref(), me.currency.as_deref());
    }
}

fn upi(verdict: &mut Verdict, link: &Link<'_>) {
    let mut hidden = None;
    let mut value = |name: &str| {
        let text = percent_decoded(link.parameter(name)?)?;
        hidden = hidden.or(hidden_in_code(&text));
        Some(text)
    };
    let asks = &mut verdict.asks;
    asks.payee = value("pn").or_else(|| value("pa"));
    asks.order = value("tr");
    asks.expires = value("QRexpire");
    let currency = value("cu").unwrap_or_else(|| "INR".to_owned());
    let printed = value("am");
    (asks.amount, asks.amount_text, asks.currency) = amount::printed(printed.as_deref(), Some(&currency));
    asks.amount_editable = amount::is_editable(printed.as_deref(), asks.amount_text.as_deref());
    if let Some(name) = hidden {
        verdict.asks = Asks::default();
        verdict.warn(Danger::Hidden { name });
    }
}

/// The networks that an acquirer's page names in its own query: a hint for the person, nothing more.
fn routes(link: &Link<'_>) -> Vec<Scheme> {
    const KEYS: [&str; 6] = ["type", "waycode", "paytype", "paymethod", "channel", "payway"];
    let mut found: Vec<Scheme> = Vec::new();
    for (_, value) in link.parameters().filter(|(key, _)| KEYS.contains(&key.to_ascii_lowercase().as_str())) {
        let value = value.to_ascii_lowercase();
        let names = [("ali", Scheme::Alipay), ("wx", Scheme::WeChat), ("wechat", Scheme::WeChat), ("weixin", Scheme::WeChat), ("unionpay", Scheme::UnionPay), ("uqrcode", Scheme::UnionPay), ("ysf", Scheme::UnionPay)];
        for (_, scheme) in names.into_iter().filter(|(name, _)| value.starts_with(name)) {
            if !found.contains(&scheme) {
                found.push(scheme);
            }
        }
    }
    found
}
