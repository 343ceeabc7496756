//! What the service says about passwords, second factors, devices and signing in.

use kabao_base::Id;
use serde::{Deserialize, Serialize};

/// What an account signs in with; kept as it came in the cache.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Security {
    pub(crate) password_at: Option<i64>,
    pub(crate) factor: Option<Factor>,
}

#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Factor {
    pub(crate) at: i64,
    pub(crate) backups_left: u32,
}

/// Not printable and not kept: the secret of an authenticator app.
#[derive(Deserialize)]
pub(crate) struct Enrolment {
    pub(crate) secret: String,
    pub(crate) expires_at: i64,
}

#[derive(Deserialize)]
pub(crate) struct Backups {
    pub(crate) backup_codes: Vec<String>,
}

#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Devices {
    pub(crate) devices: Vec<Device>,
    pub(crate) limit: u32,
}

#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Device {
    pub(crate) device_id: Id,
    pub(crate) model: String,
    pub(crate) form: String,
    pub(crate) first_seen: i64,
    pub(crate) last_seen: i64,
    pub(crate) this: bool,
    pub(crate) ended_at: Option<i64>,
    pub(crate) ended_by: Option<String>,
    #[serde(default)]
    pub(crate) capabilities: Vec<String>,
}

/// How a sign-in stands.
#[derive(Deserialize)]
pub(crate) struct SignIn {
    pub(crate) state: String,
    pub(crate) account_id: Id,
    pub(crate) needs_password: bool,
    pub(crate) needs_pin: bool,
    pub(crate) needs_factor: bool,
    pub(crate) verified: bool,
    pub(crate) pin_set: bool,
    pub(crate) device_id: Option<Id>,
    pub(crate) low_until: Option<i64>,
}
