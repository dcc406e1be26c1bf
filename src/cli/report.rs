//! `consign report`: a report of the last run.

use std::io::Write;

use super::{
    Exit, Problem,
    args::ReportArgs,
    plan::finish,
    status::{journal_problem, open, reading},
};
use crate::report::{Format, ReportMeta, StatusJson, report_json, write_file, write_report};

pub(super) fn report(args: &ReportArgs) -> Result<Exit, Problem> {
    let reader = open(&args.place)?;
    let job = args.place.job.file_stem().unwrap_or("job").to_owned();
    let meta = ReportMeta { job, target: reader.target_name().map_err(journal_problem)? };
    let write = |out: &mut dyn Write| match args.format.into() {
        Format::Json => {
            let half = reading(&args.place);
            let half = half.as_ref().map(report_json).transpose()?;
            half.into_iter().fold(report_json(&reader)?.job(&meta.job), StatusJson::reading).write(out)
        }
        format => write_report(format, &reader, &meta, out),
    };
    finish(match &args.out {
        Some(path) => write_file(path, write),
        None => write(&mut std::io::stdout().lock()),
    })
}
