//! What a verification found; written while it goes on, for any number of items.

use std::{collections::BTreeMap, fmt, io::Write};

use serde::Serialize;

use super::{
    PlannedDefinition, ReportError,
    table::{Table, left},
    text::{self, JsonItems},
};

/// The word for what is as expected.
const EQUAL: &str = "equal";

/// One version that was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifiedItem {
    /// Its coordinates, where they are known.
    pub gav: Option<String>,
    /// Where the source speaks of it; nothing for what is extra.
    pub path: Option<String>,
    /// `equal`, `different`, `missing`, `extra`, `invalid` or `unread`.
    pub verdict: &'static str,
    /// What differs.
    pub differences: Vec<VerifiedDifference>,
    /// What else there is to say.
    pub note: Option<String>,
}

/// One datum that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifiedDifference {
    /// Which.
    pub datum: String,
    /// What is expected.
    pub expected: String,
    /// What is there.
    pub actual: String,
}

/// The end of a verification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifiedWhole {
    /// What one of those that were compared is called: `version`.
    pub noun: &'static str,
    /// How many there are of each verdict, those that did not occur as well.
    pub counts: Vec<(&'static str, u64)>,
    /// Categories and custom fields that are not as the job declares them.
    pub definitions: Vec<PlannedDefinition>,
    /// Whether all is as expected.
    pub is_equal: bool,
}

/// Writes what was found, one version after the other. What is equal is counted, and not listed.
pub struct VerifyWriter<'w>(Form<'w>);

enum Form<'w> {
    Text { table: Table<&'w mut dyn Write>, group: Option<String> },
    Json(JsonItems<&'w mut dyn Write>),
}

impl fmt::Debug for VerifyWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyWriter").finish_non_exhaustive()
    }
}

impl<'w> VerifyWriter<'w> {
    /// A table for people.
    pub fn text(out: &'w mut dyn Write) -> Self {
        let columns =
            vec![left("verdict"), left("asset"), left("version"), left("datum"), left("expected"), left("actual")];
        Self(Form::Text { table: Table::new(out, columns), group: None })
    }

    /// One JSON object: `{"items":[…],"counts":{…},"definitions":[…],"equal":…}`, an item a line.
    pub fn json(out: &'w mut dyn Write) -> Self {
        Self(Form::Json(JsonItems::new(out)))
    }

    /// Writes one version, unless it is equal.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn push(&mut self, item: &VerifiedItem) -> Result<(), ReportError> {
        if item.verdict == EQUAL {
            return Ok(());
        }
        match &mut self.0 {
            Form::Text { table, group } => push_text(table, group, item),
            Form::Json(items) => Ok(items.push(item)?),
        }
    }

    /// Writes the end.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(mut self, whole: &VerifiedWhole) -> Result<(), ReportError> {
        match &mut self.0 {
            Form::Text { table, .. } => {
                for found in &whole.definitions {
                    let name = format!("{}.{}", found.dimension, text::printable(&found.key));
                    table.line(format!("definition {name}: {}", text::printable(&found.reason)))?;
                }
                table.line(headline(whole))?;
                table.finish()?;
            }
            Form::Json(items) => {
                #[derive(Serialize)]
                struct Members<'a> {
                    counts: BTreeMap<&'a str, u64>,
                    definitions: &'a [PlannedDefinition],
                    equal: bool,
                }
                let counts = whole.counts.iter().copied().collect();
                items.finish(&Members { counts, definitions: &whole.definitions, equal: whole.is_equal })?;
            }
        }
        Ok(())
    }
}

/// What the whole came to, in a line.
fn headline(whole: &VerifiedWhole) -> String {
    let total: u64 = whole.counts.iter().map(|(_, count)| count).sum();
    let shown = whole.counts.iter().filter(|(_, count)| *count > 0);
    let shown = text::join(shown.map(|(verdict, count)| format!("{} {verdict}", text::number(*count))), ", ");
    let verdict =
        if whole.is_equal { "the target is as the source says" } else { "the target is not as the source says" };
    match total {
        0 => "the source names no item".to_owned(),
        _ => format!("\n{verdict}: {} compared: {shown}", text::count(total, whole.noun)),
    }
}

/// A row for each datum. Groups are ids that nobody reads twice: each is named once, over its rows.
fn push_text(
    table: &mut Table<&mut dyn Write>,
    group: &mut Option<String>,
    item: &VerifiedItem,
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
    let mut head = [item.verdict, asset, version];
    for VerifiedDifference { datum, expected, actual } in &item.differences {
        let [verdict, asset, version] = head;
        table.row([verdict, asset, version, datum, expected, actual])?;
        head = [""; 3];
    }
    if item.differences.is_empty() {
        let [verdict, asset, version] = head;
        table.row([verdict, asset, version, "", "", ""])?;
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

    fn item(gav: &str, verdict: &'static str, differences: &[(&str, &str, &str)]) -> VerifiedItem {
        let difference = |(datum, expected, actual): &(&str, &str, &str)| VerifiedDifference {
            datum: (*datum).to_owned(),
            expected: (*expected).to_owned(),
            actual: (*actual).to_owned(),
        };
        VerifiedItem {
            gav: Some(gav.to_owned()),
            path: Some("m.csv:2".to_owned()),
            verdict,
            differences: differences.iter().map(difference).collect(),
            note: None,
        }
    }

    fn items() -> Vec<VerifiedItem> {
        let mut items = vec![
            item("acme/common/1.0.0", "equal", &[]),
            item(
                "acme/orders/1.0.0",
                "different",
                &[("name", "Orders", "Order"), ("status", "deprecated", "published")],
            ),
            item("acme/stock/1.1.0", "missing", &[]),
            item("acme/stock/2.0.0", "extra", &[]),
        ];
        items[2].note = Some("version 1.1.1 holds the same content".to_owned());
        items
    }

    fn whole() -> VerifiedWhole {
        let counts = vec![("equal", 1), ("different", 1), ("missing", 1), ("extra", 1), ("invalid", 0), ("unread", 0)];
        VerifiedWhole { noun: "version", counts, ..VerifiedWhole::default() }
    }

    fn write(
        items: &[VerifiedItem],
        whole: &VerifiedWhole,
        open: impl for<'w> FnOnce(&'w mut dyn Write) -> VerifyWriter<'w>,
    ) -> String {
        let mut out = Vec::new();
        let mut report = open(&mut out);
        for item in items {
            report.push(item).unwrap();
        }
        report.finish(whole).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_has_a_row_for_each_datum_and_none_for_what_is_equal() {
        let text = write(&items(), &whole(), |out| VerifyWriter::text(out));
        let lines: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let expected = [
            "verdict asset version datum expected actual",
            "group acme",
            "different orders 1.0.0 name Orders Order",
            "status deprecated published",
            "missing stock 1.1.0",
            "version 1.1.1 holds the same content",
            "extra stock 2.0.0",
            "",
            "the target is not as the source says: 4 versions compared: 1 equal, 1 different, 1 missing, 1 extra",
        ];
        assert_eq!(lines, expected, "{text}");
    }

    #[test]
    fn json_is_one_object_with_all_that_is_not_equal() {
        let json = write(&items(), &whole(), |out| VerifyWriter::json(out));
        let read: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(read["items"].as_array().expect("a list").len(), 3);
        assert_eq!(read["items"][0]["differences"][0]["actual"], "Order");
        assert_eq!((&read["counts"]["unread"], &read["equal"]), (&0.into(), &false.into()));
        let equal = VerifiedWhole { is_equal: true, ..VerifiedWhole::default() };
        let empty = write(&items()[..1], &equal, |out| VerifyWriter::json(out));
        assert_eq!(empty, "{\"items\":[],\"counts\":{},\"definitions\":[],\"equal\":true}\n");
    }

    #[test]
    fn hostile_words_are_written_out() {
        let mut hostile = item(HOSTILE, "different", &[(HOSTILE, HOSTILE, HOSTILE)]);
        hostile.note = Some(HOSTILE.to_owned());
        let definition = PlannedDefinition {
            dimension: "fields".to_owned(),
            key: HOSTILE.to_owned(),
            action: "create".to_owned(),
            reason: HOSTILE.to_owned(),
        };
        let whole = VerifiedWhole { definitions: vec![definition], ..whole() };
        let text = write(&[hostile], &whole, |out| VerifyWriter::text(out));
        assert!(is_harmless(&text), "{text:?}");
    }
}
