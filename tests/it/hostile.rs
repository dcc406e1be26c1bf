//! Hostile input is data: servers that lie, and sources that mean harm. Whatever is done to one item, it ends with a
//! message that names what happened, in bounded memory; the others go on; nothing reaches a terminal that it would obey.

mod archives;
mod names;
mod servers;
mod statuses;
mod trees;

use crate::support::Ran;

/// What the command may take at most, in MiB, whatever it meets. It starts with about 40 in a debug build.
const MOST_MEMORY: u64 = 250;

/// Whether a text holds nothing that a terminal would obey or hide.
fn is_harmless(text: &str) -> bool {
    let is_bad = |c: char| {
        c != '\n'
            && (c.is_control()
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{200b}'..='\u{200f}'))
    };
    !text.contains(is_bad)
}

/// Asserts what holds for every run, and hands it on.
#[track_caller]
fn bounded(ran: Ran) -> Ran {
    assert!(ran.peak < MOST_MEMORY, "{} MiB", ran.peak);
    assert!(is_harmless(&ran.stdout) && is_harmless(&ran.stderr), "{:?}\n{:?}", ran.stdout, ran.stderr);
    ran
}
