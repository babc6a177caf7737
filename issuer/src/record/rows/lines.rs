//! Physical lines within a budget.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use super::MAX_ROW_BYTES;
use crate::record::problem::RowError;

/// One line, without its end.
pub(super) struct Line {
    /// From 1.
    pub(super) number: u64,
    /// At most [`MAX_ROW_BYTES`]; what goes beyond was read and dropped.
    pub(super) bytes: Vec<u8>,
    /// Bytes that the line took in the input, with its end.
    pub(super) length: u64,
    over: bool,
}

impl Line {
    pub(super) fn text(&self) -> Result<&str, RowError> {
        if self.over {
            return Err(RowError::TooLong);
        }
        core::str::from_utf8(&self.bytes).map_err(|_| RowError::NotUtf8)
    }

    pub(super) fn is_blank(&self) -> bool {
        !self.over && self.bytes.trim_ascii().is_empty()
    }

    /// This line as the beginning of a row that goes on.
    pub(super) fn with_following(mut self, joined: Option<String>, following: &[Line]) -> Self {
        if let Some(text) = joined {
            self.bytes = text.into_bytes();
        }
        self.length += following.iter().map(|line| line.length).sum::<u64>();
        self
    }
}

pub(super) struct Lines<R> {
    input: R,
    put_back: VecDeque<Line>,
    read: u64,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            put_back: VecDeque::new(),
            read: 0,
        }
    }

    /// Lines that are to be read again, in their order.
    pub(super) fn put_back(&mut self, lines: Vec<Line>) {
        for line in lines.into_iter().rev() {
            self.put_back.push_front(line);
        }
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.put_back.pop_front() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::new();
        let mut length = 0_u64;
        let mut over = false;
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let (content, consumed) = match end {
                Some(at) => (chunk.get(..at).unwrap_or_default(), at + 1),
                None => (chunk, chunk.len()),
            };
            // One byte more than the budget: the carriage return of a row that just fits.
            let room = (MAX_ROW_BYTES + 1).saturating_sub(bytes.len());
            over |= content.len() > room;
            bytes.extend_from_slice(content.get(..room).unwrap_or(content));
            length += consumed as u64;
            let at_end_of_input = chunk.is_empty();
            self.input.consume(consumed);
            if at_end_of_input && length == 0 {
                return Ok(None);
            }
            if end.is_some() || at_end_of_input {
                break;
            }
        }
        self.read += 1;
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        if self.read == 1 && bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        if bytes.len() > MAX_ROW_BYTES {
            over = true;
        }
        if over {
            bytes = Vec::new();
        }
        Ok(Some(Line {
            number: self.read,
            bytes,
            length,
            over,
        }))
    }
}
