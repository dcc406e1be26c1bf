//! From the documentation of a job to a docs archive of Exchange (EXCHANGE.md §2.7).

use std::io::{self, Read, Seek, Write};

use serde_json::json;
use tempfile::SpooledTempFile;
use zip::{ZipArchive, ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::super::{problem::Problem, unzip};
use super::request::Page;

/// The most bytes that pages and pictures unpack to, all together; what Exchange takes of each is its own matter.
const MOST: u64 = 256 * 1024 * 1024;

/// The folder of the pictures, in both archives.
const RESOURCES: &str = "resources/";

/// Packs the pages under their names into the root folder, in the order of the job, and the pictures beside them.
pub(super) fn translate(
    pages: &[Page],
    from: &mut (impl Read + Seek),
    to: SpooledTempFile,
) -> Result<SpooledTempFile, Problem> {
    let broken = |error: ZipError| match error {
        ZipError::Io(error) => Problem::internal(&error),
        other => Problem::invalid(
            "INVALID_FILE_CONTENT",
            format!("The archive of the documentation cannot be read: {other}"),
        ),
    };
    let invalid = |error: String| Problem::invalid("INVALID_FILE_CONTENT", error);
    let mut from = unzip::open(from).map_err(broken)?;
    let mut to = ZipWriter::new(to);
    let too_large = || invalid(format!("The documentation unpacks to more than {MOST} bytes"));
    let mut left = MOST;
    let mut copy = |to: &mut ZipWriter<SpooledTempFile>, from: &mut ZipArchive<_>, index: usize, name: &str| {
        let member = from.by_index(index).map_err(broken)?;
        to.start_file(name, SimpleFileOptions::default()).map_err(broken)?;
        let size = io::copy(&mut member.take(left + 1), to).map_err(|error| broken(error.into()))?;
        left = left.checked_sub(size).ok_or_else(too_large)?;
        Ok::<_, Problem>(())
    };
    for page in pages {
        if page.name.is_empty() || page.name.contains(['/', '\\']) {
            return Err(invalid(format!("`{}` is not the name of a page", page.name)));
        }
        let missing = || invalid(format!("The page `{}` is not in the archive of the documentation", page.path));
        let index = from.index_for_name(&page.path).ok_or_else(missing)?;
        copy(&mut to, &mut from, index, &format!("{}.md", page.name))?;
    }
    for index in 0..from.len() {
        let name = from.by_index_raw(index).and_then(|member| Ok(member.name()?.into_owned())).map_err(broken)?;
        if name.starts_with(RESOURCES) && !name.ends_with('/') {
            copy(&mut to, &mut from, index, &name)?;
        }
    }
    let order: Vec<&str> = pages.iter().map(|page| page.name.as_str()).collect();
    to.start_file("config.json", SimpleFileOptions::default()).map_err(broken)?;
    to.write_all(json!({ "pageOrder": order }).to_string().as_bytes()).map_err(|error| Problem::internal(&error))?;
    to.finish().map_err(broken)
}
