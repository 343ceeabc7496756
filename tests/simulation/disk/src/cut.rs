//! What is left when the power goes.

use crate::{Random, Step};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The files of a folder by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What a disk loses or keeps in one piece.
const SECTOR: u64 = 512;

/// What is kept of that which was written and not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keep {
    /// Nothing.
    Nothing,
    /// Each sector of 512 bytes, and each change of length, by the toss of a coin.
    Half,
    /// Everything.
    All,
    /// Everything up to one sector, of which only the beginning is new.
    Torn,
    /// Out of order: of each file nothing, everything or some whole writes, the later perhaps without the earlier.
    Reordered,
}

impl Keep {
    /// All of them.
    pub const ALL: [Keep; 5] = [Keep::Nothing, Keep::Half, Keep::All, Keep::Torn, Keep::Reordered];
}

/// What is kept of the folder's entries that changed since the folder was synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entries {
    /// Every change.
    Kept,
    /// Everything but removals: a removed file is there again.
    Undone,
    /// No change: what was made is gone, what was removed is there, what was renamed has its old name.
    Lost,
    /// Some of them, in any order.
    Some,
}

/// When a removal lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folder {
    /// After any sync of the folder, as POSIX file systems have it.
    Posix,
    /// Only after a sync of the folder that was asked for with the removal, or by name: a file system that keeps a promise
    /// for nothing but what it was asked for.
    Strict,
}

#[derive(Clone, Debug)]
enum Piece {
    Write(u64, Arc<[u8]>),
    Length(u64),
}

#[derive(Clone, Debug, Default)]
struct Node {
    disk: Vec<u8>,
    waiting: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Change {
    Put(String, usize),
    Out(String),
    Move(String, String),
}

/// A walk through a journal: the state of the disk, and of what is on its way to it.
#[derive(Clone, Debug)]
pub struct Replay {
    nodes: Vec<Node>,
    seen: BTreeMap<String, usize>,
    held: BTreeMap<String, usize>,
    waiting: Vec<Change>,
    model: Folder,
}

impl Replay {
    /// Before the first operation: these files, all of them on the disk.
    #[must_use]
    pub fn begin(files: Files, model: Folder) -> Replay {
        let mut replay = Replay { nodes: Vec::new(), seen: BTreeMap::new(), held: BTreeMap::new(), waiting: Vec::new(), model };
        for (name, disk) in files {
            replay.seen.insert(name, replay.nodes.len());
            replay.nodes.push(Node { disk, waiting: Vec::new() });
        }
        replay.held = replay.seen.clone();
        replay
    }

    /// One operation further.
    pub fn step(&mut self, step: &Step) {
        match step {
            Step::Create { file } => {
                self.nodes.push(Node::default());
                self.change(Change::Put(file.clone(), self.nodes.len() - 1));
            }
            Step::Write { file, offset, bytes } => self.piece(file, Piece::Write(*offset, Arc::clone(bytes))),
            Step::Truncate { file, size } => self.piece(file, Piece::Length(*size)),
            Step::Sync { file, folder } => {
                if let Some(node) = self.node(file) {
                    node.settle();
                }
                if *folder {
                    self.settle(self.model == Folder::Posix);
                }
            }
            Step::SyncFailed { file } => {
                if let Some(node) = self.node(file) {
                    node.waiting.clear();
                }
            }
            Step::Remove { file, folder } => {
                self.change(Change::Out(file.clone()));
                if *folder {
                    self.settle(true);
                }
            }
            Step::Rename { from, to } => self.change(Change::Move(from.clone(), to.clone())),
            Step::SyncFolder => self.settle(true),
            Step::Mark(_) => {}
        }
    }

    fn node(&mut self, file: &str) -> Option<&mut Node> {
        let place = *self.seen.get(file)?;
        self.nodes.get_mut(place)
    }

    fn piece(&mut self, file: &str, piece: Piece) {
        if let Some(node) = self.node(file) {
            node.waiting.push(piece);
        }
    }

    fn change(&mut self, change: Change) {
        apply(&mut self.seen, &change);
        self.waiting.push(change);
    }

    /// The folder is synced; with `removals`, those last too.
    fn settle(&mut self, removals: bool) {
        let mut later: Vec<Change> = Vec::new();
        for change in self.waiting.drain(..) {
            match &change {
                Change::Out(_) if !removals => later.push(change),
                Change::Put(name, _) => {
                    later.retain(|other| !matches!(other, Change::Out(out) if out == name));
                    apply(&mut self.held, &change);
                }
                _ => apply(&mut self.held, &change),
            }
        }
        self.waiting = later;
    }

    /// The sorts of entries that differ at this moment.
    #[must_use]
    pub fn entries(&self) -> Vec<Entries> {
        match self.waiting.len() {
            0 => vec![Entries::Kept],
            1 => vec![Entries::Kept, Entries::Undone, Entries::Lost],
            _ => vec![Entries::Kept, Entries::Undone, Entries::Lost, Entries::Some],
        }
    }

    /// The files that are there after the power came back.
    #[must_use]
    pub fn survivors(&self, keep: Keep, entries: Entries, random: &mut Random) -> Files {
        let mut names = self.held.clone();
        for change in &self.waiting {
            let lasts = match entries {
                Entries::Kept => true,
                Entries::Undone => !matches!(change, Change::Out(_)),
                Entries::Lost => false,
                Entries::Some => random.coin(),
            };
            if lasts {
                apply(&mut names, change);
            }
        }
        let bytes = |node: usize, random: &mut Random| self.nodes.get(node).map(|node| node.survivor(keep, random));
        names.into_iter().filter_map(|(name, node)| Some((name, bytes(node, random)?))).collect()
    }
}

fn apply(names: &mut BTreeMap<String, usize>, change: &Change) {
    match change {
        Change::Put(name, node) => drop(names.insert(name.clone(), *node)),
        Change::Out(name) => drop(names.remove(name)),
        Change::Move(from, to) => {
            if let Some(node) = names.remove(from) {
                names.insert(to.clone(), node);
            }
        }
    }
}

impl Node {
    fn settle(&mut self) {
        for piece in self.waiting.drain(..) {
            lay(&mut self.disk, &piece);
        }
    }

    fn survivor(&self, keep: Keep, random: &mut Random) -> Vec<u8> {
        let mut disk = self.disk.clone();
        let mut lay_all = |pieces: &mut dyn Iterator<Item = &Piece>| pieces.for_each(|piece| lay(&mut disk, piece));
        match keep {
            Keep::Nothing => {}
            Keep::All => lay_all(&mut self.waiting.iter()),
            Keep::Half => lay_all(&mut self.sectors().iter().filter(|_| random.coin())),
            Keep::Torn => {
                let mut sectors = self.sectors();
                let torn = random.below(sectors.len());
                sectors.truncate(torn + 1);
                match sectors.pop() {
                    Some(Piece::Write(offset, bytes)) => {
                        let new = random.below(bytes.len()).max(1).min(bytes.len());
                        sectors.push(Piece::Write(offset, bytes.iter().copied().take(new).collect()));
                    }
                    Some(Piece::Length(_)) | None => {}
                }
                lay_all(&mut sectors.iter());
            }
            Keep::Reordered => match random.below(3) {
                0 => {}
                1 => lay_all(&mut self.waiting.iter()),
                _ => lay_all(&mut self.waiting.iter().filter(|_| random.coin())),
            },
        }
        disk
    }

    /// What waits, cut at the borders of sectors.
    fn sectors(&self) -> Vec<Piece> {
        let mut sectors = Vec::new();
        for piece in &self.waiting {
            let Piece::Write(offset, bytes) = piece else {
                sectors.push(piece.clone());
                continue;
            };
            let (mut offset, mut rest): (u64, &[u8]) = (*offset, bytes);
            while !rest.is_empty() {
                let room = usize::try_from(SECTOR - offset % SECTOR).unwrap_or(rest.len());
                let (head, tail) = rest.split_at(room.min(rest.len()));
                sectors.push(Piece::Write(offset, head.into()));
                offset += head.len() as u64;
                rest = tail;
            }
        }
        sectors
    }
}

fn lay(disk: &mut Vec<u8>, piece: &Piece) {
    match piece {
        Piece::Length(size) => disk.resize(usize::try_from(*size).unwrap_or(disk.len()), 0),
        Piece::Write(offset, bytes) => {
            let Ok(begin) = usize::try_from(*offset) else { return };
            let end = begin.saturating_add(bytes.len());
            if disk.len() < end {
                disk.resize(end, 0);
            }
            if let Some(place) = disk.get_mut(begin..end) {
                place.copy_from_slice(bytes);
            }
        }
    }
}

/// Writes files into a folder, which is made if it is not there.
///
/// # Errors
/// The system's.
pub fn put(folder: &Path, files: &Files) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    files.iter().try_for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> String {
        text.to_owned()
    }

    fn write(file: &str, offset: u64, byte: u8, length: usize) -> Step {
        Step::Write { file: name(file), offset, bytes: vec![byte; length].into() }
    }

    fn replay(model: Folder, steps: &[Step]) -> Replay {
        let mut replay = Replay::begin(Files::from([(name("old"), vec![9; 4])]), model);
        steps.iter().for_each(|step| replay.step(step));
        replay
    }

    #[test]
    fn what_is_synced_stays_and_what_is_not_may_go() {
        let steps = [
            Step::Create { file: name("a") },
            write("a", 0, 1, 1024),
            Step::Sync { file: name("a"), folder: true },
            write("a", 512, 2, 1024),
        ];
        let replay = replay(Folder::Posix, &steps);
        assert_eq!(replay.entries(), [Entries::Kept]);
        let mut shapes = std::collections::BTreeSet::new();
        for seed in 0..200 {
            for keep in Keep::ALL {
                let files = replay.survivors(keep, Entries::Kept, &mut Random::of(&[seed]));
                let a = &files["a"];
                assert_eq!(a[..512], [1; 512], "{keep:?}");
                assert_eq!(files["old"], [9; 4]);
                match keep {
                    Keep::Nothing => assert_eq!(a[..], [1; 1024]),
                    Keep::All => assert_eq!((a.len(), &a[512..]), (1536, &[2; 1024][..])),
                    Keep::Half => {
                        assert!(a[512..1024] == [1; 512] || a[512..1024] == [2; 512]);
                        shapes.insert((a.len(), a[600]));
                    }
                    Keep::Torn => {
                        let new = a[512..].iter().take_while(|byte| **byte == 2).count();
                        assert!((1..1024).contains(&new), "{new}");
                    }
                    Keep::Reordered => assert!(a.len() == 1024 || a.len() == 1536),
                }
            }
        }
        assert_eq!(shapes.len(), 4, "{shapes:?}");
    }

    #[test]
    fn a_later_write_can_come_without_an_earlier_one() {
        let replay = replay(Folder::Posix, &[write("old", 0, 1, 1), write("old", 3, 2, 1)]);
        let found: std::collections::BTreeSet<Vec<u8>> = (0..100)
            .map(|seed| replay.survivors(Keep::Reordered, Entries::Kept, &mut Random::of(&[seed]))["old"].clone())
            .collect();
        assert!(found.contains(&vec![9, 9, 9, 2]) && found.contains(&vec![1, 9, 9, 2]) && found.contains(&vec![9; 4]), "{found:?}");
    }

    #[test]
    fn entries_wait_for_their_folder() {
        let gone = Step::Remove { file: name("old"), folder: false };
        let made = Step::Create { file: name("new") };
        let names = |replay: &Replay, entries| -> Vec<String> {
            replay.survivors(Keep::All, entries, &mut Random::of(&[1])).into_keys().collect()
        };
        let open = replay(Folder::Posix, &[gone.clone(), made.clone()]);
        assert_eq!(names(&open, Entries::Kept), ["new"]);
        assert_eq!(names(&open, Entries::Undone), ["new", "old"]);
        assert_eq!(names(&open, Entries::Lost), ["old"]);
        let synced = Step::Sync { file: name("new"), folder: true };
        let posix = replay(Folder::Posix, &[gone.clone(), made.clone(), synced.clone()]);
        assert_eq!((posix.entries(), names(&posix, Entries::Lost)), (vec![Entries::Kept], vec![name("new")]));
        let strict = replay(Folder::Strict, &[gone.clone(), made, synced]);
        assert_eq!(names(&strict, Entries::Undone), ["new", "old"]);
        let own = replay(Folder::Strict, &[gone, Step::SyncFolder]);
        assert_eq!(names(&own, Entries::Undone), Vec::<String>::new());
    }

    #[test]
    fn a_name_that_is_used_again_stands_for_the_new_file() {
        let again = [
            Step::Remove { file: name("old"), folder: false },
            Step::Create { file: name("old") },
            write("old", 0, 5, 2),
            Step::Sync { file: name("old"), folder: true },
        ];
        for model in [Folder::Posix, Folder::Strict] {
            let replay = replay(model, &again);
            for entries in [Entries::Kept, Entries::Undone, Entries::Lost] {
                assert_eq!(replay.survivors(Keep::Nothing, entries, &mut Random::of(&[1]))["old"], [5, 5], "{model:?} {entries:?}");
            }
        }
        let moved = replay(Folder::Posix, &[Step::Rename { from: name("old"), to: name("aside") }]);
        assert_eq!(moved.survivors(Keep::All, Entries::Lost, &mut Random::of(&[1])).into_keys().collect::<Vec<_>>(), ["old"]);
        assert_eq!(moved.survivors(Keep::All, Entries::Kept, &mut Random::of(&[1])).into_keys().collect::<Vec<_>>(), ["aside"]);
    }

    #[test]
    fn what_a_failed_sync_had_before_it_never_comes() {
        let failed = Step::SyncFailed { file: name("old") };
        let replay = replay(Folder::Posix, &[write("old", 0, 1, 4), failed, write("old", 2, 2, 1), Step::Sync { file: name("old"), folder: false }]);
        assert_eq!(replay.survivors(Keep::All, Entries::Kept, &mut Random::of(&[1]))["old"], [9, 9, 2, 9]);
    }
}
