//! Where the operations are.

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{any, get, patch, post, put},
};

use super::{
    super::app::App,
    access, applications, discovery, documents, portals,
    refusal::{Refusal, guard},
};

/// All calls of the API Experience Hub. They let their visitors in themselves.
pub(in super::super) fn routes(app: &App) -> Router<App> {
    const HUB: &str = "/api-experience-hub";
    const PORTAL: &str = "/api-experience-hub/xapi/v1/portals/{org}/{portal}";
    let asset = |rest: &str| format!("{PORTAL}/assets/{{group}}/{{asset}}/{{minor}}/{rest}");
    let application = |rest: &str| format!("{PORTAL}/applications/{{application}}{rest}");
    Router::new()
        .route(&format!("{HUB}/api/v1/connections"), get(portals::connections))
        .route(&format!("{HUB}/api/v1/connections/{{connection}}/apiPortals"), get(portals::portals))
        .route(&format!("{PORTAL}/assets"), get(discovery::list))
        .route(&format!("{PORTAL}/assets/search"), post(discovery::search))
        .route(&asset("details"), get(discovery::details))
        .route(&asset("terms"), get(documents::terms))
        .route(&asset("pages/{*page}"), get(documents::page))
        .route(&asset("resources/{resource}"), get(documents::resource))
        .route(&asset("applications"), post(applications::create))
        .route(&asset("instances/{instance}/tiers"), get(access::tiers))
        .route(&asset("instances/{instance}/provider/grantTypes"), get(access::grant_types_of_instance))
        .route(&asset("contracts"), post(access::create))
        .route(&asset("contracts/{application}/{instance}"), get(access::get))
        .route(&format!("{PORTAL}/applications"), get(applications::list))
        .route(&format!("{PORTAL}/applications/exists"), get(applications::exists))
        .route(&application(""), get(applications::get).put(applications::update).delete(applications::delete))
        .route(&application("/secret/reset"), post(applications::reset_secret))
        .route(&application("/provider/grantTypes"), get(access::grant_types_of_application))
        .route(&application("/contracts"), get(access::list))
        .route(&application("/contracts/{contract}/tiers/{tier}"), patch(access::assign_tier))
        .route(&format!("{HUB}/{{*rest}}"), any(async || Refusal::not_found("There is no such resource")))
        .route_layer(from_fn_with_state(app.clone(), guard))
}

/// The control surface: not part of the API, and without authentication.
pub(in super::super) fn control() -> Router<App> {
    Router::new().route("/_sandbox/applications/{application}/contracts/{contract}", put(access::decide))
}
