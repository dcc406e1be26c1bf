//! What manifests of a portal spell alike: headers in any case, lists, and the assets that a portal shows.

use std::{collections::BTreeMap, ops::ControlFlow};

use camino::Utf8Path;

use super::{
    Options, SourceError,
    draft::Place,
    facts::Facts,
    header,
    reader::Reader,
    table::{self, Table},
    waves::{self, Wave},
};
use crate::asset::{Diagnosis, Origin, PortalAsset, Sourced};

/// Takes a value away.
pub(super) const NOTHING: &str = "[]";

/// The columns of a manifest of a portal.
pub(super) struct Columns {
    /// All names, as messages spell them. The first is the one that no row is without.
    pub(super) names: &'static [&'static str],
    /// What a person is told who has used another name.
    pub(super) hint: &'static str,
}

impl Columns {
    /// Scans a manifest with these columns: `read` makes of each row what it says, or tells all that is wrong with it.
    ///
    /// # Errors
    /// [`SourceError`]; what is wrong with a row goes into the sink.
    pub(super) fn scan(
        &self,
        path: &Utf8Path,
        options: &Options,
        sink: &mut dyn FnMut(Sourced) -> ControlFlow<()>,
        read: impl Fn(Reader, &Place<'_>) -> Result<Sourced, Box<Diagnosis>>,
    ) -> Result<(), SourceError> {
        let (mut table, header) = Table::open(path)?;
        let names = self.parse(path, &header)?;
        self.check_defaults(&options.defaults)?;
        let names = || names.iter().map(String::as_str);
        let wave = Wave::of(path, options.wave.as_deref(), names())?;
        table.rows_of(wave, &mut |line, record| {
            let place = Place { path, line: Some(line) };
            let sourced = table::texts(&place, names(), record)
                .and_then(|texts| read(Reader::new(facts(names().zip(texts), &options.defaults)), &place));
            sink(sourced.unwrap_or_else(Sourced::Diagnosis))
        })
    }

    /// Reads the header: the names of the columns, in their own spelling whatever the case in the file.
    ///
    /// # Errors
    /// A name that nobody knows, or twice the same, or none of what a row is about.
    fn parse(&self, path: &Utf8Path, header: &[String]) -> Result<Vec<String>, SourceError> {
        let known: Vec<&str> = self.names.iter().copied().chain([waves::COLUMN]).collect();
        let own = |name: &String| {
            let own = known.iter().find(|known| known.eq_ignore_ascii_case(name.trim()));
            own.map_or_else(|| name.clone(), |own| (*own).to_owned())
        };
        let header: Vec<String> = header.iter().map(own).collect();
        let is_known = |name: &str| known.contains(&name).then_some(());
        let columns = header::read(path, &header, &known, self.hint.to_owned(), is_known)?;
        let names: Vec<String> = columns.into_iter().map(|(name, ())| name).collect();
        let first = self.names[0];
        if names.iter().any(|name| name == first) {
            return Ok(names);
        }
        let message = format!("there is no column \"{first}\"");
        Err(SourceError::Header { path: path.to_owned(), message, hint: self.hint.to_owned() })
    }

    /// Refuses defaults that no row could have said: they would be lost without a word.
    ///
    /// # Errors
    /// When there is one.
    fn check_defaults(&self, defaults: &BTreeMap<String, String>) -> Result<(), SourceError> {
        let may_be_said = |name: &str| self.names[1..].contains(&name);
        let unknown = defaults.keys().filter(|name| !may_be_said(name));
        let told: Vec<String> = unknown.map(|name| header::tell(name, &self.names[1..])).collect();
        if told.is_empty() {
            return Ok(());
        }
        let message = format!("nothing that a row can say: {}", told.join(", "));
        Err(SourceError::Defaults { message, hint: self.hint.to_owned() })
    }
}

/// What a row says, and behind it what the job says of rows that are silent.
fn facts<'a>(cells: impl Iterator<Item = (&'a str, &'a str)>, defaults: &BTreeMap<String, String>) -> Facts {
    let mut facts = Facts::default();
    for (name, text) in cells.filter(|(name, _)| *name != waves::COLUMN) {
        facts.fill(name, text, Origin::Manifest(name.to_owned()));
    }
    for (name, text) in defaults {
        facts.fill(name, text, Origin::Defaults);
    }
    facts
}

/// Takes an asset: `group/asset/v1`, or `asset/v1` in the group of the target. The table of the job moves it.
pub(super) fn asset(reader: &mut Reader, options: &Options) -> Option<PortalAsset> {
    let text = reader.take("asset")?;
    let whole = match text.matches('/').count() {
        1 if options.group.is_empty() => {
            reader.wrong("asset", format!("`{text}` names no group, and the target no organization: group/asset/v1"));
            return None;
        }
        1 => format!("{}/{text}", options.group),
        _ => text,
    };
    let named: PortalAsset = whole.parse().map_err(|error| reader.wrong("asset", error)).ok()?;
    let Some(moved) = options.remap.asset(&named.group_id, &named.asset_id, None) else { return Some(named) };
    let (group_id, asset_id) = (moved.group.to_owned(), moved.asset.unwrap_or(&named.asset_id).to_owned());
    Some(PortalAsset { group_id, asset_id, ..named })
}

/// Takes a list: separated by commas, bars or blanks, or a JSON list, which may hold any of these. An empty one is `[]`.
pub(super) fn list(reader: &mut Reader, key: &str) -> Option<Vec<String>> {
    let text = reader.take(key)?;
    if !text.starts_with('[') {
        let parts = text.split(|c: char| c == ',' || c == '|' || c.is_whitespace());
        return Some(parts.filter(|part| !part.is_empty()).map(str::to_owned).collect());
    }
    if let Ok(values) = serde_json::from_str::<Vec<String>>(&text) {
        return Some(values.into_iter().map(|value| value.trim().to_owned()).collect());
    }
    reader.wrong(key, "begins like a JSON list of texts and is none: [\"a\", \"b\"]");
    None
}

/// Takes a yes or no.
pub(super) fn flag(reader: &mut Reader, key: &str) -> Option<bool> {
    let text = reader.take(key)?;
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" => Some(true),
        "false" | "no" => Some(false),
        _ => {
            reader.wrong(key, format!("`{text}` is neither true nor false"));
            None
        }
    }
}
