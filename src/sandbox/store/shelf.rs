//! Everything that hangs on something else and has no table of its own: pages, instances, applications, organizations.
//!
//! A thing is a JSON document, found by its kind, its owner and its id, and listed in the order of creation. An owner
//! is a path: an organization, `group/asset`, `group/asset/1.0`.

use rusqlite::params;
use serde::{Serialize, de::DeserializeOwned};

use super::{StoreError, Tables, tables::row_count};

/// A kind of thing on the shelf.
pub(in super::super) trait Kept: Serialize + DeserializeOwned {
    /// The name of the kind, which is part of the state.
    const KIND: &'static str;
}

impl Tables {
    /// Puts a thing on the shelf; one with the same owner and id gives way and leaves its place in the order.
    pub(in super::super) fn keep<T: Kept>(&mut self, owner: &str, id: &str, thing: &T) -> Result<(), StoreError> {
        let body = serde_json::to_string(thing).map_err(StoreError::Row)?;
        self.write(
            "INSERT INTO shelf (kind, owner, id, body) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET body = excluded.body",
            params![T::KIND, owner, id, body],
        )?;
        Ok(())
    }

    /// One thing.
    pub(in super::super) fn kept<T: Kept>(&self, owner: &str, id: &str) -> Result<Option<T>, StoreError> {
        const SQL: &str = "SELECT body FROM shelf WHERE kind = ?1 AND owner = ?2 AND id = ?3";
        self.document(SQL, (T::KIND, owner, id))
    }

    /// A page of the things of an owner, in the order of their creation.
    pub(in super::super) fn shelf<T: Kept>(
        &self,
        owner: &str,
        limit: usize,
        offset: usize,
    ) -> Result<Vec<T>, StoreError> {
        self.documents(
            "SELECT body FROM shelf WHERE kind = ?1 AND owner = ?2 ORDER BY number LIMIT ?3 OFFSET ?4",
            params![T::KIND, owner, row_count(limit), row_count(offset)],
        )
    }

    /// Takes a thing away; `false` where there is none.
    pub(in super::super) fn discard<T: Kept>(&mut self, owner: &str, id: &str) -> Result<bool, StoreError> {
        let gone = self.write("DELETE FROM shelf WHERE kind = ?1 AND owner = ?2 AND id = ?3", (T::KIND, owner, id))?;
        Ok(gone > 0)
    }

    /// Takes all things of one kind and owner away.
    pub(in super::super) fn clear<T: Kept>(&mut self, owner: &str) -> Result<usize, StoreError> {
        self.write("DELETE FROM shelf WHERE kind = ?1 AND owner = ?2", (T::KIND, owner))
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Page(String);

    impl Kept for Page {
        const KIND: &'static str = "page";
    }

    #[test]
    fn things_are_found_by_owner_and_id_and_listed_in_the_order_of_creation() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = Utf8Path::from_path(directory.path()).expect("utf-8").join("sandbox.db");
        let mut tables = Tables::open(&path).expect("opens");
        let page = |text: &str| Page(text.to_owned());
        let names = |tables: &Tables, owner: &str| -> Vec<String> {
            tables.shelf::<Page>(owner, 10, 0).expect("reads").into_iter().map(|page| page.0).collect()
        };
        tables.keep("g/a/1.0", "z", &page("one")).expect("writes");
        tables.keep("g/a/1.0", "a", &page("two")).expect("writes");
        tables.keep("g/a-two/1.0", "a", &page("other")).expect("writes");
        tables.keep("g/a/1.0", "z", &page("three")).expect("writes");
        assert_eq!(names(&tables, "g/a/1.0"), ["three", "two"]);
        assert_eq!(tables.shelf::<Page>("g/a/1.0", 1, 1).expect("reads"), [page("two")]);
        assert_eq!(tables.kept::<Page>("g/a/1.0", "a").expect("reads"), Some(page("two")));
        assert_eq!(tables.kept::<Page>("g/a/1.1", "a").expect("reads"), None);
        assert!(tables.discard::<Page>("g/a/1.0", "z").expect("writes"));
        assert!(!tables.discard::<Page>("g/a/1.0", "z").expect("writes"));
        assert_eq!(tables.clear::<Page>("g/a/1.0").expect("writes"), 1);
        assert_eq!(names(&tables, "g/a-two/1.0"), ["other"]);
    }
}
