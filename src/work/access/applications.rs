//! Which applications there are: one list, read once for all items of a run.

use std::collections::HashMap;

use futures::TryStreamExt;
use tokio::sync::OnceCell;

use crate::{
    hub::Hub,
    journal::Failure,
    net::CallError,
    source::{MappedApplication, Mapping},
    work::description::MISSING,
};

/// The applications of whoever asks, and what those of another portal have become.
#[derive(Debug, Default)]
pub(super) struct Applications {
    known: OnceCell<Known>,
    mapping: Mapping,
}

/// The list.
#[derive(Debug, Default)]
struct Known {
    ids: HashMap<String, String>,
    names: HashMap<String, String>,
}

/// An application that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: String,
}

impl Applications {
    pub(super) fn new(mapping: Mapping) -> Self {
        Self { known: OnceCell::new(), mapping }
    }

    /// The application that a row names: by its name; by an id that it had elsewhere; by its own id.
    pub(super) async fn find(&self, hub: &Hub, wanted: &str) -> Result<Result<Named, Failure>, CallError> {
        let known = self.known.get_or_try_init(|| Known::read(hub)).await?;
        Ok(known.find(wanted, self.mapping.of(wanted)))
    }
}

impl Known {
    async fn read(hub: &Hub) -> Result<Self, CallError> {
        let mut known = Self::default();
        let mut listed = std::pin::pin!(hub.applications(None, None));
        while let Some(application) = listed.try_next().await? {
            known.names.insert(application.id.clone(), application.name.clone());
            known.ids.insert(application.name, application.id);
        }
        Ok(known)
    }

    fn find(&self, wanted: &str, mapped: Option<&MappedApplication>) -> Result<Named, Failure> {
        let by_name = |name: &str| self.ids.get(name).map(|id| Named { id: id.clone(), name: name.to_owned() });
        let by_id = |id: &str| self.names.get(id).map(|name| Named { id: id.to_owned(), name: name.clone() });
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

    fn known(list: &[(&str, &str)]) -> Known {
        let mut known = Known::default();
        for (id, name) in list {
            known.names.insert((*id).to_owned(), (*name).to_owned());
            known.ids.insert((*name).to_owned(), (*id).to_owned());
        }
        known
    }

    #[test]
    fn an_application_is_found_by_its_name_then_by_what_it_was_then_by_its_id() {
        let known = known(&[("1", "Shop"), ("2", "Bank"), ("3", "1")]);
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
