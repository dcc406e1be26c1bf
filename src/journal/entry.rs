//! What the queue keeps of an asset to bring or of a change: its name, its place in the order, and the digest that tells
//! whether the source has changed.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::claims;
use crate::asset::{ApplicationWish, AssetChange, AssetDraft, Coordinates, FileContent, ListedVersion, Version};

/// Sorts after every version: what is to be true of the latest one comes last.
const AFTER_ALL: &str = "~";

/// A row to be.
#[derive(Debug)]
pub struct Entry<'a> {
    /// What it is known by: `group/asset/version`.
    pub(super) gav: String,
    /// `group/asset`: what goes one after the other.
    pub(super) asset: String,
    /// In which order it does.
    pub(super) version_key: String,
    pub(super) path: &'a Utf8Path,
    pub(super) line: Option<u64>,
    pub(super) needs: &'a [Coordinates],
    pub(super) json: String,
    pub(super) digest: Vec<u8>,
    /// What it says about data that versions share.
    pub(super) claims: Option<String>,
    /// What to do where the source names it twice.
    pub(super) once: &'static str,
}

impl<'a> From<&'a AssetDraft> for Entry<'a> {
    /// Where values came from is shown by `plan`, which reads the source itself. Only beside a POM does the publish call
    /// need to know it: what stands in the POM must not be sent twice.
    fn from(draft: &'a AssetDraft) -> Self {
        let mut lean = draft.clone();
        if !lean.files.iter().any(|file| file.key.packaging == "pom") {
            lean.origins.clear();
        }
        let json = to_json(&lean);
        // Where the asset lies is no part of the digest: a row more in a manifest, a moved folder or another working
        // directory is no change. What goes in is told by the stamp, which holds the names, sizes and times of the files.
        lean.path.clear();
        lean.line = None;
        for file in &mut lean.files {
            file.content = placeless();
        }
        let Coordinates { group_id, asset_id, version } = &draft.coordinates;
        Self {
            gav: draft.coordinates.to_string(),
            asset: format!("{group_id}/{asset_id}"),
            version_key: version.sort_key(),
            path: &draft.path,
            line: draft.line,
            needs: &draft.dependencies,
            digest: digest(&lean),
            claims: claims::of_draft(draft),
            once: "give one of them another assetId or version (a manifest can), or exclude it",
            json,
        }
    }
}

impl<'a> From<&'a AssetChange> for Entry<'a> {
    fn from(change: &'a AssetChange) -> Self {
        let mut lean = change.clone();
        lean.path.clear();
        lean.line = 0;
        let said = &mut lean.description;
        said.icon.iter_mut().chain(said.pages.values_mut()).for_each(Utf8PathBuf::clear);
        said.docs.iter_mut().for_each(|docs| *docs = placeless());
        Self {
            gav: change.gav(),
            asset: format!("{}/{}", change.group_id, change.asset_id),
            version_key: change.version.as_ref().map_or_else(|| AFTER_ALL.to_owned(), Version::sort_key),
            path: &change.path,
            line: Some(change.line),
            needs: &[],
            json: to_json(change),
            digest: digest(&lean),
            claims: claims::of_change(change),
            once: "say everything about a version in one row",
        }
    }
}

impl<'a> From<&'a ListedVersion> for Entry<'a> {
    /// Each version stands for itself: none waits for another one to be read.
    fn from(listed: &'a ListedVersion) -> Self {
        let mut lean = listed.clone();
        lean.path.clear();
        let gav = listed.coordinates.to_string();
        Self {
            asset: gav.clone(),
            gav,
            version_key: listed.coordinates.version.sort_key(),
            path: &listed.path,
            line: None,
            needs: &[],
            json: to_json(listed),
            digest: digest(&lean),
            claims: None,
            once: "the source lists it twice",
        }
    }
}

impl<'a> From<&'a ApplicationWish> for Entry<'a> {
    fn from(wish: &'a ApplicationWish) -> Self {
        let lean = ApplicationWish { path: Utf8PathBuf::new(), line: 0, ..wish.clone() };
        Self {
            gav: wish.key(),
            asset: wish.key(),
            version_key: String::new(),
            path: &wish.path,
            line: Some(wish.line),
            needs: &[],
            json: to_json(wish),
            digest: digest(&lean),
            claims: None,
            once: "say everything about an application in one row",
        }
    }
}

fn placeless() -> FileContent {
    FileContent::File(Utf8PathBuf::new())
}

fn digest(lean: &impl Serialize) -> Vec<u8> {
    Sha256::digest(to_json(lean)).to_vec()
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("is plain data with text keys")
}

#[cfg(test)]
mod tests {
    use super::super::{Journal, Offer, ScanCounts, State};
    use super::*;
    use crate::asset::{Description, Sourced};

    fn change(asset: &str, version: Option<&str>, name: &str) -> AssetChange {
        AssetChange {
            group_id: "g".to_owned(),
            asset_id: asset.to_owned(),
            version: version.map(|version| version.parse::<Version>().expect("a version")),
            description: Description { name: Some(name.to_owned()), ..Description::default() },
            path: "changes.csv".into(),
            line: 2,
            stamp: "1".to_owned(),
        }
    }

    async fn run(path: &Utf8Path, changes: &[AssetChange]) -> (Journal, ScanCounts) {
        let journal = Journal::open(path, "org").await.unwrap();
        let offer = |change: &AssetChange| Offer::new(Sourced::Change(Box::new(change.clone())), true);
        let counts = journal.offer(changes.iter().map(offer).collect()).await.unwrap();
        journal.put_in_order().await.unwrap();
        (journal, counts)
    }

    fn states(journal: &Journal) -> Vec<(String, State)> {
        let mut states = Vec::new();
        let each = |row: super::super::ItemRow| states.push((row.gav.unwrap_or_default(), row.state));
        journal.reader().rows(super::super::StatusFilter::All, each).unwrap();
        states
    }

    #[tokio::test]
    async fn changes_of_one_asset_come_one_after_the_other_and_the_latest_version_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("j.db");
        let changes = [
            change("a", None, "x"),
            change("a", Some("1.10.0"), "x"),
            change("a", Some("1.9.0"), "x"),
            change("b", None, "x"),
        ];
        let (journal, counts) = run(&path, &changes).await;
        assert_eq!(counts.new, 4);
        let expected = [
            ("g/a/latest", State::Blocked),
            ("g/a/1.10.0", State::Blocked),
            ("g/a/1.9.0", State::Ready),
            ("g/b/latest", State::Ready),
        ];
        assert_eq!(states(&journal), expected.map(|(gav, state)| (gav.to_owned(), state)));
    }

    #[tokio::test]
    async fn a_change_is_known_again_wherever_its_row_and_its_files_have_moved() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("j.db");
        let mut first = change("a", None, "x");
        first.description.icon = Some("old/i.svg".into());
        run(&path, std::slice::from_ref(&first)).await.0.close().await;
        let mut moved = AssetChange { path: "new.csv".into(), line: 9, ..first.clone() };
        moved.description.icon = Some("new/i.svg".into());
        let mut other = first.clone();
        other.description.name = Some("y".to_owned());
        let touched = AssetChange { stamp: "2".to_owned(), ..first.clone() };
        let journal = Journal::open(&path, "org").await.unwrap();
        let unchanged = |change: &AssetChange| journal.reader().standing(change).unwrap().map(|(_, same)| same);
        assert_eq!([&moved, &other, &touched].map(unchanged), [Some(true), Some(false), Some(false)]);
        assert_eq!(unchanged(&change("b", None, "x")), None);
    }

    #[tokio::test]
    async fn a_second_row_about_the_same_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("j.db");
        let second = AssetChange { line: 3, ..change("a", None, "y") };
        let (journal, counts) = run(&path, &[change("a", None, "x"), second]).await;
        assert_eq!((counts.new, counts.diagnosed), (1, 1));
        let rows = journal.reader().find("g/a/latest").unwrap();
        let refused = rows.iter().find(|row| row.state == State::Failed).expect("one of the two");
        assert_eq!((refused.line, refused.class.as_deref()), (Some(3), Some("duplicate")));
        assert!(refused.message.as_deref().is_some_and(|message| message.contains("changes.csv:2")));
        assert!(refused.hint.as_deref().is_some_and(|hint| hint.contains("one row")));
    }
}
