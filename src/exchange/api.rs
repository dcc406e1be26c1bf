//! The client and what it is bound to.

use std::fmt;

use url::Url;

use crate::{asset::Coordinates, net::Client};

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

    /// The door that the calls go through.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The organization's id.
    pub fn organization(&self) -> &str {
        &self.organization
    }
}

/// One segment of a path.
pub(super) type Segment<'a> = &'a (dyn fmt::Display + Sync);

/// A path below `/exchange/api/v2`; every segment is encoded, so that no value can lead elsewhere.
pub(super) fn path(segments: &[Segment<'_>]) -> String {
    let mut url = Url::parse("https://exchange").expect("is a URL");
    if let Ok(mut path) = url.path_segments_mut() {
        path.extend(["exchange", "api", "v2"]);
        for segment in segments {
            path.push(&segment.to_string());
        }
    }
    url.path().to_owned()
}

/// The path of an asset version.
pub(super) fn version_path(coordinates: &Coordinates, rest: &[Segment<'_>]) -> String {
    let Coordinates { group_id, asset_id, version } = coordinates;
    let mut segments: Vec<Segment<'_>> = vec![&"assets", group_id, asset_id, version];
    segments.extend(rest);
    path(&segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_inside_their_segment() {
        let organization = "o/../x?y#z %2e";
        assert_eq!(
            path(&[&"organizations", &organization, &"assets"]),
            "/exchange/api/v2/organizations/o%2F..%2Fx%3Fy%23z%20%252e/assets"
        );
    }
}
