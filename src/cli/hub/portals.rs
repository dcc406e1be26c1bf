//! `consign hub portals`.

use serde::Serialize;

use super::{
    super::{Exit, Problem},
    cannot,
    show::{nothing, show, words},
    visit::Visit,
};
use crate::{
    hub::{Connection, Hub, Portal},
    report::{Table, left},
};

#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    portal: &'a Portal,
    connection: &'a Connection,
}

pub(super) async fn portals(visit: &Visit) -> Result<Exit, Problem> {
    let all = Hub::all_portals(&visit.client).await.map_err(cannot("list the portals"))?;
    if all.is_empty() {
        nothing(visit.json, "you run no portals");
    }
    let listed: Vec<_> = all.iter().map(|(connection, portal)| Listed { portal, connection }).collect();
    show(visit.json, &serde_json::json!({ "portals": listed }), |out| {
        let mut table =
            Table::new(out, vec![left("portal"), left("name"), left("target organization"), left("domain")]);
        for (connection, portal) in &all {
            table.row([
                portal.target_portal_id.clone(),
                words(portal.name.as_deref()),
                connection.target_organization_id.clone(),
                words(connection.target_organization_domain.as_deref()),
            ])?;
        }
        Ok(table.finish()?)
    })
}
