//! Waves: which rows of a manifest a job takes, and a journal for each.

use sha2::{Digest, Sha256};

/// The most characters of a wave that stand in the name of its journal as they are.
const MOST: usize = 40;

/// Checks a wave: a cell of the column `wave`, without the blanks around it.
pub(super) fn check(wave: &str) -> Result<String, String> {
    let wave = wave.trim();
    if wave.is_empty() || wave.chars().any(char::is_control) {
        return Err("a wave is the text of a cell of the column \"wave\"".to_owned());
    }
    Ok(wave.to_owned())
}

/// The name of a job's journal for a wave. A wave is anybody's text: one that is no plain file name is named by its
/// digest as well, so that no two share a journal, whatever the file system makes of their letters.
pub(super) fn journal(job: &str, wave: Option<&str>) -> String {
    let Some(wave) = wave else { return format!("{job}.db") };
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if wave.len() <= MOST && wave.chars().all(is_plain) {
        return format!("{job}.wave-{wave}.db");
    }
    let plain: String = wave.chars().take(MOST).map(|c| if is_plain(c) { c } else { '_' }).collect();
    let digest = hex::encode(&Sha256::digest(wave)[..4]);
    format!("{job}.wave-{plain}.{digest}.db")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wave_has_a_journal_of_its_own_with_a_harmless_name() {
        assert_eq!(journal("nightly", None), "nightly.db");
        assert_eq!(journal("nightly", Some("2")), "nightly.wave-2.db");
        let names: Vec<String> =
            ["a", "A", "../a", "a/b", "a.b", "Ä", &"x".repeat(300)].map(|wave| journal("j", Some(wave))).into();
        for name in &names {
            let is_safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
            assert!(name.starts_with("j.wave-") && name.len() < 80 && name.chars().all(is_safe), "{name}");
            assert!(!name.contains(".."), "{name}");
        }
        let apart: std::collections::BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(apart.len(), names.len());
    }

    #[test]
    fn a_wave_is_what_a_cell_can_say() {
        assert_eq!(check(" first "), Ok("first".to_owned()));
        assert!(check(" ").is_err() && check("a\nb").is_err());
    }
}
