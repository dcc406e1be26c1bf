//! `consign report`: a report of the last run.

use std::io::Write;

use super::{
    Exit, Problem,
    args::ReportArgs,
    plan::finish,
    status::{journal_problem, open, reading},
};
use crate::report::{Format, ReportMeta, StatusJson, report_json, write_report};

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
    let format = args.format.into();
    if format != Format::Json {
        return finish(write_report(format, &reader, &meta, &mut out));
    }
    let half = reading(&args.place);
    finish(report_json(&reader).and_then(|report| {
        let half = half.as_ref().map(report_json).transpose()?;
        half.into_iter().fold(report.job(&meta.job), StatusJson::reading).write(&mut out)
    }))
}
