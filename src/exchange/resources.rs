//! The resources of a portal: the images that its pages show (EXCHANGE.md §5.2).

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, header};
use reqwest::multipart::{Form, Part};
use serde::{Deserialize, Serialize};

use super::{
    Edition, Exchange,
    api::{absent, version_path},
    portal::draft_path,
    publication::PART_OVERHEAD,
};
use crate::{
    asset::Coordinates,
    net::{Body, Call, CallError, FormFactory},
};

/// A resource of a portal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Resource {
    /// How pages name it: `resources/dog-<uuid>.png`. The server chooses it, so links have to be rewritten.
    pub path: String,
}

/// An image that is to become a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewResource {
    /// The name of the file, with its extension: `bmp gif ico jpe jpeg jpg png svg tif tiff webp`.
    pub name: String,
    /// The content, at most 2 MB.
    pub content: Bytes,
}

/// The content of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceContent {
    /// The content type that the server tells.
    pub content_type: Option<String>,
    /// The content.
    pub content: Bytes,
}

impl Resource {
    /// What names it in a call: the path without its folder.
    #[must_use]
    pub fn id(&self) -> &str {
        self.path.strip_prefix("resources/").unwrap_or(&self.path)
    }
}

impl NewResource {
    fn extension(&self) -> &str {
        self.name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// The form, with the part as the official client names it: the guide and the specification each have another name,
    /// and the server takes the first file (EXCHANGE.md §10 C15).
    fn form(&self) -> Result<FormFactory, CallError> {
        let extension = self.extension().to_ascii_lowercase();
        let Some(kind) = image_type(&extension) else {
            let reason = format!("`{}` is no image that a portal takes", self.name.escape_debug());
            return Err(CallError::Unsendable { reason });
        };
        let name = format!("files.{extension}");
        // A name that is not ASCII could be garbled on the way, and the server gives it another anyway.
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let file_name: String =
            self.name.rsplit(['/', '\\']).next().unwrap_or_default().chars().filter(is_plain).collect();
        let content = self.content.clone();
        Ok(Arc::new(move || {
            let (name, file_name, content) = (name.clone(), file_name.clone(), content.clone());
            Box::pin(async move {
                let length = content.len() as u64;
                let part = Part::stream_with_length(reqwest::Body::from(content), length).file_name(file_name);
                Ok(Form::new().part(name, part.mime_str(kind).map_err(std::io::Error::other)?))
            })
        }))
    }
}

/// The content type of an image, by its extension; `None` for what no portal takes.
fn image_type(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "bmp" => "image/bmp",
        "gif" => "image/gif",
        "ico" => "image/x-icon",
        "jpe" | "jpeg" | "jpg" => "image/jpeg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "tif" | "tiff" => "image/tiff",
        "webp" => "image/webp",
        _ => return None,
    })
}

impl Exchange {
    /// The resources of a portal; `None` where there is no portal yet.
    ///
    /// From the specification: `GET v2:…/portal/resources` and `…/portal/draft/resources`. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn resources(
        &self,
        coordinates: &Coordinates,
        edition: Edition,
    ) -> Result<Option<Vec<Resource>>, CallError> {
        let mut segments = edition.segments();
        segments.push(&"resources");
        self.find(Call::get(version_path(coordinates, &segments)?)).await
    }

    /// The content of a resource; `None` where there is none. It is at most 2 MB, so it is held in memory.
    ///
    /// From the specification: `GET v2:…/resources/{resourceId}`. A read.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn resource(
        &self,
        coordinates: &Coordinates,
        edition: Edition,
        resource: &Resource,
    ) -> Result<Option<ResourceContent>, CallError> {
        let id = resource.id();
        let mut segments = edition.segments();
        segments.push(&"resources");
        segments.push(&id);
        let reply = absent(self.client().call(Call::get(version_path(coordinates, &segments)?)).await)?;
        let kind = |reply: &crate::net::Reply| {
            reply.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned)
        };
        Ok(reply.map(|reply| ResourceContent { content_type: kind(&reply), content: reply.body }))
    }

    /// Adds a resource to the draft, and says how pages have to name it.
    ///
    /// From the specification: `POST v2:…/portal/draft/resources`, 201. Every call adds another one, so it is repeated only
    /// where the server cannot have acted. A reply that got lost leaves a resource that no page shows, and takes one of
    /// the 100 places of the portal.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::Unsendable`] for what is no image; 413 for one that is too large.
    pub async fn create_resource(&self, coordinates: &Coordinates, new: &NewResource) -> Result<Resource, CallError> {
        let body = Body::Multipart { form: new.form()?, length: new.content.len() as u64 + PART_OVERHEAD };
        let call = Call::new(Method::POST, draft_path(coordinates, &[&"resources"])?).body(body);
        let reply = self.client().call(call).await?;
        let resource: Resource = reply.json()?;
        if resource.path.is_empty() {
            return Err(CallError::BadReply {
                reason: "the resource was taken, and its name is not told".to_owned(),
                request_id: reply.request_id,
                source: None,
            });
        }
        Ok(resource)
    }

    /// Deletes a resource of the draft; `false` where there was none.
    ///
    /// From the specification: `DELETE v2:…/portal/draft/resources/{resourceId}`, 204. May be repeated.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn delete_resource(&self, coordinates: &Coordinates, resource: &Resource) -> Result<bool, CallError> {
        let id = resource.id();
        self.remove(draft_path(coordinates, &[&"resources", &id])?).await
    }
}
