//! The types of asset that Exchange knows (EXCHANGE.md §2.1).

use std::{convert::Infallible, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! asset_types {
    ($($(#[$doc:meta])* $variant:ident = $text:literal $(| $alias:literal)*,)*) => {
        /// A type of asset, by the API's own name. Types that appear later are carried as [`AssetType::Other`].
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum AssetType {
            $($(#[$doc])* $variant,)*
            /// A type that this version does not know; its name is kept.
            Other(String),
        }

        impl AssetType {
            /// Every type known by name.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant,)*];

            /// The API's name of the type.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(name) => name,
                }
            }
        }

        impl FromStr for AssetType {
            type Err = Infallible;

            fn from_str(text: &str) -> Result<Self, Infallible> {
                Ok(match text {
                    $($text $(| $alias)* => Self::$variant,)*
                    other => Self::Other(other.to_owned()),
                })
            }
        }
    };
}

asset_types! {
    /// A REST API in RAML or OAS.
    RestApi = "rest-api",
    /// A SOAP API in WSDL.
    SoapApi = "soap-api",
    /// An HTTP API: no specification.
    HttpApi = "http-api",
    /// An AsyncAPI.
    EventedApi = "evented-api",
    /// A GraphQL schema; clients also say `graphql-api`.
    Graphql = "graphql" | "graphql-api",
    /// A protobuf definition.
    GrpcApi = "grpc-api",
    /// A RAML fragment and its relatives (OAS components, JSON schema).
    RamlFragment = "raml-fragment",
    /// Any file, or none.
    Custom = "custom",
    /// A Mule 4 connector or policy jar.
    Extension = "extension",
    /// A Mule 3 connector.
    Connector = "connector",
    /// A Mule application.
    App = "app",
    /// A Mule template.
    Template = "template",
    /// A Mule example.
    Example = "example",
    /// A policy.
    Policy = "policy",
    /// A governance ruleset.
    Ruleset = "ruleset",
    /// A library outside Mule.
    ExternalLibrary = "external-library",
    /// A group of APIs; made by API Manager.
    ApiGroup = "api-group",
    /// An MCP server.
    Mcp = "mcp",
    /// An agent.
    Agent = "agent",
    /// A language model.
    Llm = "llm",
}

impl AssetType {
    /// Whether versions of this type belong to an `apiVersion` that the publisher must give.
    #[must_use]
    pub fn requires_api_version(&self) -> bool {
        matches!(self, Self::RestApi | Self::SoapApi | Self::HttpApi | Self::EventedApi | Self::GrpcApi)
    }
}

impl fmt::Display for AssetType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for AssetType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for AssetType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let Ok(kind) = text.parse();
        Ok(kind)
    }
}
