//! The arguments of every subcommand. Scripts rely on them: names and meanings are stable.

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::hub::HubArgs;
use crate::{job, report};

/// Publishes and migrates API assets in bulk to Anypoint Exchange, and resumes after anything.
#[derive(Debug, Parser)]
#[command(name = "consign", version, about, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 everything done or skipped · 1 could not start, or its results could not be written · 2 finished, some items failed · \
                        3 stopped before the end, run again to go on · 130 interrupted twice"
)]
pub struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,

    /// Tell more on stderr: -v decisions, -vv requests, -vvv everything (never secrets)
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(super) verbose: u8,

    /// Show no progress; errors and the summary remain
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Do the job, from where the last run got to
    Run(RunArgs),
    /// Bring an organization into a directory that `run` can publish
    Export(RunArgs),
    /// Show what a run would do, and why; changes nothing
    Plan(PlanArgs),
    /// Show how far a job got
    Status(StatusArgs),
    /// Open failed items again, and exactly what they blocked; then run
    Retry(RunArgs),
    /// Tell one item's whole history
    Explain(ExplainArgs),
    /// Write a report of the last run
    Report(ReportArgs),
    /// Remove from the target what this job made there, newest first; shows it only, without --yes
    Undo(UndoArgs),
    /// Deprecate at the source of a migration what has moved, where verifying it passes; shows it only, without --yes
    Cutover(CutoverArgs),
    /// Tell whether the target is as the source says: missing, different, extra; changes nothing
    Verify(VerifyArgs),
    /// Visit a portal of the API Experience Hub: find APIs, manage applications, ask for access
    Hub(HubArgs),
    /// Start an Exchange in a box, for rehearsals and tests
    Sandbox(SandboxArgs),
    /// Write a first job file for a directory
    Init(InitArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

/// Which job, against what.
#[derive(Debug, Args)]
pub(super) struct JobArgs {
    /// The job file
    #[arg(value_name = "JOB")]
    pub(super) job: Utf8PathBuf,

    /// Run against a sandbox inside this process; its state is kept beside the journal
    #[arg(long)]
    pub(super) sandbox: bool,

    /// Another host: a name (https), or a full origin such as http://127.0.0.1:4180
    #[arg(long, value_name = "URL")]
    pub(super) host: Option<String>,

    /// Another organization id
    #[arg(long, value_name = "ID")]
    pub(super) organization: Option<String>,

    /// Only the rows of a manifest that are of this wave, by its column `wave`; each wave has a journal of its own
    #[arg(long, value_name = "W")]
    pub(super) wave: Option<String>,

    /// Another place for the journal [default: .consign/<job name>.db beside the job file]
    #[arg(long, value_name = "FILE")]
    pub(super) journal: Option<Utf8PathBuf>,

    /// At most so many requests per second
    #[arg(long, value_name = "N")]
    pub(super) rate: Option<f64>,

    /// At most so many requests in flight
    #[arg(long, value_name = "N")]
    pub(super) concurrency: Option<usize>,

    /// A fact of this build that conditions of a catalog.yaml are held to, such as branch:main; may be repeated
    #[arg(long, value_name = "NAME:VALUE", value_parser = job::parse_criterion)]
    pub(super) criterion: Vec<(String, String)>,
}

impl JobArgs {
    pub(super) fn overrides(&self) -> job::Overrides {
        job::Overrides {
            sandbox: self.sandbox,
            host: self.host.clone(),
            organization: self.organization.clone(),
            rate: self.rate,
            concurrency: self.concurrency,
            wave: self.wave.clone(),
            journal: self.journal.clone(),
            criteria: self.criterion.clone(),
        }
    }
}

/// Which items of the job.
#[derive(Debug, Args)]
pub(super) struct OnlyArgs {
    /// Only items whose group/asset/version, asset/version or asset matches; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(super) only: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) job: JobArgs,

    /// Show what would be done, as `consign plan` does
    #[arg(long)]
    pub(super) dry_run: bool,

    #[command(flatten)]
    pub(super) only: OnlyArgs,

    /// Stop taking new work after so long, such as 30m
    #[arg(long, value_name = "D", value_parser = job::parse_duration)]
    pub(super) max_duration: Option<std::time::Duration>,

    /// Print JSON lines on stdout, one per event; the last is the summary
    #[arg(long)]
    pub(super) json: bool,

    /// Write summary.json, items.csv, junit.xml and report.html into a directory
    #[arg(long, value_name = "DIR")]
    pub(super) report: Option<Utf8PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) job: JobArgs,

    #[command(flatten)]
    pub(super) only: OnlyArgs,

    /// Ask no server: tell only what the source and the journal say
    #[arg(long)]
    pub(super) offline: bool,

    /// Show every value that would be sent, and where it came from
    #[arg(long)]
    pub(super) values: bool,

    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct UndoArgs {
    #[command(flatten)]
    pub(super) job: JobArgs,

    #[command(flatten)]
    pub(super) only: OnlyArgs,

    /// Really remove them
    #[arg(long)]
    pub(super) yes: bool,

    /// Delete softly: the numbers of the versions stay blocked
    #[arg(long)]
    pub(super) soft: bool,

    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct CutoverArgs {
    #[command(flatten)]
    pub(super) job: JobArgs,

    #[command(flatten)]
    pub(super) only: OnlyArgs,

    /// Really deprecate them
    #[arg(long)]
    pub(super) yes: bool,

    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    pub(super) job: JobArgs,

    /// Tell instead what consumers of a portal see of the job, by the portal's id or name; without it: the only one that you
    /// run. Goes behind the job
    #[arg(long, value_name = "PORTAL", num_args = 0..=1, default_missing_value = "")]
    pub(super) portal: Option<String>,

    /// The organization that the portal belongs to, for Salesforce its organization id
    #[arg(long, value_name = "ID", requires = "portal")]
    pub(super) target_organization: Option<String>,

    #[command(flatten)]
    pub(super) only: OnlyArgs,

    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// A job file, or a journal.
#[derive(Debug, Args)]
pub(super) struct WhereArgs {
    /// The job file, or its journal
    #[arg(value_name = "JOB|JOURNAL")]
    pub(super) job: Utf8PathBuf,

    /// The journal of this wave of the job
    #[arg(long, value_name = "W", conflicts_with = "journal")]
    pub(super) wave: Option<String>,

    /// Another place for the journal
    #[arg(long, value_name = "FILE")]
    pub(super) journal: Option<Utf8PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    pub(super) place: WhereArgs,

    /// List the items that failed, and those they block
    #[arg(long)]
    pub(super) failed: bool,

    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,

    /// Show it again every second until the job is done
    #[arg(long, conflicts_with = "json")]
    pub(super) watch: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    pub(super) place: WhereArgs,

    /// The item: group/asset/version, or as much of it as means one item; or its path
    #[arg(value_name = "GAV")]
    pub(super) gav: String,

    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// A kind of report.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum FormatArg {
    /// A page for people.
    Html,
    /// One object.
    Json,
    /// One row per item.
    Csv,
    /// For CI servers.
    Junit,
}

impl From<FormatArg> for report::Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Html => Self::Html,
            FormatArg::Json => Self::Json,
            FormatArg::Csv => Self::Csv,
            FormatArg::Junit => Self::Junit,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    pub(super) place: WhereArgs,

    /// The format
    #[arg(long, value_enum)]
    pub(super) format: FormatArg,

    /// Write into a file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<Utf8PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4180")]
    pub(super) listen: std::net::SocketAddr,

    /// Speak https, with a certificate that clients trust by `ca.pem` of the directory of the state
    #[arg(long)]
    pub(super) tls: bool,

    /// Keep the state in a directory
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<Utf8PathBuf>,

    /// An organization, by its id or as id=name; parent/id for a business group. May be repeated: the first is the main one
    #[arg(long = "organization", value_name = "ID")]
    pub(super) organizations: Vec<String>,

    /// Take the other reading where sources disagree, by its name in docs/sandbox.md. May be repeated
    #[arg(long = "quirk", value_name = "NAME")]
    pub(super) quirks: Vec<String>,

    /// At most N requests in each window, such as 100/1s
    #[arg(long, value_name = "N/WINDOW")]
    pub(super) rate_limit: Option<String>,

    /// How to say that it was too much: 429, or 503 without a body
    #[arg(long, value_name = "STATUS", default_value_t = 429, value_parser = clap::builder::RangedU64ValueParser::<u16>::new().range(400..=599))]
    pub(super) rate_limit_status: u16,

    /// How long a publication takes: 200ms, or 50ms..2s
    #[arg(long, value_name = "DIST", default_value = "0ms")]
    pub(super) publish_latency: String,

    /// Faults and their probabilities, such as 'reset=0.01,lost-reply=0.01,http503=0.02'
    #[arg(long, value_name = "SPEC", default_value = "")]
    pub(super) faults: String,

    /// How long a token lives
    #[arg(long, value_name = "D", default_value = "1h", value_parser = job::parse_duration)]
    pub(super) token_lifetime: std::time::Duration,

    /// How many asset versions a root organization and all below it may hold; without it as many as come
    #[arg(long, value_name = "N")]
    pub(super) max_versions: Option<u64>,

    /// Makes faults reproducible
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The directory with the assets
    #[arg(value_name = "DIR")]
    pub(super) directory: Utf8PathBuf,

    /// Where to write the job file
    #[arg(long, value_name = "FILE", default_value = "consign.toml")]
    pub(super) out: Utf8PathBuf,

    /// Replace an existing file
    #[arg(long)]
    pub(super) force: bool,
}
