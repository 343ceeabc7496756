//! Which statements a connection may compile. Asked by the database for every statement.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use crate::VaultError;

/// Settings that answer a question and change nothing that matters.
const ASK: &[&str] = &[
    "analysis_limit",
    "application_id",
    "busy_timeout",
    "cache_size",
    "cell_size_check",
    "checkpoint_fullfsync",
    "compile_options",
    "data_version",
    "encoding",
    "foreign_keys",
    "freelist_count",
    "fullfsync",
    "journal_mode",
    "max_page_count",
    "page_count",
    "page_size",
    "query_only",
    "schema_version",
    "shrink_memory",
    "synchronous",
    "trusted_schema",
    "user_version",
];

/// Checks and maintenance, with or without an argument.
const WORK: &[&str] = &[
    "defer_foreign_keys",
    "foreign_key_check",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "optimize",
    "quick_check",
    "table_info",
    "table_list",
    "table_xinfo",
    "wal_checkpoint",
];

/// What is set while the file is being opened, and never afterwards.
const SET: &[&str] = &[
    "application_id",
    "cell_size_check",
    "checkpoint_fullfsync",
    "foreign_keys",
    "fullfsync",
    "journal_mode",
    "max_page_count",
    "query_only",
    "synchronous",
    "trusted_schema",
    "user_version",
];

/// The guard of one connection. While it is opening, settings may be changed; afterwards not.
pub(crate) struct Guard(Arc<AtomicBool>);

impl Guard {
    /// Puts the guard on a fresh connection.
    ///
    /// Attaching is always refused: a second file would not be covered by the key (`ATTACH .. KEY ''` writes plain
    /// text) and nothing may span two files. `VACUUM` attaches inside and is refused with it. Settings are a list of
    /// what is allowed, so that those of the cipher (key, rekey, cipher, hmac_check and what a later version adds) are
    /// refused, as are the cipher's SQL functions.
    pub(crate) fn install(connection: &mut Connection) -> Result<Self, VaultError> {
        let opening = Arc::new(AtomicBool::new(true));
        let phase = Arc::clone(&opening);
        connection.authorizer(Some(move |ask: AuthContext<'_>| {
            decide(&ask.action, phase.load(Ordering::Acquire))
        }))?;
        Ok(Self(opening))
    }

    /// From here on settings are fixed.
    pub(crate) fn opened(&self) {
        self.0.store(false, Ordering::Release);
    }
}

fn decide(action: &AuthAction<'_>, opening: bool) -> Authorization {
    let allowed = match action {
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => false,
        AuthAction::Pragma {
            pragma_name,
            pragma_value,
        } => {
            let name = pragma_name.to_ascii_lowercase();
            let listed = |list: &[&str]| list.contains(&name.as_str());
            listed(WORK) || (pragma_value.is_none() && listed(ASK)) || (opening && listed(SET))
        }
        AuthAction::Function { function_name } => {
            !function_name.to_ascii_lowercase().starts_with("sqlite3mc_")
        }
        _ => true,
    };
    if allowed {
        Authorization::Allow
    } else {
        Authorization::Deny
    }
}
