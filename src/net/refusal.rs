//! The answers of a server that says no, in all the shapes it says it.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::{call::request_id, limits, redact::Redactor};

/// Longest message kept, in characters: enough for a validator's report, too little to fill a journal.
const MAX_MESSAGE: usize = 2_000;
/// Most entries kept of a list of errors.
const MAX_ERRORS: usize = 50;
/// Longest piece of an unrecognised body kept, in characters.
const MAX_EXCERPT: usize = 500;

/// An answer that is not 2xx, as far as it could be understood (EXCHANGE.md §3.7). Control characters are taken out, and
/// secrets are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{request}: {status}{}{}", .code.as_ref().map(|c| format!(" {c}")).unwrap_or_default(), self.words())]
pub struct Refusal {
    /// Method and path of the request.
    pub request: String,
    /// The status.
    pub status: u16,
    /// The server's code (`ASSET_PRE_CONDITIONS_FAILED`), where it gives one.
    pub code: Option<String>,
    /// The server's message; empty where it says nothing.
    pub message: String,
    /// The single errors, where it lists them.
    pub errors: Vec<String>,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
    /// The server's id of the request.
    pub request_id: Option<String>,
    /// The host that a redirect leads to, where it names one.
    pub leads_to: Option<String>,
    /// The beginning of a body that is not of a known shape.
    pub body_excerpt: Option<String>,
}

impl Refusal {
    /// Reads an answer, tolerantly: whatever the body is, the status counts.
    ///
    /// Secrets go before anything is cut, so that no half of one is left.
    pub(super) fn read(
        request: String,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        redactor: &Redactor,
    ) -> Self {
        let mut refusal = Self {
            request,
            status: status.as_u16(),
            code: None,
            message: String::new(),
            errors: Vec::new(),
            retry_after: limits::wait_asked(status, headers),
            request_id: request_id(headers).map(|id| redactor.words(&id).into_owned()),
            leads_to: None,
            body_excerpt: None,
        };
        match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(object)) => refusal.take_object(&object, redactor),
            Ok(Value::String(text)) => refusal.message = clean(&redactor.words(&text), MAX_MESSAGE),
            _ => {}
        }
        if status.is_redirection() {
            refusal.take_redirect(headers, redactor);
        } else if refusal.message.is_empty() && refusal.errors.is_empty() {
            refusal.take_text(headers, body, redactor);
        }
        refusal
    }

    /// Shapes A, A′ and B, and OAuth's.
    fn take_object(&mut self, object: &serde_json::Map<String, Value>, redactor: &Redactor) {
        let clean = |text: &str, most| clean(&redactor.words(text), most);
        let text = |key: &str| object.get(key).and_then(Value::as_str).filter(|t| !t.trim().is_empty());
        // Shape A has a `name` in words; OAuth calls its code `error`.
        self.code = text("code").or_else(|| text("error")).or_else(|| text("name")).map(|code| clean(code, 100));
        if let Some(message) = text("message").or_else(|| text("error_description")) {
            self.message = clean(message, MAX_MESSAGE);
        }
        let details = object.get("details");
        let listed = match details {
            Some(Value::Array(list)) => Some(list),
            Some(details) => details.get("errors").and_then(Value::as_array),
            None => object.get("errors").and_then(Value::as_array),
        };
        for entry in listed.into_iter().flatten().take(MAX_ERRORS) {
            let text = match entry {
                Value::String(text) => text.clone(),
                other => detail(other),
            };
            self.errors.push(clean(&text, MAX_MESSAGE));
        }
    }

    /// Where the server leads elsewhere, without the query, which may be a key.
    fn take_redirect(&mut self, headers: &HeaderMap, redactor: &Redactor) {
        let there = headers.get(http::header::LOCATION).map(|there| String::from_utf8_lossy(there.as_bytes()));
        let url = there.as_deref().and_then(|there| url::Url::parse(there).ok());
        self.leads_to = url.and_then(|url| Some(clean(&redactor.words(url.host_str()?), 200)));
        self.message = match there {
            Some(there) => {
                let there = redactor.words(there.split(['?', '#']).next().unwrap_or_default());
                format!("leads elsewhere, to `{}`", clean(&there, 200))
            }
            None => "leads elsewhere, and does not say where".to_owned(),
        };
    }

    fn take_text(&mut self, headers: &HeaderMap, body: &[u8], redactor: &Redactor) {
        let text = String::from_utf8_lossy(body);
        let text = clean(&redactor.words(&text), MAX_EXCERPT);
        if text.is_empty() {
            return;
        }
        let plain = headers.get(http::header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/plain"));
        if plain {
            self.message = text;
        } else {
            self.body_excerpt = Some(text);
        }
    }

    /// What the server said, behind the status.
    fn words(&self) -> String {
        let mut words = self.message.clone();
        // Some servers say the same twice.
        for error in self.errors.iter().filter(|error| **error != self.message) {
            if !words.is_empty() {
                words.push_str("; ");
            }
            words.push_str(error);
        }
        if words.is_empty() {
            words = self.body_excerpt.clone().unwrap_or_default();
        }
        if words.is_empty() { words } else { format!(": {words}") }
    }
}

/// One of several errors: its message, with the code behind it where it has one (EXCHANGE.md §7).
fn detail(entry: &Value) -> String {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    match (text("message"), text("code")) {
        (Some(message), Some(code)) => format!("{message} ({code})"),
        (Some(message), None) => message.to_owned(),
        (None, _) => entry.to_string(),
    }
}

/// Takes control characters out, joins blanks, and bounds the length.
pub(super) fn clean(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len().min(most));
    let mut left = most;
    // Zero-width and direction marks can make a terminal show other text than was sent.
    let hidden =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    for word in text.split(|c: char| c.is_whitespace() || c.is_control() || hidden(c)).filter(|w| !w.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        for c in word.chars() {
            if left == 0 {
                out.push('…');
                return out;
            }
            left -= 1;
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, content_type: &'static str, body: &str) -> Refusal {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
        Refusal::read(
            "POST /x".to_owned(),
            StatusCode::from_u16(status).expect("is a status"),
            &headers,
            body.as_bytes(),
            &Redactor::default(),
        )
    }

    #[test]
    fn every_known_shape_is_understood() {
        let a =
            read(400, "application/json", r#"{"name":"Bad Request","status":400,"message":"limit must be <= 250"}"#);
        assert_eq!((a.code.as_deref(), a.message.as_str()), (Some("Bad Request"), "limit must be <= 250"));
        let a2 = read(400, "application/json", r#"{"status":400,"message":"no"}"#);
        assert_eq!((a2.code, a2.message.as_str()), (None, "no"));
        let b = read(
            409,
            "application/json",
            r#"{"status":409,"code":"C","message":"m","details":{"errors":["e1","e2"],"asset":{}}}"#,
        );
        assert_eq!(
            (b.code.as_deref(), b.errors.as_slice()),
            (Some("C"), ["e1".to_owned(), "e2".to_owned()].as_slice())
        );
        assert_eq!(b.to_string(), "POST /x: 409 C: m; e1; e2");
        let hub = read(400, "*/*", r#"{"name":"n","status":400,"message":"m","details":[{"message":"d","code":"c"}]}"#);
        assert_eq!(hub.errors, ["d (c)"]);
        let twice = read(409, "*/*", r#"{"name":"n","status":409,"message":"m","details":[{"message":"m"}]}"#);
        assert_eq!(twice.to_string(), "POST /x: 409 n: m");
        let text = read(409, "text/plain; charset=utf-8", "conflict executing operation");
        assert_eq!(text.message, "conflict executing operation");
        let oauth = read(401, "application/json", r#"{"error":"invalid_client","error_description":"who?"}"#);
        assert_eq!((oauth.code.as_deref(), oauth.message.as_str()), (Some("invalid_client"), "who?"));
    }

    #[test]
    fn what_is_of_no_shape_keeps_its_status_and_its_beginning() {
        assert_eq!(read(503, "text/html", "").to_string(), "POST /x: 503");
        let html = read(502, "text/html", "<html>bad\u{0} gate\x1b[31mway</html>");
        assert_eq!(html.body_excerpt.as_deref(), Some("<html>bad gate [31mway</html>"));
        for odd in ["[]", "null", "{\"message\":7,\"details\":\"x\",\"code\":{}}", "{\"message\":\"cut", "\u{feff}{}"] {
            assert_eq!(read(400, "application/json", odd).status, 400);
        }
    }

    #[test]
    fn long_words_are_cut_and_never_inside_a_character() {
        let long = read(400, "text/plain", &"é".repeat(100_000));
        assert_eq!(long.message.chars().count(), MAX_EXCERPT + 1);
        let many = format!("{{\"details\":{{\"errors\":{:?}}}}}", vec!["e"; 1000]);
        assert_eq!(read(400, "application/json", &many).errors.len(), MAX_ERRORS);
    }
}
