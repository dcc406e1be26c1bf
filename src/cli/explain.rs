//! `consign explain`: one item's whole history.

use std::io::Write;

use super::{
    Exit, Problem,
    args::ExplainArgs,
    plan::finish,
    status::{journal_problem, open},
};
use crate::report;

pub(super) fn explain(args: &ExplainArgs) -> Result<Exit, Problem> {
    let reader = open(&args.place)?;
    if reader.find(&args.gav).map_err(journal_problem)?.is_empty() {
        return Err(Problem::new(format!("the journal knows no item {}", args.gav))
            .hint(Some("name it as group/asset/version, as `consign status` and `consign plan` show it")));
    }
    let mut out = anstream::stdout().lock();
    finish(if args.json {
        report::explain_json(&reader, &args.gav).and_then(|explanation| Ok(writeln!(out, "{explanation:#}")?))
    } else {
        report::explain_text(&reader, &args.gav, &mut out)
    })
}
