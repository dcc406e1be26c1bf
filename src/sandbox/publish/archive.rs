//! Archives: looked through without trust, and rewritten as Exchange does (EXCHANGE.md §2.3, §2.8).

use std::io::{self, Read, Seek, Write};

use tempfile::SpooledTempFile;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::super::unzip;

/// The most bytes that an archive may unpack to.
const MAX_UNPACKED: u64 = 512 * 1024 * 1024;

/// The most entries of an archive.
const MAX_ENTRIES: usize = 50_000;

/// The most bytes of a main file or of a page.
const MAX_MEMBER: u64 = 16 * 1024 * 1024;

/// The folder of the files of dependencies.
const MODULES: &str = "exchange_modules/";

/// What was found in an archive.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) names: Vec<String>,
    /// The bytes of the member that was asked for.
    pub(super) wanted: Option<Vec<u8>>,
}

impl Contents {
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// Whether the root folder holds a file with an extension.
    pub(super) fn has_root_file(&self, extension: &str) -> bool {
        let matches = |name: &String| !name.contains('/') && name.to_ascii_lowercase().ends_with(extension);
        self.names.iter().any(matches)
    }
}

fn unreadable(error: &dyn std::fmt::Display) -> String {
    format!("The archive cannot be read: {error}")
}

/// Reads an archive to its end: every member's name is checked, every byte is unpacked and its checksum verified.
///
/// # Errors
/// When the archive is broken, unpacks to too much, or has a member that would leave its folder.
pub(super) fn inspect(file: &mut (impl Read + Seek), wanted: &str) -> Result<Contents, String> {
    let mut archive = unzip::open(file).map_err(|error| unreadable(&error))?;
    if archive.len() > MAX_ENTRIES {
        return Err(format!("The archive has more than {MAX_ENTRIES} entries"));
    }
    let mut contents = Contents::default();
    let mut left = MAX_UNPACKED;
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(|error| unreadable(&error))?;
        let name = member.name().map_err(|error| unreadable(&error))?.into_owned();
        check_name(&name)?;
        if name.ends_with('/') {
            continue;
        }
        let mut kept = Vec::new();
        let is_wanted = name == wanted;
        let unpacked = if is_wanted {
            let unpacked = io::copy(&mut member.by_ref().take(MAX_MEMBER + 1), &mut kept);
            if matches!(unpacked, Ok(size) if size > MAX_MEMBER) {
                return Err(format!("`{name}` is larger than {MAX_MEMBER} bytes"));
            }
            unpacked
        } else {
            io::copy(&mut member.by_ref().take(left + 1), &mut io::sink())
        };
        let unpacked = unpacked.map_err(|error| unreadable(&error))?;
        left = left
            .checked_sub(unpacked)
            .ok_or_else(|| format!("The archive unpacks to more than {MAX_UNPACKED} bytes"))?;
        if is_wanted {
            contents.wanted = Some(kept);
        }
        contents.names.push(name);
    }
    Ok(contents)
}

/// The bytes of one member, by its exact name; `None` where there is none, or it is too large.
pub(in super::super) fn member(file: &mut (impl Read + Seek), name: &str) -> Option<Vec<u8>> {
    let mut archive = unzip::open(file).ok()?;
    let member = archive.by_name(name).ok().filter(zip::read::ZipFile::is_file)?;
    let mut bytes = Vec::new();
    member.take(MAX_MEMBER + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= MAX_MEMBER).then_some(bytes)
}

fn check_name(name: &str) -> Result<(), String> {
    let drive = name.as_bytes().get(1) == Some(&b':');
    let climbs = name.split(['/', '\\']).any(|part| part == "..");
    if name.is_empty() || name.starts_with(['/', '\\']) || name.contains('\0') || drive || climbs {
        return Err(format!("The archive has a member that leaves its folder: `{name}`"));
    }
    Ok(())
}

/// Copies an archive with a new `exchange.json`; members are not compressed again.
pub(super) fn rewrite(
    file: &mut (impl Read + Seek),
    mut to: SpooledTempFile,
    exchange_json: &[u8],
    keep_modules: bool,
) -> Result<SpooledTempFile, zip::result::ZipError> {
    file.rewind()?;
    let mut archive = unzip::open(file)?;
    let mut writer = ZipWriter::new(&mut to);
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index)?;
        let name = member.name()?.into_owned();
        if name == "exchange.json" || (!keep_modules && name.starts_with(MODULES)) {
            continue;
        }
        writer.raw_copy_file(member)?;
    }
    writer.start_file("exchange.json", SimpleFileOptions::default())?;
    writer.write_all(exchange_json)?;
    writer.finish()?;
    Ok(to)
}

/// Packs members into a new archive.
pub(super) fn pack(
    mut to: SpooledTempFile,
    members: &[(&str, &[u8])],
) -> Result<SpooledTempFile, zip::result::ZipError> {
    let mut writer = ZipWriter::new(&mut to);
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default())?;
        writer.write_all(bytes)?;
    }
    writer.finish()?;
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(members: &[(&str, &[u8])]) -> SpooledTempFile {
        pack(tempfile::spooled_tempfile(1 << 20), members).expect("packs")
    }

    #[test]
    fn a_rewritten_archive_has_the_new_exchange_json_and_loses_its_modules() {
        let mut file = archive(&[("a.raml", b"#%RAML 1.0"), ("exchange.json", b"old"), ("exchange_modules/g/x", b"x")]);
        let mut rewritten = rewrite(&mut file, tempfile::spooled_tempfile(1 << 20), b"{}", false).expect("rewrites");
        let contents = inspect(&mut rewritten, "exchange.json").expect("reads");
        assert_eq!(contents.names, ["a.raml", "exchange.json"]);
        assert_eq!(contents.wanted.as_deref(), Some(b"{}".as_slice()));
        let mut fat = rewrite(&mut file, tempfile::spooled_tempfile(1 << 20), b"{}", true).expect("rewrites");
        assert!(inspect(&mut fat, "").expect("reads").has("exchange_modules/g/x"));
    }

    #[test]
    fn members_that_leave_their_folder_are_refused() {
        for name in ["../x", "a/../../x", "/etc/x", "a\\..\\x", "C:/x"] {
            assert!(inspect(&mut archive(&[(name, b"")]), "").is_err(), "{name}");
        }
    }

    #[test]
    fn what_is_no_archive_or_broken_is_refused() {
        assert!(inspect(&mut io::Cursor::new(b"PK\x03\x04 no"), "").is_err());
        let mut bytes = Vec::new();
        let mut file = archive(&[("a", &[7; 4000])]);
        file.rewind().expect("rewinds");
        file.read_to_end(&mut bytes).expect("reads");
        bytes[35] ^= 0xff;
        assert!(inspect(&mut io::Cursor::new(bytes), "").is_err());
    }

    #[test]
    fn the_main_file_counts_in_the_root_only() {
        let contents = inspect(&mut archive(&[("api/a.raml", b""), ("b.yaml", b"")]), "").expect("reads");
        assert!(!contents.has_root_file(".raml") && contents.has_root_file(".yaml"));
    }
}
