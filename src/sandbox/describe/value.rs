//! The values of categories and custom fields, by data type (EXCHANGE.md §4.3).

use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};

/// The most characters of one text, and the most elements of a list (EXCHANGE.md §3.8).
const MAX_TEXT: usize = 250;
const MAX_LIST: usize = 500;

/// What the values of a configuration are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in super::super) enum DataType {
    Enum,
    Number,
    Date,
    Text,
    NumberList,
    TextList,
}

impl DataType {
    pub(super) const ALL: [Self; 6] =
        [Self::Enum, Self::Number, Self::Date, Self::Text, Self::NumberList, Self::TextList];

    pub(in super::super) fn as_str(self) -> &'static str {
        match self {
            Self::Enum => "enum",
            Self::Number => "number",
            Self::Date => "date",
            Self::Text => "text",
            Self::NumberList => "number-list",
            Self::TextList => "text-list",
        }
    }

    /// The member that holds a value of this type, beside `value` (EXCHANGE.md §4.5).
    pub(in super::super) fn member(self) -> &'static str {
        match self {
            Self::Enum => "enumValue",
            Self::Number => "numberValue",
            Self::Date => "dateValue",
            Self::Text => "textValue",
            Self::NumberList => "numericListValue",
            Self::TextList => "textListValue",
        }
    }

    fn is_list(self) -> bool {
        matches!(self, Self::Enum | Self::NumberList | Self::TextList)
    }
}

/// A value as it is kept. A date is kept as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(in super::super) enum TagValue {
    Number(Number),
    Text(String),
    Numbers(Vec<Number>),
    Texts(Vec<String>),
}

impl TagValue {
    /// The elements of a list, or the value itself, as texts.
    pub(in super::super) fn texts(&self) -> Vec<String> {
        match self {
            Self::Number(number) => vec![number.to_string()],
            Self::Text(text) => vec![text.clone()],
            Self::Numbers(numbers) => numbers.iter().map(ToString::to_string).collect(),
            Self::Texts(texts) => texts.clone(),
        }
    }

    pub(in super::super) fn to_json(&self) -> Value {
        match self {
            Self::Number(number) => json!(number),
            Self::Text(text) => json!(text),
            Self::Numbers(numbers) => json!(numbers),
            Self::Texts(texts) => json!(texts),
        }
    }
}

/// A value as somebody gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Given {
    /// Comma-separated text of a form or a POM.
    Csv(String),
    /// JSON.
    Json(Value),
}

impl Given {
    /// Whether nothing is given: an empty field of a form leaves the value as it is.
    pub(in super::super) fn is_blank(&self) -> bool {
        matches!(self, Self::Csv(text) if text.trim().is_empty())
    }
}

/// What is wrong with a value: the end of a sentence that starts with its name.
type Wrong = String;

/// Reads the value of a custom field.
pub(super) fn field(data_type: DataType, given: &Given) -> Result<TagValue, Wrong> {
    match (data_type, given) {
        (_, Given::Csv(text)) if data_type.is_list() => list(data_type, &parts(data_type, text)),
        (_, Given::Json(Value::Array(elements))) if data_type.is_list() => list(data_type, elements),
        (_, Given::Json(_)) if data_type.is_list() => Err("must be array".to_owned()),
        (_, Given::Csv(text)) => scalar(data_type, &part(data_type, text)),
        (_, Given::Json(value)) => scalar(data_type, value),
    }
}

/// Reads the value of a category: a list, whatever the type of its elements; one element stands for a list of it.
pub(super) fn category(data_type: DataType, given: &Given) -> Result<TagValue, Wrong> {
    match given {
        Given::Csv(text) => list(data_type, &parts(data_type, text)),
        Given::Json(Value::Array(elements)) => list(data_type, elements),
        Given::Json(value) => list(data_type, std::slice::from_ref(value)),
    }
}

/// The elements of a comma-separated text.
fn parts(data_type: DataType, text: &str) -> Vec<Value> {
    text.split(',').filter(|text| !text.trim().is_empty()).map(|text| part(data_type, text)).collect()
}

/// An element of a comma-separated text: a number where numbers are wanted and it is one.
fn part(data_type: DataType, text: &str) -> Value {
    let text = text.trim();
    let number = matches!(data_type, DataType::Number | DataType::NumberList)
        .then(|| serde_json::from_str::<Number>(text).ok())
        .flatten();
    number.map_or_else(|| json!(text), Value::Number)
}

fn scalar(data_type: DataType, value: &Value) -> Result<TagValue, Wrong> {
    match data_type {
        DataType::Number => number(value).map(TagValue::Number),
        DataType::Date => date(value).map(TagValue::Text),
        _ => text(value).map(TagValue::Text),
    }
}

fn list(data_type: DataType, elements: &[Value]) -> Result<TagValue, Wrong> {
    if elements.len() > MAX_LIST {
        return Err(format!("must NOT have more than {MAX_LIST} items"));
    }
    match data_type {
        DataType::Number | DataType::NumberList => {
            elements.iter().map(number).collect::<Result<_, _>>().map(TagValue::Numbers)
        }
        DataType::Date => elements.iter().map(date).collect::<Result<_, _>>().map(TagValue::Texts),
        _ => elements.iter().map(text).collect::<Result<_, _>>().map(TagValue::Texts),
    }
}

fn number(value: &Value) -> Result<Number, Wrong> {
    value.as_number().cloned().ok_or_else(|| format!("must be number, not {}", short(value)))
}

fn text(value: &Value) -> Result<String, Wrong> {
    let text = value.as_str().ok_or_else(|| format!("must be string, not {}", short(value)))?;
    if text.chars().count() > MAX_TEXT {
        return Err(format!("must NOT have more than {MAX_TEXT} characters"));
    }
    Ok(text.to_owned())
}

/// A day, or a moment with or without an offset, in the extended format of ISO 8601.
fn date(value: &Value) -> Result<String, Wrong> {
    let text = text(value)?;
    let is_date = match text.split_once('T') {
        None => text.len() == 10 && text.parse::<civil::Date>().is_ok(),
        // Annotations in brackets are RFC 9557, not ISO 8601.
        Some((day, _)) if day.len() != 10 || text.contains('[') => false,
        Some(_) => text.parse::<Timestamp>().is_ok() || text.parse::<civil::DateTime>().is_ok(),
    };
    if is_date { Ok(text) } else { Err(format!("must be a date in ISO 8601, not {}", short(value))) }
}

/// A value as a refusal quotes it.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(data_type: DataType, text: &str) -> Result<Value, Wrong> {
        field(data_type, &Given::Csv(text.to_owned())).map(|value| value.to_json())
    }

    fn from_json(data_type: DataType, value: Value) -> Result<Value, Wrong> {
        field(data_type, &Given::Json(value)).map(|value| value.to_json())
    }

    #[test]
    fn the_text_of_a_form_is_read_by_data_type() {
        assert_eq!(csv(DataType::Number, " 5 "), Ok(json!(5)));
        assert_eq!(csv(DataType::Number, "-1.50"), Ok(json!(-1.5)));
        assert_eq!(csv(DataType::NumberList, "1010, 2020 ,3030"), Ok(json!([1010, 2020, 3030])));
        assert_eq!(csv(DataType::TextList, "John, Alice"), Ok(json!(["John", "Alice"])));
        assert_eq!(csv(DataType::Enum, "OAS"), Ok(json!(["OAS"])));
        assert_eq!(csv(DataType::Text, " Fred, and others "), Ok(json!("Fred, and others")));
        assert_eq!(csv(DataType::Text, "5"), Ok(json!("5")));
        for (data_type, text) in [
            (DataType::Number, "1, 2"),
            (DataType::Number, "NaN"),
            (DataType::NumberList, "1,x"),
            (DataType::Date, "soon"),
        ] {
            assert!(csv(data_type, text).is_err(), "{data_type:?} {text}");
        }
    }

    #[test]
    fn json_must_have_the_data_type() {
        for data_type in DataType::ALL {
            let good = match data_type {
                DataType::Enum | DataType::TextList => json!(["a", "b"]),
                DataType::Number => json!(1.5),
                DataType::Date => json!("2020-01-01T20:00:00.000Z"),
                DataType::Text => json!("a, b"),
                DataType::NumberList => json!([1, 2.5]),
            };
            assert_eq!(from_json(data_type, good.clone()), Ok(good));
            for wrong in [json!(null), json!(true), json!({}), json!([[]]), json!([null])] {
                assert!(from_json(data_type, wrong.clone()).is_err(), "{data_type:?} {wrong}");
            }
        }
        assert!(from_json(DataType::Enum, json!("a")).is_err());
        assert!(from_json(DataType::Number, json!("5")).is_err());
        assert!(from_json(DataType::Text, json!("x".repeat(MAX_TEXT + 1))).is_err());
        assert!(from_json(DataType::NumberList, json!(vec![0; MAX_LIST + 1])).is_err());
    }

    #[test]
    fn dates_are_days_or_moments() {
        for good in ["2020-01-01", "2020-02-29T20:00:00Z", "2020-01-01T20:00", "2020-01-01T20:00:00.5+02:00"] {
            assert_eq!(from_json(DataType::Date, json!(good)), Ok(json!(good)));
        }
        for wrong in [
            "",
            "2020-1-1",
            "20200101",
            "2021-02-29",
            "2020-01-01 20:00",
            "2020-01-01T",
            "T",
            "2020-01-01T20:00:00Z[UTC]",
        ] {
            assert!(from_json(DataType::Date, json!(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_category_is_a_list_of_its_data_type() {
        let read = |data_type, value| category(data_type, &Given::Json(value)).map(|value| value.to_json());
        assert_eq!(read(DataType::Text, json!(["System API"])), Ok(json!(["System API"])));
        assert_eq!(read(DataType::Enum, json!("value")), Ok(json!(["value"])));
        assert_eq!(read(DataType::Number, json!(5)), Ok(json!([5])));
        assert!(read(DataType::Date, json!(["soon"])).is_err());
        let given = Given::Csv("value1, value2".to_owned());
        assert_eq!(category(DataType::Text, &given).map(|value| value.to_json()), Ok(json!(["value1", "value2"])));
    }
}
