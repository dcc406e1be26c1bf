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
    let known = Exchange::my_organizations(exchange.client()).await.unwrap_or_default();
    let own = exchange.organization();
    if known.iter().any(|organization| organization.id == own && !organization.is_root) {
        let root = known.into_iter().find(|organization| organization.is_root);
        return root.map_or_else(|| own.to_owned(), |root| root.id);
    }
    own.to_owned()
}
