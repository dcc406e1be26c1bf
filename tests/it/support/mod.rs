//! What all tests use: a sandbox process, a folder with a job, and the command itself.

pub(crate) mod certificates;
mod command;
pub(crate) mod hostile;
pub(crate) mod parrot;
pub(crate) mod portal;
mod sandbox;
mod spellings;
pub(crate) mod tunnel;
mod watched;
mod workshop;

pub(crate) use command::{Consign, Ran, Running};
pub(crate) use sandbox::Sandbox;
pub(crate) use spellings::{Secret, assert_absent};
pub(crate) use watched::{Seen, run_watched};
pub(crate) use workshop::{Asset, Workshop, specification};

/// The sandbox's own organization, unless it is told another.
pub(crate) const ORGANIZATION: &str = "5a4d0b0e-0c5a-4b1e-9d2f-c0519a000001";

/// Tries all cases at the same time: each of them waits more than it works.
pub(crate) fn at_once<C: Send>(cases: impl IntoIterator<Item = C>, attempt: impl Fn(C) + Sync) {
    let attempt = &attempt;
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(move || attempt(case));
        }
    });
}

/// Filters that make what the command prints the same on every machine and in every run.
pub(crate) fn plain<T>(folder: &camino::Utf8Path, assert: impl FnOnce() -> T) -> T {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(&regex_escape(folder.as_str()), "[folder]");
    settings.add_filter(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "[run]");
    settings.add_filter(ORGANIZATION, "[org]");
    settings.add_filter(r"127\.0\.0\.1:\d+", "[sandbox]");
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[time]");
    settings.bind(assert)
}

fn regex_escape(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_alphanumeric() { vec![c] } else { vec!['\\', c] }).collect()
}
