//! `consign init`: a first job file for a directory.

use std::io::Write;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Exit, Problem, args::InitArgs};

pub(super) fn init(args: &InitArgs) -> Result<Exit, Problem> {
    if !args.directory.is_dir() {
        return Err(Problem::new(format!("{} is not a directory", args.directory)));
    }
    let name = args
        .directory
        .canonicalize_utf8()
        .ok()
        .and_then(|path| path.file_name().map(str::to_owned))
        .unwrap_or_else(|| "catalog".to_owned());
    let name: String =
        name.chars().map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' }).collect();
    let text = job_file(&name, &relative(&args.directory, &args.out));
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create(true).truncate(true).create_new(!args.force);
    let mut file = options.open(&args.out).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Problem::new(format!("{} exists already", args.out)).hint(Some("--force replaces it"))
        }
        _ => Problem::new("cannot write the job file").because(&error),
    })?;
    file.write_all(text.as_bytes()).map_err(|error| Problem::new("cannot write the job file").because(&error))?;
    let mut err = anstream::stderr().lock();
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(err, "wrote {}\nnext: consign plan {} --sandbox", args.out, args.out);
    Ok(Exit::Success)
}

/// The directory as the job file names it: relative to the job file.
fn relative(directory: &Utf8Path, out: &Utf8Path) -> Utf8PathBuf {
    let absolute = |path: &Utf8Path| path.canonicalize_utf8().ok();
    let folder = out.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let (Some(directory_path), Some(folder)) = (absolute(directory), absolute(folder)) else {
        return directory.to_owned();
    };
    match directory_path.strip_prefix(&folder) {
        Ok(inside) if inside.as_str().is_empty() => Utf8PathBuf::from("."),
        Ok(inside) => inside.to_owned(),
        Err(_) => directory_path,
    }
}

fn job_file(name: &str, directory: &Utf8Path) -> String {
    let directory = toml::Value::String(directory.to_string());
    format!(
        r#"# What to bring where. `consign plan` shows what would happen, `consign run` does it.
kind = "publish"
name = "{name}"

[target]
# A host name, or a full origin. `--sandbox` rehearses in an Exchange inside the process.
host = "https://anypoint.mulesoft.com"
# The id of the organization; ANYPOINT_ORG beats it.
# organization = "…"
# Credentials come from ANYPOINT_CLIENT_ID and ANYPOINT_CLIENT_SECRET, ANYPOINT_USERNAME and ANYPOINT_PASSWORD,
# or ANYPOINT_BEARER; [target.credentials] names other variables, a file or a command.

[source]
directory = {directory}
# include = ["**"]
# exclude = ["**/draft/**"]

[defaults]
# Values for assets that bring none, by the name of the multipart field.
# status = "development"
# tags   = ["imported"]

[publish]
# mode        = "async"     # or "sync"
# on_conflict = "fail"      # fail | skip | bump-patch | bump-minor | bump-major
# deadline    = "10m"       # for one publication

[pace]
# requests_per_second = 10  # a ceiling
# concurrency         = 8   # requests in flight
# publications        = 64  # accepted by the server and not finished
"#
    )
}
