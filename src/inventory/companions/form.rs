//! `applications.csv` and `access.csv`.

use std::io;

use serde_json::json;

use super::{Access, Application, Found};

/// The file of the applications.
pub const APPLICATIONS: &str = "applications.csv";

/// The file of the contracts.
pub const ACCESS: &str = "access.csv";

/// The columns of applications. Whether the endpoints of instances are redirect URIs too cannot be read from a portal: the
/// column is there for people.
const APPLICATION_COLUMNS: [&str; 9] =
    ["name", "description", "url", "redirectUris", "grantTypes", "apiEndpoints", "asset", "instance", "clientId"];

/// The columns of contracts. Those that stay empty are there for people.
const ACCESS_COLUMNS: [&str; 7] = ["application", "asset", "instance", "tier", "grantTypes", "status", "acceptTerms"];

impl Found {
    /// The text of `applications.csv`.
    ///
    /// # Errors
    /// None that memory does not make.
    pub(in crate::inventory) fn applications_csv(&self) -> io::Result<Vec<u8>> {
        let row = |application: &Application| {
            let Application { name, description, url, redirect_uris, grant_types, asset, instance, client_id } =
                application;
            let (redirects, grants) = (cell(redirect_uris), cell(grant_types));
            [name, description, url, &redirects, &grants, "", asset, instance, client_id].map(str::to_owned)
        };
        to_csv(APPLICATION_COLUMNS, self.applications.iter().map(row))
    }

    /// The text of `access.csv`.
    ///
    /// # Errors
    /// None that memory does not make.
    pub(in crate::inventory) fn access_csv(&self) -> io::Result<Vec<u8>> {
        let row = |access: &Access| {
            let Access { application, asset, instance, tier, status } = access;
            [application, asset, instance, tier, "", status, ""].map(str::to_owned)
        };
        to_csv(ACCESS_COLUMNS, self.access.iter().map(row))
    }
}

fn to_csv<const N: usize>(columns: [&str; N], rows: impl Iterator<Item = [String; N]>) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// The cell of a list: separated by blanks, or a list of JSON where a value could be taken for several.
fn cell(values: &[String]) -> String {
    let is_several = |value: &String| {
        value.is_empty()
            || value.starts_with(['[', '"'])
            || value.contains(|c: char| c.is_whitespace() || matches!(c, ',' | '|'))
    };
    if values.iter().any(is_several) { json!(values).to_string() } else { values.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_could_be_taken_apart_otherwise_are_those_of_json() {
        let cell = |values: &[&str]| cell(&values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
        assert_eq!(cell(&[]), "");
        assert_eq!(cell(&["https://a", "https://b"]), "https://a https://b");
        assert_eq!(cell(&["https://a?b,c"]), "[\"https://a?b,c\"]");
        assert_eq!(cell(&["a|b", "c"]), "[\"a|b\",\"c\"]");
    }
}
