//! Paths out of names: whatever a value is, it stays inside its segment.

use std::fmt;

use url::Url;

use super::CallError;

/// One segment of a path.
pub(crate) type Segment<'a> = &'a (dyn fmt::Display + Sync);

/// A path of segments below a base; every segment is encoded, so that no value can lead elsewhere.
///
/// # Errors
/// [`CallError::Unsendable`] for a segment that would be left out on the way: nothing, `.` or `..`.
pub(crate) fn path_of(base: &[&str], segments: &[Segment<'_>]) -> Result<String, CallError> {
    let lost = segments.iter().map(ToString::to_string).find(|text| matches!(text.as_str(), "" | "." | ".."));
    match lost {
        Some(name) => Err(CallError::Unsendable { reason: format!("`{name}` cannot be a name in a path") }),
        None => Ok(joined(base, segments)),
    }
}

/// A path of segments, encoded; those that a URL leaves out are left out.
pub(crate) fn joined(base: &[&str], segments: &[Segment<'_>]) -> String {
    let mut url = Url::parse("https://server").expect("is a URL");
    if let Ok(mut path) = url.path_segments_mut() {
        path.extend(base);
        for segment in segments {
            path.push(&segment.to_string());
        }
    }
    url.path().to_owned()
}
