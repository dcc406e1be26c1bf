//! Where the portal is, by the two calls of the Management API that tell it (EXCHANGE.md §7).

use serde::{Deserialize, Serialize};

use super::{
    Hub, HubError, PortalAddress,
    tolerant::{id, maybe_id},
};
use crate::net::{Call, CallError, Client, path_of};

/// The connection of an Anypoint organization to the organization whose portals show its APIs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// The id.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// The Anypoint organization.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The connected organization, whose id begins the paths of its portals.
    #[serde(deserialize_with = "id")]
    pub target_organization_id: String,
    /// Its host.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub target_organization_domain: Option<String>,
}

/// A portal of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Portal {
    /// The id that stands in the paths.
    #[serde(deserialize_with = "id")]
    pub target_portal_id: String,
    /// The name.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Which portal is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PortalChoice {
    /// The id of the connected organization.
    pub target_organization: Option<String>,
    /// The id or the name of the portal.
    pub portal: Option<String>,
    /// The Anypoint organization, where that decides between several.
    pub organization: Option<String>,
}

impl Hub {
    /// The connections that the caller may see.
    ///
    /// From the Management API: `GET /api-experience-hub/api/v1/connections`, a bare array. A read. It is for those who
    /// run portals: whoever only visits one is told its ids by them.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn connections(client: &Client) -> Result<Vec<Connection>, CallError> {
        client.call(Call::get("/api-experience-hub/api/v1/connections")).await?.json()
    }

    /// The portals of a connection.
    ///
    /// From the Management API: `GET …/connections/{connectionId}/apiPortals`, a bare array. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn portals(client: &Client, connection_id: &str) -> Result<Vec<Portal>, CallError> {
        let path = path_of(&["api-experience-hub", "api", "v1", "connections"], &[&connection_id, &"apiPortals"])?;
        client.call(Call::get(path)).await?.json()
    }

    /// All portals that the caller may see, with their connections.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn all_portals(client: &Client) -> Result<Vec<(Connection, Portal)>, CallError> {
        let mut all = Vec::new();
        for connection in Self::connections(client).await? {
            let portals = Self::portals(client, &connection.id).await?;
            all.extend(portals.into_iter().map(|portal| (connection.clone(), portal)));
        }
        Ok(all)
    }

    /// Opens the portal that is meant. Where both ids are given nothing is asked; otherwise the Management API is, and
    /// what is given has to lead to exactly one portal.
    ///
    /// # Errors
    /// [`HubError::NoPortal`], [`HubError::SeveralPortals`], [`HubError::Unlisted`] where the caller may not ask.
    pub async fn open(client: &Client, choice: &PortalChoice) -> Result<Self, HubError> {
        if let (Some(target_organization), Some(portal)) = (&choice.target_organization, &choice.portal) {
            let address = PortalAddress { target_organization: target_organization.clone(), portal: portal.clone() };
            return Ok(Self::new(client.clone(), address));
        }
        let all = Self::all_portals(client).await.map_err(|error| match error.http() {
            Some(401 | 403 | 404) => HubError::Unlisted(error),
            _ => error.into(),
        })?;
        let (connection, portal) = choice.pick(all)?;
        let address =
            PortalAddress { target_organization: connection.target_organization_id, portal: portal.target_portal_id };
        Ok(Self::new(client.clone(), address))
    }
}

impl PortalChoice {
    fn pick(&self, all: Vec<(Connection, Portal)>) -> Result<(Connection, Portal), HubError> {
        let mut fitting: Vec<_> =
            all.into_iter().filter(|(connection, portal)| self.fits(connection, portal)).collect();
        if fitting.len() > 1 && self.organization.is_some() {
            let of = |(connection, _): &(Connection, Portal)| connection.organization_id == self.organization;
            let own: Vec<_> = fitting.iter().filter(|both| of(both)).cloned().collect();
            if !own.is_empty() {
                fitting = own;
            }
        }
        match fitting.len() {
            0 => Err(HubError::NoPortal { wanted: self.portal.clone().or_else(|| self.target_organization.clone()) }),
            1 => Ok(fitting.swap_remove(0)),
            _ => Err(HubError::SeveralPortals { portals: fitting.iter().map(|(_, portal)| portal.label()).collect() }),
        }
    }

    fn fits(&self, connection: &Connection, portal: &Portal) -> bool {
        let is = |wanted: &Option<String>, known: &str| wanted.as_deref().is_none_or(|wanted| wanted == known);
        is(&self.target_organization, &connection.target_organization_id)
            && (is(&self.portal, &portal.target_portal_id) || (portal.name.is_some() && self.portal == portal.name))
    }
}

impl Portal {
    /// The name with the id, or the id alone.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} ({})", self.target_portal_id),
            None => self.target_portal_id.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(organization: &str, target: &str, portal: &str, name: &str) -> (Connection, Portal) {
        let connection = Connection {
            id: format!("c-{target}"),
            organization_id: Some(organization.to_owned()),
            target_organization_id: target.to_owned(),
            target_organization_domain: None,
        };
        (connection, Portal { target_portal_id: portal.to_owned(), name: Some(name.to_owned()) })
    }

    fn picked(choice: &PortalChoice) -> Result<String, String> {
        let all =
            vec![known("o1", "t1", "p1", "Shop"), known("o1", "t1", "p2", "Bank"), known("o2", "t2", "p3", "Shop")];
        choice.pick(all).map(|(_, portal)| portal.target_portal_id).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_given_has_to_lead_to_one_portal() {
        let choice = |target: &str, portal: &str, organization: &str| {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            PortalChoice { target_organization: some(target), portal: some(portal), organization: some(organization) }
        };
        assert_eq!(picked(&choice("", "p3", "")), Ok("p3".to_owned()));
        assert_eq!(picked(&choice("", "Bank", "")), Ok("p2".to_owned()));
        assert_eq!(picked(&choice("t2", "", "")), Ok("p3".to_owned()));
        assert_eq!(picked(&choice("", "Shop", "o1")), Ok("p1".to_owned()), "the organization decides");
        assert_eq!(picked(&choice("", "p3", "o1")), Ok("p3".to_owned()), "and only where nothing else does");
        assert!(picked(&choice("", "Shop", "")).expect_err("are two").contains("Shop (p1), Shop (p3)"));
        assert!(picked(&choice("t2", "p1", "")).is_err(), "is in another organization");
    }
}
