//! What the files of an asset tell about it, shown as attributes (EXCHANGE.md §2.1, §4.5).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::asset::AssetType;

use super::{archive, content, form::Upload};

/// The description that a Mule 4 jar has of itself.
const MULE_ARTIFACT: &str = "META-INF/mule-artifact/mule-artifact.json";

/// The most bytes of an attribute; longer ones are no version and no name of a platform.
const MAX_TEXT: usize = 250;

/// Reads the attributes of a version from its files; broken files tell nothing.
///
/// This unpacks archives; it runs on a thread that may block.
pub(super) fn of(asset_type: &AssetType, uploads: &mut [Upload]) -> BTreeMap<&'static str, String> {
    let mut facts = BTreeMap::new();
    for upload in uploads {
        let file = &mut upload.content;
        let (key, member, document) = match (upload.key.classifier(), upload.key.packaging.as_str()) {
            (classifier, "jar") if classifier.starts_with("mule-") => {
                ("min-mule-version", "minMuleVersion", archive::member(file, MULE_ARTIFACT))
            }
            ("llm-metadata" | "mcp-metadata" | "agent-metadata", "json") => {
                ("platform", "platform", content::whole(file).ok())
            }
            _ => continue,
        };
        if let Some(text) = document.and_then(|document| text(&document, member)) {
            facts.insert(key, text);
        }
    }
    // A metadata file under a wrong name is taken, and this is what comes of it.
    if *asset_type == AssetType::Llm {
        facts.entry("platform").or_insert_with(|| "other".to_owned());
    }
    facts
}

fn text(document: &[u8], member: &str) -> Option<String> {
    let document: Value = serde_json::from_slice(document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document)).ok()?;
    document[member].as_str().filter(|text| !text.is_empty() && text.len() <= MAX_TEXT).map(str::to_owned)
}
