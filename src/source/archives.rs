//! Zips among the sources that hold one project.

use camino::{Utf8Path, Utf8PathBuf};

use crate::asset::{AssetType, Diagnosis, DraftFile, FileContent, FileKey, Origin, Problem};
use crate::package::detect::{Archive, Format, MAX_ENTRY, MAX_INSIDE, Project, Spec};

use super::draft::Found;
use super::{Options, naming, projects, recognise};

/// An archive that cannot be opened.
pub(crate) fn broken(path: &Utf8Path, error: &(dyn std::error::Error + 'static)) -> Box<Diagnosis> {
    let mut message = error.to_string();
    if let Some(cause) = error.source() {
        message = format!("{message}: {cause}");
    }
    Box::new(Diagnosis::failed(path, Problem::Invalid, message).hint("make the archive anew"))
}

/// What a zip is. `None`: nothing that belongs into Exchange.
pub(crate) fn build(
    path: &Utf8Path,
    relative: &Utf8Path,
    archive: Archive,
    options: &Options,
) -> Option<Result<Found, Box<Diagnosis>>> {
    match archive {
        Archive::Other | Archive::Mule { .. } => None,
        Archive::Project { spec, .. } if recognise::refused(path, &spec.format).is_some() => {
            recognise::refused(path, &spec.format).map(Err)
        }
        Archive::Project { project, main, spec } => {
            Some(Ok(found(path, relative, project.as_deref(), &main, &spec, options)))
        }
        Archive::Crowded(entries) => {
            let message = format!("the archive has {entries} entries, and was not looked into");
            let hint = "no specification comes near this number: exclude the archive, or make it anew";
            Some(Err(Box::new(Diagnosis::skipped(path, Problem::TooLarge, message).hint(hint))))
        }
        Archive::Broken(entry, why) => {
            let message = format!("`{entry}` in the archive: {why}");
            Some(Err(Box::new(
                Diagnosis::failed(path, Problem::Invalid, message).hint("mend it, and make the archive anew"),
            )))
        }
        Archive::Oversized(entry) => {
            let message = format!(
                "`{entry}` was not read: no more is read than {} MB of a file and {} MB of an archive",
                MAX_ENTRY >> 20,
                MAX_INSIDE >> 20
            );
            let hint = "Exchange would refuse it; split it, or exclude the archive";
            Some(Err(Box::new(Diagnosis::failed(path, Problem::TooLarge, message).hint(hint))))
        }
        Archive::Nested(main) => {
            let message = format!("the main file `{main}` is not in the root of the archive");
            let hint = "zip the contents of the folder, not the folder";
            Some(Err(Box::new(Diagnosis::failed(path, Problem::Invalid, message).hint(hint))))
        }
        Archive::Several(mains) => {
            let names: Vec<&str> = mains.iter().take(5).map(|main| main.as_str()).collect();
            let message = format!("the archive holds {} main files: {}", mains.len(), names.join(", "));
            let hint = "add an exchange.json that names one, or make an archive of each";
            Some(Err(Box::new(Diagnosis::failed(path, Problem::Invalid, message).hint(hint))))
        }
    }
}

/// The archive is sent as it is.
fn found(
    path: &Utf8Path,
    relative: &Utf8Path,
    project: Option<&Project>,
    main: &Utf8PathBuf,
    spec: &Spec,
    options: &Options,
) -> Found {
    let (asset_type, classifier) = kind(&spec.format);
    let mut facts = project.map(|project| projects::facts(project, options)).unwrap_or_default();
    facts.fill_from(recognise::facts(spec));
    facts.fill("properties.mainFile", main.as_str(), Origin::Derived("the root document in the archive".to_owned()));
    let mut derived = naming::derive(relative, spec.title.as_deref());
    naming::promote(&mut facts, &mut derived);
    let key = FileKey::new(classifier, "zip");
    let files = vec![DraftFile { key, content: FileContent::File(path.to_owned()) }];
    Found { path: path.to_owned(), asset_type, facts, derived, files }
}

fn kind(format: &Format) -> (AssetType, &'static str) {
    match format {
        Format::Oas => (AssetType::RestApi, "oas"),
        Format::RamlApi | Format::RamlOverlay(_) => (AssetType::RestApi, "raml"),
        Format::RamlFragment(_) => (AssetType::RamlFragment, "raml-fragment"),
        Format::AsyncApi => (AssetType::EventedApi, "evented-api"),
        Format::Wsdl => (AssetType::SoapApi, "wsdl"),
        Format::Protobuf => (AssetType::GrpcApi, "protobuf"),
        Format::Ruleset => (AssetType::Ruleset, "ruleset"),
        _ => (AssetType::Custom, "custom"),
    }
}
