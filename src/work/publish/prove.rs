//! The proof that an asset that moves takes nothing along of where it comes from.

use camino::Utf8Path;

use super::LOCAL_FILE;
use crate::{
    asset::{AssetDraft, Remap},
    journal::Failure,
    package::{
        Package,
        remap::{What, leftovers},
    },
};

/// The class of what names the source still.
const REMAP: &str = "remap";

/// Places that are told; more tell nothing more.
const TOLD: usize = 5;

/// Looks whether anything in a package still names the source. Without a table there is no source to name.
pub(super) fn prove(draft: &AssetDraft, package: &Package, remap: &Remap, scratch: &Utf8Path) -> Result<(), Failure> {
    if remap.is_empty_table() {
        return Ok(());
    }
    let found = leftovers(draft, package, remap, scratch)
        .map_err(|error| Failure::new(LOCAL_FILE, format!("what was packed cannot be read: {error}")))?;
    if found.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = found.iter().take(TOLD).map(ToString::to_string).collect();
    let more = found.len().saturating_sub(TOLD);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let hint = if found.iter().any(|leftover| matches!(leftover.what, What::Id(_))) {
        "binary files and signed archives are not rewritten: build them anew for the target, or leave the file out"
    } else if found.iter().any(|leftover| matches!(leftover.what, What::Within(_))) {
        "what an id is a part of is not rewritten, since it may mean something else: change that word at its source, or leave the file out"
    } else if found.iter().any(|leftover| matches!(leftover.what, What::Unread(_))) {
        "make the archive anew, so that it can be read, or leave the file out"
    } else {
        "add the module below exchange_modules, or declare it as a dependency"
    };
    Err(Failure::new(REMAP, format!("not as the target needs it: {}{more}", told.join("; "))).hint(hint))
}
