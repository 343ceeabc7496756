//! Everything that this phone has about the person, as files that a person can read: a page to begin with, tables for
//! spreadsheets, JSON for programs, receipts that anybody can verify.
//!
//! ```text
//! begin ─ written down where it goes ─→ pages of rows, one step each ─→ page, sums, manifest ─→ renamed into its place
//!            └─ cut short: removed at once, or by the next opening
//! ```
//! Nothing secret is in it, and no whole number of a card or document: this phone has none.

mod about;
mod csv;
mod lines;
mod page;
mod sink;
mod steps;

use super::{DataClient, ExportProgress, ExportReport, ExportRequest};
use crate::error::{Outcome, WalletError};
use crate::tables::exports;
use kabao_base::Code;
use sink::Sink;
use std::path::{Path, PathBuf};
use steps::Work;

impl DataClient {
    /// Writes everything that this phone has about the person into a new folder: `index.html` to begin with, tables as CSV
    /// and JSON, receipts as they were signed (`kabao verify` reads them), and the SHA-256 of every file. The seals of the
    /// journal and the signatures of the receipts are checked on the way, and the page says how that came out. Works
    /// without network; takes as long as the history is and the memory of one page of it. Sync before, if the newest is
    /// wanted.
    ///
    /// The folder appears when it is whole. Cut short by an error or by a caller that gives up, nothing of it stays; killed,
    /// the next opening removes what is left.
    ///
    /// # Errors
    /// `export_exists` when there is something under that name, `export_folder` for a place where no folder can be made or
    /// that is the wallet's own, `export_running` while another one is written, `storage_full` when the room ends (or
    /// `room_bytes` is used up), `storage_read_only` and `storage_failed` for what their names say, `locked` when the wallet
    /// is locked meanwhile.
    pub async fn export(&self, request: ExportRequest) -> Outcome<ExportReport> {
        let target = self.checked(&request.folder)?;
        let alone = self.core.exporting.try_lock().map_err(|_| WalletError::from(Code::ExportRunning))?;
        let (id, now) = (self.core.new_id()?, self.core.now());
        let (part, room) = (exports::part(&target, id), request.room_bytes);
        let (written_down, begun) = (target.clone(), part.clone());
        let sink = self
            .core
            .open_files(move |files| {
                files.tidy_exports(now)?;
                if sink::exists(&target)? {
                    return Err(Code::ExportExists.into());
                }
                // Where it goes is known before anything lies there.
                files.mine_write(now, |tx| exports::begin(tx, id, &target, now))?;
                Sink::new(begun, target, room)
            })
            .await;
        let done = match sink {
            Ok(sink) => self.write(Work::new(sink)).await,
            Err(error) => Err(error),
        };
        self.core.exported.send_replace(None);
        let ended = self.core.now();
        let outcome = match done {
            Ok((mut report, work)) => {
                report.folder = written_down.display().to_string();
                let (files_written, bytes) = (report.files, report.bytes);
                self.core
                    .open_files(move |files| {
                        work.finish()?;
                        files.mine_write(ended, |tx| exports::end(tx, id, ended, files_written, bytes))
                    })
                    .await
                    .map(|()| report)
            }
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            // Nothing lies there any more; the note goes too. A wallet that was locked does it when it is opened.
            let _ = self.core.open_files(move |files| files.tidy_exports(ended)).await;
        }
        drop(alone);
        outcome
    }

    /// How far the export is that is being written; absent when there is none.
    pub fn export_progress(&self) -> Option<ExportProgress> {
        if self.core.exporting.try_lock().is_ok() {
            return None;
        }
        self.core.exported.borrow().map(|(done, total)| ExportProgress { done, total })
    }

    /// A folder that can be made: its name is a name, the folder above is there, and it is not the wallet's own.
    fn checked(&self, folder: &str) -> Outcome<PathBuf> {
        let refused = || WalletError::from(Code::ExportFolder).in_field("folder");
        let path = Path::new(folder);
        if folder.len() > 4096 || folder.contains('\0') || path.file_name().is_none_or(|name| name.len() > 150) {
            return Err(refused());
        }
        let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let above = above.canonicalize().map_err(|_| refused())?;
        let own = self.core.settings.folder.canonicalize().map_err(|_| refused())?;
        if !above.is_dir() || above.starts_with(&own) {
            return Err(refused());
        }
        Ok(above.join(path.file_name().unwrap_or_default()))
    }
}
