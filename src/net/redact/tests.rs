use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use base64::Engine;

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
fn a_secret_that_a_server_has_cut_off_is_taken_out_of_words() {
    let redactor = redactor("tok-a8b039af-7a34-4b72-a7bc-574836353f8d");
    for left in ["tok-a8b039af-7a34-4b72-a7bc-574836353f8", "tok-a8b039af-7a3", "TOK-A8B039AF"] {
        let words = format!("the token '{left}' is not valid");
        assert_eq!(redactor.words(&words), "the token '[REDACTED]' is not valid", "{left}");
    }
    assert_eq!(redactor.words("tok-a8b0 and tok-b"), "tok-a8b0 and tok-b", "that much tells nothing");
    let password = Credentials::User { name: "u".to_owned(), password: "orders-service".to_owned().into() };
    let words = "orders-servant is not there";
    assert_eq!(Redactor::of(&password).words(words), words, "a password of words begins as many things do");
}

#[test]
fn a_new_token_is_known_and_the_oldest_are_forgotten() {
    let redactor = Redactor::default();
    for number in 0..=TOKENS {
        redactor.learn(&SecretString::from(format!("Bearer {number:04}-token-number")));
    }
    assert_eq!(redactor.words("0096-token-number"), MARK);
    assert_eq!(redactor.words("0000-token-number"), "0000-token-number");
    assert_eq!(redactor.reply(Bytes::from_static(b"{\"t\":\"0096-token-number\"}")), "{\"t\":\"[REDACTED]\"}");
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
