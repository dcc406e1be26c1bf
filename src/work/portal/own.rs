//! The applications of the caller by their names.

use std::collections::HashMap;

use futures::TryStreamExt;
use tokio::sync::OnceCell;

use crate::{hub::Hub, net::CallError};

/// The caller's applications, listed when somebody asks for the first time: thousands of items must not cost as many
/// searches. What this run makes itself is not among them.
#[derive(Debug, Default)]
pub(in crate::work) struct OwnApplications(OnceCell<HashMap<String, String>>);

impl OwnApplications {
    /// The id of the application of a name, as the list had it.
    ///
    /// # Errors
    /// [`CallError`]; whoever asks next lists them anew.
    pub(in crate::work) async fn id(&self, hub: &Hub, name: &str) -> Result<Option<String>, CallError> {
        Ok(self.all(hub).await?.get(name).cloned())
    }

    /// All of them: names and ids.
    ///
    /// # Errors
    /// [`CallError`]; whoever asks next lists them anew.
    pub(in crate::work) async fn all(&self, hub: &Hub) -> Result<&HashMap<String, String>, CallError> {
        let list = || async {
            let listed = hub.applications(None, None).map_ok(|application| (application.name, application.id));
            listed.try_collect().await
        };
        self.0.get_or_try_init(list).await
    }
}
