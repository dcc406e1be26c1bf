//! A temporary folder with a job and assets.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;

use super::{Consign, ORGANIZATION, Ran, Sandbox};

/// A folder with a job file `job.toml` over the assets in `assets/`.
#[derive(Debug)]
pub(crate) struct Workshop {
    folder: Utf8PathBuf,
    env: Vec<(&'static str, String)>,
    _temporary: tempfile::TempDir,
}

/// A REST API to write.
#[derive(Debug, Clone)]
pub(crate) struct Asset<'a> {
    pub(crate) id: &'a str,
    pub(crate) version: &'a str,
    /// Coordinates without the group: `asset/version`.
    pub(crate) needs: &'a [String],
    /// What the specification says; other content makes another fingerprint.
    pub(crate) says: &'a str,
    pub(crate) status: Option<&'a str>,
}

impl<'a> Asset<'a> {
    pub(crate) fn new(id: &'a str, version: &'a str) -> Self {
        Self { id, version, needs: &[], says: "Hello", status: None }
    }

    pub(crate) fn says(self, says: &'a str) -> Self {
        Self { says, ..self }
    }

    pub(crate) fn needs(self, needs: &'a [String]) -> Self {
        Self { needs, ..self }
    }
}

impl Workshop {
    /// A folder without any target.
    pub(crate) fn empty() -> Self {
        let temporary = tempfile::Builder::new().prefix("consign-it-").tempdir().expect("a temporary folder");
        let folder = temporary.path().canonicalize().expect("it is there");
        let folder = Utf8PathBuf::try_from(folder).expect("temporary folders have plain names");
        fs_err::create_dir(folder.join("tmp")).expect("a folder of our own");
        let env = vec![("TMPDIR", folder.join("tmp").into_string()), ("HOME", folder.to_string())];
        Self { folder, env, _temporary: temporary }
    }

    /// A folder with a job against a sandbox, which lets the job in as a connected app.
    pub(crate) fn for_sandbox(sandbox: &Sandbox) -> Self {
        Self::with(sandbox, "")
    }

    /// The same, with more lines for the job file: tables that it does not have yet.
    pub(crate) fn with(sandbox: &Sandbox, more: &str) -> Self {
        Self::empty().with_more(sandbox, more)
    }

    /// The same in this folder.
    pub(crate) fn and_for(self, sandbox: &Sandbox) -> Self {
        self.with_more(sandbox, "")
    }

    fn with_more(self, sandbox: &Sandbox, more: &str) -> Self {
        let mut workshop = self;
        workshop.write(
            "job.toml",
            format!(
                "kind = \"publish\"\nname = \"test\"\n\n[target]\nhost = \"{}\"\n\n[source]\ndirectory = \"assets\"\n\n{more}",
                sandbox.url()
            ),
        );
        fs_err::create_dir(workshop.path("assets")).expect("a folder of our own");
        workshop.env.push(("ANYPOINT_CLIENT_ID", sandbox.client_id().to_owned()));
        workshop.env.push(("ANYPOINT_CLIENT_SECRET", sandbox.client_secret().to_owned()));
        workshop
    }

    /// Sends the job to another server.
    pub(crate) fn towards(self, url: &str) -> Self {
        let job = fs_err::read_to_string(self.path("job.toml")).expect("a folder of our own");
        let lines = job
            .lines()
            .map(|line| if line.starts_with("host = ") { format!("host = \"{url}\"") } else { line.to_owned() });
        self.write("job.toml", lines.collect::<Vec<_>>().join("\n"));
        self
    }

    /// Takes all credentials from the environment.
    pub(crate) fn without_credentials(mut self) -> Self {
        self.env.retain(|(name, _)| !name.starts_with("ANYPOINT_"));
        self
    }

    pub(crate) fn folder(&self) -> &Utf8Path {
        &self.folder
    }

    pub(crate) fn path(&self, name: &str) -> Utf8PathBuf {
        self.folder.join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().expect("it is in the folder")).expect("a folder of our own");
        fs_err::write(path, text).expect("a folder of our own");
    }

    /// Writes an asset to `assets/<id>-<version>/`.
    pub(crate) fn asset(&self, asset: &Asset<'_>) {
        let Asset { id, version, needs, says, status } = asset;
        let dependencies: Vec<_> = needs
            .iter()
            .map(|gav| gav.split_once('/').expect("asset/version"))
            .map(|(asset, version)| json!({ "groupId": ORGANIZATION, "assetId": asset, "version": version }))
            .collect();
        let mut project = json!({
            "main": "api.yaml",
            "name": id,
            "classifier": "oas",
            "groupId": ORGANIZATION,
            "assetId": id,
            "version": version,
            "apiVersion": "v1",
            "dependencies": dependencies,
        });
        if let Some(status) = status {
            project["status"] = json!(status);
        }
        self.write(&format!("assets/{id}-{version}/exchange.json"), format!("{project:#}\n"));
        self.write(&format!("assets/{id}-{version}/api.yaml"), specification(id, version, says));
    }

    /// A command in this folder.
    pub(crate) fn consign(&self, args: &[&str]) -> Consign {
        let command = Consign::new(&self.folder).args(args);
        self.env.iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    /// `consign run job.toml --json` with more arguments.
    pub(crate) fn run(&self, more: &[&str]) -> Ran {
        self.consign(&["run", "job.toml", "--json"]).args(more).run()
    }

    /// One item as `status --failed` shows it.
    pub(crate) fn failed(&self) -> Vec<serde_json::Value> {
        let status = self.consign(&["status", "job.toml", "--json", "--failed"]).run().exits(0).json();
        status["items"].as_array().expect("a list").clone()
    }

    /// State, class and message of an item, by its asset and version.
    #[track_caller]
    pub(crate) fn item(&self, asset: &str, version: &str) -> (String, String, String) {
        let gav = format!("{ORGANIZATION}/{asset}/{version}");
        let journal = rusqlite::Connection::open(self.path(".consign/test.db")).expect("a journal");
        journal
            .query_row(
                "SELECT state, coalesce(class, ''), coalesce(message, '') FROM item WHERE key = ?1",
                [&gav],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap_or_else(|error| panic!("{gav}: {error}"))
    }
}

/// A small OpenAPI document.
pub(crate) fn specification(title: &str, version: &str, says: &str) -> String {
    format!("openapi: 3.0.3\ninfo:\n  title: {title}\n  version: {version}\n  description: {says}\npaths: {{}}\n")
}
