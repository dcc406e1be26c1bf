//! Who we are to the server, and where that is read from: variables, a file, or a command.

use std::{fmt, io::Read, process::Stdio, time::Duration};

use camino::Utf8Path;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use tokio::io::AsyncReadExt;

/// Credential files and the output of credential commands are a few lines.
const MAX_SIZE: u64 = 64 * 1024;

/// A command may ask a person to unlock something, but not for ever.
const COMMAND_DEADLINE: Duration = Duration::from_mins(2);

/// What a client signs in with (EXCHANGE.md §1.1). `Debug` shows the kind only.
#[derive(Clone)]
pub enum Credentials {
    /// A connected app, which fetches a token.
    ConnectedApp {
        /// The client id.
        id: String,
        /// The client secret.
        secret: SecretString,
    },
    /// A connected app that signs every call itself, without a token: `~~~Client~~~`.
    Basic {
        /// The client id.
        id: String,
        /// The client secret.
        secret: SecretString,
    },
    /// A user, who logs in.
    User {
        /// The user name.
        name: String,
        /// The password.
        password: SecretString,
    },
    /// A token that somebody else has fetched, and that cannot be renewed.
    Bearer(SecretString),
}

/// The names of the variables that hold credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VariableNames {
    /// The variable of a bearer token.
    pub bearer: Option<String>,
    /// The variable of a user name.
    pub username: Option<String>,
    /// The variable of a password.
    pub password: Option<String>,
    /// The variable of a connected app's id.
    pub client_id: Option<String>,
    /// The variable of a connected app's secret.
    pub client_secret: Option<String>,
}

/// Why there are no credentials. No text here ever shows a value.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// One of two that belong together.
    #[error("{given} is given in {place}, but {missing} is missing")]
    Half {
        /// What is there.
        given: String,
        /// What is not.
        missing: String,
        /// Where it was looked for.
        place: String,
    },
    /// Nothing at all.
    #[error("no credentials in {place}")]
    Nothing {
        /// Where they were looked for.
        place: String,
    },
    /// The file cannot be read.
    #[error("cannot read the credentials")]
    Read(#[source] std::io::Error),
    /// Others than the owner may read the file.
    #[error("{path} may be read by others (mode {mode:03o}); run `chmod 600 {path}`")]
    Mode {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// The text is of no known form.
    #[error("{place} is neither JSON nor TOML with client_id and client_secret, username and password, or bearer")]
    Form {
        /// Where the text came from.
        place: String,
    },
    /// The command failed.
    #[error("the credential command {0}")]
    Command(String),
}

/// The keys of a file, of a command's output, and of variables.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Keys {
    #[serde(alias = "clientId", deserialize_with = "secret")]
    client_id: Option<SecretString>,
    #[serde(alias = "clientSecret", deserialize_with = "secret")]
    client_secret: Option<SecretString>,
    #[serde(deserialize_with = "secret")]
    username: Option<SecretString>,
    #[serde(deserialize_with = "secret")]
    password: Option<SecretString>,
    #[serde(alias = "access_token", alias = "token", deserialize_with = "secret")]
    bearer: Option<SecretString>,
}

/// The name of a variable as a message may show it: somebody may have written the secret in the place of the name.
fn shown(name: &str, key: &str) -> String {
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if name.chars().all(is_name) { name.to_owned() } else { format!("the variable that {key}_env names") }
}

/// Reads a text that may be left out as a secret.
pub(super) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

impl VariableNames {
    /// The names that the official command line reads.
    #[must_use]
    pub fn official() -> Self {
        let name = |name: &str| Some(format!("ANYPOINT_{name}"));
        Self {
            bearer: name("BEARER"),
            username: name("USERNAME"),
            password: name("PASSWORD"),
            client_id: name("CLIENT_ID"),
            client_secret: name("CLIENT_SECRET"),
        }
    }
}

impl Credentials {
    /// Reads the official variables: a bearer token first, then a user, then a connected app (EXCHANGE.md §1.1).
    ///
    /// # Errors
    /// When none is set, or only one of two that belong together.
    pub fn from_env(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, CredentialsError> {
        Self::from_variables(&VariableNames::official(), lookup)
    }

    /// Reads variables of given names, in the same order.
    ///
    /// # Errors
    /// When none is set, or only one of two that belong together.
    pub fn from_variables(
        names: &VariableNames,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, CredentialsError> {
        let read = |name: &Option<String>| name.as_deref().and_then(lookup).map(SecretString::from);
        let keys = Keys {
            client_id: read(&names.client_id),
            client_secret: read(&names.client_secret),
            username: read(&names.username),
            password: read(&names.password),
            bearer: read(&names.bearer),
        };
        let label = |name: &Option<String>, key: &str| match name {
            Some(name) => shown(name, key),
            None => format!("a variable for {key}"),
        };
        let place = [(&names.bearer, "bearer"), (&names.username, "username"), (&names.client_id, "client_id")];
        let place: Vec<String> = place.into_iter().filter_map(|(name, key)| Some(shown(name.as_ref()?, key))).collect();
        keys.choose(
            &format!("the environment ({})", place.join(", ")),
            [
                &label(&names.username, "username"),
                &label(&names.password, "password"),
                &label(&names.client_id, "client_id"),
                &label(&names.client_secret, "client_secret"),
            ],
        )
    }

    /// Reads a file of JSON or TOML, which nobody but its owner may read.
    ///
    /// # Errors
    /// When it cannot be read, others may read it, or it holds no credentials.
    pub fn from_file(path: &Utf8Path) -> Result<Self, CredentialsError> {
        // The mode is that of the opened file: between a check by name and the opening it could be another one.
        let file = fs_err::File::open(path).map_err(CredentialsError::Read)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = file.metadata().map_err(CredentialsError::Read)?.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                return Err(CredentialsError::Mode { path: path.to_string(), mode });
            }
        }
        let mut text = String::new();
        file.take(MAX_SIZE).read_to_string(&mut text).map_err(CredentialsError::Read)?;
        Self::from_text(&SecretString::from(text), path.as_str())
    }

    /// Runs a command by the shell and reads what it prints: JSON or TOML of the keys of a file, or a bare token.
    ///
    /// It has our environment, as a password manager needs it, and our stderr, to tell people what it waits for.
    ///
    /// # Errors
    /// When it fails, takes longer than two minutes, or prints no credentials. What it prints is never shown.
    pub async fn from_command(command: &str) -> Result<Self, CredentialsError> {
        let failed = |what: String| CredentialsError::Command(what);
        let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let mut child = tokio::process::Command::new(shell)
            .args([flag, command])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| failed(format!("cannot be started: {e}")))?;
        let mut text = String::new();
        let stdout = child.stdout.take();
        let run = async {
            if let Some(stdout) = stdout {
                stdout.take(MAX_SIZE).read_to_string(&mut text).await?;
            }
            child.wait().await
        };
        let status = tokio::time::timeout(COMMAND_DEADLINE, run)
            .await
            .map_err(|_| failed(format!("did not end within {} s", COMMAND_DEADLINE.as_secs())))?
            .map_err(|e| failed(format!("failed: {}", e.kind())))?;
        let text = SecretString::from(text);
        if !status.success() {
            return Err(failed(format!("ended with {status}")));
        }
        let bare = text.expose_secret().trim();
        let is_token = !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_graphic()) && !bare.starts_with('{');
        match Self::from_text(&text, "the output of the credential command") {
            Err(CredentialsError::Form { .. }) if is_token => Ok(Self::Bearer(SecretString::from(bare))),
            other => other,
        }
    }

    fn from_text(text: &SecretString, place: &str) -> Result<Self, CredentialsError> {
        let content = text.expose_secret().trim_start_matches('\u{feff}');
        // The parsers' errors quote the text, so they are dropped.
        let keys: Option<Keys> = if content.trim_start().starts_with('{') {
            serde_json::from_str(content).ok()
        } else {
            toml::from_str(content).ok()
        };
        let keys = keys.ok_or_else(|| CredentialsError::Form { place: place.to_owned() })?;
        keys.choose(place, ["username", "password", "client_id", "client_secret"])
    }

    /// The same connected app, signing every call itself instead of fetching a token.
    #[must_use]
    pub fn into_basic(self) -> Self {
        match self {
            Self::ConnectedApp { id, secret } => Self::Basic { id, secret },
            other => other,
        }
    }
}

impl Keys {
    /// Takes the first kind that is there; a half of a pair is an error even where another kind would do, since it is
    /// most likely a slip.
    fn choose(self, place: &str, labels: [&str; 4]) -> Result<Credentials, CredentialsError> {
        let filled = |value: Option<SecretString>| value.filter(|v| !v.expose_secret().trim().is_empty());
        if let Some(token) = filled(self.bearer) {
            return Ok(Credentials::Bearer(SecretString::from(token.expose_secret().trim())));
        }
        let half = |given: &str, missing: &str| CredentialsError::Half {
            given: given.to_owned(),
            missing: missing.to_owned(),
            place: place.to_owned(),
        };
        let [name_label, password_label, id_label, secret_label] = labels;
        match (filled(self.username), filled(self.password)) {
            (Some(name), Some(password)) => {
                return Ok(Credentials::User { name: name.expose_secret().to_owned(), password });
            }
            (Some(_), None) => return Err(half(name_label, password_label)),
            (None, Some(_)) => return Err(half(password_label, name_label)),
            (None, None) => {}
        }
        match (filled(self.client_id), filled(self.client_secret)) {
            (Some(id), Some(secret)) => Ok(Credentials::ConnectedApp { id: id.expose_secret().to_owned(), secret }),
            (Some(_), None) => Err(half(id_label, secret_label)),
            (None, Some(_)) => Err(half(secret_label, id_label)),
            (None, None) => Err(CredentialsError::Nothing { place: place.to_owned() }),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConnectedApp { .. } => "ConnectedApp([REDACTED])",
            Self::Basic { .. } => "Basic([REDACTED])",
            Self::User { .. } => "User([REDACTED])",
            Self::Bearer(_) => "Bearer([REDACTED])",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
        move |name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
    }

    #[test]
    fn bearer_goes_before_user_before_connected_app() {
        let app = env(&[("ANYPOINT_CLIENT_ID", "i"), ("ANYPOINT_CLIENT_SECRET", "s")]);
        assert!(matches!(Credentials::from_env(&app), Ok(Credentials::ConnectedApp { .. })));
        let user = env(&[
            ("ANYPOINT_CLIENT_ID", "i"),
            ("ANYPOINT_CLIENT_SECRET", "s"),
            ("ANYPOINT_USERNAME", "u"),
            ("ANYPOINT_PASSWORD", "p"),
        ]);
        assert!(matches!(Credentials::from_env(&user), Ok(Credentials::User { .. })));
        let bearer = env(&[("ANYPOINT_BEARER", " t\n"), ("ANYPOINT_USERNAME", "u"), ("ANYPOINT_PASSWORD", "p")]);
        let Ok(Credentials::Bearer(token)) = Credentials::from_env(&bearer) else { panic!("is a bearer") };
        assert_eq!(token.expose_secret(), "t");
    }

    #[test]
    fn half_a_pair_names_what_is_missing() {
        let error = Credentials::from_env(&env(&[("ANYPOINT_CLIENT_ID", "i"), ("ANYPOINT_CLIENT_SECRET", " ")]));
        assert!(error.expect_err("is half").to_string().contains("but ANYPOINT_CLIENT_SECRET is missing"));
        let names = VariableNames { client_id: Some("OLD_ID".to_owned()), ..VariableNames::default() };
        let error = Credentials::from_variables(&names, &env(&[("OLD_ID", "i"), ("ANYPOINT_CLIENT_SECRET", "s")]));
        assert!(error.expect_err("is half").to_string().contains("a variable for client_secret"));
        assert!(matches!(Credentials::from_env(&env(&[])), Err(CredentialsError::Nothing { .. })));
    }

    #[test]
    fn a_secret_in_the_place_of_a_name_is_not_shown() {
        let slip = |id: &str, secret: &str| VariableNames {
            client_id: Some(id.to_owned()),
            client_secret: Some(secret.to_owned()),
            ..VariableNames::default()
        };
        let env = env(&[("MY_ID", "i")]);
        for names in [slip("MY_ID", "0f8fad5bd9cb469f"), slip("0f8fad5bd9cb469f", "0f8fad5bd9cb469f")] {
            let error = Credentials::from_variables(&names, &env).expect_err("is no name").to_string();
            assert!(!error.contains("0f8fad5b") && error.contains("_env names"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().expect("is made");
        let path = Utf8Path::from_path(file.path()).expect("is UTF-8");
        std::fs::write(path, "client_id = \"i\"\nclient_secret = \"s3cret\"\n").expect("is written");
        let chmod = |mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("is set");
        chmod(0o640);
        assert!(matches!(Credentials::from_file(path), Err(CredentialsError::Mode { mode: 0o640, .. })));
        chmod(0o600);
        assert!(matches!(Credentials::from_file(path), Ok(Credentials::ConnectedApp { .. })));
    }

    #[test]
    fn no_error_and_no_debug_shows_a_secret() {
        for text in
            ["client_id = \"i\"\nclient_secret = s3cret", "{\"client_secret\": s3cret}", "bearer = \"s3cret\"\nx="]
        {
            let error = Credentials::from_text(&SecretString::from(text), "file").expect_err("is broken");
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
        let user = Credentials::User { name: "s3cret".to_owned(), password: SecretString::from("s3cret") };
        assert!(!format!("{user:?}").contains("s3cret"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_command_prints_keys_or_a_bare_token() {
        let token = Credentials::from_command("echo abc==").await.expect("is a token");
        let Credentials::Bearer(token) = token else { panic!("is a bearer") };
        assert_eq!(token.expose_secret(), "abc==");
        let app = Credentials::from_command(r#"echo '{"client_id":"i","client_secret":"s"}'"#).await;
        assert!(matches!(app, Ok(Credentials::ConnectedApp { .. })));
        let error = Credentials::from_command("echo s3cret; exit 3").await.expect_err("fails").to_string();
        assert!(error.contains('3') && !error.contains("s3cret;"), "{error}");
        assert!(Credentials::from_command("true").await.is_err());
    }
}
