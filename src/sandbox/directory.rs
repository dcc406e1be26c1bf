//! The organizations of the sandbox, and who can sign in (EXCHANGE.md §1.5).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    caller::{Principal, Role},
    settings::OrganizationSetting,
    store::{Kept, StoreError, Tables},
};

/// An organization, or a business group of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Organization {
    pub(super) id: String,
    pub(super) name: String,
    /// The organization above, of a business group.
    pub(super) parent: Option<String>,
}

impl Organization {
    pub(super) fn is_root(&self) -> bool {
        self.parent.is_none()
    }

    /// The name that public pages and the Maven facade use: the name in lower case, without what a host name cannot hold.
    pub(super) fn domain(&self) -> String {
        let allowed = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        self.name.chars().map(allowed).collect()
    }
}

impl Kept for Organization {
    const KIND: &'static str = "organization";
}

impl Kept for Principal {
    const KIND: &'static str = "principal";
}

/// Why an organization cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// The organization above is not there.
    #[error("the business group {id} needs the organization {parent} above it: name that first")]
    Parent {
        /// The id of the business group.
        id: String,
        /// The id of the organization above.
        parent: String,
    },
    /// No such organization.
    #[error("there is no organization {0}")]
    Unknown(String),
    /// Too many.
    #[error("a sandbox has at most {MOST} organizations")]
    Full,
}

/// All organizations and everybody who can sign in. It is small, read by every request, and never changed in place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Directory {
    pub(super) organizations: Vec<Organization>,
    pub(super) principals: Vec<Arc<Principal>>,
}

/// The most organizations that are read.
const MOST: usize = 10_000;

impl Directory {
    pub(super) fn read(tables: &Tables) -> Result<Self, StoreError> {
        Ok(Self {
            organizations: tables.shelf("", MOST, 0)?,
            principals: tables.shelf("", MOST * 6, 0)?.into_iter().map(Arc::new).collect(),
        })
    }

    pub(super) fn organization(&self, id: &str) -> Option<&Organization> {
        self.organizations.iter().find(|organization| organization.id == id)
    }

    /// An organization and the ones above it, the root last.
    pub(super) fn line<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a Organization> {
        let next = |organization: &&'a Organization| self.organization(organization.parent.as_deref()?);
        // No line is longer than there are organizations, whatever the parents say.
        std::iter::successors(self.organization(id), next).take(self.organizations.len())
    }

    /// The root organization above an organization, or itself.
    pub(super) fn root_of(&self, id: &str) -> Option<&Organization> {
        self.line(id).last()
    }

    /// Whether an organization is another one, or lies below it.
    pub(super) fn is_within(&self, organization: &str, above: &str) -> bool {
        self.line(organization).any(|known| known.id == above)
    }

    /// Whether a user belongs to the tree of an organization. Connected apps do not count: they act for a user.
    pub(super) fn has_member(&self, organization: &str, user: &str) -> bool {
        let root = self.root_of(organization).map_or(organization, |root| &root.id);
        let known = self.by_id(user).filter(|known| known.owner.is_none());
        known.is_some_and(|known| self.is_within(&known.organization, root))
    }

    /// An organization and all below it.
    pub(super) fn below<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Organization> {
        self.organizations.iter().filter(move |organization| self.is_within(&organization.id, id))
    }

    pub(super) fn by_token(&self, token: &str) -> Option<&Arc<Principal>> {
        self.principals.iter().find(|principal| principal.token == token)
    }

    pub(super) fn by_id(&self, id: &str) -> Option<&Arc<Principal>> {
        self.principals.iter().find(|principal| principal.id == id)
    }

    /// The connected app with a client id and a secret.
    pub(super) fn client(&self, id: &str, secret: &str) -> Option<&Arc<Principal>> {
        self.by_id(id).filter(|principal| principal.owner.is_some() && principal.secret == secret)
    }

    /// The user with a name and a password.
    pub(super) fn user(&self, name: &str, password: &str) -> Option<&Arc<Principal>> {
        let is_user = |principal: &&Arc<Principal>| principal.owner.is_none() && principal.name == name;
        self.principals.iter().find(is_user).filter(|principal| principal.secret == password)
    }

    /// The principal of an organization with a role: a user, or a connected app.
    pub(super) fn holder(&self, organization: &str, role: Role, is_app: bool) -> Option<&Arc<Principal>> {
        let holds = |principal: &&Arc<Principal>| {
            principal.organization == organization && principal.role == role && principal.owner.is_some() == is_app
        };
        self.principals.iter().find(holds)
    }

    /// Adds an organization that is asked for, unless it is there.
    pub(super) fn admit(&mut self, setting: &OrganizationSetting) -> Result<(), DirectoryError> {
        if self.organization(&setting.id).is_some() {
            return Ok(());
        }
        if self.organizations.len() >= MOST {
            return Err(DirectoryError::Full);
        }
        if let Some(parent) = setting.parent.as_ref().filter(|parent| self.organization(parent).is_none()) {
            return Err(DirectoryError::Parent { id: setting.id.clone(), parent: parent.clone() });
        }
        let name = setting.name.clone().unwrap_or_else(|| match self.organizations.len() {
            0 => "Sandbox".to_owned(),
            others => format!("Sandbox {}", others + 1),
        });
        self.found(Organization { id: setting.id.clone(), name, parent: setting.parent.clone() });
        Ok(())
    }

    /// Adds an organization, with a user and a connected app for each role.
    fn found(&mut self, organization: Organization) {
        for role in [Role::Administrator, Role::Contributor, Role::Viewer] {
            let user = Principal {
                id: Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{}/{}", organization.id, role.as_str()).as_bytes())
                    .to_string(),
                name: self.free_user_name(&organization, role),
                organization: organization.id.clone(),
                role,
                secret: secret(),
                token: Uuid::new_v4().to_string(),
                owner: None,
            };
            let app = Principal {
                id: secret(),
                name: format!("{} {}", organization.name, role.as_str()),
                organization: organization.id.clone(),
                role,
                secret: secret(),
                token: Uuid::new_v4().to_string(),
                owner: Some(user.id.clone()),
            };
            self.principals.extend([Arc::new(user), Arc::new(app)]);
        }
        self.organizations.push(organization);
    }

    /// `sandbox`, `sandbox-viewer`, …; with a number where two organizations have one name.
    fn free_user_name(&self, organization: &Organization, role: Role) -> String {
        let suffix = if role == Role::Administrator { String::new() } else { format!("-{}", role.as_str()) };
        let plain = format!("{}{suffix}", organization.domain());
        let is_taken = |name: &String| self.principals.iter().any(|principal| principal.name == *name);
        let numbered = (2..).map(|number| format!("{plain}-{number}"));
        std::iter::once(plain.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(plain)
    }

    /// Writes what is not written yet.
    pub(super) fn write(&self, tables: &mut Tables) -> Result<(), StoreError> {
        self.organizations.iter().try_for_each(|organization| tables.keep("", &organization.id, organization))?;
        self.principals.iter().try_for_each(|principal| tables.keep("", &principal.id, principal.as_ref()))
    }
}

fn secret() -> String {
    Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization(id: &str, parent: Option<&str>) -> Organization {
        Organization { id: id.to_owned(), name: id.to_uppercase(), parent: parent.map(str::to_owned) }
    }

    #[test]
    fn what_lies_below_an_organization_is_found_from_both_ends() {
        let mut directory = Directory::default();
        for (id, parent) in [("root", None), ("group", Some("root")), ("team", Some("group")), ("other", None)] {
            directory.found(organization(id, parent));
        }
        assert!(directory.is_within("team", "root") && !directory.is_within("root", "team"));
        assert!(!directory.is_within("other", "root") && !directory.is_within("unknown", "unknown"));
        assert_eq!(directory.root_of("team").map(|root| root.id.as_str()), Some("root"));
        let below: Vec<&str> = directory.below("group").map(|organization| organization.id.as_str()).collect();
        assert_eq!(below, ["group", "team"]);
    }

    #[test]
    fn a_user_is_no_client_and_names_are_not_taken_twice() {
        let mut directory = Directory::default();
        directory.found(Organization { id: "a".to_owned(), name: "Sandbox".to_owned(), parent: None });
        directory.found(Organization { id: "b".to_owned(), name: "Sandbox".to_owned(), parent: None });
        let user = directory.holder("b", Role::Viewer, false).expect("every role has a user");
        assert_eq!(user.name, "sandbox-viewer-2");
        assert!(directory.user(&user.name, &user.secret).is_some());
        assert!(directory.client(&user.id, &user.secret).is_none());
        let app = directory.holder("b", Role::Viewer, true).expect("every role has an app");
        assert_eq!(directory.client(&app.id, &app.secret).map(|app| app.user()), Some(user.id.as_str()));
    }
}
