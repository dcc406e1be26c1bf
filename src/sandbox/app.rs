//! The sandbox itself: what all requests share.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
};

use axum::http::{HeaderMap, header};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    clock::Clock,
    faults::Dice,
    gate::Limiter,
    settings::{DEFAULT_ORGANIZATION, Settings},
    stats::Stats,
    store::{Blobs, State, StoreError, lock},
};

/// Why a sandbox cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The state cannot be read.
    #[error("cannot open the sandbox's state in {path}")]
    Data {
        /// The directory.
        path: Utf8PathBuf,
        /// Why.
        source: Box<StoreError>,
    },
    /// No address to listen on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A temporary directory path that is not UTF-8.
    #[error("the temporary directory's path is not UTF-8")]
    TemporaryDirectory,
}

/// What a client needs to know to be let in.
///
/// The secrets guard nothing: they are made for this sandbox. They are not printed all the same, so that nobody gets
/// used to it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// The id of the organization.
    pub organization: String,
    /// The id of the connected app.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// A token that does not end.
    pub token: String,
    /// The name of the user.
    pub username: String,
    /// The user's password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("organization", &self.organization)
            .field("client_id", &self.client_id)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    fn new(organization: String) -> Self {
        let secret = || Uuid::new_v4().simple().to_string();
        Self {
            organization,
            client_id: secret(),
            client_secret: secret(),
            token: Uuid::new_v4().to_string(),
            username: "sandbox".to_owned(),
            password: secret(),
        }
    }
}

/// An Exchange in a box. Cloning makes another handle to the same one.
#[derive(Clone)]
pub struct Sandbox(pub(super) Arc<Shared>);

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("credentials", &self.0.credentials).finish_non_exhaustive()
    }
}

/// What all requests share.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) credentials: Credentials,
    pub(super) state: State,
    pub(super) blobs: Blobs,
    pub(super) stats: Stats,
    pub(super) dice: Dice,
    pub(super) limiter: Limiter,
    pub(super) clock: Arc<Clock>,
    /// When issued tokens end, in milliseconds since 1970.
    tokens: Mutex<HashMap<String, i64>>,
    /// Signs links that need no token.
    signing_key: String,
    /// Removed with the last handle, where the state is not kept.
    _directory: Option<tempfile::TempDir>,
}

impl Sandbox {
    /// Makes a sandbox, with the state of its data directory where there is one.
    ///
    /// # Errors
    /// When the state cannot be read, was written by another version, or is in use by another process.
    pub fn open(settings: Settings) -> Result<Self, SandboxError> {
        let directory = match &settings.data {
            Some(_) => None,
            None => Some(tempfile::tempdir().map_err(|e| failed(Utf8Path::new("a temporary directory"), e))?),
        };
        let root = match (&settings.data, &directory) {
            (Some(data), _) => data.clone(),
            (None, Some(directory)) => {
                Utf8Path::from_path(directory.path()).ok_or(SandboxError::TemporaryDirectory)?.to_owned()
            }
            (None, None) => return Err(SandboxError::TemporaryDirectory),
        };
        fs::create_dir_all(&root).map_err(|e| failed(&root, e))?;
        let clock = Arc::new(Clock::new());
        let state = State::open(&root.join("sandbox.db"), clock.clone()).map_err(|e| failed(&root, e))?;
        let blobs = Blobs::open(&root.join("blobs")).map_err(|e| failed(&root, e))?;
        let credentials = credentials(&state, settings.organization.as_deref()).map_err(|e| failed(&root, e))?;
        let signing_key = hex::encode(Sha256::digest(&credentials.client_secret));
        Ok(Self(Arc::new(Shared {
            stats: Stats::default(),
            dice: Dice::new(settings.seed, settings.faults.clone()),
            limiter: Limiter::new(settings.rate_limit),
            tokens: Mutex::default(),
            credentials,
            signing_key,
            state,
            blobs,
            clock,
            settings,
            _directory: directory,
        })))
    }

    /// What a client needs to know to be let in.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    /// What happened so far; `GET /_sandbox/stats` answers the same.
    #[must_use]
    pub fn stats(&self) -> serde_json::Value {
        let known = self.0.state.read(|tables| Ok::<_, StoreError>((tables.ended, tables.repeated()?)));
        // Without its database the sandbox still says what it counted itself.
        let (ended, repeated) = known.unwrap_or_else(|error| {
            tracing::error!(%error, "the sandbox cannot read what was published");
            Default::default()
        });
        self.0.stats.report(ended, &repeated)
    }

    /// The line that `consign sandbox` prints when it is ready.
    #[must_use]
    pub fn ready_line(&self, url: &str) -> serde_json::Value {
        let Credentials { organization, client_id, client_secret, token, username, password } = self.credentials();
        serde_json::json!({
            "url": url,
            "organization": organization,
            "clientId": client_id,
            "clientSecret": client_secret,
            "token": token,
            "username": username,
            "password": password,
        })
    }
}

fn failed(path: &Utf8Path, source: impl Into<StoreError>) -> SandboxError {
    SandboxError::Data { path: path.to_owned(), source: Box::new(source.into()) }
}

/// The credentials of an earlier start, or new ones; a given organization wins over a remembered one.
fn credentials(state: &State, organization: Option<&str>) -> Result<Credentials, StoreError> {
    let known = state.read(|tables| tables.setting("credentials"))?;
    let known = known.and_then(|value| serde_json::from_value::<Credentials>(value).ok());
    let mut credentials = known.unwrap_or_else(|| Credentials::new(DEFAULT_ORGANIZATION.to_owned()));
    if let Some(organization) = organization {
        organization.clone_into(&mut credentials.organization);
    }
    let value = serde_json::to_value(&credentials).unwrap_or_default();
    // Committed before anything else that anybody waits for.
    state.change(|tables| tables.set("credentials", &value)).0?;
    Ok(credentials)
}

/// A sandbox as one router sees it.
#[derive(Clone)]
pub(super) struct App {
    pub(super) shared: Arc<Shared>,
    /// What absolute links start with; without it the request's `Host` decides.
    pub(super) origin: Option<Arc<str>>,
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl App {
    /// What absolute links start with: the origin of the router, else the host that the client used.
    pub(super) fn origin(&self, headers: &HeaderMap) -> String {
        if let Some(origin) = &self.origin {
            return origin.trim_end_matches('/').to_owned();
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        format!("http://{host}")
    }
}

impl Shared {
    /// Whether a path names the organization of the sandbox.
    pub(super) fn is_own(&self, organization: &str) -> bool {
        organization == self.credentials.organization
    }

    /// The id of the only user.
    pub(super) fn user_id(&self) -> String {
        Uuid::new_v5(&Uuid::NAMESPACE_OID, self.credentials.organization.as_bytes()).to_string()
    }

    /// Issues a token.
    pub(super) fn issue_token(&self) -> String {
        let token = Uuid::new_v4().to_string();
        let now = self.clock.now();
        let lifetime = i64::try_from(self.settings.token_lifetime.as_millis()).unwrap_or(i64::MAX);
        let mut tokens = lock(&self.tokens);
        if tokens.len() >= 1024 && tokens.len().is_power_of_two() {
            tokens.retain(|_, end| *end > now);
        }
        tokens.insert(token.clone(), now.saturating_add(lifetime));
        self.stats.token_issued();
        token
    }

    /// Whether a token is valid now.
    pub(super) fn is_valid_token(&self, token: &str) -> bool {
        token == self.credentials.token || lock(&self.tokens).get(token).is_some_and(|end| *end > self.clock.now())
    }

    /// Signs a path until a time.
    pub(super) fn sign(&self, path: &str, until: i64) -> String {
        hex::encode(Sha256::digest(format!("{}\n{path}\n{until}", self.signing_key)))
    }

    /// Whether a client id and secret are the connected app's.
    pub(super) fn is_client(&self, id: &str, secret: &str) -> bool {
        id == self.credentials.client_id && secret == self.credentials.client_secret
    }
}
