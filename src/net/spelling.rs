//! Text as it is meant: with the escapes of JSON, of addresses and of HTML undone.
//!
//! Whoever looks for a word in what a server says has to find it however it is spelled: `ü` is `\u00fc` in JSON that is
//! kept to ASCII, `%C3%BC` in an address, `&uuml;`, `&#252;` or `&#xfc;` on a page; each of them can stand beside the
//! others, and one within another where a text was quoted in a text.

use std::ops::Range;

/// The names that HTML gives to the characters from U+00A0 on.
const LATIN: [&str; 96] = [
    "nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf", "laquo", "not", "shy",
    "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro", "para", "middot", "cedil", "sup1", "ordm",
    "raquo", "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc", "Atilde", "Auml", "Aring", "AElig",
    "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml", "Igrave", "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve",
    "Oacute", "Ocirc", "Otilde", "Ouml", "times", "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN",
    "szlig", "agrave", "aacute", "acirc", "atilde", "auml", "aring", "aelig", "ccedil", "egrave", "eacute", "ecirc",
    "euml", "igrave", "iacute", "icirc", "iuml", "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml",
    "divide", "oslash", "ugrave", "uacute", "ucirc", "uuml", "yacute", "thorn", "yuml",
];

/// The longest reference of HTML that is read, between `&` and `;`.
const LONGEST_REFERENCE: usize = 10;

/// The text with all its escapes undone once; `None` where it has none.
pub(super) fn meant(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut any = false;
    each(text, |range, read| {
        if let Some(read) = read {
            any = true;
            bytes.extend_from_slice(read);
        } else {
            bytes.extend_from_slice(&text[range]);
        }
    });
    any.then_some(bytes)
}

/// Where in the text each byte of what is [`meant`] stands: where its escape begins. One more than there are bytes: the
/// last is the end of the text.
pub(super) fn places(text: &[u8]) -> Vec<usize> {
    let mut places = Vec::with_capacity(text.len() + 1);
    each(text, |range, read| match read {
        Some(read) => places.extend(read.iter().map(|_| range.start)),
        None => places.extend(range),
    });
    places.push(text.len());
    places
}

/// Where a part of what is meant stands in the text, as a whole: no half of an escape is left.
pub(super) fn origin(places: &[usize], part: &Range<usize>) -> Range<usize> {
    let last = places[part.end - 1];
    let end = places[part.end..].iter().find(|place| **place > last);
    places[part.start]..*end.expect("the end of the text is behind everything in it")
}

/// Goes over the text: stretches that stand for themselves, and escapes with what they stand for.
fn each(text: &[u8], mut take: impl FnMut(Range<usize>, Option<&[u8]>)) {
    let (mut plain, mut at) = (0, 0);
    while at < text.len() {
        let Some((length, read)) = escape(&text[at..]) else {
            at += 1;
            continue;
        };
        if plain < at {
            take(plain..at, None);
        }
        let mut buffer = [0; 4];
        let bytes = match read {
            Read::Byte(byte) => {
                buffer[0] = byte;
                &buffer[..1]
            }
            Read::Char(c) => c.encode_utf8(&mut buffer).as_bytes(),
        };
        take(at..at + length, Some(bytes));
        at += length;
        plain = at;
    }
    if plain < at {
        take(plain..at, None);
    }
}

enum Read {
    Byte(u8),
    Char(char),
}

/// The escape that a text begins with: its length, and what it stands for.
fn escape(text: &[u8]) -> Option<(usize, Read)> {
    match text.first()? {
        b'%' => Some((3, Read::Byte(u8::try_from(hex(text.get(1..3)?)?).ok()?))),
        b'\\' => json(text).map(|(length, c)| (length, Read::Char(c))),
        b'&' => {
            let body = &text[1..text.len().min(LONGEST_REFERENCE + 2)];
            let end = body.iter().position(|byte| *byte == b';')?;
            Some((end + 2, Read::Char(reference(std::str::from_utf8(&body[..end]).ok()?)?)))
        }
        _ => None,
    }
}

fn json(text: &[u8]) -> Option<(usize, char)> {
    let c = match text.get(1)? {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let unit = hex(text.get(2..6)?)?;
            if !(0xd800..0xdc00).contains(&unit) {
                return Some((6, char::from_u32(unit)?));
            }
            let low = text.get(6..12)?.strip_prefix(b"\\u")?;
            let low = hex(low).filter(|low| (0xdc00..0xe000).contains(low))?;
            return Some((12, char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00))?));
        }
        other @ (b'"' | b'\'' | b'\\' | b'/') => char::from(*other),
        _ => return None,
    };
    Some((2, c))
}

/// What a reference of HTML stands for, by what is between `&` and `;`.
fn reference(name: &str) -> Option<char> {
    let number = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => hex(digits.as_bytes())?,
            None if number.bytes().all(|byte| byte.is_ascii_digit()) => number.parse().ok()?,
            None => return None,
        },
        None => match name {
            "amp" => 0x26,
            "lt" => 0x3c,
            "gt" => 0x3e,
            "quot" => 0x22,
            "apos" => 0x27,
            _ => 0xa0 + u32::try_from(LATIN.iter().position(|known| *known == name)?).ok()?,
        },
    };
    char::from_u32(number)
}

fn hex(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 6 {
        return None;
    }
    digits.iter().try_fold(0, |sum, digit| Some(sum * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_escape_is_undone_and_what_is_none_stands_for_itself() {
        for (text, read) in [
            (r#"a\"b\\c\/d"#, r#"a"b\c/d"#),
            (r"\u00fc\u00FC\ud83d\ude00", "üü😀"),
            ("%C3%bc%2B+", "ü++"),
            ("&uuml;&#252;&#xfc;&#XFC;&amp;&lt;&gt;&quot;&apos;&#39;&szlig;&yuml;&nbsp;", "üüüü&<>\"''ßÿ\u{a0}"),
        ] {
            assert_eq!(meant(text.as_bytes()).as_deref(), Some(read.as_bytes()), "{text}");
        }
        for text in
            ["", "100% of a & b; c", r"C:\dir", r"\ud83d alone", "&nobody;", "&#;", "&#x;", "&#xd800;", "%", "\\"]
        {
            assert_eq!(meant(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_part_of_what_is_meant_stands_somewhere_as_a_whole() {
        let text = r"a\u00fcb&amp;%C3%BC";
        let places = places(text.as_bytes());
        let read = String::from_utf8(meant(text.as_bytes()).unwrap()).unwrap();
        for (part, source) in [("a", "a"), ("ü", r"\u00fc"), ("üb&", r"\u00fcb&amp;"), ("&ü", "&amp;%C3%BC")] {
            let at = read.find(part).unwrap();
            assert_eq!(&text[origin(&places, &(at..at + part.len()))], source);
        }
        // Half of a character.
        assert_eq!(&text[origin(&places, &(0..2))], r"a\u00fc");
    }
}
