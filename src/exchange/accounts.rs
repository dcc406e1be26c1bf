//! Who we are, as Access Management tells it (EXCHANGE.md §1.5).

use serde::Deserialize;

use super::{Exchange, tolerant::nullable};
use crate::net::{Call, CallError, Client};

/// An organization or business group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Organization {
    /// The id.
    pub id: String,
    /// The name.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Whether it is the root of its tree.
    #[serde(deserialize_with = "nullable")]
    pub is_root: bool,
    /// The organization above it, of a business group.
    pub parent_id: Option<String>,
}

/// Whoever signs the calls; of a connected app, the user who made it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Me {
    /// Their organizations, their own first. One may come twice, and tell more the second time.
    pub organizations: Vec<Organization>,
    /// Where they may contribute; `None` where the server does not tell.
    pub contributor_of: Option<Vec<Organization>>,
    /// Whether a connected app signs: all else is then told of its maker, whose rights are not those of the app.
    pub is_connected_app: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    client: Option<serde::de::IgnoredAny>,
    user: User,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct User {
    organization_id: Option<String>,
    organization: Option<Organization>,
    #[serde(deserialize_with = "nullable")]
    member_of_organizations: Vec<Organization>,
    contributor_of_organizations: Option<Vec<Organization>>,
}

impl Me {
    /// The root of the tree that an organization belongs to, as far as it is known; else the organization itself.
    #[must_use]
    pub fn root_of<'a>(&'a self, organization: &'a str) -> &'a str {
        let mut place = organization;
        // No line is longer than there are organizations, whatever the parents say.
        for _ in 0..self.organizations.len() {
            let told = || self.organizations.iter().filter(|known| known.id == place);
            if told().next().is_none() || told().any(|known| known.is_root) {
                break;
            }
            match told().find_map(|known| known.parent_id.as_deref().filter(|parent| !parent.is_empty())) {
                Some(parent) => place = parent,
                // Whoever is a member of several organizations is one within a single tree.
                None => return self.organizations.iter().find(|known| known.is_root).map_or(place, |root| &root.id),
            }
        }
        place
    }

    /// The organizations above one, and itself.
    pub fn line<'a>(&'a self, organization: &'a str) -> impl Iterator<Item = &'a str> {
        let parent = |place: &&'a str| {
            let mut told = self.organizations.iter().filter(|known| known.id == **place && !known.is_root);
            told.find_map(|known| known.parent_id.as_deref())
        };
        std::iter::successors(Some(organization), parent).take(self.organizations.len() + 1)
    }
}

impl Exchange {
    /// Whoever signs the calls.
    ///
    /// From Access Management: `GET /accounts/api/me`. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn me(client: &Client) -> Result<Me, CallError> {
        let answer: Answer = client.call(Call::get("/accounts/api/me")).await?.json()?;
        let User { organization_id, organization, member_of_organizations, contributor_of_organizations } = answer.user;
        let own = organization
            .or_else(|| organization_id.map(|id| Organization { id, ..Organization::default() }))
            .filter(|own| !own.id.is_empty());
        Ok(Me {
            organizations: own.into_iter().chain(member_of_organizations).collect(),
            contributor_of: contributor_of_organizations,
            is_connected_app: answer.client.is_some(),
        })
    }

    /// The organizations of whoever signs the calls: their own first.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn my_organizations(client: &Client) -> Result<Vec<Organization>, CallError> {
        Ok(Self::me(client).await?.organizations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization(id: &str, parent: Option<&str>, is_root: bool) -> Organization {
        Organization { id: id.to_owned(), parent_id: parent.map(str::to_owned), is_root, ..Organization::default() }
    }

    #[test]
    fn a_root_is_found_by_the_parents_or_by_its_flag() {
        let me = |organizations: Vec<Organization>| Me { organizations, ..Me::default() };
        let tree = [organization("root", None, true), organization("bg", Some("root"), false)];
        let deep = me([tree.as_slice(), &[organization("team", Some("bg"), false)]].concat());
        assert_eq!(["root", "bg", "team", "other"].map(|id| deep.root_of(id)), ["root", "root", "root", "other"]);
        assert_eq!(deep.line("team").collect::<Vec<_>>(), ["team", "bg", "root"]);
        // Whoever belongs to a business group alone is told of its parent, and not of the root itself.
        assert_eq!(me(vec![organization("bg", Some("root"), false)]).root_of("bg"), "root");
        // The own organization may be told without its parent first.
        let twice = me(vec![organization("bg", None, false), organization("bg", Some("root"), false)]);
        assert_eq!(twice.root_of("bg"), "root");
        let flat = me(vec![organization("bg", None, false), organization("root", None, true)]);
        assert_eq!(flat.root_of("bg"), "root");
        let silent = me(vec![organization("bg", None, false)]);
        assert_eq!(silent.root_of("bg"), "bg");
        let circle = me(vec![organization("a", Some("b"), false), organization("b", Some("a"), false)]);
        assert!(["a", "b"].contains(&circle.root_of("a")) && circle.line("a").count() <= 3);
    }
}
