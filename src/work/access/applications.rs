//! Which applications there are: one list, read once for all items of a run.

use std::{collections::HashMap, sync::OnceLock};

use crate::{
    hub::Hub,
    journal::Failure,
    net::CallError,
    source::{MappedApplication, Mapping},
    work::portal::{MISSING, OwnApplications},
};

/// The applications of whoever asks, and what those of another portal have become.
#[derive(Debug, Default)]
pub(super) struct Applications {
    own: OwnApplications,
    /// Their names by id, for rows that do not name one.
    names: OnceLock<HashMap<String, String>>,
    mapping: Mapping,
}

/// An application that is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::work) struct Named {
    pub(super) id: String,
    pub(super) name: String,
}

impl Applications {
    pub(super) fn new(mapping: Mapping) -> Self {
        Self { mapping, ..Self::default() }
    }

    /// The application that a row names: by its name; by an id that it had elsewhere; by its own id.
    pub(super) async fn find(&self, hub: &Hub, wanted: &str) -> Result<Result<Named, Failure>, CallError> {
        let ids = self.own.all(hub).await?;
        let known = Known { ids, names: &|| self.names.get_or_init(|| turned(ids)) };
        Ok(known.find(wanted, self.mapping.of(wanted)))
    }
}

fn turned(ids: &HashMap<String, String>) -> HashMap<String, String> {
    ids.iter().map(|(name, id)| (id.clone(), name.clone())).collect()
}

/// Names and ids, each by the other.
struct Known<'a> {
    ids: &'a HashMap<String, String>,
    names: &'a dyn Fn() -> &'a HashMap<String, String>,
}

impl Known<'_> {
    fn find(&self, wanted: &str, mapped: Option<&MappedApplication>) -> Result<Named, Failure> {
        let by_name = |name: &str| self.ids.get(name).map(|id| Named { id: id.clone(), name: name.to_owned() });
        let by_id = |id: &str| (self.names)().get(id).map(|name| Named { id: id.to_owned(), name: name.clone() });
        if let Some(found) = by_name(wanted) {
            return Ok(found);
        }
        if let Some(mapped) = mapped {
            let found = mapped.id.as_deref().and_then(by_id).or_else(|| by_name(&mapped.name));
            return found.ok_or_else(|| {
                let here = mapped.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
                missing(format!("`{wanted}` has become `{}`{here}, and there is no such application", mapped.name))
            });
        }
        by_id(wanted).ok_or_else(|| missing(format!("there is no application `{wanted}` among yours")))
    }
}

fn missing(message: String) -> Failure {
    let hint = "a job of kind \"applications\" makes it; then `consign retry` asks for its access";
    Failure::new(MISSING, message).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_is_found_by_its_name_then_by_what_it_was_then_by_its_id() {
        let ids = [("Shop", "1"), ("Bank", "2"), ("1", "3")].map(|(name, id)| (name.to_owned(), id.to_owned())).into();
        let names = turned(&ids);
        let known = Known { ids: &ids, names: &|| &names };
        let mapped =
            |name: &str, id: Option<&str>| MappedApplication { name: name.to_owned(), id: id.map(str::to_owned) };
        let found = |wanted, mapped: Option<&MappedApplication>| known.find(wanted, mapped).map(|named| named.id);
        assert_eq!(found("Shop", Some(&mapped("Bank", None))), Ok("1".to_owned()), "a name comes first");
        assert_eq!(found("1", None), Ok("3".to_owned()), "also before an id");
        assert_eq!(found("old", Some(&mapped("Shop", Some("2")))), Ok("2".to_owned()));
        assert_eq!(found("old", Some(&mapped("Shop", Some("gone")))), Ok("1".to_owned()), "it was made anew");
        assert_eq!(found("2", None), Ok("2".to_owned()));
        let gone = found("old", Some(&mapped("Shops", Some("9")))).expect_err("is not there");
        assert!(gone.message.contains("`old` has become `Shops` (9)"), "{gone:?}");
        let none = found("Shops", None).expect_err("is not there");
        assert!(none.hint.is_some_and(|hint| hint.contains("applications")));
    }
}
