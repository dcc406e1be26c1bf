//! What can be asked: types, their fields and arguments.
//!
//! The sources show no schema, only queries and lists of arguments; the fields are those of the assets of the REST API.

/// A type of object.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
}

impl Type {
    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        if name == TYPENAME.name { Some(&TYPENAME) } else { self.fields.iter().find(|field| field.name == name) }
    }
}

/// A field of an object.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) source: Source,
    pub(super) shape: Shape,
    pub(super) arguments: &'static [Argument],
}

/// Where the value of a field comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The name of the type.
    Typename,
    /// A member of the object, as listings of the REST API show it.
    Member(&'static str),
    /// A member that only the whole asset has.
    WholeMember(&'static str),
    /// The tags of people and those that follow from the asset.
    Tags,
    /// The other versions of the asset.
    OtherVersions,
    /// All versions of the asset.
    Versions,
    /// A search.
    Search,
    /// One asset.
    Lookup,
}

/// What a field yields.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// A value without fields.
    Leaf,
    /// An object.
    One(&'static Type),
    /// A list of objects.
    Many(&'static Type),
}

impl Shape {
    pub(super) fn inner(self) -> Option<&'static Type> {
        match self {
            Self::Leaf => None,
            Self::One(inner) | Self::Many(inner) => Some(inner),
        }
    }
}

/// An argument, or a member of one that is an object.
#[derive(Debug)]
pub(super) struct Argument {
    pub(super) name: &'static str,
    pub(super) input: Input,
    pub(super) required: bool,
}

/// What an argument takes. A single value stands for a list of one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Input {
    Text,
    Texts,
    Number,
    Flag,
    /// One of some names.
    Name(&'static str, &'static [&'static str]),
    Object(&'static str, &'static [Argument]),
    Objects(&'static str, &'static [Argument]),
}

impl Input {
    /// The name of the type, for messages.
    pub(super) fn name(self) -> String {
        match self {
            Self::Text => "String".to_owned(),
            Self::Texts => "[String]".to_owned(),
            Self::Number => "Int".to_owned(),
            Self::Flag => "Boolean".to_owned(),
            Self::Name(name, _) | Self::Object(name, _) => name.to_owned(),
            Self::Objects(name, _) => format!("[{name}]"),
        }
    }
}

static TYPENAME: Field = Field { name: "__typename", source: Source::Typename, shape: Shape::Leaf, arguments: &[] };

const fn field(name: &'static str, source: Source, shape: Shape, arguments: &'static [Argument]) -> Field {
    Field { name, source, shape, arguments }
}

/// A value that the object has under the same name.
const fn leaf(name: &'static str) -> Field {
    field(name, Source::Member(name), Shape::Leaf, &[])
}

/// A value that the object has under another name.
const fn alias(name: &'static str, member: &'static str) -> Field {
    field(name, Source::Member(member), Shape::Leaf, &[])
}

const fn whole(name: &'static str, shape: Shape) -> Field {
    field(name, Source::WholeMember(name), shape, &[])
}

const fn many(name: &'static str, inner: &'static Type) -> Field {
    field(name, Source::Member(name), Shape::Many(inner), &[])
}

const fn argument(name: &'static str, input: Input) -> Argument {
    Argument { name, input, required: false }
}

const fn required(name: &'static str, input: Input) -> Argument {
    Argument { name, input, required: true }
}

/// The root of version 2, and of the endpoint of Exchange itself.
pub(super) static ROOT_V2: Type = Type {
    name: "Query",
    fields: &[
        field("assets", Source::Search, Shape::Many(&ASSET), SEARCH_V2),
        field("asset", Source::Lookup, Shape::One(&ASSET), COORDINATES),
    ],
};

/// The root of version 1.
pub(super) static ROOT_V1: Type = Type {
    name: "Query",
    fields: &[field(
        "assets",
        Source::Search,
        Shape::Many(&ASSET),
        &[
            argument("query", Input::Object("AssetQuery", SEARCH_V1)),
            argument("asset", Input::Object("AssetCoordinates", COORDINATES)),
            argument("latestVersionsOnly", Input::Flag),
        ],
    )],
};

const COORDINATES: &[Argument] =
    &[required("groupId", Input::Text), required("assetId", Input::Text), argument("version", Input::Text)];

const SEARCH_V2: &[Argument] = &[
    argument("organizationIds", Input::Texts),
    argument("masterOrganizationId", Input::Text),
    argument("searchTerm", Input::Text),
    argument("types", Input::Texts),
    argument("status", Input::Texts),
    argument("labels", Input::Texts),
    argument("categories", Input::Objects("CategorySearchField", KEY_AND_VALUE)),
    argument("minMuleVersion", Input::Text),
    argument("public", Input::Flag),
    argument("isGenerated", Input::Flag),
    argument("latestVersionsOnly", Input::Flag),
    argument("limit", Input::Number),
    argument("offset", Input::Number),
];

const SEARCH_V1: &[Argument] = &[
    argument("organizationIds", Input::Texts),
    argument("rootOrganizationId", Input::Text),
    argument("searchTerm", Input::Text),
    argument("type", Input::Text),
    argument("types", Input::Texts),
    argument("tags", Input::Objects("TagSearchField", KEY_AND_VALUE)),
    argument("runtimeVersion", Input::Text),
    argument("public", Input::Flag),
    argument("limit", Input::Number),
    argument("offset", Input::Number),
];

const KEY_AND_VALUE: &[Argument] = &[argument("key", Input::Text), argument("value", Input::Text)];

const RELATION: &[Argument] = &[required("relationshipType", Input::Name("RelationshipType", &["OtherVersions"]))];

/// An asset, as one of its versions.
pub(super) static ASSET: Type = Type {
    name: "Asset",
    fields: &[
        leaf("id"),
        leaf("groupId"),
        leaf("assetId"),
        leaf("version"),
        leaf("minorVersion"),
        leaf("versionGroup"),
        leaf("productAPIVersion"),
        alias("apiVersion", "productAPIVersion"),
        leaf("organizationId"),
        leaf("name"),
        leaf("description"),
        leaf("type"),
        leaf("status"),
        leaf("isPublic"),
        leaf("isSnapshot"),
        leaf("icon"),
        leaf("minMuleVersion"),
        alias("runtimeVersion", "minMuleVersion"),
        leaf("originalFormat"),
        leaf("originalFormatVersion"),
        leaf("createdAt"),
        leaf("createdDate"),
        leaf("modifiedAt"),
        alias("updatedAt", "modifiedAt"),
        leaf("updatedDate"),
        leaf("createdById"),
        leaf("labels"),
        field("createdBy", Source::Member("createdBy"), Shape::One(&USER), &[]),
        field("externalFile", Source::Member("externalFile"), Shape::One(&EXTERNAL_FILE), &[]),
        field("tags", Source::Tags, Shape::Many(&TAG), &[]),
        many("categories", &CONFIGURED),
        many("customFields", &CONFIGURED),
        many("attributes", &ATTRIBUTE),
        many("files", &FILE),
        many("dependencies", &DEPENDENCY),
        whole("contactName", Shape::Leaf),
        whole("contactEmail", Shape::Leaf),
        whole("rating", Shape::Leaf),
        whole("numberOfRates", Shape::Leaf),
        whole("permissions", Shape::Leaf),
        whole("organization", Shape::One(&ORGANIZATION)),
        whole("instances", Shape::Many(&INSTANCE)),
        field("otherVersions", Source::OtherVersions, Shape::Many(&ASSET), &[]),
        field("versions", Source::Versions, Shape::Many(&ASSET), &[]),
        field("related", Source::OtherVersions, Shape::Many(&ASSET), RELATION),
    ],
};

static USER: Type = Type {
    name: "User",
    fields: &[
        leaf("id"),
        leaf("userName"),
        alias("username", "userName"),
        leaf("firstName"),
        leaf("lastName"),
        leaf("profilePhoto"),
    ],
};

static EXTERNAL_FILE: Type = Type { name: "ExternalFile", fields: &[leaf("url")] };

static TAG: Type = Type { name: "Tag", fields: &[leaf("key"), leaf("value"), leaf("mutable")] };

static CONFIGURED: Type = Type { name: "Category", fields: &[leaf("key"), leaf("displayName"), leaf("value")] };

static ATTRIBUTE: Type = Type { name: "Attribute", fields: &[leaf("key"), leaf("value")] };

static FILE: Type = Type {
    name: "File",
    fields: &[
        leaf("classifier"),
        leaf("packaging"),
        leaf("downloadURL"),
        leaf("externalLink"),
        leaf("md5"),
        leaf("sha1"),
        leaf("sha256"),
        leaf("createdDate"),
        leaf("mainFile"),
        leaf("isGenerated"),
    ],
};

static DEPENDENCY: Type = Type {
    name: "Dependency",
    fields: &[leaf("id"), leaf("groupId"), leaf("assetId"), leaf("version"), leaf("name"), leaf("type")],
};

static ORGANIZATION: Type = Type {
    name: "Organization",
    fields: &[
        leaf("id"),
        leaf("name"),
        leaf("domain"),
        leaf("isMaster"),
        leaf("isRoot"),
        leaf("isMulesoftOrganization"),
    ],
};

static INSTANCE: Type = Type {
    name: "Instance",
    fields: &[
        leaf("id"),
        leaf("groupId"),
        leaf("assetId"),
        leaf("productAPIVersion"),
        leaf("versionGroup"),
        leaf("version"),
        leaf("environmentId"),
        leaf("providerId"),
        leaf("endpointUri"),
        leaf("name"),
        leaf("isPublic"),
        leaf("type"),
        leaf("fullname"),
    ],
};
