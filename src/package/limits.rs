//! How large the files of an asset may be.

use serde::{Deserialize, Serialize};

use crate::asset::FileKey;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// The largest file of each kind that is sent, in bytes. Checked before anything is sent.
///
/// Exchange documents 5 MB per file, yet takes jars of tens of megabytes (EXCHANGE.md §3.8). "MB" is read as 2^20 bytes,
/// the wider reading: what lies between the two is left to the server to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Limits {
    /// Specifications, documentation, custom files and all that has no limit of its own.
    pub spec: u64,
    /// Archives of built code: jars, and the zipped plugins of Mule 3.
    pub jar: u64,
    /// Icons.
    pub icon: u64,
    /// Icons in SVG (EXCHANGE.md §2.5).
    pub svg: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { spec: 5 * MIB, jar: 200 * MIB, icon: 2 * MIB, svg: 100 * KIB }
    }
}

impl Limits {
    /// The limit of a file in bytes, and the name of the setting that holds it.
    #[must_use]
    pub fn of(&self, key: &FileKey) -> (u64, &'static str) {
        match (key.classifier(), key.packaging.as_str()) {
            ("icon", "svg") => (self.svg, "limits.svg"),
            ("icon", _) => (self.icon, "limits.icon"),
            (_, "jar") | ("studio-plugin", _) => (self.jar, "limits.jar"),
            _ => (self.spec, "limits.spec"),
        }
    }
}

/// A size for people: bytes below 1 KiB, else KB or MB of 2^10 and 2^20 bytes with one decimal.
pub(super) fn human(bytes: u64) -> String {
    let tenths = |unit: u64| {
        let tenths = (u128::from(bytes) * 10 + u128::from(unit) / 2) / u128::from(unit);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match bytes {
        0..KIB => format!("{bytes} bytes"),
        KIB..MIB => format!("{} KB", tenths(KIB)),
        _ => format!("{} MB", tenths(MIB)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_file_has_its_limit() {
        let limits = Limits::default();
        for (key, setting) in [
            ("files.oas.zip", "limits.spec"),
            ("files.docs.zip", "limits.spec"),
            ("files.custom.pdf", "limits.spec"),
            ("files.mule-application.jar", "limits.jar"),
            ("files.jar", "limits.jar"),
            ("files.studio-plugin.zip", "limits.jar"),
            ("files.icon.png", "limits.icon"),
            ("files.icon.svg", "limits.svg"),
        ] {
            assert_eq!(limits.of(&key.parse().expect("a key")).1, setting, "{key}");
        }
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(human(1023), "1023 bytes");
        assert_eq!(human(1536), "1.5 KB");
        assert_eq!(human(5 * MIB), "5.0 MB");
        assert_eq!(human(5 * MIB + 60 * KIB), "5.1 MB");
    }
}
