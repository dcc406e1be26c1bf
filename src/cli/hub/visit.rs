//! Getting to a portal: server, credentials, and which one.

use super::{
    super::{
        Problem,
        connect::{self, Connected},
        status::journal_problem,
    },
    args::PlaceArgs,
    cannot,
};
use crate::{
    hub::{Hub, PortalChoice},
    job::{CredentialsFrom, DEFAULT_HOST, Job, Overrides, Place},
    journal::Lock,
    net::{Client, Origin, PaceSettings},
};

/// A server that lets us in, and how results are shown.
pub(super) struct Visit {
    pub(super) client: Client,
    pub(super) json: bool,
    choice: PortalChoice,
    /// What the job connected, and the lock of its journal where the sandbox beside that is visited.
    job: Option<(Connected, Option<Lock>)>,
}

impl Visit {
    /// Signs in. The portal is looked for when it is needed.
    pub(super) async fn begin(args: &PlaceArgs) -> Result<Self, Problem> {
        let mut visit = match &args.job {
            Some(_) => Self::of_job(args).await?,
            None => Self::by_hand(args).await?,
        };
        visit.choice.portal.clone_from(&args.portal);
        visit.choice.target_organization.clone_from(&args.target_organization);
        visit.client.sign_in().await.map_err(|error| {
            Problem::new(format!("cannot sign in at {}", visit.client.origin())).because(&error).hint(error.hint())
        })?;
        Ok(visit)
    }

    async fn of_job(args: &PlaceArgs) -> Result<Self, Problem> {
        let over = Overrides {
            sandbox: args.sandbox,
            host: args.host.clone(),
            organization: args.organization.clone(),
            ..Overrides::default()
        };
        let file = args.job.as_deref().expect("is asked for only where there is one");
        let mut job = Job::load(file, &over, &|name| std::env::var(name).ok())
            .map_err(|error| Problem::of(&error).hint(error.hint()))?;
        // The hub takes bearer tokens only, so a connected app fetches one here whatever it does elsewhere.
        job.target.credentials.basic = false;
        // The sandbox's state beside the journal is no more for two than the journal is.
        let lock = match &job.target.place {
            Place::Sandbox => Some(Lock::take_soon(&job.journal).map_err(journal_problem)?),
            Place::Host(_) => None,
        };
        let connected = connect::connect(&job).await?;
        let exchange = &connected.connection.exchange;
        let choice = PortalChoice { organization: Some(exchange.organization().to_owned()), ..PortalChoice::default() };
        Ok(Self { client: exchange.client().clone(), json: args.json, choice, job: Some((connected, lock)) })
    }

    async fn by_hand(args: &PlaceArgs) -> Result<Self, Problem> {
        if args.sandbox {
            return Err(Problem::new("--sandbox is the sandbox of a job")
                .hint(Some("name the job with --job, or the address of a running `consign sandbox` with --host")));
        }
        let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let host = args.host.clone().or_else(|| env("ANYPOINT_HOST")).unwrap_or_else(|| DEFAULT_HOST.to_owned());
        let origin: Origin = host.parse().map_err(|error| Problem::new("--host").because(&error))?;
        let credentials = connect::credentials(&CredentialsFrom::default()).await?;
        let client = connect::door(origin, credentials, None, PaceSettings::default())?;
        let organization = args.organization.clone().or_else(|| env("ANYPOINT_ORG"));
        Ok(Self {
            client,
            json: args.json,
            choice: PortalChoice { organization, ..PortalChoice::default() },
            job: None,
        })
    }

    /// Goes in.
    pub(super) async fn portal(&self) -> Result<Hub, Problem> {
        Hub::open(&self.client, &self.choice).await.map_err(cannot("look for the portal"))
    }

    /// Ends what lives inside this process.
    pub(super) async fn end(self) {
        if let Some((connected, _lock)) = self.job {
            connected.close().await;
        }
    }
}
