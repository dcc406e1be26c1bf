//! How single things are written for people: text from outside, numbers, times, sizes.

use std::{borrow::Cow, fmt::Write, io, time::Duration};

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

/// Shows what cannot be seen or could do harm: control characters, escape sequences, marks that turn the direction of
/// writing or are invisible. They appear as `\n`, `\t`, `\u{1b}`; all other text is left as it is.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if is_unprintable(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Passes JSON on, with all that [`printable`] would not show escaped as JSON does: nothing is lost to a program that reads
/// it, and a terminal that shows it obeys nothing. Of control characters JSON itself escapes but the oldest.
pub(crate) struct JsonText<W>(pub(crate) W);

impl<W: io::Write> io::Write for JsonText<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The serializer writes texts as a whole, never a part of a character.
        match std::str::from_utf8(bytes) {
            Ok(text) => self.0.write_all(json_escaped(text).as_bytes())?,
            Err(_) => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// An object of JSON whose first member is a list of any length, an item a line.
pub(crate) struct JsonItems<W> {
    out: W,
    any: bool,
}

impl<W: io::Write> JsonItems<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, any: false }
    }

    pub(crate) fn push(&mut self, item: &impl Serialize) -> io::Result<()> {
        write!(self.out, "{}", if self.any { ",\n" } else { "{\"items\":[\n" })?;
        self.any = true;
        Ok(serde_json::to_writer(JsonText(&mut self.out), item)?)
    }

    /// Ends the list, and the object with further members: those of a value that is an object.
    pub(crate) fn finish(&mut self, members: &impl Serialize) -> io::Result<()> {
        let members = serde_json::to_string(members)?;
        let members = members.strip_prefix('{').expect("an object has members");
        write!(self.out, "{}],", if self.any { "\n" } else { "{\"items\":[" })?;
        io::Write::write_all(&mut JsonText(&mut self.out), members.as_bytes())?;
        writeln!(self.out)?;
        self.out.flush()
    }
}

/// JSON, escaped as [`JsonText`] does.
pub(super) fn json_escaped(json: &str) -> Cow<'_, str> {
    // Line ends stand between values only; within texts they are escaped already.
    let is_raw = |c: char| c != '\n' && is_unprintable(c);
    if !json.contains(is_raw) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_raw(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Line and paragraph separators, and marks that have no width.
            '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
            // Overrides and isolates of the direction of writing.
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}'
            // Tags, and what is no character at all (and not allowed in XML).
            | '\u{e0000}'..='\u{e007f}' | '\u{fffe}' | '\u{ffff}')
}

/// The columns that a text takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// A number with separators: `1,204,000`.
pub(super) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 item`, `2,000 items`.
pub(super) fn count(n: u64, thing: &str) -> String {
    format!("{} {thing}{}", number(n), if n == 1 { "" } else { "s" })
}

/// A length of time: `0.4s`, `12s`, `1m 05s`, `2h 03m`, `3d 04h`.
pub(super) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 if time.subsec_millis() > 0 => format!("{:.1}s", time.as_secs_f64()),
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h {:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d {:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// A size in decimal units: `512 B`, `12.3 MB`.
pub(super) fn bytes(n: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    for (unit, name) in UNITS {
        if n >= unit {
            // Tenths, cut off: a size is never shown larger than it is.
            let tenths = n / (unit / 10);
            return format!("{}.{} {name}", number(tenths / 10), tenths % 10);
        }
    }
    format!("{n} B")
}

/// A moment given in milliseconds since 1970, as RFC 3339 in UTC: `2026-11-22T01:50:04.123Z`.
pub(super) fn time(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis)
        .map_or_else(|_| format!("{millis} ms"), |time| time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// Joins the parts that are there by a separator.
pub(super) fn join(parts: impl IntoIterator<Item = String>, separator: &str) -> String {
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() {
            text.push_str(separator);
        }
        text.push_str(&part);
    }
    text
}

/// What went wrong, on one line: `message (refused, HTTP 400)`.
pub(super) fn reason(message: Option<&str>, class: Option<&str>, http: Option<u16>) -> String {
    let mut text = printable(message.unwrap_or("no reason is recorded")).into_owned();
    let http = http.map(|status| format!("HTTP {status}"));
    // The class of what is blocked says what its state says already.
    let class = class.filter(|class| *class != "blocked");
    let marks = join(class.map(|class| printable(class).into_owned()).into_iter().chain(http), ", ");
    if !marks.is_empty() {
        let _ = write!(text, " ({marks})");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_invisible_marks_are_shown_and_never_sent() {
        assert_eq!(printable("\x1b[2J\x07a\u{9b}b\x7f"), "\\u{1b}[2J\\u{7}a\\u{9b}b\\u{7f}");
        assert_eq!(printable("a\r\n\tb"), "a\\r\\n\\tb");
        assert_eq!(printable("exe.\u{202e}fdp\u{200b}\u{feff}"), "exe.\\u{202e}fdp\\u{200b}\\u{feff}");
    }

    #[test]
    fn json_keeps_what_it_says_and_shows_nothing_that_a_terminal_obeys() {
        let text = "a\u{9b}31m\u{85}\u{202e}b\u{e0041}\x1b\n日本";
        for json in [serde_json::to_string(text), serde_json::to_string_pretty(&[text])] {
            let mut out = Vec::new();
            io::Write::write_all(&mut JsonText(&mut out), json.unwrap().as_bytes()).unwrap();
            let shown = String::from_utf8(out).unwrap();
            assert!(shown.lines().all(|line| printable(line) == line) && shown.contains("日本"), "{shown:?}");
            let read: serde_json::Value = serde_json::from_str(&shown).unwrap();
            assert_eq!(read.as_str().or(read[0].as_str()), Some(text));
        }
    }

    #[test]
    fn honest_text_is_left_alone() {
        assert!(matches!(printable("Zürich – 日本語 <b> & C:\\new"), Cow::Borrowed(_)));
    }

    #[test]
    fn numbers_have_separators() {
        assert_eq!(
            [0, 12, 999, 1_000, 12_345, 1_204_000].map(number),
            ["0", "12", "999", "1,000", "12,345", "1,204,000"]
        );
        assert_eq!([0, 1, 2].map(|n| count(n, "item")), ["0 items", "1 item", "2 items"]);
    }

    #[test]
    fn durations_are_as_exact_as_people_want_them() {
        let shown = [0, 400, 12_900, 65_000, 7_380_000, 273_600_000].map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(shown, ["0s", "0.4s", "12s", "1m 05s", "2h 03m", "3d 04h"]);
    }

    #[test]
    fn sizes_are_in_decimal_units() {
        assert_eq!(
            [0, 999, 1_000, 12_345_678, 3_000_000_000].map(bytes),
            ["0 B", "999 B", "1.0 kB", "12.3 MB", "3.0 GB"]
        );
    }

    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(time(1_795_312_204_123), "2026-11-22T01:50:04.123Z");
        assert_eq!(time(0), "1970-01-01T00:00:00.000Z");
    }
}
