//! What rendering promises.

use super::*;
use crate::{
    asset::DocsPage,
    package::docs::{collect, of_folder},
};

struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self { folder: tempfile::tempdir().unwrap() };
        for (name, text) in files {
            tree.write(name, text.as_bytes());
        }
        tree
    }

    fn root(&self) -> &Utf8Path {
        Utf8Path::from_path(self.folder.path()).unwrap()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.root().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, bytes).unwrap();
    }

    fn collect(&self, pages: &[(&str, &str)]) -> Result<Documentation, Box<Diagnosis>> {
        collect(
            self.root(),
            pages.iter().map(|(name, path)| ((*name).to_owned(), self.root().join(path))),
            None,
            &Reading::default(),
        )
    }

    /// The members of the archive; images by the path that they are a copy of.
    fn members(&self, docs: &Documentation) -> BTreeMap<String, String> {
        let rendered = render(docs).unwrap();
        let images =
            rendered.images.into_iter().map(|(name, path)| (name, path.strip_prefix(self.root()).unwrap().to_string()));
        rendered.texts.into_iter().chain(images).collect()
    }

    /// What is wrong with a home page that holds this.
    fn refused(&self, markdown: &str) -> String {
        self.write("home.md", markdown.as_bytes());
        let diagnosis = self.collect(&[("home", "home.md")]).expect_err("refused");
        diagnosis.to_string().replace(self.root().as_str(), "")
    }
}

#[test]
fn pages_go_by_their_names_and_images_to_resources_with_links_that_follow() {
    let tree = Tree::new(&[
        (
            "docs/guide/start.md",
            "![a](../img/my%20logo.png?raw=1 \"t\")\n[home](../../README.md#top), [faq](<../F A Q.md>)\n",
        ),
        (
            "README.md",
            "<img src=\"docs/img/my logo.png\">\n\n![b][r] [web](https://x.test/a.md) [#](#here)\n\n[r]: ./other/my-logo.png\n",
        ),
        ("docs/F A Q.md", "[big](img/my%20logo.png)\r\n"),
        ("docs/img/my logo.png", "1"),
        ("other/my-logo.png", "2"),
    ]);
    let pages = [("home", "README.md"), ("Getting started", "docs/guide/start.md"), ("FAQ", "docs/F A Q.md")];
    let docs = tree.collect(&pages).unwrap();
    let members = tree.members(&docs);
    let other = members.keys().find(|name| name.starts_with("resources/my-logo-")).expect("a marked name").clone();
    assert_eq!(members["resources/my-logo.png"], "docs/img/my logo.png");
    assert_eq!(members[&other], "other/my-logo.png");
    assert_eq!(
        members["Getting started.md"],
        "![a](resources/my-logo.png?raw=1 \"t\")\n[home](home#top), [faq](<FAQ>)\n"
    );
    assert_eq!(
        members["home.md"],
        format!(
            "<img src=\"resources/my-logo.png\">\n\n![b][r] [web](https://x.test/a.md) [#](#here)\n\n[r]: {other}\n"
        )
    );
    assert_eq!(members["FAQ.md"], "[big](resources/my-logo.png)\r\n");
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&members["config.json"]).unwrap(),
        serde_json::json!({ "pageOrder": ["home", "Getting started", "FAQ"] })
    );
    assert_eq!((docs.images.len(), docs.notes.len(), members.len()), (2, 0, 6));
}

#[test]
fn a_folder_that_is_ready_for_exchange_stays_as_it_is() {
    let home = "# A\n![x](resources/x.png) [Tone](Tone%20of%20voice) [terms](.terms)\n";
    let tree = Tree::new(&[
        ("exchange-docs/home.md", home),
        ("exchange-docs/Tone of voice.md", "[back](home)"),
        ("exchange-docs/01 First.md", ""),
        ("exchange-docs/terms.md", "![](resources/x.png)"),
        ("exchange-docs/resources/x.png", "1"),
        ("exchange-docs/resources/unused.svg", "2"),
        ("exchange-docs/resources/notes.txt", "3"),
    ]);
    let names = [
        "home.md",
        "Tone of voice.md",
        "01 First.md",
        "terms.md",
        "resources/x.png",
        "resources/unused.svg",
        "resources/notes.txt",
    ];
    let files = names.map(Utf8PathBuf::from);
    let docs = of_folder(tree.root(), &tree.root().join("exchange-docs"), &files, &Reading::default())
        .unwrap()
        .expect("pages");
    let order: Vec<&str> = docs.pages.iter().map(|page| page.name.as_str()).collect();
    assert_eq!(order, ["home", "01 First", "Tone of voice"]);
    let members = tree.members(&docs);
    assert_eq!(members["home.md"], home);
    let expected = [
        "01 First.md",
        "Tone of voice.md",
        "config.json",
        "home.md",
        "resources/unused.svg",
        "resources/x.png",
        "terms.md",
    ];
    assert_eq!(members.keys().collect::<Vec<_>>(), expected);
    assert!(docs.notes.is_empty(), "{:?}", docs.notes);
}

#[test]
fn config_json_says_the_order_and_may_leave_pages_out() {
    let tree =
        Tree::new(&[("b.md", "b"), ("a.md", "a"), ("Home.md", "h"), ("config.json", r#"{"pageOrder":["b","Home"]}"#)]);
    let files = ["a.md", "b.md", "Home.md", "config.json"].map(Utf8PathBuf::from);
    let folder = || of_folder(tree.root(), tree.root(), &files, &Reading::default());
    let order = |docs: Documentation| docs.pages.into_iter().map(|page| page.name).collect::<Vec<_>>();
    assert_eq!(order(folder().unwrap().unwrap()), ["b", "home", "a"]);
    tree.write("config.json", br#"{"pageOrder":["c"]}"#);
    let wrong = folder().unwrap_err();
    assert!(wrong.path.ends_with("config.json") && wrong.message.contains("the page `c`"), "{wrong}");
    tree.write("config.json", b"{\n\"pageOrder\": 3}");
    assert_eq!(folder().unwrap_err().line, Some(2));
}

#[test]
fn a_folder_without_a_word_is_no_documentation() {
    let tree = Tree::new(&[("home.md", ""), ("x.png", "1")]);
    let files = ["home.md", "x.png"].map(Utf8PathBuf::from);
    assert_eq!(of_folder(tree.root(), tree.root(), &files, &Reading::default()).unwrap(), None);
}

#[test]
fn images_that_cannot_go_along_are_told_with_their_place() {
    let tree = Tree::new(&[("a.pdf", "x"), ("big.png", "")]);
    tree.write("big.png", &vec![0; 2 * 1024 * 1024 + 1]);
    assert_eq!(tree.refused("# A\n\nx ![b](gone.png)"), "/home.md:3:3: the image `gone.png` is not there");
    assert_eq!(tree.refused("![b](../x.png)"), "/home.md:1:1: the image `../x.png` leads out of the source");
    assert_eq!(tree.refused("<img src=gone.png>"), "/home.md:1:10: the image `gone.png` is not there");
    assert_eq!(
        tree.refused("![b](file:///etc/x.png)"),
        "/home.md:1:1: the image `file:///etc/x.png` leads to this machine"
    );
    assert!(tree.refused("![b](a.pdf)").starts_with("/home.md:1:1: the image `a.pdf` is none of the kinds"));
    assert_eq!(tree.refused("![b](big.png)"), "/big.png: the image is 2.0 MB, Exchange takes 2.0 MB");
}

#[test]
fn where_images_may_be_missing_they_are_noted_and_their_links_left_alone() {
    let tree = Tree::new(&[("home.md", "# A\n\n![b](gone.png) ![c](../out.png)\n")]);
    tree.write("config.json", br#"{"mayMissImages": true}"#);
    let files = ["home.md", "config.json"].map(Utf8PathBuf::from);
    let docs = of_folder(tree.root(), tree.root(), &files, &Reading::default()).unwrap().unwrap();
    assert_eq!(docs.notes[0], "home.md:3: the image `gone.png` is not there");
    assert_eq!((docs.notes.len(), docs.images.len()), (2, 0));
    assert!(tree.members(&docs)["home.md"].contains("![b](gone.png) ![c](../out.png)"));
}

#[test]
fn links_that_lead_nowhere_are_noted_and_left_alone() {
    let text = "[a](gone.md) [b](../api.yaml)\n[c](/exchange/x) [d](mailto:x@y) ![e](/logo.png)\n";
    let tree = Tree::new(&[("home.md", text)]);
    let docs = tree.collect(&[("home", "home.md")]).unwrap();
    assert_eq!(
        docs.notes,
        [
            "home.md:1: `gone.md` is no page of the documentation",
            "home.md:1: `../api.yaml` is no page of the documentation"
        ]
    );
    assert_eq!(tree.members(&docs)["home.md"], text);
}

#[test]
fn pages_are_bounded_and_utf_8() {
    let tree = Tree::new(&[("home.md", &"é".repeat(MAX_TEXT + 1)), ("fine.md", &"é".repeat(MAX_TEXT))]);
    assert!(tree.collect(&[("home", "fine.md")]).is_ok());
    let long = tree.collect(&[("home", "home.md")]).unwrap_err();
    assert_eq!((long.problem, long.message.contains("1024001 characters")), (Problem::TooLarge, true));
    tree.write("home.md", b"a\nb \xFF");
    let latin = tree.collect(&[("home", "home.md")]).unwrap_err();
    assert_eq!((latin.problem, latin.line, latin.column), (Problem::Encoding, Some(2), Some(3)));
    let gone = tree.collect(&[("home", "gone.md")]).unwrap_err();
    assert_eq!(gone.problem, Problem::Missing);
}

#[test]
fn more_than_a_hundred_images_are_refused() {
    let tree = Tree::new(&[]);
    let mut text = String::new();
    for n in 0..=MAX_IMAGES {
        tree.write(&format!("i/{n}.png"), b"x");
        text.push_str(&format!("![](i/{n}.png)\n"));
    }
    assert!(tree.refused(&text).contains("has 101 images, Exchange takes 100"));
}

#[cfg(unix)]
#[test]
fn a_link_of_the_file_system_that_leads_out_is_not_followed() {
    let outside = Tree::new(&[("secret.png", "x"), ("secret.md", "x")]);
    let tree = Tree::new(&[]);
    std::os::unix::fs::symlink(outside.root().join("secret.png"), tree.root().join("a.png")).unwrap();
    std::os::unix::fs::symlink(outside.root().join("secret.md"), tree.root().join("page.md")).unwrap();
    assert!(tree.refused("![](a.png)").contains("leads out of the source through a symbolic link"));
    let page = tree.collect(&[("home", "page.md")]).unwrap_err();
    assert_eq!(page.problem, Problem::Unreadable);
}

#[test]
fn a_page_that_grew_an_image_since_it_was_collected_takes_it_along() {
    let tree = Tree::new(&[("a.md", "x"), ("x.png", "1")]);
    let docs = tree.collect(&[("A", "a.md")]).unwrap();
    assert_eq!(docs.pages, [DocsPage { name: "A".to_owned(), path: tree.root().join("a.md") }]);
    tree.write("a.md", b"![](x.png)");
    assert!(tree.members(&docs).contains_key("resources/x.png"));
}
