//! A server that means harm: it stands before a sandbox, passes honest requests on, and answers others as a test says.

use std::{
    fmt,
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use super::Sandbox;

/// What a request asked for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Method and path: `GET /exchange/…`.
    pub(crate) line: String,
    /// The `Authorization` header, where there was one.
    pub(crate) authorization: Option<String>,
}

impl Asked {
    /// Whether it publishes an asset.
    pub(crate) fn publishes(&self, asset: &str) -> bool {
        self.line.starts_with("POST ") && self.line.contains(&format!("/{asset}/"))
    }
}

/// What a test makes of a request: an answer to write, or nothing where the sandbox is to answer.
pub(crate) type Answer = Box<dyn FnOnce(&mut TcpStream) -> io::Result<()> + Send>;

/// A server on a free port; gone when the test's process ends.
pub(crate) struct Hostile {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Hostile {
    /// Stands before a sandbox.
    pub(crate) fn before(sandbox: &Sandbox, answer: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static) -> Self {
        Self::start(sandbox.url().strip_prefix("http://").map(str::to_owned), answer)
    }

    /// Stands alone, and should never be spoken to.
    pub(crate) fn elsewhere() -> Self {
        Self::start(None, |_| Some(text(200, "text/plain", "welcome")))
    }

    fn start(behind: Option<String>, answer: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("listens"));
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (heard, answer) = (Arc::clone(&asked), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (heard, answer, behind) = (Arc::clone(&heard), Arc::clone(&answer), behind.clone());
                // Whoever hangs up early is no concern of ours.
                std::thread::spawn(move || serve(stream, &heard, &*answer, behind.as_deref()));
            }
        });
        Self { url, asked }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// All that was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

impl fmt::Debug for Hostile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hostile").field("url", &self.url).finish_non_exhaustive()
    }
}

fn serve(
    mut stream: TcpStream,
    heard: &Mutex<Vec<Asked>>,
    answer: &dyn Fn(&Asked) -> Option<Answer>,
    behind: Option<&str>,
) -> io::Result<()> {
    let (head, body) = read_request(&mut stream)?;
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let line = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
    let asked = Asked { line, authorization: header("authorization") };
    heard.lock().expect("not poisoned").push(asked.clone());
    if let Some(answer) = answer(&asked) {
        return answer(&mut stream);
    }
    let mut server = TcpStream::connect(behind.expect("a sandbox stands behind"))?;
    // One request for each connection keeps this simple.
    server.write_all(head.trim_end().as_bytes())?;
    server.write_all(b"\r\nConnection: close\r\n\r\n")?;
    server.write_all(&body)?;
    io::copy(&mut server, &mut stream).map(drop)
}

fn read_request(stream: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..count]);
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let length: usize = length.unwrap_or(0);
    let mut rest = vec![0; length.saturating_sub(body.len())];
    stream.read_exact(&mut rest)?;
    body.extend_from_slice(&rest);
    Ok((head, body))
}

/// These bytes, and nothing else.
pub(crate) fn raw(bytes: impl AsRef<[u8]> + Send + 'static) -> Answer {
    Box::new(move |stream| stream.write_all(bytes.as_ref()))
}

/// An honest answer in form.
pub(crate) fn text(status: u16, content_type: &str, body: &str) -> Answer {
    with_headers(status, &format!("Content-Type: {content_type}\r\n"), body)
}

/// JSON.
pub(crate) fn json(status: u16, body: &str) -> Answer {
    text(status, "application/json", body)
}

/// An answer with headers, each with its line end.
pub(crate) fn with_headers(status: u16, headers: &str, body: &str) -> Answer {
    raw(format!("HTTP/1.1 {status} Said\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()))
}

/// The beginning of an answer, and then the same bytes for as long as anybody listens.
pub(crate) fn endless(head: &str, piece: &[u8]) -> Answer {
    let (head, piece) = (format!("{head}Connection: close\r\n\r\n"), piece.repeat(1 + (64 << 10) / piece.len()));
    Box::new(move |stream| {
        stream.write_all(head.as_bytes())?;
        loop {
            stream.write_all(&piece)?;
        }
    })
}
