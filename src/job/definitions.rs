//! The categories and custom fields that a job declares.

use std::collections::BTreeSet;

use camino::Utf8Path;
use toml::Spanned;

use super::{
    JobError,
    file::{DeclaredTable, DefinitionTable, DefinitionsFile, DefinitionsTable, OnDifference},
    place::shown,
    read, secrets,
};

/// What is said of a declaration that may hold a secret.
const HIDDEN: &str = "the declaration is none that can be used, and may hold a secret";

/// The types of value that there are (EXCHANGE.md §4.3).
const TYPES: &[(&str, ValueType)] = &[
    ("enum", ValueType::Enum),
    ("number", ValueType::Number),
    ("date", ValueType::Date),
    ("text", ValueType::Text),
    ("number-list", ValueType::NumberList),
    ("text-list", ValueType::TextList),
];

/// What a job declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definitions {
    /// What to do where the target differs.
    pub on_difference: OnDifference,
    /// Categories.
    pub categories: Vec<Definition>,
    /// Custom fields.
    pub fields: Vec<Definition>,
}

/// A category or a custom field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The key that values are given under, at most 512 characters.
    pub key: String,
    /// What is to be true of it.
    pub wish: Wish,
}

/// What is to be true of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// It is there.
    There {
        /// The name for people; the key, where the job gives none.
        name: String,
        /// The type of its values; for a category `None`.
        value_type: Option<ValueType>,
        /// The values that are taken; empty for any.
        values: Vec<String>,
        /// The types of asset that it is for; empty for all.
        asset_types: Vec<String>,
    },
    /// It is not there.
    Gone {
        /// Also where assets have values of it, which are lost.
        force: bool,
    },
}

/// A type of value, by the API's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of EXCHANGE.md §4.3")]
pub enum ValueType {
    Enum,
    Number,
    Date,
    Text,
    NumberList,
    TextList,
}

impl ValueType {
    /// The API's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        TYPES.iter().find(|(_, known)| *known == self).map_or("text", |(name, _)| name)
    }
}

impl Definitions {
    /// Whether the job declares nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.categories.is_empty() && self.fields.is_empty()
    }

    /// What a job declares: in its own tables, and in a file beside it. Of a key that both declare, the job's own
    /// declaration counts.
    pub(super) fn resolve(
        table: &DefinitionsTable,
        (path, text): (&Utf8Path, &str),
        folder: &Utf8Path,
    ) -> Result<Self, JobError> {
        let mut declared = Self::read((path, text), &table.categories, &table.fields)?;
        if let Some(file) = &table.file {
            declared.add(Self::of_file(&folder.join(file))?);
        }
        Ok(Self { on_difference: table.on_difference, ..declared })
    }

    pub(super) fn of_file(path: &Utf8Path) -> Result<Self, JobError> {
        let text = read::text(path).map_err(|source| JobError::Definitions { path: path.to_owned(), source })?;
        let file: DefinitionsFile = toml::from_str(&text).map_err(|error| {
            let secrets::Parsed { message, is_secret } = secrets::parse_message(&text, &error);
            JobError::Parse { path: path.to_owned(), message, is_secret }
        })?;
        let DeclaredTable { mut categories, mut fields } = file.definitions;
        categories.extend(file.categories);
        fields.extend(file.fields);
        Self::read((path, &text), &categories, &fields)
    }

    /// Checks declarations; an error names the file, the line and the column.
    fn read(
        (path, text): (&Utf8Path, &str),
        categories: &[Spanned<DefinitionTable>],
        fields: &[Spanned<DefinitionTable>],
    ) -> Result<Self, JobError> {
        let read = |dimension: &str, tables: &[Spanned<DefinitionTable>]| {
            let mut keys = BTreeSet::new();
            let mut definitions = Vec::with_capacity(tables.len());
            for (index, table) in tables.iter().enumerate() {
                let wrong = |message: String| {
                    let message = format!("definitions.{dimension}[{index}]: {message}");
                    let message = shown(text, table.span(), &message, HIDDEN);
                    JobError::Parse { path: path.to_owned(), message, is_secret: false }
                };
                let table = table.get_ref();
                if !keys.insert(&table.key) {
                    return Err(wrong(format!("`{}` is declared twice", table.key)));
                }
                definitions.push(definition(dimension == "categories", table).map_err(wrong)?);
            }
            Ok(definitions)
        };
        Ok(Self {
            on_difference: OnDifference::default(),
            categories: read("categories", categories)?,
            fields: read("fields", fields)?,
        })
    }

    /// Takes over what nobody has declared here.
    pub(super) fn add(&mut self, others: Self) {
        for (own, others) in [(&mut self.categories, others.categories), (&mut self.fields, others.fields)] {
            let known: BTreeSet<String> = own.iter().map(|definition| definition.key.clone()).collect();
            own.extend(others.into_iter().filter(|definition| !known.contains(&definition.key)));
        }
    }
}

fn definition(is_category: bool, table: &DefinitionTable) -> Result<Definition, String> {
    if table.key.is_empty() || table.key.chars().count() > 512 {
        return Err("needs a `key` of at most 512 characters".to_owned());
    }
    let named = |what: &str| format!("`{}`: {what}", table.key);
    if table.delete {
        let says_more = table.name.is_some() || table.r#type.is_some() || !table.values.is_empty();
        if says_more {
            return Err(named("what is deleted needs nothing but its key"));
        }
        return Ok(Definition { key: table.key.clone(), wish: Wish::Gone { force: table.force } });
    }
    if table.force {
        return Err(named("`force` goes with `delete` only"));
    }
    let value_type = match (&table.r#type, is_category) {
        (Some(_), true) => return Err(named("a category has no type")),
        (None, true) => None,
        (None, false) if !table.values.is_empty() => Some(ValueType::Enum),
        (None, false) => Some(ValueType::Text),
        (Some(name), false) => Some(value_type(name).map_err(|message| named(&message))?),
    };
    if value_type == Some(ValueType::Enum) && table.values.is_empty() {
        return Err(named("an enum needs `values`"));
    }
    if table.values.len() > 500 || table.asset_types.len() > 100 {
        return Err(named("at most 500 `values` and 100 `asset_types`"));
    }
    let name = table.name.clone().unwrap_or_else(|| table.key.clone());
    if name.chars().count() > 512 {
        return Err(named("a `name` has at most 512 characters"));
    }
    let (values, asset_types) = (table.values.clone(), table.asset_types.clone());
    Ok(Definition { key: table.key.clone(), wish: Wish::There { name, value_type, values, asset_types } })
}

fn value_type(name: &str) -> Result<ValueType, String> {
    let known = TYPES.iter().find(|(known, _)| *known == name).map(|(_, value_type)| *value_type);
    known.ok_or_else(|| {
        let names: Vec<&str> = TYPES.iter().map(|(name, _)| *name).collect();
        format!("`{name}` is not a type: {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str) -> Result<Definitions, String> {
        resolve_in("".into(), text)
    }

    fn resolve_in(folder: &Utf8Path, text: &str) -> Result<Definitions, String> {
        let table: DefinitionsTable = toml::from_str(text).map_err(|error| error.to_string())?;
        Definitions::resolve(&table, ("job.toml".into(), text), folder).map_err(|error| error.to_string())
    }

    #[test]
    fn a_declaration_gets_its_defaults() {
        let text = "categories = [{ key = 'layer', values = ['System'] }]\n\
                    fields = [{ key = 'due', type = 'date', name = 'Due' }, { key = 'note' }, { key = 'old', delete = true }]";
        let definitions = resolve(text).unwrap();
        let types: Vec<_> = definitions.fields.iter().map(|field| &field.wish).collect();
        assert!(matches!(types[0], Wish::There { value_type: Some(ValueType::Date), name, .. } if name == "Due"));
        assert!(matches!(types[1], Wish::There { value_type: Some(ValueType::Text), name, .. } if name == "note"));
        assert_eq!(types[2], &Wish::Gone { force: false });
        assert!(matches!(&definitions.categories[0].wish, Wish::There { value_type: None, .. }));
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        for (text, told) in [
            ("fields = [{ key = 'a' }, { key = 'a' }]", "fields[1]: `a` is declared twice"),
            ("fields = [{ key = 'a', type = 'colour' }]", "not a type"),
            ("fields = [{ key = 'a', type = 'enum' }]", "an enum needs `values`"),
            ("categories = [{ key = 'a', type = 'text' }]", "a category has no type"),
            ("categories = [{ key = 'a', force = true }]", "goes with `delete`"),
            ("categories = [{ key = 'a', delete = true, name = 'A' }]", "nothing but its key"),
            ("categories = [{ }]", "needs a `key`"),
        ] {
            let error = resolve(text).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn a_file_beside_the_job_declares_too_and_the_job_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let file = |text: &str| fs_err::write(folder.join("d.toml"), text).unwrap();
        let job = "on_difference = 'keep'\nfile = 'd.toml'\nfields = [{ key = 'due', type = 'number' }]";
        let tables = "[[definitions.categories]]\nkey = 'layer'\n[[definitions.fields]]\nkey = 'due'\ntype = 'date'\n";
        for tables in [tables.to_owned(), tables.replace("definitions.", "")] {
            file(&tables);
            let read = resolve_in(folder, job).unwrap();
            assert_eq!((read.categories[0].key.as_str(), read.fields.len()), ("layer", 1));
            assert!(matches!(&read.fields[0].wish, Wish::There { value_type: Some(ValueType::Number), .. }));
            assert_eq!(read.on_difference, OnDifference::Keep);
        }
        file("[[fields]]\nkey = 'a'\n\n[[fields]]\nkey = 'b'\ntype = 'colour'\n");
        let told = resolve_in(folder, job).unwrap_err();
        assert!(told.contains("d.toml: TOML parse error at line 4, column 1\n"), "{told}");
        assert!(
            told.ends_with(
                "definitions.fields[1]: `b`: `colour` is not a type: enum, number, date, text, number-list, text-list"
            ),
            "{told}"
        );
        file("[[fields]]\nkey = 'a'\nkind = 'b'\n");
        let told = resolve_in(folder, job).unwrap_err();
        assert!(told.contains("d.toml: TOML parse error at line 3, column 1"), "{told}");
        let told = resolve_in(folder, "file = 'gone.toml'").unwrap_err();
        assert!(told.starts_with("cannot read the definitions") && told.contains("gone.toml"), "{told}");
    }
}
