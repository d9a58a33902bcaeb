//! Different values, counted exactly in bounded memory.
//!
//! A number and a text of up to fifteen bytes are their own keys; a longer text is a hash of 128 bits,
//! which two of a billion texts share with a chance of 1 in 10^21. When there are more keys than the bound,
//! nothing is guessed: they are put aside where there is a scratch, else the rows are read again, in
//! each reading those whose key falls into one part of the keys.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

use shipworthy_rows::Cell;

use super::aside::{Aside, Shared};

/// Keys held at a time: with a small value each, about 200 MB.
pub(super) const MAX_GROUPS: usize = 4 << 20;

/// What stands for a value, or a row of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(u64, u64);

impl Hash for Key {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(folded(self.0 ^ 0x9e37_79b9_7f4a_7c15, self.1 ^ 0xd1b5_4a32_d192_ed03));
    }
}

impl Key {
    /// Of one value; none when it is missing.
    #[inline]
    pub(super) fn of(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::String(text) => Some(Self::of_text(text.as_bytes())),
            other => bits(other).map(|bits| Self(bits, 0)),
        }
    }

    /// Of a text: its bytes and their number, if they have room.
    #[inline]
    pub(super) fn of_text(text: &[u8]) -> Self {
        let (first, second) = match text.len() {
            ..8 => (little(text), 0),
            8..16 => (little(&text[..8]), little(&text[8..])),
            _ => return Self::hashed(|hasher| text.hash(hasher)),
        };
        // A text is no number, whose second half is 0, and an empty one is a text.
        Self(first, second | ((text.len() as u64 + 1) << 56))
    }

    /// The part of the keys that it falls into, of so many.
    pub(super) const fn part(self, parts: usize) -> usize {
        #[allow(clippy::cast_possible_truncation, reason = "less than the parts")]
        let part = (mixed(self.0 ^ self.1) % parts as u64) as usize;
        part
    }

    /// What it consists of.
    pub(super) const fn halves(self) -> [u64; 2] {
        [self.0, self.1]
    }

    /// The key that consists of these.
    pub(super) const fn of_halves([first, second]: [u64; 2]) -> Self {
        Self(first, second)
    }

    /// Of several values together; a missing one equals a missing one.
    pub(super) fn of_row<'a>(cells: impl Iterator<Item = Cell<'a>> + Clone) -> Self {
        Self::hashed(|hasher| {
            for cell in cells.clone() {
                match cell {
                    Cell::Missing => hasher.write_u8(0),
                    Cell::String(text) => text.hash(hasher),
                    other => bits(other).hash(hasher),
                }
            }
        })
    }

    fn hashed(feed: impl Fn(&mut DefaultHasher)) -> Self {
        let mut first = DefaultHasher::new();
        feed(&mut first);
        let mut second = DefaultHasher::new();
        // Another beginning makes another function.
        second.write_u64(0x9e37_79b9_7f4a_7c15);
        feed(&mut second);
        Self(first.finish(), second.finish())
    }
}

/// The bits of a value that is no text; zero has one sign. None when it is missing.
#[inline]
pub(super) fn bits(cell: Cell<'_>) -> Option<u64> {
    match cell {
        Cell::Missing | Cell::String(_) => None,
        Cell::Boolean(value) => Some(u64::from(value)),
        Cell::Integer(value) => Some(value.cast_unsigned()),
        Cell::Float(value) => Some((value + 0.0).to_bits()),
        Cell::Timestamp(value) => Some(value.as_micros().cast_unsigned()),
    }
}

/// What is held about a key, when it is put aside: a number from which it can be made again.
pub(super) trait Numbered {
    fn number(&self) -> u64;
}

/// Keys with something about each.
#[derive(Clone, Debug)]
pub(super) struct Groups<T> {
    kept: HashMap<Key, T, Mixed>,
    limit: usize,
    scratch: Option<Shared>,
    /// All that came, once there was more than the bound.
    aside: Option<Aside>,
    /// Into how many parts the keys are divided, and which is read.
    parts: usize,
    part: usize,
    /// More keys than the bound came: this reading is void.
    is_over: bool,
}

impl<T: Numbered> Groups<T> {
    /// No keys yet, `limit` at most at a time.
    pub(super) fn new(limit: usize) -> Self {
        let (kept, scratch, aside) = (HashMap::default(), None, None);
        Self { kept, limit, scratch, aside, parts: 1, part: 0, is_over: false }
    }

    /// Puts aside what has no room, and no longer reads again.
    pub(super) fn put_aside_in(&mut self, scratch: Shared) {
        self.scratch = Some(scratch);
    }

    /// What is held about a key; none when it is not of this reading, or was put aside with the
    /// number, from which [`Self::replay`] goes on.
    #[inline]
    pub(super) fn entry(&mut self, key: Key, number: u64) -> Option<Entry<'_, Key, T>> {
        if self.is_over || (self.parts > 1 && key.part(self.parts) != self.part) {
            return None;
        }
        if let Some(aside) = &mut self.aside {
            if aside.put(key, number).is_err() {
                self.give_up();
            }
            return None;
        }
        if self.is_full() && !self.kept.contains_key(&key) {
            self.put_aside();
            return self.entry(key, number);
        }
        Some(self.kept.entry(key))
    }

    fn is_full(&self) -> bool {
        // A reading of a part follows one whose scratch has failed.
        let scratch = self.scratch.as_ref().filter(|_| self.parts == 1);
        self.kept.len() >= scratch.map_or(self.limit, |scratch| scratch.held_keys)
    }

    fn put_aside(&mut self) {
        let kept = std::mem::take(&mut self.kept);
        let Some(scratch) = self.scratch.take() else { return self.give_up() };
        let mut aside = Aside::new(scratch);
        let mut kept = kept.into_iter();
        match kept.try_for_each(|(key, held)| aside.put(key, held.number())) {
            Ok(()) => self.aside = Some(aside),
            Err(_) => self.give_up(),
        }
    }

    /// What came of this reading is to be forgotten.
    pub(super) fn give_up(&mut self) {
        (self.is_over, self.aside) = (true, None);
        self.kept = HashMap::default();
    }

    /// Whether keys were put aside.
    pub(super) const fn is_aside(&self) -> bool {
        self.aside.is_some()
    }

    /// Goes through the keys that were put aside, each with its numbers in the order in which they
    /// came; gives how many different keys there are. Where they cannot be read, or a part of them has
    /// no room, this reading is void.
    pub(super) fn replay(&mut self, mut see: impl FnMut(Entry<'_, Key, T>, u64)) -> u64 {
        let Some(aside) = self.aside.take() else { return 0 };
        let mut keys = 0;
        for part in 0..aside.parts() {
            self.kept.clear();
            let read = aside.each(part, |key, number| {
                if let Some(entry) = self.entry(key, number) {
                    see(entry, number);
                }
            });
            if read.is_err() || self.is_over {
                self.give_up();
                return 0;
            }
            keys += self.len();
        }
        self.kept = HashMap::default();
        keys
    }

    /// How many keys there are, of this reading.
    pub(super) fn len(&self) -> u64 {
        self.kept.len() as u64
    }

    /// The keys of this reading, in no order.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (Key, T)> {
        std::mem::take(&mut self.kept).into_iter()
    }

    /// Whether this reading counts. If not, all that came of it is to be forgotten.
    pub(super) const fn is_void(&self) -> bool {
        self.is_over
    }

    /// Goes on to the next reading of a table of so many rows, if one is needed.
    pub(super) fn another_pass(&mut self, rows: u64) -> bool {
        self.kept.clear();
        if std::mem::take(&mut self.is_over) {
            // There are no more keys than rows; half of the bound leaves room for uneven parts.
            let keys_per_part = (self.limit as u64 / 2).max(1);
            let parts = usize::try_from(rows / keys_per_part + 1).unwrap_or(usize::MAX / 2);
            self.parts = self.parts.max(parts) * if self.parts > 1 { 2 } else { 1 };
            self.part = 0;
            return true;
        }
        self.part += 1;
        self.part < self.parts
    }
}

/// Up to eight bytes as a number, the first the lowest. Two reads that overlap are cheaper than one of
/// each byte.
#[inline]
fn little(bytes: &[u8]) -> u64 {
    let at = |place: usize| u64::from(bytes[place]) << (8 * place);
    if let Some(whole) = bytes.first_chunk() {
        return u64::from_le_bytes(*whole);
    }
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            u64::from(first) | (u64::from(last) << (8 * (bytes.len() - 4)))
        }
        _ if bytes.is_empty() => 0,
        _ => at(0) | at(bytes.len() / 2) | at(bytes.len() - 1),
    }
}

/// Both halves of the product of two numbers, in one: each bit of them has its part in it.
#[allow(clippy::cast_possible_truncation, reason = "the halves of a product")]
const fn folded(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// Spreads keys that are numbers: they often differ in a few bits alone.
const fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value ^ (value >> 29)
}

/// A hasher of keys, which hash themselves.
pub(super) type Mixed = BuildHasherDefault<Mixer>;

/// See [`Mixed`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mixer(u64);

impl Hasher for Mixer {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.0 = self.0.rotate_left(5) ^ value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_keys_than_the_bound_are_counted_in_several_readings() {
        let mut groups = Groups::new(10);
        let rows = 1000;
        let mut total = 0;
        let mut passes = 0;
        loop {
            for value in 0..rows {
                let key = Key::of(Cell::Integer(value % 73)).unwrap();
                if let Some(entry) = groups.entry(key, 0) {
                    entry.or_insert(());
                }
            }
            if !groups.is_void() {
                total += groups.len();
            }
            passes += 1;
            if !groups.another_pass(1000) {
                break;
            }
            if groups.part == 0 {
                total = 0;
            }
        }
        assert_eq!(total, 73);
        assert!(passes > 7, "{passes}");
    }

    #[test]
    fn the_two_zeros_are_one_value() {
        assert_eq!(Key::of(Cell::Float(0.0)), Key::of(Cell::Float(-0.0)));
        assert_ne!(Key::of(Cell::String("a")), Key::of(Cell::String("b")));
    }

    #[test]
    fn every_beginning_of_a_text_has_a_key_of_its_own() {
        let text = "abcdefghijklmnopqrstuvwxyz";
        let keys: Vec<Key> = (0..=26).map(|end| Key::of_text(&text.as_bytes()[..end])).collect();
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(keys.iter().position(|other| other == key), Some(at));
        }
        assert_eq!(Key::of_text(b"EWR"), Key(0x52_57_45, 4 << 56));
        assert_eq!(Key::of_text(b"0123456789"), Key(0x3736_3534_3332_3130, 0x3938 | (11 << 56)));
    }

    #[test]
    fn the_parts_of_a_row_stay_apart() {
        let row = |a, b| Key::of_row([Cell::String(a), Cell::String(b)].into_iter());
        assert_ne!(row("ab", "c"), row("a", "bc"));
    }
}
