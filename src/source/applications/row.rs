//! One row: from its cells to an application, or to everything that is wrong with it at once.

use url::Url;

use super::super::{
    Options,
    draft::Place,
    portal::{self, NOTHING},
    reader::Reader,
};
use crate::asset::{ApplicationWish, Diagnosis, Problem};

/// The most characters of a name (EXCHANGE.md §7).
const NAME: usize = 151;

/// The most characters of a description (EXCHANGE.md §7).
const DESCRIPTION: usize = 4096;

/// Reads a row.
pub(super) fn read(reader: Reader, place: &Place<'_>, options: &Options) -> Result<ApplicationWish, Box<Diagnosis>> {
    let mut row = Row { reader };
    let name = row.name();
    let wish = ApplicationWish {
        description: row.text("description", DESCRIPTION),
        url: row.url(),
        redirect_uris: row.redirect_uris(),
        grant_types: portal::list(&mut row.reader, "grantTypes"),
        api_endpoints: portal::flag(&mut row.reader, "apiEndpoints"),
        asset: portal::asset(&mut row.reader, options),
        instance: row.reader.take("instance"),
        old_id: row.reader.take("id"),
        old_client_id: row.reader.take("clientId"),
        path: place.path.to_owned(),
        line: place.line.unwrap_or_default(),
        name: name.unwrap_or_default(),
    };
    if wish.instance.is_some() && wish.asset.is_none() && row.reader.problems.is_empty() {
        row.reader.wrong("instance", "is an instance of which asset? fill in \"asset\"");
    }
    if row.reader.problems.is_empty() {
        return Ok(wish);
    }
    let wrong = place.failed(Problem::Value, row.reader.problems.join("; "));
    let wrong = wrong.hint("mend the cell, or the defaults of the job");
    Err(Box::new(if wish.name.is_empty() { wrong } else { wrong.gav(wish.key()) }))
}

struct Row {
    reader: Reader,
}

impl Row {
    fn name(&mut self) -> Option<String> {
        let Some(name) = self.reader.take("name") else {
            self.reader.wrong("name", "is empty: what is the application called?");
            return None;
        };
        if name.chars().any(char::is_control) {
            self.reader.wrong("name", "has a control character");
            return None;
        }
        self.short("name", name, NAME)
    }

    /// A text that can be taken away.
    fn text(&mut self, key: &str, most: usize) -> Option<String> {
        let text = self.reader.take(key)?;
        if text == NOTHING { Some(String::new()) } else { self.short(key, text, most) }
    }

    fn short(&mut self, key: &str, text: String, most: usize) -> Option<String> {
        let length = text.chars().count();
        if length <= most {
            return Some(text);
        }
        self.reader.wrong(key, format!("has {length} characters, a portal takes {most}"));
        None
    }

    fn url(&mut self) -> Option<String> {
        let url = self.text("url", usize::MAX)?;
        self.check_address("url", &url);
        Some(url)
    }

    fn redirect_uris(&mut self) -> Option<Vec<String>> {
        let uris = portal::list(&mut self.reader, "redirectUris")?;
        for uri in &uris {
            self.check_address("redirectUris", uri);
        }
        Some(uris)
    }

    /// An application on a device is sent back to by a scheme of its own.
    fn check_address(&mut self, key: &str, address: &str) {
        if !address.is_empty() && Url::parse(address).is_err() {
            self.reader.wrong(key, format!("`{address}` is no address such as https://shop.example/callback"));
        }
    }
}
