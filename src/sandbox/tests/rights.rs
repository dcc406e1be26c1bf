//! Organizations, business groups, and who may do what.

use serde_json::{Value, json};

use super::{
    super::Settings,
    client::{Client, archive, client},
};

/// A root with two business groups, one below the other, and another root.
fn world() -> Client {
    let organizations = ["root=Root", "root/group=Group", "group/team=Team", "other=Other"];
    let organizations = organizations.map(|text| text.parse().expect("an organization")).to_vec();
    client(Settings { organizations, ..Settings::default() })
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().filter_map(|known| known["id"].as_str()).collect()
}

#[tokio::test]
async fn whoever_belongs_to_an_organization_belongs_to_the_business_groups_below_it() {
    let root = world();
    let me = root.get("/accounts/api/users/me").await.json();
    assert_eq!(ids(&me["memberOfOrganizations"]), ["root", "group", "team"]);
    assert_eq!(ids(&me["contributorOfOrganizations"]), ["root", "group", "team"]);
    assert_eq!(me["memberOfOrganizations"][2]["parentOrganizationIds"], json!(["root", "group"]));
    let viewer = root.of("group", "viewer").get("/accounts/api/me").await.json();
    assert_eq!(ids(&viewer["user"]["memberOfOrganizations"]), ["group", "team"]);
    assert_eq!(viewer["user"]["contributorOfOrganizations"], json!([]));
    assert_eq!(viewer["client"]["org_id"], "group");
    let tree = root.get("/accounts/api/organizations/root/hierarchy").await.json();
    assert_eq!(tree["subOrganizations"][0]["subOrganizations"][0]["id"], "team");
    assert_eq!(root.get("/accounts/api/organizations/other").await.code(), 404);
    assert_eq!(root.of("group", "admin").get("/accounts/api/organizations/root").await.code(), 404);
}

#[tokio::test]
async fn a_viewer_reads_a_contributor_publishes_and_an_administrator_deletes() {
    let root = world();
    let (viewer, contributor) = (root.of("group", "viewer"), root.of("group", "contributor"));
    assert_eq!(viewer.publish_raml("orders/1.0.0", &[]).await.code(), 403);
    assert_eq!(root.of("group", "admin").publish_raml("orders/1.0.0", &[]).await.code(), 201);
    assert_eq!(contributor.publish_raml("orders/1.1.0", &[("status", b"development")]).await.code(), 201);
    let path = contributor.asset("orders/1.1.0");
    assert_eq!(viewer.get(&path).await.code(), 200);
    let status = |status: &str| json!({ "status": status });
    let target = format!("{path}/status");
    assert_eq!(viewer.json("PUT", &target, &status("published")).await.code(), 403);
    assert_eq!(contributor.json("PUT", &target, &status("published")).await.code(), 204);
    assert_eq!(contributor.json("PUT", &target, &status("deprecated")).await.code(), 403);
    assert_eq!(contributor.delete(&path, "hard-delete").await.code(), 403);
    assert_eq!(root.json("PUT", &target, &status("deprecated")).await.code(), 204);
    assert_eq!(root.delete(&path, "hard-delete").await.code(), 204);
}

#[tokio::test]
async fn whoever_makes_an_asset_administers_it() {
    let root = world();
    let contributor = root.of("group", "contributor");
    assert_eq!(contributor.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    assert_eq!(contributor.delete(&contributor.asset("orders/1.0.0"), "hard-delete").await.code(), 204);
}

#[tokio::test]
async fn an_organization_does_not_see_what_another_one_has() {
    const LIST: &str = "/exchange/api/v2/assets";
    let root = world();
    let other = root.of("other", "admin");
    assert_eq!(root.of("team", "admin").publish_raml("orders/1.0.0", &[]).await.code(), 201);
    assert_eq!(other.publish_raml("secret/1.0.0", &[]).await.code(), 201);
    let names = |reply: super::client::Reply| -> Vec<String> {
        let list = reply.json();
        list.as_array().expect("a list").iter().map(|item| item["id"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names(root.get(LIST).await), ["team/orders/1.0.0"]);
    assert_eq!(names(other.get(LIST).await), ["other/secret/1.0.0"]);
    assert_eq!(names(root.get(&format!("{LIST}?organizationId=other")).await), [""; 0]);
    assert_eq!(names(root.get(&format!("{LIST}?organizationId=group")).await), [""; 0]);
    assert_eq!(names(root.get(&format!("{LIST}?rootOrganizationId=root")).await), ["team/orders/1.0.0"]);
    assert_eq!(root.get(&other.asset("secret/1.0.0")).await.code(), 404);
    assert_eq!(root.delete(&other.asset("secret/1.0.0"), "hard-delete").await.code(), 404);
    let file = "/exchange/files/api/v1/organizations/other/assets/other/secret/1.0.0/raml/zip";
    assert_eq!((other.get(file).await.code(), root.get(file).await.code()), (200, 404));
    let run = "/exchange/api/v2/organizations/other/assets/other/secret/1.0.0/publication/status";
    assert_eq!((other.get(run).await.code(), root.get(run).await.code()), (200, 403));
}

#[tokio::test]
async fn the_group_of_another_organization_cannot_be_published_to() {
    let root = world();
    let zip = archive(&[("a.json", b"{}")]);
    let parts: [super::client::Part<'_>; 3] = [("name", b"A"), ("type", b"custom"), ("files.custom.zip", &zip)];
    let mut thief = root.of("other", "admin");
    thief.org = "group".to_owned();
    assert_eq!(thief.publish_sync("a/1.0.0", &parts).await.code(), 403);
    // The same group, through an organization that may be published to.
    let path = "/exchange/api/v2/organizations/root/assets/group/a/1.0.0";
    let kind = [("authorization", root.authorization.as_str()), ("content-type", "multipart/form-data; boundary=x")];
    let body =
        b"--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nA\r\n--x\r\nContent-Disposition: form-data; \
                 name=\"type\"\r\n\r\ncustom\r\n--x--\r\n";
    assert_eq!(root.send("POST", path, &kind, body.to_vec()).await.code(), 403);
}

#[tokio::test]
async fn settings_belong_to_the_root_and_hold_for_its_business_groups_alone() {
    let root = world();
    let off = json!({ "deletionSettings": { "hardDeletionEnabled": false } });
    let settings = "/exchange/api/v2/organizations/root/settings";
    assert_eq!(root.of("root", "contributor").json("PATCH", settings, &off).await.code(), 403);
    assert_eq!(root.json("PATCH", settings, &off).await.code(), 204);
    for (org, code) in [("team", 409), ("other", 204)] {
        let admin = root.of(org, "admin");
        assert_eq!(admin.publish_raml("orders/1.0.0", &[]).await.code(), 201);
        assert_eq!(admin.delete(&admin.asset("orders/1.0.0"), "hard-delete").await.code(), code, "{org}");
    }
}

#[tokio::test]
async fn a_business_group_can_be_made_and_used_and_survives_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = camino::Utf8Path::from_path(directory.path()).expect("utf-8").to_owned();
    let settings = Settings { data: Some(data), ..Settings::default() };
    let first = client(settings.clone());
    let asked = json!({ "name": "Logistics", "parentOrganizationId": first.org });
    assert_eq!(first.of(&first.org, "viewer").json("POST", "/accounts/api/organizations", &asked).await.code(), 403);
    let made = first.json("POST", "/accounts/api/organizations", &asked).await;
    assert_eq!(made.code(), 201);
    let group = made.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(first.of(&group, "admin").publish_raml("orders/1.0.0", &[]).await.code(), 201);
    let token = first.of(&group, "viewer").authorization;
    drop(first);
    let again = client(settings);
    let viewer = again.of(&group, "viewer");
    assert_eq!(viewer.authorization, token, "credentials stay");
    assert_eq!(viewer.get(&viewer.asset("orders/1.0.0")).await.json()["organization"]["name"], "Logistics");
}

#[tokio::test]
async fn a_token_can_be_looked_into_and_ended() {
    let client = client(Settings::default());
    let credentials = client.sandbox.credentials().clone();
    let fields = json!({
        "client_id": credentials.client_id, "client_secret": credentials.client_secret,
        "grant_type": "client_credentials",
    });
    let token = client.json("POST", "/accounts/api/v2/oauth2/token", &fields).await.json();
    let token = token["access_token"].as_str().expect("a token");
    let ask = |path: &'static str, secret: String| {
        let body = json!({ "client_id": credentials.client_id, "client_secret": secret, "token": token });
        let client = &client;
        async move { client.json("POST", path, &body).await }
    };
    let introspect = "/accounts/api/v2/oauth2/introspect";
    let known = ask(introspect, credentials.client_secret.clone()).await.json();
    assert_eq!((&known["active"], &known["token_type"]), (&json!(true), &json!("bearer")));
    assert_eq!(ask(introspect, "wrong".to_owned()).await.code(), 401);
    assert_eq!(ask("/accounts/api/v2/oauth2/revoke", credentials.client_secret.clone()).await.code(), 200);
    let known = ask(introspect, credentials.client_secret.clone()).await.json();
    assert_eq!(known, json!({ "active": false }));
}
