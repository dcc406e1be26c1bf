//! Which portal a request is about.

use axum::http::HeaderValue;
use serde::Deserialize;

use crate::asset::{AssetType, Coordinates};

use super::super::{
    app::App,
    assets::{coordinates, not_found},
    caller::{Caller, Role},
    problem::Problem,
    store::Tables,
};
use super::{
    content::Draft,
    names::{TERMS, has_terms},
    shelves::{draft_or_new, keep_draft, owner_of},
};

/// The header that stands for the order of the pages.
pub(super) const REVISION: &str = "x-pages-order-revision";

/// The parameters of a path; v1 names the organization too.
#[derive(Debug, Deserialize)]
pub(super) struct At {
    org: Option<String>,
    g: String,
    a: String,
    v: String,
    path: Option<String>,
    id: Option<String>,
}

/// A portal, with what must be known of the version that it was asked for by.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) gav: Coordinates,
    /// `group/asset/1.0`.
    pub(super) owner: String,
    pub(super) version_group: String,
    pub(super) asset_type: AssetType,
}

impl Place {
    /// Refuses terms where there can be none.
    pub(super) fn check_terms(&self) -> Result<(), Problem> {
        if has_terms(&self.asset_type) {
            return Ok(());
        }
        Err(Problem::bad_request(format!("Only APIs have terms, not assets of type {}", self.asset_type)))
    }
}

impl At {
    /// The path of the page.
    pub(super) fn path(&self) -> &str {
        self.path.as_deref().unwrap_or_default().trim_matches('/')
    }

    pub(super) fn is_terms(&self) -> bool {
        self.path() == TERMS
    }

    /// The id of the resource.
    pub(super) fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    /// The organization that a path of v1 names.
    pub(super) fn organization(&self) -> Option<&str> {
        self.org.as_deref()
    }

    /// The segments of the path before the portal.
    pub(super) fn prefix(&self) -> Vec<&str> {
        let mut prefix = match &self.org {
            Some(org) => vec!["exchange", "api", "v1", "organizations", org.as_str(), "assets"],
            None => vec!["exchange", "api", "v2", "assets"],
        };
        prefix.extend([self.g.as_str(), self.a.as_str(), self.v.as_str()]);
        prefix
    }

    /// Finds the portal, for somebody with a role.
    pub(super) fn place(&self, tables: &Tables, caller: &Caller, role: Role) -> Result<Place, Problem> {
        let gav = coordinates(&self.g, &self.a, &self.v)?;
        let (record, version) = tables.version(&gav)?.ok_or_else(not_found)?;
        caller.must_be_for(role, &record)?;
        if self.org.as_ref().is_some_and(|org| *org != record.organization) {
            return Err(not_found());
        }
        Ok(Place { owner: owner_of(&gav), version_group: version.version_group(), asset_type: record.asset_type, gav })
    }

    /// Changes the draft, which is opened where it is not open.
    pub(super) async fn edit<T>(
        &self,
        app: &App,
        caller: &Caller,
        change: impl FnOnce(&Tables, &Place, &mut Draft) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let edit = |tables: &mut Tables| {
            let place = self.place(tables, caller, Role::Contributor)?;
            let mut draft = draft_or_new(tables, &place.owner)?;
            let answer = change(tables, &place, &mut draft)?;
            keep_draft(tables, &place.owner, &draft)?;
            Ok(answer)
        };
        app.state.commit(edit).await
    }
}

/// A revision as a header.
pub(super) fn revision_header(revision: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(revision).map_err(|error| Problem::internal(&error))
}

pub(super) fn no_portal() -> Problem {
    Problem::not_found("Asset documentation does not exist")
}

pub(super) fn no_page() -> Problem {
    Problem::not_found("Page not found")
}
