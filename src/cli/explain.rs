//! `consign explain`: one item's whole history.

use std::io::Write;

use super::{Exit, Problem, args::ExplainArgs, plan::finish, status::open};
use crate::report;

pub(super) fn explain(args: &ExplainArgs) -> Result<Exit, Problem> {
    let reader = open(&args.place)?;
    let mut out = anstream::stdout().lock();
    finish(if args.json {
        report::explain_json(&reader, &args.gav).and_then(|explanation| Ok(writeln!(out, "{explanation:#}")?))
    } else {
        report::explain_text(&reader, &args.gav, &mut out)
    })
}
