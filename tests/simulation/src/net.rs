//! The network between phone and service: the service's router without sockets, and weather that loses, delays, repeats,
//! reorders and truncates what is sent.

use crate::witness::Witness;
use crate::world::SimWorld;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use kabao_core::host::{HttpRequest, HttpResponse, Transport, TransportError};
use kabao_service::{Cut, WireFault};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tower::ServiceExt;

/// How often, in a hundred, something happens to a request. All zero: fair weather.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// There is no network at all.
    pub off: bool,
    /// The request never arrives.
    pub lose_request: u32,
    /// The request arrives, the answer is lost.
    pub lose_answer: u32,
    /// The request arrives twice; the second answer is the one that comes back.
    pub twice: u32,
    /// The answer takes up to fifteen seconds.
    pub slow: u32,
    /// Something that is not the service answers.
    pub stranger: u32,
    /// The request stands in the network and arrives up to three minutes later, when the phone has long asked what became of
    /// it: an early *not found*, and a late original.
    pub late: u32,
    /// The same bytes arrive once more, up to five minutes later.
    pub again: u32,
    /// The answer ends early.
    pub truncated: u32,
    /// An earlier answer to the same question comes back in the place of this one.
    pub stale: u32,
    /// The answer to another request comes back.
    pub swapped: u32,
}

/// How many answers the network remembers, to give them at the wrong time.
const REMEMBERED: usize = 24;

/// What an attempt to send came to.
pub type Came = Result<HttpResponse, TransportError>;

/// Somebody on the way who reads, holds, changes and invents; or a service that lies.
pub trait Meddler: Send + Sync {
    /// An answer in the place of the service's: the request never arrives.
    fn instead(&self, _request: &HttpRequest) -> Option<Came> {
        None
    }

    /// What becomes of the answer of the service.
    fn change(&self, _request: &HttpRequest, answer: Came) -> Came {
        answer
    }

    /// How long the answer is held, in milliseconds.
    fn hold_ms(&self, _request: &HttpRequest) -> u64 {
        0
    }
}

/// The way to the service.
pub struct Net {
    /// Sees every request and every answer.
    pub witness: Witness,
    world: Arc<SimWorld>,
    router: Arc<Mutex<Router>>,
    weather: Mutex<Weather>,
    meddler: Mutex<Option<Arc<dyn Meddler>>>,
    answers: Mutex<VecDeque<(&'static str, String, HttpResponse)>>,
}

impl Net {
    /// A way to `router`.
    pub fn new(world: Arc<SimWorld>, router: Router) -> Net {
        Net {
            witness: Witness::default(),
            world,
            router: Arc::new(Mutex::new(router)),
            weather: Mutex::default(),
            meddler: Mutex::default(),
            answers: Mutex::default(),
        }
    }

    /// Lets somebody stand on the way, or nobody any more.
    pub fn meddle(&self, meddler: Option<Arc<dyn Meddler>>) {
        *self.meddler.lock().unwrap_or_else(PoisonError::into_inner) = meddler;
    }

    /// Changes the weather.
    pub fn set(&self, weather: Weather) {
        *self.weather.lock().unwrap_or_else(PoisonError::into_inner) = weather;
    }

    /// Puts another start of the service in the place of the one that was killed.
    pub fn reconnect(&self, router: Router) {
        *self.router.lock().unwrap_or_else(PoisonError::into_inner) = router;
    }

    /// The request reaches the service now; who still waits for it is another question.
    async fn arrive(router: &Mutex<Router>, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let router = router.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut builder = Request::builder().method(request.method).uri(&request.target).header("host", AUTHORITY);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let sent = builder.body(Body::from(request.body.clone())).map_err(|_| TransportError::Cut)?;
        let answer = router.oneshot(sent).await.map_err(|_| TransportError::Cut)?;
        let fault = answer.extensions().get::<WireFault>().copied().unwrap_or_default();
        if fault.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        }
        if fault.cut != Cut::No {
            return Err(TransportError::Cut);
        }
        let (parts, body) = answer.into_parts();
        let headers = parts
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let body = body.collect().await.map_err(|_| TransportError::Cut)?.to_bytes().to_vec();
        Ok(HttpResponse { status: parts.status.as_u16(), headers, body })
    }

    /// The request reaches the service when nobody waits for it any more.
    fn arrive_later(&self, request: &HttpRequest, within_ms: u32) {
        let (router, request) = (Arc::clone(&self.router), request.clone());
        let pause = Duration::from_millis(u64::from(self.world.pick(within_ms)));
        tokio::task::spawn_local(async move {
            tokio::time::sleep(pause).await;
            let _ = Net::arrive(&router, &request).await;
        });
    }

    async fn pass(&self, request: &HttpRequest, fault: &Fault) -> Came {
        let meddler = self.meddler.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(meddler) = meddler else { return self.travel(request, fault).await };
        fault.name("meddler");
        if let Some(invented) = meddler.instead(request) {
            return invented;
        }
        let answer = self.travel(request, fault).await;
        let held = meddler.hold_ms(request);
        if held > 0 {
            tokio::time::sleep(Duration::from_millis(held)).await;
        }
        meddler.change(request, answer)
    }

    async fn travel(&self, request: &HttpRequest, fault: &Fault) -> Came {
        let weather = *self.weather.lock().unwrap_or_else(PoisonError::into_inner);
        let strikes = |percent: u32, name: &'static str| {
            let strikes = percent > 0 && self.world.happens(percent);
            if strikes {
                fault.name(name);
            }
            strikes
        };
        if weather.off {
            fault.name("off");
            return Err(TransportError::Unreachable);
        }
        if strikes(weather.slow, "slow") {
            tokio::time::sleep(Duration::from_millis(u64::from(self.world.pick(15_000)))).await;
        }
        if strikes(weather.lose_request, "request lost") {
            return Err(TransportError::Cut);
        }
        if strikes(weather.late, "late original") {
            self.arrive_later(request, 180_000);
            // Whoever waits gives up by its own clock.
            return std::future::pending().await;
        }
        if strikes(weather.stranger, "stranger") {
            let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
            return Ok(HttpResponse { status: 200, headers, body: b"<html>Welcome to the hotel</html>".to_vec() });
        }
        if strikes(weather.twice, "twice") {
            // Whatever the first answer was, it is lost.
            let _ = Net::arrive(&self.router, request).await;
        }
        if strikes(weather.again, "again later") {
            self.arrive_later(request, 300_000);
        }
        let answer = Net::arrive(&self.router, request).await;
        let earlier = self.remember(request, &answer);
        if strikes(weather.lose_answer, "answer lost") {
            return Err(TransportError::Cut);
        }
        if strikes(weather.truncated, "truncated")
            && let Ok(mut answer) = answer
        {
            let whole = u32::try_from(answer.body.len()).unwrap_or(u32::MAX);
            answer.body.truncate(usize::try_from(self.world.pick(whole)).unwrap_or(0));
            return Ok(answer);
        }
        let find = |same: bool| {
            let fits = |(method, target, _): &&(&str, String, HttpResponse)| (*method == request.method && *target == request.target) == same;
            earlier.iter().rev().find(fits).map(|(_, _, answer)| answer.clone())
        };
        for (percent, name, same) in [(weather.stale, "stale answer", true), (weather.swapped, "answers swapped", false)] {
            if percent > 0
                && let Some(other) = find(same)
                && strikes(percent, name)
            {
                return Ok(other);
            }
        }
        answer
    }

    /// Keeps an answer, and gives those that came before it.
    fn remember(&self, request: &HttpRequest, answer: &Came) -> VecDeque<(&'static str, String, HttpResponse)> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let before = answers.clone();
        if let Ok(answer) = answer {
            answers.push_back((request.method, request.target.clone(), answer.clone()));
            if answers.len() > REMEMBERED {
                answers.pop_front();
            }
        }
        before
    }
}

const AUTHORITY: &str = "wallet.test";

/// What happened to an exchange; the last thing that did.
#[derive(Default)]
struct Fault(Mutex<Option<&'static str>>);

impl Fault {
    fn name(&self, name: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(name);
    }

    fn get(&self) -> &'static str {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or("none")
    }
}

/// Somebody waits for an answer; who is gone before it comes has not heard it.
struct Waits<'a> {
    witness: &'a Witness,
    request: Option<&'a HttpRequest>,
}

impl Waits<'_> {
    fn answered(mut self) {
        self.request = None;
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        if let Some(request) = self.request {
            self.witness.gone(request);
        }
    }
}

#[async_trait::async_trait]
impl Transport for Net {
    fn authority(&self) -> String {
        AUTHORITY.to_owned()
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let body = kabao_proof::hex(&kabao_proof::sha256(&request.body)[..8]);
        self.world.note(&format!("→ {} {} {body}", request.method, request.target));
        self.witness.sent(&request);
        let fault = Fault::default();
        let limit = Duration::from_millis(request.timeout_ms);
        let waits = Waits { witness: &self.witness, request: Some(&request) };
        let answer = tokio::time::timeout(limit, self.pass(&request, &fault)).await.unwrap_or(Err(TransportError::Timeout));
        waits.answered();
        self.witness.came(&request, fault.get(), &answer);
        match &answer {
            Ok(answer) => {
                let body = kabao_proof::hex(&kabao_proof::sha256(&answer.body)[..8]);
                self.world.note(&format!("← {} {body}", answer.status));
            }
            Err(error) => self.world.note(&format!("← {error}")),
        }
        answer
    }
}
