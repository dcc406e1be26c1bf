//! Names of files on this machine, made from words of a server: never a path that leads elsewhere, and none that a file
//! system would take for another one.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

/// The most bytes of a name: file systems take 255, and room is left for an ending and a mark.
const MAX: usize = 120;

/// Names that Windows has for devices, whatever their ending.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Gives out names for one folder, no two of which differ in case only.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// Keeps a name for something else.
    pub(super) fn reserve(&mut self, name: &str) {
        self.taken.insert(name.to_lowercase());
    }

    /// A name for a file: the words themselves where they can be one, otherwise what is left of them with a mark, which
    /// is the same for the same words. The ending begins with a dot, or is empty.
    pub(super) fn give(&mut self, words: &str, ending: &str) -> String {
        let cleaned = clean(words);
        let plain = format!("{cleaned}{ending}");
        if cleaned == words && self.taken.insert(plain.to_lowercase()) {
            return plain;
        }
        let mut marked = words.to_owned();
        loop {
            let mark = hex::encode(&Sha256::digest(&marked)[..4]);
            let name = format!("{cleaned}~{mark}{ending}");
            if self.taken.insert(name.to_lowercase()) {
                return name;
            }
            // The same words a second time.
            marked.push('+');
        }
    }
}

/// The name of a folder for an id: the id itself where no file system could take it for another one, otherwise with a
/// mark. It is the same for the same id, whatever other folders there are.
pub(super) fn folder(id: &str) -> String {
    let cleaned = clean(id);
    if cleaned == id && !id.chars().any(char::is_uppercase) {
        return cleaned;
    }
    format!("{cleaned}~{}", hex::encode(&Sha256::digest(id)[..4]))
}

/// What is left of words as the name of a file.
fn clean(words: &str) -> String {
    let careful = |c: char| match c {
        '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' | '~' => '-',
        c if c.is_control() || is_invisible(c) => '-',
        c => c,
    };
    let name: String = words.chars().map(careful).collect();
    let end = name.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= MAX).last().unwrap_or(0);
    let name = name[..end].trim_start_matches(['.', ' ', '-']).trim_end_matches(['.', ' ']);
    let first = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let numbered = |device: &str| {
        first.strip_prefix(device).is_some_and(|rest| rest.chars().count() == 1 && rest.chars().all(char::is_numeric))
    };
    if name.is_empty() || DEVICES.contains(&first.as_str()) || numbered("com") || numbered("lpt") {
        return format!("_{name}");
    }
    name.to_owned()
}

/// Marks that turn the direction of text or cannot be seen: two names would look alike.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stay_as_they_are() {
        let mut names = Names::default();
        for name in ["Getting Started", "FAQ (old)", "Über uns", "v1.2 notes"] {
            assert_eq!(names.give(name, ".md"), format!("{name}.md"));
        }
    }

    #[test]
    fn no_words_lead_out_of_the_folder_or_to_a_device() {
        let mut names = Names::default();
        let bad =
            ["..", "../../etc/passwd", "a/b", "C:\\x", "con", "COM1.txt", "", " ", ".hidden", "end.", "nul\0", "-rf"];
        for words in bad {
            let name = names.give(words, ".md");
            assert!(!name.contains(['/', '\\', ':', '\0']) && !name.starts_with(['.', '-']), "{words} became {name}");
            assert!(name.contains('~'), "{words} became {name}");
        }
    }

    #[test]
    fn folders_of_ids_that_differ_in_case_only_differ() {
        assert_eq!(folder("68ef9520-24e9-4cf2-b2f5-620025690913"), "68ef9520-24e9-4cf2-b2f5-620025690913");
        let folded: BTreeSet<String> = ["orders", "Orders", "ORDERS"].map(|id| folder(id).to_lowercase()).into();
        assert_eq!(folded.len(), 3);
        assert!(["con", "a.", "1.0.0-RC1"].iter().all(|id| folder(id).contains('~')));
    }

    #[test]
    fn twins_and_long_names_get_a_mark() {
        let mut names = Names::default();
        let given: Vec<String> = ["FAQ", "faq", "Faq", "faq"].iter().map(|name| names.give(name, ".md")).collect();
        let folded: BTreeSet<String> = given.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!((folded.len(), given[0].as_str()), (4, "FAQ.md"));
        let long = names.give(&"é".repeat(128), ".md");
        assert!(long.len() < 150, "{long}");
    }
}
