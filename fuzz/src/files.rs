//! Files of a source: manifests, descriptors, specifications and what they refer to, documentation.

use consign::source::Source;

use super::scratch::Scratch;

/// A CSV manifest, as one of assets, of changes, of applications and of access.
pub fn manifest(data: &[u8]) {
    if leads_elsewhere(data) {
        return;
    }
    let scratch = Scratch::new();
    let path = scratch.put("m.csv", data);
    scratch.put("api.raml", "#%RAML 1.0\ntitle: A\nversion: v1\n");
    scratch.put("one/api.yaml", "openapi: 3.0.3\ninfo: {title: A, version: 1.0.0}\npaths: {/a: {}}\n");
    scratch.put("one/home.md", "# Home\n");
    scratch.put("a.png", b"\x89PNG\r\n\x1a\n");
    scratch
        .put("pom.xml", "<project><groupId>org</groupId><artifactId>a</artifactId><version>1.0.0</version></project>");
    scratch.scan(&Source::Manifest(path.clone()));
    scratch.scan(&Source::Changes(path.clone()));
    scratch.scan(&Source::Applications(path.clone()));
    scratch.scan(&Source::Access(path));
}

/// Whether a row might name a path outside of its folder. Such folders are read, as the row asks for: what a scan of the
/// machine's root finds is nothing that a fuzzer should look for.
fn leads_elsewhere(data: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(byte);
    let climbs = data.windows(2).any(|two| two == b"..");
    climbs || data.first() == Some(&b'/') || data.windows(2).any(|two| two[1] == b'/' && !is_name(&two[0]))
}

/// An `exchange.json`, for a scan and named by a catalog.
pub fn exchange_json(data: &[u8]) {
    let scratch = Scratch::new();
    scratch.put("p/exchange.json", data);
    scratch.put("p/api.raml", "#%RAML 1.0\ntitle: A\nversion: v1\n");
    scratch.put("p/api.yaml", "openapi: 3.0.3\ninfo: {title: A, version: 1.0.0}\npaths: {/a: {}}\n");
    scratch.put("p/home.md", "# Home\n");
    let catalog = scratch.put("catalog.yaml", "#%Catalog Descriptor 1.0\nprojects:\n  - ref: p/exchange.json\n");
    scratch.scan(&Source::Directory(scratch.root.clone()));
    scratch.scan(&Source::Catalog(catalog));
}

/// A POM: that of a project, that of a parent, and one that goes along with an asset.
pub fn pom(data: &[u8]) {
    let scratch = Scratch::new();
    scratch.put("pom.xml", data);
    scratch.put(
        "child/pom.xml",
        "<project><parent><groupId>g</groupId><artifactId>a</artifactId><version>1</version></parent>\
         <artifactId>child</artifactId><packaging>mule-application</packaging><name>${a}${b}${project.version}</name>\
         </project>",
    );
    scratch.put("child/target/child-1-mule-application.jar", "no jar");
    let manifest = scratch.put("m.csv", "assetId,version,type,files.pom\na,1.0.0,custom,pom.xml\n");
    scratch.scan(&Source::Directory(scratch.root.clone()));
    scratch.scan(&Source::Manifest(manifest));
}

/// One document. The first line is the name of the file.
pub fn specification(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let scratch = Scratch::new();
    let name = String::from_utf8_lossy(&data[..end]);
    scratch.put(&plain(&name).unwrap_or_else(|| "api.yaml".to_owned()), data.get(end + 1..).unwrap_or_default());
    scratch.scan(&Source::Directory(scratch.root.clone()));
}

/// Several documents that refer to each other. A line `=== path` begins a file.
pub fn references(data: &[u8]) {
    let scratch = Scratch::new();
    let mut name = "api.yaml".to_owned();
    let mut content: Vec<u8> = Vec::new();
    let mut files = 0;
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        let next = line.strip_prefix(b"=== ").and_then(|path| path_of(&String::from_utf8_lossy(path)));
        let Some(next) = next.filter(|_| files < 20) else {
            content.extend_from_slice(line);
            continue;
        };
        put_if_possible(&scratch, &name, &std::mem::take(&mut content));
        (name, files) = (next, files + 1);
    }
    put_if_possible(&scratch, &name, &content);
    scratch.scan(&Source::Directory(scratch.root.clone()));
}

/// Markdown: the home page, beside another page and an image.
pub fn documentation(data: &[u8]) {
    let scratch = Scratch::new();
    scratch.put("api.raml", "#%RAML 1.0\ntitle: A\nversion: v1\n");
    scratch.put("exchange-docs/home.md", data);
    scratch.put("exchange-docs/a page.md", "[home](home.md)\n");
    scratch.put("exchange-docs/images/a.png", b"\x89PNG\r\n\x1a\n");
    scratch.scan(&Source::Directory(scratch.root.clone()));
}

/// A file may be in the way of a folder.
fn put_if_possible(scratch: &Scratch, name: &str, content: &[u8]) {
    let path = scratch.root.join(name);
    let is_free = path.ancestors().skip(1).all(|above| !above.is_file()) && !path.is_dir();
    if is_free && !content.is_empty() {
        scratch.put(name, content);
    }
}

/// A path below the folder, of names that every machine takes.
fn path_of(text: &str) -> Option<String> {
    let names: Option<Vec<String>> = text.trim().split('/').map(plain).collect();
    names.filter(|names| names.len() <= 5).map(|names| names.join("/"))
}

fn plain(name: &str) -> Option<String> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ' | '#' | '%' | '+');
    let name = name.trim();
    let is_good = !matches!(name, "" | "." | "..") && name.len() < 100 && name.chars().all(is_plain);
    is_good.then(|| name.to_owned())
}
