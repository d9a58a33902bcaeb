//! A disk that loses power, for tests: deterministic from its seeds.
//!
//! The model, pessimistic on purpose. What was not synced survives a loss of power in part:
//!
//! - of a file's writes, any subset of 512-byte sectors; a sector that does not survive has what
//!   was durable there before, or zeros;
//! - of a file's length, anything between the durable and the current one;
//! - of created and removed names, any subset.
//!
//! A failed sync is worse than none: any subset of the sectors became durable, and the disk
//! believes that all of them did, so that a later sync does not write them again. That is what
//! Linux does after a write-back error (P. Rebello and others, "Can Applications Recover from
//! fsync Failures?", USENIX ATC 2020).

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::memory::{copy_in, copy_out};
use super::{Access, Disk, File};

const SECTOR_BYTES: usize = 512;

/// What goes wrong at an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The power goes at the start of the operation (a write may still survive in part). All later
    /// operations fail; go on with [`SimulatedDisk::power_cycle`].
    PowerLoss,
    /// The operation fails with an input/output error. A write leaves its first half; see the
    /// module for what a sync leaves.
    Failure,
    /// As [`Fault::Failure`], for want of space.
    NoSpace,
}

/// A disk in memory that models what a loss of power leaves. Clones share the disk.
#[derive(Debug, Clone)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    random: u64,
    operations: u64,
    faults: BTreeMap<u64, Fault>,
    off: bool,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// Creations (`Some`) and removals since the last `sync_dir`.
    unsynced_names: Vec<(String, Option<usize>)>,
    files: Vec<Contents>,
}

#[derive(Debug, Default, Clone)]
struct Contents {
    current: Vec<u8>,
    durable: Vec<u8>,
    dirty: BTreeSet<usize>,
}

impl SimulatedDisk {
    /// An empty disk.
    pub fn new(seed: u64) -> SimulatedDisk {
        SimulatedDisk::from_state(State { random: seed, ..State::default() })
    }

    fn from_state(state: State) -> SimulatedDisk {
        SimulatedDisk { state: Arc::new(Mutex::new(state)) }
    }

    /// Makes operation number `operation` (from 0; only operations that change or sync something
    /// count) go wrong.
    pub fn inject(&self, operation: u64, fault: Fault) {
        self.lock().faults.insert(operation, fault);
    }

    /// How many counted operations there were.
    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// What is there after the power went now and came back: a new disk without faults. `seed`
    /// chooses what survives.
    pub fn power_cycle(&self, seed: u64) -> SimulatedDisk {
        let state = self.lock();
        let mut random = seed;
        // Vary how much survives, so that "nearly all" and "nearly nothing" both occur often.
        let survival = [0, 10, 50, 90, 100][below(&mut random, 5)];
        let mut names = state.durable_names.clone();
        for (name, change) in &state.unsynced_names {
            if chance(&mut random, survival) {
                match change {
                    Some(file) => names.insert(name.clone(), *file),
                    None => names.remove(name),
                };
            }
        }
        let survive = |file: &Contents| file.survivor(survival, &mut random);
        let files = state.files.iter().map(survive).collect();
        SimulatedDisk::from_state(State {
            random,
            durable_names: names.clone(),
            names,
            files,
            ..State::default()
        })
    }

    /// A copy as a process that was killed leaves it: nothing is lost, nothing more is durable.
    pub fn kill(&self) -> SimulatedDisk {
        let state = self.lock();
        SimulatedDisk::from_state(State {
            random: state.random,
            names: state.names.clone(),
            durable_names: state.durable_names.clone(),
            unsynced_names: state.unsynced_names.clone(),
            files: state.files.clone(),
            ..State::default()
        })
    }

    /// The current bytes of a file.
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.lock();
        let file = *state.names.get(name)?;
        Some(state.files[file].current.clone())
    }

    /// Replaces a file's bytes, durably: damage, or a file made by a test.
    pub fn replace(&self, name: &str, bytes: Vec<u8>) {
        let mut state = self.lock();
        let file = state.files.len();
        state.files.push(Contents {
            durable: bytes.clone(),
            current: bytes,
            dirty: BTreeSet::new(),
        });
        state.names.insert(name.to_owned(), file);
        state.durable_names.insert(name.to_owned(), file);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts an operation and says what goes wrong at it.
    fn step(&mut self) -> io::Result<Option<Fault>> {
        self.check_power()?;
        let fault = self.faults.get(&self.operations).copied();
        self.operations += 1;
        self.off = fault == Some(Fault::PowerLoss);
        Ok(fault)
    }

    /// As [`State::step`], for operations of which nothing happens when they fail.
    fn step_whole(&mut self) -> io::Result<()> {
        match self.step()? {
            None => Ok(()),
            Some(fault) => Err(fault.error()),
        }
    }

    fn check_power(&self) -> io::Result<()> {
        match self.off {
            true => Err(Fault::PowerLoss.error()),
            false => Ok(()),
        }
    }
}

impl Fault {
    fn error(self) -> io::Error {
        match self {
            Fault::PowerLoss => io::Error::other("the simulated power is off"),
            Fault::Failure => io::Error::other("simulated input/output error"),
            Fault::NoSpace => io::ErrorKind::StorageFull.into(),
        }
    }
}

impl Contents {
    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        copy_in(&mut self.current, offset, bytes)?;
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let end = start + bytes.len();
        self.dirty.extend(start / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES));
        Ok(())
    }

    fn truncate(&mut self, length: usize) {
        self.current.truncate(length);
        // The kernel zeroes the rest of the last sector.
        self.dirty.insert(length / SECTOR_BYTES);
    }

    /// Writes the length and the dirty sectors, and no others: see [`Contents::fail_sync`].
    fn sync(&mut self) {
        self.durable.resize(self.current.len(), 0);
        for sector in std::mem::take(&mut self.dirty) {
            copy_sector(&self.current, &mut self.durable, sector);
        }
    }

    /// Any subset of the dirty sectors becomes durable, and all are believed to be.
    fn fail_sync(&mut self, random: &mut u64) {
        if chance(random, 50) {
            self.durable.resize(self.current.len(), 0);
        }
        for sector in std::mem::take(&mut self.dirty) {
            if chance(random, 50) {
                copy_sector(&self.current, &mut self.durable, sector);
            }
        }
    }

    fn survivor(&self, survival: u64, random: &mut u64) -> Contents {
        let (low, high) = min_max(self.durable.len(), self.current.len());
        let mut bytes = self.durable.clone();
        bytes.resize(high, 0);
        for sector in &self.dirty {
            if chance(random, survival) {
                copy_sector(&self.current, &mut bytes, *sector);
            }
        }
        let length = match below(random, 3) {
            0 => self.current.len(),
            1 => self.durable.len(),
            _ => low + below(random, high - low + 1),
        };
        bytes.truncate(length);
        Contents { current: bytes.clone(), durable: bytes, dirty: BTreeSet::new() }
    }
}

/// Copies one sector; what is beyond the end of `from` reads as zeros.
fn copy_sector(from: &[u8], to: &mut [u8], sector: usize) {
    let start = sector * SECTOR_BYTES;
    for (index, byte) in to.iter_mut().enumerate().skip(start).take(SECTOR_BYTES) {
        *byte = from.get(index).copied().unwrap_or(0);
    }
}

fn min_max(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

impl Disk for SimulatedDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let state = self.lock();
        state.check_power()?;
        Ok(state.names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        let mut state = self.lock();
        if state.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let fault = state.step()?;
        if matches!(fault, None | Some(Fault::PowerLoss)) {
            let file = state.files.len();
            state.files.push(Contents::default());
            state.names.insert(name.to_owned(), file);
            state.unsynced_names.push((name.to_owned(), Some(file)));
        }
        match fault {
            Some(fault) => Err(fault.error()),
            None => Ok(self.file(state.files.len() - 1)),
        }
    }

    fn open(&self, name: &str, _access: Access) -> io::Result<Box<dyn File>> {
        let state = self.lock();
        state.check_power()?;
        match state.names.get(name) {
            Some(file) => Ok(self.file(*file)),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.lock();
        let fault = state.step()?;
        if matches!(fault, None | Some(Fault::PowerLoss)) {
            if state.names.remove(name).is_none() {
                return Err(io::ErrorKind::NotFound.into());
            }
            state.unsynced_names.push((name.to_owned(), None));
        }
        fault.map_or(Ok(()), |fault| Err(fault.error()))
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut state = self.lock();
        state.step_whole()?;
        state.durable_names = state.names.clone();
        state.unsynced_names.clear();
        Ok(())
    }
}

impl SimulatedDisk {
    fn file(&self, index: usize) -> Box<dyn File> {
        Box::new(SimulatedFile { disk: self.clone(), index })
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    index: usize,
}

impl File for SimulatedFile {
    fn size_bytes(&self) -> io::Result<u64> {
        let state = self.disk.lock();
        state.check_power()?;
        Ok(state.files[self.index].current.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let state = self.disk.lock();
        state.check_power()?;
        copy_out(&state.files[self.index].current, offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.lock();
        let fault = state.step()?;
        let written = match fault {
            None | Some(Fault::PowerLoss) => bytes,
            Some(Fault::Failure | Fault::NoSpace) => &bytes[..bytes.len() / 2],
        };
        state.files[self.index].write(offset, written)?;
        fault.map_or(Ok(()), |fault| Err(fault.error()))
    }

    fn truncate(&self, length_bytes: u64) -> io::Result<()> {
        let mut state = self.disk.lock();
        let fault = state.step()?;
        if matches!(fault, None | Some(Fault::PowerLoss)) {
            let length = usize::try_from(length_bytes).map_err(io::Error::other)?;
            state.files[self.index].truncate(length);
        }
        fault.map_or(Ok(()), |fault| Err(fault.error()))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut guard = self.disk.lock();
        let state = &mut *guard;
        match state.step()? {
            None => state.files[self.index].sync(),
            Some(fault) => {
                if fault != Fault::PowerLoss {
                    state.files[self.index].fail_sync(&mut state.random);
                }
                return Err(fault.error());
            }
        }
        Ok(())
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn next(random: &mut u64) -> u64 {
    *random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *random;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn below(random: &mut u64, bound: usize) -> usize {
    let drawn = next(random) % bound as u64;
    usize::try_from(drawn).expect("below a usize")
}

fn chance(random: &mut u64, percent: u64) -> bool {
    next(random) % 100 < percent
}
