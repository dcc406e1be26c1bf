//! The text of a file that a job is made of.

use std::io::{self, ErrorKind, Read};

use camino::Utf8Path;

/// Declarations of thousands of fields have a few hundred kilobytes.
const MAX_SIZE: u64 = 16 * 1024 * 1024;

/// Reads a text file whole. Whatever else bears its name is neither waited for nor read without an end.
///
/// # Errors
/// When it cannot be read, is no file or larger than 16 MB, or is not UTF-8.
pub(super) fn text(path: &Utf8Path) -> io::Result<String> {
    if path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is a device, a FIFO or a socket, not a file"));
    }
    let mut text = String::new();
    fs_err::File::open(path)?.take(MAX_SIZE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_SIZE {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "it is larger than 16 MB"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_read_and_only_as_far_as_a_job_can_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("job.toml");
        fs_err::write(&path, "kind = 'publish'").unwrap();
        assert_eq!(text(&path).unwrap(), "kind = 'publish'");
        fs_err::File::create(&path).unwrap().set_len(MAX_SIZE + 1).unwrap();
        assert_eq!(text(&path).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert!(text(path.parent().unwrap()).is_err(), "a folder");
        #[cfg(unix)]
        assert_eq!(text("/dev/zero".into()).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
