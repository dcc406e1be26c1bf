//! One secret, in all the spellings in which it is looked for.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

use super::{READINGS, spelling};

/// Shorter secrets are not looked for: they would be found everywhere, and everybody could guess them.
const SHORTEST: usize = 4;

/// Shorter encoded pieces are not looked for: they are found by chance.
const SHORTEST_ENCODED: usize = 6;

/// Where a secret was cut off is not known; so much of its beginning gives it away.
const BEGINNING: std::ops::RangeInclusive<usize> = 8..=12;

/// One secret, in all its spellings.
pub(super) struct Needle {
    pub(super) forms: Vec<Vec<u8>>,
    /// How it begins, where what is left of it when it is cut off could be anything else by no chance.
    pub(super) beginning: Option<Vec<u8>>,
    pub(super) is_strong: bool,
}

impl Needle {
    pub(super) fn new(secret: &str, is_strong: bool) -> Option<Self> {
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
        let beginning = (secret.len() / 2).clamp(*BEGINNING.start(), *BEGINNING.end());
        let beginning = secret.as_bytes().get(..beginning).filter(|_| is_strong && secret.len() >= *BEGINNING.end());
        Some(Self { forms, beginning: beginning.map(<[u8]>::to_vec), is_strong })
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
pub(super) fn is_strong(password: &str) -> bool {
    let has = |kind: fn(&char) -> bool| password.chars().any(|c| kind(&c));
    let mixed = has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit);
    password.len() >= 16 || (password.len() >= 8 && mixed)
}
