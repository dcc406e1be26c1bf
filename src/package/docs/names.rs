//! The names of pages and images in a docs archive (EXCHANGE.md §2.7, §5.2).

use camino::Utf8Path;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

/// The page that every portal has.
pub(super) const HOME: &str = "home";

/// The member that holds the terms.
pub(super) const TERMS_FILE: &str = "terms.md";

/// How the API addresses the terms (EXCHANGE.md §5.2).
pub(super) const TERMS_PATH: &str = ".terms";

/// The member that says the order of the pages.
pub(super) const CONFIG_FILE: &str = "config.json";

/// The folder of the images.
pub(super) const RESOURCES: &str = "resources";

/// The most pages. Exchange names no limit (api-catalog draws one at 50): this one is ours, against mishaps.
pub(super) const MAX_PAGES: usize = 500;

/// The most images of a portal.
pub(super) const MAX_IMAGES: usize = 100;

/// The most characters of a page.
pub(super) const MAX_TEXT: usize = 1_024_000;

/// The most bytes of a page: a character takes four at most.
pub(super) const MAX_TEXT_BYTES: u64 = MAX_TEXT as u64 * 4;

/// The most bytes of all pages together; ours, so that memory stays bounded.
pub(super) const MAX_ALL_TEXT: usize = 64 * 1024 * 1024;

/// The most bytes of an image. "MB" is read as 2^20 bytes, as in [`Limits`](crate::package::Limits).
pub(super) const MAX_IMAGE: u64 = 2 * 1024 * 1024;

/// The most bytes of `config.json`.
pub(super) const MAX_CONFIG: u64 = 256 * 1024;

const MAX_NAME: usize = 128;

/// What an image may be.
pub(super) const IMAGES: [&str; 11] = ["bmp", "gif", "ico", "jpe", "jpeg", "jpg", "png", "svg", "tif", "tiff", "webp"];

/// What stays as it is in a link: neither Markdown, nor HTML, nor a browser gives these another meaning.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What cannot stand in a destination, be it in Markdown or in HTML. A `%` stays: it is an escape already.
const BREAKING: AsciiSet = percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'\'')
    .add(b'(')
    .add(b')')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'`')
    .add(b'&')
    .add(b'|');

/// The name of a page as Exchange takes it. The home page is `home` in lower case whatever the file is called, since
/// `Home.md` is refused.
///
/// # Errors
/// What is wrong with it.
pub fn page_name(name: &str) -> Result<String, String> {
    if name.eq_ignore_ascii_case(HOME) {
        return Ok(HOME.to_owned());
    }
    check_page_name(name).map(|()| name.to_owned())
}

/// Checks the name of a page that is taken as it is.
pub(super) fn check_page_name(name: &str) -> Result<(), String> {
    let length = name.chars().count();
    if name.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    if name != HOME && name.eq_ignore_ascii_case(HOME) {
        return Err("must be `home` in lower case".to_owned());
    }
    if length > MAX_NAME {
        return Err(format!("has {length} characters, Exchange takes {MAX_NAME}"));
    }
    if name.starts_with('.') {
        return Err("starts with a dot".to_owned());
    }
    if name == "terms" {
        return Err("is reserved for the terms".to_owned());
    }
    match name.chars().find(|c| "@*+/_\\%".contains(*c) || c.is_control()) {
        Some(c) => Err(format!("holds {c:?}, which Exchange does not take")),
        None => Ok(()),
    }
}

/// Whether a file can be an image of a page, by its extension.
pub(super) fn is_image(path: &Utf8Path) -> bool {
    path.extension().is_some_and(|extension| IMAGES.iter().any(|known| known.eq_ignore_ascii_case(extension)))
}

/// The name of an image in `resources/`: that of its file, with what needs care in paths replaced.
pub(super) fn image_name(path: &Utf8Path) -> String {
    let careful = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let name: String = path.file_name().unwrap_or_default().chars().map(careful).collect();
    let name = name.trim_start_matches('.');
    // File systems and the server take 255 bytes; room is left for the mark of a second image of the same name.
    let start = name.char_indices().rev().map(|(at, _)| at).take_while(|at| name.len() - at <= 200).last();
    name[start.unwrap_or(0)..].to_owned()
}

/// The name of an image whose plain name another one has: marked by where it lies, so that it stays the same whatever
/// is added later.
pub(super) fn marked_image_name(name: &str, relative: &Utf8Path) -> String {
    let mark = hex::encode(&Sha256::digest(relative.as_str())[..4]);
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}-{mark}.{extension}"),
        None => format!("{name}-{mark}"),
    }
}

/// A name as one segment of a link.
pub(super) fn encode(name: &str) -> String {
    utf8_percent_encode(name, &PLAIN).to_string()
}

/// The rest of a link, from `?` or `#` on, made safe to stand in any kind of destination.
pub(super) fn encode_rest(rest: &str) -> String {
    utf8_percent_encode(rest, &BREAKING).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_named_by_the_rules_of_exchange() {
        for name in ["home", "Getting Started", "01 Intro", "日本", "v1.2", "a-b", &"x".repeat(128)] {
            assert_eq!(page_name(name).as_deref(), Ok(name));
        }
        assert_eq!(page_name("Home").as_deref(), Ok("home"));
        for name in
            ["", " ", "terms", ".terms", ".pagesOrder", "a_b", "a/b", "a\\b", "a@b", "50%", "a\nb", "a+b", "a*b"]
        {
            assert!(page_name(name).is_err(), "{name:?}");
        }
        assert!(page_name(&"x".repeat(129)).is_err_and(|why| why.contains("129 characters")));
        assert!(check_page_name("Home").is_err_and(|why| why.contains("lower case")));
    }

    #[test]
    fn names_of_images_need_no_care_in_links_and_stay_short() {
        assert_eq!(image_name("a/My Dog (1).PNG".into()), "My-Dog--1-.PNG");
        assert_eq!(image_name("a/.hidden.png".into()), "hidden.png");
        let long = image_name(Utf8Path::new(&format!("{}.png", "é".repeat(120))));
        assert!(long.len() <= 200 && long.ends_with("é.png"), "{long}");
        let (one, two) = (marked_image_name("a.png", "x/a.png".into()), marked_image_name("a.png", "y/a.png".into()));
        assert!(one != two && one.starts_with("a-") && one.rsplit('.').next() == Some("png"), "{one} {two}");
    }

    #[test]
    fn names_become_links_that_markdown_and_html_read_alike() {
        assert_eq!(encode("Tone of voice (2)"), "Tone%20of%20voice%20%282%29");
        assert_eq!(encode_rest("#a b%20c)"), "#a%20b%20c%29");
    }
}
