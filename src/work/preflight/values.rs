//! Whether the categories and custom fields of an item are configured, and take its values (EXCHANGE.md §4.3).

use std::collections::BTreeSet;

use crate::{
    asset::{AssetChange, AssetDraft, AssetType, Description, Spelled, Values},
    exchange::{Configuration, DataType, Dimension, FieldValue},
    work::{
        definitions::Configured,
        finding::{Finding, Level},
    },
};

const CHECK: &str = "values";

/// How many keys or values are spelled out.
const MOST: usize = 10;

/// How much alike two names are before one is suggested for the other.
const ALIKE: f64 = 0.75;

/// What an item says of categories and custom fields.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    categories: &'a Values,
    fields: &'a Values,
    /// The type of the asset, where the item tells it.
    asset_type: Option<&'a AssetType>,
}

impl<'a> From<&'a AssetDraft> for Said<'a> {
    fn from(draft: &'a AssetDraft) -> Self {
        Self { categories: &draft.categories, fields: &draft.fields, asset_type: Some(&draft.asset_type) }
    }
}

impl<'a> From<&'a AssetChange> for Said<'a> {
    fn from(change: &'a AssetChange) -> Self {
        let Description { categories, fields, .. } = &change.description;
        Self { categories, fields, asset_type: None }
    }
}

/// The dimensions that an item says something about.
pub(super) fn dimensions(said: Said<'_>) -> impl Iterator<Item = Dimension> {
    [(Dimension::Category, said.categories), (Dimension::Field, said.fields)]
        .into_iter()
        .filter(|(_, values)| values.iter().any(|(_, value)| !is_blank(value)))
        .map(|(dimension, _)| dimension)
}

/// What the target would refuse of an item's values; nothing where it is not known what is configured.
pub(super) fn look_at(said: Said<'_>, configured: &Configured) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (dimension, values) in [(Dimension::Category, said.categories), (Dimension::Field, said.fields)] {
        let Some(known) = configured.of(dimension) else { continue };
        // Taking away what is not there needs no key.
        for (key, value) in values.iter().filter(|(_, value)| !is_blank(value)) {
            let wrong = match configured.find(dimension, key) {
                None => Some(unknown(dimension, key, known)),
                Some(there) => unfit(dimension, there, said.asset_type, value),
            };
            findings.extend(wrong);
        }
    }
    findings
}

fn is_blank(value: &Spelled) -> bool {
    match value {
        Spelled::One(text) => text.trim().is_empty(),
        Spelled::Many(values) => values.iter().all(|value| value.trim().is_empty()),
    }
}

fn failure(dimension: Dimension, key: &str, what: &str) -> Finding {
    Finding::whole(CHECK, Level::Failure, format!("{}.{key} {what}", dimension.as_str()))
}

fn unknown(dimension: Dimension, key: &str, known: &[Configuration]) -> Finding {
    let keys = || known.iter().map(|known| known.tag_key.as_str());
    let hint = match nearest(key, keys()) {
        _ if known.is_empty() => {
            format!("there are no {} on the target; declare it: [[definitions.{0}]]", dimension.as_str())
        }
        Some(near) => format!("do you mean `{near}`? There are: {}", some(keys())),
        None => format!("there are: {}; or declare it: [[definitions.{}]]", some(keys()), dimension.as_str()),
    };
    failure(dimension, key, "is not configured on the target").hint(hint)
}

/// What keeps a configuration from taking a value.
fn unfit(
    dimension: Dimension,
    there: &Configuration,
    asset_type: Option<&AssetType>,
    value: &Spelled,
) -> Option<Finding> {
    let key = &there.tag_key;
    let restrictions = &there.asset_type_restrictions;
    if let Some(asset_type) = asset_type
        && !restrictions.is_empty()
        && !restrictions.iter().any(|name| is_of_type(asset_type, name))
    {
        let what = format!("is not for assets of the type {asset_type}");
        return Some(
            failure(dimension, key, &what).hint(format!("it is for {}", some(restrictions.iter().map(String::as_str)))),
        );
    }
    let data_type = there.values_type().filter(|_| dimension == Dimension::Field);
    let texts = match data_type.map(|data_type| read(data_type, value)) {
        Some(Err(what)) => return Some(failure(dimension, key, &what)),
        Some(Ok(value)) => value.to_texts(),
        None => value.list(),
    };
    let accepted: BTreeSet<&str> = there.accepted_values.iter().map(|text| text.trim()).collect();
    let refused = texts.iter().find(|text| !accepted.is_empty() && !accepted.contains(text.trim()))?;
    let taken = some(there.accepted_values.iter().map(String::as_str));
    let hint = match nearest(refused, accepted.iter().copied()) {
        Some(near) => format!("do you mean `{near}`? It takes {taken}"),
        None => format!("it takes {taken}"),
    };
    Some(failure(dimension, key, &format!("does not take `{refused}`")).hint(hint))
}

/// Reads a value as its type; the error is the end of a sentence.
fn read(data_type: DataType, value: &Spelled) -> Result<FieldValue, String> {
    let wrong = |text: &str| format!("is of the type {data_type}, and `{text}` is not");
    let values = match value {
        Spelled::One(text) => return FieldValue::from_text(data_type, text).map_err(|_| wrong(text)),
        Spelled::Many(values) => values,
    };
    match (data_type, values.as_slice()) {
        (DataType::Number | DataType::Date, [text]) => FieldValue::from_text(data_type, text).map_err(|_| wrong(text)),
        (DataType::Number | DataType::Date, several) => {
            Err(format!("is of the type {data_type}, which is one value, and {} are given", several.len()))
        }
        (DataType::NumberList, several) => {
            let single = several.iter().find(|text| FieldValue::from_text(DataType::Number, text).is_err());
            single.map_or_else(
                || {
                    FieldValue::from_text(DataType::NumberList, &several.join(","))
                        .map_err(|_| wrong(&several.join(", ")))
                },
                |text| Err(wrong(text)),
            )
        }
        (DataType::Text, several) => Ok(FieldValue::Text(several.join(","))),
        (DataType::Enum, several) => Ok(FieldValue::Enum(several.to_vec())),
        (DataType::TextList, several) => Ok(FieldValue::TextList(several.to_vec())),
    }
}

/// Whether a restriction names a type. What Mule calls connectors and policies reads back as extensions (EXCHANGE.md
/// §2.1), so that one of these names says nothing against another, and neither does any name against an unknown type.
fn is_of_type(asset_type: &AssetType, name: &str) -> bool {
    const MULE: [AssetType; 3] = [AssetType::Extension, AssetType::Connector, AssetType::Policy];
    let Ok(named) = name.trim().parse::<AssetType>();
    named == *asset_type
        || matches!(asset_type, AssetType::Other(_))
        || (MULE.contains(asset_type) && MULE.contains(&named))
}

/// The name that is most alike, whatever its case and its dashes.
fn nearest<'a>(name: &str, among: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let wanted = plain(name);
    among
        .map(|known| (strsim::normalized_damerau_levenshtein(&wanted, &plain(known)), known))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

fn some<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown = names[..names.len().min(MOST)].join(", ");
    if names.len() > MOST { format!("{shown}, …") } else { shown }
}
