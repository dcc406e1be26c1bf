use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use camino::Utf8PathBuf;
use serde_json::{Value, json};

use super::{
    super::{FaultKind, Faults, Latency, RateLimit, Settings},
    client::{Client, client},
};

async fn token(client: &Client) -> Value {
    let credentials = client.sandbox.credentials().clone();
    let body = json!({
        "client_id": credentials.client_id, "client_secret": credentials.client_secret,
        "grant_type": "client_credentials",
    });
    client.json("POST", "/accounts/api/v2/oauth2/token", &body).await.json()
}

#[tokio::test(start_paused = true)]
async fn tokens_are_issued_and_end() {
    let mut client = client(Settings { token_lifetime: Duration::from_mins(1), ..Settings::default() });
    let token = token(&client).await;
    assert_eq!((&token["expires_in"], &token["token_type"]), (&json!(60), &json!("bearer")));
    client.authorization = format!("bearer {}", token["access_token"].as_str().unwrap_or_default());
    assert_eq!(client.get("/accounts/api/me").await.code(), 200);
    tokio::time::advance(Duration::from_secs(61)).await;
    let refused = client.get("/accounts/api/me").await;
    let expected = json!({ "name": "Unauthorized", "status": 401, "message": "Unauthorized" });
    assert_eq!((refused.code(), refused.json()), (401, expected));
}

#[tokio::test]
async fn every_way_in_works_and_no_other() {
    let mut client = client(Settings::default());
    let credentials = client.sandbox.credentials().clone();
    let (id, secret) = (&credentials.client_id, &credentials.client_secret);
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let path = "/accounts/api/v2/oauth2/token";
    assert_eq!(client.send("POST", path, &kind, form.clone().into_bytes()).await.code(), 200);
    assert_eq!(client.send("POST", path, &kind, form.replace(secret, "x").into_bytes()).await.code(), 401);
    for path in ["/accounts/login", "/accounts/api/login"] {
        let login = json!({ "username": credentials.username, "password": credentials.password });
        assert_eq!(client.json("POST", path, &login).await.code(), 200);
        assert_eq!(client.json("POST", path, &json!({ "username": "a", "password": "b" })).await.code(), 401);
    }
    client.authorization = format!("Basic {}", BASE64_STANDARD.encode(format!("~~~Client~~~:{id}~?~{secret}")));
    assert_eq!(client.get("/exchange/api/v2/assets").await.code(), 200);
    for wrong in ["", "Bearer x", "Basic !!", "Basic YTpi", "Digest x"] {
        client.authorization = wrong.to_owned();
        assert_eq!(client.get("/exchange/api/v2/assets").await.code(), 401, "{wrong}");
    }
}

#[tokio::test]
async fn the_organization_and_its_environments_are_there() {
    let client = client(Settings {
        organizations: vec![crate::sandbox::OrganizationSetting::root("my-org")],
        ..Settings::default()
    });
    let me = client.get("/accounts/api/users/me").await.json();
    assert_eq!(
        (&me["memberOfOrganizations"][0]["id"], &me["memberOfOrganizations"][0]["isRoot"]),
        (&json!("my-org"), &json!(true))
    );
    assert_eq!(client.get("/accounts/api/me").await.json()["user"]["organizationId"], "my-org");
    assert_eq!(client.get("/accounts/api/organizations/my-org/hierarchy").await.code(), 200);
    let environments = client.get("/accounts/api/organizations/my-org/environments").await.json();
    assert_eq!(environments["data"][0]["isProduction"], true);
    assert_eq!(client.get("/accounts/api/organizations/other").await.code(), 404);
    let foreign = client
        .send(
            "POST",
            "/exchange/api/v2/organizations/other/assets/g/a/1.0.0",
            &[("authorization", &client.authorization), ("content-type", "multipart/form-data; boundary=x")],
            b"--x--\r\n".to_vec(),
        )
        .await;
    assert_eq!(foreign.code(), 403);
}

#[tokio::test(start_paused = true)]
async fn over_the_limit_requests_wait_for_the_next_window() {
    let rate_limit = Some(RateLimit { requests: 2, window: Duration::from_secs(10) });
    let limited = client(Settings { rate_limit, ..Settings::default() });
    let first = limited.get("/accounts/api/me").await;
    assert_eq!((first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining")), ("2", "1"));
    limited.get("/accounts/api/me").await;
    let refused = limited.get("/accounts/api/me").await;
    assert_eq!((refused.code(), refused.header("x-ratelimit-remaining")), (429, "0"));
    assert_eq!(refused.json()["name"], "Too Many Requests");
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=10).contains(&wait), "{wait}");
    assert_eq!(limited.get("/_sandbox/stats").await.json()["rateLimited"], 1);
    tokio::time::advance(Duration::from_secs(wait)).await;
    assert_eq!(limited.get("/accounts/api/me").await.code(), 200);

    let empty = client(Settings { rate_limit, rate_limit_status: 503, ..Settings::default() });
    for code in [200, 200, 503] {
        let reply = empty.get("/accounts/api/me").await;
        assert_eq!(reply.code(), code);
        if code == 503 {
            assert_eq!((reply.header("content-length"), reply.body.as_deref()), ("0", Some(b"".as_slice())));
        }
    }
}

fn faulty(kind: FaultKind) -> Client {
    let faults = Faults::default().with(kind, 1.0).expect("a probability");
    client(Settings { faults, ..Settings::default() })
}

#[tokio::test(start_paused = true)]
async fn faults_do_what_they_say() {
    let reset = faulty(FaultKind::Reset);
    assert!(reset.publish_raml("orders/1.0.0", &[]).await.is_reset);
    assert_eq!(reset.sandbox.stats()["publications"]["accepted"], 0);
    let lost = faulty(FaultKind::LostReply);
    let reply = lost.publish_raml("orders/1.0.0", &[]).await;
    assert!(reply.is_reset && reply.body.is_none());
    assert_eq!(lost.sandbox.stats()["publications"]["completed"], 1);
    assert_eq!(lost.sandbox.stats()["faults"]["lost-reply"], 1);
    for (kind, code) in
        [(FaultKind::Http429, 429), (FaultKind::Http500, 500), (FaultKind::Http503, 503), (FaultKind::Http504, 504)]
    {
        let client = faulty(kind);
        assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), code);
        assert_eq!(client.get("/_sandbox/stats").await.code(), 200, "the control surface is never faulted");
    }
    let bad = faulty(FaultKind::BadJson).get("/accounts/api/me").await;
    assert!(bad.code() == 200 && serde_json::from_slice::<Value>(&bad.body.expect("a body")).is_err());
    let cut = faulty(FaultKind::Truncate).get("/accounts/api/me").await;
    assert!(cut.code() == 200 && cut.body.is_none());
    let slow = faulty(FaultKind::Slow);
    let start = tokio::time::Instant::now();
    assert_eq!(slow.get("/accounts/api/me").await.json()["user"]["username"], "sandbox");
    assert!(start.elapsed() >= Duration::from_millis(700));
}

#[tokio::test]
async fn a_status_link_is_found_in_the_end_and_a_failed_publication_succeeds_the_second_time() {
    let hidden = faulty(FaultKind::Status404);
    let reply = hidden.publish("a/1.0.0", &[], &[("name", b"A"), ("type", b"custom")]).await;
    let link = reply.json()["publicationStatusLink"].as_str().expect("a link").to_owned();
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(hidden.get(&link).await.code());
    }
    assert_eq!(codes, [404, 404, 404, 200]);

    let failing = faulty(FaultKind::PublishError);
    for status in ["error", "completed"] {
        let reply = failing.publish("a/1.0.0", &[], &[("name", b"A"), ("type", b"custom")]).await;
        let link = reply.json()["publicationStatusLink"].as_str().expect("a link").to_owned();
        assert_eq!(failing.get(&link).await.json()["status"], status);
    }
    let stats = failing.sandbox.stats();
    assert_eq!(stats["publications"], json!({ "accepted": 2, "refused": 0, "completed": 1, "failed": 1 }));
    assert_eq!(stats["duplicatePublishes"], json!({}), "what failed was not published twice");
}

#[tokio::test]
async fn the_statistics_count() {
    let client = client(Settings::default());
    for _ in 0..2 {
        assert_eq!(client.publish_raml("orders/1.0.0", &[("status", b"development")]).await.code(), 201);
    }
    client.get("/nowhere").await;
    token(&client).await;
    let stats = client.get("/_sandbox/stats").await.json();
    let endpoint = "POST /exchange/api/v2/organizations/{org}/assets/{g}/{a}/{v}";
    assert_eq!(stats["requests"][endpoint], json!({ "201": 2 }));
    assert_eq!(stats["requests"]["GET unmatched"], json!({ "404": 1 }));
    assert_eq!(stats["duplicatePublishes"], json!({ format!("{}/orders/1.0.0", client.org): 2 }));
    assert_eq!((&stats["tokensIssued"], &stats["maxInFlight"]), (&json!(1), &json!(1)));
    assert!(stats["bytesReceived"].as_u64() > Some(500));
}

#[tokio::test]
async fn what_was_accepted_survives_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = Utf8PathBuf::from_path_buf(directory.path().join("data")).expect("utf-8");
    let latency = Latency { least: Duration::from_hours(1), most: Duration::from_hours(1) };
    let settings = Settings { data: Some(data), ..Settings::default() };
    let first = client(Settings { publish_latency: latency, ..settings.clone() });
    let reply = first.publish("a/1.0.0", &[], &[("name", b"A"), ("type", b"custom")]).await;
    let link = reply.json()["publicationStatusLink"].as_str().expect("a link").to_owned();
    let credentials = first.sandbox.credentials().token.clone();
    let issued = token(&first).await["access_token"].as_str().expect("a token").to_owned();
    let revoked = token(&first).await["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(first.json("POST", "/accounts/api/v2/oauth2/revoke", &json!({ "token": revoked })).await.code(), 200);
    drop(first);

    let second = client(settings.clone());
    assert_eq!(second.sandbox.credentials().token, credentials, "the credentials stay");
    for (token, status) in [(issued, 200), (revoked, 401)] {
        let authorization = [("authorization", format!("bearer {token}"))];
        let headers = authorization.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(second.send("GET", "/accounts/api/me", &headers, Vec::new()).await.code(), status);
    }
    assert_eq!(second.get(&link).await.json()["status"], "running");
    let again = second.publish("a/1.0.0", &[], &[("name", b"A"), ("type", b"custom")]).await;
    assert_eq!(again.code(), 409, "the coordinates are still being published");
    assert_eq!(second.publish_raml("orders/1.0.0", &[("tags", b"x")]).await.code(), 201);
    assert_eq!(second.publish_raml("gone/1.0.0", &[]).await.code(), 201);
    assert_eq!(second.delete(&second.asset("gone/1.0.0"), "soft-delete").await.code(), 204);
    let before = second.get(&second.asset("orders/1.0.0")).await.json();
    drop(second);

    let third = client(settings);
    let after = third.get(&third.asset("orders/1.0.0")).await.json();
    assert_eq!((&after["files"][0]["md5"], &after["labels"]), (&before["files"][0]["md5"], &before["labels"]));
    assert_eq!(third.publish_raml("gone/1.0.0", &[]).await.code(), 409);
    let file = after["files"][0]["downloadURL"].as_str().expect("a link").to_owned();
    assert_eq!(third.get(&file).await.code(), 200);
}
