//! What a server says, without the secrets in it.
//!
//! A server knows the secrets that it is told, and some servers repeat them: in an error that quotes the request, in a
//! link, in a message that names the token. What it says goes into messages, logs, journals and reports, which people
//! pass on. So the door takes out of every reply what is known to be secret: as it is, in base64 in every alignment, in
//! hexadecimal, and all of that in whatever escapes a server, a gateway or a log line spells it with ([`spelling`]).
//!
//! Of the words of a refusal it also takes out what looks like a secret of somebody else: a token in a header that is
//! quoted, the signature of a link.

use std::{
    borrow::Cow,
    collections::VecDeque,
    fmt,
    ops::Range,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use regex::Regex;
use secrecy::{ExposeSecret, SecretString};

use super::{Credentials, spelling};

/// What stands in the place of a secret.
const MARK: &str = "[REDACTED]";

/// Shorter secrets are not looked for: they would be found everywhere, and everybody could guess them.
const SHORTEST: usize = 4;

/// Shorter encoded pieces are not looked for: they are found by chance.
const SHORTEST_ENCODED: usize = 6;

/// How many tokens are remembered. One lives for a quarter of an hour at least, as a rule, so that these cover a day.
const TOKENS: usize = 96;

/// How often a text is read anew, with its escapes undone: a text may be quoted in a text that is quoted in another.
const READINGS: usize = 6;

/// Tokens in quoted headers, JSON Web Tokens, and values whose name says what they are. Short words are left alone, so
/// that "Basic authentication is off" can be read.
static PATTERNS: LazyLock<[(Regex, &str); 4]> = LazyLock::new(|| {
    let names = "[a-z0-9_.-]*(?:token|secret|password|signature|credential|accesskeyid|api[_-]?key)|sig";
    let pattern = |text: &str| Regex::new(text).expect("is a constant, and compiled by a test");
    [
        (pattern(r"(?i)\b(bearer|basic)(\s+)[a-z0-9._~+/=-]{16,}"), "${1}${2}[REDACTED]"),
        (pattern(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?"), MARK),
        (pattern(&format!(r#"(?i)([?&](?:{names})=)[^&\s"'<>]+"#)), "${1}[REDACTED]"),
        (pattern(&format!(r#"(?i)("(?:{names})"\s*:\s*")(?:[^"\\]|\\.)+"#)), "${1}[REDACTED]"),
    ]
});

/// The secrets of one client.
#[derive(Default)]
pub(super) struct Redactor(RwLock<Known>);

/// A secret that a server has issued, and that is in hand: while this lives, no words for people hold it. Replies keep it,
/// since they are where it is read.
#[derive(Debug)]
pub struct Hidden {
    redactor: Arc<Redactor>,
    number: u64,
}

impl Drop for Hidden {
    fn drop(&mut self) {
        self.redactor.forget(self.number);
    }
}

#[derive(Default)]
struct Known {
    standing: Vec<Needle>,
    tokens: VecDeque<Needle>,
    /// Issued secrets that are in hand, by number.
    issued: Vec<(u64, Needle)>,
    /// How many were, so far.
    numbers: u64,
    /// Finds those.
    in_hand: Option<AhoCorasick>,
    /// Finds every secret: for words that are meant for people.
    words: Option<AhoCorasick>,
    /// Finds those secrets that no catalog holds by chance: for replies, which are data.
    replies: Option<AhoCorasick>,
}

/// One secret, in all its spellings.
struct Needle {
    forms: Vec<Vec<u8>>,
    is_strong: bool,
}

impl Redactor {
    /// Knows the secrets of credentials.
    pub(super) fn of(credentials: &Credentials) -> Self {
        let redactor = Self::default();
        let standing = match credentials {
            // What machines have made is looked for everywhere; a person may have taken a word of the catalog.
            Credentials::ConnectedApp { secret, .. } | Credentials::Basic { secret, .. } => (secret, true),
            Credentials::Bearer(token) => (token, true),
            Credentials::User { password, .. } => (password, is_strong(password.expose_secret())),
        };
        redactor.change(|known| known.standing.extend(Needle::new(standing.0.expose_secret(), standing.1)));
        redactor
    }

    /// Learns what stands in an `Authorization` header behind its scheme.
    pub(super) fn learn(&self, header: &SecretString) {
        let value = header.expose_secret();
        let value = value.split_once(' ').map_or(value, |(_, value)| value);
        self.change(|known| {
            known.tokens.extend(Needle::new(value, true));
            while known.tokens.len() > TOKENS {
                known.tokens.pop_front();
            }
        });
    }

    /// Learns a secret that a server has issued, for as long as it is in hand: thousands may be, one after the other.
    pub(super) fn hide(self: &Arc<Self>, secret: &SecretString) -> Hidden {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let number = known.numbers;
        known.numbers += 1;
        known.issued.extend(Needle::new(secret.expose_secret(), true).map(|needle| (number, needle)));
        known.in_hand = finder(known.issued.iter().map(|(_, needle)| needle));
        Hidden { redactor: Arc::clone(self), number }
    }

    fn forget(&self, number: u64) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.issued.retain(|(known, _)| *known != number);
        known.in_hand = finder(known.issued.iter().map(|(_, needle)| needle));
    }

    /// Words for people, without any secret.
    pub(super) fn words<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut text = without(known.words.as_ref(), text);
        if let Cow::Owned(changed) = without(known.in_hand.as_ref(), &text) {
            text = Cow::Owned(changed);
        }
        for (pattern, replacement) in PATTERNS.iter() {
            if let Cow::Owned(changed) = pattern.replace_all(&text, *replacement) {
                text = Cow::Owned(changed);
            }
        }
        text
    }

    /// The path of an address, without any known secret.
    pub(super) fn path<'a>(&self, path: &'a str) -> Cow<'a, str> {
        without(self.0.read().unwrap_or_else(PoisonError::into_inner).words.as_ref(), path)
    }

    /// The body of a reply, without the secrets that cannot be in it by chance. What was JSON still is.
    pub(super) fn reply(&self, body: Bytes) -> Bytes {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match known.replies.as_ref().map(|finder| found(finder, &body)) {
            Some(found) if !found.is_empty() => marked(&body, &found).into(),
            _ => body,
        }
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut known);
        known.words = known.finder(|_| true);
        // To make one takes longer than any search with it; the two of them share what they find, as a rule.
        let is_same = known.standing.iter().chain(&known.tokens).all(|needle| needle.is_strong);
        known.replies = if is_same { known.words.clone() } else { known.finder(|needle| needle.is_strong) };
    }
}

/// A text without what is found in it.
fn without<'a>(finder: Option<&AhoCorasick>, text: &'a str) -> Cow<'a, str> {
    let found = finder.map_or_else(Vec::new, |finder| found(finder, text.as_bytes()));
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let marked = marked(text.as_bytes(), &found);
    Cow::Owned(String::from_utf8_lossy(&marked).into_owned())
}

/// Where secrets stand in a text, in whatever spelling; in order and apart.
fn found(finder: &AhoCorasick, text: &[u8]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = finder.find_iter(text).map(|found| unescaped(text, found.range())).collect();
    let mut readings: Vec<Vec<u8>> = Vec::new();
    while let Some(meant) = spelling::meant(readings.last().map_or(text, Vec::as_slice)) {
        if finder.is_match(&meant) {
            let texts = std::iter::once(text).chain(readings.iter().map(Vec::as_slice));
            let places: Vec<Vec<usize>> = texts.map(spelling::places).collect();
            found.extend(
                finder.find_iter(&meant).map(|found| {
                    places.iter().rev().fold(found.range(), |part, places| spelling::origin(places, &part))
                }),
            );
        }
        readings.push(meant);
        if readings.len() == READINGS {
            break;
        }
    }
    found.sort_unstable_by_key(|range| range.start);
    found.dedup_by(|next, range| {
        let touches = next.start < range.end;
        if touches {
            range.end = range.end.max(next.end);
        }
        touches
    });
    found
}

/// What begins or ends within an escape takes it along: half of one would spoil the JSON around it.
fn unescaped(text: &[u8], found: Range<usize>) -> Range<usize> {
    let is_within = |at: usize| text[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
    let (start, end) = (usize::from(is_within(found.start)), usize::from(is_within(found.end)));
    found.start - start..(found.end + end).min(text.len())
}

/// A text with marks in the place of some of its parts.
fn marked(text: &[u8], parts: &[Range<usize>]) -> Vec<u8> {
    let mut marked = Vec::with_capacity(text.len());
    let mut end = 0;
    for part in parts {
        marked.extend_from_slice(&text[end..part.start]);
        marked.extend_from_slice(MARK.as_bytes());
        end = part.end;
    }
    marked.extend_from_slice(&text[end..]);
    marked
}

impl Known {
    fn finder(&self, wanted: impl Fn(&&Needle) -> bool) -> Option<AhoCorasick> {
        finder(self.standing.iter().chain(&self.tokens).filter(wanted))
    }
}

/// What finds secrets in all their spellings; `None` where there are none.
fn finder<'a>(needles: impl Iterator<Item = &'a Needle>) -> Option<AhoCorasick> {
    let forms: Vec<&[u8]> = needles.flat_map(|needle| needle.forms.iter().map(Vec::as_slice)).collect();
    if forms.is_empty() {
        return None;
    }
    // Hexadecimal digits come in both cases, and a gateway may change the case of what it quotes.
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .ascii_case_insensitive(true)
        // The quickest to search takes milliseconds to make, for every token anew; replies are short.
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(forms)
        .ok()
}

impl Needle {
    fn new(secret: &str, is_strong: bool) -> Option<Self> {
        if secret.len() < SHORTEST {
            return None;
        }
        let mut forms = vec![hex::encode(secret).into_bytes()];
        forms.extend((0..3).flat_map(|shift| base64_within(secret.as_bytes(), shift)).map(String::into_bytes));
        forms.retain(|form| form.len() >= SHORTEST_ENCODED);
        // A form of HTML writes blanks so, and leaves other escapes to be undone.
        forms.extend(secret.contains(' ').then(|| secret.replace(' ', "+").into_bytes()));
        forms.push(secret.as_bytes().to_vec());
        // What looks like an escape in the secret itself is undone in a text that holds it, wherever another one is.
        let mut read = secret.as_bytes().to_vec();
        for _ in 0..READINGS {
            let Some(meant) = spelling::meant(&read).filter(|meant| meant.len() >= SHORTEST) else { break };
            forms.push(meant.clone());
            read = meant;
        }
        forms.sort_unstable();
        forms.dedup();
        Some(Self { forms, is_strong })
    }
}

/// The characters of base64 that a secret decides alone when `shift` bytes, modulo three, stand before it, and something
/// behind it: in both alphabets.
fn base64_within(secret: &[u8], shift: usize) -> [String; 2] {
    let mut padded = vec![0; shift];
    padded.extend_from_slice(secret);
    // The first character that has no bit of what stands before, and the last that has none of what follows.
    let from = [0, 2, 3][shift];
    let shared = usize::from(!padded.len().is_multiple_of(3));
    [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)]
        .map(|text| text.get(from..text.len() - shared).unwrap_or_default().to_owned())
}

/// Whether a password is surely no word of a catalog: long, or mixed as the platform asks for it.
fn is_strong(password: &str) -> bool {
    let has = |kind: fn(&char) -> bool| password.chars().any(|c| kind(&c));
    let mixed = has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit);
    password.len() >= 16 || (password.len() >= 8 && mixed)
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "p+/4?\"s'<w0rd>&Zé~-Kx9";

    fn redactor(secret: &str) -> Redactor {
        Redactor::of(&Credentials::Bearer(SecretString::from(secret)))
    }

    #[test]
    fn a_secret_is_found_in_every_spelling_and_nothing_else_is_lost() {
        let redactor = redactor(SECRET);
        let mut spellings = vec![
            SECRET.to_owned(),
            hex::encode(SECRET),
            hex::encode_upper(SECRET),
            utf8_percent_encode(SECRET, NON_ALPHANUMERIC).to_string(),
            utf8_percent_encode(SECRET, NON_ALPHANUMERIC).to_string().to_ascii_lowercase(),
            url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect(),
            serde_json::Value::from(SECRET).to_string().trim_matches('"').to_owned(),
            BASE64_STANDARD.encode(SECRET),
            BASE64_URL_SAFE.encode(SECRET),
        ];
        for spelling in &mut spellings {
            let said = redactor.words(&format!("your key {spelling} is old")).into_owned();
            assert!(said.starts_with("your key [REDACTED]") && said.ends_with(" is old"), "{spelling}: {said}");
            assert!(!said.contains(&spelling[..spelling.len() - 4]), "{spelling}: {said}");
        }
    }

    #[test]
    fn a_secret_inside_of_what_was_encoded_is_found_in_all_alignments() {
        let redactor = redactor(SECRET);
        for before in ["", "a", "ab", "abc"] {
            for after in ["", "x", "xy", "xyz"] {
                let said = BASE64_STANDARD.encode(format!("{before}{SECRET}{after}"));
                let left = redactor.words(&said).into_owned();
                // Two characters may be left at each end: less than two bytes of the secret.
                assert!(left.len() <= MARK.len() + 12 && left.contains(MARK), "{before}·{after}: {left}");
            }
        }
    }

    #[test]
    fn a_new_token_is_known_and_the_oldest_are_forgotten() {
        let redactor = Redactor::default();
        for number in 0..=TOKENS {
            redactor.learn(&SecretString::from(format!("Bearer token-number-{number:04}")));
        }
        assert_eq!(redactor.words("token-number-0096"), MARK);
        assert_eq!(redactor.words("token-number-0000"), "token-number-0000");
        assert_eq!(redactor.reply(Bytes::from_static(b"{\"t\":\"token-number-0096\"}")), "{\"t\":\"[REDACTED]\"}");
    }

    #[test]
    fn an_issued_secret_is_in_no_words_while_it_is_in_hand_and_replies_keep_it() {
        let redactor = Arc::new(Redactor::default());
        let (one, other) = (SecretString::from("0f8fad5bd9cb469f"), SecretString::from("7c9e6679f1a54c8e"));
        let (held, kept) = (redactor.hide(&one), redactor.hide(&other));
        let said = "put: 0F8FAD5BD9CB469F and 7c9e6679f1a54c8e";
        assert_eq!(redactor.words(said), "put: [REDACTED] and [REDACTED]");
        let reply = Bytes::from_static(b"{\"clientSecret\":\"0f8fad5bd9cb469f\"}");
        assert_eq!(redactor.reply(reply.clone()), reply);
        drop(held);
        assert_eq!(redactor.words(said), "put: 0F8FAD5BD9CB469F and [REDACTED]");
        drop(kept);
        assert!(redactor.0.read().expect("is whole").in_hand.is_none());
    }

    #[test]
    fn a_word_of_the_catalog_stays_in_replies_even_where_it_is_the_password() {
        let user = |password: &str| {
            Redactor::of(&Credentials::User { name: "u".to_owned(), password: SecretString::from(password) })
        };
        let reply = Bytes::from_static(b"{\"status\":\"published\"}");
        assert_eq!(user("published").reply(reply.clone()), reply);
        assert_eq!(user("published").words("password published is wrong"), "password [REDACTED] is wrong");
        assert_eq!(user("Publ1shed").reply(Bytes::from_static(b"\"Publ1shed\"")), "\"[REDACTED]\"");
        assert_eq!(user("abc").words("abc"), "abc");
    }

    #[test]
    fn what_looks_like_somebody_elses_secret_is_taken_out_of_words_only() {
        let redactor = Redactor::default();
        for (said, shown) in [
            ("Authorization: Bearer 0f8fad5b-d9cb-469f-a165 is old", "Authorization: Bearer [REDACTED] is old"),
            ("basic dXNlcjpwYXNzd29yZA== was sent", "basic [REDACTED] was sent"),
            ("Basic authentication is off, Bearer tokens are on", "Basic authentication is off, Bearer tokens are on"),
            ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln end", "jwt [REDACTED] end"),
            ("see https://s3/x?X-Amz-Signature=af01&a=b", "see https://s3/x?X-Amz-Signature=[REDACTED]&a=b"),
            (r#"got {"client_secret" : "a\"b", "x": 1}"#, r#"got {"client_secret" : "[REDACTED]", "x": 1}"#),
            ("password: must have a digit", "password: must have a digit"),
        ] {
            assert_eq!(redactor.words(said), shown);
        }
        let link = Bytes::from_static(b"{\"externalLink\":\"https://s3/x?X-Amz-Signature=af01\"}");
        assert_eq!(redactor.reply(link.clone()), link);
    }

    /// JSON of a text, all but letters and digits escaped where `ascii`, with slashes as some write them.
    fn json(text: &str, ascii: bool) -> String {
        let plain = serde_json::Value::from(text).to_string();
        if !ascii {
            return plain;
        }
        let escape =
            |c: char| c.encode_utf16(&mut [0; 2]).iter().fold(String::new(), |all, unit| format!("{all}\\u{unit:04X}"));
        let chars = plain.chars().map(|c| match c {
            '/' => "\\/".to_owned(),
            c if c.is_ascii() && !"<>&'".contains(c) => c.to_string(),
            c => escape(c),
        });
        chars.collect()
    }

    /// HTML of a text, with references by number or by name.
    fn html(text: &str, number: fn(u32) -> String) -> String {
        let chars = text.chars().map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '"' => "&quot;".to_owned(),
            'ü' if number(1) == "&#1;" => "&uuml;".to_owned(),
            c if c.is_ascii() && c != '\'' => c.to_string(),
            c => number(u32::from(c)),
        });
        chars.collect()
    }

    fn spelled(secret: &str, how: usize) -> String {
        let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        match how {
            0 => secret.to_owned(),
            1 => json(secret, false),
            2 => json(secret, true),
            3 => json(secret, true).replace("\\U", "\\u").to_lowercase(),
            4 => percent,
            5 => percent.to_lowercase(),
            6 => url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            7 => html(secret, |number| format!("&#{number};")),
            8 => html(secret, |number| format!("&#x{number:X};")),
            9 => hex::encode(secret),
            10 => hex::encode_upper(secret),
            11 => BASE64_STANDARD.encode(secret),
            12 => BASE64_URL_SAFE.encode(format!("me:{secret}")),
            13 => BASE64_STANDARD.encode(format!("~~~Client~~~:an-id~?~{secret}")),
            _ => json(&json(secret, true), false),
        }
    }

    proptest! {
        #[test]
        fn no_spelling_hides_a_secret_wherever_it_is_quoted(
            secret in "[a-z0-9]{2}[a-zA-Z0-9 /\\\\\"'<>&%+=~;#üßéÅ中😀-]{8,20}[a-z0-9]{2}",
            how in 0..15_usize,
            quoted in 0..3,
        ) {
            let redactor = redactor(&secret);
            let said = spelled(&secret, how);
            let said = match quoted {
                0 => said,
                1 => json(&said, true),
                _ => utf8_percent_encode(&said, NON_ALPHANUMERIC).to_string(),
            };
            let shown = redactor.words(&format!("before {said} after")).into_owned();
            prop_assert!(shown.starts_with("before ") && shown.ends_with(" after"), "{said}: {shown}");
            prop_assert!(shown.contains(MARK), "{said}: {shown}");
            // What else may stand there are quotes, what goes before a secret in base64, and the bits at its ends.
            let left = shown.len() - "before  after".len() - MARK.len();
            let most = match how { 12 => 20, 13 => 60, 14 => 36, _ => 12 };
            prop_assert!(left <= most, "{said}: {shown}");
            let reply = redactor.reply(Bytes::from(format!("{{\"a\":{}}}", json(&format!("x{said}y"), true))));
            let parsed: Result<serde_json::Value, _> = serde_json::from_slice(&reply);
            prop_assert!(parsed.is_ok_and(|read| read["a"].as_str().is_some_and(|a| a.contains(MARK))), "{reply:?}");
        }
    }

    #[test]
    fn a_secret_that_begins_within_an_escape_leaves_json_whole() {
        let reply = redactor("n0pen5esame\\").reply(Bytes::from_static(br#"{"a":"one\n0pen5esame\\","b":1}"#));
        assert_eq!(reply, r#"{"a":"one[REDACTED]","b":1}"#);
    }
}
