//! Who makes a request, and what they may do (EXCHANGE.md §1.3).

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::{Deserialize, Serialize};

use super::{app::App, directory::Directory, problem::Problem, store::AssetRecord};

/// What somebody may do in an organization and the business groups below it, or with one asset. Each includes the
/// one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    /// Reads and downloads.
    Viewer,
    /// Creates assets and edits their pages and tags; makes versions in development stable.
    Contributor,
    /// Shares, deprecates, deletes; instances; categories and custom fields.
    #[serde(rename = "admin")]
    Administrator,
}

impl Role {
    /// The name of the role in the API.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Contributor => "contributor",
            Self::Administrator => "admin",
        }
    }
}

/// Somebody who can sign in: a user, or a connected app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Principal {
    /// The id of the user, or the client id.
    pub(super) id: String,
    /// The name of the user, or of the connected app.
    pub(super) name: String,
    /// The organization that the rights hold for, with all below it.
    pub(super) organization: String,
    pub(super) role: Role,
    /// The user's password, or the client's secret.
    pub(super) secret: String,
    /// A token that does not end.
    pub(super) token: String,
    /// The owner of a connected app, in whose name it acts; a user acts in their own.
    pub(super) owner: Option<String>,
}

impl Principal {
    /// The user in whose name this principal acts.
    pub(super) fn user(&self) -> &str {
        self.owner.as_deref().unwrap_or(&self.id)
    }
}

/// Who makes a request.
///
/// Handlers take it as an argument and ask it before they do anything.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) principal: Arc<Principal>,
    pub(super) directory: Arc<Directory>,
}

impl Caller {
    /// The id of the user who acts.
    pub(super) fn user_id(&self) -> &str {
        self.principal.user()
    }

    /// What an asset can be shared with, to be shared with the caller.
    pub(super) fn identities(&self) -> Vec<String> {
        vec![self.user_id().to_owned(), self.principal.organization.clone()]
    }

    /// What the caller may do in an organization.
    pub(super) fn role_in(&self, organization: &str) -> Option<Role> {
        self.directory.is_within(organization, &self.principal.organization).then_some(self.principal.role)
    }

    /// Refuses whoever has less than a role in an organization, or whose organization is not there.
    pub(super) fn must_be(&self, role: Role, organization: &str) -> Result<(), Problem> {
        if self.role_in(organization).is_some_and(|held| held >= role) { Ok(()) } else { Err(Problem::forbidden()) }
    }

    /// What the caller may do with an asset: what their role allows, what was shared with them, and everything with
    /// what they made.
    pub(super) fn role_for(&self, asset: &AssetRecord) -> Option<Role> {
        let public = (!asset.public_groups.is_empty()).then_some(Role::Viewer);
        self.role_held(asset).max(public)
    }

    /// Whether the caller sees all of an asset; a stranger sees what is public.
    pub(super) fn is_insider(&self, asset: &AssetRecord) -> bool {
        self.role_held(asset).is_some()
    }

    fn role_held(&self, asset: &AssetRecord) -> Option<Role> {
        let made = (asset.owner.as_deref() == Some(self.user_id())
            && self.role_in(&asset.organization) >= Some(Role::Contributor))
        .then_some(Role::Administrator);
        let shared = asset.shared.iter().filter(|share| share.is_with(self)).map(|share| share.role).max();
        self.role_in(&asset.organization).max(made).max(shared)
    }

    /// Refuses whoever may not do something with an asset. Whoever may not even see it is told that it is not there.
    pub(super) fn must_be_for(&self, role: Role, asset: &AssetRecord) -> Result<(), Problem> {
        match self.role_for(asset) {
            Some(held) if held >= role => Ok(()),
            Some(_) => Err(Problem::forbidden()),
            None => Err(Problem::not_found("Asset not found")),
        }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::unauthorized)
    }
}
