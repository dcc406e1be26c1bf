//! Reads the descriptions into a table of operations.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use jsonschema::Validator;
use serde_json::{Map, Value};

use super::schema;

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "patch", "head", "options"];

/// References inside references further than this are a schema that contains itself.
const MAX_DEPTH: usize = 64;

/// Every operation of some descriptions.
pub(crate) struct Description {
    pub(crate) operations: Vec<Operation>,
}

/// One operation.
pub(crate) struct Operation {
    /// The id, as `getAssetsSearch`.
    pub(crate) id: String,
    /// The method, in capitals.
    pub(crate) method: String,
    /// The path with its base, as `/exchange/api/v2/assets/{groupId}`.
    pub(crate) template: String,
    pub(crate) parameters: Vec<Parameter>,
    /// The body of a request by media type; `None` where the description says nothing about it.
    pub(crate) body: Option<Vec<Content>>,
    /// The answers, by status.
    pub(crate) responses: Vec<Response>,
    segments: Vec<Segment>,
}

/// A parameter.
pub(crate) struct Parameter {
    pub(crate) name: String,
    /// `path`, `query` or `header`.
    pub(crate) place: String,
    pub(crate) is_required: bool,
    pub(crate) schema: Value,
    pub(super) validator: Validator,
}

/// One kind of answer.
pub(crate) struct Response {
    pub(crate) status: String,
    pub(crate) content: Vec<Content>,
}

/// A body of one media type.
pub(crate) struct Content {
    pub(crate) media: String,
    pub(crate) validator: Option<Validator>,
    pub(crate) examples: Vec<Value>,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Parameter,
    /// The rest of the path, one segment or more.
    Rest,
}

impl Description {
    /// Reads files below a directory.
    pub(crate) fn read(directory: &Path, files: &[&str]) -> Self {
        let mut documents = Documents::default();
        let mut operations = Vec::new();
        for file in files {
            let file = directory.join(file);
            let document = documents.load(&file).clone();
            let document = documents.resolved(&file, &document, 0);
            operations.extend(of_document(&document));
        }
        Self { operations }
    }

    /// The operation that a method and a path call; the one with the most literal path where several fit.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<&Operation> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let fits = |operation: &&Operation| operation.method == method && operation.values(&parts).is_some();
        self.operations.iter().filter(fits).max_by_key(|operation| operation.literals())
    }
}

impl Operation {
    /// The values of the path's parameters, in the order of the template; `None` where the path is another.
    fn values(&self, parts: &[&str]) -> Option<Vec<String>> {
        let has_rest = self.segments.last() == Some(&Segment::Rest);
        let fits = if has_rest { parts.len() >= self.segments.len() } else { parts.len() == self.segments.len() };
        let mut values = Vec::new();
        for (segment, part) in fits.then(|| self.segments.iter().zip(parts))? {
            match segment {
                Segment::Literal(literal) if literal == part => {}
                Segment::Literal(_) => return None,
                Segment::Parameter if part.is_empty() => return None,
                Segment::Parameter => values.push(decode(part)),
                Segment::Rest => values.push(decode(&parts[self.segments.len() - 1..].join("/"))),
            }
        }
        Some(values)
    }

    /// The parameters of a path with their values.
    pub(super) fn path_values(&self, path: &str) -> Vec<(String, String)> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let names = self.template.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(str::to_owned);
        names.zip(self.values(&parts).unwrap_or_default()).collect()
    }

    fn literals(&self) -> Vec<bool> {
        self.segments.iter().map(|segment| matches!(segment, Segment::Literal(_))).collect()
    }
}

/// A path's segment as it was before it was encoded.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let encoded = tail.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        let encoded = encoded.filter(|_| *first == b'%');
        bytes.push(encoded.unwrap_or(*first));
        rest = if encoded.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn of_document(document: &Value) -> Vec<Operation> {
    let server = document["servers"][0]["url"].as_str().unwrap_or_default();
    let base = server.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or_default();
    let mut operations = Vec::new();
    for (path, item) in members(document.get("paths")) {
        let shared = item["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (method, raw) in members(Some(item)).filter(|(method, _)| METHODS.contains(&method.as_str())) {
            operations.push(operation(&format!("{base}{path}"), method, shared, raw));
        }
    }
    operations
}

fn operation(template: &str, method: &str, shared: &[Value], raw: &Value) -> Operation {
    let own = raw["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let response = |(status, raw): (&String, &Value)| Response { status: status.clone(), content: content(raw) };
    Operation {
        id: raw["operationId"].as_str().unwrap_or(template).to_owned(),
        method: method.to_ascii_uppercase(),
        template: template.to_owned(),
        parameters: shared.iter().chain(own).map(parameter).collect(),
        body: raw.get("requestBody").map(content),
        responses: members(raw.get("responses")).map(response).collect(),
        segments: template.trim_start_matches('/').split('/').map(segment).collect(),
    }
}

fn segment(text: &str) -> Segment {
    match text {
        "**" => Segment::Rest,
        text if text.starts_with('{') && text.ends_with("}*") => Segment::Rest,
        text if text.starts_with('{') => Segment::Parameter,
        text => Segment::Literal(text.to_owned()),
    }
}

fn parameter(raw: &Value) -> Parameter {
    let text = |name: &str| raw[name].as_str().unwrap_or_default().to_owned();
    let schema = raw.get("schema").cloned().unwrap_or(Value::Bool(true));
    Parameter {
        name: text("name"),
        place: text("in"),
        is_required: raw["required"] == true,
        validator: schema::compile(&schema),
        schema,
    }
}

fn content(raw: &Value) -> Vec<Content> {
    let of_media = |(media, raw): (&String, &Value)| {
        let several = members(raw.get("examples")).filter_map(|(_, example)| example.get("value"));
        Content {
            media: media.clone(),
            validator: raw.get("schema").map(schema::compile),
            examples: raw.get("example").into_iter().chain(several).cloned().collect(),
        }
    };
    members(raw.get("content")).map(of_media).collect()
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

/// The files that were read so far.
#[derive(Default)]
struct Documents(HashMap<PathBuf, Value>);

impl Documents {
    fn load(&mut self, file: &Path) -> &Value {
        self.0.entry(file.to_owned()).or_insert_with(|| {
            let text = fs_err::read_to_string(file).expect("the description is readable");
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{} is no YAML: {error}", file.display()))
        })
    }

    /// A value of a file, with what its references mean in their place. In OpenAPI 3.0 what stands beside a reference
    /// does not count.
    fn resolved(&mut self, file: &Path, value: &Value, depth: usize) -> Value {
        if depth > MAX_DEPTH {
            return Value::Object(Map::new());
        }
        match value {
            Value::Object(members) => match members.get("$ref").and_then(Value::as_str) {
                Some(reference) => {
                    let (name, pointer) = reference.split_once('#').unwrap_or((reference, ""));
                    let target = if name.is_empty() { file.to_owned() } else { file.with_file_name("").join(name) };
                    let found = self.load(&target).pointer(pointer).cloned();
                    let found = found.unwrap_or_else(|| panic!("{reference} of {} leads nowhere", file.display()));
                    self.resolved(&target, &found, depth + 1)
                }
                None => members.iter().map(|(n, v)| (n.clone(), self.resolved(file, v, depth + 1))).collect(),
            },
            Value::Array(items) => items.iter().map(|item| self.resolved(file, item, depth + 1)).collect(),
            other => other.clone(),
        }
    }
}
