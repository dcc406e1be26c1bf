//! The manifest on disk: what people have added to it is kept, and what they have changed is not overwritten.

use std::{collections::BTreeMap, io};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::manifest::{Row, WAVE, columns};

/// The manifest, and what is known of how it was written.
pub const MANIFEST_FILES: [&str; 2] = ["manifest.csv", STATE];

/// What was written last, so that a change by somebody else is seen.
const STATE: &str = ".inventory.json";

/// What became of a file that people may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It was written, or was as it should be.
    InPlace,
    /// Somebody has changed it: what would have been written lies beside it.
    Beside,
}

/// What was written into a directory.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    columns: Vec<String>,
    manifest: String,
    definitions: String,
    /// Further files, by their place: what was written last.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<Utf8PathBuf, String>,
}

/// A manifest as it lies on disk: its columns, and its rows by coordinates.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    columns: Vec<String>,
    rows: BTreeMap<String, Row>,
}

/// Writes the rows, which are in order, as `manifest.csv`. Columns that somebody has added, `wave` first of all, keep
/// their cells.
///
/// # Errors
/// Where it cannot be read or written.
pub(super) fn write_manifest(root: &Utf8Path, rows: &[Row]) -> io::Result<Written> {
    let path = root.join("manifest.csv");
    let mut state = read_state(root);
    let found = match fs_err::read(&path) {
        Ok(bytes) => Some(parse(&bytes).unwrap_or_default()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let own = columns(rows.iter());
    let digest = digest_of(rows.iter(), &own);
    let is_as_written = |found: &Found| digest_of(found.rows.values(), &state.columns) == state.manifest;
    let is_as_wanted = |found: &Found| found.rows.len() == rows.len() && digest_of(found.rows.values(), &own) == digest;
    let is_free = found.as_ref().is_none_or(|found| is_as_written(found) || is_as_wanted(found));
    let found = found.unwrap_or_default();
    let is_added = |column: &&String| !own.contains(column) && !state.columns.contains(column);
    let mut added: Vec<String> = found.columns.iter().filter(is_added).cloned().collect();
    if !added.iter().any(|column| column == WAVE) {
        added.insert(0, WAVE.to_owned());
    }
    let text = to_csv(rows, &own, &added, &found)?;
    if !is_free {
        replace(&root.join("manifest.new.csv"), &text)?;
        return Ok(Written::Beside);
    }
    // The state comes last: a run that ends between the two finds a manifest that is as it would write it.
    replace(&path, &text)?;
    (state.columns, state.manifest) = (own, digest);
    write_state(root, &state)?;
    remove(&root.join("manifest.new.csv"))?;
    Ok(Written::InPlace)
}

/// Writes `definitions.toml`, unless somebody has changed it.
///
/// # Errors
/// Where it cannot be read or written.
pub(super) fn write_definitions(root: &Utf8Path, text: &str) -> io::Result<Written> {
    let path = root.join("definitions.toml");
    let mut state = read_state(root);
    let known = known(&path)?;
    if known.is_some_and(|known| known != text.as_bytes() && digest(&known) != state.definitions) {
        replace(&root.join("definitions.new.toml"), text.as_bytes())?;
        return Ok(Written::Beside);
    }
    replace(&path, text.as_bytes())?;
    state.definitions = digest(text);
    write_state(root, &state)?;
    remove(&root.join("definitions.new.toml"))?;
    Ok(Written::InPlace)
}

/// Writes a file at a place in the directory, unless somebody has changed the one that is there.
///
/// # Errors
/// Where it cannot be read or written.
pub(super) fn write_file(root: &Utf8Path, place: &Utf8Path, content: &[u8]) -> io::Result<Written> {
    let (path, mut state) = (root.join(place), read_state(root));
    let known = known(&path)?;
    let is_own = |known: &Vec<u8>| known == content || state.files.get(place) == Some(&digest(known));
    let aside = path.with_extension(format!("new.{}", path.extension().unwrap_or_default()));
    if let Some(folder) = path.parent() {
        fs_err::create_dir_all(folder)?;
    }
    if !known.as_ref().is_none_or(is_own) {
        replace(&aside, content)?;
        return Ok(Written::Beside);
    }
    // The state comes last, as that of the manifest does.
    replace(&path, content)?;
    state.files.insert(place.to_owned(), digest(content));
    write_state(root, &state)?;
    remove(&aside)?;
    Ok(Written::InPlace)
}

/// Removes what [`write_file`] wrote once and does not write any more; what somebody has changed stays.
///
/// # Errors
/// Where it cannot be read or removed.
pub(super) fn remove_others(root: &Utf8Path, wanted: &[Utf8PathBuf]) -> io::Result<()> {
    let mut state = read_state(root);
    let gone: Vec<Utf8PathBuf> = state.files.keys().filter(|place| !wanted.contains(place)).cloned().collect();
    if gone.is_empty() {
        return Ok(());
    }
    for place in gone {
        let written = state.files.remove(&place);
        if known(&root.join(&place))?.map(digest) == written {
            remove(&root.join(&place))?;
        }
    }
    write_state(root, &state)
}

/// What a file holds; `None` where there is none.
fn known(path: &Utf8Path) -> io::Result<Option<Vec<u8>>> {
    match fs_err::read(path) {
        Ok(known) => Ok(Some(known)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts a file into its place whole.
pub(super) fn replace(path: &Utf8Path, content: &[u8]) -> io::Result<()> {
    if fs_err::read(path).is_ok_and(|known| known == content) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Utf8Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    io::Write::write_all(&mut file, content)?;
    open_to_others(file.as_file())?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// A temporary file is its owner's alone; what is made of it is meant to be shared like any other file.
fn open_to_others(file: &std::fs::File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

fn remove(path: &Utf8Path) -> io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn read_state(root: &Utf8Path) -> State {
    let bytes = fs_err::read(root.join(STATE)).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn write_state(root: &Utf8Path, state: &State) -> io::Result<()> {
    replace(&root.join(STATE), serde_json::to_string_pretty(state).map_err(io::Error::other)?.as_bytes())
}

fn digest(text: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(text))
}

/// A digest of some columns, whatever the order of the rows.
fn digest_of<'a>(rows: impl Iterator<Item = &'a Row>, columns: &[String]) -> String {
    let line = |row: &Row| {
        let cells = columns.iter().map(|column| row.get(column).map_or("", |cell| cell.trim()));
        serde_json::to_string(&cells.collect::<Vec<_>>()).expect("are texts")
    };
    let mut lines: Vec<String> = rows.map(line).collect();
    lines.sort_unstable();
    // A column that says nothing is no column.
    digest(format!("{}\n{}", serde_json::to_string(columns).expect("are texts"), lines.join("\n")))
}

fn key_of(row: &Row) -> String {
    ["groupId", "assetId", "version"].map(|column| row.get(column).map_or("", String::as_str)).join("/")
}

fn parse(bytes: &[u8]) -> Option<Found> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let columns: Vec<String> = reader.headers().ok()?.iter().map(|name| name.trim().to_owned()).collect();
    let mut rows = BTreeMap::new();
    for record in reader.records() {
        let record = record.ok()?;
        let cells = columns.iter().zip(&record).filter(|(_, cell)| !cell.is_empty());
        let row: Row = cells.map(|(column, cell)| (column.clone(), cell.to_owned())).collect();
        rows.insert(key_of(&row), row);
    }
    Some(Found { columns, rows })
}

fn to_csv(rows: &[Row], own: &[String], added: &[String], found: &Found) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(own.iter().chain(added))?;
    for row in rows {
        let known = found.rows.get(&key_of(row));
        let own = own.iter().map(|column| row.get(column).map_or("", String::as_str));
        let added = added.iter().map(|column| known.and_then(|known| known.get(column)).map_or("", String::as_str));
        writer.write_record(own.chain(added))?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(asset: &str, name: &str) -> Row {
        let cells = [("groupId", "g"), ("assetId", asset), ("version", "1.0.0"), ("type", "custom"), ("name", name)];
        cells.into_iter().map(|(column, cell)| (column.to_owned(), cell.to_owned())).collect()
    }

    fn place() -> (tempfile::TempDir, camino::Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().to_owned();
        (folder, path)
    }

    #[test]
    fn cells_that_somebody_added_stay_with_their_version() {
        let (_folder, root) = place();
        let path = root.join("manifest.csv");
        assert_eq!(write_manifest(&root, &[row("a", "A"), row("b", "B")]).unwrap(), Written::InPlace);
        let text = fs_err::read_to_string(&path).unwrap();
        assert!(text.lines().next().unwrap().ends_with(",wave"), "{text}");
        let edited: Vec<String> = text
            .lines()
            .map(|line| match line {
                line if line.starts_with("groupId") => format!("{line},fields.team"),
                line if line.starts_with("g,b") => format!("{line}2,Blue"),
                line => format!("{line}1,Red"),
            })
            .collect();
        fs_err::write(&path, edited.join("\r\n")).unwrap();
        let rows = [row("0", "new"), row("a", "A, changed"), row("b", "B")];
        assert_eq!(write_manifest(&root, &rows).unwrap(), Written::InPlace);
        let found = parse(&fs_err::read(&path).unwrap()).unwrap();
        let cell = |asset: &str, column: &str| found.rows[&format!("g/{asset}/1.0.0")].get(column).cloned();
        assert_eq!(
            (cell("b", "wave"), cell("a", "wave"), cell("0", "wave")),
            (Some("2".into()), Some("1".into()), None)
        );
        assert_eq!((cell("b", "fields.team"), cell("a", "name")), (Some("Blue".into()), Some("A, changed".into())));
    }

    #[test]
    fn a_manifest_that_somebody_changed_is_not_overwritten() {
        let (_folder, root) = place();
        let path = root.join("manifest.csv");
        write_manifest(&root, &[row("a", "A"), row("b", "B")]).unwrap();
        let text = fs_err::read_to_string(&path).unwrap().replace("g,b", "g,c");
        fs_err::write(&path, &text).unwrap();
        assert_eq!(write_manifest(&root, &[row("a", "A2"), row("b", "B")]).unwrap(), Written::Beside);
        assert_eq!(fs_err::read_to_string(&path).unwrap(), text);
        assert!(fs_err::read_to_string(root.join("manifest.new.csv")).unwrap().contains("A2"));
        fs_err::remove_file(&path).unwrap();
        assert_eq!(write_manifest(&root, &[row("a", "A2")]).unwrap(), Written::InPlace);
        assert!(!root.join("manifest.new.csv").exists());
    }

    #[test]
    fn a_file_that_is_not_written_any_more_goes_unless_somebody_changed_it() {
        let (_folder, root) = place();
        let (one, other) = (Utf8PathBuf::from("access.csv"), Utf8PathBuf::from("portals/p/access.csv"));
        for place in [&one, &other] {
            assert_eq!(write_file(&root, place, b"1").unwrap(), Written::InPlace);
            assert_eq!(write_file(&root, place, b"2").unwrap(), Written::InPlace);
        }
        fs_err::write(root.join(&other), "mine").unwrap();
        assert_eq!(write_file(&root, &other, b"3").unwrap(), Written::Beside);
        assert_eq!(fs_err::read_to_string(root.join("portals/p/access.new.csv")).unwrap(), "3");
        remove_others(&root, &[]).unwrap();
        assert!(!root.join(&one).exists());
        assert_eq!(fs_err::read_to_string(root.join(&other)).unwrap(), "mine");
    }

    #[test]
    fn definitions_that_somebody_changed_stay() {
        let (_folder, root) = place();
        assert_eq!(write_definitions(&root, "one").unwrap(), Written::InPlace);
        assert_eq!(write_definitions(&root, "two").unwrap(), Written::InPlace);
        fs_err::write(root.join("definitions.toml"), "mine").unwrap();
        assert_eq!(write_definitions(&root, "three").unwrap(), Written::Beside);
        assert_eq!(fs_err::read_to_string(root.join("definitions.toml")).unwrap(), "mine");
    }
}
