//! The end of the log: the one segment that is written to.

use std::io;

use crate::disk::{Disk, File};
use crate::format::segment::{self, SegmentHeader};

/// The open last segment. All its bytes are durable, or the writer has failed.
#[derive(Debug)]
pub(crate) struct Tail {
    file: Box<dyn File>,
    first_sequence: u64,
    bytes: u64,
}

impl Tail {
    /// A segment that holds `bytes`, all of them durable.
    pub(crate) fn existing(file: Box<dyn File>, first_sequence: u64, bytes: u64) -> Tail {
        Tail { file, first_sequence, bytes }
    }

    /// Creates a segment; its header and its name are durable before this returns, so a bad header
    /// in front of frames is never the mark of a crash.
    pub(crate) fn create(disk: &dyn Disk, header: &SegmentHeader) -> io::Result<Tail> {
        let file = disk.create(&segment::file_name(header.first_sequence))?;
        file.write_at(0, &header.encode())?;
        file.sync_data()?;
        disk.sync_dir()?;
        let bytes = segment::HEADER_BYTES as u64;
        Ok(Tail { file, first_sequence: header.first_sequence, bytes })
    }

    pub(crate) fn first_sequence(&self) -> u64 {
        self.first_sequence
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the segment has no frames yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes == segment::HEADER_BYTES as u64
    }

    pub(crate) fn name(&self) -> String {
        segment::file_name(self.first_sequence)
    }

    /// Puts `group` behind the last byte, not durable yet.
    pub(crate) fn write(&self, group: &[u8]) -> io::Result<()> {
        self.file.write_at(self.bytes, group)
    }

    /// Makes a written group of `bytes` durable. After an error the tail is not to be used again.
    pub(crate) fn sync(&mut self, bytes: u64) -> io::Result<()> {
        self.file.sync_data()?;
        self.bytes += bytes;
        Ok(())
    }

    /// Lets go of the memory of what was written some time ago, so that the log does not push out
    /// what the machine reads, and the next group finds pages that are in use already.
    pub(crate) fn forget(&self) {
        /// Those who read the newest rows find them in memory.
        const KEPT_BYTES: u64 = 4 << 20;
        self.file.forget(self.bytes.saturating_sub(KEPT_BYTES));
    }
}
