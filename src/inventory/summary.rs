//! `summary.md` and `summary.html`: what there is, and what cannot be carried.

use std::{collections::BTreeMap, fmt::Write as _};

use maud::{DOCTYPE, html};

use super::{
    Note,
    companions::{ACCESS, APPLICATIONS, Companions, Portal},
    compile::{Census, Left, Told, companions_place},
};
use crate::asset::Coordinates;

/// So many versions are named of those that have the same to tell.
const NAMED: usize = 20;

/// What no inventory holds, whatever the asset.
const NEVER: [&str; 7] = [
    "who made a version, and when: a copy is made by whoever publishes it",
    "ratings, reviews, comments and metrics: no call of the API sets them",
    "files that the server makes by itself: `fat-…`, `light-…`, the other format of a REST API, its own POM",
    "unpublished drafts of pages",
    "policies, service levels and managed instances: they belong to API Manager",
    "client secrets and ids, owners of client applications, and approvals of contracts: they are given anew",
    "the design of the public portal",
];

/// What a portal does not tell.
const UNTOLD: &str = "The source is a portal. It shows one full version for each of its own (v1), and tells nothing of others, of \
    versions in development, of definitions of categories and custom fields, of who may see an asset, of keywords and of checksums: \
    that is left out. Main files and dependencies are those that the archives name.";

/// One table of the page.
struct Table {
    title: String,
    /// What it is about.
    lead: &'static str,
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

fn tables(census: &Census, told: &Told) -> Vec<Table> {
    let mut tables = Vec::new();
    let types = census.types.iter().map(|(kind, (count, bytes))| vec![kind.clone(), count.to_string(), size(*bytes)]);
    tables.push(table("Types", "", vec!["type", "versions", "size"], types.collect()));
    let states = census.states.iter().map(|(state, count)| vec![state.clone(), count.to_string()]);
    tables.push(table("States", "", vec!["state", "versions"], states.collect()));
    let pairs =
        |pairs: &[(String, String)]| pairs.iter().map(|(one, other)| vec![one.clone(), other.clone()]).collect();
    tables.push(table(
        "Could not be read",
        "Older folders of these versions, where there are any, stand as they were.",
        vec!["version", "why"],
        [told.failed.as_slice(), told.unnamed.as_slice()]
            .iter()
            .flat_map(|list| -> Vec<Vec<String>> { pairs(list) })
            .collect(),
    ));
    let unlisted = census.unlisted.iter().map(|(gav, why)| vec![gav.to_string(), why.clone()]);
    tables.push(table("Not in the manifest", "No job can publish these.", vec!["version", "why"], unlisted.collect()));
    let left = |wanted: Left| {
        let of = |(gav, why): &(Coordinates, Left)| (*why == wanted).then(|| vec![gav.to_string()]);
        census.left.iter().filter_map(of).collect::<Vec<_>>()
    };
    tables.push(table(
        "No longer on the source",
        "Their folders are left, and are not in the manifest: delete them when they are not wanted.",
        vec!["version"],
        left(Left::Vanished),
    ));
    tables.push(table(
        "Left out by the job",
        "Folders of an earlier run; they are not in the manifest.",
        vec!["version"],
        left(Left::LeftOut),
    ));
    tables.push(table(
        "Not carried",
        "The record of each version, `asset.json`, tells more of it.",
        vec!["what", "why", "versions"],
        grouped(&census.notes),
    ));
    tables.extend(companions(&told.companions));
    tables.retain(|table| !table.rows.is_empty());
    tables
}

/// The client applications and contracts of portals.
fn companions(companions: &Companions) -> Vec<Table> {
    let Companions::Of(portals) = companions else { return Vec::new() };
    let row = |portal: &Portal| {
        let folder = companions_place(&portal.label, portals.len() == 1);
        let told = match &portal.found {
            Ok(found) => [
                found.applications.len().to_string(),
                found.access.len().to_string(),
                format!("{}, {}", folder.join(APPLICATIONS), folder.join(ACCESS)),
            ],
            Err(why) => [String::new(), String::new(), format!("could not be read: {why}")],
        };
        [portal.label.clone()].into_iter().chain(told).collect()
    };
    let notes = portals.iter().flat_map(|portal| {
        let notes = portal.found.iter().flat_map(|found| &found.notes);
        notes.map(|note| vec![portal.label.clone(), note.what.clone(), note.why.clone()])
    });
    vec![
        table(
            "Client applications",
            "Jobs of kind applications and access make them elsewhere, where whoever signs owns them: with new ids, with new \
             secrets, and with contracts that have to be approved anew.",
            vec!["portal", "applications", "contracts", "files"],
            portals.iter().map(row).collect(),
        ),
        table("Client applications: not as in the portal", "", vec!["portal", "what", "why"], notes.collect()),
    ]
}

/// What cannot be carried, the same of several versions together.
fn grouped(notes: &[(Coordinates, Vec<Note>)]) -> Vec<Vec<String>> {
    let mut groups: BTreeMap<&Note, Vec<&Coordinates>> = BTreeMap::new();
    for (gav, notes) in notes {
        for note in notes {
            groups.entry(note).or_default().push(gav);
        }
    }
    let row = |(note, versions): (&Note, Vec<&Coordinates>)| {
        let mut named: Vec<String> = versions.iter().take(NAMED).map(ToString::to_string).collect();
        if versions.len() > NAMED {
            named.push(format!("and {} more", versions.len() - NAMED));
        }
        vec![note.what.clone(), note.why.clone(), named.join(", ")]
    };
    groups.into_iter().map(row).collect()
}

fn table(title: &str, lead: &'static str, head: Vec<&'static str>, rows: Vec<Vec<String>>) -> Table {
    Table { title: format!("{title} ({})", rows.len()), lead, head, rows }
}

/// The sentences above the tables.
fn overview(census: &Census, told: &Told) -> Vec<String> {
    let mut lines = vec![
        format!(
            "{} versions of {} assets, {}; {} pages, {} images, {} external instances; {} versions are public.",
            census.versions,
            census.assets.len(),
            size(census.bytes),
            census.pages,
            census.images,
            census.instances,
            census.public
        ),
        format!(
            "Source: {}; {}: {}.",
            told.source,
            if told.is_portal { "portal" } else { "organizations" },
            told.organizations.join(", ")
        ),
    ];
    if told.open > 0 {
        lines.push(format!("The run was stopped: {} versions are still to be read.", told.open));
    }
    if let Some(Err(why)) = &told.definitions {
        lines.push(format!("The categories and custom fields of the source could not be read: {why}."));
    }
    match &told.companions {
        Companions::Nowhere { why, .. } => {
            lines.push(format!("Client applications and contracts were not read: {why}."));
        }
        Companions::Unwanted => lines.push("Client applications and contracts were not asked for.".to_owned()),
        Companions::Of(_) => {}
    }
    if let Some(count) = told.soft_deleted.filter(|count| *count > 0) {
        lines.push(format!("{count} versions were deleted softly on the source: only their numbers are left of them."));
    }
    if told.is_portal {
        lines.push(UNTOLD.to_owned());
    }
    lines
}

pub(super) fn markdown(census: &Census, told: &Told) -> String {
    let mut text = String::from("# Inventory\n");
    for line in overview(census, told) {
        let _ = write!(text, "\n{}\n", plain(&line));
    }
    for Table { title, lead, head, rows } in tables(census, told) {
        let _ = write!(text, "\n## {title}\n");
        if !lead.is_empty() {
            let _ = write!(text, "\n{lead}\n");
        }
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        text.push('\n');
        text.push_str(&line(&head.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()));
        text.push_str(&line(&head.iter().map(|_| "---".to_owned()).collect::<Vec<_>>()));
        for row in rows {
            text.push_str(&line(&row.iter().map(|cell| plain(cell)).collect::<Vec<_>>()));
        }
    }
    text.push_str("\n## Never carried\n\n");
    for what in NEVER {
        let _ = writeln!(text, "- {what}");
    }
    text
}

pub(super) fn html(census: &Census, told: &Told) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Inventory – consign" }
                style { "body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}td,th{text-align:left;padding:.2rem 1rem .2rem 0;border-bottom:1px solid #8884;vertical-align:top;overflow-wrap:anywhere}" }
            }
            body {
                h1 { "Inventory" }
                @for line in overview(census, told) { p { (shown(&line)) } }
                @for table in tables(census, told) {
                    h2 { (table.title) }
                    @if !table.lead.is_empty() { p { (table.lead) } }
                    table {
                        thead { tr { @for name in &table.head { th { (name) } } } }
                        tbody { @for row in &table.rows { tr { @for cell in row { td { (shown(cell)) } } } } }
                    }
                }
                h2 { "Never carried" }
                ul { @for what in NEVER { li { (what.replace('`', "")) } } }
            }
        }
    };
    page.into_string() + "\n"
}

/// A server's words without what cannot be seen.
fn shown(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') { ' ' } else { c })
        .collect()
}

/// A server's words as plain text in Markdown.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in shown(text).chars() {
        if matches!(c, '|' | '<' | '>' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '!' | '&') {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}

/// Bytes for people.
#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_server_stay_words() {
        let notes = vec![Note::new("page <script>alert(1)</script>|x", "a\nb\u{202e}")];
        let census = Census { notes: vec![("g/a/1.0.0".parse().unwrap(), notes)], ..Census::default() };
        let told = Told { source: "https://host".to_owned(), ..Told::default() };
        let html = html(&census, &told);
        assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"), "{html}");
        let text = markdown(&census, &told);
        assert!(text.contains("| page \\<script\\>alert(1)\\</script\\>\\|x | a b  | g/a/1.0.0 |"), "{text}");
    }
}
