//! Resources: the images that pages show (EXCHANGE.md §5.2).

use axum::{
    Json,
    body::Body,
    extract::{FromRequest, Multipart, Path, Request, State, multipart::Field},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::offload::offload;

use super::super::{
    app::App,
    caller::{Caller, Role},
    gate::drain,
    problem::Problem,
    store::Tables,
};
use super::{
    MinorVersion,
    content::{Draft, MAX_RESOURCES, Resource},
    image_response,
    names::{MAX_RESOURCE, extensions, image_type, media_extension, resource_id},
    place::{At, Place, no_portal},
    resource, shelves,
};

/// The most parts of a form.
const MAX_PARTS: usize = 100;

/// The most bytes that are read and thrown away.
const MAX_DRAIN: usize = 64 * 1024 * 1024;

pub(super) async fn list(State(app): State<App>, caller: Caller, Path(at): Path<At>) -> Result<Json<Value>, Problem> {
    app.state.read(|tables| {
        let place = at.place(tables, &caller, Role::Viewer)?;
        let portal = shelves::published(tables, &place.owner)?.ok_or_else(no_portal)?;
        Ok(Json(portal.resource_views().into()))
    })
}

pub(super) async fn list_drafts(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<At>,
) -> Result<Json<Value>, Problem> {
    app.state.read(|tables| {
        let place = at.place(tables, &caller, Role::Contributor)?;
        let draft = shelves::draft_or_new(tables, &place.owner)?;
        Ok(Json(draft.portal.resource_views().into()))
    })
}

pub(super) async fn download(State(app): State<App>, caller: Caller, Path(at): Path<At>) -> Result<Response, Problem> {
    let found = app.state.read(|tables| {
        let gav = at.place(tables, &caller, Role::Viewer)?.gav;
        let minor = gav.version.minor_version();
        let minor = MinorVersion { group: &gav.group_id, asset: &gav.asset_id, minor: &minor };
        resource(tables, minor, at.id())?.ok_or_else(no_resource)
    })?;
    image_response(&app, at.id(), &found).await
}

pub(super) async fn download_draft(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<At>,
) -> Result<Response, Problem> {
    let found = app.state.read(|tables| {
        let place = at.place(tables, &caller, Role::Contributor)?;
        let draft = shelves::draft_or_new(tables, &place.owner)?;
        draft.portal.resource(at.id()).map(|resource| resource.blob).ok_or_else(no_resource)
    })?;
    image_response(&app, at.id(), &found).await
}

fn no_resource() -> Problem {
    Problem::not_found("Resource not found")
}

/// Adds a resource to the draft.
pub(super) async fn upload(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<At>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let image = receive(request).await?;
    // Nothing is stored for whoever may not write.
    app.state.read(|tables| at.place(tables, &caller, Role::Contributor).map(drop))?;
    let shared = app.shared.clone();
    let stored = offload(move || shared.blobs.store_bytes(&image.bytes)).await;
    let blob = stored.map_err(|error| Problem::internal(&error))?;
    let change = |tables: &Tables, place: &Place, draft: &mut Draft| {
        if draft.portal.resources.len() >= MAX_RESOURCES {
            return Err(Problem::bad_request(format!("A portal must NOT have more than {MAX_RESOURCES} resources")));
        }
        let published = shelves::published(tables, &place.owner)?.unwrap_or_default();
        let is_taken = |id: &str| draft.portal.resource(id).or(published.resource(id)).is_some();
        let id = resource_id(&place.owner, &image.name, &blob.digests.sha256, is_taken);
        draft.portal.resources.push(Resource { id: id.clone(), blob });
        Ok(id)
    };
    let id = at.edit(&app, &caller, change).await?;
    let commit = Uuid::new_v5(&Uuid::NAMESPACE_URL, id.as_bytes());
    let body = json!({ "path": format!("resources/{id}"), "commitId": commit });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

pub(super) async fn remove(State(app): State<App>, caller: Caller, Path(at): Path<At>) -> Result<StatusCode, Problem> {
    let change = |_: &Tables, _: &Place, draft: &mut Draft| {
        let known = draft.portal.resources.iter().position(|resource| resource.id == at.id());
        draft.portal.resources.remove(known.ok_or_else(no_resource)?);
        Ok(())
    };
    at.edit(&app, &caller, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A file of a form.
#[derive(Debug)]
struct Image {
    name: String,
    bytes: Vec<u8>,
}

/// Reads a form to its end, and takes its first file, whatever the name of the part: sources disagree on it.
async fn receive(request: Request<Body>) -> Result<Image, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with(b"multipart/form-data") {
        drain(request.into_body()).await;
        return Err(Problem::plain(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "request/headers/content-type must be multipart/form-data",
        ));
    }
    let mut parts = Multipart::from_request(request, &()).await.map_err(|error| broken(&error))?;
    let (mut found, mut media_type, mut left) = (None, None, MAX_DRAIN);
    for _ in 0..MAX_PARTS {
        let Some(mut field) = parts.next_field().await.map_err(|error| broken(&error))? else { break };
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = field.file_name().is_some() || name.starts_with("files.") || name == "file" || name == "data";
        if is_file && found.is_none() {
            let part = Part {
                file_name: field.file_name().unwrap_or_default().to_owned(),
                media_type: field.content_type().unwrap_or_default().to_owned(),
                name,
            };
            found = Some((part, read(&mut field, MAX_RESOURCE, &mut left).await?));
        } else if name.eq_ignore_ascii_case("content-type") {
            let text = read(&mut field, 256, &mut left).await?.unwrap_or_default();
            media_type = String::from_utf8(text).ok();
        } else {
            read(&mut field, 0, &mut left).await?;
        }
    }
    let (part, bytes) = found.ok_or_else(|| Problem::bad_request("request/body must have a file"))?;
    let too_large = || Problem::too_large(format!("the resource is larger than {MAX_RESOURCE} bytes"));
    Ok(Image { bytes: bytes.ok_or_else(too_large)?, name: part.image_name(media_type.as_deref())? })
}

fn broken(error: &dyn std::fmt::Display) -> Problem {
    Problem::bad_request(format!("the multipart body cannot be read: {error}"))
}

/// Reads a part to its end; `None` where it is longer than a limit.
async fn read(field: &mut Field<'_>, limit: usize, left: &mut usize) -> Result<Option<Vec<u8>>, Problem> {
    let mut bytes = Some(Vec::new());
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        if let Some(known) = bytes.as_mut().filter(|known| known.len() + chunk.len() <= limit) {
            known.extend_from_slice(&chunk);
            continue;
        }
        bytes = None;
        let surplus = left.checked_sub(chunk.len());
        *left = surplus.ok_or_else(|| Problem::too_large("the form is too large"))?;
    }
    Ok(bytes)
}

/// How a form names a file.
#[derive(Debug)]
struct Part {
    name: String,
    file_name: String,
    media_type: String,
}

impl Part {
    /// The name of the image, with an extension: that of the file, of the part (`files.png`), or of the media type.
    fn image_name(&self, media_type: Option<&str>) -> Result<String, Problem> {
        let file = self.file_name.rsplit(['/', '\\']).next().unwrap_or_default();
        if image_type(file).is_some() {
            return Ok(file.to_owned());
        }
        let part = self.name.strip_prefix("files.").filter(|extension| image_type(&format!("x.{extension}")).is_some());
        let extension = part.or_else(|| media_extension(media_type?)).or_else(|| media_extension(&self.media_type));
        match extension {
            Some(extension) if !file.contains('.') => Ok(format!("{file}.{extension}")),
            _ => Err(Problem::bad_request(format!("A resource must be one of: {}", extensions()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_name_its_part_or_its_media_type() {
        let name = |name: &str, file: &str, own: &str, field: Option<&str>| {
            let part = Part { name: name.to_owned(), file_name: file.to_owned(), media_type: own.to_owned() };
            part.image_name(field).ok()
        };
        assert_eq!(name("data", "C:\\dogs\\dog.PNG", "", None).as_deref(), Some("dog.PNG"));
        assert_eq!(name("files.svg", "x", "", None).as_deref(), Some("x.svg"));
        assert_eq!(name("file", "", "", Some("image/png")).as_deref(), Some(".png"));
        assert_eq!(name("data", "dog", "image/jpeg", None).as_deref(), Some("dog.jpg"));
        assert_eq!(name("files.png", "evil.exe", "image/png", None), None);
        assert_eq!(name("data", "dog", "text/html", None), None);
    }
}
