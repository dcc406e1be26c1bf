//! A server between the command and a sandbox that takes any credentials, and repeats what it is told.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{Sandbox, spellings::ascii};

/// The token that it hands out: with characters that have other spellings in JSON, in addresses and in base64.
pub(crate) const ISSUED: &str = "issued/T0k3n+of~the_parrot-0815==";
/// What the links to files are signed with.
pub(crate) const SIGNATURE: &str = "s1gn4ture0of0a0link0af01bc23";

/// What it answers with the secrets that it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// Nothing but links, which bear them.
    Links,
    /// The sign-in, with a status.
    SignIn(u16),
    /// Publications and changes, with a status.
    Writes(u16),
    /// Everything that is signed, with a status.
    Everything(u16),
    /// How publications went: they failed, and the reply is a 200.
    Progress,
}

/// The form in which it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Plain,
    Html,
}

#[derive(Debug)]
pub(crate) struct Parrot {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

struct Bird {
    answers: Answers,
    form: Form,
    sandbox: String,
    token: String,
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

struct Asked {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    head: String,
    body: Vec<u8>,
}

impl Parrot {
    /// Listens in front of a sandbox, until the test ends.
    pub(crate) fn start(sandbox: &Sandbox, answers: Answers, form: Form) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of this machine");
        let address = listener.local_addr().expect("is bound").to_string();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let bird = Arc::new(Bird {
            answers,
            form,
            sandbox: sandbox.url().trim_start_matches("http://").to_owned(),
            token: sandbox.token().to_owned(),
            address: address.clone(),
            heard: Arc::clone(&heard),
        });
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let bird = Arc::clone(&bird);
                // A client that goes away is no failure of the test.
                std::thread::spawn(move || bird.serve(stream).ok());
            }
        });
        Self { address, heard }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What clients have signed their requests with.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("not poisoned").clone()
    }
}

impl Bird {
    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let Some(asked) = Asked::read(&mut stream)? else { return Ok(()) };
        if let Some(signed) = asked.header("authorization") {
            let mut heard = self.heard.lock().expect("not poisoned");
            if !heard.contains(&signed.to_owned()) {
                heard.push(signed.to_owned());
            }
        }
        let signs_in = asked.target.contains("/oauth2/token") || asked.target.contains("/accounts/login");
        let polls = asked.target.contains("/publication/status/");
        let repeats = match self.answers {
            Answers::Links => None,
            Answers::SignIn(status) => signs_in.then_some(status),
            Answers::Writes(status) => (!signs_in && asked.method != "GET").then_some(status),
            Answers::Everything(status) => (!signs_in).then_some(status),
            Answers::Progress => polls.then_some(200),
        };
        match repeats {
            Some(status) => self.repeat(&mut stream, &asked, status),
            None if signs_in => {
                let grant = json!({ "access_token": ISSUED, "token_type": "bearer", "expires_in": 3600 });
                reply(&mut stream, 200, &["Content-Type: application/json".to_owned()], grant.to_string().as_bytes())
            }
            None => self.forward(&mut stream, &asked),
        }
    }

    /// Says everything that it was told, in every way it can.
    fn repeat(&self, stream: &mut TcpStream, asked: &Asked, status: u16) -> std::io::Result<()> {
        let signed = asked.header("authorization").unwrap_or("Bearer none");
        let value = signed.split_once(' ').map_or(signed, |(_, value)| value);
        let body = String::from_utf8_lossy(&asked.body[..asked.body.len().min(2_000)]).into_owned();
        let words = [
            format!("your token {value} is not liked"),
            format!("Authorization: {signed}"),
            format!("base64 {}", BASE64_STANDARD.encode(signed)),
            format!("hex {}", hex::encode(value)),
            format!("see http://{}/login?access_token={}", self.address, encoded(value)),
            format!("signed https://files.example/x?X-Amz-Signature={SIGNATURE}&y=1"),
            format!("you sent {body}"),
            format!("you sent {}", ascii(&body).replace('/', "\\/")),
            format!("you sent {}", ascii(&json!(body).to_string())),
            format!("{}you said {}", " ".repeat(1_990), asked.head),
        ];
        let text = match self.form {
            _ if self.answers == Answers::Progress => {
                let step =
                    json!({ "description": "Validation", "status": "error", "errors": words, "statusCode": 400 });
                json!({ "status": "error", "steps": [step] }).to_string()
            }
            Form::Json => json!({
                "status": status, "code": value, "message": words.join("; "), "details": { "errors": words }
            })
            .to_string(),
            Form::Plain => words.join("\n"),
            Form::Html => format!("<html><body><p>{}</p></body></html>", words.join("</p><p>")),
        };
        let kind = match self.form {
            _ if self.answers == Answers::Progress => "application/json",
            Form::Json => "application/json",
            Form::Plain => "text/plain",
            Form::Html => "text/html",
        };
        let headers = [
            format!("Content-Type: {kind}"),
            format!("X-Request-Id: {value}"),
            format!("Location: http://127.0.0.1:9/{}?token={}", encoded(value), encoded(value)),
            format!("WWW-Authenticate: {signed}"),
        ];
        reply(stream, status, &headers, text.as_bytes())
    }

    /// Asks the sandbox, with the sandbox's own token, and signs the links in what it says.
    fn forward(&self, stream: &mut TcpStream, asked: &Asked) -> std::io::Result<()> {
        let mut upstream = TcpStream::connect(&self.sandbox)?;
        let target = asked.target.split("?access_token=").next().unwrap_or_default();
        write!(upstream, "{} {target} HTTP/1.0\r\nAuthorization: Bearer {}\r\n", asked.method, self.token)?;
        for (name, value) in &asked.headers {
            if !matches!(name.as_str(), "authorization" | "connection") {
                write!(upstream, "{name}: {value}\r\n")?;
            }
        }
        upstream.write_all(b"Connection: close\r\n\r\n")?;
        upstream.write_all(&asked.body)?;
        let mut answer = Vec::new();
        upstream.read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or(answer.len().saturating_sub(4));
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(502);
        let dropped = ["content-length", "connection", "transfer-encoding"];
        let is_kept = |line: &&str| {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            !dropped.contains(&name.as_str())
        };
        let headers: Vec<String> = head.lines().skip(1).filter(is_kept).map(str::to_owned).collect();
        let body = match serde_json::from_slice::<Value>(&answer[end + 4..]) {
            Ok(mut value) => {
                sign(&mut value);
                value.to_string().into_bytes()
            }
            Err(_) => answer.split_off(end + 4),
        };
        reply(stream, status, &headers, &body)
    }
}

/// Adds secrets to the links in a reply: to status links the token, to those of files a signature.
fn sign(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match (key.as_str(), value.as_str()) {
                    ("publicationStatusLink", Some(link)) => {
                        *value = format!("{link}?access_token={}", encoded(ISSUED)).into();
                    }
                    ("externalLink" | "downloadURL", Some(link)) => {
                        *value = format!("{link}?X-Amz-Signature={SIGNATURE}").into();
                    }
                    _ => sign(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(sign),
        _ => {}
    }
}

/// Percent-encoded, as `encodeURIComponent` does.
fn encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

impl Asked {
    fn read(stream: &mut TcpStream) -> std::io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 16 * 1024];
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
                break end;
            }
            match stream.read(&mut buffer)? {
                0 => return Ok(None),
                read => bytes.extend_from_slice(&buffer[..read]),
            }
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.lines();
        let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        let mut asked = Self { method, target, headers, head, body: bytes.split_off(end + 4) };
        let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        while asked.body.len() < length {
            match stream.read(&mut buffer)? {
                0 => return Ok(None),
                read => asked.body.extend_from_slice(&buffer[..read]),
            }
        }
        Ok(Some(asked))
    }

    fn header(&self, wanted: &str) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }
}

fn reply(stream: &mut TcpStream, status: u16, headers: &[String], body: &[u8]) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 {status} So\r\n")?;
    for header in headers {
        write!(stream, "{header}\r\n")?;
    }
    write!(stream, "Content-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(body)
}
