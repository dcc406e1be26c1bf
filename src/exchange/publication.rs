//! Publishing an asset version, and asking how far that is (EXCHANGE.md §3.1–3.3).

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Exchange, PublishedAsset, StatusLink, UploadFile,
    api::{Segment, header_value, joined, publication_path},
    tolerant::{nullable, small_number, texts},
    upload::form_factory,
};
use crate::{
    asset::{AssetDraft, Coordinates, Lifecycle, Origin, Spelled},
    net::{Body, Call, CallError, Lane, Repeat},
};

/// A synchronous publication answers when all is done, which for a large package takes minutes of silence.
const SYNC_IDLE: Duration = Duration::from_mins(10);

/// An asynchronous one answers as soon as it has read the request.
const ASYNC_IDLE: Duration = Duration::from_mins(2);

/// Texts and frames around each part of a form, in bytes; only to bound what is in flight.
pub(super) const PART_OVERHEAD: u64 = 256;

/// One publish call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishRequest {
    /// What is published.
    pub coordinates: Coordinates,
    /// The text fields, by the API's own names, in the order in which they are sent.
    pub form: Vec<(String, String)>,
    /// The files.
    pub files: Vec<UploadFile>,
    /// Whether the server answers when all is done (201) or at once (202).
    pub sync: bool,
    /// The optional headers.
    pub headers: PublishHeaders,
}

/// The optional headers of the publish call; `None` leaves the server's default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct PublishHeaders {
    /// `x-file-validation`: whether the server checks the content of files.
    pub file_validation: Option<bool>,
    /// `x-strict-package`: whether the server leaves the package as it is.
    pub strict_package: Option<bool>,
    /// `x-snapshots-allowed`: whether a SNAPSHOT may be published.
    pub snapshots_allowed: Option<bool>,
    /// `x-allowed-api-spec-formats`: the formats of specification to accept, separated by commas.
    pub allowed_api_spec_formats: Option<String>,
    /// `x-user-id`: another member of the organization, to be recorded as the creator.
    pub user_id: Option<String>,
    /// `x-assign-roles`: whether the publishing connected app's owner gets roles on the asset. `false` keeps a bulk run
    /// below the limit of roles per user.
    pub assign_roles: Option<bool>,
}

/// How the server took a publish call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// The version is there.
    Created(PublishedAsset),
    /// The server works on it; ask here.
    Running(StatusLink),
}

/// How far a publication is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationStatus {
    /// Whether it is over.
    pub state: PublicationState,
    /// The server's word for it.
    pub status: String,
    /// The type of asset that the server found.
    pub asset_type: Option<String>,
    /// What it has done so far.
    pub steps: Vec<PublicationStep>,
    /// What was made, on completion.
    pub asset: Option<PublishedAsset>,
}

/// Whether a publication is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicationState {
    /// It is not over, or the server used a word that is not known.
    Running,
    /// The version is there.
    Completed,
    /// It failed; the steps tell why.
    Failed,
}

/// One step of a publication.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PublicationStep {
    /// What the step does ("Files processing").
    pub description: String,
    /// The server's word for how far it is.
    pub status: String,
    /// What went wrong.
    #[serde(deserialize_with = "texts")]
    pub errors: Vec<String>,
    /// The status of the failing step.
    #[serde(deserialize_with = "small_number")]
    pub status_code: Option<u16>,
}

impl PublishRequest {
    /// All that a draft says, in the API's own fields.
    ///
    /// A POM carries values too, and giving one twice is an error (EXCHANGE.md §2.2): with a POM among the files only
    /// those values are sent that are known to come from elsewhere.
    #[must_use]
    pub fn from_draft(draft: &AssetDraft, files: Vec<UploadFile>, sync: bool, headers: PublishHeaders) -> Self {
        let has_pom = files.iter().any(|file| file.key.classifier.is_none() && file.key.packaging == "pom");
        let in_pom = |name: &str| has_pom && draft.origins.get(name).is_none_or(|origin| *origin == Origin::Pom);
        let mut form = Vec::new();
        let mut field = |name: &str, value: String| {
            if !value.is_empty() && !in_pom(name) {
                form.push((name.to_owned(), value));
            }
        };
        field("name", draft.name.clone());
        field("description", draft.description.clone().unwrap_or_default());
        let dependencies: Vec<String> = draft.dependencies.iter().map(Coordinates::to_colons).collect();
        field("dependencies", dependencies.join(","));
        field("keywords", draft.keywords.join(","));
        // What the form cannot say is said afterwards, by calls that can.
        field("tags", draft.tags.clone().and_then(|tags| Spelled::from(tags).csv()).unwrap_or_default());
        field("contactName", draft.contact_name.clone().unwrap_or_default());
        field("contactEmail", draft.contact_email.clone().unwrap_or_default());
        for (key, value) in &draft.properties {
            field(&format!("properties.{key}"), value.clone());
        }
        for (prefix, map) in [("categories", &draft.categories), ("fields", &draft.fields)] {
            for (key, values) in map.iter() {
                field(&format!("{prefix}.{key}"), values.csv().unwrap_or_default());
            }
        }
        // A POM has no place for these two.
        form.push(("type".to_owned(), draft.asset_type.to_string()));
        form.extend(draft.status.map(|status| ("status".to_owned(), first_state(status).to_string())));
        Self { coordinates: draft.coordinates.clone(), form, files, sync, headers }
    }

    /// About how many bytes the call has.
    fn length(&self) -> u64 {
        let texts: u64 = self.form.iter().map(|(name, value)| (name.len() + value.len()) as u64 + PART_OVERHEAD).sum();
        self.files.iter().map(|file| file.len + PART_OVERHEAD).sum::<u64>() + texts
    }
}

/// The state to publish in: nothing can be published as deprecated (EXCHANGE.md §3.9).
fn first_state(status: Lifecycle) -> Lifecycle {
    match status {
        Lifecycle::Deprecated => Lifecycle::Published,
        Lifecycle::Development | Lifecycle::Published => status,
    }
}

impl PublishHeaders {
    fn add_to(&self, mut call: Call) -> Result<Call, CallError> {
        let flags = [
            ("x-file-validation", self.file_validation),
            ("x-strict-package", self.strict_package),
            ("x-snapshots-allowed", self.snapshots_allowed),
            ("x-assign-roles", self.assign_roles),
        ];
        for (name, value) in flags {
            if let Some(value) = value {
                call = call.header(HeaderName::from_static(name), flag(value));
            }
        }
        let texts = [("x-allowed-api-spec-formats", &self.allowed_api_spec_formats), ("x-user-id", &self.user_id)];
        for (name, value) in texts {
            if let Some(value) = value {
                call = call.header(HeaderName::from_static(name), header_value(value)?);
            }
        }
        Ok(call)
    }
}

pub(super) fn flag(value: bool) -> HeaderValue {
    HeaderValue::from_static(if value { "true" } else { "false" })
}

impl Exchange {
    /// Publishes an asset version.
    ///
    /// The call is repeated only where the server cannot have acted on it; what else fails has to be looked at first.
    ///
    /// # Errors
    /// [`CallError`]; a 409 is told apart by [`Conflict::of`](super::Conflict::of).
    pub async fn publish(&self, request: &PublishRequest) -> Result<Accepted, CallError> {
        let path = publication_path(self.publisher(&request.coordinates.group_id), &request.coordinates, &[])?;
        let form = Body::Multipart { form: form_factory(&request.form, &request.files), length: request.length() };
        let call = Call::new(Method::POST, path)
            .body(form)
            .repeat(Repeat::OnlyIfRefused)
            .lane(Lane::Write)
            .idle(if request.sync { SYNC_IDLE } else { ASYNC_IDLE })
            .header(HeaderName::from_static("x-sync-publication"), flag(request.sync));
        let reply = self.client().call(request.headers.add_to(call)?).await?;
        let body: Value = reply.json()?;
        match (reply.status, body.get("publicationStatusLink").and_then(Value::as_str)) {
            (_, Some(link)) => Ok(Accepted::Running(StatusLink::parse(link, self.client().origin())?)),
            (StatusCode::ACCEPTED, None) => Err(CallError::BadReply {
                reason: "the publication was accepted without a status link".to_owned(),
                request_id: reply.request_id,
                source: None,
            }),
            // 201 by the specification; 200 was seen too (EXCHANGE.md §3.2).
            (_, None) => Ok(Accepted::Created(reply.json()?)),
        }
    }

    /// Where to ask for the latest publication of a version, when its own link is not known (EXCHANGE.md §3.3).
    #[must_use]
    pub fn latest_publication(&self, coordinates: &Coordinates) -> StatusLink {
        let Coordinates { group_id, asset_id, version } = coordinates;
        let organization = self.publisher(group_id);
        let segments: [Segment<'_>; 8] =
            [&"organizations", &organization, &"assets", group_id, asset_id, version, &"publication", &"status"];
        joined("v2", &segments).parse().expect("a path of checked coordinates is one")
    }

    /// Asks how far a publication or a change of mutable data is; `None` when the server does not know it any more (404), and the asset itself has
    /// to be looked at.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn publication_status(&self, link: &StatusLink) -> Result<Option<PublicationStatus>, CallError> {
        let call = Call::get(link.as_str()).lane(Lane::Poll);
        let mut status = self.find::<StatusReply>(call).await?.map(PublicationStatus::from);
        // What went wrong is told in the server's own words, as a refusal is, only that the answer is a 200.
        for error in status.iter_mut().flat_map(|status| &mut status.steps).flat_map(|step| &mut step.errors) {
            *error = self.client().without_secrets(error);
        }
        Ok(status)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusReply {
    status: String,
    #[serde(default)]
    asset_type: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    steps: Vec<PublicationStep>,
    #[serde(default)]
    asset: Option<PublishedAsset>,
}

impl From<StatusReply> for PublicationStatus {
    fn from(reply: StatusReply) -> Self {
        let state = match reply.status.as_str() {
            "completed" => PublicationState::Completed,
            "error" | "failed" => PublicationState::Failed,
            _ => PublicationState::Running,
        };
        Self { state, status: reply.status, asset_type: reply.asset_type, steps: reply.steps, asset: reply.asset }
    }
}

impl PublicationStatus {
    /// What went wrong, step by step, for people.
    #[must_use]
    pub fn errors(&self) -> Vec<String> {
        let of_step = |step: &PublicationStep| -> Vec<String> {
            step.errors.iter().map(|error| format!("{}: {error}", step.description)).collect()
        };
        self.steps.iter().flat_map(of_step).collect()
    }
}
