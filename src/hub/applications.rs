//! Client applications: making, finding, changing and deleting them, and their secrets (EXCHANGE.md §7).

use futures::{Stream, StreamExt, TryStreamExt};
use http::Method;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{
    Hub, HubError, PortalAsset,
    api::LastPage,
    tolerant::{id, maybe_id, plain, secret, texts},
};
use crate::net::{Call, CallError, Repeat};

/// An application in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationSummary {
    /// The id.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// The name; no two applications of a portal have the same.
    #[serde(default, deserialize_with = "plain")]
    pub name: String,
    /// What it is.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// An application. Serialization leaves the secret out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    /// The id.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// The name.
    #[serde(default, deserialize_with = "plain")]
    pub name: String,
    /// The id that it signs in with.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The secret that it signs in with.
    #[serde(default, deserialize_with = "secret", skip_serializing)]
    pub client_secret: Option<SecretString>,
    /// What it is.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its address.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where users are sent back to.
    #[serde(default, deserialize_with = "texts")]
    pub redirect_uri: Vec<String>,
    /// The grant types that it uses.
    #[serde(default, deserialize_with = "texts")]
    pub grant_types: Vec<String>,
    /// When it last changed.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub last_update_date: Option<String>,
    /// Who knows its clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_provider: Option<ClientProvider>,
}

/// Who knows the clients of an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientProvider {
    /// The id.
    #[serde(default, deserialize_with = "plain")]
    pub provider_id: String,
    /// The name.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The type, such as `openid_connect`.
    #[serde(default, rename = "type", deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub provider_type: Option<String>,
}

/// All that an application is to be. What is left out is sent as left out; what a server makes of that is its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationUpsert {
    /// The name, at most 151 characters.
    pub name: String,
    /// What it is, at most 4096 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where users are sent back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<Vec<String>>,
    /// The grant types that it uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<String>>,
    /// Whether the addresses of its instances are places to be sent back to as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_endpoints: Option<bool>,
}

/// An application to be made for an instance of an API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewApplication {
    /// What it is to be.
    #[serde(flatten)]
    pub application: ApplicationUpsert,
    /// The instance, whose provider will know its clients.
    pub instance_id: String,
}

/// An application that was made. Serialization leaves the secret out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedApplication {
    /// The id.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// The name.
    #[serde(default, deserialize_with = "plain")]
    pub name: String,
    /// What it is.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The id that it signs in with.
    #[serde(default, deserialize_with = "maybe_id", skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The secret that it signs in with.
    #[serde(default, deserialize_with = "secret", skip_serializing)]
    pub client_secret: Option<SecretString>,
}

/// What is to change of an application; `None` leaves it as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `ApplicationUpsert`")]
pub struct ApplicationChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub url: Option<String>,
    pub redirect_uri: Option<Vec<String>>,
    pub grant_types: Option<Vec<String>>,
    pub api_endpoints: Option<bool>,
}

impl ApplicationChange {
    /// All that the application is then. Whether its redirects follow its instances cannot be read, and is sent only where
    /// the change says it.
    #[must_use]
    pub fn over(self, application: Application) -> ApplicationUpsert {
        ApplicationUpsert {
            name: self.name.unwrap_or(application.name),
            description: self.description.or(application.description),
            url: self.url.or(application.url),
            redirect_uri: self.redirect_uri.or(Some(application.redirect_uri)),
            grant_types: self.grant_types.or(Some(application.grant_types)),
            api_endpoints: self.api_endpoints,
        }
    }
}

#[derive(Deserialize)]
struct Exists {
    exists: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewSecret {
    #[serde(default, deserialize_with = "secret")]
    client_secret: Option<SecretString>,
}

impl Hub {
    /// The applications of the caller, page by page as they are asked for: all, those with a part of a name, those of an
    /// instance.
    ///
    /// `getApplications`: `GET …/applications` with `query`, `instanceId`, `limit` and `offset`. A read. How large a page
    /// may be is not documented, so the list ends with an empty page.
    ///
    /// # Errors
    /// [`CallError`], as an entry, which is the last.
    pub fn applications(
        &self,
        name: Option<&str>,
        instance_id: Option<&str>,
    ) -> impl Stream<Item = Result<ApplicationSummary, CallError>> + Send + '_ {
        let given = [("query", name), ("instanceId", instance_id)];
        let query = given.into_iter().filter_map(|(key, value)| Some((key, value?.to_owned()))).collect();
        let id = |application: &ApplicationSummary| application.id.clone();
        self.entries(self.path(&[&"applications"]), query, LastPage::Empty, id)
    }

    /// The application of exactly this name among the caller's; `None` where there is none. Of somebody else's, only
    /// [`application_exists`](Self::application_exists) tells.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn application_named(&self, name: &str) -> Result<Option<ApplicationSummary>, CallError> {
        let is_it = |found: &Result<ApplicationSummary, _>| found.as_ref().map_or(true, |found| found.name == name);
        let found = self.applications(Some(name), None).filter(|found| std::future::ready(is_it(found)));
        std::pin::pin!(found).try_next().await
    }

    /// The id of an application by its name or its id. A name comes first.
    ///
    /// # Errors
    /// [`CallError`]; that there is no such id is told by the calls that take it.
    pub async fn application_id(&self, name_or_id: &str) -> Result<String, CallError> {
        let named = self.application_named(name_or_id).await?;
        Ok(named.map_or_else(|| name_or_id.to_owned(), |named| named.id))
    }

    /// Whether an application of the portal has a name, whosesoever it is.
    ///
    /// `checkExistenceApplicationName`: `GET …/applications/exists?appName=`. A read.
    ///
    /// # Errors
    /// [`CallError`]; 400 for a name of more than 151 characters.
    pub async fn application_exists(&self, name: &str) -> Result<bool, CallError> {
        let call = Call::get(self.path(&[&"applications", &"exists"])?).query("appName", name);
        Ok(self.client().call(call).await?.json::<Exists>()?.exists)
    }

    /// An application with its credentials; `None` where there is none with that id.
    ///
    /// `getApplicationDetailById`: `GET …/applications/{applicationId}`. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn application(&self, id: &str) -> Result<Option<Application>, CallError> {
        self.find(self.path(&[&"applications", &id])?).await
    }

    /// Makes an application for an instance of an asset.
    ///
    /// `createApplication`: `POST …/assets/{groupId}/{assetId}/{minorVersion}/applications`. It is repeated only where the
    /// server cannot have acted. After a doubt [`application_named`](Self::application_named) tells whether it was made;
    /// its secret can then be read with [`application`](Self::application).
    ///
    /// # Errors
    /// [`CallError`]; a refusal where the name is taken, or the instance is not there.
    pub async fn create_application(
        &self,
        asset: &PortalAsset,
        new: &NewApplication,
    ) -> Result<CreatedApplication, CallError> {
        let path = self.asset_path(asset, &[&"applications"])?;
        self.send(Method::POST, path, new, Repeat::OnlyIfRefused).await?.json()
    }

    /// Replaces what an application is.
    ///
    /// `updateApplication`: `PUT …/applications/{applicationId}`. The same twice leaves the same, so it may be repeated.
    /// What the server does with what is left out is not documented: [`change_application`](Self::change_application) leaves
    /// nothing out.
    ///
    /// # Errors
    /// [`CallError`]; a refusal where the name is taken, or there is no such application.
    pub async fn update_application(&self, id: &str, to: &ApplicationUpsert) -> Result<Application, CallError> {
        self.send(Method::PUT, self.path(&[&"applications", &id])?, to, Repeat::Safe).await?.json()
    }

    /// Changes what is named of an application, and keeps the rest: reads it, and replaces it.
    ///
    /// # Errors
    /// [`CallError`]; [`HubError::NoApplication`].
    pub async fn change_application(&self, id: &str, change: ApplicationChange) -> Result<Application, HubError> {
        let application = self.application(id).await?.ok_or_else(|| HubError::NoApplication(id.to_owned()))?;
        Ok(self.update_application(id, &change.over(application)).await?)
    }

    /// Deletes an application, and ends its contracts; `false` where there was none.
    ///
    /// `deleteApplication`: `DELETE …/applications/{applicationId}`. May be repeated.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn delete_application(&self, id: &str) -> Result<bool, CallError> {
        let call = Call::new(Method::DELETE, self.path(&[&"applications", &id])?).repeat(Repeat::Safe);
        Ok(self.found(call).await?.is_some())
    }

    /// Gives an application a new secret; the old one ends.
    ///
    /// `resetClientSecretForApplication`: `POST …/applications/{applicationId}/secret/reset`, without a body. It is
    /// repeated only where the server cannot have acted: a first request that arrives late would void the secret that the
    /// second one was told. After a doubt [`application`](Self::application) tells the secret that holds.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::BadReply`] where the secret is not told.
    pub async fn reset_secret(&self, id: &str) -> Result<SecretString, CallError> {
        let call = Call::new(Method::POST, self.path(&[&"applications", &id, &"secret", &"reset"])?);
        let reply = self.client().call(call).await?;
        reply.json::<NewSecret>()?.client_secret.ok_or_else(|| CallError::BadReply {
            reason: "the secret was reset, and the new one is not told".to_owned(),
            request_id: reply.request_id,
            source: None,
        })
    }
}
