//! Values that a job file writes as text: durations and sizes.

use std::time::Duration;

/// Reads a duration: `250ms`, `30s`, `10m`, `1h 30m`.
///
/// # Errors
/// When the text is no duration, or one of less than nothing.
pub fn duration(text: &str) -> Result<Duration, String> {
    let duration: jiff::SignedDuration =
        text.parse().map_err(|_| format!("`{text}` is not a duration such as 30s, 10m or 1h 30m"))?;
    Duration::try_from(duration).map_err(|_| format!("`{text}` is a duration of less than nothing"))
}

/// Reads a fact of a build: `branch:main`. The name has no colon; the value may have some.
///
/// # Errors
/// When there is no word on one side of the first colon.
pub fn criterion(text: &str) -> Result<(String, String), String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match text.split_once(':') {
        Some((name, value)) if name.ends_with(is_word) && value.starts_with(is_word) => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err(format!("`{text}` is not a criterion such as branch:main")),
    }
}

/// Reads a size in bytes: `500`, `100KB`, `5MB`, `1.5 MiB`. `KB` and `KiB` are both 1024 bytes.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size such as 500KB or 5MB");
    let trimmed = text.trim();
    let digits = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
    let number: f64 = trimmed[..digits].parse().map_err(|_| wrong())?;
    let unit: f64 = match trimmed[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" | "kib" | "k" => 1024.0,
        "mb" | "mib" | "m" => 1024.0 * 1024.0,
        "gb" | "gib" | "g" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(wrong()),
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes of files, and not negative")]
    let bytes = (number * unit) as u64;
    if bytes == 0 { Err(wrong()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_read_as_people_write_them() {
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5400)));
        assert!(duration("soon").is_err());
        assert!(duration("-1s").is_err());
        assert_eq!(size("5MB"), Ok(5 * 1024 * 1024));
        assert_eq!(size("1.5 KiB"), Ok(1536));
        assert_eq!(size("10"), Ok(10));
        assert!(size("5 parsecs").is_err());
        assert!(size("0").is_err());
    }

    #[test]
    fn a_criterion_is_a_word_a_colon_and_a_word() {
        let pair = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        assert_eq!(criterion("branch:feature/x:1"), pair("branch", "feature/x:1"));
        for text in ["branch", "branch:", ":main", "branch: main", "branch:/main"] {
            assert!(criterion(text).is_err(), "{text}");
        }
    }
}
