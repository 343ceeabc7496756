//! The developer's console of the simulated service, called in this thread.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// What a test turns and sees.
pub struct Console(Router);

impl Console {
    /// The console behind `router`.
    pub fn new(router: Router) -> Console {
        Console(router)
    }

    /// Asks. An answer that is no JSON, or an error, is a text that says so.
    pub async fn get(&self, path: &str) -> Result<Value, String> {
        self.ask("GET", path, String::new()).await
    }

    /// Tells.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value, String> {
        self.ask("POST", path, body.to_string()).await
    }

    /// Takes away.
    pub async fn delete(&self, path: &str) -> Result<Value, String> {
        self.ask("DELETE", path, String::new()).await
    }

    async fn ask(&self, method: &str, path: &str, body: String) -> Result<Value, String> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(Body::from(body))
            .map_err(|error| format!("{path}: {error}"))?;
        let answer = self.0.clone().oneshot(request).await.map_err(|error| format!("{path}: {error}"))?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await.map_err(|error| format!("{path}: {error}"))?.to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if !status.is_success() {
            return Err(format!("{method} {path}: {status} {text}"));
        }
        serde_json::from_str(&text).map_err(|error| format!("{path}: {error}: {text}"))
    }

    /// The newest one-time code that `sender` (`kabao`, `bank`) sent to a phone number.
    pub async fn otp(&self, sender: &str, phone: &str) -> Result<String, String> {
        let inbox = self.get(&format!("/dev/inbox?phone={phone}")).await?;
        let newest = inbox["messages"].as_array().and_then(|all| all.iter().rfind(|sms| sms["from"] == sender));
        newest.and_then(|sms| sms["otp"].as_str()).map(str::to_owned).ok_or_else(|| format!("no message of {sender}"))
    }
}
