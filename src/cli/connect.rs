//! From a job to its target: the embedded sandbox, or a server with credentials.

use std::sync::Arc;

use camino::Utf8PathBuf;

use super::Problem;
use crate::{
    engine::Clock,
    exchange::Exchange,
    hub::{Hub, PortalAddress, PortalChoice},
    job::{CredentialsFrom, Job, Kind, Place, PortalName},
    journal::{EXPORT_KEY, PORTAL_KEY},
    net::{
        Client, ClientSettings, Credentials, CredentialsError, Origin, PaceSettings, ReqwestTransport, RetrySettings,
        TransportSettings, VariableNames,
    },
    sandbox::{self, Running, Sandbox},
    work::{self, Connection},
};

/// A target, and the sandbox that it is, where it is one.
pub(super) struct Connected {
    pub(super) connection: Connection,
    embedded: Option<Running>,
}

impl Connected {
    /// Goes into a portal. What belongs to one portal is never taken for what belongs to another, or to an organization.
    async fn enter(&mut self, job: &Job) -> Result<(), Problem> {
        let exchange = &self.connection.exchange;
        let organization = Some(exchange.organization().to_owned()).filter(|organization| !organization.is_empty());
        let PortalName { portal, target_organization } = job.target.portal.clone();
        let choice = PortalChoice { target_organization, portal, organization };
        let hub = Hub::open(exchange.client(), &choice).await.map_err(|error| {
            let table = if job.kind == Kind::Export { "source" } else { "target" };
            let hint = format!(
                "`consign hub portals` lists those that you run; who only visits one names both ids: \
                 {table}.portal and {table}.target_organization"
            );
            let hint = error.call().and_then(|call| call.hint()).map_or(hint, str::to_owned);
            Problem::new("cannot look for the portal").because(&error).hint(Some(hint))
        })?;
        let PortalAddress { target_organization, portal } = hub.address();
        self.connection.key = format!("{PORTAL_KEY}{target_organization}/{portal}");
        self.connection.hub = Some(hub);
        Ok(())
    }

    /// Ends what lives inside this process.
    pub(super) async fn close(self) {
        if let Some(running) = self.embedded {
            running.stop().await;
        }
    }
}

/// Waits for as long as the server asked an earlier run of the job to.
pub(super) async fn pause(job: &Job) {
    let Place::Host(host) = &job.target.place else { return };
    let left = host.parse().map(|origin: Origin| work::pause_left(&origin, &job.journal, Clock::start()));
    let Ok(left) = left.map(Option::unwrap_or_default) else { return };
    if !left.is_zero() {
        let until = jiff::Zoned::now().saturating_add(jiff::SignedDuration::try_from(left).unwrap_or_default());
        tracing::warn!("the server asked an earlier run to wait, until {}", until.strftime("%H:%M:%S"));
        tokio::time::sleep(left).await;
    }
}

/// Connects a job to its target.
///
/// A job that works on a portal, or reads one, is led into it: the portal is looked up as `consign hub` does.
pub(super) async fn connect(job: &Job) -> Result<Connected, Problem> {
    let mut connected = match &job.target.place {
        Place::Sandbox => embedded(job).await,
        Place::Host(host) => remote(job, host).await,
    }?;
    if job.visits_a_portal()
        && let Err(problem) = connected.enter(job).await
    {
        connected.close().await;
        return Err(problem);
    }
    if job.kind == Kind::Export {
        // What was read from a server is never taken for what was sent there.
        connected.connection.key.insert_str(0, EXPORT_KEY);
    }
    Ok(connected)
}

async fn embedded(job: &Job) -> Result<Connected, Problem> {
    let settings = sandbox::Settings {
        organizations: job.target.organization.clone().map(sandbox::OrganizationSetting::root).into_iter().collect(),
        data: Some(job.sandbox.clone()),
        ..sandbox::Settings::default()
    };
    let problem = |error: sandbox::SandboxError| Problem::of(&error).hint(error.hint());
    let sandbox = Sandbox::open(settings).map_err(problem)?;
    let running =
        sandbox::serve(sandbox.clone(), std::net::SocketAddr::from(([127, 0, 0, 1], 0))).await.map_err(problem)?;
    let origin: Origin = running.url.parse().map_err(|error| Problem::new("the sandbox is lost").because(&error))?;
    let given = sandbox.credentials();
    let credentials =
        Credentials::ConnectedApp { id: given.client_id.clone(), secret: given.client_secret.clone().into() };
    let client = client(job, origin, credentials)?;
    let organization = given.organization.clone();
    let group = job.target.group.clone().unwrap_or_else(|| organization.clone());
    let connection = Connection {
        key: format!("sandbox:{organization}"),
        name: "the embedded sandbox".to_owned(),
        exchange: Exchange::new(client, organization),
        hub: None,
        group,
    };
    Ok(Connected { connection, embedded: Some(running) })
}

async fn remote(job: &Job, host: &str) -> Result<Connected, Problem> {
    let origin: Origin = host.parse().map_err(|error| Problem::new("target").because(&error))?;
    let from = &job.target.credentials;
    // A portal takes bearer tokens only: a connected app fetches one there, whatever it does elsewhere.
    let credentials =
        credentials(&CredentialsFrom { basic: from.basic && !job.visits_a_portal(), ..from.clone() }).await?;
    let name = origin.to_string();
    let client = client(job, origin, credentials)?;
    let organization = organization(job, &client, &name).await?;
    let group = job.target.group.clone().unwrap_or_else(|| organization.clone());
    let connection =
        Connection { key: organization.clone(), name, exchange: Exchange::new(client, organization), hub: None, group };
    Ok(Connected { connection, embedded: None })
}

fn client(job: &Job, origin: Origin, credentials: Credentials) -> Result<Client, Problem> {
    let pace = PaceSettings {
        requests_per_second: job.pace.requests_per_second,
        concurrency: job.pace.concurrency,
        ..PaceSettings::default()
    };
    let client = door(origin, credentials, job.target.ca_file.clone(), pace)?;
    work::resume_pace(&client, &job.journal, Clock::start());
    Ok(client)
}

/// Opens the door to a server.
pub(super) fn door(
    origin: Origin,
    credentials: Credentials,
    extra_ca: Option<Utf8PathBuf>,
    pace: PaceSettings,
) -> Result<Client, Problem> {
    let settings = TransportSettings { extra_ca, ..TransportSettings::default() };
    let transport =
        ReqwestTransport::new(&origin, &settings).map_err(|error| Problem::of(&error).hint(error.hint()))?;
    Ok(Client::new(ClientSettings {
        origin,
        transport: Arc::new(transport),
        credentials: Some(credentials),
        pace,
        retry: RetrySettings::default(),
        user_agent: concat!("consign/", env!("CARGO_PKG_VERSION")).to_owned(),
    }))
}

/// The organization's id: the job's, looked up where it is a name, or the caller's own. Whoever names a portal by both of
/// its ids may be a visitor without an organization: then there is none, and nothing is looked up.
async fn organization(job: &Job, client: &Client, host: &str) -> Result<String, Problem> {
    let wanted = job.target.organization.as_deref();
    let table = if job.kind == Kind::Export { "source" } else { "target" };
    if let Some(id) = wanted.filter(|id| uuid::Uuid::parse_str(id).is_ok()) {
        return Ok(id.to_owned());
    }
    // Whoever only visits a portal belongs to no organization, and needs none.
    let PortalName { portal, target_organization } = &job.target.portal;
    let is_settled = portal.is_some() && (target_organization.is_some() || job.kind == Kind::Export);
    if wanted.is_none() && is_settled {
        return Ok(String::new());
    }
    let known = Exchange::my_organizations(client)
        .await
        .map_err(|error| Problem::new(format!("cannot sign in at {host}")).because(&error).hint(error.hint()))?;
    let found = match wanted {
        Some(name) => known.iter().find(|org| org.id == name || org.name == name),
        None => known.first(),
    };
    found.map(|org| org.id.clone()).ok_or_else(|| {
        let message = match wanted {
            Some(name) => format!("no organization of yours is called `{name}`"),
            None => format!("the {table} names no organization"),
        };
        Problem::new(message).hint(Some(format!("set {table}.organization or ANYPOINT_ORG to the organization's id")))
    })
}

/// Where credentials come from, by the job or by the variables of the official CLI.
pub(super) async fn credentials(from: &CredentialsFrom) -> Result<Credentials, Problem> {
    let problem = |error: CredentialsError| {
        let missing = matches!(error, CredentialsError::Nothing { .. });
        Problem::of(&error).hint(missing.then_some(
            "export ANYPOINT_CLIENT_ID and ANYPOINT_CLIENT_SECRET, or rehearse without an account: --sandbox",
        ))
    };
    let credentials = if let Some(command) = &from.command {
        Credentials::from_command(command).await
    } else if let Some(file) = &from.file {
        Credentials::from_file(file)
    } else {
        Credentials::from_variables(&names(from), &|name| std::env::var(name).ok())
    }
    .map_err(problem)?;
    Ok(if from.basic { credentials.into_basic() } else { credentials })
}

/// The variables that the job names, or those of the official CLI.
fn names(from: &CredentialsFrom) -> VariableNames {
    let named = VariableNames {
        bearer: from.bearer_env.clone(),
        username: from.username_env.clone(),
        password: from.password_env.clone(),
        client_id: from.client_id_env.clone(),
        client_secret: from.client_secret_env.clone(),
    };
    if named == VariableNames::default() { VariableNames::official() } else { named }
}
