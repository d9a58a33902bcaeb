//! Entries of a running server, page by page.

use std::collections::VecDeque;

use anyhow::Result;
use serde::Deserialize;

use super::Entry;
use crate::client::Client;

/// Entries that are asked for at a time: as many as a page holds.
const PAGE_ENTRIES: u64 = 10_000;

/// A page of the control plane.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    entries: VecDeque<Entry>,
    next: u64,
    /// The sequence behind the last entry.
    pub(super) end: u64,
}

impl Page {
    pub(super) fn fetch(client: &Client, query: &str) -> Result<Self> {
        client.get(&format!("/v1/ledger/entries?{query}"))
    }
}

/// Fetches pages as they are needed; holds one.
pub(super) struct Pages<'a> {
    client: &'a Client,
    held: VecDeque<Entry>,
    /// Where the next page starts; `None` when there is none.
    next: Option<u64>,
}

impl<'a> Pages<'a> {
    pub(super) fn new(client: &'a Client, from: u64) -> Self {
        Self { client, held: VecDeque::new(), next: Some(from) }
    }
}

impl Iterator for Pages<'_> {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.held.is_empty() {
            let from = self.next.take()?;
            let query = format!("from={from}&limit={PAGE_ENTRIES}");
            match Page::fetch(self.client, &query) {
                Ok(page) => {
                    self.next = (page.next < page.end && page.next > from).then_some(page.next);
                    self.held = page.entries;
                }
                Err(error) => return Some(Err(error)),
            }
        }
        self.held.pop_front().map(Ok)
    }
}
