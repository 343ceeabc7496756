//! Connections: HTTP/1.1 with header names in title case (some tills read them so), and the faults of the wire.

use crate::http::wire_fault::{Cut, WireFault};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

const HEADERS_WITHIN: Duration = Duration::from_secs(15);
const MAX_CONNECTIONS: usize = 512;

/// Accepts connections until the task is dropped, and with it every connection.
pub async fn accept(listener: TcpListener, tls: Option<Arc<rustls::ServerConfig>>, router: Router) {
    let acceptor = tls.map(TlsAcceptor::from);
    let mut connections = JoinSet::new();
    loop {
        while connections.len() >= MAX_CONNECTIONS || connections.try_join_next().is_some() {
            if connections.len() >= MAX_CONNECTIONS {
                connections.join_next().await;
            }
        }
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let (acceptor, router) = (acceptor.clone(), router.clone());
        connections.spawn(async move {
            match acceptor {
                None => connection(stream, router).await,
                Some(acceptor) => {
                    if let Ok(Ok(stream)) = tokio::time::timeout(HEADERS_WITHIN, acceptor.accept(stream)).await {
                        connection(stream, router).await;
                    }
                }
            }
        });
    }
}

async fn connection<S>(stream: S, router: Router)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        async move {
            let response: Response = router.oneshot(request.map(Body::new)).await.unwrap_or_else(|never: Infallible| match never {});
            play(response).await
        }
    });
    let mut builder = http1::Builder::new();
    builder.title_case_headers(true).timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
    // An error is a connection that ended, by us or by them; there is nobody to tell.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// Does to the answer what the switchboard marked on it.
async fn play(response: Response) -> io::Result<Response> {
    let fault = response.extensions().get::<WireFault>().copied().unwrap_or_default();
    if fault.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    }
    match fault.cut {
        Cut::No => Ok(response),
        Cut::Silent => Err(io::ErrorKind::ConnectionAborted.into()),
        Cut::Half => {
            let (mut parts, body) = response.into_parts();
            let bytes = body.collect().await.map(|collected| collected.to_bytes()).unwrap_or_default();
            parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
            let half = bytes.slice(..bytes.len() / 2);
            Ok(Response::from_parts(parts, Body::new(Half { half: Some(half), length: bytes.len(), rests: 8 })))
        }
    }
}

/// Half of a body, then a broken connection.
struct Half {
    half: Option<Bytes>,
    length: usize,
    /// How often the rest is *not yet there*, so that the half goes out before the end of the connection.
    rests: u8,
}

impl HttpBody for Half {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(half) = self.half.take().filter(|half| !half.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        if self.rests > 0 {
            self.rests -= 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.length).unwrap_or(u64::MAX))
    }
}
