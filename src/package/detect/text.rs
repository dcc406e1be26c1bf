//! Bytes to text: byte order marks, UTF-16, and where the bytes stop being text.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// How the bytes of a file spell text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16 in either byte order, told by its byte order mark or by its zero bytes.
    Utf16,
    /// ISO-8859-1, taken only where an XML declaration names it (or its superset windows-1252).
    Latin1,
}

/// Decoded text, without its byte order mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    /// The text.
    pub(crate) text: Cow<'a, str>,
    /// How the bytes spelled it.
    pub(crate) encoding: Encoding,
}

/// Bytes that are not text; the place is counted from 1, in bytes within the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not UTF-8 text")]
pub(crate) struct NotText {
    /// The line.
    pub(crate) line: u64,
    /// The column, in bytes.
    pub(crate) column: u64,
}

/// Decodes a whole file.
pub(crate) fn decode(bytes: &[u8]) -> Result<Text<'_>, NotText> {
    if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        return utf8(rest);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE") {
        return Ok(utf16(rest, u16::from_le_bytes));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFE\xFF") {
        return Ok(utf16(rest, u16::from_be_bytes));
    }
    match bytes {
        // Without a mark: every format here begins with an ASCII character.
        [first, 0, ..] if *first != 0 => return Ok(utf16(bytes, u16::from_le_bytes)),
        [0, second, ..] if *second != 0 => return Ok(utf16(bytes, u16::from_be_bytes)),
        _ => {}
    }
    utf8(bytes).or_else(|error| if declares_latin1(bytes) { Ok(latin1(bytes)) } else { Err(error) })
}

/// The line and column (in characters) of a byte offset, counted from 1.
pub(crate) fn position(text: &str, offset: usize) -> (u64, u64) {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
    (newlines(before) + 1, column as u64)
}

/// Lines and columns of byte offsets that mostly grow: each piece of the text is counted once.
///
/// A document of many megabytes may have a reference in every line, for each of which [`position`] counts from the start.
pub(crate) struct Places<'a> {
    text: &'a str,
    offset: usize,
    line: u64,
    column: u64,
}

impl<'a> Places<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, offset: 0, line: 1, column: 1 }
    }

    /// The same as [`position`].
    pub(crate) fn of(&mut self, offset: usize) -> (u64, u64) {
        let offset = self.text.floor_char_boundary(offset);
        if offset < self.offset {
            *self = Self::new(self.text);
        }
        while self.offset < offset {
            self.step();
        }
        (self.line, self.column)
    }

    /// The byte offset of a line and a column, both from 1; `None` where the text has no such place.
    pub(crate) fn offset(&mut self, line: u64, column: u64) -> Option<usize> {
        if (line, column) < (self.line, self.column) {
            *self = Self::new(self.text);
        }
        while (self.line, self.column) < (line, column) && self.offset < self.text.len() {
            self.step();
        }
        ((self.line, self.column) == (line, column)).then_some(self.offset)
    }

    /// Goes on by a character.
    fn step(&mut self) {
        let Some(c) = self.text[self.offset..].chars().next() else { return };
        self.offset += c.len_utf8();
        (self.line, self.column) = if c == '\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
    }
}

/// How many line ends there are.
pub(crate) fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |count, byte| count + u64::from(*byte == b'\n'))
}

fn utf8(bytes: &[u8]) -> Result<Text<'_>, NotText> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Text { text: Cow::Borrowed(text), encoding: Encoding::Utf8 }),
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
            Err(NotText { line: newlines(before) + 1, column: (before.len() - line_start + 1) as u64 })
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Text<'static> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Text { text: Cow::Owned(text), encoding: Encoding::Utf16 }
}

fn latin1(bytes: &[u8]) -> Text<'static> {
    Text { text: Cow::Owned(bytes.iter().map(|b| char::from(*b)).collect()), encoding: Encoding::Latin1 }
}

fn declares_latin1(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(200)];
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    head.starts_with("<?xml")
        && ["iso-8859-1", "latin1", "latin-1", "windows-1252"]
            .iter()
            .any(|name| head.split("?>").next().is_some_and(|declaration| declaration.contains(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_are_dropped_and_utf16_is_read() {
        assert_eq!(decode(b"\xEF\xBB\xBFab").expect("decodes").text, "ab");
        let little: Vec<u8> =
            b"\xFF\xFE".iter().copied().chain("aé".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let big: Vec<u8> = "aé".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [little, big] {
            let text = decode(&bytes).expect("decodes");
            assert_eq!((text.text.as_ref(), text.encoding), ("aé", Encoding::Utf16));
        }
    }

    #[test]
    fn the_first_bad_byte_has_a_place() {
        assert_eq!(decode(b"ab\ncd\xE9\n"), Err(NotText { line: 2, column: 3 }));
    }

    #[test]
    fn latin1_is_taken_from_an_xml_declaration_only() {
        let xml = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9</a>";
        assert!(decode(xml).expect("decodes").text.ends_with("<a>é</a>"));
    }

    #[test]
    fn positions_count_characters() {
        assert_eq!(position("a\néé x", "a\néé ".len()), (2, 4));
        assert_eq!(position("", 5), (1, 1));
    }

    #[test]
    fn places_are_those_that_are_counted_from_the_start() {
        let text = "a\néé x\r\n\n\u{1f600}b";
        let mut places = Places::new(text);
        for at in (0..=text.len()).chain((0..=text.len()).rev()).filter(|at| text.is_char_boundary(*at)) {
            let (line, column) = position(text, at);
            assert_eq!(places.of(at), (line, column), "{at}");
            assert_eq!(places.offset(line, column), Some(at), "{at}");
        }
        for nowhere in [(0, 1), (1, 0), (1, 3), (2, 20), (9, 1)] {
            assert_eq!(places.offset(nowhere.0, nowhere.1), None, "{nowhere:?}");
        }
    }
}
