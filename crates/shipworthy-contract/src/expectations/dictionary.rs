//! The different texts of a column, numbered.
//!
//! Categories come again and again. Once its rows are numbers, what is asked of a text is asked of each
//! different one, and all expectations of the column share the work.

use std::collections::{BTreeMap, HashMap};

use shipworthy_rows::{Column, RowBatch, StringColumn};

use super::groups::{Key, Mixed};

/// The numbers of the texts of some columns, by column. They stay the same from chunk to chunk.
#[derive(Clone, Debug, Default)]
pub(super) struct Dictionaries(BTreeMap<usize, Dictionary>);

/// The texts of a chunk's columns as numbers, by column; those that are no categories are absent.
pub(super) type Coded = BTreeMap<usize, Codes>;

/// A column of a chunk as numbers.
#[derive(Debug)]
pub(super) struct Codes {
    /// The number of each row's text, from 1; 0 where it is missing.
    pub(super) of_rows: Vec<u16>,
    /// A row of each number that no chunk had before, in the order of the numbers.
    pub(super) fresh: Vec<usize>,
    /// The numbers that are known, 0 included.
    pub(super) size: usize,
}

#[derive(Clone, Debug)]
struct Dictionary {
    numbers: HashMap<Key, u16, Mixed>,
    /// The number of the next text that is new.
    next: u16,
    /// There were too many texts for categories.
    is_over: bool,
}

impl Dictionaries {
    /// Numbers the rows of text columns. All chunks of a table must be shown, so that `fresh` tells
    /// every number once.
    pub(super) fn code(&mut self, batch: &RowBatch, columns: impl Iterator<Item = usize>) -> Coded {
        let mut coded = Coded::new();
        for column in columns {
            if let Column::String(values) = &batch.columns()[column]
                && !coded.contains_key(&column)
                && let Some(codes) = self.0.entry(column).or_default().code(values)
            {
                coded.insert(column, codes);
            }
        }
        coded
    }
}

impl Default for Dictionary {
    fn default() -> Self {
        Self { numbers: HashMap::default(), next: 1, is_over: false }
    }
}

impl Dictionary {
    /// More different texts than this are no categories.
    const MAX: u16 = 4096;

    fn code(&mut self, values: &StringColumn) -> Option<Codes> {
        if self.is_over {
            return None;
        }
        let (mut of_rows, mut fresh) = (Vec::with_capacity(values.len()), Vec::new());
        for (row, text) in values.iter_bytes().enumerate() {
            let Some(text) = text else {
                of_rows.push(0);
                continue;
            };
            let next = self.next;
            let number = *self.numbers.entry(Key::of_text(text)).or_insert(next);
            of_rows.push(number);
            if number == next {
                fresh.push(row);
                self.next += 1;
                if self.next > Self::MAX {
                    *self = Self { is_over: true, ..Self::default() };
                    return None;
                }
            }
        }
        Some(Codes { of_rows, fresh, size: usize::from(self.next) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> StringColumn {
        values.into_iter().collect()
    }

    #[test]
    fn a_text_keeps_its_number_and_is_fresh_once() {
        let mut dictionary = Dictionary::default();
        let long = "a text of more than fifteen bytes";
        let first = dictionary.code(&texts([Some("b"), None, Some(""), Some("b")])).unwrap();
        assert_eq!((first.of_rows, first.fresh, first.size), (vec![1, 0, 2, 1], vec![0, 2], 3));
        let second = dictionary.code(&texts([Some(""), Some(long), Some(long)])).unwrap();
        assert_eq!((second.of_rows, second.fresh, second.size), (vec![2, 3, 3], vec![1], 4));
    }

    #[test]
    fn more_texts_than_categories_are_given_up() {
        let many: Vec<String> = (1..Dictionary::MAX).map(|i| i.to_string()).collect();
        let all = || many.iter().map(|text| Some(&**text));
        let mut dictionary = Dictionary::default();
        assert_eq!(dictionary.code(&texts(all())).unwrap().size, many.len() + 1);
        assert!(dictionary.code(&texts(all())).unwrap().fresh.is_empty());
        assert!(dictionary.code(&texts([Some("one more")])).is_none());
        assert!(dictionary.code(&texts([Some("1")])).is_none());
    }
}
