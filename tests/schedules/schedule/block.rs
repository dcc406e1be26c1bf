//! Seeds that share a server: each has an organization of its own on it, and sees nothing of the others.

use std::time::Duration;

use axum::Router;
use consign::{
    net::Credentials,
    sandbox::{Latency, OrganizationSetting, Sandbox, Settings},
};
use fastrand::Rng;
use serde_json::Value;

use super::wire::ORIGIN;

/// How many seeds share a server: opening one costs as much as a whole schedule.
pub(crate) const SEEDS: u64 = 16;

/// A server, and how it behaves.
#[derive(Debug)]
pub(crate) struct Block {
    number: u64,
    /// Whether publications run longer than anybody waits.
    pub(crate) hangs: bool,
    pub(crate) sandbox: Sandbox,
    pub(crate) router: Router,
}

/// Who comes to the server in a schedule.
#[derive(Debug)]
pub(crate) struct Visitor {
    id: String,
    secret: String,
    pub(crate) token: String,
}

/// The organization of a seed.
pub(crate) fn organization(seed: u64) -> String {
    format!("5a4d0b0e-0c5a-4b1e-9d2f-{:012x}", seed % SEEDS)
}

impl Block {
    /// The server of a seed.
    pub(crate) fn of(seed: u64) -> Result<Self, String> {
        let number = seed / SEEDS;
        let mut random = Rng::with_seed(!number);
        let hangs = random.u32(..100) == 0;
        let (least, most) = match random.u32(..4) {
            _ if hangs => (Duration::from_hours(3), Duration::from_hours(4)),
            0 => (Duration::ZERO, Duration::ZERO),
            1 => (Duration::from_millis(50), Duration::from_secs(2)),
            2 => (Duration::from_millis(500), Duration::from_secs(20)),
            _ => (Duration::ZERO, Duration::from_millis(300)),
        };
        let settings = Settings {
            organizations: (0..SEEDS).map(|seed| OrganizationSetting::root(organization(seed))).collect(),
            one_by_one: true,
            publish_latency: Latency { least, most },
            token_lifetime: if random.u32(..4) == 0 { Duration::from_secs(20) } else { Duration::from_hours(1) },
            seed: number,
            ..Settings::default()
        };
        let sandbox = Sandbox::open(settings).map_err(|error| error.to_string())?;
        Ok(Self { number, hangs, router: sandbox.router(ORIGIN), sandbox })
    }

    /// Whether it is the server of a seed.
    pub(crate) fn serves(&self, seed: u64) -> bool {
        seed / SEEDS == self.number
    }

    /// The administrators of all organizations, by the place of their seed.
    pub(crate) fn visitors(&self) -> Vec<Visitor> {
        let ready = self.sandbox.ready_line(ORIGIN);
        let organizations = ready["organizations"].as_array().cloned().unwrap_or_default();
        let find = |seed| organizations.iter().find(|known| known["id"] == organization(seed).as_str());
        (0..SEEDS).filter_map(|seed| find(seed).map(Visitor::of)).collect()
    }
}

impl Visitor {
    fn of(organization: &Value) -> Self {
        let text = |key: &str| organization["admin"][key].as_str().unwrap_or_default().to_owned();
        Self { id: text("clientId"), secret: text("clientSecret"), token: text("token") }
    }

    /// The token that does not end, or what fetches one.
    pub(crate) fn credentials(&self, is_bearer: bool) -> Credentials {
        if is_bearer {
            return Credentials::Bearer(self.token.clone().into());
        }
        Credentials::ConnectedApp { id: self.id.clone(), secret: self.secret.clone().into() }
    }
}
