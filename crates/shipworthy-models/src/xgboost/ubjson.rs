//! A reader of Universal Binary JSON for serde, as far as XGBoost writes it.
//!
//! Source: <https://ubjson.org>, draft 12, and XGBoost `src/common/json.cc` (`UBJReader`): big
//! endian; typed arrays `[$type#count`; keys without a marker of their own. Numbers of high
//! precision (`H`) are read as text.
//!
//! **Invariant:** a count is believed only as far as the bytes for it are there, and containers
//! nest no deeper than [`MAX_DEPTH`], so neither memory nor stack grows beyond the file.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Containers in containers; a model file has about ten.
const MAX_DEPTH: usize = 128;

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at byte {offset})")]
pub struct Error {
    message: String,
    offset: usize,
}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        // Visitors do not know the place; `Reader::placed` adds it.
        Self { message: message.to_string(), offset: usize::MAX }
    }
}

/// Reads a value of the whole input.
pub(super) fn from_slice<'de, T: de::Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Error> {
    let mut reader = Reader { bytes, at: 0, depth: 0 };
    let value = T::deserialize(&mut reader).map_err(|error| reader.placed(error))?;
    if reader.at == bytes.len() { Ok(value) } else { Err(reader.error("something after the end")) }
}

struct Reader<'de> {
    bytes: &'de [u8],
    at: usize,
    depth: usize,
}

/// The marker of a container's elements, when all have one, and their number, when it is told.
struct Header {
    marker: Option<u8>,
    count: Option<usize>,
}

impl<'de> Reader<'de> {
    fn error(&self, message: impl fmt::Display) -> Error {
        Error { message: message.to_string(), offset: self.at }
    }

    fn placed(&self, error: Error) -> Error {
        if error.offset == usize::MAX { Error { offset: self.at, ..error } } else { error }
    }

    fn peek(&self) -> Result<u8, Error> {
        self.bytes.get(self.at).copied().ok_or_else(|| self.error("the file ends early"))
    }

    fn byte(&mut self) -> Result<u8, Error> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    /// The next marker; `N` is filler.
    fn marker(&mut self) -> Result<u8, Error> {
        loop {
            let marker = self.byte()?;
            if marker != b'N' {
                return Ok(marker);
            }
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let bytes = self.slice(N)?;
        Ok(bytes.try_into().expect("the slice is this long"))
    }

    fn slice(&mut self, length: usize) -> Result<&'de [u8], Error> {
        let end = self.at.checked_add(length).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or_else(|| self.error("the file ends early"))?;
        let slice = &self.bytes[self.at..end];
        self.at = end;
        Ok(slice)
    }

    fn integer(&mut self, marker: u8) -> Result<Option<i64>, Error> {
        Ok(Some(match marker {
            b'i' => i64::from(i8::from_be_bytes(self.array()?)),
            b'U' => i64::from(u8::from_be_bytes(self.array()?)),
            b'I' => i64::from(i16::from_be_bytes(self.array()?)),
            b'l' => i64::from(i32::from_be_bytes(self.array()?)),
            b'L' => i64::from_be_bytes(self.array()?),
            _ => return Ok(None),
        }))
    }

    /// A length or count.
    fn count(&mut self) -> Result<usize, Error> {
        let marker = self.byte()?;
        let count = self.integer(marker)?.and_then(|count| usize::try_from(count).ok());
        count.ok_or_else(|| self.error("a length is not a whole number from 0"))
    }

    fn text(&mut self) -> Result<&'de str, Error> {
        let length = self.count()?;
        let bytes = self.slice(length)?;
        std::str::from_utf8(bytes).map_err(|_| self.error("a text is not UTF-8"))
    }

    fn header(&mut self) -> Result<Header, Error> {
        let mut header = Header { marker: None, count: None };
        if self.peek()? == b'$' {
            self.at += 1;
            header.marker = Some(self.byte()?);
            if self.peek()? != b'#' {
                return Err(self.error("a typed container has no count"));
            }
            // A few bytes would stand for as many values as the file has bytes, again and again.
            if let Some(marker @ (b'Z' | b'T' | b'F' | b'N')) = header.marker {
                let marker = char::from(marker);
                return Err(self.error(format_args!("a typed container of `{marker}`")));
            }
        }
        if self.peek()? == b'#' {
            self.at += 1;
            let count = self.count()?;
            // Every element takes a byte at least.
            if count > self.bytes.len() - self.at {
                return Err(self.error(format_args!("a container of {count} elements is cut off")));
            }
            header.count = Some(count);
        }
        Ok(header)
    }

    fn value<V: Visitor<'de>>(&mut self, marker: u8, visitor: V) -> Result<V::Value, Error> {
        if let Some(integer) = self.integer(marker)? {
            return visitor.visit_i64(integer);
        }
        match marker {
            b'd' => visitor.visit_f32(f32::from_be_bytes(self.array()?)),
            b'D' => visitor.visit_f64(f64::from_be_bytes(self.array()?)),
            b'S' | b'H' => visitor.visit_borrowed_str(self.text()?),
            b'C' => visitor.visit_char(char::from(self.byte()?)),
            b'T' => visitor.visit_bool(true),
            b'F' => visitor.visit_bool(false),
            b'Z' => visitor.visit_unit(),
            b'[' => self.nested(|reader| {
                let header = reader.header()?;
                visitor.visit_seq(Elements { reader, header, end: b']' })
            }),
            b'{' => self.nested(|reader| {
                let header = reader.header()?;
                visitor.visit_map(Elements { reader, header, end: b'}' })
            }),
            _ => {
                self.at -= 1;
                Err(self.error(format_args!("there is no type `{}`", marker.escape_ascii())))
            }
        }
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(format_args!("containers nest deeper than {MAX_DEPTH}")));
        }
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let marker = self.marker()?;
        self.value(marker, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.peek()? == b'Z' {
            self.at += 1;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

/// What is inside a container.
struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    header: Header,
    end: u8,
}

impl Elements<'_, '_> {
    /// Whether there is another element; takes the end.
    fn more(&mut self) -> Result<bool, Error> {
        if let Some(count) = &mut self.header.count {
            let more = *count > 0;
            *count = count.saturating_sub(1);
            return Ok(more);
        }
        while self.reader.peek()? == b'N' {
            self.reader.at += 1;
        }
        let more = self.reader.peek()? != self.end;
        self.reader.at += usize::from(!more);
        Ok(more)
    }
}

impl<'de> de::SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        if !self.more()? {
            return Ok(None);
        }
        seed.deserialize(Element { reader: self.reader, marker: self.header.marker }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        self.header.count
    }
}

impl<'de> de::MapAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        if !self.more()? {
            return Ok(None);
        }
        let key: StrDeserializer<'_, Error> = self.reader.text()?.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Element { reader: self.reader, marker: self.header.marker })
    }
}

/// A value whose marker may stand in the header of its container.
struct Element<'a, 'de> {
    reader: &'a mut Reader<'de>,
    marker: Option<u8>,
}

impl<'de> Deserializer<'de> for Element<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.marker {
            Some(marker) => self.reader.value(marker, visitor),
            None => self.reader.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.marker {
            Some(b'Z') => visitor.visit_none(),
            Some(_) => visitor.visit_some(self),
            None => self.reader.deserialize_option(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}
