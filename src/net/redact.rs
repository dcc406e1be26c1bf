//! What a server says, without the secrets in it.
//!
//! A server knows the secrets that it is told, and some servers repeat them: in an error that quotes the request, in a
//! link, in a message that names the token. What it says goes into messages, logs, journals and reports, which people
//! pass on. So the door takes out of every reply what is known to be secret: as it is, and in the spellings that a
//! server, a gateway or a log line gives it (base64 in every alignment, hexadecimal, percent-encoded, escaped).
//!
//! Of the words of a refusal it also takes out what looks like a secret of somebody else: a token in a header that is
//! quoted, the signature of a link.

use std::{
    borrow::Cow,
    collections::VecDeque,
    fmt,
    sync::{LazyLock, PoisonError, RwLock},
};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regex::Regex;
use secrecy::{ExposeSecret, SecretString};

use super::Credentials;

/// What stands in the place of a secret.
const MARK: &str = "[REDACTED]";

/// Shorter secrets are not looked for: they would be found everywhere, and everybody could guess them.
const SHORTEST: usize = 4;

/// Shorter encoded pieces are not looked for: they are found by chance.
const SHORTEST_ENCODED: usize = 6;

/// How many tokens are remembered. One lives for a quarter of an hour at least, as a rule, so that these cover a day.
const TOKENS: usize = 96;

/// What is left as it is by everybody who encodes a part of an address.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

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

#[derive(Default)]
struct Known {
    standing: Vec<Needle>,
    tokens: VecDeque<Needle>,
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

    /// Words for people, without any secret.
    pub(super) fn words<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut text = match &known.words {
            Some(finder) if finder.is_match(text) => {
                Cow::Owned(finder.replace_all(text, &vec![MARK; finder.patterns_len()]))
            }
            _ => Cow::Borrowed(text),
        };
        for (pattern, replacement) in PATTERNS.iter() {
            if let Cow::Owned(changed) = pattern.replace_all(&text, *replacement) {
                text = Cow::Owned(changed);
            }
        }
        text
    }

    /// The path of an address, without any known secret.
    pub(super) fn path<'a>(&self, path: &'a str) -> Cow<'a, str> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match &known.words {
            Some(finder) if finder.is_match(path) => {
                Cow::Owned(finder.replace_all(path, &vec![MARK; finder.patterns_len()]))
            }
            _ => Cow::Borrowed(path),
        }
    }

    /// The body of a reply, without the secrets that cannot be in it by chance. What was JSON still is.
    pub(super) fn reply(&self, body: Bytes) -> Bytes {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match &known.replies {
            Some(finder) if finder.is_match(&body) => {
                finder.replace_all_bytes(&body, &vec![MARK; finder.patterns_len()]).into()
            }
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

impl Known {
    fn finder(&self, wanted: impl Fn(&&Needle) -> bool) -> Option<AhoCorasick> {
        let needles = self.standing.iter().chain(&self.tokens).filter(wanted);
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
}

impl Needle {
    fn new(secret: &str, is_strong: bool) -> Option<Self> {
        if secret.len() < SHORTEST {
            return None;
        }
        let json = serde_json::Value::from(secret).to_string();
        let json = json[1..json.len() - 1].to_owned();
        let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let mut forms = vec![
            hex::encode(secret),
            utf8_percent_encode(secret, UNRESERVED).to_string(),
            utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            json.replace('/', "\\/"),
            json,
            html.replace('"', "&quot;").replace('\'', "&#39;"),
            html,
        ];
        forms.extend((0..3).flat_map(|shift| base64_within(secret.as_bytes(), shift)));
        forms.retain(|form| form.len() >= SHORTEST_ENCODED);
        forms.push(secret.to_owned());
        forms.sort_unstable();
        forms.dedup();
        Some(Self { forms: forms.into_iter().map(String::into_bytes).collect(), is_strong })
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
            utf8_percent_encode(SECRET, UNRESERVED).to_string().to_ascii_lowercase(),
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
}
