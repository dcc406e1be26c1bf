//! The types of custom fields, as the organization configures them. Only what an asset does not tell itself is asked for,
//! and once in a run.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use tokio::sync::OnceCell;

use crate::{
    exchange::{DataType, Dimension, Exchange},
    net::CallError,
};

/// What was found out about the configurations.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    fields: OnceCell<BTreeMap<String, DataType>>,
}

impl Definitions {
    /// The type of a custom field; `None` where it is not configured, or not told to us.
    ///
    /// # Errors
    /// [`CallError`], unless the server says that we may not know.
    pub(super) async fn field_type(&self, exchange: &Exchange, key: &str) -> Result<Option<DataType>, CallError> {
        let fields = self.fields.get_or_try_init(|| read(exchange)).await?;
        Ok(fields.get(key).copied())
    }
}

async fn read(exchange: &Exchange) -> Result<BTreeMap<String, DataType>, CallError> {
    let root = exchange.for_organization(root_of(exchange).await);
    let listed: Result<Vec<_>, _> = root.configurations(Dimension::Field).try_collect().await;
    match listed {
        Ok(listed) => Ok(listed
            .into_iter()
            .filter_map(|known| known.values_type().map(|data_type| (known.tag_key, data_type)))
            .collect()),
        // Whoever may set a field need not be allowed to read how it is configured: then the server judges the values.
        Err(error) if matches!(error.http(), Some(403 | 404)) => {
            tracing::warn!(%error, "the types of custom fields are not told: values are sent as text");
            Ok(BTreeMap::new())
        }
        Err(error) => Err(error),
    }
}

/// The root organization, where fields are configured; our own where nobody tells.
async fn root_of(exchange: &Exchange) -> String {
    let me = Exchange::me(exchange.client()).await.unwrap_or_default();
    me.root_of(exchange.organization()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::scripted::{Scripted, reply};

    const ME: &str = r#"{"user":{"organizationId":"root","organization":{"id":"root","isRoot":true},
        "memberOfOrganizations":[{"id":"group","isRoot":false}]}}"#;
    const FIELDS: &str = r#"[{"tagKey":"due","dataType":"date"},{"tagKey":"odd","dataType":"later"}]"#;

    fn exchange(server: &Scripted) -> Exchange {
        Exchange::new(server.client(None), "group".to_owned())
    }

    #[tokio::test]
    async fn types_are_read_once_where_they_are_configured() {
        let server = Scripted::new([reply(200, ME), reply(200, FIELDS)]);
        let (exchange, definitions) = (exchange(&server), Definitions::default());
        for (key, expected) in [("due", Some(DataType::Date)), ("odd", None), ("none", None)] {
            assert_eq!(definitions.field_type(&exchange, key).await.expect("answers"), expected, "{key}");
        }
        let lines = server.lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[1].contains("/organizations/root/fields"), "{lines:?}");
    }

    #[tokio::test]
    async fn whoever_may_not_know_the_types_is_no_failure() {
        let server = Scripted::new([reply(403, ""), reply(403, "")]);
        let (exchange, definitions) = (exchange(&server), Definitions::default());
        for _ in 0..2 {
            assert_eq!(definitions.field_type(&exchange, "due").await.expect("answers"), None);
        }
        assert_eq!(server.lines().len(), 2, "and is asked once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_that_passes_is_not_remembered() {
        let failures = (0..4).map(|_| reply(500, "x"));
        let server = Scripted::new([reply(404, "")].into_iter().chain(failures));
        let (exchange, definitions) = (exchange(&server), Definitions::default());
        assert!(definitions.field_type(&exchange, "due").await.is_err());
        let server = Scripted::new([reply(200, ME), reply(200, FIELDS)]);
        let exchange = self::exchange(&server);
        assert_eq!(definitions.field_type(&exchange, "due").await.expect("answers"), Some(DataType::Date));
    }
}
