//! Keys that have no room in memory, put aside in parts that have.

use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::groups::Key;

/// Room outside of memory for bytes that are written once: a file, say. It is given from outside,
/// since this crate touches none. Where it fails nothing is lost: the rows are read again instead.
pub trait Scratch: Debug + Send {
    /// Writes bytes behind all others; gives where they begin.
    ///
    /// # Errors
    /// When they have no room, or cannot be written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<u64>;

    /// Reads as many bytes as there is room for, from where some began.
    ///
    /// # Errors
    /// When they cannot be read.
    fn read(&mut self, at: u64, bytes: &mut [u8]) -> io::Result<()>;
}

/// The scratch that all expectations of an evaluation share.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    scratch: Arc<Mutex<dyn Scratch>>,
    /// Keys that one expectation holds in memory before it puts them aside.
    pub(super) held_keys: usize,
}

impl Shared {
    pub(super) fn new(scratch: impl Scratch + 'static, held_keys: usize) -> Self {
        Self { scratch: Arc::new(Mutex::new(scratch)), held_keys }
    }

    fn append(&self, bytes: &[u8]) -> io::Result<u64> {
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner).append(bytes)
    }

    fn read(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner).read(at, bytes)
    }
}

/// Keys with a number each, in [`PARTS`] parts: all of one key are in one part, in the order in which
/// they came.
#[derive(Clone, Debug)]
pub(super) struct Aside {
    scratch: Shared,
    parts: Vec<Part>,
}

/// What waits to be written, and where the blocks are that were.
#[derive(Clone, Debug, Default)]
struct Part {
    waiting: Vec<u8>,
    blocks: Vec<u64>,
}

/// A power of two. A thousand million keys in so many parts are four million in each.
const PARTS: usize = 256;

const RECORD_BYTES: usize = 24;

/// Written at a time: 4 MB wait in all parts together.
const BLOCK_BYTES: usize = 682 * RECORD_BYTES;

impl Aside {
    pub(super) fn new(scratch: Shared) -> Self {
        Self { scratch, parts: vec![Part::default(); PARTS] }
    }

    /// Adds a key with its number.
    ///
    /// # Errors
    /// When the scratch fails.
    pub(super) fn put(&mut self, key: Key, number: u64) -> io::Result<()> {
        let part = &mut self.parts[key.part(PARTS)];
        let [first, second] = key.halves();
        for half in [first, second, number] {
            part.waiting.extend_from_slice(&half.to_le_bytes());
        }
        if part.waiting.len() >= BLOCK_BYTES {
            part.blocks.push(self.scratch.append(&part.waiting)?);
            part.waiting.clear();
        }
        Ok(())
    }

    /// The number of parts.
    pub(super) const fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Shows the keys of a part with their numbers.
    ///
    /// # Errors
    /// When the scratch fails.
    pub(super) fn each(&self, part: usize, mut see: impl FnMut(Key, u64)) -> io::Result<()> {
        let part = &self.parts[part];
        let mut block = vec![0; BLOCK_BYTES];
        for at in &part.blocks {
            self.scratch.read(*at, &mut block)?;
            records(&block, &mut see);
        }
        records(&part.waiting, see);
        Ok(())
    }
}

fn records(bytes: &[u8], mut see: impl FnMut(Key, u64)) {
    let (halves, _) = bytes.as_chunks::<8>();
    let (records, _) = halves.as_chunks::<3>();
    for [first, second, number] in records {
        let key = Key::of_halves([first, second].map(|half| u64::from_le_bytes(*half)));
        see(key, u64::from_le_bytes(*number));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use shipworthy_rows::Cell;

    use super::*;

    /// Memory of so many bytes, which can be read or not.
    #[derive(Debug)]
    pub(in super::super) struct Memory {
        room: usize,
        is_readable: bool,
        bytes: Vec<u8>,
    }

    impl Memory {
        pub(in super::super) const fn new(room: usize, is_readable: bool) -> Self {
            Self { room, is_readable, bytes: Vec::new() }
        }
    }

    impl Scratch for Memory {
        fn append(&mut self, bytes: &[u8]) -> io::Result<u64> {
            let at = self.bytes.len();
            if at + bytes.len() > self.room {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.bytes.extend_from_slice(bytes);
            Ok(at as u64)
        }

        fn read(&mut self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
            let at = usize::try_from(at).expect("it was given");
            bytes.copy_from_slice(&self.bytes[at..at + bytes.len()]);
            if self.is_readable { Ok(()) } else { Err(io::ErrorKind::Other.into()) }
        }
    }

    #[test]
    fn what_was_put_aside_comes_back_in_order() {
        let key = |value: i64| Key::of(Cell::Integer(value)).expect("a value");
        let mut aside = Aside::new(Shared::new(Memory::new(1 << 20, true), 0));
        for number in 0..5000 {
            aside.put(key(i64::try_from(number % 3).expect("small")), number).expect("room");
        }
        let mut found: Vec<(Key, Vec<u64>)> = Vec::new();
        for part in 0..aside.parts() {
            let see = |key, number| match found.iter_mut().find(|(other, _)| *other == key) {
                Some((_, numbers)) => numbers.push(number),
                None => found.push((key, vec![number])),
            };
            aside.each(part, see).expect("it was written");
        }
        assert_eq!(found.len(), 3);
        for rest in 0..3 {
            let of = key(i64::try_from(rest).expect("small"));
            let (_, numbers) = found.iter().find(|(key, _)| *key == of).expect("put");
            assert_eq!(*numbers, (0..5000).filter(|n| n % 3 == rest).collect::<Vec<_>>());
        }
    }
}
