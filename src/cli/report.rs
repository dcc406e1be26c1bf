//! `consign report`: a report of the last run.

use std::io::Write;

use super::{
    Exit, Problem,
    args::ReportArgs,
    plan::finish,
    status::{journal_problem, open},
};
use crate::report::{ReportMeta, write_report};

pub(super) fn report(args: &ReportArgs) -> Result<Exit, Problem> {
    let reader = open(&args.place)?;
    let job = args.place.job.file_stem().unwrap_or("job").to_owned();
    let meta = ReportMeta { job, target: reader.target_name().map_err(journal_problem)? };
    let mut out: Box<dyn Write> = match &args.out {
        Some(path) => Box::new(
            fs_err::File::create(path).map_err(|error| Problem::new("cannot write the report").because(&error))?,
        ),
        None => Box::new(std::io::stdout().lock()),
    };
    finish(write_report(args.format.into(), &reader, &meta, &mut out))
}
