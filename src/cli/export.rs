//! `consign export`: `consign run` of a job that brings an organization into a directory.

use super::{Exit, Problem, args::RunArgs, run};
use crate::job::Kind;

pub(super) fn export(args: &RunArgs, quiet: bool) -> Result<Exit, Problem> {
    if run::load_job(&args.job)?.kind != Kind::Export {
        return Err(Problem::new(format!("{} is no job of kind `export`", args.job.job))
            .hint(Some("`consign run` does jobs of every kind")));
    }
    run::run(args, quiet, false)
}
