//! What lies in memory when a file was closed: nothing of what it said. Looks through the whole process, as a core dump would.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod common;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use common::{CACHE, LEDGER, add, count, find, open};
use kabao_vault::{Folder, VaultError, WipingAllocator};

#[global_allocator]
static MEMORY: WipingAllocator = WipingAllocator::new();

const MASK: u8 = 0x5A;

/// How often the bytes lie in memory. They are given masked, so that the search does not find itself, and the buffer that
/// memory is read into is passed over.
fn times_in_memory(masked: &[u8]) -> usize {
    let mut buffer = vec![0_u8; 1 << 16];
    let own = buffer.as_ptr() as usize..buffer.as_ptr() as usize + buffer.len();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut memory = File::open("/proc/self/mem").unwrap();
    let mut times = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (from, to) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let (mut at, end) = (usize::from_str_radix(from, 16).unwrap(), usize::from_str_radix(to, 16).unwrap());
        while at < end {
            let length = buffer.len().min(end - at);
            memory.seek(SeekFrom::Start(at as u64)).unwrap();
            if memory.read_exact(&mut buffer[..length]).is_err() {
                break;
            }
            for (offset, window) in buffer[..length].windows(masked.len()).enumerate() {
                let found = window.iter().zip(masked).all(|(byte, hidden)| byte ^ MASK == *hidden);
                times += usize::from(found && !own.contains(&(at + offset)));
            }
            // What lies across two pieces is found in the second one.
            at += if length == buffer.len() { length - masked.len() } else { length };
        }
    }
    times
}

fn masked(text: &str) -> Vec<u8> {
    text.bytes().map(|byte| byte ^ MASK).collect()
}

/// Made anew from its masked form each time it is needed.
fn plain(masked: &[u8]) -> String {
    masked.iter().map(|byte| char::from(byte ^ MASK)).collect()
}

#[test]
fn a_closed_file_leaves_nothing_in_memory() {
    // No test program holds these texts: the words are put together here.
    let word = masked(&["quillwort", "heliotrope"].map(|half| half.chars().rev().collect::<String>()).concat());
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::lock(temp.path()).unwrap();
    let files = [open(&folder, &LEDGER), open(&folder, &CACHE)];
    for file in &files {
        for number in 0..300 {
            add(file, &format!("{} {number} at the market", plain(&word))).unwrap();
        }
        assert_eq!(find(file, &plain(&word)).len(), 300);
        let refused = file.read(|connection| {
            connection.pragma_update(None, "memory_security", "none").map_err(VaultError::from)?;
            Ok::<_, VaultError>(())
        });
        assert!(refused.is_err(), "nobody takes the wiping back");
    }
    assert!(times_in_memory(&word) > 20, "the search finds what an open file holds");
    for file in files {
        assert_eq!(count(&file), Ok(300));
        file.close().unwrap();
    }
    assert_eq!(times_in_memory(&word), 0);
}
