//! The names of pages and resources, and what they may be (EXCHANGE.md §5.2).

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::asset::AssetType;

/// The page that is always there.
pub(super) const HOME: &str = "home";

/// The path of the terms.
pub(super) const TERMS: &str = ".terms";

/// The most characters of a name.
const MAX_NAME: usize = 128;

/// The most characters of a text.
pub(super) const MAX_TEXT: usize = 1_024_000;

/// The most bytes of a text: every character may take four.
pub(super) const MAX_TEXT_BYTES: usize = MAX_TEXT * 4;

/// The most bytes of a resource.
pub(super) const MAX_RESOURCE: usize = 2 * 1024 * 1024;

/// What a resource may be, by extension, with its media type.
const IMAGES: [(&str, &str); 11] = [
    ("bmp", "image/bmp"),
    ("gif", "image/gif"),
    ("ico", "image/x-icon"),
    ("jpe", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("webp", "image/webp"),
];

/// Whether assets of a type are APIs, which have terms.
pub(super) fn has_terms(asset_type: &AssetType) -> bool {
    asset_type.requires_api_version() || matches!(asset_type, AssetType::Graphql | AssetType::ApiGroup)
}

/// Refuses what cannot be the name of a page. A slash separates folders, each with a name of its own.
pub(super) fn check_title(title: &str) -> Result<(), String> {
    if title.chars().count() > MAX_NAME {
        return Err(format!("must NOT have more than {MAX_NAME} characters"));
    }
    for name in title.split('/') {
        if name.trim().is_empty() {
            return Err("must NOT have fewer than 1 characters".to_owned());
        }
        if name.starts_with('.') {
            return Err("must NOT start with a dot".to_owned());
        }
        if let Some(c) = name.chars().find(|c| "@*+_\\%".contains(*c) || c.is_control()) {
            return Err(format!("must NOT contain {c:?}"));
        }
    }
    Ok(())
}

/// The id and the title of a path `abc-def/Name`; other paths have no id.
pub(super) fn split_path(path: &str) -> (Option<&str>, &str) {
    match path.split_once('/') {
        Some((id, title)) if is_id(id) => (Some(id), title),
        _ => (None, path),
    }
}

/// Whether a text has the form of the id of a page: `abc-def`.
pub(super) fn is_id(text: &str) -> bool {
    let half = |part: &str| part.len() == 3 && part.bytes().all(|b| b.is_ascii_alphanumeric());
    text.split_once('-').is_some_and(|(one, two)| half(one) && half(two))
}

/// An id for a page that no other page has: the same in every sandbox with the same history.
pub(super) fn page_id(owner: &str, title: &str, is_taken: impl Fn(&str) -> bool) -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut number = 0_u64;
    loop {
        let digest = Sha256::digest(format!("{owner}\n{title}\n{number}"));
        let mut id: String =
            digest.iter().take(6).map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect();
        id.insert(3, '-');
        if !is_taken(&id) {
            return id;
        }
        number += 1;
    }
}

/// The media type of a resource, by its extension; `None` for what cannot be one.
pub(super) fn image_type(name: &str) -> Option<&'static str> {
    let extension = name.rsplit_once('.')?.1.to_ascii_lowercase();
    IMAGES.iter().find(|(known, _)| *known == extension).map(|(_, kind)| *kind)
}

/// The usual extension of a media type that a resource may have.
pub(super) fn media_extension(media_type: &str) -> Option<&'static str> {
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "image/jpeg" => Some("jpg"),
        "image/tiff" => Some("tiff"),
        _ => IMAGES.iter().find(|(_, known)| *known == media_type).map(|(extension, _)| *extension),
    }
}

/// The extensions that a resource may have.
pub(super) fn extensions() -> String {
    IMAGES.map(|(extension, _)| extension).join(", ")
}

/// Whether a text can name a resource: one harmless segment of a path.
pub(super) fn is_resource_name(name: &str) -> bool {
    let harmless = |c: char| c != '/' && c != '\\' && c != '"' && !c.is_control();
    !name.starts_with('.') && name.len() <= 255 && name.chars().all(harmless)
}

/// The id of an uploaded resource: its name with a UUID before the extension, the same for the same history.
pub(super) fn resource_id(owner: &str, name: &str, sha256: &[u8; 32], is_taken: impl Fn(&str) -> bool) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "png"));
    let stem: String = stem.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(100).collect();
    let stem = if stem.is_empty() { "file" } else { &stem };
    let mut number = 0_u64;
    loop {
        let seed = format!("{owner}\n{name}\n{}\n{number}", hex::encode(sha256));
        let uuid = Uuid::new_v5(&Uuid::NAMESPACE_URL, seed.as_bytes());
        let id = format!("{stem}-{uuid}.{}", extension.to_ascii_lowercase());
        if !is_taken(&id) {
            return id;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_follow_the_rules_of_the_documentation() {
        for title in ["Getting Started", "FAQ (2)", "日本", "docs/faq", &"x".repeat(128)] {
            assert_eq!(check_title(title), Ok(()), "{title}");
        }
        for title in ["", " ", ".hidden", "a@b", "a*b", "a+b", "a_b", "a\\b", "50%", "a//b", "/a", &"x".repeat(129)] {
            assert!(check_title(title).is_err(), "{title}");
        }
    }

    #[test]
    fn ids_are_told_from_names_and_never_given_twice() {
        assert_eq!(split_path("abc-1Ef/Getting Started"), (Some("abc-1Ef"), "Getting Started"));
        assert_eq!(split_path("docs/faq"), (None, "docs/faq"));
        let one = page_id("g/a/1.0", "Security", |_| false);
        assert!(is_id(&one), "{one}");
        assert_ne!(page_id("g/a/1.0", "Security", |id| id == one), one);
    }

    #[test]
    fn resources_keep_the_harmless_part_of_their_name() {
        let id = resource_id("g/a/1.0", "../My Dog!.PNG", &[7; 32], |_| false);
        assert!(id.starts_with("MyDog-") && is_resource_name(&id), "{id}");
        assert_eq!(image_type(&id), Some("image/png"));
        assert_eq!((image_type("a.exe"), image_type("png")), (None, None));
    }
}
