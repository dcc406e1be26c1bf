//! Reading a file once, whole, in chunks, and noticing when it changes meanwhile.

use std::{
    fs::File,
    io::{self, Read},
};

use sha2::{Digest, Sha256};

use super::regular::{self, Snapshot};

const CHUNK: usize = 64 * 1024;

/// Why a file did not come through.
#[derive(Debug)]
pub(super) enum Fault<E> {
    /// It cannot be read.
    Read(io::Error),
    /// It is not what it was when it was opened.
    Changed(&'static str),
    /// The sink refused.
    Sink(E),
}

/// Sends exactly the bytes that the file had when it was opened to `sink`; answers their SHA-256.
///
/// # Errors
/// When the file shrinks, grows or is written to before its end is reached: half of each of two versions is neither.
pub(super) fn copy<E>(
    file: &mut File,
    snapshot: &Snapshot,
    mut sink: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<[u8; 32], Fault<E>> {
    // Most files are small; one byte more, so that a file that grew is noticed by the same read.
    let mut buffer = vec![0; usize::try_from(snapshot.len + 1).map_or(CHUNK, |length| length.min(CHUNK))];
    let mut hash = Sha256::new();
    let mut left = snapshot.len;
    loop {
        let count = match file.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Fault::Read(error)),
        };
        if count == 0 {
            break;
        }
        left = left.checked_sub(count as u64).ok_or(Fault::Changed("grew while it was read"))?;
        hash.update(&buffer[..count]);
        sink(&buffer[..count]).map_err(Fault::Sink)?;
    }
    if left > 0 {
        return Err(Fault::Changed("shrank while it was read"));
    }
    if regular::snapshot(file).map_err(Fault::Read)? != *snapshot {
        return Err(Fault::Changed("was written to while it was read"));
    }
    Ok(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, io::Write};

    use super::*;

    /// Opens a file of 300 KB and does something to it after the first chunk was read.
    fn copy_while(mut act: impl FnMut(&File)) -> Result<[u8; 32], Fault<Infallible>> {
        let temp = tempfile::NamedTempFile::new().unwrap();
        temp.as_file().write_all(&vec![b'x'; 300_000]).unwrap();
        let (mut file, snapshot) = regular::open(temp.path()).unwrap();
        let mut first = true;
        copy(&mut file, &snapshot, |_| {
            if std::mem::take(&mut first) {
                act(temp.as_file());
            }
            Ok(())
        })
    }

    #[test]
    fn a_file_that_stays_comes_through_with_its_hash() {
        let expected: [u8; 32] = Sha256::digest(vec![b'x'; 300_000]).into();
        assert_eq!(copy_while(|_| ()).unwrap(), expected);
    }

    #[test]
    fn a_file_that_shrinks_grows_or_is_rewritten_is_an_error() {
        let changed = |result| match result {
            Err(Fault::Changed(how)) => how,
            other => panic!("{other:?}"),
        };
        assert_eq!(changed(copy_while(|file| file.set_len(100_000).unwrap())), "shrank while it was read");
        assert_eq!(changed(copy_while(|file| file.set_len(300_001).unwrap())), "grew while it was read");
        let touched = copy_while(|file| file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap());
        assert_eq!(changed(touched), "was written to while it was read");
    }
}
