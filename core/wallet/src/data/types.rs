//! What crosses to the apps.

use kabao_base::Timestamp;

/// Where something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum DataPlace {
    /// `ledger.db` on this phone: what must not be lost.
    Ledger,
    /// `mine.db` on this phone: what the person made.
    Mine,
    /// `cache.db` on this phone: what the service can give again.
    Cache,
    /// The phone's key store.
    KeyStore,
    /// The app's memory, while a call runs.
    Memory,
    /// The wallet service.
    Service,
}

/// What ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum DataEnd {
    /// It goes with `erase_this_phone`, or when the account is closed.
    Erasing,
    /// It may be dropped at any time; the service gives it again.
    AnyTime,
    /// It is wiped when the call that needs it ends.
    CallEnds,
    /// The service keeps it until the account is closed, and after that as long as the law asks.
    AfterClosing,
}

/// One class of data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct InventoryItem {
    /// Its stable name: `payments`, `receipts`, `file_key`.
    pub id: String,
    /// What it is, in words.
    pub what: String,
    /// Why it is kept, in words.
    pub why: String,
    /// Where.
    pub place: DataPlace,
    /// Where, in words.
    pub place_text: String,
    /// How long, in words.
    pub keep_text: String,
    /// How many rows or keys there are now; absent for what this phone cannot count.
    pub count: Option<u64>,
    /// How many bytes its content has; absent likewise. The files on disk are a little larger.
    pub bytes: Option<u64>,
    /// Whether it is encrypted where it lies.
    pub encrypted: bool,
    /// Whether an export holds it.
    pub exportable: bool,
    /// What ends it.
    pub end: DataEnd,
    /// What ends it, in words.
    pub end_text: String,
}

/// What a file in the wallet's folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum InventoryFileKind {
    /// One of the three files.
    Database,
    /// What the database keeps beside one of them: the newest changes, until they are folded in.
    Log,
    /// Says that the folder is in use; empty.
    Lock,
    /// Files of an earlier wallet whose key was lost, set aside unread.
    SetAside,
    /// Nothing that this version of the wallet makes: left over by another version, by a crash or by somebody else.
    Unknown,
}

/// One file in the wallet's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct InventoryFile {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: InventoryFileKind,
    /// What it is, in words.
    pub kind_text: String,
    /// Its length.
    pub bytes: u64,
    /// Whether its content is encrypted; of an unknown file nobody knows, so it counts as not.
    pub encrypted: bool,
}

/// Everything that is kept: on this phone counted now, at the service by what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct InventoryView {
    /// Classes of data, those of this phone first.
    pub items: Vec<InventoryItem>,
    /// The files on disk.
    pub files: Vec<InventoryFile>,
    /// How many bytes the files take together.
    pub file_bytes: u64,
    /// Whether every table and every file is one that the list knows. If not, a newer or older app, a crash or somebody
    /// else left something; `files` names it.
    pub complete: bool,
    /// When it was counted.
    pub at: Timestamp,
}

/// How sensitive something that is typed is, after JR/T 0171-2020.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum FieldClass {
    /// A number or setting that says nothing about the person.
    Internal,
    /// About the person: kept encrypted, shown masked, never in a log.
    Personal,
    /// Proves or pays: never written anywhere by the wallet, wiped when the call ends.
    Secret,
}

/// Something that a person types or an app hands over, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct FieldView {
    /// The name of the argument: `card_number`.
    pub name: String,
    /// How sensitive.
    pub class: FieldClass,
    /// What it is, in words.
    pub what: String,
    /// What it is for, in words.
    pub why: String,
    /// How long the wallet has it, in words.
    pub keep_text: String,
    /// What is shown of it later, in words.
    pub mask_text: String,
    /// Whether it is never written to a file or a log by the wallet. An app treats it likewise: no screenshot, no
    /// clipboard, no state that is saved.
    pub never_kept: bool,
}

/// What erasing needs.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
pub struct EraseRequest {
    /// What the person typed to confirm: the word of `erase_word`.
    pub word: String,
    /// Erase although payments of this phone have no result yet. They go on at the service; another phone, or this one set
    /// up anew, finds them.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub despite_open: bool,
}

impl std::fmt::Debug for EraseRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("EraseRequest(…)")
    }
}

/// Where an export goes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ExportRequest {
    /// A folder that is not there yet, in one that is: a place of the app's own, from which the person shares or moves it.
    /// What lies in it is not encrypted.
    pub folder: String,
    /// The most bytes that it may take; absent for no limit. Beyond it the export fails with `storage_full`.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub room_bytes: Option<u64>,
}

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ExportProgress {
    /// Records, payments and receipts that are written.
    pub done: u64,
    /// How many there are.
    pub total: u64,
}

/// An export that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ExportReport {
    /// Where it is.
    pub folder: String,
    /// How many files it has.
    pub files: u32,
    /// How many bytes they have together.
    pub bytes: u64,
    /// How many receipts are among them.
    pub receipts: u64,
    /// Records whose receipt does not verify, at most a hundred; the receipts are exported as they are.
    pub wrong_receipts: Vec<String>,
    /// The first event of this phone whose seal is wrong, if any: then somebody changed the files.
    pub first_wrong_event: Option<u64>,
    /// SHA-256 of `manifest.json`, which names the sums of everything else.
    pub manifest_sha256: String,
    /// Whether the history in it goes from the first entry to the newest that the service spoke of. If not, sync and
    /// export anew.
    pub history_complete: bool,
    /// When the history was synced last; absent when it never was on this phone.
    pub history_at: Option<Timestamp>,
    /// How far the history goes, in words.
    pub history_text: String,
    /// What is not in it because this phone never asked the service: `contacts`, `devices`, `own_caps`, `sign_in`,
    /// `consents`. Showing it once (or refreshing it) brings it.
    pub not_asked: Vec<String>,
}

/// How the consent to a document stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ConsentState {
    /// This phone became the account's and has not heard yet what was consented to on another one: `refresh_consents` asks.
    Unknown,
    /// Never given.
    Missing,
    /// Given to the version of today, as far as this phone knows it.
    Given,
    /// Given to an earlier version, or lost by the service: the text of today has to be consented to anew before it is needed again.
    Outdated,
    /// Given and withdrawn.
    Withdrawn,
}

/// A document and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ConsentDocument {
    /// Its name: `terms`, `privacy`, `real_name`, `face`, `card_binding`.
    pub document: String,
    /// Its title, in words.
    pub title: String,
    /// Which steps refuse without it (`consent_missing`, the document in `field`), in words.
    pub needed_for: String,
    /// How it stands.
    pub state: ConsentState,
    /// How it stands, in words.
    pub state_text: String,
    /// The version that the service showed last; absent before the first `refresh_consents`.
    pub current_version: Option<String>,
    /// The version that counts now; absent when none does.
    pub given_version: Option<String>,
    /// What ends with a withdrawal and what stays by law, in words: to be shown before the person withdraws.
    pub afterwards: String,
}

/// A document as it is shown before the person consents.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ConsentText {
    /// Its name.
    pub document: String,
    /// Its title, in words.
    pub title: String,
    /// The version of today, which `give_consent` takes.
    pub version: String,
    /// SHA-256 of the text, hexadecimal: kept with the consent.
    pub digest: String,
    /// The text.
    pub text: String,
}

/// One consent that was given, and perhaps withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ConsentEntry {
    /// Its id.
    pub consent_id: String,
    /// To which document.
    pub document: String,
    /// The document's title, in words.
    pub title: String,
    /// To which version.
    pub version: String,
    /// SHA-256 of the text that was shown, hexadecimal; absent when it was given on another phone.
    pub digest: Option<String>,
    /// When it was given.
    pub given_at: Timestamp,
    /// When, in the time of China.
    pub given_text: String,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
    /// When, in the time of China.
    pub withdrawn_text: Option<String>,
    /// Whether the service knows how it stands. If not, it is told as soon as it can be reached; on this phone it counts.
    pub service_knows: bool,
}

/// Consents, now and before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ConsentsView {
    /// Every document there is.
    pub documents: Vec<ConsentDocument>,
    /// Everything that was given, oldest first.
    pub history: Vec<ConsentEntry>,
    /// When the versions of today were asked for; absent before that.
    pub as_of: Option<Timestamp>,
}
