//! The job file as it is written.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use crate::asset::OnConflict;

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Publishes assets from files.
    Publish,
    /// Changes what describes assets that exist.
    Describe,
    /// Brings an organization into a directory.
    Export,
    /// Brings an organization into a directory, and from there to another one.
    Migrate,
    /// Brings client applications to a portal.
    Applications,
    /// Asks for the access of client applications to what a portal shows.
    Access,
}

impl Kind {
    /// The word for it in a job file, and in the journal.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Describe => "describe",
            Self::Export => "export",
            Self::Migrate => "migrate",
            Self::Applications => "applications",
            Self::Access => "access",
        }
    }

    /// Whether it works on a portal of the API Experience Hub rather than on Exchange.
    #[must_use]
    pub fn visits_a_portal(self) -> bool {
        matches!(self, Self::Applications | Self::Access)
    }
}

/// What to do about what describes an asset that is published already and differs from the source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metadata {
    /// Bring it up to the source.
    #[default]
    Update,
    /// Leave it.
    Leave,
}

/// What to do about assets that were published by this job and are no longer in the source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnVanished {
    /// Say so.
    #[default]
    Report,
    /// Deprecate them.
    Deprecate,
}

/// Which version of the API describes assets: version 1 has calls for tags, categories and fields only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DescribeApi {
    /// `/exchange/api/v1`.
    V1,
    /// `/exchange/api/v2`.
    #[default]
    V2,
}

/// What to do about a category or a custom field that the target has configured otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnDifference {
    /// Nothing is sent at all until somebody decides.
    #[default]
    Fail,
    /// Leave it, and say so.
    Keep,
    /// Change it on the target, unless that would touch values of assets.
    Update,
}

/// What to do about something of a portal that is there already and differs from the source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenDifferent {
    /// Bring it up to the source.
    #[default]
    Update,
    /// Leave it.
    Skip,
    /// It fails.
    Fail,
}

/// What to do about access that somebody has to approve.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenPending {
    /// It is asked for, and that is all.
    #[default]
    Leave,
    /// Wait until somebody has decided.
    Poll,
}

/// Whether the server answers a publication at once or later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The server answers with a status link, which is polled.
    #[default]
    Async,
    /// The server answers when the asset is published.
    Sync,
}

/// Where credentials come from; never the secrets themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CredentialsFrom {
    /// The variable that holds a connected app's client id.
    pub client_id_env: Option<String>,
    /// The variable that holds its client secret.
    pub client_secret_env: Option<String>,
    /// The variable that holds a user name.
    pub username_env: Option<String>,
    /// The variable that holds the user's password.
    pub password_env: Option<String>,
    /// The variable that holds a token.
    pub bearer_env: Option<String>,
    /// A file that only its owner can read.
    pub file: Option<Utf8PathBuf>,
    /// A command that prints credentials.
    pub command: Option<String>,
    /// Sends a connected app's id and secret with every request instead of fetching a token.
    pub basic: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobFile {
    pub(super) kind: Kind,
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) target: TargetTable,
    #[serde(default)]
    pub(super) source: SourceTable,
    #[serde(default)]
    pub(super) defaults: toml::Table,
    #[serde(default)]
    pub(super) publish: PublishTable,
    #[serde(default)]
    pub(super) describe: DescribeTable,
    #[serde(default)]
    pub(super) definitions: DefinitionsTable,
    #[serde(default)]
    pub(super) preflight: PreflightTable,
    #[serde(default)]
    pub(super) pace: PaceTable,
    #[serde(default)]
    pub(super) limits: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) remap: RemapTable,
    #[serde(default)]
    pub(super) export: ExportTable,
    pub(super) applications: Option<toml::Spanned<ApplicationsTable>>,
    pub(super) access: Option<toml::Spanned<AccessTable>>,
}

/// What becomes of client applications.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ApplicationsTable {
    pub(super) on_difference: WhenDifferent,
    pub(super) secrets: Option<toml::Spanned<SecretsTable>>,
    pub(super) ids: Option<Utf8PathBuf>,
}

/// Where the secrets go that a portal issues.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SecretsTable {
    pub(super) file: Option<Utf8PathBuf>,
    pub(super) command: Option<Vec<String>>,
}

/// How access is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AccessTable {
    pub(super) accept_terms: bool,
    pub(super) pending: WhenPending,
    pub(super) deadline: Option<String>,
    pub(super) on_difference: WhenDifferent,
    pub(super) applications: Option<Utf8PathBuf>,
}

/// Where an export brings what it reads.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ExportTable {
    pub(super) directory: Option<Utf8PathBuf>,
    pub(super) reread: bool,
    pub(super) companions: Option<bool>,
}

/// What becomes of coordinates, with the place of each entry in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RemapTable {
    pub(super) groups: Entries,
    pub(super) assets: Entries,
    pub(super) organizations: Entries,
    pub(super) hosts: Entries,
    pub(super) merge: bool,
}

/// What is, and what it becomes.
pub(super) type Entries = BTreeMap<toml::Spanned<String>, String>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TargetTable {
    pub(super) host: Option<String>,
    pub(super) organization: Option<String>,
    pub(super) group: Option<String>,
    pub(super) portal: Option<toml::Spanned<String>>,
    pub(super) target_organization: Option<toml::Spanned<String>>,
    pub(super) sandbox: SandboxChoice,
    pub(super) ca_file: Option<Utf8PathBuf>,
    pub(super) credentials: CredentialsFrom,
}

impl TargetTable {
    /// Whether the file says where to.
    pub(super) fn is_named(&self) -> bool {
        let texts = [&self.host, &self.organization, &self.group];
        texts.into_iter().any(Option::is_some) || self.sandbox != SandboxChoice::default()
    }
}

/// Whether the target is a sandbox inside the process, and whose.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected true, false, or the name of the job whose sandbox it is")]
pub(super) enum SandboxChoice {
    /// Its own, or none.
    Own(bool),
    /// The one of another job beside it.
    Of(String),
}

impl Default for SandboxChoice {
    fn default() -> Self {
        Self::Own(false)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SourceTable {
    pub(super) directory: Option<Utf8PathBuf>,
    pub(super) manifest: Option<Utf8PathBuf>,
    pub(super) catalog: Option<Utf8PathBuf>,
    pub(super) wave: Option<String>,
    pub(super) criteria: BTreeMap<String, String>,
    pub(super) include: Vec<String>,
    pub(super) exclude: Vec<String>,
    pub(super) organization: Option<String>,
    pub(super) portal: Option<String>,
    pub(super) target_organization: Option<String>,
    pub(super) host: Option<String>,
    pub(super) sandbox: SandboxChoice,
    pub(super) ca_file: Option<Utf8PathBuf>,
    pub(super) credentials: CredentialsFrom,
    pub(super) pace: PaceTable,
    pub(super) business_groups: GroupsChoice,
    pub(super) types: Vec<String>,
    pub(super) status: Vec<String>,
    pub(super) versions: Option<String>,
    pub(super) changed_since: Option<String>,
    pub(super) changed_until: Option<String>,
}

impl SourceTable {
    /// The first key that only the source of an export has.
    pub(super) fn of_an_organization(&self) -> Option<&'static str> {
        let keys = [
            ("organization", self.organization.is_some()),
            ("portal", self.portal.is_some()),
            ("target_organization", self.target_organization.is_some()),
            ("host", self.host.is_some()),
            ("sandbox", self.sandbox != SandboxChoice::default()),
            ("ca_file", self.ca_file.is_some()),
            ("credentials", self.credentials != CredentialsFrom::default()),
            ("pace", self.pace != PaceTable::default()),
            ("business_groups", self.business_groups != GroupsChoice::default()),
            ("types", !self.types.is_empty()),
            ("status", !self.status.is_empty()),
            ("versions", self.versions.is_some()),
            ("changed_since", self.changed_since.is_some()),
            ("changed_until", self.changed_until.is_some()),
        ];
        keys.into_iter().find_map(|(key, is_there)| is_there.then_some(key))
    }
}

/// Which organizations below the source are read as well.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected a list of ids, or \"all\"")]
pub(super) enum GroupsChoice {
    /// These.
    Named(Vec<String>),
    /// All.
    Word(String),
}

impl Default for GroupsChoice {
    fn default() -> Self {
        Self::Named(Vec::new())
    }
}

/// Where assets come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceSpec {
    /// A folder, and everything in it.
    Directory(Utf8PathBuf),
    /// A CSV file.
    Manifest(Utf8PathBuf),
    /// A `catalog.yaml`, the descriptor of the official bulk importer.
    Catalog(Utf8PathBuf),
    /// An organization on a server; the directory is the one that it is brought to.
    Organization(Utf8PathBuf),
}

impl SourceSpec {
    /// The file, or the folder, that all assets of the source lie in.
    #[must_use]
    pub fn root(&self) -> &Utf8Path {
        match self {
            Self::Directory(path) | Self::Manifest(path) | Self::Organization(path) => path,
            // Its projects lie beside it.
            Self::Catalog(path) => path.parent().unwrap_or(path),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PublishTable {
    pub(super) mode: Mode,
    pub(super) on_conflict: OnConflict,
    pub(super) on_change: Option<OnConflict>,
    pub(super) on_vanished: OnVanished,
    pub(super) metadata: Metadata,
    pub(super) deadline: Option<String>,
    pub(super) file_validation: Option<bool>,
    pub(super) strict_package: Option<bool>,
    pub(super) snapshots_allowed: Option<bool>,
    pub(super) allowed_api_spec_formats: Vec<String>,
    pub(super) user_id: Option<String>,
    pub(super) assign_roles: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DescribeTable {
    pub(super) api: DescribeApi,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PreflightTable {
    pub(super) skip: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DefinitionsTable {
    pub(super) on_difference: OnDifference,
    pub(super) file: Option<Utf8PathBuf>,
    pub(super) categories: Vec<toml::Spanned<DefinitionTable>>,
    pub(super) fields: Vec<toml::Spanned<DefinitionTable>>,
}

/// The tables of a file of definitions: as they stand in a job, or cut out of it without the name of their table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DefinitionsFile {
    pub(super) definitions: DeclaredTable,
    pub(super) categories: Vec<toml::Spanned<DefinitionTable>>,
    pub(super) fields: Vec<toml::Spanned<DefinitionTable>>,
}

/// What a file of definitions declares.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DeclaredTable {
    pub(super) categories: Vec<toml::Spanned<DefinitionTable>>,
    pub(super) fields: Vec<toml::Spanned<DefinitionTable>>,
}

/// One category or custom field, as a job declares it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DefinitionTable {
    pub(super) key: String,
    pub(super) name: Option<String>,
    pub(super) r#type: Option<String>,
    pub(super) values: Vec<String>,
    pub(super) asset_types: Vec<String>,
    pub(super) delete: bool,
    pub(super) force: bool,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PaceTable {
    pub(super) requests_per_second: Option<f64>,
    pub(super) concurrency: Option<usize>,
    pub(super) publications: Option<usize>,
    pub(super) attempts: Option<u32>,
}
