//! Looking for secrets, in every spelling in which one could be read.

use aho_corasick::AhoCorasick;
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE},
};

/// A secret that must be seen nowhere.
#[derive(Debug, Clone)]
pub(crate) struct Secret {
    name: String,
    spellings: Vec<Vec<u8>>,
}

impl Secret {
    pub(crate) fn new(name: &str, secret: &str) -> Self {
        assert!(secret.len() >= 8, "{name} is too short to be looked for");
        let json = serde_json::to_string(secret).expect("is a text");
        let percent: String = secret
            .bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect();
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let mut spellings = vec![
            secret.to_owned(),
            json.trim_matches('"').to_owned(),
            ascii(json.trim_matches('"')).to_lowercase(),
            ascii(json.trim_matches('"')),
            ascii(&json.trim_matches('"').replace('/', "\\/")),
            percent.to_lowercase(),
            percent,
            form,
            hex::encode(secret),
            hex::encode_upper(secret),
        ];
        // Whatever stands before it moves it to one of three places; what stands around it changes its ends.
        for before in ["", "x", "xy"] {
            for engine in [BASE64_STANDARD, BASE64_URL_SAFE] {
                let encoded = engine.encode(format!("{before}{secret}"));
                let from = if before.is_empty() { 0 } else { before.len() + 1 };
                let to = encoded.trim_end_matches('=').len() - 1;
                spellings.push(encoded[from..to].to_owned());
            }
        }
        Self { name: name.to_owned(), spellings: spellings.into_iter().map(String::into_bytes).collect() }
    }
}

/// JSON as it is where only ASCII is wanted.
pub(crate) fn ascii(json: &str) -> String {
    let mut escaped = String::new();
    for c in json.chars() {
        match c {
            c if c.is_ascii() => escaped.push(c),
            c => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| escaped.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    escaped
}

/// The first of the secrets that is in some bytes, with what stands around it. All of them are looked for in one pass.
fn found<'a>(secrets: &'a [Secret], bytes: &[u8]) -> Option<(&'a str, String)> {
    let spelled: Vec<_> = secrets.iter().flat_map(|secret| secret.spellings.iter().map(move |s| (secret, s))).collect();
    let searched = AhoCorasick::new(spelled.iter().map(|(_, spelling)| spelling)).expect("some hundred short texts");
    let met = searched.find(bytes)?;
    let around = &bytes[met.start().saturating_sub(120)..bytes.len().min(met.end() + 40)];
    Some((&spelled[met.pattern()].0.name, String::from_utf8_lossy(around).into_owned()))
}

/// Asserts that no secret is in what was seen somewhere.
#[track_caller]
pub(crate) fn assert_absent(secrets: &[Secret], place: &str, bytes: &[u8]) {
    if let Some((name, around)) = found(secrets, bytes) {
        panic!("the {name} is in {place}: …{around}…");
    }
}

#[test]
fn a_secret_is_found_in_all_its_spellings() {
    let secrets = [Secret::new("other", "somewhere else"), Secret::new("word", "p+/4\"s w0rd~")];
    for said in [
        "p+/4\"s w0rd~".to_owned(),
        r#"{"a":"p+/4\"s w0rd~"}"#.to_owned(),
        "p%2B%2F4%22s%20w0rd%7E".to_owned(),
        "p%2B%2F4%22s+w0rd%7E".to_owned(),
        BASE64_STANDARD.encode("me:p+/4\"s w0rd~"),
        BASE64_STANDARD.encode("m:p+/4\"s w0rd~&more"),
        BASE64_URL_SAFE.encode("you:p+/4\"s w0rd~&"),
        hex::encode("<p+/4\"s w0rd~>"),
    ] {
        let met = found(&secrets, format!("before {said} after").as_bytes());
        assert_eq!(met.map(|(name, _)| name), Some("word"), "{said}");
    }
    assert!(found(&secrets, b"p+/4 and nothing else").is_none());
}
