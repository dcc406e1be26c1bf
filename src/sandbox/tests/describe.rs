//! Tags, categories and custom fields, and what an organization configures of them.

use serde_json::{Value, json};

use super::{
    super::{OrganizationSetting, Quirk, Settings, caller::Role},
    client::{Client, Reply, client},
};

impl Client {
    /// Acts as the connected app of a role in an organization.
    fn act_as(&mut self, organization: &str, role: Role) {
        let directory = self.sandbox.0.directory();
        let app = directory.holder(organization, role, true).expect("every role has an app");
        self.authorization = format!("Bearer {}", app.token);
    }

    fn v1(&self, rest: &str) -> String {
        format!("/exchange/api/v1/organizations/{}/{rest}", self.org)
    }

    fn v2(&self, rest: &str) -> String {
        format!("/exchange/api/v2/organizations/{}/{rest}", self.org)
    }

    /// The path of what describes `orders/1.0.0`, in the first version of the API.
    fn v1_tags(&self, rest: &str) -> String {
        self.v1(&format!("assets/{}/orders/1.0.0/tags{rest}", self.org))
    }

    fn v2_tags(&self, rest: &str) -> String {
        self.asset(&format!("orders/1.0.0/tags{rest}"))
    }

    async fn orders(&self) -> Value {
        self.get(&self.asset("orders/1.0.0")).await.json()
    }

    async fn configure(&self, kind: &str, key: &str, more: Value) -> Value {
        let mut body = json!({ "tagKey": key, "displayName": key.to_uppercase() });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let reply = self.json("POST", &self.v2(kind), &body).await;
        assert_eq!(reply.code(), 201, "{body}");
        reply.json()
    }

    async fn set(&self, kind: &str, key: &str, value: Value) -> u16 {
        self.json("PUT", &self.v2_tags(&format!("/{kind}/{key}")), &json!({ "tagValue": value })).await.code()
    }

    async fn forced(&self, method: &str, path: &str, header: &str, body: &Value) -> Reply {
        let headers = [("authorization", self.authorization.as_str()), (header, "true")];
        self.send(method, path, &headers, body.to_string().into_bytes()).await
    }
}

async fn with_orders(settings: Settings) -> Client {
    let client = client(settings);
    assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
    client
}

/// The field types of the guide to the first version of the API, as it prints them: data type, key, name, value, and the
/// member that the value is read back in.
fn guide() -> [(&'static str, &'static str, &'static str, Value, &'static str); 6] {
    [
        ("enum", "subType", "SubType", json!(["OAS"]), "enumValue"),
        ("number", "rating", "Rating", json!(5), "numberValue"),
        ("date", "dueDate", "DueDate", json!("2020-01-01T20:00:00.000Z"), "dateValue"),
        ("text", "email", "Email", json!("john@doe.com"), "textValue"),
        ("number-list", "supportCases", "SupportCases", json!([1010, 2020, 3030]), "numericListValue"),
        ("text-list", "maintainers", "Maintainers", json!(["John", "Alice", "Fred"]), "textListValue"),
    ]
}

#[tokio::test]
async fn the_six_field_types_of_the_guide_are_made_set_read_back_and_deleted() {
    for (configurations, tags) in [("fields", "fields"), ("managed", "managed"), ("managed", "categories")] {
        let client = with_orders(Settings::default()).await;
        for (data_type, key, name, value, member) in guide() {
            let mut body = json!({ "dataType": data_type, "displayName": name, "tagKey": key });
            if data_type == "enum" {
                body["acceptedValues"] = json!(["OAS", "RAML"]);
            }
            let created = client.json("POST", &client.v1(configurations), &body).await;
            assert_eq!((created.code(), &created.json()["dataType"]), (201, &json!(data_type)));
            let path = client.v1_tags(&format!("/{tags}/{key}"));
            let set = client.json("PUT", &path, &json!({ "tagValue": value })).await;
            assert_eq!(set.code(), 200, "{key}");
            let asset = client.orders().await;
            if tags == "fields" {
                let expected =
                    json!({ "key": key, "displayName": name, "dataType": data_type, "value": value, member: value });
                assert_eq!(asset["customFields"], json!([expected]));
            } else {
                let value = if value.is_array() { value } else { json!([value]) };
                assert_eq!(asset["categories"], json!([{ "key": key, "displayName": name, "value": value }]));
            }
            assert_eq!(client.delete(&path, "").await.code(), 204);
            assert_eq!(client.orders().await["customFields"], json!([]));
            assert_eq!(client.orders().await["categories"], json!([]));
            client.json("PUT", &path, &json!({ "tagValue": body["acceptedValues"][0] })).await;
            let configuration = client.v1(&format!("{configurations}/{key}"));
            assert_eq!(client.delete(&configuration, "").await.code(), 204, "the first version never asks");
            assert_eq!(client.delete(&configuration, "").await.code(), 404);
            assert_eq!(client.get(&client.v1(configurations)).await.json(), json!([]));
        }
    }
}

#[tokio::test]
async fn the_calls_of_the_guide_to_the_second_version_work() {
    let client = with_orders(Settings::default()).await;
    client.configure("categories", "apiType", json!({})).await;
    client.configure("fields", "subType", json!({ "dataType": "enum", "acceptedValues": ["OAS", "RAML"] })).await;
    let tags = json!([{ "value": "rest-api" }, { "value": "documentation" }]);
    assert_eq!(client.json("PUT", &client.v2_tags(""), &tags).await.code(), 204);
    assert_eq!(client.set("categories", "apiType", json!(["System API"])).await, 200);
    assert_eq!(client.set("fields", "subType", json!(["OAS"])).await, 200);
    let asset = client.orders().await;
    assert_eq!(asset["labels"], json!(["documentation", "rest-api"]));
    assert_eq!(asset["categories"], json!([{ "key": "apiType", "displayName": "APITYPE", "value": ["System API"] }]));
    assert_eq!(asset["customFields"][0]["enumValue"], json!(["OAS"]));
    let listed = client.get(&format!("/exchange/api/v2/assets?organizationId={}", client.org)).await.json();
    assert_eq!((&listed[0]["categories"], &listed[0]["customFields"]), (&asset["categories"], &asset["customFields"]));
}

#[tokio::test]
async fn tags_replace_all_tags_in_three_places() {
    let client = with_orders(Settings::default()).await;
    let bare = format!("/exchange/api/v1/assets/{}/orders/1.0.0/tags", client.org);
    for (path, tag) in [(client.v1_tags(""), "One"), (client.v2_tags(""), "two"), (bare, "three")] {
        let body = json!([{ "value": tag, "key": tag, "mutable": true }]);
        assert_eq!(client.json("PUT", &path, &body).await.code(), 204);
        assert_eq!(client.orders().await["labels"], json!([tag.to_lowercase()]));
    }
    for wrong in [json!({}), json!([{ "key": "a" }]), json!([{ "value": 5 }]), json!([{ "value": " " }]), json!(["a"])]
    {
        assert_eq!(client.json("PUT", &client.v2_tags(""), &wrong).await.code(), 400, "{wrong}");
    }
    let other = client.v1_tags("").replace(&format!("organizations/{}", client.org), "organizations/other");
    assert_eq!(client.json("PUT", &other, &json!([])).await.code(), 404);
    assert_eq!(client.json("PUT", &client.v2_tags(""), &json!([])).await.code(), 204);
    assert_eq!(client.orders().await["labels"], json!([]));
}

#[tokio::test]
async fn a_value_comes_in_three_wrappings() {
    let client = with_orders(Settings::default()).await;
    client.configure("fields", "subType", json!({ "dataType": "enum" })).await;
    let path = client.v2_tags("/fields/subType");
    for (at, body) in
        [json!({ "tagValue": ["0"] }), json!({ "value": { "tagValue": ["1"] } }), json!(["2"])].iter().enumerate()
    {
        assert_eq!(client.json("PUT", &path, body).await.code(), 200, "{body}");
        assert_eq!(client.orders().await["customFields"][0]["value"], json!([at.to_string()]));
    }
    for wrong in [json!({}), json!({ "value": ["a"] }), json!({ "tagValue": null }), json!(null), json!([[]])] {
        let reply = client.json("PUT", &path, &wrong).await;
        assert_eq!((reply.code(), &reply.json()["name"]), (400, &json!("Bad Request")), "{wrong}");
    }
    assert_eq!(client.send("PUT", &path, &[("authorization", &client.authorization)], b"[".to_vec()).await.code(), 400);
}

#[tokio::test]
async fn wrong_values_are_refused_and_change_nothing() {
    let client = with_orders(Settings::default()).await;
    for (data_type, key, ..) in guide() {
        client.configure("fields", key, json!({ "dataType": data_type })).await;
    }
    client.configure("fields", "closed", json!({ "dataType": "enum", "acceptedValues": ["OAS"] })).await;
    client.configure("fields", "soap", json!({ "dataType": "text", "assetTypeRestrictions": ["soap-api"] })).await;
    client.configure("fields", "rest", json!({ "dataType": "text", "assetTypeRestrictions": ["rest-api"] })).await;
    client.configure("categories", "layer", json!({ "acceptedValues": ["System API"] })).await;
    for (kind, key, value) in [
        ("fields", "subType", json!("OAS")),
        ("fields", "rating", json!("5")),
        ("fields", "dueDate", json!("soon")),
        ("fields", "email", json!(["john@doe.com"])),
        ("fields", "supportCases", json!(["1010"])),
        ("fields", "maintainers", json!([1])),
        ("fields", "closed", json!(["WSDL"])),
        ("fields", "soap", json!("x")),
        ("categories", "layer", json!(["Other"])),
    ] {
        assert_eq!(client.set(kind, key, value).await, 400, "{key}");
    }
    assert_eq!(client.set("fields", "none", json!("x")).await, 404);
    assert_eq!(client.set("fields", "layer", json!("x")).await, 404, "a category is no field");
    let asset = client.orders().await;
    assert_eq!((&asset["customFields"], &asset["categories"]), (&json!([]), &json!([])));
    assert_eq!(client.set("fields", "rest", json!("x")).await, 200);
    let missing = client.asset("orders/9.0.0/tags/fields/rest");
    assert_eq!(client.json("PUT", &missing, &json!({ "tagValue": "x" })).await.code(), 404);
}

#[tokio::test]
async fn configurations_are_checked_and_keys_are_unique() {
    let client = client(Settings::default());
    let category = json!({ "displayName": "Kind", "tagKey": "kind", "acceptedValues": ["a"] });
    let created = client.json("POST", &client.v2("managed"), &category).await.json();
    let expected = json!({
        "id": created["id"], "organizationId": client.org, "displayName": "Kind", "tagKey": "kind", "dataType": "enum",
        "acceptedValues": ["a"], "assetTypeRestrictions": [],
        "createdDate": created["createdDate"], "updatedDate": created["updatedDate"],
    });
    assert_eq!(created, expected);
    assert_eq!(client.get(&client.v2("categories")).await.json(), json!([created]));
    let post = async |kind: &str, body: Value| client.json("POST", &client.v2(kind), &body).await.code();
    assert_eq!(post("categories", category.clone()).await, 409);
    assert_eq!(post("categories", json!({ "displayName": "KIND", "tagKey": "other" })).await, 409);
    assert_eq!(post("fields", json!({ "displayName": "Kind", "tagKey": "kind" })).await, 201);
    assert_eq!(client.get(&client.v2("fields")).await.json()[0]["acceptedValues"], Value::Null);
    assert_eq!(post("fields", json!({ "displayName": "Kind", "tagKey": "kind2" })).await, 201);
    for (member, wrong) in [
        ("tagKey", json!("no good")),
        ("tagKey", json!("")),
        ("tagKey", json!("-a")),
        ("tagKey", json!("a".repeat(513))),
        ("tagKey", json!(5)),
        ("displayName", json!(5)),
        ("displayName", json!("")),
        ("displayName", json!("a".repeat(513))),
        ("dataType", json!("boolean")),
        ("dataType", json!(5)),
        ("acceptedValues", json!("a")),
        ("acceptedValues", json!([5])),
        ("acceptedValues", json!(vec!["a"; 501])),
        ("assetTypeRestrictions", json!(vec!["a"; 101])),
    ] {
        let mut body = json!({ "displayName": "New", "tagKey": "new", "dataType": "text" });
        body[member] = wrong;
        assert_eq!(post("fields", body.clone()).await, 400, "{member}");
        assert_eq!(post("categories", body).await, 400, "{member}");
    }
    assert_eq!(post("fields", json!({ "displayName": "New" })).await, 400);
    assert_eq!(post("fields", json!([])).await, 400);
    let page = client.get(&client.v2("fields?limit=1&offset=1")).await.json();
    assert_eq!((page.as_array().map(Vec::len), &page[0]["tagKey"]), (Some(1), &json!("kind2")));
    assert_eq!(client.get(&client.v2("fields?limit=251")).await.code(), 400);
}

#[tokio::test]
async fn the_quirk_wants_keys_in_kebab_case() {
    let client = client(Settings { quirks: [Quirk::KebabKeys].into_iter().collect(), ..Settings::default() });
    for (key, code) in [("subType", 400), ("sub_type", 400), ("sub-type", 201), ("sub--type", 400)] {
        let body = json!({ "displayName": key, "tagKey": key, "dataType": "text" });
        assert_eq!(client.json("POST", &client.v2("fields"), &body).await.code(), code, "{key}");
    }
}

#[tokio::test]
async fn a_configuration_in_use_goes_only_by_force_and_takes_its_values_along() {
    let client = with_orders(Settings::default()).await;
    for (kind, read_back) in [("categories", "categories"), ("fields", "customFields")] {
        let id = client.configure(kind, "team", json!({})).await["id"].as_str().expect("an id").to_owned();
        assert_eq!(client.set(kind, "team", json!("x")).await, 200);
        for name in ["team", &id] {
            let path = client.v2(&format!("{kind}/{name}"));
            let refused = client.delete(&path, "").await;
            assert_eq!((refused.code(), &refused.json()["name"]), (409, &json!("Conflict")));
        }
        let by_id = client.v2(&format!("{kind}/{id}"));
        let maybe = [("authorization", client.authorization.as_str()), ("x-force-delete", "maybe")];
        assert_eq!(client.send("DELETE", &by_id, &maybe, Vec::new()).await.code(), 400);
        assert_eq!(client.orders().await[read_back][0]["key"], "team");
        assert_eq!(client.forced("DELETE", &by_id, "x-force-delete", &Value::Null).await.code(), 204);
        assert_eq!(client.orders().await[read_back], json!([]));
        let minors = || {
            let look = |tables: &super::super::store::Tables| tables.asset_record(&client.org, "orders");
            client.sandbox.0.state.read(look).expect("reads").expect("is there").minors
        };
        let minor = minors().remove("1.0").expect("the minor version is known");
        assert!(minor.categories.is_empty() && minor.fields.is_empty(), "nothing is left behind");
        client.configure(kind, "team", json!({})).await;
        assert_eq!(client.orders().await[read_back], json!([]), "a new configuration brings no old value back");
        assert_eq!(client.delete(&client.v2(&format!("{kind}/team")), "").await.code(), 204, "nobody uses it");
    }
}

#[tokio::test]
async fn a_change_that_takes_values_away_needs_force() {
    let client = with_orders(Settings::default()).await;
    let more = json!({ "dataType": "enum", "acceptedValues": ["a", "b"] });
    let old = client.configure("fields", "team", more).await;
    assert_eq!(client.set("fields", "team", json!(["a"])).await, 200);
    let path = client.v2(&format!("fields/{}", old["id"].as_str().expect("an id")));
    let patch = async |body: Value| client.json("PATCH", &path, &body).await;
    let widened = patch(json!({ "displayName": "Team", "acceptedValues": ["a", "b", "c"] })).await;
    assert_eq!((widened.code(), &widened.json()["acceptedValues"]), (200, &json!(["a", "b", "c"])));
    assert_eq!(client.orders().await["customFields"][0]["displayName"], "Team");
    let unused = patch(json!({ "displayName": "Team", "acceptedValues": ["a"] })).await;
    assert_eq!(unused.code(), 200, "no asset has the values that go");
    let renamed = json!({ "tagKey": "crew" });
    for body in [
        json!({ "displayName": "Team", "acceptedValues": ["b"] }),
        json!({ "displayName": "Team", "dataType": "number" }),
        json!({ "displayName": "Team", "assetTypeRestrictions": ["soap-api"] }),
        renamed.clone(),
    ] {
        assert_eq!(patch(body.clone()).await.code(), 409, "{body}");
    }
    for wrong in [json!({}), json!({ "acceptedValues": ["b"] }), json!({ "tagKey": "no good" }), json!([])] {
        assert_eq!(patch(wrong.clone()).await.code(), 400, "{wrong}");
    }
    assert_eq!(client.forced("PATCH", &path, "x-force-update", &renamed).await.code(), 200);
    let field = client.orders().await["customFields"][0].clone();
    assert_eq!((&field["key"], &field["value"]), (&json!("crew"), &json!(["a"])));
    assert_eq!(client.set("fields", "team", json!(["a"])).await, 404);
    client.configure("fields", "team", json!({})).await;
    assert_eq!(patch(json!({ "tagKey": "team" })).await.code(), 409, "the key is another one's");
    let narrowed = json!({ "displayName": "Team", "acceptedValues": ["b"] });
    assert_eq!(client.forced("PATCH", &path, "x-force-update", &narrowed).await.code(), 200);
    assert_eq!(client.orders().await["customFields"], json!([]));
    assert_eq!(client.json("PATCH", &client.v2("fields/none"), &narrowed).await.code(), 404);
}

#[tokio::test]
async fn forms_are_read_by_data_type() {
    let client = client(Settings::default());
    for (data_type, key, ..) in guide() {
        client.configure("fields", key, json!({ "dataType": data_type })).await;
    }
    client.configure("categories", "categoryKey", json!({})).await;
    let parts: [(&str, &[u8]); 7] = [
        ("categories.categoryKey", b"value1, value2"),
        ("fields.subType", b"OAS, RAML"),
        ("fields.rating", b"4.5"),
        ("fields.dueDate", b"2020-01-01"),
        ("fields.email", b"Max, and others"),
        ("fields.supportCases", b"1010, 2020"),
        ("fields.maintainers", b"John, Alice"),
    ];
    assert_eq!(client.publish_raml("orders/1.0.0", &parts).await.code(), 201);
    let asset = client.orders().await;
    assert_eq!(asset["categories"][0]["value"], json!(["value1", "value2"]));
    let fields = asset["customFields"].as_array().expect("fields");
    let values: Value =
        fields.iter().map(|f| (f["key"].as_str().expect("a key").to_owned(), f["value"].clone())).collect();
    let expected = json!({
        "subType": ["OAS", "RAML"], "rating": 4.5, "dueDate": "2020-01-01", "email": "Max, and others",
        "supportCases": [1010, 2020], "maintainers": ["John", "Alice"],
    });
    assert_eq!(values, expected);
    for (key, text) in [("rating", "high"), ("dueDate", "soon"), ("supportCases", "1, x"), ("none", "x")] {
        let part = (format!("fields.{key}"), text);
        let reply = client.publish_raml("orders/1.0.1", &[(&part.0, part.1.as_bytes())]).await;
        assert_eq!((reply.code(), &reply.json()["code"]), (400, &json!("INVALID_TAG")), "{key}");
    }
}

#[tokio::test]
async fn json_beats_the_dotted_form_and_an_empty_list_clears() {
    let client = with_orders(Settings::default()).await;
    for key in ["fieldKey", "fieldKey2"] {
        client.configure("fields", key, json!({ "dataType": "text-list" })).await;
    }
    let change = async |parts: &[(&str, &[u8])]| {
        let reply = client.form("PATCH", "orders/1.0.0/mutabledata", &[], parts).await;
        assert_eq!(reply.code(), 202);
        let fields = client.orders().await["customFields"].clone();
        let show = |field: &Value| (field["key"].as_str().unwrap_or_default().to_owned(), field["value"].clone());
        fields.as_array().expect("fields").iter().map(show).collect::<Value>()
    };
    let json = br#"[{"key":"fieldKey", "value":"value1, value2"}]"#;
    let both: [(&str, &[u8]); 2] = [("fields", json), ("fields.fieldKey2", b"value3")];
    assert_eq!(change(&both).await, json!({ "fieldKey": ["value1", "value2"] }));
    let added = json!({ "fieldKey": ["value1", "value2"], "fieldKey2": ["x"] });
    assert_eq!(change(&[("fields.fieldKey2", b"x")]).await, added, "the dotted form replaces one key");
    assert_eq!(change(&[("fields.fieldKey2", b" "), ("fields", b"")]).await, added, "what is empty changes nothing");
    assert_eq!(change(&[("tags", b"a")]).await, added, "what is absent changes nothing");
    let list = br#"[{"key":"fieldKey2", "value":["y","z"]}]"#;
    assert_eq!(change(&[("fields", list)]).await, json!({ "fieldKey2": ["y", "z"] }));
    assert_eq!(change(&[("fields", b"[]")]).await, json!({}));
}

#[tokio::test]
async fn what_describes_a_version_belongs_to_its_minor_version_or_by_quirk_to_its_group() {
    for (quirks, expected) in [(vec![], [true, false, false]), (vec![Quirk::TagsByVersionGroup], [true, true, false])] {
        let client = with_orders(Settings { quirks: quirks.into_iter().collect(), ..Settings::default() }).await;
        let versions = ["orders/1.0.1", "orders/1.1.0", "orders/2.0.0"];
        for version in versions {
            assert_eq!(client.publish_raml(version, &[]).await.code(), 201);
        }
        client.configure("fields", "team", json!({})).await;
        assert_eq!(client.json("PUT", &client.v2_tags(""), &json!([{ "value": "a" }])).await.code(), 204);
        assert_eq!(client.set("fields", "team", json!("x")).await, 200);
        for (version, is_shared) in versions.into_iter().zip(expected) {
            let asset = client.get(&client.asset(version)).await.json();
            let count = usize::from(is_shared);
            assert_eq!(asset["labels"].as_array().map(Vec::len), Some(count), "{version}");
            assert_eq!(asset["customFields"].as_array().map(Vec::len), Some(count), "{version}");
        }
        for version in ["orders/1.0.0", "orders/1.0.1", "orders/1.1.0"] {
            assert_eq!(client.delete(&client.asset(version), "hard-delete").await.code(), 204);
        }
        assert_eq!(client.publish_raml("orders/1.0.0", &[]).await.code(), 201);
        assert_eq!(client.orders().await["labels"], json!([]), "the last version took its tags along");
    }
}

#[tokio::test]
async fn a_development_version_keeps_its_description_when_it_is_published_again() {
    let client = client(Settings::default());
    for key in ["team", "crew"] {
        client.configure("fields", key, json!({})).await;
        client.configure("categories", key, json!({})).await;
    }
    let first: [(&str, &[u8]); 4] =
        [("status", b"development"), ("tags", b"a"), ("fields.team", b"x"), ("categories.team", b"y")];
    assert_eq!(client.publish_raml("orders/1.0.0", &first).await.code(), 201);
    let before = client.orders().await;
    let second: [(&str, &[u8]); 4] =
        [("status", b"development"), ("tags", b"b"), ("fields.crew", b"x"), ("categories", b"[]")];
    assert_eq!(client.publish_raml("orders/1.0.0", &second).await.code(), 201);
    let after = client.orders().await;
    for member in ["labels", "categories", "customFields"] {
        assert_eq!(after[member], before[member], "{member}");
    }
}

#[tokio::test]
async fn business_groups_use_what_their_root_configures() {
    let group = OrganizationSetting { parent: Some("root".to_owned()), ..OrganizationSetting::root("group") };
    let organizations = vec![OrganizationSetting::root("root"), group, OrganizationSetting::root("stranger")];
    let mut client = client(Settings { organizations, ..Settings::default() });
    client.configure("fields", "team", json!({ "dataType": "text" })).await;
    client.org = "group".to_owned();
    client.act_as("group", Role::Administrator);
    let listed = client.get(&client.v2("fields")).await.json();
    assert_eq!((&listed[0]["tagKey"], &listed[0]["organizationId"]), (&json!("team"), &json!("root")));
    let body = json!({ "displayName": "Crew", "tagKey": "crew", "dataType": "text" });
    for kind in ["fields", "categories"] {
        assert_eq!(client.json("POST", &client.v2(kind), &body).await.code(), 403, "only the root's administrator may");
    }
    assert_eq!(client.json("PATCH", &client.v2("fields/team"), &body).await.code(), 403);
    assert_eq!(client.delete(&client.v1("fields/team"), "").await.code(), 403);
    assert_eq!(client.publish_raml("orders/1.0.0", &[("fields.team", b"x")]).await.code(), 201);
    assert_eq!(client.orders().await["customFields"][0]["textValue"], "x");
    client.act_as("root", Role::Administrator);
    assert_eq!(client.json("POST", &client.v1("fields"), &body).await.json()["organizationId"], "root");
    assert_eq!(client.delete(&client.v2("fields/team"), "").await.code(), 409, "a business group uses it");
    client.act_as("stranger", Role::Administrator);
    assert_eq!(client.get(&client.v2("fields")).await.code(), 403);
    assert_eq!(client.set("fields", "crew", json!("x")).await, 404, "strangers do not see the asset");
}

#[tokio::test]
async fn contributors_describe_and_viewers_do_not() {
    let mut client = with_orders(Settings::default()).await;
    client.configure("fields", "team", json!({})).await;
    let org = client.org.clone();
    let name = client.v1(&format!("assets/{org}/orders/1.0.0/metadata"));
    for (role, [tags, set, remove, rename, configure]) in [
        (Role::Viewer, [403; 5]),
        (Role::Contributor, [204, 200, 204, 204, 403]),
        (Role::Administrator, [204, 200, 204, 204, 201]),
    ] {
        client.act_as(&org, role);
        assert_eq!(client.json("PUT", &client.v2_tags(""), &json!([{ "value": "a" }])).await.code(), tags);
        assert_eq!(client.set("fields", "team", json!("x")).await, set);
        assert_eq!(client.delete(&client.v2_tags("/fields/team"), "").await.code(), remove);
        assert_eq!(client.json("PATCH", &name, &json!({ "name": "New" })).await.code(), rename);
        let body = json!({ "displayName": "Crew", "tagKey": "crew" });
        assert_eq!(client.json("POST", &client.v2("categories"), &body).await.code(), configure);
        assert_eq!(client.get(&client.v2("fields")).await.code(), 200);
    }
}

#[tokio::test]
async fn the_first_version_renames_an_asset() {
    let client = with_orders(Settings::default()).await;
    let path = |org: &str, version: &str| {
        format!("/exchange/api/v1/organizations/{org}/assets/{}/orders/{version}/metadata", client.org)
    };
    let body = json!({ "name": "Renamed" });
    assert_eq!(client.json("PATCH", &path(&client.org, "9.0.0"), &body).await.code(), 404);
    assert_eq!(client.json("PATCH", &path("other", "1.0.0"), &body).await.code(), 404);
    assert_eq!(client.json("PATCH", &path(&client.org, "1.0.0"), &json!({ "name": "" })).await.code(), 400);
    assert_eq!(client.orders().await["name"], "Orders");
    assert_eq!(client.json("PATCH", &path(&client.org, "1.0.0"), &body).await.code(), 204);
    assert_eq!(client.orders().await["name"], "Renamed");
}

#[tokio::test]
async fn limits_count_the_versions_of_the_root_and_groups_are_listed() {
    let group = OrganizationSetting { parent: Some("root".to_owned()), ..OrganizationSetting::root("group") };
    let mut client =
        client(Settings { organizations: vec![OrganizationSetting::root("root"), group], ..Settings::default() });
    assert_eq!(client.get(&client.v1("limits")).await.json(), json!({ "limit": 100_000, "count": 0 }));
    for version in ["orders/1.0.0", "orders/1.0.1"] {
        assert_eq!(client.publish_raml(version, &[]).await.code(), 201);
    }
    client.org = "group".to_owned();
    let development: [(&str, &[u8]); 1] = [("status", b"development")];
    for _ in 0..2 {
        assert_eq!(client.publish_raml("orders/1.0.0", &development).await.code(), 201);
    }
    for org in ["root", "group"] {
        client.org = org.to_owned();
        assert_eq!(client.get(&client.v1("limits")).await.json()["count"], 3);
        assert_eq!(client.get(&client.v1("groups")).await.json(), json!([{ "groupId": org }]));
    }
    client.org = "root".to_owned();
    assert_eq!(client.delete(&client.asset("orders/1.0.0"), "soft-delete").await.code(), 204);
    assert_eq!(client.get(&client.v1("limits")).await.json()["count"], 2, "what is deleted does not count");
    client.act_as("group", Role::Viewer);
    assert_eq!(client.get(&client.v1("groups")).await.code(), 403);
}
