//! What this device is and has: a phone, a tablet, a watch; with or without camera, NFC, a secure element, a finger or face sensor, a
//! SIM card. The app says it; the list of devices shows it; a step that this device has no part for is not offered.

use super::{AccountClient, DeviceForm};
use crate::error::Outcome;
use crate::shared::tell_device;
use crate::tables::device_report;
use crate::words::say;
use kabao_base::{Code, Language};

/// A part that a device has or lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum DeviceCapability {
    /// A camera that reads codes.
    Camera,
    /// NFC that reads tags.
    Nfc,
    /// A secure element or a trusted environment that keeps keys.
    SecureElement,
    /// A sensor for fingers or faces.
    Biometrics,
    /// A SIM card: SMS arrive here.
    Sim,
}

impl DeviceCapability {
    /// All of them, in the order in which they are kept.
    pub const ALL: [DeviceCapability; 5] = [
        DeviceCapability::Camera, DeviceCapability::Nfc, DeviceCapability::SecureElement, DeviceCapability::Biometrics, DeviceCapability::Sim,
    ];

    /// The name of it: `camera`, `nfc`, `secure_element`, `biometrics`, `sim`.
    pub fn name(self) -> &'static str {
        match self {
            DeviceCapability::Camera => "camera",
            DeviceCapability::Nfc => "nfc",
            DeviceCapability::SecureElement => "secure_element",
            DeviceCapability::Biometrics => "biometrics",
            DeviceCapability::Sim => "sim",
        }
    }

    /// The part of a name; nothing for one that a newer service says.
    pub fn from_name(name: &str) -> Option<DeviceCapability> {
        DeviceCapability::ALL.into_iter().find(|part| part.name() == name)
    }
}

/// What the app says of its device.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct DeviceReport {
    /// What sort of device.
    pub form: DeviceForm,
    /// What it has, in any order; the same part twice is once.
    pub capabilities: Vec<DeviceCapability>,
}

/// A step and whether this device can do it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct DeviceStep {
    /// `show_code`, `scan`, `tap`, `face_check`, `finger`, `sms`.
    pub step: String,
    /// The step in words.
    pub text: String,
    /// Whether to offer it here.
    pub offered: bool,
    /// Where it is not offered: what is missing and where the step can be done, in words.
    pub instead: Option<String>,
}

/// This device as the wallet knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct DeviceReportView {
    /// What sort of device.
    pub form: DeviceForm,
    /// Its sort in words.
    pub form_text: String,
    /// What it has.
    pub capabilities: Vec<DeviceCapability>,
    /// Whether the service knows all of this. If not, it is told with the next refresh.
    pub told: bool,
    /// Every step with whether it is offered here.
    pub steps: Vec<DeviceStep>,
}

/// Which part a step needs.
const STEPS: [(&str, Option<DeviceCapability>); 6] = [
    ("show_code", None),
    ("scan", Some(DeviceCapability::Camera)),
    ("tap", Some(DeviceCapability::Nfc)),
    ("face_check", Some(DeviceCapability::Camera)),
    ("finger", Some(DeviceCapability::Biometrics)),
    ("sms", Some(DeviceCapability::Sim)),
];

impl AccountClient {
    /// Says what this device is and has: at the first start, and whenever it may have changed (a SIM card taken out). Kept; the
    /// service is told when this phone is one of an account and something changed, now or with the next refresh. Saying the same
    /// again does nothing.
    pub async fn describe_device(&self, report: DeviceReport) -> Outcome<DeviceReportView> {
        let has: Vec<&str> = DeviceCapability::ALL.into_iter().filter(|part| report.capabilities.contains(part)).map(DeviceCapability::name).collect();
        let (form, has, now) = (report.form.name(), has.join(" "), self.core.now());
        self.core
            .open_files(move |files| {
                let known = files.ledger(device_report::load)?;
                if known.is_some_and(|known| known.form == form && known.capabilities == has) {
                    return Ok(());
                }
                files.commit(now, |tx, log| {
                    device_report::save(tx, form, &has, now)?;
                    log.append(tx, "account", "device_described", form.as_bytes())
                })
            })
            .await?;
        let _ = tell_device(&self.core).await;
        self.device_steps().await
    }

    /// This device, and which steps to offer on it. Works without network; `not_found` before `describe_device`.
    pub async fn device_steps(&self) -> Outcome<DeviceReportView> {
        let row = self.core.open_files(|files| files.ledger(device_report::load)).await?.ok_or(Code::NotFound)?;
        let device = self.core.identity().ok().map(|own| own.device_id);
        let (language, form) = (self.core.settings.language, DeviceForm::from_name(&row.form));
        let capabilities = parts(row.capabilities.split_whitespace());
        Ok(DeviceReportView {
            form,
            form_text: say(language, &format!("device.{}", form.name()), &[]),
            told: device.is_some() && row.told_to == device,
            steps: steps(language, &capabilities),
            capabilities,
        })
    }
}

/// The parts that this version knows.
pub(super) fn parts<'a>(names: impl Iterator<Item = &'a str>) -> Vec<DeviceCapability> {
    names.filter_map(DeviceCapability::from_name).collect()
}

/// The parts in words.
pub(super) fn part_texts(language: Language, parts: &[DeviceCapability]) -> Vec<String> {
    parts.iter().map(|part| say(language, &format!("device_part.{}", part.name()), &[])).collect()
}

fn steps(language: Language, has: &[DeviceCapability]) -> Vec<DeviceStep> {
    let step = |(step, needs): (&str, Option<DeviceCapability>)| {
        let offered = needs.is_none_or(|part| has.contains(&part));
        DeviceStep {
            step: step.to_owned(),
            text: say(language, &format!("device_step.{step}.text"), &[]),
            offered,
            instead: (!offered).then(|| say(language, &format!("device_step.{step}.instead"), &[])),
        }
    };
    STEPS.into_iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::exists;

    #[test]
    fn every_set_of_parts_offers_the_steps_that_it_carries_and_says_where_the_others_are_done() {
        for bits in 0u32..32 {
            let has: Vec<_> = DeviceCapability::ALL.into_iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1).map(|(_, part)| part).collect();
            assert_eq!(parts(has.iter().map(|part| part.name())), has);
            for language in [Language::ZhCn, Language::En] {
                let offered = steps(language, &has);
                assert_eq!(offered[0].step, "show_code");
                assert!(offered[0].offered, "a code can always be shown");
                for (step, (name, needs)) in offered.iter().zip(STEPS) {
                    assert_eq!((step.step.as_str(), step.offered), (name, needs.is_none_or(|part| has.contains(&part))));
                    assert_eq!(step.instead.is_none(), step.offered);
                    assert!(!step.text.starts_with("device_step") && step.instead.as_deref().is_none_or(|text| !text.starts_with("device_step")));
                }
            }
        }
        for part in DeviceCapability::ALL {
            assert!(exists(&format!("device_part.{}", part.name())));
        }
        assert_eq!(parts(["camera", "teleporter", "CAMERA", ""].into_iter()), [DeviceCapability::Camera]);
    }
}
