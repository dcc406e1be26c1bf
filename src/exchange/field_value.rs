//! The values of custom fields, of the six types that there are (EXCHANGE.md §4.3, §4.5).

use std::{collections::BTreeSet, fmt, str::FromStr};

use jiff::{Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

/// What the values of a category or a custom field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataType {
    /// Some of the accepted values.
    Enum,
    /// A number.
    Number,
    /// A date.
    Date,
    /// A text.
    Text,
    /// Numbers.
    NumberList,
    /// Texts.
    TextList,
}

/// Why a text is not the name of a data type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a data type: enum, number, date, text, number-list or text-list")]
pub struct DataTypeError(String);

impl DataType {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Enum, Self::Number, Self::Date, Self::Text, Self::NumberList, Self::TextList];

    /// The API's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enum => "enum",
            Self::Number => "number",
            Self::Date => "date",
            Self::Text => "text",
            Self::NumberList => "number-list",
            Self::TextList => "text-list",
        }
    }

    /// The member that some replies hold a value of this type in, instead of `value` or beside it.
    pub(super) fn member(self) -> &'static str {
        match self {
            Self::Enum => "enumValue",
            Self::Number => "numberValue",
            Self::Date => "dateValue",
            Self::Text => "textValue",
            Self::NumberList => "numericListValue",
            Self::TextList => "textListValue",
        }
    }

    /// The type that a value looks like, where nothing says it. A text may be a date, and a list of texts an enum.
    fn guess(value: &Value) -> Option<Self> {
        match value {
            Value::String(_) => Some(Self::Text),
            Value::Number(_) => Some(Self::Number),
            Value::Array(values) if !values.is_empty() && values.iter().all(Value::is_number) => Some(Self::NumberList),
            Value::Array(_) => Some(Self::TextList),
            _ => None,
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DataType {
    type Err = DataTypeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|known| known.as_str() == text);
        known.ok_or_else(|| DataTypeError(text.to_owned()))
    }
}

/// A value of a custom field. As JSON it tells its type: `{"type": "date", "value": "2020-01-01"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "kebab-case")]
pub enum FieldValue {
    /// Some of the accepted values.
    Enum(Vec<String>),
    /// A number.
    Number(Number),
    /// A date, as it is written.
    Date(String),
    /// A text.
    Text(String),
    /// Numbers.
    NumberList(Vec<Number>),
    /// Texts.
    TextList(Vec<String>),
}

/// Why a text is not a value of a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a value of the type {data_type}")]
pub struct FieldValueError {
    /// What was given.
    pub text: String,
    /// What it should be.
    pub data_type: DataType,
}

impl FieldValue {
    /// Its type.
    #[must_use]
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Enum(_) => DataType::Enum,
            Self::Number(_) => DataType::Number,
            Self::Date(_) => DataType::Date,
            Self::Text(_) => DataType::Text,
            Self::NumberList(_) => DataType::NumberList,
            Self::TextList(_) => DataType::TextList,
        }
    }

    /// Reads what people write into a cell: the elements of a list are separated by commas, anything else is one value.
    ///
    /// # Errors
    /// [`FieldValueError`] for a number or a date that is none, and for nothing where a single value is wanted.
    pub fn from_text(data_type: DataType, text: &str) -> Result<Self, FieldValueError> {
        let error = || FieldValueError { text: text.to_owned(), data_type };
        let parts = || text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let one = text.trim();
        if one.is_empty() && !matches!(data_type, DataType::Enum | DataType::NumberList | DataType::TextList) {
            return Err(error());
        }
        Ok(match data_type {
            DataType::Enum => Self::Enum(parts().map(str::to_owned).collect()),
            DataType::TextList => Self::TextList(parts().map(str::to_owned).collect()),
            DataType::NumberList => Self::NumberList(parts().map(number).collect::<Option<_>>().ok_or_else(error)?),
            DataType::Number => Self::Number(number(one).ok_or_else(error)?),
            DataType::Date => moment(one).map(|_| Self::Date(one.to_owned())).ok_or_else(error)?,
            DataType::Text => Self::Text(one.to_owned()),
        })
    }

    /// Reads what a server tells: one element stands for a list of it, and a number may be written as text. `None` where
    /// it cannot be a value of the type.
    #[must_use]
    pub fn from_json(data_type: DataType, value: &Value) -> Option<Self> {
        let elements = || match value {
            Value::Array(values) => values.clone(),
            one => vec![one.clone()],
        };
        let single = || match value {
            Value::Array(values) => values.first().filter(|_| values.len() == 1),
            one => Some(one),
        };
        Some(match data_type {
            DataType::Enum => Self::Enum(elements().iter().map(text_of).collect::<Option<_>>()?),
            DataType::TextList => Self::TextList(elements().iter().map(text_of).collect::<Option<_>>()?),
            DataType::NumberList => Self::NumberList(elements().iter().map(number_of).collect::<Option<_>>()?),
            DataType::Number => Self::Number(number_of(single()?)?),
            DataType::Date => Self::Date(text_of(single()?)?),
            DataType::Text => Self::Text(text_of(single()?)?),
        })
    }

    /// Reads a value of the type that it looks like.
    pub(super) fn guessed(value: &Value) -> Option<Self> {
        Self::from_json(DataType::guess(value)?, value)
    }

    /// The value as `tagValue` holds it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Number(number) => Value::Number(number.clone()),
            Self::Date(text) | Self::Text(text) => Value::from(text.as_str()),
            Self::NumberList(numbers) => numbers.iter().cloned().map(Value::Number).collect(),
            Self::Enum(texts) | Self::TextList(texts) => Value::from(texts.as_slice()),
        }
    }

    /// The single texts, as a form holds them between commas.
    #[must_use]
    pub fn to_texts(&self) -> Vec<String> {
        match self {
            Self::Number(number) => vec![number.to_string()],
            Self::Date(text) | Self::Text(text) => vec![text.clone()],
            Self::NumberList(numbers) => numbers.iter().map(ToString::to_string).collect(),
            Self::Enum(texts) | Self::TextList(texts) => texts.clone(),
        }
    }

    /// Whether two values mean the same: lists are sets, since the server keeps no order; `5` is `5.0`; two spellings of
    /// a moment are one. What a server tells is read as this value's type.
    #[must_use]
    pub fn is_same(&self, told: &Self) -> bool {
        let told = Self::from_json(self.data_type(), &told.to_json());
        told.is_some_and(|told| told.meaning() == self.meaning())
    }

    fn meaning(&self) -> BTreeSet<String> {
        match self {
            Self::Number(number) => BTreeSet::from([plain(number)]),
            Self::NumberList(numbers) => numbers.iter().map(plain).collect(),
            Self::Date(text) => {
                BTreeSet::from([moment(text).map_or_else(|| text.clone(), |moment| moment.to_string())])
            }
            Self::Text(text) => BTreeSet::from([text.clone()]),
            Self::Enum(texts) | Self::TextList(texts) => texts.iter().map(|text| text.trim().to_owned()).collect(),
        }
    }
}

/// A number in one spelling.
fn plain(number: &Number) -> String {
    match number.as_f64() {
        // Whole numbers beyond 2^53 are not told apart by their floating value.
        Some(float) if !number.is_f64() && float.abs() > 9.0e15 => number.to_string(),
        Some(float) => float.to_string(),
        None => number.to_string(),
    }
}

fn number(text: &str) -> Option<Number> {
    serde_json::from_str(text).ok()
}

fn number_of(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => number(text.trim()),
        _ => None,
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// A moment, a local time or a day; the last two as of UTC.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    let local = text.parse::<civil::DateTime>().or_else(|_| text.parse::<civil::Date>().map(|day| day.at(0, 0, 0, 0)));
    Some(local.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(data_type: DataType, text: &str) -> Option<Value> {
        FieldValue::from_text(data_type, text).ok().map(|value| value.to_json())
    }

    #[test]
    fn a_cell_becomes_a_value_of_its_type() {
        assert_eq!(read(DataType::Enum, " OAS , RAML,"), Some(json!(["OAS", "RAML"])));
        assert_eq!(read(DataType::Enum, ""), Some(json!([])));
        assert_eq!(read(DataType::Number, " 5 "), Some(json!(5)));
        assert_eq!(read(DataType::NumberList, "1010, 20.5"), Some(json!([1010, 20.5])));
        assert_eq!(read(DataType::Text, " Hello, world "), Some(json!("Hello, world")));
        assert_eq!(read(DataType::Date, "2020-01-01"), Some(json!("2020-01-01")));
        assert_eq!(read(DataType::TextList, "John,Alice"), Some(json!(["John", "Alice"])));
    }

    #[test]
    fn what_is_not_of_its_type_is_refused() {
        for (data_type, text) in [
            (DataType::Number, "five"),
            (DataType::Number, "1,2"),
            (DataType::Number, ""),
            (DataType::NumberList, "1,x"),
            (DataType::Date, "31.12.2020"),
            (DataType::Date, "2020-02-30"),
            (DataType::Text, "  "),
        ] {
            let error = FieldValue::from_text(data_type, text).expect_err(text);
            assert!(error.to_string().contains(data_type.as_str()));
        }
    }

    #[test]
    fn values_are_the_same_whatever_the_server_makes_of_them() {
        let same = |data_type: DataType, text: &str, told: Value| {
            let value = FieldValue::from_text(data_type, text).expect("is a value");
            value.is_same(&FieldValue::guessed(&told).expect("is a value"))
        };
        assert!(same(DataType::Enum, "b,a", json!(["a", "b"])));
        assert!(same(DataType::Enum, "a", json!("a")));
        assert!(same(DataType::Number, "5", json!(5.0)));
        assert!(same(DataType::Number, "5", json!("5")));
        assert!(same(DataType::Date, "2020-01-01", json!("2020-01-01T00:00:00.000Z")));
        assert!(same(DataType::Date, "2020-01-01T20:00:00.000Z", json!("2020-01-01T22:00:00+02:00")));
        assert!(!same(DataType::Date, "2020-01-01", json!("2020-01-02")));
        assert!(!same(DataType::Number, "9007199254740993", json!(9_007_199_254_740_992_u64)));
        assert!(!same(DataType::Text, "a", json!("A")));
        assert!(!same(DataType::TextList, "a,b", json!(["a"])));
    }

    #[test]
    fn names_read_back() {
        for data_type in DataType::ALL {
            assert_eq!(data_type.to_string().parse(), Ok(data_type));
        }
        assert!("Enum".parse::<DataType>().is_err());
    }
}
