//! Files that yield so many bytes and no more, until somebody allows them more.

use std::{
    cell::Cell,
    io::{self, Read, Seek, SeekFrom},
    rc::Rc,
};

/// A file that yields so many bytes and no more.
///
/// For readers that take as much as they find: what is left is shared with whoever gave the file away, who can tell
/// thereby that this was why reading failed, and can allow more.
#[derive(Debug)]
pub(crate) struct Bounded<R> {
    file: R,
    left: Rc<Cell<u64>>,
}

impl<R> Bounded<R> {
    /// Yields as many bytes of a file as are left.
    pub(crate) fn new(file: R, left: &Rc<Cell<u64>>) -> Self {
        Self { file, left: Rc::clone(left) }
    }

    /// The file.
    pub(crate) fn get_ref(&self) -> &R {
        &self.file
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let size = self.file.read(&mut buffer[..most])?;
        self.left.set(left - size as u64);
        Ok(size)
    }
}

impl<R: Seek> Seek for Bounded<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_yielded_than_is_left_until_more_is_allowed() {
        let left = Rc::new(Cell::new(4));
        let mut file = Bounded::new(io::Cursor::new(b"0123456789"), &left);
        let mut read = Vec::new();
        let error = file.read_to_end(&mut read).unwrap_err();
        assert_eq!((error.kind(), read.as_slice(), left.get()), (io::ErrorKind::FileTooLarge, &b"0123"[..], 0));
        left.set(100);
        file.read_to_end(&mut read).unwrap();
        assert_eq!((read.as_slice(), left.get()), (&b"0123456789"[..], 94));
        file.seek(SeekFrom::Start(8)).unwrap();
        file.read_to_end(&mut read).unwrap();
        assert_eq!(left.get(), 92);
    }
}
