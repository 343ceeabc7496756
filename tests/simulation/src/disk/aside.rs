//! Setting aside files whose key is lost: the power goes between the moves. Whatever came of them, a person can begin
//! anew, and no byte of the old files is gone.

use super::{Figure, Points};
use crate::net::{Net, Weather};
use crate::phone::{Phone, Told, told};
use crate::world::SimWorld;
use axum::Router;
use kabao_base::Code;
use kabao_core::account::RegisterRequest;
use kabao_core::{ServiceSettings, Wallet};
use kabao_disk::{Disk, Files, Folder as Model, Step, put};
use std::path::Path;
use std::sync::Arc;

struct Place {
    world: Arc<SimWorld>,
    net: Arc<Net>,
    service: ServiceSettings,
}

impl Place {
    fn phone(&self, folder: &Path) -> Phone {
        Phone::new(folder.to_owned(), Arc::clone(&self.world), Arc::clone(&self.net), self.service.clone())
    }
}

/// All points of one setting aside, below `folder`.
///
/// # Errors
/// The setting aside itself failed: without a cut it must not.
pub async fn cut_everywhere(seed: u64, count: u64, folder: &Path) -> Told<Figure> {
    let world = Arc::new(SimWorld::new(seed, false));
    let net = Arc::new(Net::new(Arc::clone(&world), Router::new()));
    net.set(Weather { off: true, ..Weather::default() });
    let root = kabao_proof::SoftwareKey::from_secret(&[3; 32]).map_err(|error| error.to_string())?.public().to_string();
    let service = ServiceSettings {
        url: "https://wallet.test".to_owned(),
        tls_ca_pem: String::new(),
        spki_pins: Vec::new(),
        root_key: root,
        guid: "app.kabao".to_owned(),
        link_host: None,
    };
    let place = Place { world, net, service };
    let (before, steps) = moves(&place, folder).await?;
    let mut figure = Figure::over(steps.len());
    for seed in seed..seed.saturating_add(count) {
        for point in Points::of(before.clone(), &steps, Model::Posix, seed) {
            if figure.count(point.digest)
                && let Some(broken) = judge(&place, &before, &point.files, &folder.join("scratch")).await?
            {
                figure.break_at(format!("seed {seed} {}: {broken}", point.place()));
            }
        }
    }
    Ok(figure)
}

/// Files with a log beside them, as a backup restores them without their key, and what setting them aside does.
async fn moves(place: &Place, folder: &Path) -> Told<(Files, Vec<Step>)> {
    let (first, second) = (folder.join("first"), folder.join("second"));
    std::fs::create_dir_all(&first).map_err(|error| error.to_string())?;
    let _disk = Disk::watch(&first)?;
    let mut owner = place.phone(&first);
    let wallet = owner.start().await.map_err(told)?;
    let request = RegisterRequest { phone: crate::phone::PHONE.to_owned(), device_model: "Simulated phone".to_owned() };
    if wallet.account().register(request).await.is_ok() {
        return Err("there was a network".to_owned());
    }
    let before = files(&first)?;
    wallet.close().await.map_err(told)?;
    put(&second, &before).map_err(|error| error.to_string())?;
    let restored = place.phone(&second);
    let moved = aside(&restored, &second).await?;
    let mut steps = Vec::new();
    for to in moved {
        let (name, rest) = to.split_once(".aside-").ok_or("a strange name")?;
        let companion = rest.find('-').and_then(|dash| rest.get(dash..)).unwrap_or_default();
        // The folder is synced after each file with what belongs to it.
        if companion.is_empty() && !steps.is_empty() {
            steps.push(Step::SyncFolder);
        }
        steps.push(Step::Rename { from: format!("{name}{companion}"), to: to.clone() });
    }
    steps.push(Step::SyncFolder);
    Ok((before, steps))
}

async fn aside(phone: &Phone, folder: &Path) -> Told<Vec<String>> {
    Wallet::set_aside_lost(folder.to_string_lossy().into_owned(), Arc::clone(&phone.host) as _).await.map_err(told)
}

/// The files of a folder without the lock and the index beside the log.
fn files(folder: &Path) -> Told<Files> {
    let say = |error: std::io::Error| error.to_string();
    let mut files = Files::new();
    for entry in std::fs::read_dir(folder).map_err(say)? {
        let entry = entry.map_err(say)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != "lock" && !name.ends_with("-shm") {
            files.insert(name, std::fs::read(entry.path()).map_err(say)?);
        }
    }
    Ok(files)
}

async fn judge(place: &Place, before: &Files, left: &Files, scratch: &Path) -> Told<Option<String>> {
    let _ = std::fs::remove_dir_all(scratch);
    put(scratch, left).map_err(|error| error.to_string())?;
    let _disk = Disk::watch(scratch)?;
    let mut phone = place.phone(scratch);
    let mut came = phone.start().await;
    if came.as_ref().is_err_and(|error| error.is(Code::KeyLost)) {
        if let Err(error) = aside(&phone, scratch).await {
            return Ok(Some(format!("it cannot be set aside again: {error}")));
        }
        came = phone.start().await;
    }
    match came {
        Err(error) => return Ok(Some(format!("no new wallet begins: {}", told(error)))),
        Ok(wallet) => wallet.close().await.map_err(told)?,
    }
    phone.crash().await;
    let kept: Vec<Vec<u8>> = files(scratch)?.into_values().collect();
    let gone = before.iter().find(|(name, bytes)| !name.starts_with("cache.db") && !kept.contains(bytes));
    Ok(gone.map(|(name, _)| format!("{name} is gone")))
}
