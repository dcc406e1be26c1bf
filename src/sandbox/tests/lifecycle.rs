use serde_json::json;

use super::{
    super::Settings,
    client::{archive, client},
};

#[tokio::test]
async fn states_move_as_documented_and_nothing_goes_back_to_development() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[("status", b"development")]).await.code(), 201);
    let path = client.asset("orders/1.0.0/status");
    let put = |status: &'static str| {
        let (client, path) = (&client, &path);
        async move { client.json("PUT", path, &json!({ "status": status })).await }
    };
    assert_eq!(put("deprecated").await.code(), 409);
    for status in ["published", "deprecated", "published"] {
        assert_eq!(put(status).await.code(), 204, "{status}");
    }
    let refused = put("development").await;
    assert_eq!(refused.code(), 400);
    let message = refused.json()["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.ends_with("must be equal to one of the allowed values: published, deprecated"), "{message}");
    let actions = client.get(&client.asset("orders/1.0.0/actions?include=statusTransitions")).await.json();
    assert_eq!(actions["statusTransitions"][0]["affordanceDetails"][0]["code"], "INVALID_TRANSITION");
}

#[tokio::test]
async fn a_soft_delete_burns_the_version_and_a_hard_delete_frees_it() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let path = client.asset("orders/1.0.0");
    assert_eq!(client.delete(&path, "soft-delete").await.code(), 204);
    assert_eq!(client.get(&path).await.code(), 404);
    let list = format!("/exchange/api/v2/organizations/{}/softDeleted", client.org);
    assert_eq!(client.get(&list).await.json()[0]["version"], "1.0.0");
    let refused = client.publish_raml("orders/1.0.0", &[]).await;
    assert_eq!(
        (refused.code(), &refused.json()["details"]["errors"][0]),
        (
            409,
            &json!(
                "There is a deleted asset with the same version number. Try creating your new asset with a higher \
                 version number."
            )
        )
    );
    assert_eq!(client.delete(&path, "soft-delete").await.code(), 404);
    assert_eq!(client.delete(&path, "hard-delete").await.code(), 204);
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    assert_eq!(client.delete(&path, "hard-delete").await.code(), 204);
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
}

#[tokio::test]
async fn hard_deletion_can_be_disabled_and_dependents_stand_in_the_way() {
    let client = client(Settings::default());
    let settings = format!("/exchange/api/v2/organizations/{}/settings", client.org);
    let off = json!({ "deletionSettings": { "hardDeletionEnabled": false } });
    assert_eq!(client.json("PATCH", &settings, &json!({})).await.code(), 400);
    assert_eq!(client.json("PATCH", &settings, &json!({ "other": {} })).await.code(), 400);
    assert_eq!(client.json("PATCH", &settings, &off).await.code(), 204);
    assert_eq!(client.get(&format!("{settings}?settings=deletionSettings")).await.json(), json!([off]));
    assert_eq!(client.publish_sync("base/1.0.0", &[("name", b"B"), ("type", b"custom")]).await.code(), 201);
    let dependency = format!("{}:base:1.0.0", client.org);
    assert_eq!(client.publish_raml("orders/1.0.0", &[("dependencies", dependency.as_bytes())]).await.code(), 201);
    assert_eq!(client.delete(&client.asset("orders/1.0.0"), "hard-delete").await.code(), 409);
    assert_eq!(client.delete(&client.asset("base"), "soft-delete").await.code(), 409);
    assert_eq!(client.delete(&client.asset("orders"), "soft-delete").await.code(), 204);
    assert_eq!(client.delete(&client.asset("base"), "soft-delete").await.code(), 204);
}

#[tokio::test]
async fn what_all_versions_share_is_set_once_and_then_edited() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[("description", b"first")]).await.code(), 201);
    assert_eq!(client.publish_raml("orders/1.1.0", &[("description", b"second")]).await.code(), 201);
    assert_eq!(client.get(&client.asset("orders/1.1.0")).await.json()["description"], "first");
    let edit = json!({ "name": "New", "contactEmail": "a@b.c" });
    assert_eq!(client.json("PATCH", &client.asset("orders"), &edit).await.code(), 204);
    assert_eq!(client.json("PATCH", &client.asset("orders"), &json!({ "manager": "x" })).await.code(), 403);
    assert_eq!(client.json("PATCH", &client.asset("orders"), &json!({ "name": "" })).await.code(), 400);
    let asset = client.get(&client.asset("orders/1.0.0")).await.json();
    assert_eq!((&asset["name"], &asset["contactEmail"]), (&json!("New"), &json!("a@b.c")));
    let tags = json!([{ "value": "X" }, { "value": "b", "key": "b" }]);
    assert_eq!(client.json("PUT", &client.asset("orders/1.0.0/tags"), &tags).await.code(), 204);
    assert_eq!(client.get(&client.asset("orders/1.0.0")).await.json()["labels"], json!(["b", "x"]));
    assert_eq!(client.get(&client.asset("orders/1.1.0")).await.json()["labels"], json!([]));
}

#[tokio::test]
async fn mutable_data_changes_through_a_run_of_its_own() {
    let client = client(Settings::default());
    assert_eq!(client.publish_raml("orders/1.0.0", &[("tags", b"old")]).await.code(), 201);
    let docs = archive(&[("home.md", b"# Hello")]);
    let path = "orders/1.0.0/mutabledata";
    let reply = client.form("PATCH", path, &[], &[("tags", b"New"), ("files.docs.zip", &docs)]).await;
    assert_eq!((reply.code(), reply.header("connection")), (202, "close"));
    let link = reply.json()["mutableDataStatusLink"].as_str().expect("a link").to_owned();
    assert_eq!(client.get(&link).await.json()["status"], "completed");
    let asset = client.get(&client.asset("orders/1.0.0")).await.json();
    assert_eq!(asset["labels"], json!(["new"]));
    assert!(asset["files"].as_array().is_some_and(|files| files.iter().any(|file| file["classifier"] == "docs")));
    let unknown = client.form("PATCH", path, &[], &[("categories.k", b"x")]).await;
    let link = unknown.json()["mutableDataStatusLink"].as_str().expect("a link").to_owned();
    assert_eq!(client.get(&link).await.json()["status"], "error");
    assert_eq!(client.form("PATCH", "none/1.0.0/mutabledata", &[], &[("tags", b"x")]).await.code(), 404);
    assert_eq!(client.form("PATCH", path, &[], &[("files.raml.zip", &docs)]).await.code(), 400);
}
