//! Tags, categories and custom fields: compared as sets, and by type.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    asset::{Description, Spelled, Values},
    engine::Outcome,
    exchange::{Asset, CustomField, DataType, Dimension, FieldValue, tag_set},
    journal::Failure,
};

use super::{Describer, Difference, refused};

/// A key whose value is to be another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Valued {
    pub(super) dimension: Dimension,
    pub(super) key: String,
    /// The value; `None` takes the key away.
    pub(super) value: Option<FieldValue>,
}

impl Valued {
    /// The values, where a form of the API can say them: they are separated by commas there, and trimmed.
    pub(super) fn form(&self) -> Option<Vec<String>> {
        let texts = self.value.as_ref()?.to_texts();
        let is_plain = |text: &String| !text.contains(',') && !text.is_empty() && text.trim() == text;
        (!texts.is_empty() && texts.iter().all(is_plain)).then_some(texts)
    }
}

/// The tags to send, where they differ.
pub(super) fn compare_tags(asset: &Asset, wish: &Description) -> Option<(Vec<String>, Difference)> {
    let (there, wished) = (tag_set(&asset.labels), tag_set(wish.tags.as_ref()?));
    if there == wished {
        return None;
    }
    let difference = Difference::of_sets("tags", &there, &wished);
    Some((wished.into_iter().collect(), difference))
}

/// The categories to change. A category is a set of texts, whatever its type.
pub(super) fn compare_categories(asset: &Asset, wish: &Values) -> Vec<(Valued, Difference)> {
    let there: BTreeMap<&str, BTreeSet<String>> =
        asset.categories.iter().map(|category| (category.key.as_str(), set(&category.value))).collect();
    let mut differing = Vec::new();
    for (key, spelled) in wish.iter() {
        let wished = set(&spelled.list());
        let known = there.get(key.as_str()).cloned().unwrap_or_default();
        if wished != known {
            let value = Some(wished.iter().cloned().collect()).filter(|_| !wished.is_empty());
            differing.push(changed(Dimension::Category, key, value.map(FieldValue::TextList), &list(&known)));
        }
    }
    for (key, values) in there.iter().filter(|(key, _)| wish.exactly && !wish.contains_key(**key)) {
        differing.push(changed(Dimension::Category, key, None, &list(values)));
    }
    differing
}

impl Describer {
    /// The custom fields to change, compared by their types.
    pub(super) async fn compare_fields(
        &self,
        asset: &Asset,
        wish: &Values,
    ) -> Result<Vec<(Valued, Difference)>, Outcome> {
        let mut differing = Vec::new();
        for (key, spelled) in wish.iter() {
            let there = asset.custom_fields.iter().find(|field| field.key == *key);
            differing.extend(self.compare_field(key, spelled, there).await?);
        }
        for field in asset.custom_fields.iter().filter(|field| wish.exactly && !wish.contains_key(&field.key)) {
            if let Some(told) = field.read() {
                differing.push(changed(Dimension::Field, &field.key, None, &text(&told)));
            }
        }
        Ok(differing)
    }

    async fn compare_field(
        &self,
        key: &str,
        spelled: &Spelled,
        there: Option<&CustomField>,
    ) -> Result<Option<(Valued, Difference)>, Outcome> {
        let told = there.and_then(CustomField::read);
        let shown = told.as_ref().map(text).unwrap_or_default();
        if is_blank(spelled) {
            return Ok(told.map(|_| changed(Dimension::Field, key, None, &shown)));
        }
        let data_type = self.type_of(key, spelled, there, told.as_ref()).await?;
        let wished = read(key, spelled, data_type).map_err(Outcome::Failed)?;
        if told.as_ref().is_some_and(|told| wished.is_same(told)) {
            return Ok(None);
        }
        // Commas without a word between them are no value.
        let wished = Some(wished).filter(|wished| !wished.to_texts().is_empty());
        Ok((wished.is_some() || told.is_some()).then(|| changed(Dimension::Field, key, wished, &shown)))
    }

    /// The type of a field: what the asset tells, else what is configured, else what its value looks like.
    async fn type_of(
        &self,
        key: &str,
        spelled: &Spelled,
        there: Option<&CustomField>,
        told: Option<&FieldValue>,
    ) -> Result<Option<DataType>, Outcome> {
        let of_asset = there.and_then(|field| field.data_type.as_deref()?.parse().ok());
        if of_asset.is_some() {
            return Ok(of_asset);
        }
        // A value that is the same as it looks needs no type.
        let looks = told.map(FieldValue::data_type);
        if let Some(told) = told
            && read(key, spelled, looks).is_ok_and(|wished| wished.is_same(told))
        {
            return Ok(looks);
        }
        let configured = self.definitions.field_type(&self.exchange, key).await;
        Ok(configured.map_err(refused)?.or(looks))
    }
}

/// Reads what a source spells as a value of a type; without one as text, or as texts.
fn read(key: &str, spelled: &Spelled, data_type: Option<DataType>) -> Result<FieldValue, Failure> {
    let wrong = |message: String| {
        Failure::new("value", format!("fields.{key}: {message}")).hint("correct the value, then run again")
    };
    let one = |text: &str| match data_type {
        Some(data_type) => FieldValue::from_text(data_type, text).map_err(|error| wrong(error.to_string())),
        None => Ok(FieldValue::Text(text.trim().to_owned())),
    };
    let values = match spelled {
        Spelled::One(text) => return one(text),
        Spelled::Many(values) => values.iter().filter(|value| !value.trim().is_empty()).cloned().collect::<Vec<_>>(),
    };
    match (data_type, values.as_slice()) {
        (Some(DataType::Enum), _) => Ok(FieldValue::Enum(values.iter().map(|value| value.trim().to_owned()).collect())),
        (Some(DataType::TextList), _) => Ok(FieldValue::TextList(values)),
        (Some(DataType::NumberList), _) => FieldValue::from_json(DataType::NumberList, &values.clone().into())
            .ok_or_else(|| wrong(format!("`{}` are not numbers", values.join(", ")))),
        // One value, commas and blanks and all.
        (Some(DataType::Text) | None, [text]) => Ok(FieldValue::Text(text.clone())),
        (Some(_), [text]) => one(text),
        (None, _) => Ok(FieldValue::TextList(values)),
        (Some(data_type), _) => {
            Err(wrong(format!("a value of the type {data_type} is one, and {} are given", values.len())))
        }
    }
}

/// What a source spells as a value of a type; `None` for what is none.
pub(in crate::work) fn of_type(key: &str, spelled: &Spelled, data_type: DataType) -> Option<FieldValue> {
    read(key, spelled, Some(data_type)).ok()
}

fn is_blank(spelled: &Spelled) -> bool {
    match spelled {
        Spelled::One(text) => text.trim().is_empty(),
        Spelled::Many(values) => values.iter().all(|value| value.trim().is_empty()),
    }
}

fn set(values: &[String]) -> BTreeSet<String> {
    values.iter().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()
}

fn list(values: &BTreeSet<String>) -> String {
    values.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn text(value: &FieldValue) -> String {
    value.to_texts().join(", ")
}

/// A change of one key, with its words.
fn changed(dimension: Dimension, key: &str, value: Option<FieldValue>, there: &str) -> (Valued, Difference) {
    let wished = value.as_ref().map(text).unwrap_or_default();
    let difference = Difference::between(format!("{}.{key}", dimension.as_str()), there, &wished);
    (Valued { dimension, key: key.to_owned(), value }, difference)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(values: &[&str]) -> Spelled {
        Spelled::Many(values.iter().map(|value| (*value).to_owned()).collect())
    }

    fn one(text: &str) -> Spelled {
        Spelled::One(text.to_owned())
    }

    #[test]
    fn commas_separate_values_only_where_the_type_is_a_list() {
        let text = |spelled: &Spelled, data_type| read("k", spelled, data_type).map(|value| value.to_texts());
        assert_eq!(text(&one("a, b"), Some(DataType::Text)), Ok(vec!["a, b".to_owned()]));
        assert_eq!(text(&one("a, b"), None), Ok(vec!["a, b".to_owned()]));
        assert_eq!(text(&one("a, b"), Some(DataType::TextList)), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(text(&many(&["a, b"]), Some(DataType::TextList)), Ok(vec!["a, b".to_owned()]));
        assert_eq!(text(&many(&["a, b"]), Some(DataType::Text)), Ok(vec!["a, b".to_owned()]));
        assert_eq!(text(&many(&["1", "2.5"]), Some(DataType::NumberList)), Ok(vec!["1".to_owned(), "2.5".to_owned()]));
        assert_eq!(text(&many(&["5"]), Some(DataType::Number)), Ok(vec!["5".to_owned()]));
    }

    #[test]
    fn what_is_no_value_of_its_type_is_refused_before_anything_is_sent() {
        for (spelled, data_type) in [
            (one("five"), DataType::Number),
            (one("soon"), DataType::Date),
            (many(&["1", "x"]), DataType::NumberList),
            (many(&["1", "2"]), DataType::Number),
            (many(&["a", "b"]), DataType::Text),
        ] {
            let failure = read("k", &spelled, Some(data_type)).expect_err("is refused");
            assert!(failure.class == "value" && failure.message.starts_with("fields.k: "), "{failure:?}");
        }
    }

    #[test]
    fn the_form_takes_what_its_commas_do_not_break() {
        let form = |values: &[&str]| {
            let value = Some(FieldValue::TextList(values.iter().map(|value| (*value).to_owned()).collect()));
            Valued { dimension: Dimension::Field, key: "k".to_owned(), value }.form().is_some()
        };
        assert!(form(&["a", "b c"]));
        assert!(!form(&["a, b"]) && !form(&[" a"]) && !form(&[]) && !form(&[""]));
    }
}
