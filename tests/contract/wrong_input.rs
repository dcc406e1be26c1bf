//! Wrong input, for every documented operation: bad ids, bad queries, bad bodies. Nothing breaks, nothing bad is taken,
//! and every refusal has a documented status or one of the shapes that errors have.

use serde_json::{Value, json};

use crate::{
    in_process::{InProcess, Payload, Seen},
    official::{Description, Operation, official},
    tour::{Known, build, path_of},
};

/// Values that no path parameter should break on.
const ODD: [&str; 9] =
    ["none", "%00", "%FF", "..%2F..", "%F0%9F%92%A9", "-1", "%22%3E", "9999999999999999999", "%25%37"];

/// Bodies that are no body of any operation.
fn odd_bodies() -> Vec<(&'static str, Vec<u8>)> {
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000)).into_bytes();
    vec![
        ("application/json", b"{".to_vec()),
        ("application/json", b"null".to_vec()),
        ("application/json", b"[]".to_vec()),
        ("application/json", br#"{"name":{},"status":[],"pagePath":1,"tagValue":{"a":null},"tagKey":true}"#.to_vec()),
        ("application/json", br#"[null,1,{"value":{}},{"versionGroup":[]}]"#.to_vec()),
        ("application/json", b"\xff\xfe".to_vec()),
        ("application/json", deep),
        ("multipart/form-data", b"x".to_vec()),
        ("multipart/form-data; boundary=a", b"--a\r\n\r\n".to_vec()),
        ("text/plain", b"odd".to_vec()),
        ("", Vec::new()),
    ]
}

struct Sweep {
    place: InProcess,
    known: Known,
    wrong: Vec<String>,
}

impl Sweep {
    async fn start() -> Self {
        let place = InProcess::start();
        let known = build(&place).await;
        Self { place, known, wrong: Vec::new() }
    }

    fn look(&mut self, seen: &Seen, may_succeed: bool) {
        let findings = seen.findings();
        let is_wrong = seen.status >= 500 || (!may_succeed && seen.status < 400) || !findings.is_empty();
        if is_wrong {
            let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
            self.wrong.push(format!("{} {}", seen.line(), findings.join("; ")));
        }
        self.place.seen.borrow_mut().clear();
    }

    fn end(self) {
        assert!(self.wrong.is_empty(), "{}:\n{}", self.wrong.len(), self.wrong.join("\n"));
    }
}

/// What would end the situation that the others need.
fn ends_the_situation(operation: &Operation) -> bool {
    operation.method == "DELETE"
}

fn all(official: &Description) -> impl Iterator<Item = &Operation> {
    official.operations.iter()
}

#[tokio::test]
async fn odd_ids_break_nothing() {
    let Some(official) = official() else { return };
    let mut sweep = Sweep::start().await;
    for operation in all(official).filter(|operation| operation.template.contains('{')) {
        for odd in ODD {
            for parameter in operation.parameters.iter().filter(|parameter| parameter.place == "path") {
                let mut known = sweep.known.clone();
                known.insert(parameter.name.clone(), odd.to_owned());
                let path = path_of(operation, &known);
                let seen = sweep.place.call(&operation.method, &path, &[], Payload::Nothing).await;
                sweep.look(&seen, true);
            }
        }
    }
    sweep.end();
}

#[tokio::test]
async fn what_is_not_there_is_never_read() {
    let Some(official) = official() else { return };
    let mut sweep = Sweep::start().await;
    let names = ["groupId", "assetId", "organizationId", "masterOrganizationId", "organizationDomain"];
    let absent = |name: &str| names.contains(&name);
    for operation in all(official).filter(|operation| operation.method == "GET") {
        for parameter in
            operation.parameters.iter().filter(|parameter| parameter.place == "path" && absent(&parameter.name))
        {
            let mut known = sweep.known.clone();
            known.insert(parameter.name.clone(), "59291b3f-c12a-4c84-be4b-19cf19de0475".to_owned());
            let seen = sweep.place.get(&path_of(operation, &known)).await;
            // The next version of what is not there is the first one.
            let may_succeed = operation.template.ends_with("nextAvailableVersion");
            sweep.look(&seen, may_succeed);
        }
    }
    sweep.end();
}

#[tokio::test]
async fn queries_out_of_bounds_are_refused_and_odd_ones_break_nothing() {
    let Some(official) = official() else { return };
    let mut sweep = Sweep::start().await;
    for operation in all(official).filter(|operation| operation.method == "GET") {
        for parameter in operation.parameters.iter().filter(|parameter| parameter.place == "query") {
            for odd in ["", "-1", "251", "abc", "1.5", "%00", "99999999999999999999", "%FF", "a&a=b"] {
                let path = path_of(operation, &sweep.known);
                let mark = if path.contains('?') { '&' } else { '?' };
                let seen = sweep.place.get(&format!("{path}{mark}{}={odd}", parameter.name)).await;
                let is_bounded = parameter.schema.pointer("/allOf/1/maximum") == Some(&json!(250));
                sweep.look(&seen, !(is_bounded && ["-1", "251", "abc"].contains(&odd)));
            }
        }
    }
    sweep.end();
}

#[tokio::test]
async fn odd_bodies_break_nothing() {
    let Some(official) = official() else { return };
    let mut sweep = Sweep::start().await;
    for operation in all(official).filter(|operation| operation.method != "GET" && !ends_the_situation(operation)) {
        for (kind, body) in odd_bodies() {
            let path = path_of(operation, &sweep.known);
            let payload = if kind.is_empty() { Payload::Nothing } else { Payload::Raw(kind, &body) };
            let seen = sweep.place.call(&operation.method, &path, &[], payload).await;
            sweep.look(&seen, true);
        }
    }
    sweep.end();
}

/// What is refused with which status, as documented or as EXCHANGE.md says: method, path, body, statuses.
const REFUSED: &[(&str, &str, &str, &[u16])] = &[
    ("GET", "assets/search?limit=251", "", &[400]),
    ("GET", "assets/search?limit=-1", "", &[400]),
    ("GET", "assets/search?offset=x", "", &[400]),
    ("GET", "assets/{org}/none/asset", "", &[404]),
    ("GET", "assets/{org}/orders/9.9.9/asset", "", &[404]),
    ("GET", "assets/{org}/orders/x/asset", "", &[400, 404]),
    ("GET", "assets/{org}/none/versionGroups", "", &[404]),
    ("PATCH", "assets/{org}/none", r#"{"name":"x"}"#, &[404]),
    ("PATCH", "assets/{org}/orders", r#"{"name":""}"#, &[400]),
    ("PATCH", "assets/{org}/orders", "{}", &[400]),
    ("PATCH", "assets/{org}/orders", r#"{"name":1}"#, &[400]),
    ("DELETE", "assets/{org}/none", "", &[404]),
    ("DELETE", "assets/{org}/orders/9.9.9", "", &[404]),
    ("PUT", "assets/{org}/orders/2.0.0/status", r#"{"status":"development"}"#, &[400]),
    ("PUT", "assets/{org}/orders/2.0.0/status", r#"{"status":"Published"}"#, &[400]),
    ("PUT", "assets/{org}/orders/2.0.0/status", "{}", &[400]),
    ("PUT", "assets/{org}/orders/9.9.9/status", r#"{"status":"published"}"#, &[404]),
    ("PUT", "assets/{org}/orders/2.0.0/tags", r#"[{"key":"x"}]"#, &[400]),
    ("PUT", "assets/{org}/orders/2.0.0/tags", r#"{"value":"x"}"#, &[400]),
    ("PUT", "assets/{org}/orders/9.9.9/tags", r#"[{"value":"x"}]"#, &[404]),
    ("GET", "assets/{org}/orders/2.0.0/actions", "", &[400]),
    ("GET", "organizations/{org}/settings", "", &[400]),
    ("GET", "organizations/{org}/settings?settings=none", "", &[400]),
    ("PATCH", "organizations/{org}/settings", "{}", &[400]),
    ("PATCH", "organizations/{org}/settings", r#"{"none":{}}"#, &[400]),
    ("GET", "organizations/{org}/softDeleted?limit=251", "", &[400]),
    ("GET", "organizations/{org}/groups/{org}/assets/orders/nextAvailableVersion?versionOrder=none", "", &[400]),
    ("GET", "organizations/{org}/assets/{org}/orders/2.0.0/publication/status/none", "", &[404]),
    ("POST", "organizations/{org}/categories", "{}", &[400]),
    ("POST", "organizations/{org}/categories", r#"{"tagKey":"layer","displayName":"Again"}"#, &[409]),
    ("POST", "organizations/{org}/fields", r#"{"tagKey":"x","displayName":"X","dataType":"none"}"#, &[400]),
    ("POST", "organizations/{org}/fields", r#"{"tagKey":"cost","displayName":"Cost","dataType":"number"}"#, &[409]),
    ("PUT", "assets/{org}/orders/2.0.0/tags/fields/none", r#"{"tagValue":"x"}"#, &[404]),
    ("PUT", "assets/{org}/orders/2.0.0/tags/fields/cost", r#"{"tagValue":"x"}"#, &[400]),
    ("PUT", "assets/{org}/orders/2.0.0/tags/fields/stage", r#"{"tagValue":["z"]}"#, &[400]),
    ("PUT", "assets/{org}/orders/2.0.0/tags/categories/layer", r#"{"tagValue":["None"]}"#, &[400]),
    ("PUT", "assets/{org}/orders/9.9.9/tags/fields/cost", r#"{"tagValue":1}"#, &[404]),
    ("DELETE", "organizations/{org}/fields/none", "", &[404]),
    ("DELETE", "organizations/{org}/fields/cost", "", &[409]),
    ("DELETE", "organizations/{org}/categories/layer", "", &[409]),
    ("PATCH", "organizations/{org}/categories/none", r#"{"displayName":"x"}"#, &[404]),
    ("POST", "assets/{org}/orders/2.0.0/portal/draft/pages", r#"{"pagePath":"Security"}"#, &[409]),
    ("POST", "assets/{org}/orders/2.0.0/portal/draft/pages", r#"{"pagePath":"home"}"#, &[409]),
    ("POST", "assets/{org}/orders/2.0.0/portal/draft/pages", "{}", &[400]),
    ("GET", "assets/{org}/orders/2.0.0/portal/draft/pages/none", "", &[404]),
    ("GET", "assets/{org}/orders/2.0.0/portal/resources/none", "", &[404]),
    ("PATCH", "assets/{org}/notes/1.0.1/portal", "", &[404]),
    ("PUT", "assets/{org}/notes/1.0.1/portal/draft", "", &[404]),
    ("PUT", "assets/{org}/orders/2.0.0/portal/draft/pagesOrder", "[]", &[400]),
    ("PUT", "assets/{org}/orders/2.0.0/portal/draft/pagesOrder", r#"["none"]"#, &[409]),
    ("POST", "assets/{org}/orders/versionGroups/v2/instances/external", "{}", &[400]),
    (
        "POST",
        "assets/{org}/orders/versionGroups/v2/instances/external",
        r#"{"name":"Live","endpointUri":"https://x.example"}"#,
        &[409],
    ),
    ("PATCH", "assets/{org}/orders/versionGroups/v2/instances/external/none", r#"{"name":"x"}"#, &[404]),
    ("DELETE", "assets/{org}/orders/versionGroups/v2/instances/external/none", "", &[404]),
    ("PATCH", "assets/{org}/orders/versionGroups/v2/instances/managed/none", r#"{"name":"x"}"#, &[404]),
    ("PUT", "assets/{org}/orders/public", r#"[{"versionGroup":"v9"}]"#, &[400]),
    ("PUT", "assets/{org}/orders/2.0.0/icon", "", &[400]),
    ("PUT", "assets/{org}/orders/9.9.9/icon", "", &[400, 404]),
    ("PUT", "assets/{org}/orders/identities", r#"{"added":[{"identityId":"none","identityType":"user"}]}"#, &[400]),
    ("PUT", "assets/{org}/orders/2.0.0/owner", "{}", &[400]),
    ("GET", "assets/{org}/orders/2.0.0/api/none.raml", "", &[404]),
];

#[tokio::test]
async fn wrong_input_gets_the_status_that_is_documented_for_it() {
    let sweep = Sweep::start().await;
    let mut wrong = Vec::new();
    for (method, path, body, expected) in REFUSED {
        let path = sweep.place.v2(path);
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let payload = if body.is_null() { Payload::Nothing } else { Payload::Json(&body) };
        let seen = sweep.place.call(method, &path, &[], payload).await;
        if !expected.contains(&seen.status) || !seen.findings().is_empty() {
            wrong.push(format!("{} instead of {expected:?}", seen.line()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn without_a_token_every_operation_answers_401() {
    let Some(official) = official() else { return };
    let mut sweep = Sweep::start().await;
    // The graph may be told who asks in the query itself (EXCHANGE.md §1.1), which has to be read first.
    for operation in all(official).filter(|operation| !operation.template.ends_with("/graphql")) {
        let path = path_of(operation, &sweep.known);
        let seen =
            sweep.place.call(&operation.method, &path, &[("authorization", "Bearer none")], Payload::Nothing).await;
        let served = seen.status != 404 || seen.json()["message"] != "Not Found";
        if served && seen.status != 401 {
            sweep.wrong.push(seen.line());
        }
    }
    sweep.end();
}
