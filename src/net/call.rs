//! One API call as a description that can be sent as often as it takes.

use std::{fmt, io, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use super::{CallError, refusal::clean};

/// Silence after which a call counts as broken off. Exchange's gateways cut a silent request after about a minute.
const IDLE: Duration = Duration::from_mins(1);

/// Replies are JSON objects and pages of at most 250 assets; 32 MiB is far beyond all that were seen.
const MAX_REPLY: usize = 32 << 20;

/// Builds the form of a multipart call, anew for every attempt: a streamed body cannot be sent twice.
pub type FormFactory = Arc<dyn Fn() -> BoxFuture<'static, io::Result<reqwest::multipart::Form>> + Send + Sync>;

/// One API call.
///
/// A call is a [`Repeat::Safe`] read of [`Lane::Read`] unless it says otherwise; every other method than GET and HEAD
/// starts as [`Repeat::OnlyIfRefused`] of [`Lane::Write`].
#[derive(Debug, Clone)]
pub struct Call {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    pub(super) repeat: Repeat,
    pub(super) lane: Lane,
    pub(super) idle: Duration,
    pub(super) max_reply: usize,
    pub(super) anonymous: bool,
}

/// Where a call goes.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// A path of the origin.
    Path(String),
    /// An address that has to belong to the origin.
    Address(Url),
}

/// What a call sends.
#[derive(Clone)]
pub enum Body {
    /// Nothing.
    None,
    /// A JSON value.
    Json(serde_json::Value),
    /// An urlencoded form.
    Form(Vec<(String, String)>),
    /// A multipart form.
    Multipart {
        /// Builds the form for one attempt.
        form: FormFactory,
        /// About how many bytes the form has, to bound what is in flight.
        length: u64,
    },
    /// Bytes of a content type.
    Bytes {
        /// The content type.
        content_type: String,
        /// The content.
        content: Bytes,
    },
}

/// Whether a call may be sent again when it is not known what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Sending it twice has the effect of sending it once.
    Safe,
    /// Only when the server cannot have acted: after a 429, or when no connection was made.
    OnlyIfRefused,
}

/// The queue in which a call waits for its turn. Polls alternate with everything else, so that neither starves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Reads something.
    Read,
    /// Changes something.
    Write,
    /// Asks how far something is.
    Poll,
}

impl Call {
    /// A call of a path of the origin. A query may follow a `?`.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self::to(method, Target::Path(path.into()))
    }

    /// A call of an address, refused with [`CallError::ForeignOrigin`] where it does not belong to the origin.
    pub fn at(method: Method, url: Url) -> Self {
        Self::to(method, Target::Address(url))
    }

    /// Reads a path.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    fn to(method: Method, target: Target) -> Self {
        let reads = matches!(method, Method::GET | Method::HEAD);
        Self {
            method,
            target,
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Body::None,
            repeat: if reads { Repeat::Safe } else { Repeat::OnlyIfRefused },
            lane: if reads { Lane::Read } else { Lane::Write },
            idle: IDLE,
            max_reply: MAX_REPLY,
            anonymous: false,
        }
    }

    /// Adds a query parameter; it is encoded.
    #[must_use]
    pub fn query(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.query.push((key.to_owned(), value.to_string()));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Sends a JSON value.
    ///
    /// # Errors
    /// When the value has no JSON form (a map with keys that are not text).
    pub fn json(self, value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(self.body(Body::Json(serde_json::to_value(value)?)))
    }

    /// States whether the call may be repeated.
    #[must_use]
    pub fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// States where the call waits for its turn.
    #[must_use]
    pub fn lane(mut self, lane: Lane) -> Self {
        self.lane = lane;
        self
    }

    /// States after how much silence the call counts as broken off. A transfer that moves is never cut.
    #[must_use]
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// States how large the reply may be, in bytes.
    #[must_use]
    pub fn max_reply(mut self, bytes: usize) -> Self {
        self.max_reply = bytes;
        self
    }

    /// Sends the call without credentials.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }
}

impl Body {
    /// About how many bytes will be sent.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::None | Self::Json(_) | Self::Form(_) => 0,
            Self::Multipart { length, .. } => *length,
            Self::Bytes { content, .. } => content.len() as u64,
        }
    }
}

impl fmt::Debug for Body {
    /// Shows kind and size: a body may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Json(_) => f.write_str("Json(…)"),
            Self::Form(_) => f.write_str("Form(…)"),
            Self::Multipart { length, .. } => write!(f, "Multipart({length} bytes)"),
            Self::Bytes { content_type, content } => write!(f, "Bytes({content_type}, {} bytes)", content.len()),
        }
    }
}

/// A reply of 2xx, read to its end.
#[derive(Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The server's own id of the request, to quote to its support.
    pub request_id: Option<String>,
}

impl Reply {
    /// Reads the body as JSON.
    ///
    /// # Errors
    /// [`CallError::BadReply`] when it is not the JSON that the caller expects, or holds more values than any answer does.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        let bad = |reason: String, source| CallError::BadReply { reason, request_id: self.request_id.clone(), source };
        if holds_too_much(&self.body) {
            return Err(bad(format!("the body of this {} holds too many values", self.status.as_u16()), None));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            // The parser quotes what it does not like, however long that is.
            let cause = clean(&error.to_string(), MAX_CAUSE);
            // A page is of a proxy, or of a platform under maintenance: a kind that is worth its name.
            let kind = self.headers.get(http::header::CONTENT_TYPE);
            let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
            let kind = if is_page { "an HTML page and " } else { "" };
            bad(format!("the body of this {} is {kind}not the JSON expected", self.status.as_u16()), Some(cause.into()))
        })
    }
}

/// Longest words kept of a parser, in characters.
const MAX_CAUSE: usize = 500;

/// The most objects and lists, and the most values, that an answer may hold. A full page of 250 assets with all that is
/// known of them holds less than a tenth of it.
const MAX_NESTS: usize = 200_000;
const MAX_VALUES: usize = 2_000_000;

/// Whether a JSON text holds so many values that they would take far more memory than the text does: `{}` is two bytes,
/// and what it becomes is some hundred.
fn holds_too_much(text: &[u8]) -> bool {
    if text.len() < MAX_NESTS {
        return false;
    }
    let (mut nests, mut values) = (0, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => nests += 1,
            b',' => values += 1,
            _ => {}
        }
    }
    nests > MAX_NESTS || values > MAX_VALUES
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

/// The names under which the platform's parts send their id of a request (EXCHANGE.md §1.6), best first.
const REQUEST_IDS: [&str; 3] = ["x-request-id", "x-anypnt-trx-id", "x-sfdc-request-id"];

/// The server's id of a request.
pub(super) fn request_id(headers: &HeaderMap) -> Option<String> {
    let value = REQUEST_IDS.iter().find_map(|name| headers.get(*name))?.to_str().ok()?;
    Some(value.chars().filter(char::is_ascii_graphic).take(128).collect())
}
