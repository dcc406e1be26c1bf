//! What tests of this room use: the sandbox of this process, seen by somebody.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use crate::{
    asset::AssetDraft,
    engine::{Event, Sink},
    exchange::{Exchange, PublishHeaders, PublishRequest},
    net::{Client, ClientSettings, Credentials, InProcessTransport, PaceSettings, RetrySettings},
    sandbox::{OrganizationSetting, Reset, Sandbox, Settings},
};

pub(super) const ROOT: &str = "root-org";
pub(super) const GROUP: &str = "business-group";

/// A sandbox with a root organization and a business group.
pub(super) fn sandbox() -> Sandbox {
    let group = OrganizationSetting { parent: Some(ROOT.to_owned()), ..OrganizationSetting::root(GROUP) };
    let organizations = vec![OrganizationSetting::root(ROOT), group];
    Sandbox::open(Settings { organizations, ..Settings::default() }).expect("opens")
}

/// An organization of it, seen by whoever has a role there.
pub(super) fn seen(sandbox: &Sandbox, organization: &str, role: &str) -> Exchange {
    let ready = sandbox.ready_line("");
    let all = ready["organizations"].as_array().expect("are listed");
    let known = all.iter().find(|known| known["id"] == organization).expect("is there");
    let token = known[role]["token"].as_str().expect("has a token");
    let client = Client::new(ClientSettings {
        origin: "https://sandbox.test".parse().expect("parses"),
        transport: Arc::new(InProcessTransport::new(sandbox.router("https://sandbox.test"), |extensions| {
            extensions.get::<Reset>().is_some()
        })),
        credentials: Some(Credentials::Bearer(token.to_owned().into())),
        pace: PaceSettings::default(),
        retry: RetrySettings { tries: 1, ..RetrySettings::default() },
        user_agent: "consign-test".to_owned(),
    });
    Exchange::new(client, organization.to_owned())
}

/// How many requests of a method the sandbox answered.
pub(super) fn asked(sandbox: &Sandbox, method: &str) -> u64 {
    let stats = sandbox.stats();
    let endpoints = stats["requests"].as_object().expect("are counted").iter();
    let of_method = endpoints.filter(|(endpoint, _)| endpoint.starts_with(&format!("{method} ")));
    of_method
        .flat_map(|(_, statuses)| statuses.as_object().expect("by status").values())
        .filter_map(serde_json::Value::as_u64)
        .sum()
}

/// A custom asset without files.
pub(super) fn draft(gav: &str) -> AssetDraft {
    serde_json::from_value(json!({
        "coordinates": gav, "type": "custom", "name": "An asset", "path": "x", "stamp": "s"
    }))
    .expect("is a draft")
}

/// Publishes a draft that needs no files.
pub(super) async fn publish(exchange: &Exchange, draft: &AssetDraft) {
    let request = PublishRequest::from_draft(draft, Vec::new(), true, PublishHeaders::default());
    exchange.publish(&request).await.expect("is published");
}

/// Keeps every event as JSON.
#[derive(Debug, Default)]
pub(super) struct Book(Mutex<Vec<serde_json::Value>>);

impl Book {
    pub(super) fn events(&self) -> Vec<serde_json::Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Sink for Book {
    fn emit(&self, event: &Event) {
        let event = serde_json::to_value(event).expect("is plain data");
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}
