//! One token for all workers: fetched once, renewed before it ends, and once for everybody when the server refuses it.

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use http::{HeaderValue, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{sync::Mutex, time::Instant};

use super::{CallError, Credentials, Reply, TransportKind, credentials::secret, redact::Redactor, refusal::clean};

/// The life of a user's token is a setting of the organization, 15 to 180 minutes, and the login does not tell it
/// (EXCHANGE.md §1.2). A login more per quarter of an hour costs nothing, a late one costs a refused upload.
const USER_LIFETIME: Duration = Duration::from_mins(15);

/// No token of Exchange lives longer than some hours; what claims to is renewed daily, and its life can be reckoned with.
const LONGEST_LIFETIME: Duration = Duration::from_hours(24);

/// The share of its life after which a token is renewed, in percent.
const RENEW_AT: u32 = 80;

/// Why there is no way in. No text here shows a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The credentials are wrong.
    #[error("the server refuses the credentials ({status}){}", shown(.message))]
    Rejected {
        /// The status of the answer.
        status: u16,
        /// The server's words.
        message: String,
    },
    /// What answers has another place to sign in at, which is for people.
    #[error("the login is redirected ({status}), to {}", .to.as_deref().unwrap_or("another page"))]
    Redirected {
        /// The status of the answer.
        status: u16,
        /// The host that it leads to, where it names one.
        to: Option<String>,
    },
    /// The token is refused although it is fresh.
    #[error("the server refuses a fresh token ({status}){}", shown(.message))]
    TokenRefused {
        /// The status of the answer.
        status: u16,
        /// The server's words.
        message: String,
    },
    /// The login asks for a second factor, which nobody is there to give.
    #[error("the login asks for a second factor")]
    SecondFactor,
    /// The server is not believed to be who it says, and is told no secret.
    #[error("no token could be fetched: {message}")]
    Untrusted {
        /// What is wrong with it.
        message: String,
        /// What a person can do about it.
        advice: Option<&'static str>,
    },
    /// The server hands out a token that is no bearer token: whoever shows it as one gives away what should be kept.
    #[error("the server hands out a token of the kind `{0}`, not a bearer token")]
    TokenKind(String),
    /// No token could be fetched for now.
    #[error("no token could be fetched: {0}")]
    Unavailable(String),
    /// The credentials cannot be put into a header.
    #[error("the credentials hold characters that a header cannot carry")]
    Characters,
}

fn shown(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

impl AuthError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Rejected { .. } => Some("check the client id and secret, or the user and password, and the host"),
            Self::Redirected { .. } => Some(
                "the host is probably wrong; where the organization signs in by SSO, use a connected app or a bearer token",
            ),
            Self::TokenRefused { .. } => Some("the token is not valid here: check the host, and renew a bearer token"),
            Self::SecondFactor => Some("use a connected app: logins with a second factor cannot be automated"),
            Self::Characters => Some("check the credentials for line ends and other invisible characters"),
            Self::Untrusted { advice, .. } => *advice,
            Self::TokenKind(_) => Some("check the host: Anypoint Platform hands out bearer tokens"),
            Self::Unavailable(_) => Some("check the host, the network and the proxy variables, then run again"),
        }
    }

    /// Whether trying later may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// The status of the server's answer, where there was one.
    #[must_use]
    pub fn http(&self) -> Option<u16> {
        match self {
            Self::Rejected { status, .. } | Self::Redirected { status, .. } | Self::TokenRefused { status, .. } => {
                Some(*status)
            }
            _ => None,
        }
    }
}

/// What signs a request.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// The value of the `Authorization` header; marked as sensitive, so that it is never shown.
    pub(super) header: HeaderValue,
    generation: u64,
    fetched: Instant,
    lifetime: Option<Duration>,
}

impl Token {
    fn new(header: &SecretString, generation: u64, lifetime: Option<Duration>) -> Result<Self, AuthError> {
        let mut header = HeaderValue::from_str(header.expose_secret()).map_err(|_| AuthError::Characters)?;
        header.set_sensitive(true);
        Ok(Self { header, generation, fetched: Instant::now(), lifetime })
    }

    /// Whether its life is over.
    pub(super) fn is_expired(&self) -> bool {
        self.lifetime.is_some_and(|lifetime| self.fetched.elapsed() >= lifetime)
    }

    fn is_due(&self) -> bool {
        self.lifetime.is_some_and(|lifetime| self.fetched.elapsed() >= lifetime * RENEW_AT / 100)
    }
}

/// What the server hands out for credentials.
#[derive(Debug)]
pub(super) struct Grant {
    token: SecretString,
    lifetime: Option<Duration>,
}

/// The request that fetches a token: path and JSON body.
pub(super) struct TokenRequest {
    pub(super) path: &'static str,
    pub(super) body: Value,
}

/// Keeps the one token.
pub(super) struct Keeper {
    credentials: Credentials,
    /// Is told every token, before anybody can use it.
    redactor: Arc<Redactor>,
    state: StdMutex<State>,
    /// Held by the one who fetches.
    renewal: Mutex<()>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    generation: u64,
    /// The credentials are wrong: asking again would only lock the account.
    rejected: Option<AuthError>,
    /// The last failed fetch, for those who were waiting for it.
    failed: Option<(Instant, AuthError)>,
}

impl Keeper {
    pub(super) fn new(credentials: Credentials, redactor: Arc<Redactor>) -> Self {
        Self { credentials, redactor, state: StdMutex::default(), renewal: Mutex::new(()) }
    }

    /// The current token; fetched when there is none, renewed when it is due.
    ///
    /// One caller fetches while the others wait for it, or go on with the old token while it lasts.
    pub(super) async fn token<F>(&self, fetch: impl FnOnce(TokenRequest) -> F) -> Result<Token, AuthError>
    where
        F: Future<Output = Result<Grant, AuthError>>,
    {
        let asked = Instant::now();
        if let Some(found) = self.at_hand(asked) {
            return found;
        }
        let usable = self.state().token.clone().filter(|token| !token.is_expired());
        let _guard = match (&usable, self.renewal.try_lock()) {
            (_, Ok(guard)) => guard,
            (Some(token), Err(_)) => return Ok(token.clone()),
            (None, Err(_)) => self.renewal.lock().await,
        };
        // Somebody else may have been faster, or may have failed for all of us.
        if let Some(found) = self.at_hand(asked) {
            return found;
        }
        let outcome = match self.standing() {
            Ok(header) => self.accept(&header, None),
            Err(request) => match fetch(request).await {
                Ok(grant) => {
                    let header = SecretString::from(format!("Bearer {}", grant.token.expose_secret()));
                    self.accept(&header, grant.lifetime)
                }
                Err(error) => Err(error),
            },
        };
        match (outcome, usable) {
            (Ok(token), _) => Ok(token),
            // The old token lasts a little longer; the next caller tries again.
            (Err(error), Some(token)) if error.is_passing() => Ok(token),
            (Err(error), _) => {
                let mut state = self.state();
                state.failed = Some((Instant::now(), error.clone()));
                if !error.is_passing() {
                    state.rejected = Some(error.clone());
                }
                Err(error)
            }
        }
    }

    /// What is known without asking the server; `None` when somebody has to ask.
    fn at_hand(&self, asked: Instant) -> Option<Result<Token, AuthError>> {
        let state = self.state();
        if let Some(error) = &state.rejected {
            return Some(Err(error.clone()));
        }
        if let Some(token) = state.token.as_ref().filter(|token| !token.is_due()) {
            return Some(Ok(token.clone()));
        }
        state.failed.as_ref().filter(|(at, _)| *at > asked).map(|(_, error)| Err(error.clone()))
    }

    fn accept(&self, header: &SecretString, lifetime: Option<Duration>) -> Result<Token, AuthError> {
        self.redactor.learn(header);
        let mut state = self.state();
        state.generation += 1;
        let token = Token::new(header, state.generation, lifetime)?;
        state.token = Some(token.clone());
        Ok(token)
    }

    /// Drops a token that the server refused. `true` when it was the current one, `false` when another caller has
    /// replaced it already.
    pub(super) fn discard(&self, token: &Token) -> bool {
        let mut state = self.state();
        let current = state.token.as_ref().is_some_and(|current| current.generation == token.generation);
        if current {
            state.token = None;
        }
        current
    }

    /// Whether a refused token can be replaced by a new one.
    pub(super) fn can_renew(&self) -> bool {
        matches!(self.credentials, Credentials::ConnectedApp { .. } | Credentials::User { .. })
    }

    /// The header of credentials that need no token, or the request that fetches one (EXCHANGE.md §1.1).
    fn standing(&self) -> Result<SecretString, TokenRequest> {
        match &self.credentials {
            Credentials::Bearer(token) => Ok(SecretString::from(format!("Bearer {}", token.expose_secret()))),
            Credentials::Basic { id, secret } => {
                let pair = SecretString::from(format!("~~~Client~~~:{id}~?~{}", secret.expose_secret()));
                Ok(SecretString::from(format!("Basic {}", BASE64.encode(pair.expose_secret()))))
            }
            Credentials::ConnectedApp { id, secret } => Err(TokenRequest {
                path: "/accounts/api/v2/oauth2/token",
                body: json!({
                    "client_id": id,
                    "client_secret": secret.expose_secret(),
                    "grant_type": "client_credentials",
                }),
            }),
            Credentials::User { name, password } => Err(TokenRequest {
                path: "/accounts/login",
                body: json!({ "username": name, "password": password.expose_secret() }),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("credentials", &self.credentials).finish_non_exhaustive()
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TokenReply {
    #[serde(deserialize_with = "secret")]
    access_token: Option<SecretString>,
    token_type: Option<String>,
    expires_in: Option<f64>,
    url: Option<Value>,
    body: Option<Value>,
}

/// Reads the answer to a token request. A login without `expires_in` gets the shortest life there is.
pub(super) fn read_grant(outcome: Result<Reply, CallError>) -> Result<Grant, AuthError> {
    let reply = match outcome {
        Ok(reply) => reply,
        Err(CallError::Refused(refusal)) if matches!(refusal.status, 400 | 401 | 403 | 404 | 418) => {
            return Err(AuthError::Rejected { status: refusal.status, message: refusal.message });
        }
        Err(CallError::Refused(refusal)) if StatusCode::from_u16(refusal.status).is_ok_and(|s| s.is_redirection()) => {
            return Err(AuthError::Redirected { status: refusal.status, to: refusal.leads_to });
        }
        Err(CallError::Transport { request, source }) if source.kind == TransportKind::Tls => {
            let advice = source.advice();
            return Err(AuthError::Untrusted { message: chain(&CallError::Transport { request, source }), advice });
        }
        Err(error) => return Err(AuthError::Unavailable(chain(&error))),
    };
    // The parser's error would quote the token.
    let Ok(parsed) = serde_json::from_slice::<TokenReply>(&reply.body) else {
        return Err(AuthError::Unavailable("the reply is not the JSON expected".to_owned()));
    };
    if let Some(kind) = parsed.token_type.filter(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(AuthError::TokenKind(clean(&kind, 40)));
    }
    match parsed.access_token.filter(|token| !token.expose_secret().is_empty()) {
        Some(token) => {
            let told = parsed.expires_in.and_then(|s| Duration::try_from_secs_f64(s).ok()).filter(|d| !d.is_zero());
            Ok(Grant { token, lifetime: Some(told.unwrap_or(USER_LIFETIME).min(LONGEST_LIFETIME)) })
        }
        None if parsed.url.is_some() && parsed.body.is_some() => Err(AuthError::SecondFactor),
        None => Err(AuthError::Unavailable("the reply holds no token".to_owned())),
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        text.push_str(": ");
        text.push_str(&current.to_string());
        cause = current.source();
    }
    text
}
