//! The sandbox itself: what all requests share.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use axum::http::{HeaderMap, header};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use sha2::{Digest, Sha256};

use super::{
    authority::AuthorityError,
    caller::{Caller, Principal, Role},
    clock::Clock,
    directory::{Directory, DirectoryError, Organization},
    faults::Dice,
    gate::Limiter,
    publish::Budget,
    settings::{DEFAULT_ORGANIZATION, OrganizationSetting, Settings},
    stats::Stats,
    store::{BLOBS, Blobs, State, StoreError, Tables},
    tokens::Tokens,
};

/// The setting that holds the id of the main organization.
const MAIN: &str = "main organization";

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
    /// An organization that cannot be.
    #[error(transparent)]
    Organization(#[from] DirectoryError),
    /// No certificate for the server.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// A temporary directory path that is not UTF-8.
    #[error("the temporary directory's path is not UTF-8")]
    TemporaryDirectory,
}

impl SandboxError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let Self::Data { path, source } = self else { return None };
        if source.is_damage() {
            return Some(format!(
                "put a copy of {path} in its place, or remove it: the sandbox then begins empty, and so must the journals of what was published there"
            ));
        }
        if source.is_in_use() {
            return Some("another process works on it: wait for its end, or name another directory".to_owned());
        }
        let hint = match &**source {
            StoreError::Schema(_) => "use the consign that wrote it, or name another directory",
            _ => "the directory must be writable, and its disk have room; then start again",
        };
        Some(hint.to_owned())
    }
}

/// What a client needs to know to be let in.
///
/// The secrets guard nothing: they are made for this sandbox. They are not printed all the same, so that nobody gets
/// used to it.
#[derive(Clone)]
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
    /// The administrator of an organization, by user name and by connected app.
    fn of(organization: &str, user: &Principal, app: &Principal) -> Self {
        Self {
            organization: organization.to_owned(),
            client_id: app.id.clone(),
            client_secret: app.secret.clone(),
            token: app.token.clone(),
            username: user.name.clone(),
            password: user.secret.clone(),
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
    pub(super) uploads: Budget,
    pub(super) stats: Stats,
    pub(super) dice: Dice,
    pub(super) limiter: Limiter,
    pub(super) clock: Arc<Clock>,
    directory: RwLock<Arc<Directory>>,
    pub(super) tokens: Tokens,
    /// Signs links that need no token.
    signing_key: String,
    /// Where the state is.
    pub(super) root: Utf8PathBuf,
    /// Removed with the last handle, where the state is not kept.
    _temporary: Option<tempfile::TempDir>,
}

impl Sandbox {
    /// Makes a sandbox, with the state of its data directory where there is one.
    ///
    /// # Errors
    /// When the state cannot be read, was written by another version, or is in use by another process.
    pub fn open(settings: Settings) -> Result<Self, SandboxError> {
        let temporary = match &settings.data {
            Some(_) => None,
            None => Some(tempfile::tempdir().map_err(|e| failed(Utf8Path::new("a temporary directory"), e))?),
        };
        let root = match (&settings.data, &temporary) {
            (Some(data), _) => data.clone(),
            (None, Some(temporary)) => {
                Utf8Path::from_path(temporary.path()).ok_or(SandboxError::TemporaryDirectory)?.to_owned()
            }
            (None, None) => return Err(SandboxError::TemporaryDirectory),
        };
        fs::create_dir_all(&root).map_err(|e| failed(&root, e))?;
        let clock = Arc::new(Clock::new());
        let in_memory = settings.one_by_one && temporary.is_some();
        let database = if in_memory { Utf8PathBuf::from(":memory:") } else { root.join("sandbox.db") };
        let state = State::open(&database, clock.clone(), settings.one_by_one).map_err(|e| failed(&root, e))?;
        let blobs = Blobs::open(&root.join(BLOBS)).map_err(|e| failed(&root, e))?;
        let (directory, main) = founded(&state, &settings.organizations, &root)?;
        let tokens = Tokens::restore(&state, &directory).map_err(|error| failed(&root, error))?;
        let credentials = administrator(&directory, &main).ok_or(DirectoryError::Unknown(main))?;
        let signing_key = hex::encode(Sha256::digest(&credentials.client_secret));
        Ok(Self(Arc::new(Shared {
            stats: Stats::default(),
            uploads: Budget::default(),
            dice: Dice::new(settings.seed, settings.faults.clone()),
            limiter: Limiter::new(settings.rate_limit),
            directory: RwLock::new(Arc::new(directory)),
            tokens,
            credentials,
            signing_key,
            state,
            blobs,
            clock,
            settings,
            root,
            _temporary: temporary,
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

    /// What `consign sandbox` says when it is ready at a URL.
    #[must_use]
    pub fn ready_line(&self, url: &str) -> serde_json::Value {
        let Credentials { organization, client_id, client_secret, token, username, password } = self.credentials();
        let directory = self.0.directory();
        serde_json::json!({
            "url": url,
            "organization": organization,
            "clientId": client_id,
            "clientSecret": client_secret,
            "token": token,
            "username": username,
            "password": password,
            "organizations": directory.organizations.iter().map(|known| introduce(&directory, known)).collect::<Vec<_>>(),
        })
    }
}

fn failed(path: &Utf8Path, source: impl Into<StoreError>) -> SandboxError {
    SandboxError::Data { path: path.to_owned(), source: Box::new(source.into()) }
}

/// How an organization is told to whoever starts the sandbox: who it is, and the credentials of each role.
fn introduce(directory: &Directory, organization: &Organization) -> serde_json::Value {
    let mut introduced = serde_json::json!({
        "id": organization.id,
        "name": organization.name,
        "parentId": organization.parent,
    });
    for role in [Role::Administrator, Role::Contributor, Role::Viewer] {
        let holders =
            directory.holder(&organization.id, role, false).zip(directory.holder(&organization.id, role, true));
        let Some((user, app)) = holders else { continue };
        introduced[role.as_str()] = serde_json::json!({
            "clientId": app.id,
            "clientSecret": app.secret,
            "token": app.token,
            "username": user.name,
            "password": user.secret,
        });
    }
    introduced
}

/// The organizations of an earlier start and those that are asked for, with the id of the main one.
fn founded(state: &State, asked: &[OrganizationSetting], root: &Utf8Path) -> Result<(Directory, String), SandboxError> {
    let (mut directory, main) = state
        .read(|tables| Ok::<_, StoreError>((Directory::read(tables)?, tables.setting(MAIN)?)))
        .map_err(|error| failed(root, error))?;
    let default =
        [OrganizationSetting { name: Some("Sandbox".to_owned()), ..OrganizationSetting::root(DEFAULT_ORGANIZATION) }];
    let is_new = directory.organizations.is_empty();
    let asked = if asked.is_empty() && is_new { &default } else { asked };
    for setting in asked {
        directory.admit(setting)?;
    }
    let remembered = main.as_ref().and_then(serde_json::Value::as_str);
    let main = asked.first().map(|first| first.id.as_str()).or(remembered).unwrap_or(DEFAULT_ORGANIZATION).to_owned();
    // On disk before anybody is told: whoever was let in once is let in after any death of the process.
    let write = |tables: &mut Tables| {
        directory.write(tables)?;
        tables.set(MAIN, &main.as_str().into())
    };
    state.commit_at_once(write).map_err(|error| failed(root, error))?;
    Ok((directory, main))
}

/// The credentials of the administrator of an organization.
fn administrator(directory: &Directory, organization: &str) -> Option<Credentials> {
    let holder = |is_app| directory.holder(organization, Role::Administrator, is_app);
    Some(Credentials::of(organization, holder(false)?, holder(true)?))
}

/// A sandbox as one router sees it.
#[derive(Clone)]
pub(super) struct App {
    pub(super) shared: Arc<Shared>,
    pub(super) links: Links,
}

/// What absolute links start with.
#[derive(Debug, Clone)]
pub(super) enum Links {
    /// An origin.
    To(Arc<str>),
    /// A scheme, and the host that the client used.
    Back(&'static str),
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
        match &self.links {
            Links::To(origin) => origin.trim_end_matches('/').to_owned(),
            Links::Back(scheme) => {
                let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
                format!("{scheme}://{host}")
            }
        }
    }
}

impl Shared {
    /// The organizations and who can sign in, as they are now.
    pub(super) fn directory(&self) -> Arc<Directory> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds an organization, with a user and a connected app for each role.
    pub(super) async fn admit(&self, setting: &OrganizationSetting) -> Result<Arc<Directory>, AdmitError> {
        let directory = {
            let mut known = self.directory.write().unwrap_or_else(PoisonError::into_inner);
            let mut directory = Directory::clone(&known);
            directory.admit(setting)?;
            *known = Arc::new(directory);
            known.clone()
        };
        self.state.commit(|tables| directory.write(tables)).await?;
        Ok(directory)
    }

    /// Whoever signs in, as handlers see them.
    pub(super) fn caller(&self, principal: Arc<Principal>) -> Caller {
        Caller { principal, directory: self.directory() }
    }

    /// Signs a path until a time.
    pub(super) fn sign(&self, path: &str, until: i64) -> String {
        hex::encode(Sha256::digest(format!("{}\n{path}\n{until}", self.signing_key)))
    }
}

/// Why an organization cannot be added.
#[derive(Debug, thiserror::Error)]
pub(super) enum AdmitError {
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
