//! Which names a member of an archive may have.

/// Why a name may not be the name of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing is left of it.
    #[error("is empty")]
    Empty,
    /// Starts at the root of a file system or names a drive.
    #[error("is absolute")]
    Absolute,
    /// Climbs out.
    #[error("holds `..`")]
    Parent,
    /// Unzips to different places on different systems.
    #[error("holds a backslash")]
    Backslash,
    /// Holds a control character: a terminal or a log would obey it.
    #[error("holds a control character")]
    Control,
}

/// The name without `.` parts and doubled slashes; a trailing slash is dropped as well.
///
/// # Errors
/// When the name could lead out of the folder that it is unpacked into, or reads differently on another system.
pub fn normalise(name: &str) -> Result<String, NameFault> {
    if name.contains('\\') {
        return Err(NameFault::Backslash);
    }
    if name.chars().any(char::is_control) {
        return Err(NameFault::Control);
    }
    let drive = matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if name.starts_with('/') || drive {
        return Err(NameFault::Absolute);
    }
    let mut parts = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err(NameFault::Parent),
            part => parts.push(part),
        }
    }
    if parts.is_empty() { Err(NameFault::Empty) } else { Ok(parts.join("/")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for (name, fault) in [
            ("../etc/passwd", NameFault::Parent),
            ("a/../../b", NameFault::Parent),
            ("a/..", NameFault::Parent),
            ("/etc/passwd", NameFault::Absolute),
            ("C:/windows", NameFault::Absolute),
            ("C:windows", NameFault::Absolute),
            ("a\\b", NameFault::Backslash),
            ("a\nb", NameFault::Control),
            ("a\0", NameFault::Control),
            ("a\u{9b}b", NameFault::Control),
            ("", NameFault::Empty),
            ("./", NameFault::Empty),
        ] {
            assert_eq!(normalise(name), Err(fault), "{name:?}");
        }
    }

    #[test]
    fn spellings_of_one_name_become_one() {
        for name in ["a/b.yaml", "./a/b.yaml", "a//b.yaml", "a/./b.yaml", "a/b.yaml/"] {
            assert_eq!(normalise(name).as_deref(), Ok("a/b.yaml"), "{name}");
        }
        assert_eq!(normalise("日本 語/a..b [1]%#.yaml").as_deref(), Ok("日本 語/a..b [1]%#.yaml"));
    }
}
