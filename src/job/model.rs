//! A job with every value decided.

use std::{collections::BTreeMap, time::Duration};

use camino::Utf8PathBuf;

use super::{
    OnConflict,
    definitions::Definitions,
    export::Export,
    file::{CredentialsFrom, DescribeApi, Kind, Metadata, Mode, OnVanished, SourceSpec},
    portal::{Access, Applications, PortalName},
};
use crate::asset::Remap;

/// A job, ready to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The job file.
    pub file: Utf8PathBuf,
    /// What it does.
    pub kind: Kind,
    /// Its name: that of the file, if it gives none.
    pub name: String,
    /// Where to.
    pub target: Target,
    /// Where from.
    pub source: SourceSpec,
    /// The rows of a manifest that are meant, by its column `wave`; `None`: all.
    pub wave: Option<String>,
    /// Which files of a directory to look at; empty: all.
    pub include: Vec<String>,
    /// Which files of a directory to leave out.
    pub exclude: Vec<String>,
    /// The facts of this build that the conditions of a `catalog.yaml` are held to: name and value.
    pub criteria: Vec<(String, String)>,
    /// Values for assets that bring none, by the name of the multipart field.
    pub defaults: BTreeMap<String, String>,
    /// How to publish.
    pub publish: Publish,
    /// Which version of the API describes assets.
    pub describe_api: DescribeApi,
    /// The categories and custom fields that have to be there.
    pub definitions: Definitions,
    /// Whether the target is looked at before anything is sent.
    pub preflight: bool,
    /// How fast.
    pub pace: Pace,
    /// What is read of an organization, for a job that does.
    pub export: Option<Export>,
    /// What becomes of coordinates in what is sent.
    pub remap: Remap,
    /// What becomes of client applications, for a job that brings them.
    pub applications: Option<Applications>,
    /// How access is asked for, for a job that does.
    pub access: Option<Access>,
    /// How large files may be.
    pub limits: PackageLimits,
    /// Where the journal is.
    pub journal: Utf8PathBuf,
    /// Where the embedded sandbox keeps its state: beside the journal, so that a second run sees what the first one
    /// published; or where that of another job does.
    pub sandbox: Utf8PathBuf,
}

/// Where assets go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The server.
    pub place: Place,
    /// The organization's id; `None`: the one of the credentials, or the sandbox's.
    pub organization: Option<String>,
    /// The group of assets that name none; `None`: the organization.
    pub group: Option<String>,
    /// The portal, for a job that works on one.
    pub portal: PortalName,
    /// Certificates to trust beside those of the system (PEM).
    pub ca_file: Option<Utf8PathBuf>,
    /// Where credentials come from.
    pub credentials: CredentialsFrom,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A sandbox inside this process.
    Sandbox,
    /// A host name, or an origin.
    Host(String),
}

/// How to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the other fields are the headers of EXCHANGE.md §3.1")]
pub struct Publish {
    /// At once, or with a status link.
    pub mode: Mode,
    /// What to do when the target holds other content.
    pub on_conflict: OnConflict,
    /// What to do when the content has changed since this job published it; `None`: as on a conflict.
    pub on_change: Option<OnConflict>,
    /// What to do about assets that are no longer in the source.
    pub on_vanished: OnVanished,
    /// What to do about what describes an asset that is published already.
    pub metadata: Metadata,
    /// How long one publication may take.
    pub deadline: Duration,
    pub file_validation: Option<bool>,
    pub strict_package: Option<bool>,
    pub snapshots_allowed: Option<bool>,
    pub allowed_api_spec_formats: Vec<String>,
    pub user_id: Option<String>,
    pub assign_roles: Option<bool>,
}

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// A ceiling; `None`: as fast as the server lets us.
    pub requests_per_second: Option<f64>,
    /// Requests in flight.
    pub concurrency: usize,
    /// Publications accepted by the server and not finished.
    pub publications: usize,
    /// How often a step of an item is tried in one run before the item fails.
    pub attempts: u32,
}

/// How large files may be, in bytes; `None` is the documented limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the kind of file of its name")]
pub struct PackageLimits {
    pub spec: Option<u64>,
    pub jar: Option<u64>,
    pub icon: Option<u64>,
    pub svg: Option<u64>,
}

/// What the command line says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// Run against the embedded sandbox.
    pub sandbox: bool,
    /// Another host.
    pub host: Option<String>,
    /// Another organization.
    pub organization: Option<String>,
    /// Requests per second.
    pub rate: Option<f64>,
    /// Requests in flight.
    pub concurrency: Option<usize>,
    /// Another wave.
    pub wave: Option<String>,
    /// Another journal.
    pub journal: Option<Utf8PathBuf>,
    /// Facts of this build: they replace those of the file by name.
    pub criteria: Vec<(String, String)>,
}

/// The host that is meant when nobody names one (EXCHANGE.md §1.4).
pub const DEFAULT_HOST: &str = "anypoint.mulesoft.com";

impl Job {
    /// Whether it works on a portal: on applications and access, or reading what it shows.
    #[must_use]
    pub fn visits_a_portal(&self) -> bool {
        self.kind.visits_a_portal() || (self.kind == Kind::Export && self.target.portal.portal.is_some())
    }

    /// What the journal knows the job by: its kind, its name, and its wave. Several jobs may share a journal. What a migration writes,
    /// its publishing half writes.
    #[must_use]
    pub fn key(&self) -> String {
        let kind = if self.kind == Kind::Migrate { Kind::Publish } else { self.kind };
        let wave = self.wave.as_ref().map(|wave| format!(":{wave}")).unwrap_or_default();
        format!("{}:{}{wave}", kind.as_str(), self.name)
    }
}
