//! Single files that a person writes: the job, the catalog, the credentials.

use camino::Utf8PathBuf;
use consign::{
    job::{Job, Overrides},
    net::Credentials,
    source::Source,
};

use super::scratch::Scratch;

/// A job file.
pub fn job(data: &[u8]) {
    let scratch = Scratch::new();
    let path = scratch.put("job.toml", data);
    match Job::load(&path, &Overrides::default(), &|_| None) {
        Ok(job) => assert_eq!(job.file, path),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A `catalog.yaml` with the files that it may name beside it.
pub fn catalog(data: &[u8]) {
    let scratch = Scratch::new();
    let path = scratch.put("catalog.yaml", data);
    scratch.put("api.raml", "#%RAML 1.0\ntitle: A\nversion: v1\n");
    scratch.put("one/api.yaml", "openapi: 3.0.3\ninfo: {title: A, version: 1.0.0}\npaths: {/a: {}}\n");
    scratch.put(
        "one/exchange.json",
        r#"{"main":"api.yaml","name":"A","classifier":"oas","assetId":"a","version":"1.0.0"}"#,
    );
    scratch.put("home.md", "# Home\n\n![a](a.png)\n");
    scratch.scan(&Source::Catalog(path));
}

/// A credentials file.
pub fn credentials(data: &[u8]) {
    let scratch = Scratch::new();
    let path: Utf8PathBuf = scratch.put("credentials", data);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("is ours");
    }
    match Credentials::from_file(&path) {
        Ok(credentials) => assert!(format!("{credentials:?}").len() < 200_000),
        Err(error) => {
            // What is wrong is told without what stands in the file.
            let told = format!("{error} {error:?}");
            assert!(told.len() < 1_000, "{told}");
        }
    }
}
