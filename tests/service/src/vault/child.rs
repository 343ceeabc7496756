//! The vault as a child process: frames of JSON over its standard input and output, each with its length
//! (4 bytes, big-endian) before it. One call at a time. A child that dies is started anew; the call that
//! met its death fails, and the caller says *cannot now*.

use super::{Engine, PIN_ROUNDS, VaultAnswer, VaultCall, VaultDown};
use crate::world::RealWorld;
use kabao_base::Timestamp;
use kabao_outside::World;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

const MAX_FRAME: u32 = 16 << 20;

#[derive(Serialize, Deserialize)]
struct Frame<T> {
    seq: u64,
    now: i64,
    body: T,
}

fn write_frame<T: Serialize>(to: &mut impl Write, frame: &Frame<T>) -> io::Result<()> {
    let bytes = Zeroizing::new(serde_json::to_vec(frame)?);
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= MAX_FRAME).ok_or(io::ErrorKind::InvalidData)?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(&bytes)?;
    to.flush()
}

fn read_frame<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Frame<T>> {
    let mut length = [0u8; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > MAX_FRAME {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Zeroizing::new(vec![0u8; usize::try_from(length).unwrap_or(0)]);
    from.read_exact(&mut bytes)?;
    serde_json::from_slice(&bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// The clock of the vault: the service's, as of the call being answered. Its randomness is its own.
struct ToldWorld {
    now: AtomicI64,
}

impl World for ToldWorld {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now.load(Ordering::SeqCst))
    }

    fn random(&self, bytes: &mut [u8]) {
        RealWorld.random(bytes);
    }
}

/// The whole life of the vault's process: opens its files under `data_dir`, then answers frames until its
/// input ends. Ends with an error when its files cannot be used.
pub fn run_vault(data_dir: &Path, stdin: impl Read, stdout: impl Write) -> io::Result<()> {
    let (mut stdin, mut stdout) = (stdin, stdout);
    let world = Arc::new(ToldWorld { now: AtomicI64::new(RealWorld.now().as_ms()) });
    let mut engine = Engine::open(data_dir, world.clone(), PIN_ROUNDS)?;
    loop {
        let frame: Frame<VaultCall> = match read_frame(&mut stdin) {
            Ok(frame) => frame,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        };
        world.now.store(frame.now, Ordering::SeqCst);
        let body = engine.answer(Timestamp::from_ms(frame.now), frame.body).ok();
        write_frame(&mut stdout, &Frame { seq: frame.seq, now: frame.now, body })?;
    }
}

struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A vault in a child process.
pub struct ChildVault {
    exe: PathBuf,
    args: Vec<String>,
    process: Mutex<(Option<Process>, u64)>,
}

impl ChildVault {
    pub(super) fn spawn(exe: &Path, args: &[String]) -> io::Result<ChildVault> {
        let first = start(exe, args)?;
        Ok(ChildVault { exe: exe.to_owned(), args: args.to_vec(), process: Mutex::new((Some(first), 0)) })
    }

    /// The process number of the child, for tests that kill it.
    pub fn process_id(&self) -> Option<u32> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner).0.as_ref().map(|process| process.child.id())
    }

    pub(super) fn call(&self, now: Timestamp, call: VaultCall) -> Result<VaultAnswer, VaultDown> {
        let mut held = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let (slot, seq) = &mut *held;
        if slot.is_none() {
            *slot = start(&self.exe, &self.args).ok();
        }
        let process = slot.as_mut().ok_or(VaultDown)?;
        *seq = seq.wrapping_add(1);
        let frame = Frame { seq: *seq, now: now.as_ms(), body: call };
        let answer = write_frame(&mut process.stdin, &frame).and_then(|()| read_frame::<Option<VaultAnswer>>(&mut process.stdout));
        match answer {
            Ok(answer) if answer.seq == *seq => answer.body.ok_or(VaultDown),
            _ => {
                // Dead, or out of step: whatever it still says belongs to no call. The next call meets a new one.
                *slot = start(&self.exe, &self.args).ok();
                Err(VaultDown)
            }
        }
    }
}

fn start(exe: &Path, args: &[String]) -> io::Result<Process> {
    let mut child = Command::new(exe).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let pipes = (child.stdin.take(), child.stdout.take());
    let (Some(stdin), Some(stdout)) = pipes else { return Err(io::ErrorKind::BrokenPipe.into()) };
    Ok(Process { child, stdin, stdout })
}
