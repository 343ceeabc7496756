//! Older copies of the book.

use super::{App, text};
use crate::http::errors::{Answer, Sent};
use crate::pay::rebuild as books;
use crate::refusal::{Outcome, Refusal};
use crate::store::{all, meta, run};
use crate::wire;
use axum::extract::State;
use kabao_base::Code;
use kabao_vault_sys::Cached;
use rusqlite::backup::Progress;
use rusqlite::params;
use serde_json::{Value, json};

/// Keeps a copy of the book as it is now.
pub async fn snapshot(State(service): App) -> Outcome<Answer> {
    let id = service.make_id().to_string();
    let folder = service.data.join("snapshots");
    std::fs::create_dir_all(&folder).map_err(|_| Refusal::down())?;
    let path = folder.join(format!("{id}.db"));
    let state = service.state();
    state.db.run("VACUUM INTO ?1", [path.to_str().ok_or_else(Refusal::down)?])?;
    Answer::json(200, &json!({"snapshot": id}))
}

/// Puts a copy back: a new epoch begins. With `"rebuild": false` the service stays in *cannot now*.
pub async fn restore(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let id = wire::id(text(&body, "snapshot")?, "snapshot")?;
    let path = service.data.join("snapshots").join(format!("{id}.db"));
    if !path.is_file() {
        return Err(Refusal::of(404, Code::NotFound));
    }
    let now = service.now();
    let epoch = {
        let mut state = service.state();
        // The epoch is the one thing that an older copy must not bring back.
        let before = meta::epoch(&state.db)?;
        // Requests name their time to the second, and a real restore takes longer than that: what was taken in this second stays known.
        let sql = "SELECT key_id, nonce, at FROM nonces WHERE at >= ?1";
        let second = now.as_ms().div_euclid(1_000).saturating_mul(1_000);
        let nonces: Vec<(String, String, i64)> = all(&state.db, sql, [second], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        state.db.restore("main", &path, None::<fn(Progress)>)?;
        let kept = meta::epoch(&state.db)?.max(before);
        meta::set(&state.db, "epoch", &kept.to_string())?;
        for (key, nonce, at) in nonces {
            run(&state.db, "INSERT OR IGNORE INTO nonces VALUES (?1, ?2, ?3)", params![key, nonce, at])?;
        }
        let epoch = books::begin(&mut state, now)?;
        // Before anybody is answered: a phone that was shut out stays so.
        crate::replace::reapply_all(&service, &mut state)?;
        epoch
    };
    if body.get("rebuild").and_then(Value::as_bool) != Some(false) {
        books::rebuild(&service)?;
    }
    Answer::json(200, &json!({"epoch": epoch}))
}

/// Reads the books of bank and acquirer; the service accepts again.
pub async fn rebuild(State(service): App) -> Outcome<Answer> {
    books::rebuild(&service)?;
    Answer::json(200, &json!({"epoch": meta::epoch(&service.state().db)?}))
}
