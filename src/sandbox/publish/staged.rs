//! Publishing files that are here already, as the Maven facade collects them (EXCHANGE.md §6).

use std::io::copy;

use crate::{
    asset::{Coordinates, FileKey},
    offload::offload,
};

use super::super::{app::App, problem::Problem, store::FileRecord};
use super::{
    draft::Options,
    form::{Form, Upload},
    handler::{Publisher, accept},
    pom::Pom,
};

/// Publishes files, and waits for the end. What is not a file is in the POM among them.
pub(in super::super) async fn publish_files(
    app: &App,
    publisher: &Publisher,
    gav: Coordinates,
    files: Vec<FileRecord>,
) -> Result<(), Problem> {
    let (worker, asset) = (app.clone(), gav.asset_id.clone());
    let form = offload(move || form(&worker, &asset, files)).await;
    let form = form.map_err(|error| Problem::internal(&error))?;
    accept(app, publisher, gav, form, Options::of_repository()).await?.finished(app).await
}

/// The form that a publisher would have filled in.
fn form(app: &App, asset: &str, files: Vec<FileRecord>) -> std::io::Result<Form> {
    let is_pom = |file: &FileRecord| file.key == FileKey::bare("pom");
    let is_pom_alone = files.iter().all(is_pom);
    let mut pom = Pom::default();
    let mut uploads = Vec::with_capacity(files.len());
    for file in files {
        let path = app.blobs.path(&file.blob.digests.sha256);
        if is_pom(&file) {
            // What is wrong with a POM is told when it is published.
            pom = Pom::parse(&String::from_utf8_lossy(&fs_err::read(&path)?)).unwrap_or_default();
        }
        let mut content = app.blobs.spool();
        copy(&mut fs_err::File::open(&path)?, &mut content)?;
        uploads.push(Upload::of_stored(app, file.key, content));
    }
    let mut texts = Vec::new();
    if pom.get("name").is_none() {
        // As in Maven, where a project without a name is called by its artifact id.
        texts.push(("name".to_owned(), asset.to_owned()));
    }
    // Parent POMs are custom assets (EXCHANGE.md §2.1).
    let kind = pom.properties.get("type").map(String::as_str).or(is_pom_alone.then_some("custom"));
    texts.extend(kind.map(|kind| ("type".to_owned(), kind.to_owned())));
    Ok(Form::of(texts, uploads))
}
