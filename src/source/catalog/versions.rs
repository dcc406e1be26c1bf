//! Version strategies, base versions and API versions.

use crate::asset::{OnConflict, Version};

use super::fields::{Text, Wrong};

/// What becomes of a version that is there with other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strategy {
    MajorIncrease,
    MinorIncrease,
    PatchIncrease,
    Snapshot,
    Fixed,
}

impl Strategy {
    pub(super) const ALL: [Self; 5] =
        [Self::MajorIncrease, Self::MinorIncrease, Self::PatchIncrease, Self::Snapshot, Self::Fixed];

    /// Its name in the descriptor.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::MajorIncrease => "majorIncrease",
            Self::MinorIncrease => "minorIncrease",
            Self::PatchIncrease => "patchIncrease",
            Self::Snapshot => "snapshot",
            Self::Fixed => "fixed",
        }
    }

    pub(super) fn read(text: &Text) -> Result<Self, Wrong> {
        Self::ALL.into_iter().find(|strategy| strategy.as_str() == text.text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            text.wrong(format!("`{}` is not a version strategy: {known}", text.text))
        })
    }

    /// The strategy in the words of a job: what to do about other content under the same version.
    pub(super) fn on_conflict(self) -> OnConflict {
        match self {
            Self::MajorIncrease => OnConflict::BumpMajor,
            Self::MinorIncrease => OnConflict::BumpMinor,
            Self::PatchIncrease => OnConflict::BumpPatch,
            Self::Snapshot | Self::Fixed => OnConflict::Fail,
        }
    }

    fn increases(self) -> bool {
        matches!(self, Self::MajorIncrease | Self::MinorIncrease | Self::PatchIncrease)
    }
}

/// The version that a project begins with, and what was done to the text.
///
/// Missing numbers are 0. In a pattern (`1.x.x`, `^1.2.0`) the prefix goes and `x` is 0: which version comes next is for
/// the strategy to say.
pub(super) fn base(text: &Text, strategy: Strategy) -> Result<(Version, Option<String>), Wrong> {
    let written = text.text.as_str();
    let bare = written.trim_start_matches(['^', '~', '&', '$']);
    let is_pattern = bare.len() < written.len() || bare.contains('x');
    if is_pattern && !strategy.increases() {
        let message = format!("`{written}` is a pattern, and strategy {} wants one version", strategy.as_str());
        return Err(text.wrong(message));
    }
    let version = match bare.parse::<Version>() {
        Ok(version) => Some(version),
        Err(_) => completed(bare.strip_prefix(['v', 'V']).unwrap_or(bare)),
    };
    let version = version.ok_or_else(|| text.wrong(format!("`{written}` is not a version such as 1, 1.2 or 1.2.3")))?;
    let rule = (version.to_string() != written).then(|| format!("`{written}` stands for {version}"));
    Ok((version, rule))
}

fn completed(text: &str) -> Option<Version> {
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() > 3 {
        return None;
    }
    let mut numbers = [0; 3];
    for (number, part) in numbers.iter_mut().zip(parts) {
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        *number = if part == "x" { 0 } else { part.parse().ok().filter(|_| is_number)? };
    }
    Some(Version::new(numbers[0], numbers[1], numbers[2]))
}

/// The API version that the version of a specification stands for: `1.4` is `v1`, `v2.1` is `v2`, and what is no number
/// stays as it is.
pub(super) fn api_version(written: &str) -> String {
    let trimmed = written.trim();
    let bare = trimmed.strip_prefix(['v', 'V']).unwrap_or(trimmed);
    match completed(bare) {
        Some(_) if !bare.contains('x') => {
            let major = bare.split('.').next().unwrap_or_default();
            let prefix = if bare.len() < trimmed.len() { &trimmed[..1] } else { "v" };
            format!("{prefix}{major}")
        }
        _ => trimmed.to_owned(),
    }
}
