//! `consign sandbox`: an Exchange in a box, until it is told to stop.

use std::io::Write;

use super::{Exit, Problem, args::SandboxArgs, block_on, signals};
use crate::sandbox::{Quirk, Sandbox, Settings, serve, serve_tls};

pub(super) fn sandbox(args: &SandboxArgs) -> Result<Exit, Problem> {
    let settings = settings(args)?;
    block_on(async {
        let sandbox = Sandbox::open(settings).map_err(|error| Problem::of(&error).hint(error.hint()))?;
        let running = if args.tls {
            serve_tls(sandbox.clone(), args.listen).await
        } else {
            serve(sandbox.clone(), args.listen).await
        };
        let running = running.map_err(|error| Problem::of(&error))?;
        let line = running.ready_line(&sandbox);
        let mut out = std::io::stdout();
        writeln!(out, "{line}")
            .and_then(|()| out.flush())
            .map_err(|error| Problem::new("cannot say that the sandbox is ready").because(&error))?;
        signals::next().await;
        running.stop().await;
        Ok(Exit::Success)
    })
}

fn settings(args: &SandboxArgs) -> Result<Settings, Problem> {
    fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(flag: &str, text: &str) -> Result<T, Problem> {
        text.parse().map_err(|error| Problem::new(format!("--{flag}: {error}")))
    }
    Ok(Settings {
        organizations: args.organizations.iter().map(|text| parsed("organization", text)).collect::<Result<_, _>>()?,
        quirks: args.quirks.iter().map(|name| parsed::<Quirk>("quirk", name)).collect::<Result<_, _>>()?,
        data: args.data.clone(),
        rate_limit: args.rate_limit.as_deref().map(|text| parsed("rate-limit", text)).transpose()?,
        rate_limit_status: args.rate_limit_status,
        publish_latency: parsed("publish-latency", &args.publish_latency)?,
        faults: parsed("faults", &args.faults)?,
        token_lifetime: args.token_lifetime,
        max_versions: args.max_versions,
        seed: args.seed,
        ..Settings::default()
    })
}
