//! Protocol Buffers as they stand in bytes: fields of messages read one by one, and written.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding>. The messages of gRPC are few and
//! flat, and those that come are hostile until read: two bytes are an empty element of a list,
//! for which a generated type takes a hundred times as much memory. So a field is looked at where
//! it lies, and its values go to where they belong without a stop. Tests hold this against `prost`,
//! and the clients' own library in Python does.

#[cfg(test)]
pub(crate) mod messages;

/// A message that is cut off, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is cut off, or not written in Protocol Buffers")]
pub(crate) struct Malformed;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Whole numbers and booleans.
    Number(u64),
    Fixed64([u8; 8]),
    /// Texts, bytes, messages, and lists of numbers.
    Bytes(&'a [u8]),
    Fixed32([u8; 4]),
}

impl<'a> Value<'a> {
    pub(crate) fn bytes(self) -> Result<&'a [u8], Malformed> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(Malformed) }
    }

    pub(crate) fn text(self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    /// The numbers of a list, of which this is one, or all of them one after another.
    pub(crate) fn numbers(self) -> Numbers<'a> {
        match self {
            Self::Number(number) => Numbers { first: Some(Ok(number)), rest: &[] },
            Self::Bytes(rest) => Numbers { first: None, rest },
            Self::Fixed32(_) | Self::Fixed64(_) => {
                Numbers { first: Some(Err(Malformed)), rest: &[] }
            }
        }
    }
}

/// The fields of a message in their order: number and value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = field(&mut self.0).ok_or(Malformed);
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<(u32, Value<'a>)> {
    let key = u32::try_from(varint(rest)?).ok()?;
    let number = Some(key >> 3).filter(|number| *number > 0)?;
    let value = match key & 7 {
        0 => Value::Number(varint(rest)?),
        1 => Value::Fixed64(chunk(rest)?),
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            let (bytes, after) = rest.split_at_checked(length)?;
            *rest = after;
            Value::Bytes(bytes)
        }
        5 => Value::Fixed32(chunk(rest)?),
        // Groups left the language long ago.
        _ => return None,
    };
    Some((number, value))
}

fn chunk<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (chunk, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*chunk)
}

/// Seven bits a byte, the lowest first; at most ten bytes.
fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for (at, byte) in rest.iter().take(10).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if *byte < 0x80 {
            *rest = &rest[at + 1..];
            return Some(number);
        }
    }
    None
}

/// Whole numbers, one after another.
#[derive(Clone, Debug)]
pub(crate) struct Numbers<'a> {
    first: Option<Result<u64, Malformed>>,
    rest: &'a [u8],
}

impl Iterator for Numbers<'_> {
    type Item = Result<u64, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        if self.rest.is_empty() {
            return None;
        }
        let number = varint(&mut self.rest).ok_or(Malformed);
        if number.is_err() {
            self.rest = &[];
        }
        Some(number)
    }
}

/// A message that is being written. What is empty or zero is left out, as the language has it,
/// except in lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message(pub(crate) Vec<u8>);

impl Message {
    pub(crate) fn number(&mut self, field: u32, number: u64) -> &mut Self {
        if number != 0 {
            self.key(field, 0);
            self.varint(number);
        }
        self
    }

    pub(crate) fn text(&mut self, field: u32, text: &str) -> &mut Self {
        if text.is_empty() { self } else { self.element(field, text.as_bytes()) }
    }

    /// A message, a text or bytes as an element of a list; a list of numbers.
    pub(crate) fn element(&mut self, field: u32, bytes: &[u8]) -> &mut Self {
        self.key(field, 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    /// A number by itself, as it stands in a list.
    pub(crate) fn varint(&mut self, mut number: u64) {
        while let Some(high) = Some(number >> 7).filter(|high| *high > 0) {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number = high;
        }
        self.0.push(number.to_le_bytes()[0]);
    }

    fn key(&mut self, field: u32, wire: u32) {
        self.varint(u64::from(field << 3 | wire));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use prost::Message as _;

    #[derive(Clone, PartialEq, prost::Message)]
    struct Sample {
        #[prost(uint64, tag = "1")]
        number: u64,
        #[prost(string, tag = "2")]
        text: String,
        #[prost(int32, repeated, tag = "3")]
        packed: Vec<i32>,
        #[prost(int64, repeated, packed = "false", tag = "4")]
        single: Vec<i64>,
        #[prost(bytes = "vec", repeated, tag = "5")]
        bytes: Vec<Vec<u8>>,
        #[prost(fixed32, tag = "6")]
        fixed32: u32,
        #[prost(double, tag = "7")]
        fixed64: f64,
        #[prost(uint32, tag = "536870911")]
        last: u32,
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "so numbers of fewer bits and with signs are written"
    )]
    fn read(message: &[u8]) -> Result<Sample, Malformed> {
        let mut read = Sample::default();
        for field in Fields(message) {
            match field? {
                (1, Value::Number(number)) => read.number = number,
                (2, value) => read.text = value.text()?.to_owned(),
                (3, value) => {
                    for number in value.numbers() {
                        read.packed.push(number? as i32);
                    }
                }
                (4, value) => {
                    for number in value.numbers() {
                        read.single.push(number? as i64);
                    }
                }
                (5, value) => read.bytes.push(value.bytes()?.to_vec()),
                (6, Value::Fixed32(bytes)) => read.fixed32 = u32::from_le_bytes(bytes),
                (7, Value::Fixed64(bytes)) => read.fixed64 = f64::from_le_bytes(bytes),
                (0x1fff_ffff, Value::Number(number)) => read.last = number as u32,
                _ => return Err(Malformed),
            }
        }
        Ok(read)
    }

    prop_compose! {
        fn sample()(
            number: u64, text: String, packed: Vec<i32>, single: Vec<i64>, bytes: Vec<Vec<u8>>,
            fixed32: u32, fixed64 in any::<f64>().prop_map(|n| if n.is_nan() { 0.0 } else { n }),
            last: u32,
        ) -> Sample {
            Sample { number, text, packed, single, bytes, fixed32, fixed64, last }
        }
    }

    proptest! {
        #[test]
        fn what_prost_writes_is_read(sample in sample()) {
            prop_assert_eq!(read(&sample.encode_to_vec()), Ok(sample));
        }

        #[test]
        fn prost_reads_what_is_written(sample in sample()) {
            let mut message = Message::default();
            message.number(1, sample.number).text(2, &sample.text);
            let mut packed = Message::default();
            #[allow(clippy::cast_sign_loss, reason = "negative numbers take ten bytes")]
            sample.packed.iter().for_each(|number| packed.varint(i64::from(*number) as u64));
            message.element(3, &packed.0);
            for bytes in &sample.bytes {
                message.element(5, bytes);
            }
            let expect = Sample { single: Vec::new(), fixed32: 0, fixed64: 0.0, ..sample };
            message.number(0x1fff_ffff, expect.last.into());
            prop_assert_eq!(Sample::decode(&*message.0), Ok(expect));
        }

        #[test]
        fn a_message_that_is_cut_is_not_read_beyond_its_end(sample in sample(), cut: u16) {
            let message = sample.encode_to_vec();
            let end = usize::from(cut) % (message.len() + 1);
            let (ours, theirs) = (read(&message[..end]), Sample::decode(&message[..end]));
            prop_assert_eq!(ours.is_ok(), theirs.is_ok());
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = read(&bytes);
            Value::Bytes(&bytes).numbers().for_each(drop);
        }
    }
}
