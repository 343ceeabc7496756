//! The answer about a code.

use super::family::{Family, Scheme};
use crate::carrier::CarrierKind;
use crate::collection::CollectionCode;
use crate::mcc::MccCategory;
use kabao_base::{Code, Money};

/// The class of the limit of law (银发〔2017〕296号) as far as the code itself says it. B and C depend on
/// how the person is verified and A on an agreement; the service decides those.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum LimitClass {
    /// A printed code: at most ¥500 a day.
    D,
}

/// What a code asks for, as it says so itself. Nothing of it is believed: the payee's name that is
/// shown before a payment comes from the service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asks {
    /// The payee as printed.
    pub payee: Option<String>,
    /// The amount, when it is one of a currency that is known.
    pub amount: Option<Money>,
    /// The amount as printed, `25.00`.
    pub amount_text: Option<String>,
    /// The currency: three letters, or three digits of one that is not known.
    pub currency: Option<String>,
    /// The merchant's order, when the code names it.
    pub order: Option<String>,
    /// What names the code to its own scheme, as it was scanned.
    pub token: Option<String>,
    /// True for a printed code, false for one made for one payment, absent when the code does not tell.
    pub is_static: Option<bool>,
    /// The class of the limit of law, when the code decides it.
    pub limit_class: Option<LimitClass>,
    /// Whether the payer sets the amount; absent when only the code's own scheme knows.
    pub amount_editable: Option<bool>,
    /// Until when it can be paid, as printed.
    pub expires: Option<String>,
    /// What the merchant sells, by the category code that is printed.
    pub category: Option<MccCategory>,
}

/// Whether and how this wallet can pay a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayWay {
    /// It is ours.
    Direct,
    /// Through a channel that this wallet has.
    Channel {
        /// The channel.
        scheme: Scheme,
    },
    /// In another app. Nothing is opened before the person asks for it.
    HandOver {
        /// Whose app.
        app: Scheme,
        /// What to hand to the operating system; absent when the app has to scan the code itself.
        link: Option<String>,
    },
    /// Only the service can find out where the page leads.
    AskService {
        /// The page's host.
        host: String,
        /// The networks that the page itself names, as a hint.
        routes: Vec<Scheme>,
    },
    /// Not at all.
    No,
}

/// What is dangerous about a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Danger {
    /// A character that nobody sees: the code says something else than it shows.
    Hidden {
        /// `zero-width`, `bidirectional` or `control`.
        name: &'static str,
    },
    /// The host imitates another.
    LookAlike {
        /// The host that is imitated.
        of: String,
    },
    /// The host is written in another script, where letters look like others.
    IdnHost,
    /// The host has characters that no host has, or is a number.
    OddHost,
    /// Something that looks like a host stands before an `@`: the real host comes after it.
    UserInfo,
    /// The link carries another address and leads there.
    OpenRedirect,
    /// More links in links than any app makes.
    Nested,
    /// It signs the person in somewhere, on a host known for payments.
    SignIn,
    /// A link that hides where it leads.
    ShortLink,
    /// Asks for crypto currency, which is no lawful means of payment in mainland China.
    Crypto,
    /// Not encrypted: whoever sits between can change it.
    PlainHttp,
    /// A port that no payment page has.
    OddPort,
    /// Two links in one code.
    TwoLinks,
    /// Longer than the rules of its family allow.
    TooLong,
    /// Digits of another script, which look like a payment code and are none.
    OddDigits,
}

impl Danger {
    /// The name used in data, `look_alike`.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::read::Danger::IdnHost.name(), "idn_host");
    /// ```
    pub const fn name(&self) -> &'static str {
        match self {
            Danger::Hidden { .. } => "hidden",
            Danger::LookAlike { .. } => "look_alike",
            Danger::IdnHost => "idn_host",
            Danger::OddHost => "odd_host",
            Danger::UserInfo => "user_info",
            Danger::OpenRedirect => "open_redirect",
            Danger::Nested => "nested",
            Danger::SignIn => "sign_in",
            Danger::ShortLink => "short_link",
            Danger::Crypto => "crypto",
            Danger::PlainHttp => "plain_http",
            Danger::OddPort => "odd_port",
            Danger::TwoLinks => "two_links",
            Danger::TooLong => "too_long",
            Danger::OddDigits => "odd_digits",
        }
    }

    /// Every name, for a list of words.
    pub const NAMES: &'static [&'static str] = &[
        "hidden", "look_alike", "idn_host", "odd_host", "user_info", "open_redirect", "nested", "sign_in", "short_link", "crypto",
        "plain_http", "odd_port", "two_links", "too_long", "odd_digits",
    ];

    /// Whether the code is made to deceive, so that it is not used at all. The others are said and
    /// have a refusal of their own; a link that leads elsewhere is common on ordinary pages, and takes away
    /// the way to pay of a payment code only.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::read::Danger;
    /// assert!(Danger::UserInfo.is_hostile() && !Danger::PlainHttp.is_hostile());
    /// ```
    pub const fn is_hostile(&self) -> bool {
        match self {
            Danger::Hidden { .. }
            | Danger::LookAlike { .. }
            | Danger::IdnHost
            | Danger::OddHost
            | Danger::UserInfo
            | Danger::Nested
            | Danger::TwoLinks
            | Danger::OddDigits => true,
            Danger::OpenRedirect | Danger::SignIn | Danger::ShortLink | Danger::Crypto | Danger::PlainHttp | Danger::OddPort | Danger::TooLong => false,
        }
    }
}

/// The one answer about a text: whose code it is, what it asks, whether it can be paid, what is
/// dangerous. Every text and every row of bytes has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What sort of code it is.
    pub family: Family,
    /// Whose; absent when nobody is known.
    pub owner: Option<Scheme>,
    /// What it asks for, as it says so itself.
    pub asks: Asks,
    /// Whether and how it can be paid.
    pub pay: PayWay,
    /// What is dangerous about it; empty for most codes.
    pub dangers: Vec<Danger>,
    /// Why it cannot be paid here; absent when it can.
    pub refusal: Option<Code>,
    /// What our own collection code asks for: what is sent to the service. Only this is ever sent.
    pub collection: Option<CollectionCode>,
    /// Which document of ours it is; never payable.
    pub document: Option<CarrierKind>,
    /// All that may be shown of a number that may be a person's or a card's.
    pub masked: Option<String>,
}

impl Verdict {
    pub(crate) fn refused(family: Family, refusal: Code) -> Verdict {
        Verdict {
            family,
            owner: None,
            asks: Asks::default(),
            pay: PayWay::No,
            dangers: Vec::new(),
            refusal: Some(refusal),
            collection: None,
            document: None,
            masked: None,
        }
    }

    pub(super) fn of(self, owner: Scheme) -> Verdict {
        Verdict { owner: Some(owner), ..self }
    }

    /// Adds a danger once. A hostile one takes away every way to pay.
    pub(crate) fn warn(&mut self, danger: Danger) {
        if danger.is_hostile() {
            self.refusal = Some(Code::CodeHostile);
            self.pay = PayWay::No;
            self.collection = None;
        }
        if !self.dangers.contains(&danger) {
            self.dangers.push(danger);
        }
    }

    /// Whether anything about it is made to deceive.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::{ReadContext, read};
    /// assert!(read("https://qr.alipay.com@pay.example/bax0", &ReadContext::new("app.kabao")).is_hostile());
    /// ```
    pub fn is_hostile(&self) -> bool {
        self.dangers.iter().any(Danger::is_hostile)
    }
}
