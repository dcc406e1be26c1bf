//! A mapping: which application of this portal one of another portal has become.

use std::{collections::HashMap, ops::ControlFlow};

use camino::Utf8Path;

use super::{
    SourceError,
    draft::Place,
    header,
    table::{self, Table},
};

/// The columns, as a job of kind `applications` writes them.
const COLUMNS: &[&str] = &["name", "oldClientId", "newClientId", "oldId", "newId"];

/// Applications by the ids that they had elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping(HashMap<String, MappedApplication>);

/// What an application is called here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedApplication {
    /// Its name.
    pub name: String,
    /// Its id, where the mapping tells it.
    pub id: Option<String>,
}

impl Mapping {
    /// Reads a mapping. Columns that nobody asks for are passed over: people add some.
    ///
    /// # Errors
    /// When the file cannot be read, or is no mapping.
    pub fn read(path: &Utf8Path) -> Result<Self, SourceError> {
        let (mut table, header) = Table::open(path)?;
        let names: Vec<&str> = header.iter().map(|name| name.trim()).collect();
        let place = |column: &str| names.iter().position(|name| name.eq_ignore_ascii_case(column));
        let [Some(name), old_client, _, old, new] = [0, 1, 2, 3, 4].map(|column| place(COLUMNS[column])) else {
            return Err(not_one(path, &names));
        };
        if old_client.is_none() && old.is_none() {
            return Err(not_one(path, &names));
        }
        let mut mapping = HashMap::new();
        let mut wrong = None;
        table.rows(&mut |line, record| {
            let place = Place { path, line: Some(line) };
            let cells = match table::texts(&place, names.iter().copied(), record) {
                Ok(cells) => cells,
                Err(diagnosis) => {
                    wrong = Some((line, diagnosis));
                    return ControlFlow::Break(());
                }
            };
            let cell = |place: Option<usize>| place.map(|place| cells[place]).filter(|text| !text.is_empty());
            let mapped = MappedApplication { name: cells[name].to_owned(), id: cell(new).map(str::to_owned) };
            for known_as in [cell(old_client), cell(old)].into_iter().flatten() {
                mapping.insert(known_as.to_owned(), mapped.clone());
            }
            ControlFlow::Continue(())
        })?;
        match wrong {
            None => Ok(Self(mapping)),
            Some((line, diagnosis)) => Err(SourceError::Row {
                path: path.to_owned(),
                line,
                message: diagnosis.message,
                hint: diagnosis.hint.unwrap_or_default(),
            }),
        }
    }

    /// What has become of the application with an id of another portal.
    #[must_use]
    pub fn of(&self, old: &str) -> Option<&MappedApplication> {
        self.0.get(old)
    }
}

fn not_one(path: &Utf8Path, names: &[&str]) -> SourceError {
    let told: Vec<String> = names.iter().take(8).map(|name| header::tell(name, COLUMNS)).collect();
    SourceError::Header {
        path: path.to_owned(),
        message: format!("is no mapping of applications: its columns are {}", told.join(", ")),
        hint: format!("a job of kind \"applications\" writes one, with the columns {}", COLUMNS.join(",")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Mapping, SourceError> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = Utf8Path::from_path(folder.path()).expect("utf-8").join("ids.csv");
        fs_err::write(&path, text).expect("writes");
        Mapping::read(&path)
    }

    #[test]
    fn an_application_is_found_by_both_of_its_old_ids() {
        let mapping =
            read("name,oldClientId,newClientId,oldId,newId\n\"Shop, old\",c1,c2,7,9\nBank,c3,,,\n").expect("reads");
        let shop = MappedApplication { name: "Shop, old".to_owned(), id: Some("9".to_owned()) };
        assert_eq!((mapping.of("c1"), mapping.of("7")), (Some(&shop), Some(&shop)));
        assert_eq!(mapping.of("c3").map(|bank| (bank.name.as_str(), &bank.id)), Some(("Bank", &None)));
        assert_eq!((mapping.of("c2"), mapping.of("")), (None, None));
    }

    #[test]
    fn what_is_no_mapping_is_refused() {
        let told = read("application,asset\nA,b\n").expect_err("is none").to_string();
        assert!(told.contains("is no mapping of applications"), "{told}");
        assert!(read("name,newId\nA,b\n").is_err(), "it maps nothing");
        let told = read("name,oldId\nA,b\nB\n").expect_err("a cell is missing").to_string();
        assert!(told.contains("ids.csv:3: the row has 1 cells"), "{told}");
        assert!(Mapping::read("nowhere.csv".into()).is_err());
    }
}
