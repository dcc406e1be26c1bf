//! `[remap]` of a job: which coordinates become which.

use std::collections::BTreeMap;

use super::{
    file::{Entries, RemapTable},
    place::shown,
};
use crate::asset::{Remap, RemapTables};

/// What is said of an entry that may hold a secret.
const HIDDEN: &str = "the entry is none of [remap], and may hold a secret";

/// Checks the table; an error names the line and the column, and shows the line, as those of the parser do.
pub(super) fn resolve(table: &RemapTable, text: &str) -> Result<Remap, String> {
    let plain = |entries: &Entries| -> BTreeMap<String, String> {
        entries.iter().map(|(from, to)| (from.get_ref().clone(), to.clone())).collect()
    };
    let tables = RemapTables {
        groups: plain(&table.groups),
        assets: plain(&table.assets),
        organizations: plain(&table.organizations),
        hosts: plain(&table.hosts),
        merge: table.merge,
    };
    Remap::new(tables).map_err(|error| {
        let entries = match error.table {
            "groups" => &table.groups,
            "assets" => &table.assets,
            "organizations" => &table.organizations,
            _ => &table.hosts,
        };
        let key = entries.keys().find(|key| *key.get_ref() == error.entry);
        let message = format!("remap.{error}");
        key.map_or_else(|| message.clone(), |key| shown(text, key.span(), &message, HIDDEN))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Remap, String> {
        resolve(&toml::from_str(text).map_err(|error| error.to_string())?, text)
    }

    #[test]
    fn a_table_reads_as_people_write_it() {
        let remap = read(
            "groups = { 'old' = 'new', \"b1\" = 'b2' }\n[organizations]\norg = 'org2'\n\
             [hosts]\n'anypoint.mulesoft.com' = 'eu1.anypoint.mulesoft.com'\n[assets]\n'x/a' = 'x/b'\n'x/a/1.0.0' = 'y/a/1.0.1'\n",
        )
        .unwrap();
        assert_eq!((remap.group("old"), remap.group("b1"), remap.group("public")), ("new", "b2", "public"));
        assert_eq!(remap.organization("org"), Some("org2"));
        assert_eq!(remap.coordinates(&"x/a/1.0.0".parse().unwrap()).to_string(), "y/a/1.0.1");
    }

    #[test]
    fn a_mistake_is_shown_at_its_place() {
        let told = read("merge = false\n[groups]\na = 'b'\n  \"b\" = 'c'\n").unwrap_err();
        assert_eq!(
            told,
            "TOML parse error at line 3, column 1\n  |\n3 | a = 'b'\n  | ^\n\
             remap.groups: `a` becomes `b`, and another entry makes `c` of that: say the end of it at once"
        );
        for (text, place) in [
            ("[groups]\n'a b' = 'c'\n", "line 2, column 1"),
            ("groups = { a = 'c', b = 'c' }\n", "line 1, column 21"),
            ("assets = { 'g/a' = 'g' }\n", "line 1, column 12"),
            ("hosts = { 'https://x' = 'y' }\n", "line 1, column 11"),
            ("[hosts]\nx = 'https://me:s3cr3t@y'\n", "line 2, column 1"),
            ("group = { a = 'b' }\n", "unknown field `group`"),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.contains(place) && !told.contains("s3cr3t"), "{told}");
        }
    }
}
