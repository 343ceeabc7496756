//! The way to the service: how long to wait on it, what a bad answer says about it, and how it stands.
//!
//! A weak network is not a dead one. After an answer that did not come in time the next call waits longer, and shorter again
//! once answers come quickly. Waiting longer never sends anything twice: a repeat of a payment has the same id.

use crate::error::{Outcome, WalletError};
use crate::host::{HttpRequest, HttpResponse, TransportError};
use crate::shared::Core;
use kabao_base::Code;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

/// How long calls wait for their whole answer, in milliseconds: the first on a good network, the next after each that did not
/// come in time. The last is above a stall of half a minute, which mobile networks have at the edge of a cell.
const WAITS_MS: [u64; 3] = [10_000, 20_000, 40_000];
/// The answer of a network that wants a sign-in (RFC 6585, section 6).
const SIGN_IN_NEEDED: u16 = 511;

/// How the way to the service stands, as the calls of this run found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum NetworkState {
    /// Nothing was asked since the wallet was opened.
    Unasked,
    /// The last answer came in good time.
    Good,
    /// Answers come late, or did not come in time.
    Weak,
    /// No way to the service.
    Down,
    /// The network shows a page of its own and wants a sign-in first.
    SignIn,
    /// Somebody else answered in the service's place.
    Untrusted,
    /// The clock of the phone is wrong.
    Clock,
}

impl NetworkState {
    /// The name that words and data use.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_core::limits::NetworkState::SignIn.as_str(), "sign_in");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            NetworkState::Unasked => "unasked",
            NetworkState::Good => "good",
            NetworkState::Weak => "weak",
            NetworkState::Down => "down",
            NetworkState::SignIn => "sign_in",
            NetworkState::Untrusted => "untrusted",
            NetworkState::Clock => "clock",
        }
    }
}

#[derive(Default)]
struct Found {
    /// Which of [`WAITS_MS`] the next call has.
    step: usize,
    asked: bool,
    trouble: Option<Code>,
}

/// What the calls of one wallet found out about the way.
#[derive(Default)]
pub(crate) struct Way(Mutex<Found>, Notify);

impl Way {
    fn found(&self) -> std::sync::MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the next call waits.
    fn patience_ms(&self) -> u64 {
        WAITS_MS.get(self.found().step).copied().unwrap_or(WAITS_MS[0])
    }

    /// No answer came in time: the next call waits longer.
    fn late(&self) {
        let mut found = self.found();
        found.step = found.step.saturating_add(1).min(WAITS_MS.len().saturating_sub(1));
    }

    /// An answer came after so long. When half of the shorter wait would have done, the next call has that one.
    fn came_after(&self, ms: u64) {
        let mut found = self.found();
        let shorter = found.step.saturating_sub(1);
        if WAITS_MS.get(shorter).is_some_and(|wait| ms <= wait / 2) {
            found.step = shorter;
        }
    }

    /// Something stood in the way.
    pub(super) fn trouble(&self, code: Code) {
        let mut found = self.found();
        (found.asked, found.trouble) = (true, Some(code));
    }

    /// The service itself answered.
    pub(super) fn clear(&self) {
        let mut found = self.found();
        (found.asked, found.trouble) = (true, None);
    }

    /// The phone is on another network. What was found out about the last one says nothing of it, and whoever waits for an answer
    /// there waits for nothing.
    pub(crate) fn moved(&self) {
        *self.found() = Found::default();
        self.1.notify_waiters();
    }

    /// How it stands, and the last trouble while it lasts.
    pub(crate) fn state(&self) -> (NetworkState, Option<Code>) {
        let found = self.found();
        let state = match found.trouble {
            None if !found.asked => NetworkState::Unasked,
            None if found.step == 0 => NetworkState::Good,
            None | Some(Code::NetSlow | Code::NetCut) => NetworkState::Weak,
            Some(Code::NetSignIn) => NetworkState::SignIn,
            Some(Code::ClockWrong) => NetworkState::Clock,
            Some(Code::TlsUntrusted | Code::AnswerForged | Code::AnswerUnsigned) => NetworkState::Untrusted,
            Some(_) => NetworkState::Down,
        };
        (state, found.trouble)
    }
}

/// Whether an answer without the service's signature is the sign-in page of a network: a page, or a way to one, where the
/// service gives neither. An error page is none: gateways of the service show such as well.
fn is_sign_in_page(answer: &HttpResponse) -> bool {
    let header = |name: &str| answer.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_ascii_lowercase());
    if header("signature").is_some() {
        return false;
    }
    let is_page = header("content-type").is_some_and(|kind| kind.trim_start().starts_with("text/html"));
    match answer.status {
        SIGN_IN_NEEDED => true,
        200..=299 => is_page,
        300..=399 => is_page || header("location").is_some(),
        _ => false,
    }
}

impl Core {
    /// Sends one request, waits as long as the network asks for, and remembers how the way stands.
    pub(super) async fn exchange(&self, request: HttpRequest) -> Outcome<HttpResponse> {
        let way = &self.client.way;
        let (timeout_ms, begun) = (way.patience_ms(), self.host.monotonic_ms());
        let mut moved = pin!(way.1.notified());
        // From here on, not from its first poll: the phone may move while the request is made ready.
        moved.as_mut().enable();
        let came = tokio::select! {
            biased;
            came = self.client.send(HttpRequest { timeout_ms, ..request }) => came,
            () = moved => Err(TransportError::Cut),
        };
        let code = match came {
            Ok(answer) => {
                way.came_after(u64::try_from(self.host.monotonic_ms().saturating_sub(begun)).unwrap_or(0));
                if !is_sign_in_page(&answer) {
                    return Ok(answer);
                }
                Code::NetSignIn
            }
            Err(error) => {
                if error == TransportError::Timeout {
                    way.late();
                }
                self.transport_code(error)
            }
        };
        way.trouble(code);
        Err(WalletError::from(code))
    }

    fn transport_code(&self, error: TransportError) -> Code {
        match error {
            TransportError::Unreachable => Code::NetDown,
            TransportError::NoName => Code::NetNoName,
            TransportError::Timeout => Code::NetSlow,
            TransportError::Cut => Code::NetCut,
            TransportError::NotTls => Code::NetSignIn,
            TransportError::TooLong => Code::AnswerMalformed,
            TransportError::Untrusted => Code::TlsUntrusted,
            TransportError::CertificateTime if self.clock.explains_a_certificate(self.host.as_ref()) => Code::ClockWrong,
            TransportError::CertificateTime => Code::TlsUntrusted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)]) -> HttpResponse {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        HttpResponse { status, headers, body: Vec::new() }
    }

    #[test]
    fn the_page_of_a_network_is_known_and_an_error_page_is_none() {
        let (page, json, signed) = (("content-type", "text/html; charset=utf-8"), ("content-type", "application/json"), ("signature", "sig=:AA==:"));
        for (status, headers, expected) in [
            (200, vec![page], true),
            (200, vec![("Content-Type", " TEXT/HTML")], true),
            (302, vec![("location", "http://login.example/")], true),
            (511, vec![], true),
            (200, vec![json], false),
            (200, vec![page, signed], false),
            (304, vec![], false),
            (404, vec![page], false),
            (502, vec![page], false),
        ] {
            assert_eq!(is_sign_in_page(&answer(status, &headers)), expected, "{status} {headers:?}");
        }
    }

    #[test]
    fn a_late_answer_makes_the_next_call_wait_longer_and_quick_ones_shorter() {
        let way = Way::default();
        assert_eq!((way.patience_ms(), way.state()), (10_000, (NetworkState::Unasked, None)));
        for wait in [20_000, 40_000, 40_000] {
            way.late();
            way.trouble(Code::NetSlow);
            assert_eq!((way.patience_ms(), way.state().0), (wait, NetworkState::Weak));
        }
        way.came_after(10_001);
        way.clear();
        assert_eq!((way.patience_ms(), way.state()), (40_000, (NetworkState::Weak, None)), "half of 20 s would not have done");
        way.came_after(10_000);
        assert_eq!(way.patience_ms(), 20_000);
        way.came_after(200);
        assert_eq!((way.patience_ms(), way.state()), (10_000, (NetworkState::Good, None)));
        way.came_after(9_999);
        assert_eq!(way.patience_ms(), 10_000);
    }

    #[test]
    fn each_trouble_has_its_state() {
        let way = Way::default();
        for (code, state) in [
            (Code::NetDown, NetworkState::Down), (Code::NetNoName, NetworkState::Down), (Code::NetCut, NetworkState::Weak),
            (Code::NetSignIn, NetworkState::SignIn), (Code::TlsUntrusted, NetworkState::Untrusted), (Code::AnswerForged, NetworkState::Untrusted),
            (Code::AnswerUnsigned, NetworkState::Untrusted), (Code::ClockWrong, NetworkState::Clock),
        ] {
            way.trouble(code);
            assert_eq!(way.state(), (state, Some(code)));
        }
        way.clear();
        assert_eq!(way.state(), (NetworkState::Good, None));
    }
}
