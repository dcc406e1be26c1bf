//! The POM that may come with a publication (EXCHANGE.md §2.2), and the one that is made where none does.

use std::collections::BTreeMap;

use quick_xml::{
    Reader,
    escape::escape,
    events::{BytesStart, Event},
};

use crate::asset::Coordinates;

/// How deep the elements of a POM may be nested.
const MAX_DEPTH: usize = 64;

/// What a POM says of an asset.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pom {
    values: BTreeMap<&'static str, String>,
    pub(super) properties: BTreeMap<String, String>,
    /// Comma-separated values, by key.
    pub(super) categories: BTreeMap<String, String>,
    pub(super) fields: BTreeMap<String, String>,
    /// Group, artifact and version; the version may be missing.
    pub(super) dependencies: Vec<[String; 3]>,
}

impl Pom {
    /// The text of `groupId`, `artifactId`, `version`, `name` or `description`; the parent's coordinates stand in.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Reads a POM.
    ///
    /// # Errors
    /// When the text is not XML, or its root is not `project`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(text);
        let mut pom = Self::default();
        let mut path: Vec<String> = Vec::new();
        let mut key = String::new();
        let mut content = String::new();
        loop {
            match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(start) => {
                    let name = start.local_name().as_ref().to_owned();
                    if path.is_empty() && name != "project" {
                        return Err(format!("its root is <{name}>, not <project>"));
                    }
                    key = attribute(&start, "key");
                    path.push(name);
                    if path.len() > MAX_DEPTH {
                        return Err("its elements are nested too deeply".to_owned());
                    }
                    if path == ["project", "dependencies", "dependency"] {
                        pom.dependencies.push(Default::default());
                    }
                    content.clear();
                }
                Event::Text(text) => content.push_str(&text.xml10_content()),
                Event::CData(data) => content.push_str(&data),
                Event::GeneralRef(reference) => content.push_str(&resolve(&reference)),
                Event::End(_) => {
                    let names: Vec<&str> = path.iter().map(String::as_str).collect();
                    pom.note(&names, &key, content.trim());
                    path.pop();
                    content.clear();
                }
                Event::Eof => break,
                _ => {}
            }
        }
        if path.is_empty() { Ok(pom) } else { Err("it ends too early".to_owned()) }
    }

    fn note(&mut self, path: &[&str], key: &str, text: &str) {
        const TOP: [&str; 5] = ["groupId", "artifactId", "version", "name", "description"];
        match path {
            ["project", name] => {
                if let Some(name) = TOP.iter().find(|known| *known == name) {
                    self.values.insert(name, text.to_owned());
                }
            }
            ["project", "parent", name] => {
                if let Some(name) = ["groupId", "version"].into_iter().find(|known| known == name) {
                    self.values.entry(name).or_insert_with(|| text.to_owned());
                }
            }
            ["project", "dependencies", "dependency", name] => {
                let at = ["groupId", "artifactId", "version"].iter().position(|known| known == name);
                if let (Some(at), Some(dependency)) = (at, self.dependencies.last_mut()) {
                    text.clone_into(&mut dependency[at]);
                }
            }
            ["project", "properties", "categories"] if !key.is_empty() => {
                self.categories.insert(key.to_owned(), text.to_owned());
            }
            ["project", "properties", "fields"] if !key.is_empty() => {
                self.fields.insert(key.to_owned(), text.to_owned());
            }
            ["project", "properties", name] => {
                self.properties.insert((*name).to_owned(), text.to_owned());
            }
            _ => {}
        }
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> String {
    let found = start.try_get_attribute(name).ok().flatten();
    found.map(|attribute| attribute.value.into_owned()).unwrap_or_default()
}

/// The five entities of XML and character references; others are dropped, nothing is ever expanded.
fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> String {
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        return c.to_string();
    }
    quick_xml::escape::resolve_xml_entity(reference).unwrap_or_default().to_owned()
}

/// Makes the POM of an asset that was published without one.
pub(super) fn generate(gav: &Coordinates, name: &str, packaging: &str, dependencies: &[Coordinates]) -> String {
    let mut pom = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n  <modelVersion>4.0.0</modelVersion>\n  \
         <groupId>{}</groupId>\n  <artifactId>{}</artifactId>\n  <version>{}</version>\n  \
         <packaging>{packaging}</packaging>\n  <name>{}</name>\n",
        gav.group_id,
        gav.asset_id,
        gav.version,
        escape(name)
    );
    if !dependencies.is_empty() {
        pom.push_str("  <dependencies>\n");
        for d in dependencies {
            pom.push_str(&format!(
                "    <dependency>\n      <groupId>{}</groupId>\n      <artifactId>{}</artifactId>\n      \
                 <version>{}</version>\n    </dependency>\n",
                d.group_id, d.asset_id, d.version
            ));
        }
        pom.push_str("  </dependencies>\n");
    }
    pom.push_str("</project>\n");
    pom
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pom_says_what_the_asset_is() {
        let pom = Pom::parse(
            r#"<?xml version="1.0"?><project xmlns="http://maven.apache.org/POM/4.0.0">
            <parent><groupId>org.parent</groupId><version>9.0.0</version></parent>
            <artifactId>orders</artifactId><version>1.0.0</version><name>Orders &amp; more</name>
            <properties><keywords>a, b</keywords><categories key="kind">x, y</categories></properties>
            <build><plugins><plugin><version>3</version></plugin></plugins></build>
            <dependencies><dependency><groupId>g</groupId><artifactId>d</artifactId><version>2.0.0</version></dependency></dependencies>
            </project>"#,
        )
        .expect("parses");
        assert_eq!(pom.get("groupId"), Some("org.parent"));
        assert_eq!(pom.get("version"), Some("1.0.0"));
        assert_eq!(pom.get("name"), Some("Orders & more"));
        assert_eq!(pom.properties["keywords"], "a, b");
        assert_eq!(pom.categories["kind"], "x, y");
        assert_eq!(pom.dependencies, [["g", "d", "2.0.0"].map(str::to_owned)]);
    }

    #[test]
    fn what_is_generated_reads_back() {
        let gav: Coordinates = "g/a/1.0.0".parse().expect("parses");
        let dependency: Coordinates = "h/b/2.0.0".parse().expect("parses");
        let pom = Pom::parse(&generate(&gav, "A <b>", "zip", &[dependency])).expect("parses");
        assert_eq!((pom.get("artifactId"), pom.get("name")), (Some("a"), Some("A <b>")));
        assert_eq!(pom.dependencies.len(), 1);
    }

    #[test]
    fn other_documents_and_bombs_are_refused() {
        assert!(Pom::parse("<html></html>").is_err());
        assert!(Pom::parse("<project><name>").is_err());
        assert!(Pom::parse(&"<project>".repeat(10_000)).is_err());
        let names = (0..60).fold(String::new(), |names, number| names + &format!("<{}{number}>", "n".repeat(20_000)));
        assert!(Pom::parse(&format!("<project>{names}{}", "<a></a>".repeat(100_000))).is_err());
    }
}
