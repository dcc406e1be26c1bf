//! What a server says, without the secrets in it.
//!
//! A server knows the secrets that it is told, and some servers repeat them: in an error that quotes the request, in a
//! link, in a message that names the token. What it says goes into messages, logs, journals and reports, which people
//! pass on. So the door takes out of every reply what is known to be secret: as it is, in base64 in every alignment, in
//! hexadecimal, and all of that in whatever escapes a server, a gateway or a log line spells it with ([`spelling`]).
//!
//! Of the words of a refusal it also takes out what looks like a secret of somebody else: a token in a header that is
//! quoted, the signature of a link.

mod needle;

use std::{
    borrow::Cow,
    collections::VecDeque,
    fmt,
    ops::Range,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use bytes::Bytes;
use needle::{Needle, is_strong};
use regex::Regex;
use secrecy::{ExposeSecret, SecretString};

use super::{Credentials, spelling};

/// What stands in the place of a secret.
const MARK: &str = "[REDACTED]";

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
    /// Finds how they begin: some servers cut off what they quote.
    beginnings: Option<AhoCorasick>,
    /// Finds those secrets that no catalog holds by chance: for replies, which are data.
    replies: Option<AhoCorasick>,
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
        if let Cow::Owned(changed) = without_beginnings(known.beginnings.as_ref(), &text) {
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
        known.beginnings = automaton(known.standing.iter().chain(&known.tokens).filter_map(|n| n.beginning.as_deref()));
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

/// A text without what begins as a secret does, up to where a token ends.
fn without_beginnings<'a>(finder: Option<&AhoCorasick>, text: &'a str) -> Cow<'a, str> {
    let is_token = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
    let mut found: Vec<Range<usize>> = Vec::new();
    for begins in finder.into_iter().flat_map(|finder| finder.find_iter(text)) {
        if found.last().is_none_or(|before| begins.start() >= before.end) {
            let rest = text.as_bytes()[begins.end()..].iter().take_while(is_token).count();
            found.push(begins.start()..begins.end() + rest);
        }
    }
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(String::from_utf8_lossy(&marked(text.as_bytes(), &found)).into_owned())
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
    automaton(needles.flat_map(|needle| needle.forms.iter().map(Vec::as_slice)))
}

fn automaton<'a>(forms: impl Iterator<Item = &'a [u8]>) -> Option<AhoCorasick> {
    let forms: Vec<&[u8]> = forms.collect();
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

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
