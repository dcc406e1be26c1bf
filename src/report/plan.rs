//! What a run would do, and why; written while it is found out, for any number of items.

use std::{collections::BTreeMap, fmt, io::Write};

use serde::Serialize;

use super::{
    PlanOutlook, ReportError,
    table::{Table, left},
    text,
};

/// What would be done to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// The asset is new.
    Create,
    /// The asset exists; this version is new.
    NewVersion,
    /// The content is the same; what describes it differs.
    MetadataOnly,
    /// What describes an asset that exists differs from what a change says.
    Update,
    /// It is left as it is, for a reason.
    Skip,
    /// The version exists with other content.
    Conflict,
    /// It waits for an item that cannot be published.
    Blocked,
    /// Access would be asked for.
    Request,
    /// Another tier would be asked for.
    ChangeTier,
    /// What is wanted was asked for already, and waits for somebody.
    Pending,
    /// What it is about is not there.
    NotFound,
    /// The input cannot be used.
    Invalid,
    /// The server has it already, as it is.
    Unchanged,
}

impl Action {
    /// All actions, in the order of the counts.
    pub const ALL: [Self; 13] = [
        Self::Create,
        Self::NewVersion,
        Self::MetadataOnly,
        Self::Update,
        Self::Skip,
        Self::Conflict,
        Self::Blocked,
        Self::Request,
        Self::ChangeTier,
        Self::Pending,
        Self::NotFound,
        Self::Invalid,
        Self::Unchanged,
    ];

    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::NewVersion => "new-version",
            Self::MetadataOnly => "metadata-only",
            Self::Update => "update",
            Self::Request => "request",
            Self::ChangeTier => "change-tier",
            Self::Pending => "pending",
            Self::Skip => "skip",
            Self::Conflict => "conflict",
            Self::Blocked => "blocked",
            Self::NotFound => "not-found",
            Self::Invalid => "invalid",
            Self::Unchanged => "unchanged",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A value that would be sent, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedValue {
    /// The value.
    pub value: String,
    /// Where it came from, in words.
    pub origin: String,
}

/// What would be done to one item, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanAction {
    /// Its coordinates, where they are known.
    pub gav: Option<String>,
    /// The file or manifest it comes from.
    pub path: String,
    /// What would be done.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// The values that would be sent, by the name of their field. The type of the asset is `type`.
    pub values: BTreeMap<String, PlannedValue>,
    /// The items of this job that have to be published before.
    pub after: Vec<String>,
}

impl PlanAction {
    fn kind(&self) -> Option<&str> {
        self.values.get("type").map(|planned| planned.value.as_str())
    }
}

/// An action as JSON shows it.
#[derive(Serialize)]
struct Document<'a> {
    gav: Option<&'a str>,
    path: &'a str,
    action: Action,
    reason: &'a str,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    values: &'a BTreeMap<String, PlannedValue>,
    after: &'a [String],
}

/// Writes a plan, one action after the other.
pub struct PlanWriter<'w> {
    form: Form<'w>,
    counts: BTreeMap<Action, u64>,
    outlook: Option<PlanOutlook>,
}

enum Form<'w> {
    Text { table: Table<&'w mut dyn Write>, verbose: bool, group: Option<String> },
    Json { out: &'w mut dyn Write, any: bool },
}

impl fmt::Debug for PlanWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanWriter").field("counts", &self.counts).finish_non_exhaustive()
    }
}

impl<'w> PlanWriter<'w> {
    /// A table for people.
    pub fn text(out: &'w mut dyn Write) -> Self {
        let columns = vec![left("action"), left("asset"), left("version"), left("type"), left("reason")];
        Self {
            form: Form::Text { table: Table::new(out, columns), verbose: false, group: None },
            counts: BTreeMap::new(),
            outlook: None,
        }
    }

    /// Whether the table tells each value and where it came from; JSON always does.
    #[must_use]
    pub fn verbose(mut self, yes: bool) -> Self {
        if let Form::Text { verbose, .. } = &mut self.form {
            *verbose = yes;
        }
        self
    }

    /// One JSON object: `{"actions":[…],"counts":{…},"definitions":[…],"findings":[…]}`, an action a line.
    pub fn json(out: &'w mut dyn Write) -> Self {
        Self { form: Form::Json { out, any: false }, counts: BTreeMap::new(), outlook: None }
    }

    /// Tells what concerns the whole, after the items.
    pub fn outlook(&mut self, outlook: PlanOutlook) {
        self.outlook = Some(outlook);
    }

    /// How many actions of each kind there were so far.
    #[must_use]
    pub fn count(&self, action: Action) -> u64 {
        self.counts.get(&action).copied().unwrap_or(0)
    }

    /// Writes one action.
    pub fn push(&mut self, action: &PlanAction) -> Result<(), ReportError> {
        *self.counts.entry(action.action).or_default() += 1;
        match &mut self.form {
            Form::Text { table, verbose, group } => push_text(table, *verbose, group, action),
            Form::Json { out, any } => {
                write!(out, "{}", if *any { ",\n" } else { "{\"actions\":[\n" })?;
                *any = true;
                let document = Document {
                    gav: action.gav.as_deref(),
                    path: &action.path,
                    action: action.action,
                    reason: &action.reason,
                    kind: action.kind(),
                    values: &action.values,
                    after: &action.after,
                };
                serde_json::to_writer(text::JsonText(out), &document)?;
                Ok(())
            }
        }
    }

    /// Writes the end: how many actions of each kind there were.
    pub fn finish(mut self) -> Result<(), ReportError> {
        let counts = self.counts();
        match &mut self.form {
            Form::Text { table, .. } => {
                let shown =
                    counts.iter().filter(|(_, n)| **n > 0).map(|(action, n)| format!("{} {action}", text::number(*n)));
                let shown = text::join(shown, ", ");
                let total: u64 = counts.values().sum();
                let end = if total == 0 {
                    "nothing to do: the source names no item".to_owned()
                } else {
                    format!("\n{}: {shown}", text::count(total, "item"))
                };
                table.line(end)?;
                let lines = self.outlook.iter().flat_map(PlanOutlook::lines);
                lines.into_iter().try_for_each(|line| table.line(line))?;
                table.finish()?;
            }
            Form::Json { out, any } => {
                let (start, end) = if *any { ("\n", "") } else { ("{\"actions\":[", "") };
                write!(out, "{start}],\"counts\":{end}")?;
                serde_json::to_writer(text::JsonText(&mut **out), &counts)?;
                self.outlook.iter().try_for_each(|outlook| outlook.write_members(*out))?;
                writeln!(out, "}}")?;
                out.flush()?;
            }
        }
        Ok(())
    }

    /// The counts of all actions, those that did not occur as well.
    fn counts(&self) -> BTreeMap<Action, u64> {
        Action::ALL.into_iter().map(|action| (action, self.count(action))).collect()
    }
}

/// A row of the table. Groups are ids that nobody reads twice: each is named once, over its rows.
fn push_text(
    table: &mut Table<&mut dyn Write>,
    verbose: bool,
    group: &mut Option<String>,
    action: &PlanAction,
) -> Result<(), ReportError> {
    let parts: Vec<&str> = action.gav.as_deref().unwrap_or_default().split('/').collect();
    let (asset, version) = if let [its_group, asset, version] = parts[..] {
        if group.as_deref() != Some(its_group) {
            table.line(format!("group {}", text::printable(its_group)))?;
            *group = Some(its_group.to_owned());
        }
        (asset, version)
    } else {
        (action.gav.as_deref().unwrap_or(&action.path), "")
    };
    table.row([action.action.as_str(), asset, version, action.kind().unwrap_or_default(), &action.reason])?;
    if verbose {
        push_values(table, action)?;
    }
    Ok(())
}

fn push_values(table: &mut Table<&mut dyn Write>, action: &PlanAction) -> Result<(), ReportError> {
    table.line(format!("    path = {}", text::printable(&action.path)))?;
    for (name, PlannedValue { value, origin }) in &action.values {
        let (name, value, origin) = (text::printable(name), text::printable(value), text::printable(origin));
        // What was packed came from nowhere but the source.
        let origin = if origin.is_empty() { String::new() } else { format!("  ({origin})") };
        table.line(format!("    {name} = {value}{origin}"))?;
    }
    for gav in &action.after {
        table.line(format!("    after {}", text::printable(gav)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{HOSTILE, is_harmless};

    fn planned(value: &str, origin: &str) -> PlannedValue {
        PlannedValue { value: value.to_owned(), origin: origin.to_owned() }
    }

    fn action(gav: Option<&str>, path: &str, action: Action, reason: &str) -> PlanAction {
        let values = [
            ("type".to_owned(), planned("rest-api", "specification")),
            ("name".to_owned(), planned("Orders", "manifest column name")),
        ];
        let values = if gav.is_some() { values.into() } else { BTreeMap::new() };
        PlanAction {
            gav: gav.map(str::to_owned),
            path: path.to_owned(),
            action,
            reason: reason.to_owned(),
            values,
            after: Vec::new(),
        }
    }

    fn actions() -> Vec<PlanAction> {
        let mut actions = vec![
            action(Some("acme/common/1.0.0"), "raml/common", Action::Create, "not on the server"),
            action(Some("acme/orders/1.10.0"), "raml/orders", Action::NewVersion, "1.9.0 is the latest there"),
            action(None, "oas/broken.yaml", Action::Invalid, "is not YAML: tab in an indent"),
            action(Some("0a1b/stock/1.4.2"), "oas/stock.json", Action::Unchanged, "same content"),
        ];
        actions[1].after.push("acme/common/1.0.0".to_owned());
        actions
    }

    fn write(actions: &[PlanAction], open: impl for<'w> FnOnce(&'w mut dyn Write) -> PlanWriter<'w>) -> String {
        let mut out = Vec::new();
        let mut plan = open(&mut out);
        for action in actions {
            plan.push(action).unwrap();
        }
        plan.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_plan_is_a_table_with_groups_named_once() {
        insta::assert_snapshot!(write(&actions(), |out| PlanWriter::text(out)));
    }

    #[test]
    fn a_verbose_plan_says_where_each_value_came_from() {
        insta::assert_snapshot!(write(&actions()[1..2], |out| PlanWriter::text(out).verbose(true)));
    }

    #[test]
    fn a_plan_as_json_has_actions_and_counts() {
        let json = write(&actions(), |out| PlanWriter::json(out));
        serde_json::from_str::<serde_json::Value>(&json).expect("JSON");
        insta::assert_snapshot!(json);
    }

    #[test]
    fn an_empty_plan_is_whole_too() {
        insta::assert_snapshot!(write(&[], |out| PlanWriter::json(out)), @r#"{"actions":[],"counts":{"create":0,"new-version":0,"metadata-only":0,"update":0,"skip":0,"conflict":0,"blocked":0,"request":0,"change-tier":0,"pending":0,"not-found":0,"invalid":0,"unchanged":0}}"#);
        insta::assert_snapshot!(write(&[], |out| PlanWriter::text(out)), @"nothing to do: the source names no item");
    }

    #[test]
    fn hostile_words_are_written_out() {
        let mut hostile = action(Some(HOSTILE), HOSTILE, Action::Skip, HOSTILE);
        hostile.values.insert(HOSTILE.to_owned(), planned(HOSTILE, HOSTILE));
        hostile.after.push(HOSTILE.to_owned());
        let text = write(&[hostile], |out| PlanWriter::text(out).verbose(true));
        assert!(is_harmless(&text), "{text:?}");
    }
}
