//! `consign plan`, and `consign run --dry-run`.

use std::{collections::BTreeMap, io::Write};

use tokio_util::sync::CancellationToken;

use super::{
    Exit, Problem,
    args::PlanArgs,
    block_on, change,
    connect::{self, Connected},
    migrate,
    run::{Manner, load_job, selection},
    signals,
    status::journal_problem,
};
use crate::{
    asset::{AssetDraft, Sourced, WantedAccess},
    job::{Job, Kind, Place},
    journal::{JournalError, Reader},
    report::{
        Action, PlanAction, PlanOutlook, PlanWriter, PlannedDefinition, PlannedFinding, PlannedValue, ReportError,
    },
    sandbox,
    work::{
        CutoverMark, DefinitionFinding, Finding, Outlook, Selection,
        plan::{Intent, Planned, plan as draw_up},
    },
};

/// How a plan is shown, and whom it asks.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag of the command line")]
pub(super) struct View {
    pub(super) json: bool,
    pub(super) offline: bool,
    /// Whether each value is shown, with its origin.
    pub(super) values: bool,
    /// Whether no progress is shown.
    pub(super) quiet: bool,
}

pub(super) fn plan(args: &PlanArgs, verbose: bool, quiet: bool) -> Result<Exit, Problem> {
    let job = load_job(&args.job)?;
    let view = View { json: args.json, offline: args.offline, values: args.values || verbose, quiet };
    plan_job(&job, &selection(&args.only)?, view)
}

pub(super) fn plan_job(job: &Job, only: &Selection, view: View) -> Result<Exit, Problem> {
    if matches!(job.kind, Kind::Export | Kind::Migrate) && view.offline {
        return Err(
            Problem::new("what an organization holds is told by its server alone").hint(Some("leave out --offline"))
        );
    }
    block_on(async {
        if job.kind == Kind::Migrate {
            return Box::pin(migration(job, only, view)).await;
        }
        let connected = if view.offline { None } else { Some(connect::connect(job).await?) };
        let exit = draw(job, connected.as_ref(), only, view).await;
        if let Some(connected) = connected {
            connected.close().await;
        }
        exit
    })
}

/// Reads the source of a migration, and plans what would be written.
async fn migration(job: &Job, only: &Selection, view: View) -> Result<Exit, Problem> {
    let stop = CancellationToken::new();
    signals::watch(stop.clone());
    CutoverMark::of(job).refuse().map_err(|error| migrate::problem(&error))?;
    let manner = Manner::aside(job, only, view.quiet);
    let (writing, target) = migrate::read_ahead(job, &manner, &stop).await?;
    let drawn = stop.run_until_cancelled(Box::pin(draw(&writing, Some(&target), only, view))).await;
    target.close().await;
    drawn.unwrap_or_else(|| Err(migrate::stopped()))
}

async fn draw(job: &Job, connected: Option<&Connected>, only: &Selection, view: View) -> Result<Exit, Problem> {
    let connection = connected.map(|connected| &connected.connection);
    if let Some(connection) = connection {
        // Who is not let in learns that once, and not anew for every item.
        connection.exchange.client().sign_in().await.map_err(|error| {
            Problem::new(format!("cannot sign in at {}", connection.name)).because(&error).hint(error.hint())
        })?;
    }
    let group = match connection {
        Some(connection) => connection.group.clone(),
        None => offline_group(job)?,
    };
    let journal = journal(job, connection.map(|connection| connection.key.as_str()))?;
    let mut out = anstream::stdout().lock();
    let out: &mut dyn Write = &mut out;
    let mut writer = if view.json { PlanWriter::json(out) } else { PlanWriter::text(out).verbose(view.values) };
    let (mut written, mut fails) = (Ok(()), false);
    let drawn = draw_up(job, connection, &group, journal, only, |planned| {
        fails |= planned.intent.fails();
        if written.is_ok() {
            written = writer.push(&action(planned));
        }
    });
    let outlook = drawn.await.map_err(|error| Problem::new(error.chain()).hint(error.hint()))?;
    let exit = if outlook.stops() {
        Exit::CouldNotStart
    } else if fails {
        Exit::Partial
    } else {
        Exit::Success
    };
    writer.outlook(outlook_shown(outlook));
    finish(written.and_then(|()| writer.finish())).map(|_| exit)
}

/// A reader that has seen enough closes the pipe; anything else is an error.
pub(super) fn finish(written: Result<(), ReportError>) -> Result<Exit, Problem> {
    match written {
        Err(error) if !error.is_closed_pipe() => Err(Problem::of(&error).hint(error.hint())),
        _ => Ok(Exit::Success),
    }
}

/// The journal of the job, if it has one for this target.
fn journal(job: &Job, target: Option<&str>) -> Result<Option<Reader>, Problem> {
    let reader = match Reader::open(&job.journal) {
        Ok(reader) => reader,
        Err(JournalError::Absent { .. } | JournalError::Empty { .. }) => return Ok(None),
        Err(error) => return Err(journal_problem(error)),
    };
    let same = match target {
        Some(target) => reader.target_name().map_err(journal_problem)? == target,
        None => true,
    };
    Ok(same.then_some(reader))
}

fn offline_group(job: &Job) -> Result<String, Problem> {
    let nobody = || job.kind.visits_a_portal().then(String::new);
    let named = job.target.group.clone().or_else(|| job.target.organization.clone());
    let sandboxed = || (job.target.place == Place::Sandbox).then(|| sandbox::DEFAULT_ORGANIZATION.to_owned());
    named.or_else(sandboxed).or_else(nobody).ok_or_else(|| {
        Problem::new("the target names no organization").hint(Some("set target.organization or ANYPOINT_ORG"))
    })
}

fn outlook_shown(outlook: Outlook) -> PlanOutlook {
    let finding = |found: Finding| PlannedFinding {
        check: found.check.to_owned(),
        level: found.level.as_str().to_owned(),
        message: found.message,
        hint: found.hint,
    };
    PlanOutlook {
        definitions: outlook.definitions.into_iter().map(definition).collect(),
        findings: outlook.findings.into_iter().map(finding).collect(),
    }
}

pub(super) fn definition(found: DefinitionFinding) -> PlannedDefinition {
    PlannedDefinition {
        dimension: found.dimension.as_str().to_owned(),
        key: found.key,
        action: found.action.to_string(),
        reason: found.reason,
    }
}

fn action(planned: Planned) -> PlanAction {
    let (values, after) = match &planned.item {
        Some(Sourced::Draft(draft)) => (values(draft), draft.dependencies.iter().map(ToString::to_string).collect()),
        Some(Sourced::Change(change)) => (change::values(change), Vec::new()),
        Some(Sourced::Access(wanted)) => (asked_for(wanted), Vec::new()),
        Some(Sourced::Application(wish)) => (change::values_of_application(wish), Vec::new()),
        Some(Sourced::Listed(_) | Sourced::Diagnosis(_)) | None => (BTreeMap::new(), Vec::new()),
    };
    PlanAction {
        gav: planned.gav,
        path: planned.path,
        action: match planned.intent {
            Intent::Create => Action::Create,
            Intent::NewVersion => Action::NewVersion,
            Intent::MetadataOnly => Action::MetadataOnly,
            Intent::Skip => Action::Skip,
            Intent::Conflict => Action::Conflict,
            Intent::Blocked => Action::Blocked,
            Intent::Update => Action::Update,
            Intent::Request => Action::Request,
            Intent::ChangeTier => Action::ChangeTier,
            Intent::Pending => Action::Pending,
            Intent::NotFound => Action::NotFound,
            Intent::Invalid => Action::Invalid,
            Intent::Unchanged => Action::Unchanged,
        },
        reason: planned.reason,
        after,
        values,
    }
}

/// Every value of a draft by the name of its field, and where it came from.
fn values(draft: &AssetDraft) -> BTreeMap<String, PlannedValue> {
    let mut values = BTreeMap::new();
    let mut add = |name: &str, value: String| {
        let origin = draft.origins.get(name).map(ToString::to_string).unwrap_or_default();
        values.insert(name.to_owned(), PlannedValue { value, origin });
    };
    add("groupId", draft.coordinates.group_id.clone());
    add("assetId", draft.coordinates.asset_id.clone());
    add("version", draft.coordinates.version.to_string());
    add("type", draft.asset_type.to_string());
    add("name", draft.name.clone());
    let lists = [("tags", draft.tags.clone().unwrap_or_default()), ("keywords", draft.keywords.clone())];
    let dependencies = draft.dependencies.iter().map(ToString::to_string).collect();
    for (name, list) in lists.into_iter().chain([("dependencies", dependencies)]) {
        if !list.is_empty() {
            add(name, list.join(", "));
        }
    }
    let on_conflict = draft.on_conflict.map(|policy| policy.as_str().to_owned());
    let texts = [
        ("onConflict", on_conflict),
        ("description", draft.description.clone()),
        ("status", draft.status.map(|status| status.to_string())),
        ("visibility", draft.visibility.map(|visibility| visibility.to_string())),
        ("contactName", draft.contact_name.clone()),
        ("contactEmail", draft.contact_email.clone()),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            add(name, text);
        }
    }
    for (key, value) in &draft.properties {
        add(&format!("properties.{key}"), value.clone());
    }
    for (prefix, map) in [("categories", &draft.categories), ("fields", &draft.fields)] {
        for (key, value) in map.iter() {
            add(&format!("{prefix}.{key}"), value.list().join(", "));
        }
    }
    for file in &draft.files {
        add(&file.key.to_string(), describe(&file.content));
    }
    values
}

/// What a row of access asks for, by the name of its column.
fn asked_for(wanted: &WantedAccess) -> BTreeMap<String, PlannedValue> {
    let grant_types = Some(wanted.grant_types.join(", ")).filter(|types| !types.is_empty());
    let values = [
        ("application", Some(wanted.application.clone())),
        ("asset", Some(wanted.asset.to_string())),
        ("instance", Some(wanted.instance.clone())),
        ("tier", wanted.tier.clone()),
        ("grantTypes", grant_types),
        ("acceptTerms", wanted.accept_terms.map(|accepts| accepts.to_string())),
    ];
    let planned = |value| PlannedValue { value, origin: String::new() };
    values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), planned(value?)))).collect()
}

pub(super) fn describe(content: &crate::asset::FileContent) -> String {
    match content {
        crate::asset::FileContent::File(path) => path.to_string(),
        crate::asset::FileContent::Zip { root, members } => match members.len() {
            1 => format!("{root}: 1 file"),
            n => format!("{root}: {n} files"),
        },
        crate::asset::FileContent::Raised { root, main, members } => {
            format!("{root}: {main} in the root, and {} files that it refers to", members.len())
        }
        crate::asset::FileContent::Docs(docs) => {
            let pages: Vec<&str> = docs.pages.iter().map(|page| page.name.as_str()).collect();
            let mut text = format!("pages: {}", pages.join(", "));
            if docs.terms.is_some() {
                text.push_str("; terms");
            }
            if !docs.images.is_empty() {
                text.push_str(&format!("; images: {}", docs.images.len()));
            }
            docs.notes.iter().for_each(|note| text.push_str(&format!("; {note}")));
            text
        }
    }
}
