//! Line numbers of records, counted in the file itself.
//!
//! The csv crate says where a record was begun to be read, which is before empty lines and, with CRLF, before the second
//! byte of the line end. This reads along and knows better.

use std::io::{BufRead, BufReader};

use crate::package::detect::newlines;

/// Counts lines up to byte offsets that only grow.
pub(crate) struct Lines<R> {
    input: BufReader<R>,
    offset: u64,
    line: u64,
}

impl<R: std::io::Read> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input: BufReader::with_capacity(64 * 1024, input), offset: 0, line: 1 }
    }

    /// The line of the record that begins at `offset` or, behind line ends, soon after it.
    pub(crate) fn at(&mut self, offset: u64) -> std::io::Result<u64> {
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Ok(self.line);
            }
            let wanted = usize::try_from(offset.saturating_sub(self.offset)).unwrap_or(usize::MAX).min(buffer.len());
            let mut taken = wanted;
            if wanted < buffer.len() {
                taken += buffer[wanted..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            }
            let is_there = taken < buffer.len();
            self.line += newlines(&buffer[..taken]);
            self.offset += taken as u64;
            self.input.consume(taken);
            if is_there {
                return Ok(self.line);
            }
        }
    }
}
