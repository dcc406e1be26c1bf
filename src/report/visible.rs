//! What consumers of a portal see of a job; written while it goes on, for any number of items.

use std::{collections::BTreeMap, fmt, io::Write};

use serde::Serialize;

use super::{
    ReportError,
    table::{Table, left},
    text::{self, JsonItems},
    verify::{VerifiedDifference, VerifiedItem},
};

/// One version of a job, and what consumers see of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VisibleItem {
    /// What became of it.
    #[serde(flatten)]
    pub item: VerifiedItem,
    /// What is shown; nothing where nothing is.
    pub shown: Option<VisibleVersion>,
}

/// What a portal shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VisibleVersion {
    /// The version as the portal names it.
    pub minor_version: String,
    /// Its full number, where the portal tells it.
    pub version: Option<String>,
    /// The names of its pages.
    pub pages: Vec<String>,
    /// Whether it has terms.
    pub terms: bool,
}

/// The end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisibleWhole {
    /// How many versions there are of each verdict, those that did not occur as well.
    pub counts: Vec<(&'static str, u64)>,
    /// Versions of types that no portal shows.
    pub left_out: u64,
    /// Whether all is as expected.
    pub is_equal: bool,
}

/// Writes what consumers see, one version after the other.
pub struct VisibleWriter<'w> {
    form: Form<'w>,
    portal: String,
}

enum Form<'w> {
    Text { table: Table<&'w mut dyn Write>, group: Option<String> },
    Json(JsonItems<&'w mut dyn Write>),
}

impl fmt::Debug for VisibleWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VisibleWriter").field("portal", &self.portal).finish_non_exhaustive()
    }
}

impl<'w> VisibleWriter<'w> {
    /// A table for people.
    pub fn text(out: &'w mut dyn Write, portal: &str) -> Self {
        let columns =
            vec![left("verdict"), left("asset"), left("version"), left("shown as"), left("pages"), left("terms")];
        Self { form: Form::Text { table: Table::new(out, columns), group: None }, portal: portal.to_owned() }
    }

    /// One JSON object: `{"items":[…],"portal":…,"counts":{…},"leftOut":…,"equal":…}`, an item a line.
    pub fn json(out: &'w mut dyn Write, portal: &str) -> Self {
        Self { form: Form::Json(JsonItems::new(out)), portal: portal.to_owned() }
    }

    /// Writes one version.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn push(&mut self, item: &VisibleItem) -> Result<(), ReportError> {
        match &mut self.form {
            Form::Text { table, group } => push_text(table, group, item),
            Form::Json(items) => Ok(items.push(item)?),
        }
    }

    /// Writes the end.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(mut self, whole: &VisibleWhole) -> Result<(), ReportError> {
        match &mut self.form {
            Form::Text { table, .. } => {
                table.line(headline(&self.portal, whole))?;
                table.finish()?;
            }
            Form::Json(items) => {
                #[derive(Serialize)]
                #[serde(rename_all = "camelCase")]
                struct Members<'a> {
                    portal: &'a str,
                    counts: BTreeMap<&'a str, u64>,
                    left_out: u64,
                    equal: bool,
                }
                items.finish(&Members {
                    portal: &self.portal,
                    counts: whole.counts.iter().copied().collect(),
                    left_out: whole.left_out,
                    equal: whole.is_equal,
                })?;
            }
        }
        Ok(())
    }
}

/// What the whole came to, in a line or two.
fn headline(portal: &str, whole: &VisibleWhole) -> String {
    let total: u64 = whole.counts.iter().map(|(_, count)| count).sum();
    let shown = whole.counts.iter().filter(|(_, count)| *count > 0);
    let shown = text::join(shown.map(|(verdict, count)| format!("{} {verdict}", text::number(*count))), ", ");
    let verdict = if whole.is_equal { "see what the source says" } else { "do not see what the source says" };
    let told = if total == 0 {
        "the source names no API that a portal could show".to_owned()
    } else {
        let portal = text::printable(portal);
        format!("\nconsumers of {portal} {verdict}: {} compared: {shown}", text::count(total, "version"))
    };
    match whole.left_out {
        0 => told,
        left_out => format!("{told}\n{} left out: no portal shows its type", text::count(left_out, "version")),
    }
}

fn push_text(
    table: &mut Table<&mut dyn Write>,
    group: &mut Option<String>,
    VisibleItem { item, shown }: &VisibleItem,
) -> Result<(), ReportError> {
    let parts: Vec<&str> = item.gav.as_deref().unwrap_or_default().split('/').collect();
    let (asset, version) = if let [its_group, asset, version] = parts[..] {
        if group.as_deref() != Some(its_group) {
            table.line(format!("group {}", text::printable(its_group)))?;
            *group = Some(its_group.to_owned());
        }
        (asset, version)
    } else {
        (item.gav.as_deref().or(item.path.as_deref()).unwrap_or_default(), "")
    };
    let [shown_as, pages, terms] = match shown {
        Some(shown) => {
            let version = shown.version.as_deref().unwrap_or_default();
            let terms = if shown.terms { "yes" } else { "none" };
            [format!("{} {version}", shown.minor_version), shown.pages.join(", "), terms.to_owned()]
        }
        None => [const { String::new() }; 3],
    };
    table.row([item.verdict, asset, version, shown_as.trim_end(), &pages, &terms])?;
    for VerifiedDifference { datum, expected, actual } in &item.differences {
        let told = [datum, expected, actual].map(|words| text::printable(words).into_owned());
        let [datum, expected, actual] = told;
        table.line(format!("    {datum}: expected {expected}; consumers see {actual}"))?;
    }
    if let Some(note) = &item.note {
        table.line(format!("    {}", text::printable(note)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{HOSTILE, is_harmless};

    fn item(gav: &str, verdict: &'static str, shown: bool) -> VisibleItem {
        let difference = |verdict| VerifiedDifference {
            datum: format!("page {verdict}"),
            expected: "a".to_owned(),
            actual: "b".to_owned(),
        };
        let item = VerifiedItem {
            gav: Some(gav.to_owned()),
            path: Some("m.csv:2".to_owned()),
            verdict,
            differences: (verdict == "different").then(|| difference("home")).into_iter().collect(),
            note: (!shown).then(|| "it is private".to_owned()),
        };
        let version = VisibleVersion {
            minor_version: "v1".to_owned(),
            version: Some("1.0.0".to_owned()),
            pages: vec!["home".to_owned(), "FAQ".to_owned()],
            terms: true,
        };
        VisibleItem { item, shown: shown.then_some(version) }
    }

    fn written(items: &[VisibleItem], json: bool) -> String {
        let mut out = Vec::new();
        let write: &mut dyn Write = &mut out;
        let mut writer = if json { VisibleWriter::json(write, "P") } else { VisibleWriter::text(write, HOSTILE) };
        for item in items {
            writer.push(item).unwrap();
        }
        let counts = vec![("equal", 1), ("different", 1), ("missing", 1)];
        writer.finish(&VisibleWhole { counts, left_out: 2, is_equal: false }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn people_and_scripts_read_the_same() {
        let items = [
            item("g/a/1.0.0", "equal", true),
            item("g/b/1.0.0", "different", true),
            item("g/c/1.0.0", "missing", false),
        ];
        let text = written(&items, false);
        for told in [
            "v1 1.0.0",
            "home, FAQ",
            "    page home: expected a; consumers see b",
            "    it is private",
            "2 versions left out",
        ] {
            assert!(text.contains(told), "{told}: {text}");
        }
        let json: serde_json::Value = serde_json::from_str(&written(&items, true)).unwrap();
        assert_eq!((&json["items"][0]["shown"]["terms"], &json["portal"]), (&true.into(), &"P".into()));
        assert_eq!((&json["items"][2]["shown"], &json["leftOut"]), (&serde_json::Value::Null, &2.into()));
        let empty: serde_json::Value = serde_json::from_str(&written(&[], true)).unwrap();
        assert_eq!(empty["items"], serde_json::json!([]));
    }

    #[test]
    fn hostile_words_are_written_out() {
        let mut hostile = item(HOSTILE, "different", true);
        hostile.item.note = Some(HOSTILE.to_owned());
        hostile.item.differences[0].actual = HOSTILE.to_owned();
        hostile.shown.as_mut().unwrap().pages = vec![HOSTILE.to_owned()];
        assert!(is_harmless(&written(&[hostile], false)));
    }
}
