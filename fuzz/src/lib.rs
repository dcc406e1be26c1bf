//! What is fuzzed: one function for everything that consign or its sandbox reads and a stranger may have written.
//!
//! The functions take any bytes and must neither panic nor hang nor take much memory. Where a promise can be checked on
//! what they read, it is. They are called by the fuzzer (`fuzz_targets/`), and by `tests/it/fuzzed.rs`, which replays the
//! corpus with a stable compiler.

mod answers;
mod archives;
mod files;
mod giants;
mod sandboxed;
mod scratch;
mod texts;

pub use answers::answers;
pub use archives::archive;
pub use files::{documentation, exchange_json, manifest, pom, references, specification};
pub use giants::giants;
pub use sandboxed::sandbox;
pub use texts::{catalog, credentials, job};

/// A function that takes any bytes.
pub type Target = fn(&[u8]);

/// All targets by name: that of their binary and of the folder of their corpus.
pub const TARGETS: [(&str, Target); 12] = [
    ("answers", answers),
    ("archive", archive),
    ("catalog", catalog),
    ("credentials", credentials),
    ("documentation", documentation),
    ("exchange_json", exchange_json),
    ("job", job),
    ("manifest", manifest),
    ("pom", pom),
    ("references", references),
    ("sandbox", sandbox),
    ("specification", specification),
];
