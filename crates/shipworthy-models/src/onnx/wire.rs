//! Protocol buffers, read without a schema: fields one after another, nothing copied.

use super::Error;

/// A message, or the rest of one.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    bytes: &'a [u8],
    /// Where `bytes` begins in the file.
    at: usize,
}

/// What a field holds.
pub(super) enum Value<'a> {
    /// A whole number.
    Number(u64),
    /// Bytes, text, or a message.
    Bytes(Message<'a>),
    /// 32 or 64 bits, which no field that is looked at has.
    Fixed,
}

impl<'a> Message<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn text(self) -> String {
        String::from_utf8_lossy(self.bytes).into_owned()
    }

    /// Visits the fields in order. Each byte is looked at once.
    pub(super) fn fields(
        mut self,
        mut visit: impl FnMut(u64, Value<'a>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        while !self.bytes.is_empty() {
            let key = self.varint()?;
            let value = match key & 7 {
                0 => Value::Number(self.varint()?),
                1 => self.take(8).map(|_| Value::Fixed)?,
                2 => {
                    let length = self.varint()?;
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    Value::Bytes(self.take(length)?)
                }
                5 => self.take(4).map(|_| Value::Fixed)?,
                _ => return Err(self.damaged("a field of no known kind")),
            };
            visit(key >> 3, value)?;
        }
        Ok(())
    }

    fn take(&mut self, length: usize) -> Result<Self, Error> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or_else(|| self.damaged("a field that is longer than the file"))?;
        let at = self.at;
        *self = Self { bytes: rest, at: at + length };
        Ok(Self { bytes: taken, at })
    }

    fn varint(&mut self) -> Result<u64, Error> {
        /// Seven bits each.
        const MAX_BYTES: usize = 10;
        let mut value = 0;
        for (place, byte) in self.bytes.iter().take(MAX_BYTES).enumerate() {
            value |= u64::from(byte & 0x7f).checked_shl(7 * place as u32).unwrap_or(0);
            if byte & 0x80 == 0 {
                self.take(place + 1)?;
                return Ok(value);
            }
        }
        Err(self.damaged("a number without an end"))
    }

    pub(super) const fn damaged(&self, what: &'static str) -> Error {
        Error::Damaged { what, at: self.at }
    }
}
