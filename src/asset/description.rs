//! What Exchange holds about an asset beside its files, and who owns each datum (EXCHANGE.md §3.12).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Coordinates, FileContent, Lifecycle, Values};

/// What is to be true of an asset beside its files. What it does not name stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Description {
    /// The display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The description; empty: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whom to ask; empty: nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_name: Option<String>,
    /// Where to ask; empty: nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<String>,
    /// The icon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<Utf8PathBuf>,
    /// All tags; an empty list: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Categories.
    #[serde(skip_serializing_if = "Values::is_silent")]
    pub categories: Values,
    /// Custom fields.
    #[serde(skip_serializing_if = "Values::is_silent")]
    pub fields: Values,
    /// All pages, with their terms and images: a ready `docs.zip`, or what it is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docs: Option<FileContent>,
    /// Single pages, by name; the others stay.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pages: BTreeMap<String, Utf8PathBuf>,
    /// The lifecycle state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Lifecycle>,
    /// External instances; those that are not named stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<ExternalInstance>,
    /// Who sees its version group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
}

/// Who sees a version group of an asset, or an instance of it (EXCHANGE.md §5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody: it is in the public portal.
    Public,
    /// The organization, and those it is shared with.
    Private,
}

impl Visibility {
    /// The word that a manifest has for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }

    /// Whether everybody sees it.
    #[must_use]
    pub fn is_public(self) -> bool {
        self == Self::Public
    }
}

impl From<bool> for Visibility {
    fn from(is_public: bool) -> Self {
        if is_public { Self::Public } else { Self::Private }
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is neither `public` nor `private`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither public nor private")]
pub struct VisibilityError(String);

impl FromStr for Visibility {
    type Err = VisibilityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            word if word.eq_ignore_ascii_case("public") => Ok(Self::Public),
            word if word.eq_ignore_ascii_case("private") => Ok(Self::Private),
            other => Err(VisibilityError(other.to_owned())),
        }
    }
}

/// An instance of an API that runs somewhere else (EXCHANGE.md §5.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalInstance {
    /// The name, 1 to 150 characters; unique within the version group.
    pub name: String,
    /// The address, 1 to 2048 characters.
    pub endpoint_uri: String,
    /// Whether everybody sees it; `None` leaves it, and is *no* for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_public: Option<bool>,
}

/// What a datum belongs to: all versions of the same scope share it (EXCHANGE.md §3.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// All versions of the asset: name, description, contact, icon.
    Asset,
    /// All patches of a minor version: tags, categories, fields, pages.
    MinorVersion,
    /// All versions of a version group, which is the API version or the major version: instances, terms, visibility.
    VersionGroup,
}

/// A datum that a version has something to say about, though it shares it with others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Claim {
    /// Whom it is shared with.
    pub scope: Scope,
    /// Which datum: `name`, `tags`, `categories.layer`, `instances.production`, …
    pub datum: String,
    /// A digest of what is said, to tell whether two versions say the same; empty for files, whose content it is not
    /// worth reading for that.
    pub digest: String,
}

impl Description {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Everything it says that other versions of the asset may say something else about.
    #[must_use]
    pub fn claims(&self) -> Vec<Claim> {
        let mut claims = Vec::new();
        let mut claim = |scope, datum: &str, said: &str| {
            let digest = if said.is_empty() { String::new() } else { hex::encode(&Sha256::digest(said)[..8]) };
            claims.push(Claim { scope, datum: datum.to_owned(), digest });
        };
        let texts = [
            ("name", &self.name),
            ("description", &self.description),
            ("contactName", &self.contact_name),
            ("contactEmail", &self.contact_email),
        ];
        for (datum, text) in texts {
            if let Some(text) = text {
                claim(Scope::Asset, datum, &json(text));
            }
        }
        if self.icon.is_some() {
            claim(Scope::Asset, "icon", "");
        }
        if let Some(tags) = &self.tags {
            let tags: BTreeSet<String> = tags.iter().map(|tag| tag.trim().to_lowercase()).collect();
            claim(Scope::MinorVersion, "tags", &json(&tags));
        }
        for (dimension, values) in [("categories", &self.categories), ("fields", &self.fields)] {
            if values.exactly {
                claim(Scope::MinorVersion, dimension, &json(values));
            }
            for (key, value) in values.iter() {
                claim(Scope::MinorVersion, &format!("{dimension}.{key}"), &json(value));
            }
        }
        if let Some(docs) = &self.docs {
            claim(Scope::MinorVersion, "docs", "");
            if matches!(docs, FileContent::Docs(documentation) if documentation.terms.is_some()) {
                claim(Scope::VersionGroup, "terms", "");
            }
        }
        for page in self.pages.keys() {
            claim(Scope::MinorVersion, &format!("pages.{page}"), "");
        }
        for instance in &self.instances {
            claim(Scope::VersionGroup, &format!("instances.{}", instance.name), &json(instance));
        }
        if let Some(visibility) = self.visibility {
            claim(Scope::VersionGroup, "visibility", visibility.as_str());
        }
        claims
    }

    /// Says nothing any more about data that another version speaks for.
    pub fn yield_to_others(&mut self, data: &BTreeSet<String>) {
        let yields = |datum: &str| data.contains(datum);
        let texts = [
            ("name", &mut self.name),
            ("description", &mut self.description),
            ("contactName", &mut self.contact_name),
            ("contactEmail", &mut self.contact_email),
        ];
        for (datum, text) in texts {
            if yields(datum) {
                *text = None;
            }
        }
        if yields("icon") {
            self.icon = None;
        }
        if yields("tags") {
            self.tags = None;
        }
        for (dimension, values) in [("categories", &mut self.categories), ("fields", &mut self.fields)] {
            values.exactly &= !yields(dimension);
            values.by_key.retain(|key, _| !yields(&format!("{dimension}.{key}")));
        }
        if yields("docs") {
            self.docs = None;
        }
        if yields("terms")
            && let Some(FileContent::Docs(documentation)) = &mut self.docs
        {
            documentation.terms = None;
        }
        self.pages.retain(|page, _| !yields(&format!("pages.{page}")));
        self.instances.retain(|instance| !yields(&format!("instances.{}", instance.name)));
        if yields("visibility") {
            self.visibility = None;
        }
    }
}

impl Scope {
    /// What all versions of the same scope have in common: the asset, `1.2`, or the version group.
    #[must_use]
    pub fn key(self, coordinates: &Coordinates, api_version: Option<&str>) -> String {
        let version = &coordinates.version;
        match self {
            Self::Asset => String::new(),
            Self::MinorVersion => version.minor_version(),
            Self::VersionGroup => {
                api_version.map_or_else(|| version.major().to_string(), |api_version| format!("={api_version}"))
            }
        }
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("is plain data with text keys")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::Spelled;

    fn described() -> Description {
        Description {
            name: Some("A".to_owned()),
            icon: Some("icon.svg".into()),
            tags: Some(vec!["b".to_owned(), "a".to_owned()]),
            categories: [("layer".to_owned(), Spelled::One("System".to_owned()))].into_iter().collect(),
            instances: vec![ExternalInstance {
                name: "production".to_owned(),
                endpoint_uri: "https://api.example.com".to_owned(),
                is_public: None,
            }],
            status: Some(Lifecycle::Published),
            visibility: Some(Visibility::Public),
            ..Description::default()
        }
    }

    #[test]
    fn every_shared_datum_is_claimed_in_its_scope() {
        let claims = described().claims();
        let told: Vec<(Scope, &str)> = claims.iter().map(|claim| (claim.scope, claim.datum.as_str())).collect();
        let expected = [
            (Scope::Asset, "name"),
            (Scope::Asset, "icon"),
            (Scope::MinorVersion, "tags"),
            (Scope::MinorVersion, "categories.layer"),
            (Scope::VersionGroup, "instances.production"),
            (Scope::VersionGroup, "visibility"),
        ];
        assert_eq!(told, expected, "the status belongs to the version alone");
    }

    #[test]
    fn tags_agree_whatever_their_order_and_case() {
        let mut other = described();
        other.tags = Some(vec!["A".to_owned(), " B ".to_owned()]);
        assert_eq!(other.claims(), described().claims());
        other.tags = Some(Vec::new());
        assert_ne!(other.claims(), described().claims());
    }

    #[test]
    fn what_is_yielded_is_not_said_any_more() {
        let mut description = described();
        let claims = description.claims();
        description.yield_to_others(&claims.iter().map(|claim| claim.datum.clone()).collect());
        assert_eq!(description.claims(), []);
        assert_eq!(description.status, Some(Lifecycle::Published));
    }

    #[test]
    fn scopes_are_told_apart_by_version() {
        let key = |scope: Scope, gav: &str, api: Option<&str>| scope.key(&gav.parse().expect("parses"), api);
        assert_eq!(key(Scope::MinorVersion, "g/a/1.2.3", None), "1.2");
        assert_eq!(key(Scope::VersionGroup, "g/a/1.2.3", None), key(Scope::VersionGroup, "g/a/1.9.0", None));
        assert_ne!(
            key(Scope::VersionGroup, "g/a/1.2.3", Some("v1")),
            key(Scope::VersionGroup, "g/a/2.0.0", Some("v2"))
        );
        assert_eq!(key(Scope::Asset, "g/a/1.2.3", None), key(Scope::Asset, "g/a/2.0.0", None));
    }
}
