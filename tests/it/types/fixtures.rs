//! Small files of every kind that Exchange takes, made when they are wanted.

use std::io::Write as _;

/// An archive with these files.
pub(super) fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A jar as Maven builds it from a Mule project, with the POM that it was built from.
pub(super) fn mule_jar(id: &str, classifier: &str) -> Vec<u8> {
    let artifact = format!(
        "{{\"name\":\"{id}\",\"minMuleVersion\":\"4.4.0\",\"classLoaderModelLoaderDescriptor\":{{\"id\":\"mule\"}}}}"
    );
    let loader = format!(
        "{{\"version\":\"1.1.0\",\"artifactCoordinates\":{{\"groupId\":\"g\",\"artifactId\":\"{id}\",\
         \"version\":\"1.0.0\",\"type\":\"jar\",\"classifier\":\"{classifier}\"}},\"dependencies\":[]}}"
    );
    archive(&[
        ("META-INF/mule-artifact/mule-artifact.json", &artifact),
        ("META-INF/mule-artifact/classloader-model.json", &loader),
        (&format!("META-INF/maven/g/{id}/pom.xml"), &pom("g", id, "")),
    ])
}

/// A POM with more elements.
pub(super) fn pom(group: &str, id: &str, more: &str) -> String {
    format!(
        "<project><modelVersion>4.0.0</modelVersion><groupId>{group}</groupId><artifactId>{id}</artifactId>\
         <version>1.0.0</version>{more}</project>"
    )
}

pub(super) const RAML: &str = "#%RAML 1.0\ntitle: Shop\nversion: v1\ntypes:\n  Item: !include item.raml\n";
pub(super) const RAML_ALONE: &str = "#%RAML 1.0\ntitle: Shop\nversion: v1\n";
pub(super) const ITEM: &str = "#%RAML 1.0 DataType\ntype: object\n";
pub(super) const LIBRARY: &str = "#%RAML 1.0 Library\nusage: Words in common\n";
pub(super) const OAS: &str = "openapi: 3.0.3\ninfo: {title: Orders, version: 1.0.0}\npaths: {}\n";
pub(super) const OAS_JSON: &str = r#"{"openapi":"3.0.3","info":{"title":"Orders","version":"1.0.0"},"paths":{}}"#;
pub(super) const WSDL: &str = "<definitions name=\"Stock\" xmlns=\"http://schemas.xmlsoap.org/wsdl/\">\
                               <portType name=\"P\"/><service name=\"Stock\"/></definitions>";
pub(super) const ASYNCAPI: &str = "asyncapi: 2.6.0\ninfo: {title: Events, version: 1.0.0}\nchannels: {}\n";
pub(super) const GRAPHQL: &str = "type Query {\n  hello: String\n}\n";
pub(super) const APOLLO: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.0\", import: [\"@key\"])\n\
     type Query {\n  me: User\n}\ntype User @key(fields: \"id\") {\n  id: ID!\n}\n";
pub(super) const PROTO: &str =
    "syntax = \"proto3\";\npackage a;\nmessage M {}\nservice Greeter {\n  rpc Hello (M) returns (M);\n}\n";
pub(super) const COMPONENTS: &str =
    "openapi: 3.0.3\ninfo: {title: Parts, version: 1.0.0}\npaths: {}\ncomponents: {schemas: {A: {type: string}}}\n";
pub(super) const SCHEMA: &str = r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}"#;
pub(super) const RULESET: &str = "#%Validation Profile 1.0\nprofile: Naming\nviolation: []\nvalidations: {}\n";
pub(super) const POLICY: &str = "#%Policy Definition 0.1\nname: Limit\ndescription: Limits\ncategory: Quality\n";
pub(super) const CLASSIC_POLICY: &str =
    "id: Limit\nname: Limit\nsupportedPoliciesVersions: '>=v1'\nconfiguration: []\n";
pub(super) const CARD: &str = r#"{"name":"Helper","description":"Helps","url":"https://agent.example.com","version":"1.0.0","protocolVersion":"0.2.0","capabilities":{},"skills":[],"defaultInputModes":[],"defaultOutputModes":[]}"#;
pub(super) const ICON: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
