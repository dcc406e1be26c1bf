//! What a memory promises, and when it is not believed.

use std::{
    cell::Cell,
    fs::{File, FileTimes},
    io,
    sync::Arc,
    time::{Duration, SystemTime},
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Question, Reading, notebook::Notebook};

struct Desk {
    folder: tempfile::TempDir,
    notebook: Arc<Notebook>,
}

impl Desk {
    fn new(text: &str) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap(), notebook: Arc::default() };
        desk.write(text, long_ago());
        desk
    }

    fn path(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).unwrap().join("a.yaml")
    }

    /// Writes into the file as it lies there.
    fn write(&self, text: &str, modified: SystemTime) {
        fs_err::write(self.path(), text).unwrap();
        self.date(modified);
    }

    fn date(&self, modified: SystemTime) {
        let file = File::options().write(true).open(self.path()).unwrap();
        file.set_times(FileTimes::new().set_modified(modified)).unwrap();
    }

    /// The text of the file, and whether it was read for that.
    fn ask(&self) -> (String, bool) {
        self.ask_through(&self.notebook.reading())
    }

    fn ask_through(&self, reading: &Reading) -> (String, bool) {
        let read = Cell::new(false);
        let told = reading.told(1 << 20, &Question::Glance, &self.path(), |bytes| {
            read.set(true);
            String::from_utf8_lossy(bytes).into_owned()
        });
        (told.unwrap(), read.get())
    }
}

fn long_ago() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn read(text: &str) -> (String, bool) {
    (text.to_owned(), true)
}

fn recalled(text: &str) -> (String, bool) {
    (text.to_owned(), false)
}

#[test]
fn a_file_that_stays_is_read_once() {
    let desk = Desk::new("one");
    assert_eq!(desk.ask(), read("one"));
    assert_eq!(desk.ask(), recalled("one"));
    // The content is not looked at again, whatever happens to it behind the back of its times.
    desk.write("two", long_ago());
    assert_eq!(desk.ask(), recalled("one"));
}

#[test]
fn another_time_of_modification_has_it_read_again_also_with_the_same_size() {
    let desk = Desk::new("one");
    desk.ask();
    desk.write("two", long_ago() + Duration::from_nanos(100));
    assert_eq!(desk.ask(), read("two"));
    assert_eq!(desk.ask(), recalled("two"));
    desk.date(long_ago());
    assert_eq!(desk.ask(), read("two"), "touched, and back in time");
}

#[test]
fn another_size_has_it_read_again() {
    let desk = Desk::new("one");
    desk.ask();
    desk.write("three", long_ago());
    assert_eq!(desk.ask(), read("three"));
}

#[cfg(unix)]
#[test]
fn another_file_of_the_same_size_and_time_has_it_read_again() {
    let desk = Desk::new("one");
    desk.ask();
    let kept = desk.path().with_extension("kept");
    fs_err::rename(desk.path(), &kept).unwrap();
    desk.write("two", long_ago());
    assert_eq!(desk.ask(), read("two"));
    fs_err::rename(kept, desk.path()).unwrap();
    assert_eq!(desk.ask(), read("one"), "an answer under another mark is forgotten");
}

#[test]
fn what_was_written_a_moment_ago_is_not_trusted_and_neither_is_what_comes_from_the_future() {
    let desk = Desk::new("one");
    for modified in [SystemTime::now(), SystemTime::now() + Duration::from_hours(1)] {
        desk.date(modified);
        assert_eq!(desk.ask(), read("one"));
        assert_eq!(desk.ask(), read("one"));
    }
    desk.date(SystemTime::now() - Duration::from_secs(10));
    desk.ask();
    assert_eq!(desk.ask(), recalled("one"));
}

#[test]
fn a_file_that_is_written_to_while_it_is_read_is_not_remembered() {
    let desk = Desk::new("one");
    let reading = desk.notebook.reading();
    let torn =
        reading.told(1 << 20, &Question::Glance, &desk.path(), |_| desk.date(long_ago() + Duration::from_secs(1)));
    assert!(torn.is_ok() && desk.notebook.len() == 0);
}

#[test]
fn what_other_code_has_told_is_not_believed() {
    let desk = Desk::new("one");
    desk.ask();
    let raised = desk.notebook.reading().of_version(super::mark::DETECTION + 1);
    assert_eq!(desk.ask_through(&raised), read("one"));
    assert_eq!(desk.ask_through(&raised), recalled("one"));
    assert_eq!(desk.ask(), read("one"));
}

#[test]
fn an_answer_that_cannot_be_understood_is_as_good_as_none() {
    type Spoil = fn(&[u8]) -> Vec<u8>;
    let spoils: [Spoil; 4] =
        [|_| Vec::new(), |told| told[1..].to_vec(), |_| b"{\"a\":1}".to_vec(), |told| [told, b"x"].concat()];
    for spoil in spoils {
        let desk = Desk::new("one");
        desk.ask();
        desk.notebook.spoil(spoil);
        assert_eq!(desk.ask(), read("one"));
        assert_eq!(desk.ask(), recalled("one"), "and is replaced");
    }
}

#[test]
fn questions_do_not_answer_each_other() {
    let desk = Desk::new("one");
    desk.ask();
    let reading = desk.notebook.reading();
    for question in
        [Question::References { in_raml: false }, Question::References { in_raml: true }, Question::Place("x")]
    {
        let read = Cell::new(false);
        reading.told(1 << 20, &question, &desk.path(), |_| read.set(true)).unwrap();
        assert!(read.get(), "{question:?}");
    }
    assert_eq!(desk.notebook.len(), 4);
}

#[test]
fn errors_of_the_system_are_not_remembered() {
    let desk = Desk::new("one");
    let reading = desk.notebook.reading();
    let failed = reading.found(&Question::Archive, &desk.path(), || Err::<String, _>(io::Error::other("disk")));
    assert!(failed.is_err() && desk.notebook.len() == 0);
    let found = reading.found(&Question::Archive, &desk.path(), || Ok::<_, io::Error>("fine".to_owned()));
    assert_eq!((found.unwrap().as_str(), desk.notebook.len()), ("fine", 1));
    fs_err::remove_file(desk.path()).unwrap();
    let gone = reading.found(&Question::Archive, &desk.path(), || Ok::<_, io::Error>("fine".to_owned()));
    assert_eq!(gone.unwrap_err().kind(), io::ErrorKind::NotFound, "what is known of a file that is gone is not told");
}

#[test]
fn nothing_but_files_is_read_and_none_beyond_its_limit() {
    let desk = Desk::new("one");
    let reading = desk.notebook.reading();
    let folder = desk.path().parent().unwrap().to_owned();
    let refused = reading.told(1 << 20, &Question::Glance, &folder, |_| ()).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
    let within = |most| reading.told_within(most, &Question::Glance, &desk.path(), <[u8]>::len).unwrap();
    assert_eq!((within(2), within(3)), (None, Some(3)));
}
