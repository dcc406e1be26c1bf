//! What Exchange takes of an item's texts and lists (EXCHANGE.md §3.8).
//!
//! Coordinates are checked where they are made, and sources cut what is too long; this is for whatever comes otherwise.

use crate::{
    asset::AssetDraft,
    work::finding::{Finding, Level},
};

const CHECK: &str = "limits";

/// What is documented.
const NAME: usize = 256;
const TEXT: usize = 255;
const DEPENDENCIES: usize = 100;

/// What no source says of Exchange, and its own bulk importer keeps to.
const TAGS: usize = 100;
const VALUE: usize = 250;

/// What is longer than it may be: a failure where that is documented, a warning where it is likely.
pub(super) fn look_at(draft: &AssetDraft) -> Vec<Finding> {
    let mut findings = Vec::new();
    let texts = [
        ("name", Some(&draft.name), NAME),
        ("description", draft.description.as_ref(), TEXT),
        ("contactName", draft.contact_name.as_ref(), TEXT),
        ("contactEmail", draft.contact_email.as_ref(), TEXT),
    ];
    for (field, text, most) in texts {
        let length = text.map_or(0, |text| text.chars().count());
        if length > most {
            let message = format!("{field} has {length} characters, Exchange takes {most}");
            findings.push(Finding::whole(CHECK, Level::Failure, message));
        }
    }
    if draft.dependencies.len() > DEPENDENCIES {
        let message = format!("{} dependencies, Exchange takes {DEPENDENCIES}", draft.dependencies.len());
        findings.push(Finding::whole(CHECK, Level::Failure, message));
    }
    let tags = draft.tags.as_deref().unwrap_or_default();
    if tags.len() > TAGS {
        let message = format!("{} tags: more than {TAGS} may be refused", tags.len());
        findings.push(Finding::whole(CHECK, Level::Warning, message));
    }
    let values = [("categories", &draft.categories), ("fields", &draft.fields)]
        .into_iter()
        .flat_map(|(prefix, values)| values.iter().map(move |(key, value)| (format!("{prefix}.{key}"), value.list())));
    for (field, texts) in std::iter::once(("tags".to_owned(), tags.to_vec())).chain(values) {
        if let Some(length) = texts.iter().map(|text| text.chars().count()).filter(|length| *length > VALUE).max() {
            let message = format!("{field} has a value of {length} characters: more than {VALUE} may be refused");
            findings.push(Finding::whole(CHECK, Level::Warning, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{asset::Spelled, work::testing::draft};

    #[test]
    fn what_is_documented_fails_and_what_is_assumed_warns() {
        assert_eq!(look_at(&draft("g/a/1.0.0")), []);
        let mut long = draft("g/a/1.0.0");
        long.name = "é".repeat(257);
        long.description = Some("d".repeat(256));
        long.contact_name = Some("c".repeat(255));
        long.contact_email = Some("c".repeat(256));
        long.dependencies = (0..101).map(|n| format!("g/d{n}/1.0.0").parse().expect("parses")).collect();
        long.tags = Some((0..101).map(|n| format!("t{n}")).collect());
        long.fields = [("note".to_owned(), Spelled::Many(vec!["n".repeat(251)]))].into_iter().collect();
        let told: Vec<_> = look_at(&long).into_iter().map(|finding| (finding.level, finding.message)).collect();
        assert_eq!(
            told,
            [
                (Level::Failure, "name has 257 characters, Exchange takes 256".to_owned()),
                (Level::Failure, "description has 256 characters, Exchange takes 255".to_owned()),
                (Level::Failure, "contactEmail has 256 characters, Exchange takes 255".to_owned()),
                (Level::Failure, "101 dependencies, Exchange takes 100".to_owned()),
                (Level::Warning, "101 tags: more than 100 may be refused".to_owned()),
                (Level::Warning, "fields.note has a value of 251 characters: more than 250 may be refused".to_owned()),
            ]
        );
    }
}
