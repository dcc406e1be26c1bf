//! A docs archive that somebody else made: held to the rules that Exchange has for it (EXCHANGE.md §2.7, §5.2).

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    folder::parse_order,
    links::{self, Kind},
    names::{
        CONFIG_FILE, HOME, IMAGES, MAX_CONFIG, MAX_IMAGE, MAX_IMAGES, MAX_PAGES, MAX_TEXT, MAX_TEXT_BYTES, RESOURCES,
        TERMS_FILE, check_page_name, is_image,
    },
};
use crate::{
    asset::{Diagnosis, Problem},
    package::{
        archive::{Archive, Entry},
        detect::{self, Target},
        limits::human,
    },
};

/// What a member of a docs archive is.
enum Member<'a> {
    Page(&'a str),
    Terms,
    Image,
    Config,
    /// What Exchange passes over, and what file managers leave behind.
    Other,
}

/// Checks a docs archive; answers whether it holds terms. `path` is shown.
///
/// # Errors
/// A diagnosis that names the member, with its line where there is one.
pub(in crate::package) fn check(path: &Utf8Path, archive: &mut Archive) -> Result<bool, Box<Diagnosis>> {
    let check = Check { path };
    let entries = archive.entries().to_vec();
    let names: BTreeSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let (mut pages, mut images) = (BTreeSet::new(), 0);
    for entry in &entries {
        match check.member(entry)? {
            Member::Page(name) => {
                pages.insert(name);
            }
            Member::Image => images += 1,
            Member::Terms | Member::Config | Member::Other => {}
        }
    }
    if pages.len() > MAX_PAGES || images > MAX_IMAGES {
        let message =
            format!("{} pages and {images} images, at most {MAX_PAGES} and {MAX_IMAGES} are sent", pages.len());
        return Err(check.failed(None, Problem::TooLarge, message));
    }
    for entry in &entries {
        match check.member(entry)? {
            Member::Page(_) | Member::Terms => {
                let bytes = check.read(archive, entry, MAX_TEXT_BYTES)?;
                check.text(&entry.name, bytes, &names)?;
            }
            Member::Config => {
                let bytes = check.read(archive, entry, MAX_CONFIG)?;
                check.order(&bytes, &pages)?;
            }
            Member::Image | Member::Other => {}
        }
    }
    Ok(names.contains(TERMS_FILE))
}

struct Check<'a> {
    path: &'a Utf8Path,
}

impl Check<'_> {
    /// The archive and a member of it, as one path.
    fn failed(&self, member: Option<&str>, problem: Problem, message: String) -> Box<Diagnosis> {
        let path = member.map_or(self.path.to_owned(), |member| self.path.join(member));
        Box::new(
            Diagnosis::failed(path, problem, message).hint("make the archive anew, or name the folder it is made of"),
        )
    }

    fn member<'e>(&self, entry: &'e Entry) -> Result<Member<'e>, Box<Diagnosis>> {
        let name = entry.name.as_str();
        let last = name.rsplit('/').next().unwrap_or_default();
        if name.starts_with("__MACOSX/") || last == ".DS_Store" || last == "Thumbs.db" {
            return Ok(Member::Other);
        }
        if let Some(image) = name.strip_prefix("resources/") {
            if image.contains('/') || !is_image(Utf8Path::new(image)) {
                let message = format!("only images lie in {RESOURCES}/, without folders: {}", IMAGES.join(", "));
                return Err(self.failed(Some(name), Problem::Value, message));
            }
            if entry.len > MAX_IMAGE {
                let message = format!("the image is {}, Exchange takes {}", human(entry.len), human(MAX_IMAGE));
                return Err(self.failed(Some(name), Problem::TooLarge, message));
            }
            return Ok(Member::Image);
        }
        if name.contains('/') {
            let message = "pages lie in the root of the archive, images in resources/, and nothing elsewhere";
            return Err(self.failed(Some(name), Problem::Value, message.to_owned()));
        }
        match name {
            CONFIG_FILE => Ok(Member::Config),
            TERMS_FILE => Ok(Member::Terms),
            _ => match name.strip_suffix(".md") {
                Some(page) => check_page_name(page)
                    .map(|()| Member::Page(page))
                    .map_err(|why| self.failed(Some(name), Problem::Value, format!("the name of the page {why}"))),
                None => Ok(Member::Other),
            },
        }
    }

    fn read(&self, archive: &mut Archive, entry: &Entry, most: u64) -> Result<Vec<u8>, Box<Diagnosis>> {
        let read = archive.read(&entry.name, most).map_err(|error| Box::new(error.diagnosis(self.path)))?;
        Ok(read.unwrap_or_default())
    }

    fn text(&self, name: &str, bytes: Vec<u8>, names: &BTreeSet<&str>) -> Result<(), Box<Diagnosis>> {
        let Ok(text) = String::from_utf8(bytes) else {
            return Err(self.failed(Some(name), Problem::Encoding, "the page is not UTF-8".to_owned()));
        };
        let length = text.chars().count();
        if length > MAX_TEXT {
            let message = format!("the page has {length} characters, Exchange takes {MAX_TEXT}");
            return Err(self.failed(Some(name), Problem::TooLarge, message));
        }
        for link in links::find(&text).into_iter().filter(|link| link.kind == Kind::Image) {
            let Target::Relative(readings) = detect::reference_target(&link.target) else { continue };
            let mut places = readings.iter().filter_map(|reading| detect::join_reference(Utf8Path::new(""), reading));
            if !places.any(|place: Utf8PathBuf| names.contains(place.as_str())) {
                let (line, column) = links::line_and_column(&text, link.at);
                let message = format!("the image `{}` is not in the archive", link.target);
                return Err(Box::new(self.failed(Some(name), Problem::Reference, message).at(line, column)));
            }
        }
        Ok(())
    }

    fn order(&self, bytes: &[u8], pages: &BTreeSet<&str>) -> Result<(), Box<Diagnosis>> {
        let order = parse_order(&self.path.join(CONFIG_FILE), bytes)?;
        match order.iter().find(|name| !pages.contains(name.as_str()) && !matches!(name.as_str(), HOME | "terms")) {
            None => Ok(()),
            Some(name) => {
                let message = format!("pageOrder names the page `{name}`, which is not there");
                Err(self.failed(Some(CONFIG_FILE), Problem::Reference, message))
            }
        }
    }
}

#[cfg(test)]
mod tests;
