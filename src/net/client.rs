//! The door itself.

mod tries;

use std::{
    error::Error as StdError,
    fmt,
    sync::atomic::Ordering::Relaxed,
    sync::{Arc, LazyLock, OnceLock},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{
    AuthError, Body, Call, CallError, Counters, Credentials, Lane, Learned, Origin, PaceSettings, Refusal, Repeat,
    Reply, Transport, TransportError, TransportKind,
    auth::{Grant, Keeper, Token, TokenRequest, read_grant},
    call::{Target, request_id},
    clock::ServerClock,
    counters::{Tally, count},
    idle::{CHUNK, Progress},
    pace::{Admission, Pace},
    redact::{Hidden, Redactor},
};

pub use tries::RetrySettings;

/// Most redirects followed. Those of files and pages lead there in one or two.
pub(super) const MAX_REDIRECTS: u32 = 5;

/// Longest body read of an answer that says no.
const MAX_REFUSAL: usize = 256 * 1024;

/// How long a reply may take to come, its head excluded, however steadily it trickles: a byte a minute moves as well.
pub(super) const LONGEST_REPLY: Duration = Duration::from_mins(10);

/// A file may take longer, at this many bytes per second on average.
const SLOWEST: u64 = 1024;

/// Most times one call is signed anew. Two are enough unless tokens die faster than calls get their turn.
const MAX_SIGNATURES: u32 = 5;

/// How long a call may wait for its turn once the run is to end. A server may have asked for ten minutes.
const LAST_PATIENCE: Duration = Duration::from_secs(3);
/// Only builds requests (forms, JSON); it never sends one.
static BUILDER: LazyLock<reqwest::Client> = LazyLock::new(|| {
    let builder = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    builder.build().expect("a client without proxy and certificates needs nothing of the system")
});

/// All that a client is made of.
#[derive(Debug)]
pub struct ClientSettings {
    /// The server.
    pub origin: Origin,
    /// What carries requests there.
    pub transport: Arc<dyn Transport>,
    /// Who we are; `None` sends everything unsigned.
    pub credentials: Option<Credentials>,
    /// How fast we may go.
    pub pace: PaceSettings,
    /// How often we try.
    pub retry: RetrySettings,
    /// How we introduce ourselves.
    pub user_agent: String,
}

/// The one door to the network. Clones share everything.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    origin: Origin,
    transport: Arc<dyn Transport>,
    keeper: Option<Keeper>,
    redactor: Arc<Redactor>,
    pace: Pace,
    retry: RetrySettings,
    user_agent: String,
    tally: Tally,
    clock: ServerClock,
    random: std::sync::Mutex<fastrand::Rng>,
    /// Tells that the run is to end.
    stop: OnceLock<CancellationToken>,
}

/// The head of a reply whose body has not been read, with the request's right to be in flight.
pub(super) struct Opened {
    pub(super) response: reqwest::Response,
    pub(super) progress: Progress,
    pub(super) request: String,
    admission: Admission,
    started: Instant,
}

impl Opened {
    /// Whether a body of which so many bytes have come so far is fed by a trickle, and will not end in anybody's time.
    pub(super) fn crawls(&self, received: u64) -> bool {
        let time = self.started.elapsed();
        time > LONGEST_REPLY && received < time.as_secs() * SLOWEST
    }

    /// Where the reply says to look instead.
    pub(super) fn redirect(&self, asked: &Url) -> Option<Url> {
        if !self.response.status().is_redirection() {
            return None;
        }
        asked.join(self.response.headers().get(header::LOCATION)?.to_str().ok()?).ok()
    }
}

impl Client {
    /// Opens the door to one server. Nothing is sent yet.
    pub fn new(settings: ClientSettings) -> Self {
        let seed = settings.retry.seed.unwrap_or_else(|| fastrand::u64(..));
        let redactor = Arc::new(settings.credentials.as_ref().map(Redactor::of).unwrap_or_default());
        Self {
            inner: Arc::new(Inner {
                keeper: settings.credentials.map(|credentials| Keeper::new(credentials, Arc::clone(&redactor))),
                redactor,
                pace: Pace::new(&settings.pace, seed),
                random: std::sync::Mutex::new(fastrand::Rng::with_seed(seed ^ 0x5eed)),
                origin: settings.origin,
                transport: settings.transport,
                retry: settings.retry,
                user_agent: settings.user_agent,
                tally: Tally::default(),
                clock: ServerClock::default(),
                stop: OnceLock::new(),
            }),
        }
    }

    /// The server that this client is bound to.
    pub fn origin(&self) -> &Origin {
        &self.inner.origin
    }

    /// What has been sent so far.
    pub fn counters(&self) -> Counters {
        self.inner.tally.snapshot(self.waiting_reason())
    }

    /// Why nothing is sent at this moment, for people; `None` when requests flow.
    pub fn waiting_reason(&self) -> Option<String> {
        self.inner.pace.waiting_reason()
    }

    /// What the server's clock shows, in milliseconds since 1970, give or take a second and the time that a reply takes;
    /// `None` where no reply has told.
    pub fn server_time(&self) -> Option<i64> {
        self.inner.clock.now()
    }

    /// What the server has taught about its pace; changes are told as they come.
    pub fn learned(&self) -> tokio::sync::watch::Receiver<Learned> {
        self.inner.pace.learned()
    }

    /// Goes on with what the server has taught an earlier process: nothing is sent for so long, at most
    /// [`LONGEST_WAIT`](super::LONGEST_WAIT).
    pub fn resume_pace(&self, wait: Duration, level: u32) {
        self.inner.pace.resume(wait, level);
    }

    /// Tells how the run is asked to end: calls that wait for their turn are given up soon after. What is under way is not
    /// touched. Only the first word counts.
    pub fn stop_with(&self, stop: CancellationToken) {
        let _ = self.inner.stop.set(stop);
    }

    /// Waits for something before a request is sent, unless the run is to end meanwhile.
    async fn wait<T>(&self, turn: impl Future<Output = T>) -> Result<T, CallError> {
        tokio::select! {
            biased;
            got = turn => Ok(got),
            () = self.patience_ends() => Err(CallError::Stopped),
        }
    }

    async fn patience_ends(&self) {
        match self.inner.stop.get() {
            Some(stop) => {
                stop.cancelled().await;
                tokio::time::sleep(LAST_PATIENCE).await;
            }
            None => std::future::pending().await,
        }
    }

    /// Words of the server's for people, without what is known to be secret or looks like it. Refusals come so already.
    #[must_use]
    pub fn without_secrets(&self, words: &str) -> String {
        self.inner.redactor.words(words).into_owned()
    }

    /// Takes a secret that the server has issued out of all words for people, for as long as what this returns lives.
    #[must_use]
    pub fn hide(&self, secret: &secrecy::SecretString) -> Hidden {
        self.inner.redactor.hide(secret)
    }

    /// Fetches the token that the first call will need, so that wrong credentials are told before any work begins.
    /// Does nothing where there is nothing to fetch.
    ///
    /// # Errors
    /// [`CallError::Auth`]
    pub async fn sign_in(&self) -> Result<(), CallError> {
        if let Some(keeper) = &self.inner.keeper {
            self.token(keeper).await?;
        }
        Ok(())
    }

    /// Makes a call, and repeats it where the call allows it.
    ///
    /// # Errors
    /// [`CallError`]; its [`disposition`](CallError::disposition) says what to do next.
    pub async fn call(&self, call: Call) -> Result<Reply, CallError> {
        let url = self.address(&call)?;
        let _room = self.inner.pace.reserve(call.body.length()).await;
        let mut tries = self.tries();
        loop {
            let outcome = match self.open_followed(&call, url.clone()).await {
                Ok(opened) => self.finish(opened, call.idle, call.max_reply).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(reply) => match reply.cut_off().filter(|_| call.repeat == Repeat::Safe) {
                    // Whole by the length that it announced, and yet no more than a part: the next answer may be all of it.
                    Some(error) if !tries.once_more().await => return Err(error),
                    Some(_) => {}
                    None => return Ok(Reply { body: self.inner.redactor.reply(reply.body), ..reply }),
                },
                Err(error) => tries.again(error, call.repeat).await?,
            }
        }
    }

    fn address(&self, call: &Call) -> Result<Url, CallError> {
        let mut url = match &call.target {
            Target::Path(path) => self.inner.origin.join(path),
            Target::Address(url) if self.inner.origin.owns(url) => url.clone(),
            Target::Address(url) => return Err(self.foreign(url)),
        };
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        Ok(url)
    }

    pub(super) fn foreign(&self, url: &Url) -> CallError {
        CallError::ForeignOrigin {
            address: format!("{}{}", url.origin().ascii_serialization(), self.inner.redactor.path(url.path())),
            origin: self.inner.origin.to_string(),
        }
    }

    /// Sends a call, and follows the redirects of a read within the origin: pages move when they are renamed
    /// (EXCHANGE.md §5.1). Others are handed back as they are.
    async fn open_followed(&self, call: &Call, mut url: Url) -> Result<Opened, CallError> {
        for _ in 0..MAX_REDIRECTS {
            let opened = self.open(call, &url).await?;
            let next = opened.redirect(&url).filter(|next| call.lane != Lane::Write && self.inner.origin.owns(next));
            let Some(next) = next else { return Ok(opened) };
            self.refuse(opened, call.idle).await;
            url = next;
        }
        self.open(call, &url).await
    }

    /// Sends a call, signed, and signs it once more where the token turns out to be refused.
    pub(super) async fn open(&self, call: &Call, url: &Url) -> Result<Opened, CallError> {
        let keeper = self.inner.keeper.as_ref().filter(|_| !call.anonymous && self.inner.origin.owns(url));
        let Some(keeper) = keeper else {
            let admission = self.wait(self.inner.pace.admit(call.lane)).await?;
            return self.send(call, url, None, admission).await;
        };
        let mut refused_fresh = false;
        for _ in 0..MAX_SIGNATURES {
            // The token comes before the turn, so that nobody waits in the turn for a token.
            let mut token = self.token(keeper).await?;
            let mut admission = self.wait(self.inner.pace.admit(call.lane)).await?;
            if token.is_expired() {
                token = self.token(keeper).await?;
                admission.granted = self.wait(self.inner.pace.slot()).await?;
            }
            let opened = self.send(call, url, Some(&token), admission).await?;
            if opened.response.status() != StatusCode::UNAUTHORIZED {
                return Ok(opened);
            }
            let refusal = self.refuse(opened, call.idle).await;
            let ended = token.is_expired();
            let was_current = keeper.can_renew() && keeper.discard(&token);
            let hopeless = !keeper.can_renew() || (was_current && !ended && refused_fresh);
            if hopeless {
                return Err(AuthError::TokenRefused { status: refusal.status, message: refusal.message }.into());
            }
            refused_fresh |= was_current && !ended;
            count(&self.inner.tally.retries);
        }
        Err(AuthError::Unavailable("tokens end faster than they can be used".to_owned()).into())
    }

    async fn token(&self, keeper: &Keeper) -> Result<Token, AuthError> {
        keeper.token(|request| self.fetch_token(request)).await
    }

    /// Fetches a token. It takes a slot of the rate but no permit: those who hold one may be waiting for it.
    async fn fetch_token(&self, request: TokenRequest) -> Result<Grant, AuthError> {
        let call = Call::new(http::Method::POST, request.path).body(Body::Json(request.body)).repeat(Repeat::Safe);
        let url = self.inner.origin.join(request.path);
        let mut tries = self.tries();
        loop {
            let turn = self.wait(self.inner.pace.slot()).await;
            let admission = Admission::without_permit(turn.map_err(|error| AuthError::Unavailable(error.to_string()))?);
            count(&self.inner.tally.tokens);
            let outcome = match self.send(&call, &url, None, admission).await {
                Ok(opened) => self.finish(opened, call.idle, MAX_REFUSAL).await,
                Err(error) => Err(error),
            };
            match outcome {
                Err(error) if error.is_passing() => {
                    if let Err(error) = tries.again(error, call.repeat).await {
                        return read_grant(Err(error));
                    }
                }
                outcome => match read_grant(outcome) {
                    // A reply cut short says nothing about the credentials.
                    Err(AuthError::Unavailable(_)) if tries.once_more().await => {}
                    grant => return grant,
                },
            }
        }
    }

    /// Sends one request and waits for the head of the reply.
    async fn send(
        &self,
        call: &Call,
        url: &Url,
        token: Option<&Token>,
        admission: Admission,
    ) -> Result<Opened, CallError> {
        let name = format!("{} {}", call.method, self.inner.redactor.path(url.path()));
        let mut request = self.build(call, url, token).await?;
        let progress = Progress::new();
        if let Some(body) = request.body_mut().take() {
            *request.body_mut() = Some(progress.attach(body));
        }
        count(&self.inner.tally.requests);
        if call.lane == Lane::Poll {
            count(&self.inner.tally.polls);
        }
        let started = Instant::now();
        let outcome = progress.watch(call.idle, self.inner.transport.execute(request)).await;
        self.inner.tally.bytes_sent.fetch_add(progress.sent(), Relaxed);
        match outcome {
            Ok(response) => {
                progress.touch();
                Ok(Opened { response, progress, request: name, admission, started })
            }
            Err(source) => {
                let kind = source.kind;
                let cause = source.source().map(ToString::to_string);
                tracing::debug!(request = name, %kind, cause, ms = millis(started), "no reply");
                Err(CallError::Transport { request: name, source })
            }
        }
    }

    async fn build(&self, call: &Call, url: &Url, token: Option<&Token>) -> Result<reqwest::Request, CallError> {
        let request = reqwest::Request::new(call.method.clone(), url.clone());
        let mut builder = reqwest::RequestBuilder::from_parts(BUILDER.clone(), request)
            .header(header::USER_AGENT, self.inner.user_agent.as_str())
            .headers(call.headers.clone());
        if !call.headers.contains_key(header::ACCEPT) {
            builder = builder.header(header::ACCEPT, HeaderValue::from_static("application/json, */*;q=0.5"));
        }
        builder = match &call.body {
            Body::None => builder,
            Body::Json(value) => builder.json(value),
            Body::Form(pairs) => builder.form(pairs),
            Body::Multipart { form, .. } => builder.multipart(form().await.map_err(CallError::Local)?),
            Body::Bytes { content_type, content } => {
                builder.header(header::CONTENT_TYPE, content_type.as_str()).body(content.clone())
            }
        };
        if let Some(token) = token {
            builder = builder.header(header::AUTHORIZATION, token.header.clone());
        }
        let mut request = builder.build().map_err(|error| CallError::Transport {
            request: format!("{} {}", call.method, self.inner.redactor.path(url.path())),
            source: TransportError::classify(error),
        })?;
        // A large body is handed over in pieces, whose sum is told here: chunked encoding is refused by some gateways.
        let large = request.body().and_then(reqwest::Body::as_bytes).map(<[u8]>::len).filter(|length| *length > CHUNK);
        if let Some(length) = large {
            request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length as u64));
        }
        Ok(request)
    }

    /// Reads a reply to its end; anything but 2xx is a refusal.
    async fn finish(&self, mut opened: Opened, idle: Duration, most: usize) -> Result<Reply, CallError> {
        let status = opened.response.status();
        if !status.is_success() {
            return Err(CallError::Refused(Box::new(self.refuse(opened, idle).await)));
        }
        let body = self.read(&mut opened, idle, most).await;
        let headers = std::mem::take(opened.response.headers_mut());
        self.note(&opened, &headers, status, body.as_ref().is_ok_and(Bytes::is_empty));
        Ok(Reply { status, request_id: self.request_id(&headers), headers, body: body? })
    }

    fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        request_id(headers).map(|id| self.inner.redactor.path(&id).into_owned())
    }

    /// Reads an answer that says no, as far as it comes: the status alone tells enough.
    pub(super) async fn refuse(&self, mut opened: Opened, idle: Duration) -> Refusal {
        let status = opened.response.status();
        let mut body = BytesMut::new();
        // What is longer, slower or breaks off leaves its beginning.
        let is_whole = self.read_into(&mut body, &mut opened, idle, MAX_REFUSAL, idle).await.is_ok();
        let headers = std::mem::take(opened.response.headers_mut());
        self.note(&opened, &headers, status, is_whole && body.is_empty());
        Refusal::read(opened.request, status, &headers, &body, &self.inner.redactor)
    }

    async fn read(&self, opened: &mut Opened, idle: Duration, most: usize) -> Result<Bytes, CallError> {
        let mut body = BytesMut::new();
        self.read_into(&mut body, opened, idle, most, LONGEST_REPLY).await?;
        Ok(body.freeze())
    }

    /// Reads a body of at most `most` bytes that comes within `longest`; what came before anything went wrong is kept.
    async fn read_into(
        &self,
        body: &mut BytesMut,
        opened: &mut Opened,
        idle: Duration,
        most: usize,
        longest: Duration,
    ) -> Result<(), CallError> {
        let request = opened.request.clone();
        let whole = async {
            while let Some(piece) = self.piece(opened, idle).await? {
                let room = most - body.len();
                body.extend_from_slice(&piece[..piece.len().min(room)]);
                if piece.len() > room {
                    return Err(CallError::TooLarge { limit: most as u64 });
                }
            }
            Ok(())
        };
        tokio::time::timeout(longest, whole)
            .await
            .unwrap_or_else(|_| Err(CallError::Transport { request, source: TransportError::endless(longest) }))
    }

    /// The next piece of a reply's body.
    pub(super) async fn piece(&self, opened: &mut Opened, idle: Duration) -> Result<Option<Bytes>, CallError> {
        let progress = opened.progress.clone();
        let response = &mut opened.response;
        let next = async { response.chunk().await.map_err(TransportError::classify) };
        match progress.watch(idle, next).await {
            Ok(piece) => {
                progress.touch();
                self.inner.tally.bytes_received.fetch_add(piece.as_ref().map_or(0, Bytes::len) as u64, Relaxed);
                Ok(piece)
            }
            Err(mut source) => {
                // A reply that was cut or cannot be decoded says nothing about our request's body.
                if matches!(source.kind, TransportKind::Other | TransportKind::Body) {
                    source.kind = TransportKind::Reset;
                }
                source.sent = true;
                Err(CallError::Transport { request: opened.request.clone(), source })
            }
        }
    }

    /// Takes note of a reply: for the pace, the counters and the log.
    pub(super) fn note(&self, opened: &Opened, headers: &HeaderMap, status: StatusCode, is_empty: bool) {
        self.inner.clock.note(headers);
        if self.inner.pace.observe(opened.admission.granted, status, headers, is_empty) {
            count(&self.inner.tally.refused);
        }
        let (ms, id) = (millis(opened.started), self.request_id(headers));
        tracing::debug!(request = opened.request, status = status.as_u16(), ms, request_id = id, "reply");
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("origin", &self.inner.origin).finish_non_exhaustive()
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
