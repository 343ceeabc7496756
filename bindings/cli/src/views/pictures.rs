//! Pictures of codes, as a terminal and a browser show them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_codes::draw::{BarPicture, Ink, QrPicture};
use serde_json::{Value, json};

/// The pictures beside what belongs to them: of a payer code when there are bars, else of a link.
pub fn beside(mut told: Value, qr: &QrPicture, bars: Option<&BarPicture>) -> Value {
    told["picture"] = json!(qr.terminal(Ink::LightTerminal));
    told["picture_svg"] = json!(qr.svg(if bars.is_some() { "payer code 付款码" } else { "otpauth" }));
    if let Some(bars) = bars {
        told["picture_coloured"] = json!(qr.terminal(Ink::Colours));
        told["bars_coloured"] = json!(bars.terminal(Ink::Colours, 3));
    }
    told
}

/// The same for modules and bars that another program gave as it has them (`qr`, `bars`).
pub fn drawn(mut told: Value) -> Value {
    let bytes = |value: Option<&Value>| value.and_then(Value::as_str).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let Some(parts) = told.as_object_mut() else { return told };
    let (Some(qr), bars) = (parts.remove("qr"), parts.remove("bars")) else { return told };
    let size = qr.get("size").and_then(Value::as_u64).and_then(|size| u32::try_from(size).ok()).unwrap_or(0);
    let qr = QrPicture { size, modules: bytes(qr.get("modules")).unwrap_or_default() };
    let bars = bars.map(|bars| BarPicture { widths: bytes(bars.get("widths")).unwrap_or_default() });
    beside(told, &qr, bars.as_ref())
}
