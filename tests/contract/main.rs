//! The sandbox and the client against the official descriptions: the shapes of answers, member by member; what wrong
//! input gets; and what the client sends. In process, without a socket.
//!
//! Where the descriptions are not at hand there is nothing to compare with, and the tests pass: see [`official`].

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod examples;
mod in_process;
mod official;
mod own_client;
mod own_hub;
mod tour;
mod wrong_input;

#[test]
fn the_descriptions_are_read_where_they_are() {
    let Some(official) = official::official() else {
        eprintln!("skipped: the official descriptions are not at hand (CONSIGN_CONTRACT names their directory)");
        return;
    };
    assert!(official.operations.len() > 100, "{} operations", official.operations.len());
    let found = |method: &str, path: &str| official.find(method, path).map(|operation| operation.template.as_str());
    let base = "/exchange/api/v2";
    let version = "/exchange/api/v2/assets/{groupId}/{assetId}/{version}";
    assert_eq!(found("GET", &format!("{base}/assets/g/a/1.0.0")), Some(version));
    assert_eq!(
        found("GET", &format!("{base}/assets/g/a/1.0.0/portal/pages/x/y")).map(str::len),
        Some(version.len() + 25)
    );
    assert_eq!(
        found("PUT", &format!("{base}/assets/g/a/icon")),
        Some("/exchange/api/v2/assets/{groupId}/{assetId}/icon")
    );
    assert_eq!(found("GET", "/exchange/api/v1/assets"), None);
}
