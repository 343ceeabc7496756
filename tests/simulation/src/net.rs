//! The network between phone and service: the service's router without sockets, and weather that loses, delays and
//! repeats what is sent.

use crate::world::SimWorld;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use kabao_core::host::{HttpRequest, HttpResponse, Transport, TransportError};
use kabao_service::{Cut, WireFault};
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
}

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
    world: Arc<SimWorld>,
    router: Mutex<Router>,
    weather: Mutex<Weather>,
    meddler: Mutex<Option<Arc<dyn Meddler>>>,
}

impl Net {
    /// A way to `router`.
    pub fn new(world: Arc<SimWorld>, router: Router) -> Net {
        Net { world, router: Mutex::new(router), weather: Mutex::new(Weather::default()), meddler: Mutex::new(None) }
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

    async fn arrive(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let router = self.router.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut builder = Request::builder().method(request.method).uri(&request.target).header("host", self.authority());
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

    async fn pass(&self, request: &HttpRequest) -> Came {
        let meddler = self.meddler.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(meddler) = meddler else { return self.travel(request).await };
        if let Some(invented) = meddler.instead(request) {
            return invented;
        }
        let answer = self.travel(request).await;
        let held = meddler.hold_ms(request);
        if held > 0 {
            tokio::time::sleep(Duration::from_millis(held)).await;
        }
        meddler.change(request, answer)
    }

    async fn travel(&self, request: &HttpRequest) -> Came {
        let weather = *self.weather.lock().unwrap_or_else(PoisonError::into_inner);
        if weather.off {
            return Err(TransportError::Unreachable);
        }
        if self.world.happens(weather.slow) {
            tokio::time::sleep(Duration::from_millis(u64::from(self.world.pick(15_000)))).await;
        }
        if self.world.happens(weather.lose_request) {
            return Err(TransportError::Cut);
        }
        if self.world.happens(weather.stranger) {
            let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
            return Ok(HttpResponse { status: 200, headers, body: b"<html>Welcome to the hotel</html>".to_vec() });
        }
        if self.world.happens(weather.twice) {
            // Whatever the first answer was, it is lost.
            let _ = self.arrive(request).await;
        }
        let answer = self.arrive(request).await;
        if self.world.happens(weather.lose_answer) { Err(TransportError::Cut) } else { answer }
    }
}

#[async_trait::async_trait]
impl Transport for Net {
    fn authority(&self) -> String {
        "wallet.test".to_owned()
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let body = kabao_proof::hex(&kabao_proof::sha256(&request.body)[..8]);
        self.world.note(&format!("→ {} {} {body}", request.method, request.target));
        let limit = Duration::from_millis(request.timeout_ms);
        let answer = tokio::time::timeout(limit, self.pass(&request)).await.unwrap_or(Err(TransportError::Timeout));
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
