//! Comparing what is expected with what is there. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Mismatch,
    actual::Actual,
    expected::{Content, Expected, Unsaid},
};
use crate::{
    asset::{AssetType, ExternalInstance, FileKey, Lifecycle, Values, Visibility},
    exchange::{FieldValue, HOME_PAGE, TERMS_PAGE},
    inventory::{PageRecord, Record},
    package::FileFingerprint,
    work::{
        description::{Site, comparable, field_value, shown},
        publish::{is_alias, same_file},
    },
};

/// Entries of an archive that are named; more tell nothing more.
const NAMED: usize = 5;

/// So much of a digest tells two contents apart.
const DIGEST: usize = 12;

/// So many characters are shown before the place where two long texts part.
const BEFORE: usize = 20;

/// Everything that is not as expected.
pub(super) fn differences(expected: &Expected, actual: &Actual) -> Vec<Mismatch> {
    let mut told = Differences::default();
    if let Some(content) = &expected.content {
        told.content(content, actual);
    }
    told.texts(expected, &actual.record);
    told.values(expected, &actual.record);
    told.instances(&expected.said.instances, &actual.record.instances, expected.is_all);
    told.states(expected, &actual.record);
    if let Some(icon) = &expected.icon {
        let there = actual.icon.as_deref().unwrap_or_default();
        told.unless(icon == there, "icon", digest(icon), digest(there));
    }
    if let Some(site) = &expected.site {
        told.site(site, expected.terms, actual);
    }
    for (name, page) in &expected.pages {
        told.page(name, page, actual);
    }
    told.0
}

/// Primary files by their names in the publish call.
type Files = BTreeMap<FileKey, FileFingerprint>;

/// Whether a version holds this content, whatever its number.
pub(super) fn is_same_content(content: &Content, asset_type: &AssetType, files: &Files) -> bool {
    let mut told = Differences::default();
    told.files(&content.files, files);
    told.0.is_empty() && is_same_type(content, asset_type)
}

/// Some types read back under another name, and some servers tell none.
fn is_same_type(content: &Content, there: &AssetType) -> bool {
    let ours = &content.asset_type;
    there.as_str().is_empty() || ours == there || is_alias(ours, there)
}

/// What was found so far.
#[derive(Default)]
struct Differences(Vec<Mismatch>);

impl Differences {
    fn unless(&mut self, is_same: bool, datum: impl Into<String>, expected: &str, actual: &str) {
        if !is_same {
            let (expected, actual) = side_by_side(expected, actual);
            self.0.push(Mismatch { datum: datum.into(), expected, actual });
        }
    }

    fn same(&mut self, datum: impl Into<String>, expected: &str, actual: &str) {
        self.unless(expected == actual, datum, expected, actual);
    }

    fn sets(&mut self, datum: &str, expected: &BTreeSet<String>, actual: &BTreeSet<String>) {
        let list = |set: &BTreeSet<String>| set.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        if expected == actual {
            return;
        }
        // Of two long sets only what one has and the other lacks tells anything.
        let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect();
        let (here, there): (BTreeSet<String>, BTreeSet<String>) = (only(expected, actual), only(actual, expected));
        let is_long = expected.len().max(actual.len()) > NAMED;
        let (here, there) = if is_long { (list(&here), list(&there)) } else { (list(expected), list(actual)) };
        self.unless(false, datum, &here, &there);
    }

    fn content(&mut self, content: &Content, actual: &Actual) {
        let record = &actual.record;
        self.unless(
            is_same_type(content, &record.asset_type),
            "type",
            content.asset_type.as_str(),
            record.asset_type.as_str(),
        );
        self.files(&content.files, &actual.files);
        if let Some(dependencies) = &content.dependencies {
            let there = record.dependencies.iter().map(ToString::to_string).collect();
            self.sets("dependencies", dependencies, &there);
        }
        let told =
            [("apiVersion", &record.api_version), ("mainFile", &record.main_file), ("assetLink", &record.asset_link)];
        for (key, there) in told {
            let wanted = content.properties.get(key).map(String::as_str);
            // Not every server tells them of every type.
            if let (Some(wanted), Some(there)) = (wanted, there) {
                self.same(format!("properties.{key}"), wanted, there);
            }
        }
        let keywords: BTreeSet<String> = record.keywords.iter().cloned().collect();
        if !content.keywords.is_empty() && !keywords.is_empty() {
            self.sets("keywords", &content.keywords, &keywords);
        }
    }

    fn files(&mut self, wanted: &Files, there: &Files) {
        let mut others: BTreeMap<_, _> = there.iter().collect();
        for (key, wanted) in wanted {
            let name = key.to_string();
            let there = others.keys().find(|there| **there == key).copied();
            let there = there.or_else(|| others.keys().find(|there| same_file(there, key)).copied());
            match there.and_then(|there| others.remove(there)) {
                None => self.same(name, &wanted.to_string()[..DIGEST], ""),
                Some(there) if wanted.same_content(there) => {}
                Some(there) => self.file(&name, wanted, there),
            }
        }
        for (key, there) in others {
            self.same(key.to_string(), "", &there.to_string()[..DIGEST]);
        }
    }

    fn file(&mut self, name: &str, wanted: &FileFingerprint, there: &FileFingerprint) {
        let entries = wanted.differences(there);
        if entries.is_empty() {
            return self.same(name, &wanted.to_string()[..DIGEST], &there.to_string()[..DIGEST]);
        }
        let sum = |print: &FileFingerprint, entry: &str| print.entry(entry).unwrap_or_default();
        for entry in entries.iter().take(NAMED) {
            let (wanted, there) = (sum(wanted, entry), sum(there, entry));
            self.unless(false, format!("{name}: {entry}"), digest(&wanted), digest(&there));
        }
        if entries.len() > NAMED {
            let more = format!("{} more entries", entries.len() - NAMED);
            self.unless(false, name, &more, &more);
        }
    }

    fn texts(&mut self, expected: &Expected, record: &Record) {
        let said = &expected.said;
        let texts = [
            ("name", &said.name, Some(&record.name)),
            ("description", &said.description, record.description.as_ref()),
            ("contactName", &said.contact_name, record.contact_name.as_ref()),
            ("contactEmail", &said.contact_email, record.contact_email.as_ref()),
        ];
        for (datum, wanted, there) in texts {
            let there = there.map(String::as_str).unwrap_or_default();
            if let Some(wanted) = wanted {
                self.unless(plain(wanted) == plain(there), datum, wanted, there);
            }
        }
    }

    fn values(&mut self, expected: &Expected, record: &Record) {
        let said = &expected.said;
        if let Some(tags) = &said.tags {
            let there = record.tags.iter().cloned().collect();
            self.sets("tags", &crate::exchange::tag_set(tags), &there);
        }
        self.categories(&said.categories, &record.categories);
        self.fields(&said.fields, &record.fields);
    }

    fn categories(&mut self, wanted: &Values, there: &BTreeMap<String, Vec<String>>) {
        let set = |values: &[String]| {
            values.iter().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()
        };
        for (key, spelled) in wanted.iter() {
            let held = there.get(key).map(Vec::as_slice).unwrap_or_default();
            self.sets(&format!("categories.{key}"), &set(&spelled.list()), &set(held));
        }
        for (key, held) in there.iter().filter(|(key, _)| wanted.exactly && !wanted.contains_key(*key)) {
            self.sets(&format!("categories.{key}"), &BTreeSet::new(), &set(held));
        }
    }

    fn fields(&mut self, wanted: &Values, there: &BTreeMap<String, FieldValue>) {
        let text = |value: &FieldValue| value.to_texts().join(", ");
        for (key, spelled) in wanted.iter() {
            let (held, wished) = (there.get(key), spelled.list().join(", "));
            let is_blank = spelled.list().iter().all(|value| value.trim().is_empty());
            let is_same = match held {
                None => is_blank,
                Some(held) => field_value(key, spelled, held.data_type()).is_some_and(|wished| wished.is_same(held)),
            };
            self.unless(is_same, format!("fields.{key}"), &wished, &held.map(text).unwrap_or_default());
        }
        for (key, held) in there.iter().filter(|(key, _)| wanted.exactly && !wanted.contains_key(*key)) {
            self.unless(false, format!("fields.{key}"), "", &text(held));
        }
    }

    fn instances(&mut self, wanted: &[ExternalInstance], there: &[ExternalInstance], is_all: bool) {
        for instance in wanted {
            let datum = format!("instances.{}", instance.name);
            let held = there.iter().find(|held| held.name == instance.name);
            let address = held.map(|held| held.endpoint_uri.as_str()).unwrap_or_default();
            self.same(&datum, &instance.endpoint_uri, address);
            if let (Some(held), Some(wanted)) = (held, instance.is_public) {
                let (wanted, held) = (Visibility::from(wanted), Visibility::from(held.is_public.unwrap_or_default()));
                self.same(format!("{datum}.visibility"), wanted.as_str(), held.as_str());
            }
        }
        for held in there.iter().filter(|held| is_all && !wanted.iter().any(|known| known.name == held.name)) {
            self.same(format!("instances.{}", held.name), "", &held.endpoint_uri);
        }
    }

    fn states(&mut self, expected: &Expected, record: &Record) {
        if let Some(wanted) = expected.said.status {
            // The state came later than the assets that tell none.
            let there = record.status.unwrap_or(Lifecycle::Published);
            self.same("status", wanted.as_str(), there.as_str());
        }
        if let Some(wanted) = expected.said.visibility {
            self.same("visibility", wanted.as_str(), Visibility::from(record.is_public).as_str());
        }
    }

    /// All pages: those that are there and not expected as well, their order, the terms, the images.
    fn site(&mut self, site: &Site, unsaid: Unsaid, actual: &Actual) {
        let wanted = site.comparable();
        let there: BTreeMap<&str, String> = actual
            .shown
            .texts
            .keys()
            .filter(|name| *name != TERMS_PAGE)
            .filter_map(|name| {
                let text = actual.shown.comparable(name)?;
                (name != HOME_PAGE || !text.is_empty()).then_some((name.as_str(), text))
            })
            .collect();
        let before = self.0.len();
        for (name, text) in &wanted {
            self.text(&format!("page {name}"), Some(text), there.get(name.as_str()));
        }
        for (name, text) in there.iter().filter(|(name, _)| !wanted.contains_key(**name)) {
            self.text(&format!("page {name}"), None, Some(text));
        }
        // Where pages are missing or more than they should be, their order follows from that.
        if site.is_ordered && self.0[before..].iter().all(|known| known.actual != NO_PAGE && known.expected != NO_PAGE)
        {
            let [wanted, there] = site.orders(actual.record.pages.iter().map(|page| page.name.as_str()));
            self.same("order of pages", &wanted.join(", "), &there.join(", "));
        }
        let terms = site.terms.as_ref().map(|terms| comparable(terms, &site.digests()));
        let known = actual.shown.comparable(TERMS_PAGE).filter(|terms| !terms.is_empty());
        if terms.is_some() || unsaid == Unsaid::Absent {
            self.text("terms", terms.as_ref(), known.as_ref());
        }
        let held: BTreeSet<&String> = actual.shown.digests.values().collect();
        for (name, sum) in site.digests().iter().filter(|(_, sum)| !held.contains(sum)) {
            self.unless(false, format!("image {name}"), digest(sum), "");
        }
    }

    /// One page, whatever other pages there are; it may be named with its folder, or by its path.
    fn page(&mut self, name: &str, page: &Site, actual: &Actual) {
        let Some((_, text)) = page.pages.first() else { return };
        let wanted = comparable(text, &page.digests());
        let is_meant = |known: &&PageRecord| {
            known.name == name || known.path == name || known.path.split_once('/').is_some_and(|(_, rest)| rest == name)
        };
        let known_as = match name.trim() {
            home if home.eq_ignore_ascii_case(HOME_PAGE) => HOME_PAGE,
            "terms" => TERMS_PAGE,
            other => actual.record.pages.iter().find(is_meant).map_or(other, |known| known.name.as_str()),
        };
        self.text(&format!("page {name}"), Some(&wanted), actual.shown.comparable(known_as).as_ref());
    }

    /// A text that has lines: the first of them that differs is shown.
    fn text(&mut self, datum: &str, wanted: Option<&String>, there: Option<&String>) {
        let (wanted, there) = match (wanted, there) {
            (Some(wanted), Some(there)) if wanted == there => return,
            (None, None) => return,
            (Some(wanted), None) => (first_line(wanted), NO_PAGE.to_owned()),
            (None, Some(there)) => (NO_PAGE.to_owned(), first_line(there)),
            (Some(wanted), Some(there)) => lines_apart(wanted, there),
        };
        self.0.push(Mismatch { datum: datum.to_owned(), expected: wanted, actual: there });
    }
}

/// What is shown of a page that is not there.
const NO_PAGE: &str = "none";

fn first_line(text: &str) -> String {
    shown(text.lines().find(|line| !line.trim().is_empty()).unwrap_or("an empty page"))
}

/// The first line that two texts do not share.
fn lines_apart(one: &str, other: &str) -> (String, String) {
    let (mut ours, mut theirs) = (one.split('\n'), other.split('\n'));
    let mut number = 0;
    loop {
        number += 1;
        let (line, there) = (ours.next(), theirs.next());
        let told = |text: &str| format!("line {number}: {text}");
        let end = || format!("ends before line {number}");
        match (line, there) {
            (Some(here), Some(there)) if here == there => {}
            (Some(here), Some(there)) => {
                let (here, there) = side_by_side(here, there);
                return (told(&here), told(&there));
            }
            (Some(here), None) => return (told(&shown(here)), end()),
            (None, Some(there)) => return (end(), told(&shown(there))),
            (None, None) => return (shown(one), shown(other)),
        }
    }
}

/// Two texts, short enough for a line each, and so that it can be seen what differs.
fn side_by_side(one: &str, other: &str) -> (String, String) {
    let (here, there) = (shown(one), shown(other));
    if here != there {
        return (here, there);
    }
    // They begin alike: they are shown from shortly before the place where they part.
    let common = one.chars().zip(other.chars()).take_while(|(ours, theirs)| ours == theirs).count();
    let tail = |text: &str| text.chars().skip(common.saturating_sub(BEFORE)).collect::<String>();
    let (ours, theirs) = (tail(one), tail(other));
    let (here, there) = (shown(&ours), shown(&theirs));
    if here != there {
        return (format!("…{here}"), format!("…{there}"));
    }
    // Blanks that nobody sees.
    let escaped = |text: &str| format!("…{}", text.chars().take(2 * BEFORE).collect::<String>().escape_debug());
    (escaped(&ours), escaped(&theirs))
}

/// A text whose ends and line ends make no difference.
fn plain(text: &str) -> String {
    text.trim().replace("\r\n", "\n")
}

fn digest(hex: &str) -> &str {
    hex.get(..DIGEST).unwrap_or(hex)
}
