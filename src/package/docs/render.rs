//! Pages as they go into the archive: read, checked, with links that hold in Exchange.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    io::Read,
    ops::Range,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    links::{self, Kind},
    names::{
        CONFIG_FILE, IMAGES, MAX_ALL_TEXT, MAX_IMAGE, MAX_IMAGES, MAX_PAGES, MAX_TEXT, MAX_TEXT_BYTES, RESOURCES,
        TERMS_FILE, TERMS_PATH, encode, encode_rest, image_name, is_image, marked_image_name,
    },
    page::{Link, Page},
};
use crate::{
    asset::{Diagnosis, Documentation, Problem},
    package::{
        detect::{self, Target},
        limits::human,
        reading::{Question, Reading},
        regular,
    },
};

/// The most links that lead nowhere that are told one by one.
const MAX_NOTES: usize = 5;

/// The members of a docs archive, by name.
#[derive(Debug)]
pub(in crate::package) struct Rendered {
    /// Pages, terms and `config.json`.
    pub(in crate::package) texts: BTreeMap<String, String>,
    /// Images, by the file that they are a copy of.
    pub(in crate::package) images: BTreeMap<String, Utf8PathBuf>,
}

/// What has to be known of documentation before it is packed.
#[derive(Debug)]
pub(super) struct Survey {
    /// The images that go along.
    pub(super) images: Vec<Utf8PathBuf>,
    /// Links that lead nowhere.
    pub(super) notes: Vec<String>,
}

/// Checks all pages and works out their links, without the texts of those that the memory knows.
pub(super) fn survey(docs: &Documentation, reading: &Reading) -> Result<Survey, Box<Diagnosis>> {
    let mut site = Site::over(docs)?;
    site.look(docs, |real_root, path| look(real_root, path, reading))?;
    let plan = site.plan(docs)?;
    let mut images: Vec<Utf8PathBuf> = plan.images.into_values().collect();
    images.sort_unstable();
    Ok(Survey { images, notes: plan.notes })
}

/// Reads all pages and works out their links.
pub(in crate::package) fn render(docs: &Documentation) -> Result<Rendered, Box<Diagnosis>> {
    let mut site = Site::over(docs)?;
    let mut markdown = Vec::with_capacity(docs.pages.len() + 1);
    site.look(docs, |real_root, path| {
        let text = read_text(real_root, path)?;
        let page = Page::of(&text);
        markdown.push(text);
        Ok(page)
    })?;
    let plan = site.plan(docs)?;
    let mut texts = BTreeMap::new();
    for ((text, edits), markdown) in site.texts.iter().zip(plan.edits).zip(markdown) {
        texts.insert(text.member(), links::rewrite(&markdown, edits));
    }
    let names: Vec<&str> = docs.pages.iter().map(|page| page.name.as_str()).collect();
    let order = serde_json::json!({ "pageOrder": names });
    texts.insert(CONFIG_FILE.to_owned(), format!("{order:#}\n"));
    Ok(Rendered { texts, images: plan.images })
}

/// What becomes of the pages of a site.
struct Plan {
    /// The new destinations of each text.
    edits: Vec<Vec<(Range<usize>, String)>>,
    /// Images by their name in the archive.
    images: BTreeMap<String, Utf8PathBuf>,
    notes: Vec<String>,
}

/// A page, or the terms.
struct Text<'a> {
    /// The name of the page; nothing for the terms.
    name: Option<&'a str>,
    path: &'a Utf8Path,
    /// The path from the root, without `.` and `..`.
    place: Utf8PathBuf,
    page: Page,
}

/// Where a link leads, as far as it matters.
#[derive(Debug)]
enum Lead {
    /// Nothing to do: the web, the page itself, the name of a page.
    Stay,
    /// Relative, and to nothing that goes along.
    Nowhere,
    /// To an image, by its path from the root, with what follows the path.
    Image(Utf8PathBuf, String),
    /// To a page, as it is written in Exchange.
    Page(String),
}

/// All texts, and the folder that they lie in.
struct Site<'a> {
    root: &'a Utf8Path,
    real_root: Utf8PathBuf,
    texts: Vec<Text<'a>>,
    /// Whether an image that cannot go along is only noted.
    may_miss_images: bool,
}

impl<'a> Site<'a> {
    fn over(docs: &'a Documentation) -> Result<Self, Box<Diagnosis>> {
        if docs.pages.len() > MAX_PAGES {
            let message = format!("the documentation has {} pages, at most {MAX_PAGES} are sent", docs.pages.len());
            return Err(Box::new(Diagnosis::failed(&docs.root, Problem::TooLarge, message)));
        }
        let real_root = docs.root.canonicalize_utf8().map_err(|error| unreadable(&docs.root, &error))?;
        let texts = Vec::with_capacity(docs.pages.len() + 1);
        Ok(Self { root: &docs.root, real_root, texts, may_miss_images: docs.may_miss_images })
    }

    /// Takes in all texts, each by way of `look`.
    fn look(
        &mut self,
        docs: &'a Documentation,
        mut look: impl FnMut(&Utf8Path, &Utf8Path) -> Result<Page, Box<Diagnosis>>,
    ) -> Result<(), Box<Diagnosis>> {
        let pages = docs.pages.iter().map(|page| (Some(page.name.as_str()), page.path.as_path()));
        let mut total = 0;
        for (name, path) in pages.chain(docs.terms.iter().map(|terms| (None, terms.as_path()))) {
            let page = look(&self.real_root, path)?;
            total += page.bytes;
            if total > MAX_ALL_TEXT {
                let message = format!("the pages of the documentation have more than {}", human(MAX_ALL_TEXT as u64));
                return Err(Box::new(Diagnosis::failed(path, Problem::TooLarge, message)));
            }
            let place = self.place(path);
            self.texts.push(Text { name, path, place, page });
        }
        Ok(())
    }

    /// Works out where all links lead.
    fn plan(&self, docs: &Documentation) -> Result<Plan, Box<Diagnosis>> {
        let mut wanted: BTreeSet<Utf8PathBuf> = docs.images.iter().map(|path| self.place(path)).collect();
        let mut leads = Vec::with_capacity(self.texts.len());
        let mut notes = Notes::default();
        for text in &self.texts {
            let mut found = Vec::new();
            for link in &text.page.links {
                let lead = match self.lead(text, link) {
                    Err(_) if self.may_miss_images => Lead::Nowhere,
                    lead => lead?,
                };
                match lead {
                    Lead::Stay => {}
                    Lead::Nowhere => notes.add(text, link),
                    lead => {
                        if let Lead::Image(path, _) = &lead {
                            wanted.insert(path.clone());
                        }
                        found.push((link, lead));
                    }
                }
            }
            leads.push(found);
        }
        let names = self.images(&wanted)?;
        let edits = self.texts.iter().zip(leads).map(|(text, found)| text.edits(found, &names));
        let edits = edits.collect::<Result<_, _>>()?;
        let images = names.into_iter().map(|(path, name)| (format!("{RESOURCES}/{name}"), self.root.join(path)));
        Ok(Plan { edits, images: images.collect(), notes: notes.finish() })
    }

    /// The path of a file from the root.
    fn place(&self, path: &Utf8Path) -> Utf8PathBuf {
        let within = path.strip_prefix(self.root).ok().map(Utf8Path::to_owned).or_else(|| {
            // Spelt another way, perhaps through a link.
            Some(path.canonicalize_utf8().ok()?.strip_prefix(&self.real_root).ok()?.to_owned())
        });
        let within = within.unwrap_or_else(|| path.to_owned());
        detect::join_reference(Utf8Path::new(""), &within).unwrap_or(within)
    }

    fn lead(&self, text: &Text<'_>, link: &Link) -> Result<Lead, Box<Diagnosis>> {
        let folder = text.place.parent().unwrap_or(Utf8Path::new(""));
        let (base, readings) = match detect::reference_target(&link.target) {
            Target::NoFile => return Ok(Lead::Stay),
            Target::Machine if link.kind == Kind::Image => return Err(text.refuse(link, "leads to this machine")),
            Target::Machine => return Ok(Lead::Nowhere),
            Target::Relative(readings) => (folder, readings),
            // A path of the server as a rule; of the repository where there is such a file.
            Target::FromRoot(readings) => (Utf8Path::new(""), readings),
        };
        let is_absolute = link.target.starts_with('/');
        let places: Vec<(Utf8PathBuf, &str)> = readings
            .iter()
            .filter_map(|reading| Some((detect::join_reference(base, reading)?, rest_behind(&link.target, reading))))
            .collect();
        for (place, rest) in &places {
            if let Some(page) = self.texts.iter().find(|known| known.place == *place) {
                let name = page.name.map_or(TERMS_PATH.to_owned(), encode);
                return Ok(Lead::Page(format!("{name}{}", encode_rest(rest))));
            }
            let path = self.root.join(place);
            // What is no file at all is told apart from a link that leads out.
            if !path.is_file() {
                continue;
            }
            match regular::inside(&self.real_root, &path) {
                Ok(_) if is_image(place) => return Ok(Lead::Image(place.clone(), (*rest).to_owned())),
                Ok(_) if link.kind == Kind::Image => {
                    let why = format!("is none of the kinds that Exchange takes: {}", IMAGES.join(", "));
                    return Err(text.refuse(link, &why));
                }
                Err(_) if link.kind == Kind::Image => {
                    return Err(text.refuse(link, "leads out of the source through a symbolic link"));
                }
                Ok(_) | Err(_) => return Ok(Lead::Nowhere),
            }
        }
        if is_absolute || readings.iter().any(|reading| self.has_page(reading)) {
            return Ok(Lead::Stay);
        }
        match link.kind {
            Kind::Link => Ok(Lead::Nowhere),
            Kind::Image if places.is_empty() => Err(text.refuse(link, "leads out of the source")),
            Kind::Image => Err(text.refuse(link, "is not there")),
        }
    }

    /// Whether a link is the name of a page already.
    fn has_page(&self, link: &Utf8Path) -> bool {
        let name = link.strip_prefix(".").unwrap_or(link);
        name == TERMS_PATH || self.texts.iter().any(|text| text.name.is_some_and(|known| name == known))
    }

    /// The names that images get in `resources/`, by their path from the root.
    fn images(&self, wanted: &BTreeSet<Utf8PathBuf>) -> Result<BTreeMap<Utf8PathBuf, String>, Box<Diagnosis>> {
        if wanted.len() > MAX_IMAGES {
            let message = format!("the documentation has {} images, Exchange takes {MAX_IMAGES}", wanted.len());
            let hint = "leave some out, or link to them where they are";
            return Err(Box::new(Diagnosis::failed(self.root, Problem::TooLarge, message).hint(hint)));
        }
        // What lies ready in a folder `resources` keeps its name, so that links to it stay as they are.
        let is_ready = |path: &Utf8Path| path.parent().and_then(Utf8Path::file_name) == Some(RESOURCES);
        let (ready, other): (Vec<_>, Vec<_>) = wanted.iter().partition(|path| is_ready(path));
        let (mut names, mut taken) = (BTreeMap::new(), BTreeSet::new());
        for path in ready.into_iter().chain(other) {
            self.check_image(path)?;
            let mut name = image_name(path);
            // Names that differ in case only are one file on many systems.
            if !taken.insert(name.to_lowercase()) {
                name = marked_image_name(&name, path);
                taken.insert(name.to_lowercase());
            }
            names.insert(path.clone(), name);
        }
        Ok(names)
    }

    fn check_image(&self, place: &Utf8Path) -> Result<(), Box<Diagnosis>> {
        let path = self.root.join(place);
        let real = regular::inside(&self.real_root, &path).map_err(|error| unreadable(&path, &error))?;
        let size = real.metadata().map_err(|error| unreadable(&path, &error))?.len();
        if size <= MAX_IMAGE {
            return Ok(());
        }
        let message = format!("the image is {}, Exchange takes {}", human(size), human(MAX_IMAGE));
        Err(Box::new(Diagnosis::failed(path, Problem::TooLarge, message).hint("make it smaller")))
    }
}

impl Text<'_> {
    fn member(&self) -> String {
        self.name.map_or(TERMS_FILE.to_owned(), |name| format!("{name}.md"))
    }

    fn refuse(&self, link: &Link, why: &str) -> Box<Diagnosis> {
        let message = format!("the image `{}` {why}", link.target);
        let diagnosis = Diagnosis::failed(self.path, Problem::Reference, message).at(link.line, link.column);
        Box::new(diagnosis.hint("add the image below the source, or mend the link"))
    }

    /// The destinations to be put in place of others.
    fn edits(
        &self,
        found: Vec<(&Link, Lead)>,
        images: &BTreeMap<Utf8PathBuf, String>,
    ) -> Result<Vec<(Range<usize>, String)>, Box<Diagnosis>> {
        let mut edits: Vec<(&Link, String)> = Vec::new();
        let mut places = Vec::new();
        for (link, lead) in found {
            let destination = match lead {
                Lead::Image(path, rest) => format!("{RESOURCES}/{}{}", encode(&images[&path]), encode_rest(&rest)),
                Lead::Page(destination) => destination,
                Lead::Stay | Lead::Nowhere => continue,
            };
            // Spelt another way, but the same: not a byte is touched.
            if detect::percent_decode(&link.target) == detect::percent_decode(&destination) {
                continue;
            }
            let Some(place) = link.place.clone() else {
                let message =
                    format!("the link to `{}` has to become `{destination}`, and is hard to read", link.target);
                let diagnosis = Diagnosis::failed(self.path, Problem::Reference, message).at(link.line, link.column);
                return Err(Box::new(diagnosis.hint("write its destination on one line with its text")));
            };
            places.push(place);
            edits.push((link, destination));
        }
        let length = self.page.characters_with(&edits);
        if length > MAX_TEXT {
            let message = format!("the page has {length} characters, Exchange takes {MAX_TEXT}");
            return Err(Box::new(Diagnosis::failed(self.path, Problem::TooLarge, message).hint("split it")));
        }
        Ok(places.into_iter().zip(edits.into_iter().map(|(_, destination)| destination)).collect())
    }
}

/// What follows the path of a link, read as the path `reading`: `?…`, `#…`.
fn rest_behind<'t>(target: &'t str, reading: &Utf8Path) -> &'t str {
    let Some(at) = target.find(['?', '#']) else { return "" };
    let path = target[..at].trim_start_matches('/');
    // A file may have such a character in its name.
    if reading == path || reading.as_str() == detect::percent_decode(path) { &target[at..] } else { "" }
}

/// Links that lead nowhere, in words.
#[derive(Default)]
struct Notes {
    told: Vec<String>,
    more: usize,
}

impl Notes {
    fn add(&mut self, text: &Text<'_>, link: &Link) {
        if self.told.len() == MAX_NOTES {
            self.more += 1;
            return;
        }
        let mut note = format!("{}:{}: ", text.member(), link.line);
        let target: String = link.target.chars().take(100).collect();
        // Writing to a string does not fail.
        let _ = match link.kind {
            Kind::Link => write!(note, "`{target}` is no page of the documentation"),
            Kind::Image => write!(note, "the image `{target}` is not there"),
        };
        self.told.push(note);
    }

    fn finish(mut self) -> Vec<String> {
        if self.more > 0 {
            self.told.push(format!("and {} more links that lead nowhere", self.more));
        }
        self.told
    }
}

/// Looks through a page, or remembers what was seen in it.
fn look(real_root: &Utf8Path, path: &Utf8Path, reading: &Reading) -> Result<Page, Box<Diagnosis>> {
    let seen = regular::inside(real_root, path).and_then(|real| {
        reading.told_within(MAX_TEXT_BYTES, &Question::Page, &real, |bytes| {
            std::str::from_utf8(bytes).map(Page::of).map_err(|error| end_of_text(bytes, error.valid_up_to()))
        })
    });
    match seen.map_err(|error| unreadable(path, &error))? {
        Some(page) => page.map_err(|place| not_utf8(path, place)),
        None => Err(too_large(path, path.metadata().map_or(0, |metadata| metadata.len()))),
    }
}

fn read_text(real_root: &Utf8Path, path: &Utf8Path) -> Result<String, Box<Diagnosis>> {
    let open = || {
        let real = regular::inside(real_root, path)?;
        regular::open(real.as_std_path())
    };
    let (file, snapshot) = open().map_err(|error| unreadable(path, &error))?;
    if snapshot.len > MAX_TEXT_BYTES {
        return Err(too_large(path, snapshot.len));
    }
    let mut bytes = Vec::new();
    file.take(MAX_TEXT_BYTES).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    String::from_utf8(bytes)
        .map_err(|error| not_utf8(path, end_of_text(error.as_bytes(), error.utf8_error().valid_up_to())))
}

fn too_large(path: &Utf8Path, bytes: u64) -> Box<Diagnosis> {
    let message = format!("the page is {}, Exchange takes {MAX_TEXT} characters", human(bytes));
    Box::new(Diagnosis::failed(path, Problem::TooLarge, message).hint("split it"))
}

/// Line and column where bytes stop being text.
fn end_of_text(bytes: &[u8], valid: usize) -> (u64, u64) {
    let before = String::from_utf8_lossy(&bytes[..valid]);
    links::line_and_column(&before, before.len())
}

fn not_utf8(path: &Utf8Path, (line, column): (u64, u64)) -> Box<Diagnosis> {
    let diagnosis = Diagnosis::failed(path, Problem::Encoding, "the page is not UTF-8").at(line, column);
    Box::new(diagnosis.hint("save it as UTF-8"))
}

fn unreadable(path: &Utf8Path, error: &std::io::Error) -> Box<Diagnosis> {
    Box::new(match error.kind() {
        std::io::ErrorKind::NotFound => Diagnosis::failed(path, Problem::Missing, "the file does not exist"),
        _ => Diagnosis::failed(path, Problem::Unreadable, format!("cannot be read: {error}")),
    })
}

#[cfg(test)]
mod tests;
