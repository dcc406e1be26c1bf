//! What a 409 of the publish call means: it is at least four things (EXCHANGE.md §3.7).

use crate::net::Refusal;

/// Why Exchange says that a publication conflicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Conflict {
    /// This version exists already. Whether with the same content has to be looked at.
    Exists,
    /// This version was deleted softly, and its number is not free.
    Tombstone,
    /// A publication of this version is under way.
    InProgress,
    /// The publishing user has too many roles: nothing more can be published until that is mended.
    RoleLimit,
    /// Something else; the server's words tell.
    Other,
}

/// The code of a version that cannot be created; its errors tell why.
const PRE_CONDITIONS: &str = "ASSET_PRE_CONDITIONS_FAILED";

impl Conflict {
    /// Reads a refusal of 409.
    ///
    /// The code counts first. Within one code Exchange tells the cases apart by nothing but the text of the errors, so
    /// that the texts known from it are looked for; text that is not known is never taken for "exists".
    #[must_use]
    pub fn of(refusal: &Refusal) -> Self {
        match refusal.code.as_deref() {
            Some("ASSET_ALREADY_EXISTS") => return Self::Exists,
            Some("PUBLICATION_IN_PROGRESS" | "ASSET_PUBLICATION_IN_PROGRESS") => return Self::InProgress,
            Some(code) if code.contains("ROLE") && code.contains("LIMIT") => return Self::RoleLimit,
            // Codes of other conflicts, whose texts may also say "already exists".
            Some(code) if code != PRE_CONDITIONS && is_machine_code(code) => return Self::Other,
            _ => {}
        }
        let said = refusal.errors.iter().chain([&refusal.message]).map(|text| text.to_lowercase());
        said.map(|text| Self::of_text(&text)).find(|conflict| *conflict != Self::Other).unwrap_or(Self::Other)
    }

    fn of_text(text: &str) -> Self {
        let says = |words: &[&str]| words.iter().all(|word| text.contains(word));
        if says(&["deleted asset", "same version"]) {
            Self::Tombstone
        } else if says(&["in progress"]) || says(&["being published"]) {
            Self::InProgress
        } else if says(&["already exists", "version"]) {
            Self::Exists
        } else if says(&["role", "limit"]) || says(&["maximum", "roles"]) || says(&["too many", "roles"]) {
            Self::RoleLimit
        } else {
            Self::Other
        }
    }
}

/// A code such as `API_METADATA_EXTERNAL_API_CONFLICT`, and not a name in words such as `Conflict`.
fn is_machine_code(code: &str) -> bool {
    code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: Option<&str>, message: &str, errors: &[&str]) -> Refusal {
        Refusal {
            request: "POST /x".to_owned(),
            status: 409,
            code: code.map(str::to_owned),
            message: message.to_owned(),
            errors: errors.iter().map(|e| (*e).to_owned()).collect(),
            retry_after: None,
            request_id: None,
            leads_to: None,
            body_excerpt: None,
        }
    }

    #[test]
    fn the_known_texts_are_told_apart() {
        let message = "Cannot create a new asset with the provided groupId, assetId, version, state";
        for (error, expected) in [
            ("An asset already exists with this version and published lifecycle state.", Conflict::Exists),
            (
                "There is a deleted asset with the same version number. Try creating your new asset with a higher version number.",
                Conflict::Tombstone,
            ),
            ("A publication for this asset is in progress", Conflict::InProgress),
            ("The user has reached the limit of roles", Conflict::RoleLimit),
            ("The stars are wrong", Conflict::Other),
        ] {
            assert_eq!(Conflict::of(&refusal(Some(PRE_CONDITIONS), message, &[error])), expected, "{error}");
        }
    }

    #[test]
    fn another_code_is_never_an_existing_version() {
        let external = refusal(Some("API_METADATA_EXTERNAL_API_CONFLICT"), "the version already exists", &[]);
        assert_eq!(Conflict::of(&external), Conflict::Other);
        assert_eq!(Conflict::of(&refusal(None, "conflict executing operation", &[])), Conflict::Other);
        let named = refusal(Some("Conflict"), "An asset already exists with this version", &[]);
        assert_eq!(Conflict::of(&named), Conflict::Exists);
    }
}
