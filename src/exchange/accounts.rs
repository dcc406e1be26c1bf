//! Who we are, as Access Management tells it (EXCHANGE.md §1.5).

use serde::Deserialize;

use super::Exchange;
use crate::net::{Call, CallError, Client};

/// An organization or business group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Organization {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// Whether it is the root of its tree.
    pub is_root: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Me {
    user: User,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct User {
    organization_id: Option<String>,
    organization: Option<Organization>,
    member_of_organizations: Vec<Organization>,
}

impl Exchange {
    /// The organizations of whoever signs the calls: their own first.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn my_organizations(client: &Client) -> Result<Vec<Organization>, CallError> {
        let me: Me = client.call(Call::get("/accounts/api/me")).await?.json()?;
        let User { organization_id, organization, member_of_organizations } = me.user;
        let own = organization
            .or_else(|| organization_id.map(|id| Organization { id, ..Organization::default() }))
            .filter(|own| !own.id.is_empty());
        let others = member_of_organizations.into_iter();
        Ok(own.into_iter().chain(others).collect())
    }
}
