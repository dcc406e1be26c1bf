//! Packing documentation: made of Markdown, or by somebody else.

use std::collections::BTreeMap;

use camino::Utf8Path;

use super::{Content, Job, PackedFile, real_folder};
use crate::{
    asset::{AssetType, Diagnosis, Documentation, Problem},
    package::{
        archive::{Archive, Budget},
        docs,
        fingerprint::{self, FileFingerprint},
    },
};

/// Pages are text and images are counted: what unpacks to more than this is no documentation.
const BUDGET: Budget = Budget { entries: 2_000, inflated: 512 * 1024 * 1024, ratio: 200 };

impl Job<'_> {
    /// Makes a docs archive of Markdown files and their images.
    pub(super) fn documented(&self, docs: &Documentation) -> Result<PackedFile, Diagnosis> {
        if let Some(terms) = &docs.terms {
            self.demand_terms_allowed(terms)?;
        }
        let rendered = docs::render(docs).map_err(|diagnosis| *diagnosis)?;
        let texts = rendered.texts.iter().map(|(name, text)| (name.as_str(), Content::Text(text)));
        let images = rendered.images.iter().map(|(name, path)| (name.as_str(), Content::File(path.clone())));
        let content: BTreeMap<&str, Content<'_>> = texts.chain(images).collect();
        self.write(&docs.root, &real_folder(&docs.root)?, &content)
    }

    /// Holds a docs archive that somebody else made to the rules of Exchange.
    pub(super) fn ready_docs(&self, path: &Utf8Path, real: &Utf8Path) -> Result<FileFingerprint, Diagnosis> {
        let diagnosis = |error: crate::package::archive::ArchiveError| error.diagnosis(path);
        let mut archive = Archive::open(real, &BUDGET).map_err(diagnosis)?;
        if docs::check_archive(path, &mut archive).map_err(|diagnosis| *diagnosis)? {
            self.demand_terms_allowed(path)?;
        }
        fingerprint::of_archive(&mut archive).map_err(diagnosis)
    }

    /// Only APIs have terms (EXCHANGE.md §5.2).
    fn demand_terms_allowed(&self, path: &Utf8Path) -> Result<(), Diagnosis> {
        let is_api = self.asset_type.requires_api_version()
            || matches!(self.asset_type, AssetType::Graphql | AssetType::ApiGroup);
        // What a type is that nobody knows, the server may know.
        if is_api || matches!(self.asset_type, AssetType::Other(_)) {
            return Ok(());
        }
        let message = format!("only APIs have terms, and this is a {}", self.asset_type);
        Err(Diagnosis::failed(path, Problem::Value, message).hint("leave terms.md out, or give the page another name"))
    }
}
