//! Links that other wallets print: whose they are, by scheme, host and path. Nothing is opened and
//! nothing is asked. A host is compared whole, so a look-alike or a user name before it is unknown.

/// What a printed link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// Alipay: an order, made for one payment.
    AlipayOrder,
    /// Alipay: a person's receiving code.
    AlipayPersonal,
    /// Alipay: a transfer.
    AlipayTransfer,
    /// Alipay: a merchant abroad.
    AlipayOverseas,
    /// Alipay: a red packet.
    AlipayRedPacket,
    /// Alipay: opens the app, with a link inside.
    AlipayDeepLink,
    /// WeChat Pay: an order, made for one payment.
    WeChatOrder,
    /// WeChat Pay: a person's receiving code.
    WeChatPersonal,
    /// WeChat: a contact; no payment.
    WeChatContact,
    /// WeChat: a mini program; no payment.
    WeChatMiniProgram,
    /// UnionPay: a merchant.
    UnionPayMerchant,
    /// UnionPay: a sign-in on UnionPay's own host; no payment.
    UnionPaySignIn,
    /// QQ's wallet.
    QqWallet,
    /// PayPal.Me.
    PayPalMe,
    /// India's UPI.
    Upi,
    /// None of these.
    Unknown,
}

impl LinkKind {
    /// The name used in data.
    pub fn name(self) -> &'static str {
        match self {
            LinkKind::AlipayOrder => "alipay-dynamic-order",
            LinkKind::AlipayPersonal => "alipay-personal-receive",
            LinkKind::AlipayTransfer => "alipay-transfer",
            LinkKind::AlipayOverseas => "alipay-overseas",
            LinkKind::AlipayRedPacket => "alipay-red-packet",
            LinkKind::AlipayDeepLink => "alipay-deeplink",
            LinkKind::WeChatOrder => "wechat-native-dynamic",
            LinkKind::WeChatPersonal => "wechat-personal-receive",
            LinkKind::WeChatContact => "wechat-contact (not payment)",
            LinkKind::WeChatMiniProgram => "wechat-miniprogram (not payment)",
            LinkKind::UnionPayMerchant => "unionpay-merchant",
            LinkKind::UnionPaySignIn => "unionpay-userauth (not a payment code)",
            LinkKind::QqWallet => "qq-wallet",
            LinkKind::PayPalMe => "paypal-me",
            LinkKind::Upi => "upi",
            LinkKind::Unknown => "unknown",
        }
    }
}

/// A link taken apart; `host` and `scheme` in lower case.
struct Link<'a> {
    scheme: String,
    host: String,
    path: &'a str,
    query: &'a str,
}

/// What a scanned text is as a link.
pub fn classify(text: &str) -> LinkKind {
    if text.starts_with("#小程序://") {
        return LinkKind::WeChatMiniProgram;
    }
    let Some(link) = take_apart(text) else { return LinkKind::Unknown };
    match (link.scheme.as_str(), link.host.as_str()) {
        ("https", "qr.alipay.com") => alipay(link.path),
        ("alipays" | "alipay" | "alipayqr", "platformapi") if link.path == "/startapp" => LinkKind::AlipayDeepLink,
        ("wxp", host) if host.starts_with("f2f") => LinkKind::WeChatPersonal,
        ("weixin", "wxpay") if link.path == "/bizpayurl" && parameter(link.query, "pr").is_some() => LinkKind::WeChatOrder,
        ("weixin", "dl") if link.path.starts_with("/business") => LinkKind::WeChatMiniProgram,
        ("https", "u.wechat.com") => LinkKind::WeChatContact,
        ("https", "mp.weixin.qq.com") if link.path.starts_with("/a/") => LinkKind::WeChatMiniProgram,
        ("https", "qr.95516.com") => unionpay(link.path),
        ("https", "i.qianbao.qq.com") if link.path == "/wallet/sqrcode.htm" => LinkKind::QqWallet,
        ("https", "paypal.me" | "www.paypal.me") if link.path.len() > 1 => LinkKind::PayPalMe,
        ("https", "www.paypal.com" | "paypal.com") if link.path.starts_with("/paypalme/") => LinkKind::PayPalMe,
        ("upi", "pay") if parameter(link.query, "pa").is_some() => LinkKind::Upi,
        _ => LinkKind::Unknown,
    }
}

/// The link inside a link that only opens an app; `None` where there is none.
pub fn inner(text: &str) -> Option<String> {
    if classify(text) != LinkKind::AlipayDeepLink {
        return None;
    }
    let link = take_apart(text)?;
    let wrapped = parameter(link.query, "qrcode").or_else(|| parameter(link.query, "url"))?;
    percent_decoded(wrapped)
}

fn take_apart(text: &str) -> Option<Link<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, tail) = rest.split_at_checked(end)?;
    let plain = |part: &str, extra: &[u8]| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || extra.contains(&byte));
    if !plain(scheme, b"+-.") || !plain(host, b"-._") || tail.chars().any(char::is_whitespace) {
        return None;
    }
    let tail = tail.split('#').next().unwrap_or_default();
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    Some(Link { scheme: scheme.to_ascii_lowercase(), host: host.to_ascii_lowercase(), path, query })
}

fn alipay(path: &str) -> LinkKind {
    let code = path.strip_prefix('/').unwrap_or_default();
    if code.len() < 6 || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return LinkKind::Unknown;
    }
    match code.get(..3).unwrap_or_default().to_ascii_lowercase().as_str() {
        "bax" => LinkKind::AlipayOrder,
        "fkx" => LinkKind::AlipayPersonal,
        "tsx" => LinkKind::AlipayTransfer,
        "ocx" => LinkKind::AlipayOverseas,
        "c1x" => LinkKind::AlipayRedPacket,
        _ => LinkKind::Unknown,
    }
}

fn unionpay(path: &str) -> LinkKind {
    if path.starts_with("/qrcGtwWeb-web/api/userAuth") {
        return LinkKind::UnionPaySignIn;
    }
    let digits = |part: Option<&str>, range: std::ops::RangeInclusive<usize>| {
        part.is_some_and(|part| range.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut parts = path.split('/').skip(1);
    let merchant = digits(parts.next(), 8..=8) && digits(parts.next(), 28..=32) && parts.next().is_none();
    if merchant { LinkKind::UnionPayMerchant } else { LinkKind::Unknown }
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, value)| *key == name && !value.is_empty()).map(|pair| pair.1)
}

pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let high = char::from(bytes.next()?).to_digit(16)?;
        let low = char::from(bytes.next()?).to_digit(16)?;
        out.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_are_unknown() {
        for text in [
            "https://qr.alipay.com@evil.example/bax07729i8nrz",
            "https://qr.alipay.com.evil.example/bax07729i8nrz",
            "https://qr.alipay.com:8443/bax07729i8nrz",
            "https://qr.alipаy.com/bax07729i8nrz",
            "http://qr.alipay.com/bax07729i8nrz",
            "https://evil.example/qr.alipay.com/bax07729i8nrz",
            "https://qr.95516.com/00010002/../01012166439217005044479417630044",
            "wxp://f2f0AAAA@evil.example",
            "wxp://f2f0AAAA:80",
            "https://qr.95516.com/00010002/010121664392170050444794176",
            "https://qr.95516.com/00010002/010121664392170050444794176300441",
            "weixin://wxpay/bizpayurl",
            "https://qr.alipay.com",
            "://",
            "",
        ] {
            assert_eq!(classify(text), LinkKind::Unknown, "{text}");
        }
    }

    #[test]
    fn links_by_host_and_path() {
        for (text, kind) in [
            ("wxp://f2f1AAAA", LinkKind::WeChatPersonal),
            ("WXP://F2F0AAAA", LinkKind::WeChatPersonal),
            ("https://mp.weixin.qq.com/a/~AAAA", LinkKind::WeChatMiniProgram),
            ("https://mp.weixin.qq.com/s/AAAA", LinkKind::Unknown),
            ("#小程序://name/AAAA", LinkKind::WeChatMiniProgram),
            ("weixin://dl/business/?t=AAAA", LinkKind::WeChatMiniProgram),
            ("https://i.qianbao.qq.com/wallet/sqrcode.htm?m=tenpay", LinkKind::QqWallet),
            ("https://www.paypal.com/paypalme/example", LinkKind::PayPalMe),
            ("https://paypal.me/", LinkKind::Unknown),
            ("upi://pay?am=1", LinkKind::Unknown),
            ("alipayqr://platformapi/startapp?saId=10000007", LinkKind::AlipayDeepLink),
            ("https://qr.95516.com/0001000/01012166439217005044479417630044", LinkKind::Unknown),
        ] {
            assert_eq!(classify(text), kind, "{text}");
        }
    }

    #[test]
    fn what_a_deep_link_wraps() {
        let text = "alipays://platformapi/startapp?saId=10000007&qrcode=https%3A%2F%2Fqr.alipay.com%2Ffkx00000aaaa";
        assert_eq!(classify(text), LinkKind::AlipayDeepLink);
        assert_eq!(inner(text).as_deref(), Some("https://qr.alipay.com/fkx00000aaaa"));
        assert_eq!(inner("alipays://platformapi/startapp?qrcode=%zz"), None);
        assert_eq!(inner("alipays://platformapi/startapp?qrcode=%ff"), None);
        assert_eq!(inner("https://qr.alipay.com/fkx00000aaaa?qrcode=a"), None);
    }
}
