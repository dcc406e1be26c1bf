//! A small journal for the tests of this room: one item of every fate, and names that mean harm.

use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::{
    asset::{AssetDraft, AssetType, Coordinates, Diagnosis, Problem, Sourced},
    journal::{Change, Failure, ItemId, Journal, Offer, RunTotals, State},
};

/// A journal in a directory that goes away with it.
pub(super) struct Fixture {
    pub(super) journal: Arc<Journal>,
    pub(super) directory: tempfile::TempDir,
}

/// What a hostile server or file name may say.
pub(super) const HOSTILE: &str = "\x1b[2J<script>alert('x')</script>\r\n]]>&\u{202e}\u{0}";

impl Fixture {
    /// A journal with nothing in it.
    pub(super) async fn empty() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = Utf8PathBuf::from_path_buf(directory.path().join("nightly.db")).expect("a UTF-8 path");
        let journal = Journal::open(&path, "sandbox:acme").await.expect("a new journal");
        Self { journal: Arc::new(journal), directory }
    }

    /// One item of every fate.
    pub(super) async fn of_every_fate() -> Self {
        let fixture = Self::empty().await;
        let common = "acme/common/1.0.0";
        let mut batch = vec![
            draft(common, "raml/common", &[]),
            draft("acme/orders/1.0.0", "raml/orders", &[common, "other/base/2.0.0"]),
            draft("acme/shop/1.0.0", "raml/shop", &["acme/orders/1.0.0"]),
            draft("acme/billing/2.1.0", "oas/billing.yaml", &[]),
            draft("acme/stock/1.4.2", "oas/stock.json", &[]),
            draft("acme/parcels/0.9.0", "wsdl/parcels.wsdl", &[]),
            draft("acme/later/1.0.0", "oas/later.yaml", &[]),
        ];
        let broken = Diagnosis::failed("oas/broken.yaml", Problem::Invalid, "is not YAML: tab in an indent")
            .at(12, 3)
            .hint("replace the tab by spaces");
        batch.push(Sourced::Diagnosis(Box::new(broken)));
        batch.push(Sourced::Diagnosis(Box::new(Diagnosis::skipped(
            "notes.txt",
            Problem::Unsupported,
            "is not an asset",
        ))));
        fixture.take_in(batch).await;
        fixture.work().await;
        let totals = RunTotals {
            outcome: Some("partial".to_owned()),
            published: 2,
            updated: 1,
            requests: 1_204,
            polls: 400,
            refused: 3,
            bytes: 12_345_678,
            ..RunTotals::default()
        };
        fixture.journal.record_totals(totals).await.expect("written");
        fixture
    }

    /// Names and words that mean harm wherever there may be some.
    pub(super) async fn hostile() -> Self {
        let fixture = Self::empty().await;
        let bad = Diagnosis::failed(format!("=cmd|'{HOSTILE}"), Problem::Missing, format!("+{HOSTILE}"))
            .gav(format!("@{HOSTILE}"))
            .hint(format!("-{HOSTILE}"));
        fixture.take_in(vec![Sourced::Diagnosis(Box::new(bad))]).await;
        fixture
    }

    /// So many items, each failed.
    pub(super) async fn of_failures(n: usize) -> Self {
        let fixture = Self::empty().await;
        let failed = |i| Diagnosis::failed(format!("oas/{i}.yaml"), Problem::Invalid, "is not YAML");
        fixture.take_in((0..n).map(|i| Sourced::Diagnosis(Box::new(failed(i)))).collect()).await;
        fixture
    }

    async fn take_in(&self, batch: Vec<Sourced>) {
        self.journal.offer(batch.into_iter().map(|sourced| Offer::new(sourced, true)).collect()).await.expect("taken");
        self.journal.end_scan(false, "".into()).await.expect("ended");
        self.journal.put_in_order().await.expect("in order");
    }

    fn id(&self, gav: &str) -> ItemId {
        ItemId(self.journal.reader().find(gav).expect("read")[0].id)
    }

    async fn change(&self, gav: &str, to: State, with: impl FnOnce(Change) -> Change) {
        let change = Change { step: Some("publish"), attempt: 1, ..Change::to(self.id(gav), to) };
        self.journal.apply(with(change)).await.expect("applied");
    }

    async fn work(&self) {
        for gav in ["acme/common/1.0.0", "acme/billing/2.1.0", "acme/stock/1.4.2", "acme/parcels/0.9.0"] {
            self.change(gav, State::Acting, |change| change).await;
        }
        self.change("acme/common/1.0.0", State::Done, |change| Change { step: None, ..change }).await;
        self.change("acme/orders/1.0.0", State::Acting, |change| change).await;
        let refused = Failure::new("refused", "the server refused the publication: main file `api.raml` is missing")
            .http(Some(400))
            .hint("name the main file in `exchange.json`");
        self.change("acme/orders/1.0.0", State::Failed, |c| Change { failure: Some(refused), ..c }).await;
        let note = Some("2.1.0 exists with other content".to_owned());
        let bumped = Some("acme/billing/2.1.1".to_owned());
        self.change("acme/billing/2.1.0", State::Acting, |c| Change { published_as: bumped, note, ..c }).await;
        self.change("acme/billing/2.1.0", State::Done, |c| Change { step: None, ..c }).await;
        let same = Failure::new("same-content", "is on the server already, with the same content").http(Some(409));
        self.change("acme/stock/1.4.2", State::Skipped, |c| Change { step: None, failure: Some(same), ..c }).await;
        let slow = Failure::new("unavailable", "the server is busy").http(Some(503));
        self.change("acme/parcels/0.9.0", State::Waiting, |c| Change { failure: Some(slow), ..c }).await;
    }
}

fn draft(gav: &str, path: &str, dependencies: &[&str]) -> Sourced {
    let coordinates: Coordinates = gav.parse().expect("coordinates");
    Sourced::Draft(Box::new(AssetDraft {
        name: coordinates.asset_id.clone(),
        coordinates,
        asset_type: AssetType::RestApi,
        description: None,
        status: None,
        tags: None,
        keywords: Vec::new(),
        dependencies: dependencies.iter().map(|gav| gav.parse().expect("coordinates")).collect(),
        contact_name: None,
        contact_email: None,
        properties: [].into(),
        categories: crate::asset::Values::default(),
        fields: crate::asset::Values::default(),
        instances: [].into(),
        visibility: None,
        moves: std::collections::BTreeMap::default(),
        name_is_derived: false,
        files: Vec::new(),
        on_conflict: None,
        path: path.into(),
        line: None,
        origins: [].into(),
        stamp: String::new(),
    }))
}

/// Text drawn into memory, with what differs from run to run replaced.
pub(super) fn drawn(draw: impl FnOnce(&mut dyn std::io::Write) -> Result<(), super::ReportError>) -> String {
    let mut out = Vec::new();
    draw(&mut out).expect("drawn");
    let mut text = String::from_utf8(out).expect("reports are UTF-8");
    text = replace_runs(&text, 36, "00000000-0000-7000-8000-000000000000", |c| c.is_ascii_hexdigit() || c == '-');
    replace_runs(&text, 24, "2000-01-01T00:00:00.000Z", |c| c.is_ascii_digit() || "-:.TZ".contains(c))
}

/// Replaces each longest run of `length` characters that are all `like` that.
fn replace_runs(text: &str, length: usize, by: &str, like: impl Fn(char) -> bool) -> String {
    let mut result = String::new();
    let mut run = String::new();
    for c in text.chars().chain(['\0']) {
        if like(c) {
            run.push(c);
            continue;
        }
        result.push_str(if run.len() == length { by } else { &run });
        run.clear();
        if c != '\0' {
            result.push(c);
        }
    }
    result
}

/// Whether nothing in a text can drive a terminal; newlines are the report's own.
pub(super) fn is_harmless(text: &str) -> bool {
    text.lines().all(|line| super::printable(line) == line)
}
