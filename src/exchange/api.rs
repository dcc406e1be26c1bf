//! The client and what it is bound to.

use http::{HeaderValue, Method};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    asset::Coordinates,
    net::{self, Body, Call, CallError, Client, Repeat, Reply},
};

/// The Exchange API of one server, seen from one organization. Clones share everything.
#[derive(Debug, Clone)]
pub struct Exchange {
    client: Client,
    organization: String,
}

impl Exchange {
    /// Speaks to Exchange as an organization (its id, or that of a business group).
    pub fn new(client: Client, organization: String) -> Self {
        Self { client, organization }
    }

    /// The same server, seen from another organization: categories and fields are configured at the root, whatever the
    /// business group that is published to.
    #[must_use]
    pub fn for_organization(&self, organization: impl Into<String>) -> Self {
        Self { client: self.client.clone(), organization: organization.into() }
    }

    /// The door that the calls go through.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The organization's id.
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// The organization that publishes what belongs to a group: a business group is one of its own, and publishes for
    /// itself.
    pub(super) fn publisher<'a>(&'a self, group_id: &'a str) -> &'a str {
        if uuid::Uuid::parse_str(group_id).is_ok() { group_id } else { &self.organization }
    }
}

pub(super) use crate::net::Segment;

/// A path below `/exchange/api/v2`; every segment is encoded, so that no value can lead elsewhere.
///
/// # Errors
/// [`CallError::Unsendable`] for a segment that would be left out on the way: nothing, `.` or `..`.
pub(super) fn path(segments: &[Segment<'_>]) -> Result<String, CallError> {
    path_of("v2", segments)
}

/// A path below `/exchange/api/v1`, for the few calls that only the first version of the API has.
pub(super) fn path_v1(segments: &[Segment<'_>]) -> Result<String, CallError> {
    path_of("v1", segments)
}

fn path_of(version: &str, segments: &[Segment<'_>]) -> Result<String, CallError> {
    net::path_of(&["exchange", "api", version], segments)
}

/// A path of segments, encoded; those that a URL leaves out are left out.
pub(super) fn joined(version: &str, segments: &[Segment<'_>]) -> String {
    net::joined(&["exchange", "api", version], segments)
}

/// The path of an asset.
pub(super) fn asset_path(group_id: &str, asset_id: &str, rest: &[Segment<'_>]) -> Result<String, CallError> {
    let mut segments: Vec<Segment<'_>> = vec![&"assets", &group_id, &asset_id];
    segments.extend(rest);
    path(&segments)
}

/// The path of an asset version.
pub(super) fn version_path(coordinates: &Coordinates, rest: &[Segment<'_>]) -> Result<String, CallError> {
    let Coordinates { group_id, asset_id, version } = coordinates;
    let mut segments: Vec<Segment<'_>> = vec![version];
    segments.extend(rest);
    asset_path(group_id, asset_id, &segments)
}

/// The path of an asset version as its organization publishes it.
pub(super) fn publication_path(
    organization: &str,
    coordinates: &Coordinates,
    rest: &[Segment<'_>],
) -> Result<String, CallError> {
    let Coordinates { group_id, asset_id, version } = coordinates;
    let mut segments: Vec<Segment<'_>> = vec![&"organizations", &organization, &"assets", group_id, asset_id, version];
    segments.extend(rest);
    path(&segments)
}

/// A header of text.
pub(super) fn header_value(text: &str) -> Result<HeaderValue, CallError> {
    // Names of pages go as they are, in UTF-8, which `from_str` does not take.
    HeaderValue::from_bytes(text.as_bytes())
        .map_err(|_| CallError::Unsendable { reason: format!("`{}` cannot be a header", text.escape_debug()) })
}

/// Takes a 404 for an answer.
pub(super) fn absent(outcome: Result<Reply, CallError>) -> Result<Option<Reply>, CallError> {
    match outcome {
        Ok(reply) => Ok(Some(reply)),
        Err(error) if error.http() == Some(404) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Exchange {
    /// Reads what may not be there.
    pub(super) async fn find<T: DeserializeOwned>(&self, call: Call) -> Result<Option<T>, CallError> {
        absent(self.client().call(call).await)?.map(|reply| reply.json()).transpose()
    }

    /// Deletes; `false` where there was nothing. Deleting twice leaves the same, so it may be repeated.
    pub(super) async fn remove(&self, path: String) -> Result<bool, CallError> {
        let call = Call::new(Method::DELETE, path).repeat(Repeat::Safe);
        Ok(absent(self.client().call(call).await)?.is_some())
    }

    /// Replaces something by JSON. Sending the same twice leaves the same, so it may be repeated.
    pub(super) async fn replace(&self, path: String, body: Value) -> Result<Reply, CallError> {
        self.client().call(Call::new(Method::PUT, path).repeat(Repeat::Safe).body(Body::Json(body))).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_inside_their_segment() {
        let organization = "o/../x?y#z %2e";
        assert_eq!(
            path(&[&"organizations", &organization, &"assets"]).expect("can be sent"),
            "/exchange/api/v2/organizations/o%2F..%2Fx%3Fy%23z%20%252e/assets"
        );
    }

    #[test]
    fn what_a_url_would_leave_out_is_refused() {
        for name in ["", ".", ".."] {
            let error = path(&[&"assets", &name, &"x"]).expect_err("would lead elsewhere");
            assert!(matches!(error, CallError::Unsendable { .. }), "{name}");
        }
        assert_eq!(path(&[&"...", &"%2e%2e"]).expect("can be sent"), "/exchange/api/v2/.../%252e%252e");
    }
}
