//! What a device says of itself.

use serde::Deserialize;
use utoipa::ToSchema;

/// What sort of device it is, and what it has.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceReportIn {
    /// `phone`, `tablet`, `watch`, `computer` or `other`.
    #[schema(pattern = "^(phone|tablet|watch|computer|other)$")]
    pub form: String,
    /// `camera`, `nfc`, `secure_element`, `biometrics`, `sim`; each once.
    #[schema(max_items = 5)]
    pub capabilities: Vec<String>,
}
