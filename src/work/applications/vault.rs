//! Where issued secrets go: a file that its owner alone can read, or a command. Nowhere else are they written.

use std::{
    env,
    io::{self, BufRead as _, Read as _, Seek as _, SeekFrom, Write as _},
    pin::pin,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err::File;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{job::Secrets, offload::offload};

/// How long the command may take for one application.
const DEADLINE: Duration = Duration::from_secs(120);

/// How long what the command has said is waited for once it has ended: a process that it left behind may hold its stderr
/// for ever.
const LINGER: Duration = Duration::from_secs(1);

/// So much of what the command says on stderr is told.
const MOST_SAID: u64 = 2_000;

/// What is delivered of an application.
pub(super) struct Delivery<'a> {
    pub(super) name: &'a str,
    pub(super) id: &'a str,
    pub(super) client_id: Option<&'a str>,
    pub(super) client_secret: &'a SecretString,
}

/// The line of JSON that tells it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    name: &'a str,
    id: &'a str,
    client_id: Option<&'a str>,
    client_secret: &'a str,
}

/// Why a secret cannot be delivered.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file can be read by others.
    #[error("others may read the file of secrets {path} (mode {mode:o})")]
    Mode {
        /// The file.
        path: Utf8PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// There is no plain file.
    #[error("the file of secrets {path} is {what}")]
    Kind {
        /// The file.
        path: Utf8PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// The file cannot be read or written.
    #[error("cannot write the file of secrets {path}")]
    File {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The command cannot be started.
    #[error("cannot start `{program}`")]
    Start {
        /// Its program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The command failed.
    #[error("`{program}` ended with {status}{}", said(.stderr))]
    Failed {
        /// Its program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// What it said about that.
        stderr: String,
    },
    /// The command did not end.
    #[error("`{program}` did not end within {} s", DEADLINE.as_secs())]
    Slow {
        /// Its program.
        program: String,
    },
}

fn said(stderr: &str) -> String {
    let line = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() { line } else { format!(": {line}") }
}

impl VaultError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Mode { .. } => {
                "make it its owner's alone (chmod 600), or name another one in applications.secrets.file"
            }
            Self::Kind { .. } => "name a plain file in applications.secrets.file",
            Self::File { .. } => "make room for it, or name another one in applications.secrets.file",
            Self::Start { .. } => "applications.secrets.command is a list: the program, then its arguments",
            Self::Failed { .. } | Self::Slow { .. } => {
                "the application is there: once the command works, `consign retry` delivers its secret"
            }
        }
    }

    /// Whether the secret of another application would fare no better.
    pub(super) fn is_about_all(&self) -> bool {
        !matches!(self, Self::Failed { .. } | Self::Slow { .. })
    }
}

/// The place.
pub(super) enum Vault {
    File(Arc<SecretFile>),
    Command(Vec<String>),
}

impl Vault {
    pub(super) fn new(secrets: Secrets) -> Self {
        match secrets {
            Secrets::File(path) => Self::File(Arc::new(SecretFile { path, open: Mutex::new(None) })),
            Secrets::Command(command) => Self::Command(command),
        }
    }

    /// Whether it can be used, as far as that can be told without using it. No file is made.
    pub(super) async fn check(&self) -> Result<(), VaultError> {
        match self {
            Self::File(file) => {
                let file = Arc::clone(file);
                offload(move || file.check()).await
            }
            Self::Command(command) => {
                let program = command.first().cloned().unwrap_or_default();
                offload(move || find(program)).await
            }
        }
    }

    /// Whether the secret of an application has arrived: `false` also where nobody can tell.
    pub(super) async fn has(&self, id: String) -> Result<bool, VaultError> {
        match self {
            Self::File(file) => {
                let file = Arc::clone(file);
                offload(move || file.has(&id)).await
            }
            Self::Command(_) => Ok(false),
        }
    }

    /// Delivers a secret; it has arrived when this returns.
    pub(super) async fn deliver(&self, delivery: &Delivery<'_>) -> Result<(), VaultError> {
        let Delivery { name, id, client_id, client_secret } = *delivery;
        let line = Line { name, id, client_id, client_secret: client_secret.expose_secret() };
        let text = serde_json::to_string(&line).expect("is plain data with text keys");
        let line = SecretString::from(format!("{text}\n"));
        match self {
            Self::File(file) => {
                let file = Arc::clone(file);
                offload(move || file.append(&line)).await
            }
            Self::Command(command) => give(command, &line).await,
        }
    }
}

/// A file of one line for each secret that was delivered. A secret that was delivered twice is there twice.
pub(super) struct SecretFile {
    path: Utf8PathBuf,
    open: Mutex<Option<File>>,
}

impl SecretFile {
    fn error(&self) -> impl Fn(io::Error) -> VaultError + '_ {
        |source| VaultError::File { path: self.path.clone(), source }
    }

    /// Refuses what is no plain file, or can be read by others, and a place where no file can be made.
    fn check(&self) -> Result<(), VaultError> {
        match fs_err::symlink_metadata(&self.path) {
            Ok(known) => self.check_kind(&known),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.check_folder(),
            Err(error) => Err(self.error()(error)),
        }
    }

    /// Makes a file without a name where the file, or its folder, will be made.
    fn check_folder(&self) -> Result<(), VaultError> {
        let folders = self.path.ancestors().skip(1);
        let folders = folders.map(|folder| if folder.as_str().is_empty() { Utf8Path::new(".") } else { folder });
        let Some(folder) = folders.into_iter().find(|folder| folder.exists()) else { return Ok(()) };
        tempfile::tempfile_in(folder).map(drop).map_err(self.error())
    }

    /// Whether the name still means the file that was opened, and nobody else may read that.
    fn check_still(&self, opened: &File) -> Result<(), VaultError> {
        let opened = opened.metadata().map_err(self.error())?;
        self.check_kind(&opened)?;
        match fs_err::symlink_metadata(&self.path) {
            Ok(named) if is_same(&opened, &named) => Ok(()),
            Ok(named) => {
                self.check_kind(&named)?;
                Err(VaultError::Kind { path: self.path.clone(), what: "another one than this run has opened" })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(VaultError::Kind { path: self.path.clone(), what: "not there any more" })
            }
            Err(error) => Err(self.error()(error)),
        }
    }

    fn check_kind(&self, known: &std::fs::Metadata) -> Result<(), VaultError> {
        let kind = |what| Err(VaultError::Kind { path: self.path.clone(), what });
        if known.is_symlink() {
            return kind("a link, which may lead anywhere");
        }
        if !known.is_file() {
            return kind("no plain file");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = known.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                return Err(VaultError::Mode { path: self.path.clone(), mode });
            }
        }
        Ok(())
    }

    /// Writes a line, and waits until the disk has it.
    fn append(&self, line: &SecretString) -> Result<(), VaultError> {
        self.with(|file| append_whole(file, line.expose_secret().as_bytes()))
    }

    /// Whether a line tells the secret of an application, and the disk has it.
    fn has(&self, id: &str) -> Result<bool, VaultError> {
        #[derive(serde::Deserialize)]
        struct Told {
            id: String,
        }
        self.check()?;
        if !self.path.exists() {
            return Ok(false);
        }
        self.with(|file| {
            file.seek(SeekFrom::Start(0))?;
            let is_told = |line: io::Result<String>| {
                line.is_ok_and(|line| serde_json::from_str::<Told>(&line).is_ok_and(|told| told.id == id))
            };
            let is_there = io::BufReader::new(&mut *file).lines().any(is_told);
            file.sync_all().map(|()| is_there)
        })
    }

    /// Works with the file, which is opened when it is needed for the first time.
    fn with<T>(&self, work: impl FnOnce(&mut File) -> io::Result<T>) -> Result<T, VaultError> {
        // Whoever panicked has left a file that is as good as before.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.is_none() {
            *open = Some(self.open()?);
        }
        let file = open.as_mut().expect("was opened above");
        // Before, so that nothing is written where others read it; after, so that nothing counts that nobody will find.
        self.check_still(file)?;
        let done = work(file).map_err(self.error())?;
        self.check_still(file)?;
        Ok(done)
    }

    /// Opens the file, and looks at what was opened: a name may mean another file a moment later.
    fn open(&self) -> Result<File, VaultError> {
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_str().is_empty()) {
            fs_err::create_dir_all(folder).map_err(self.error())?;
        }
        self.check()?;
        let mut options = fs_err::OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(self.path.as_std_path()).map_err(self.error())?;
        let opened = file.metadata().map_err(self.error())?;
        self.check_kind(&opened)?;
        let named = fs_err::symlink_metadata(&self.path).map_err(self.error())?;
        self.check_kind(&named)?;
        if !is_same(&opened, &named) {
            return Err(VaultError::Kind { path: self.path.clone(), what: "another one than a moment ago" });
        }
        end_the_last_line(&mut file).map_err(self.error())?;
        sync_folder(&self.path);
        Ok(file)
    }
}

#[cfg(unix)]
fn is_same(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &std::fs::Metadata, _: &std::fs::Metadata) -> bool {
    true
}

/// A file that is new has to be found again after a power loss, too. Not every file system lets a folder be synchronized.
fn sync_folder(path: &Utf8Path) {
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// All of the line, or none of it: half a line would spoil the next one.
fn append_whole(file: &mut File, line: &[u8]) -> io::Result<()> {
    let before = file.metadata()?.len();
    let written = file.write_all(line).and_then(|()| file.sync_all());
    if written.is_err() {
        // The disk is full, as a rule; what cannot be taken back either is mended when the file is opened again.
        let _ = file.set_len(before);
    }
    written
}

/// A line that a power loss has cut off is taken away: its secret was not known to have arrived, and comes again. One that
/// is whole and only lacks its end gets that.
fn end_the_last_line(file: &mut File) -> io::Result<()> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut text)?;
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let rest = &text[whole..];
    if rest.is_empty() {
        return Ok(());
    }
    if rest.starts_with(b"{") && serde_json::from_slice::<serde_json::Value>(rest).is_err() {
        return file.set_len(whole as u64);
    }
    file.write_all(b"\n")
}

/// Whether a program can be started, as far as its name tells.
fn find(program: String) -> Result<(), VaultError> {
    let is_there = if program.contains('/') || cfg!(not(unix)) {
        cfg!(not(unix)) || Utf8Path::new(&program).is_file()
    } else {
        env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(&program).is_file()))
    };
    if is_there {
        return Ok(());
    }
    Err(VaultError::Start { program, source: io::Error::from(io::ErrorKind::NotFound) })
}

/// Starts the command for one application, and gives it the line. Its output is nobody's business; what it says on stderr
/// is told where it fails.
async fn give(command: &[String], line: &SecretString) -> Result<(), VaultError> {
    let (program, arguments) = command.split_first().expect("a job names a program");
    let start = |source| VaultError::Start { program: program.clone(), source };
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(start)?;
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let give = async {
        if let Some(mut stdin) = stdin {
            // Who ends without having read tells by its status whether that was meant so.
            let _ = stdin.write_all(line.expose_secret().as_bytes()).await;
            let _ = stdin.shutdown().await;
        }
    };
    let listen = async {
        let mut said = Vec::new();
        if let Some(mut stderr) = stderr {
            let _ = (&mut stderr).take(MOST_SAID).read_to_end(&mut said).await;
            // The rest is read too, so that nobody waits for room in the pipe.
            let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
        }
        String::from_utf8_lossy(&said).into_owned()
    };
    let run = async {
        let mut listen = pin!(listen);
        let mut end = pin!(async { tokio::join!(give, child.wait()).1 });
        let mut heard = None;
        let status = loop {
            tokio::select! {
                text = &mut listen, if heard.is_none() => heard = Some(text),
                status = &mut end => break status,
            }
        };
        let heard = match heard {
            Some(text) => text,
            None => tokio::time::timeout(LINGER, listen).await.unwrap_or_default(),
        };
        (heard, status)
    };
    let Ok((stderr, status)) = tokio::time::timeout(DEADLINE, run).await else {
        return Err(VaultError::Slow { program: program.clone() });
    };
    let status = status.map_err(start)?;
    if status.success() {
        return Ok(());
    }
    Err(VaultError::Failed { program: program.clone(), status, stderr })
}
