//! Files of this machine that describe an asset: packed and checked as for publishing.

use std::{collections::BTreeMap, io::Read, sync::Arc};

use camino::Utf8Path;

use crate::{
    asset::{AssetDraft, AssetType, Coordinates, DraftFile, FileContent, FileKey, Values},
    engine::Outcome,
    journal::Failure,
    offload::offload,
    package::{PackedFile, pack_remapped},
    work::failure,
};

use super::Describer;

/// The class of failures of this machine rather than of an asset.
pub(super) const LOCAL_FILE: &str = "local-file";

impl Describer {
    /// Packs one file. `path` is the file or folder that it is made of.
    pub(super) async fn pack(
        &self,
        coordinates: &Coordinates,
        asset_type: AssetType,
        (key, content): (FileKey, FileContent),
        path: &Utf8Path,
    ) -> Result<PackedFile, Outcome> {
        let folder = self.scratch.path().to_owned();
        let draft = draft_of(coordinates, asset_type, DraftFile { key, content }, path);
        let (limits, remap) = (self.limits, Arc::clone(&self.remap));
        offload(move || {
            let mut package = pack_remapped(&draft, &folder, &limits, &remap).map_err(|diagnosis| {
                // No other item would find more room.
                if diagnosis.path.starts_with(&folder) {
                    return Outcome::Halt(Failure::new(LOCAL_FILE, diagnosis.to_string()));
                }
                let failure = Failure::new(diagnosis.problem.as_str(), diagnosis.to_string());
                Outcome::Failed(Failure { hint: diagnosis.hint.clone(), ..failure })
            })?;
            Ok(package.parts.remove(0))
        })
        .await
    }
}

/// The bytes of a packed file; its limit bounds them.
pub(super) fn read(file: &PackedFile) -> Result<Vec<u8>, Outcome> {
    let mut bytes = Vec::new();
    let read = file.open().and_then(|open| open.take(file.len).read_to_end(&mut bytes));
    read.map_err(|error| local(&error))?;
    Ok(bytes)
}

/// A file of this machine that cannot be read or written.
pub(super) fn local(error: &dyn std::error::Error) -> Outcome {
    Outcome::Failed(Failure::new(LOCAL_FILE, failure::chain(error)))
}

/// An asset that is nothing but this file.
pub(in crate::work) fn draft_of(
    coordinates: &Coordinates,
    asset_type: AssetType,
    file: DraftFile,
    path: &Utf8Path,
) -> AssetDraft {
    AssetDraft {
        coordinates: coordinates.clone(),
        asset_type,
        name: String::new(),
        name_is_derived: false,
        description: None,
        status: None,
        tags: None,
        keywords: Vec::new(),
        dependencies: Vec::new(),
        contact_name: None,
        contact_email: None,
        properties: BTreeMap::new(),
        categories: Values::default(),
        fields: Values::default(),
        instances: Vec::new(),
        visibility: None,
        moves: BTreeMap::new(),
        files: vec![file],
        on_conflict: None,
        path: path.to_owned(),
        line: None,
        origins: BTreeMap::new(),
        stamp: String::new(),
    }
}
