//! `[source]` and `[export]` of a job that reads an organization: from where, which part of it, and whereto.

use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use globset::Glob;
use jiff::{Timestamp, civil, tz::TimeZone};

use super::{
    file::{CredentialsFrom, ExportTable, GroupsChoice, SandboxChoice, SourceTable},
    model::{DEFAULT_HOST, Overrides, Pace, Place, Target},
    portal::PortalName,
    resolve::beside,
    secrets,
    settings::pace,
};
use crate::asset::{AssetType, Lifecycle, Remap};

/// What a job reads, and where it brings it.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// The directory that holds the inventory.
    pub directory: Utf8PathBuf,
    /// The server and the organization to read.
    pub source: Target,
    /// How fast.
    pub pace: Pace,
    /// Further organizations.
    pub groups: Groups,
    /// Which part of them.
    pub filter: Filter,
    /// How assets are named beside the client applications of the source; `None`: those are left out.
    pub companions: Option<Companions>,
    /// Whether everything is read again, whatever the source says of changes.
    pub reread: bool,
    /// Where the journal of the reading is.
    pub journal: Utf8PathBuf,
    /// Where the embedded sandbox keeps its state, where the source is one.
    pub sandbox: Utf8PathBuf,
}

impl Export {
    /// The file of the inventory that lists all versions.
    #[must_use]
    pub fn manifest(&self) -> Utf8PathBuf {
        self.directory.join("manifest.csv")
    }
}

/// How assets are named beside client applications and contracts, which are for another portal.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Companions {
    /// What becomes of groups and assets; nothing, in an export.
    pub remap: Remap,
    /// The group of what is the source's own; `None`: no group is named, and that of whoever reads it is meant.
    pub group: Option<String>,
}

/// Which organizations below the one that is named are read as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Groups {
    /// None.
    #[default]
    None,
    /// These.
    Named(Vec<String>),
    /// All that whoever signs the calls belongs to.
    All,
}

/// Which asset versions are read; what is left out does not narrow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Globs, one of which has to match; empty: all.
    pub include: Vec<String>,
    /// Globs, none of which may match.
    pub exclude: Vec<String>,
    /// Types; empty: all.
    pub types: Vec<AssetType>,
    /// States; empty: all.
    pub status: Vec<Lifecycle>,
    /// Versions.
    pub versions: Option<semver::VersionReq>,
    /// Assets that changed at that time or later.
    pub since: Option<Timestamp>,
    /// Assets that changed before that time.
    pub until: Option<Timestamp>,
}

/// A key of the job file, and what is wrong with its value.
type Wrong = (String, String);

/// Decides every value. `stem` names the inventory where the job does not.
pub(super) fn resolve(
    table: &SourceTable,
    export: &ExportTable,
    (folder, stem): (&Utf8Path, &str),
    (journal, sandbox): (Utf8PathBuf, Utf8PathBuf),
    over: &Overrides,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Export, Wrong> {
    let wrong = |key: &str, message: String| (format!("source.{key}"), message);
    if table.directory.is_some() || table.manifest.is_some() || table.catalog.is_some() {
        let message = "an export reads an `organization`, no `directory`, `manifest` or `catalog`";
        return Err(("source".to_owned(), message.to_owned()));
    }
    secrets::check_names(&table.credentials).map_err(|(key, m)| wrong(&format!("credentials.{key}"), m))?;
    let place = place(table, over, env).map_err(|m| ("source".to_owned(), m))?;
    let is_sandbox = place == Place::Sandbox;
    let organization = over.organization.clone().or_else(|| table.organization.clone());
    let directory = export.directory.clone().unwrap_or_else(|| format!("{stem}-inventory").into());
    Ok(Export {
        directory: beside(folder, &directory),
        source: Target {
            place,
            organization: organization.or_else(|| env("ANYPOINT_ORG").filter(|org| !org.is_empty() && !is_sandbox)),
            group: None,
            portal: portal(table)?,
            ca_file: table.ca_file.as_ref().map(|ca| folder.join(ca)),
            credentials: CredentialsFrom {
                file: table.credentials.file.as_ref().map(|file| folder.join(file)),
                ..table.credentials.clone()
            },
        },
        pace: pace(&table.pace, over).map_err(|(key, m)| wrong(key, m))?,
        groups: match &table.business_groups {
            GroupsChoice::Named(groups) if groups.is_empty() => Groups::None,
            GroupsChoice::Named(groups) => Groups::Named(groups.clone()),
            GroupsChoice::Word(word) if word == "all" => Groups::All,
            GroupsChoice::Word(word) => {
                let message = format!("`{word}` is neither a list of ids nor `all`");
                return Err(wrong("business_groups", message));
            }
        },
        filter: filter(table)?,
        companions: export.companions.unwrap_or(true).then(Companions::default),
        reread: export.reread,
        journal,
        sandbox,
    })
}

/// The portal, where one is read.
fn portal(table: &SourceTable) -> Result<PortalName, Wrong> {
    let wrong = |key: &str, message: &str| Err((format!("source.{key}"), message.to_owned()));
    let Some(portal) = &table.portal else {
        return match &table.target_organization {
            Some(_) => wrong("target_organization", "says where a `portal` is: name that as well"),
            None => Ok(PortalName::default()),
        };
    };
    if portal.trim().is_empty() {
        return wrong("portal", "is the id or the name of a portal, and neither is empty");
    }
    if table.business_groups != GroupsChoice::default() {
        return wrong("business_groups", "a portal shows what it shows, whatever group that belongs to");
    }
    Ok(PortalName { portal: Some(portal.clone()), target_organization: table.target_organization.clone() })
}

/// Where the organization is. Unlike for a target, the file goes before the environment, which may mean the target.
fn place(table: &SourceTable, over: &Overrides, env: &dyn Fn(&str) -> Option<String>) -> Result<Place, String> {
    if over.sandbox && over.host.is_some() {
        return Err("--sandbox and --host contradict each other".to_owned());
    }
    if let Some(host) = &over.host {
        return Ok(Place::Host(host.clone()));
    }
    if over.sandbox || table.sandbox != SandboxChoice::Own(false) {
        return Ok(Place::Sandbox);
    }
    let host = table.host.clone().or_else(|| env("ANYPOINT_HOST").filter(|host| !host.is_empty()));
    Ok(Place::Host(host.unwrap_or_else(|| DEFAULT_HOST.to_owned())))
}

fn filter(table: &SourceTable) -> Result<Filter, Wrong> {
    let wrong = |key: &str, message: String| (format!("source.{key}"), message);
    for (key, globs) in [("include", &table.include), ("exclude", &table.exclude)] {
        for glob in globs {
            Glob::new(glob).map_err(|error| wrong(key, error.to_string()))?;
        }
    }
    let known = |text: &String| {
        let Ok(kind) = text.parse::<AssetType>();
        kind
    };
    let states = table.status.iter().map(|text| Lifecycle::from_str(text)).collect::<Result<_, _>>();
    let versions = table.versions.as_deref().map(semver::VersionReq::parse).transpose();
    Ok(Filter {
        include: table.include.clone(),
        exclude: table.exclude.clone(),
        types: table.types.iter().map(known).collect(),
        status: states.map_err(|m| wrong("status", m))?,
        versions: versions.map_err(|error| wrong("versions", format!("{error}: write it as \">=1.2, <3\"")))?,
        since: table.changed_since.as_deref().map(moment).transpose().map_err(|m| wrong("changed_since", m))?,
        until: table.changed_until.as_deref().map(moment).transpose().map_err(|m| wrong("changed_until", m))?,
    })
}

/// A day, which begins at midnight of UTC, or a moment.
fn moment(text: &str) -> Result<Timestamp, String> {
    let day = || Some(text.parse::<civil::Date>().ok()?.at(0, 0, 0, 0).to_zoned(TimeZone::UTC).ok()?.timestamp());
    let read = text.parse::<Timestamp>().ok().or_else(day);
    read.ok_or_else(|| {
        format!("`{text}` is neither a day such as 2026-01-31 nor a moment such as 2026-01-31T12:00:00Z")
    })
}
