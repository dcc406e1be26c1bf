//! Whether one request and its answer keep to the description.

use std::fmt;

use http::{HeaderMap, header::CONTENT_TYPE};
use jsonschema::Validator;
use serde_json::Value;

use super::{
    Departure,
    description::{Content, Description, Operation, Parameter, decode},
    schema,
};

/// An answer, with what was asked.
pub(crate) struct Answer<'a> {
    pub(crate) method: &'a str,
    /// The path, with a query or without.
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// Something that the description does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The id of the operation.
    pub(crate) operation: String,
    /// What was looked at: a status, or the place of a value.
    pub(crate) place: String,
    pub(crate) message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.operation, self.place, self.message)
    }
}

impl Description {
    /// What is wrong with an answer; nothing where the description does not know the call.
    ///
    /// The description documents few errors. Those of gateway and validator (EXCHANGE.md §3.7) may come from any
    /// operation, in the shapes that they have everywhere; a success that is not documented may not.
    pub(crate) fn wrong_with_answer(&self, answer: &Answer<'_>) -> Vec<Finding> {
        let path = answer.path.split('?').next().unwrap_or_default();
        let Some(operation) = self.find(answer.method, path) else { return Vec::new() };
        let findings = operation.wrong_with_answer(answer);
        findings.into_iter().filter(|finding| !Departure::covers(finding)).collect()
    }

    /// What is wrong with a request; `None` where the description does not know the call.
    pub(crate) fn wrong_with_request(
        &self,
        method: &str,
        path: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Option<Vec<Finding>> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let operation = self.find(method, path)?;
        let mut findings = operation.wrong_with_parameters(path, query, headers);
        findings.extend(operation.wrong_with_body(headers, body));
        Some(findings)
    }
}

impl Operation {
    /// What is wrong with an answer, departures included.
    pub(crate) fn wrong_with_answer(&self, answer: &Answer<'_>) -> Vec<Finding> {
        let status = answer.status.to_string();
        let documented = self.responses.iter().find(|response| response.status == status);
        let messages = match documented {
            Some(response) if !response.content.is_empty() => wrong_with_content(&response.content, answer),
            _ if answer.status == 204 && !answer.body.is_empty() => vec![at("body", "a 204 has none")],
            _ if answer.status >= 400 => self.wrong_with_error(answer),
            Some(_) => Vec::new(),
            None => vec![at(&status, "this status is not documented")],
        };
        messages.into_iter().map(|(place, message)| self.finding(place, message)).collect()
    }

    /// An error that the description says nothing about has a known shape, or no body.
    fn wrong_with_error(&self, answer: &Answer<'_>) -> Vec<(String, String)> {
        if answer.body.is_empty() {
            return Vec::new();
        }
        // The Consumer API has one shape for all errors.
        let general = self.responses.iter().find(|response| response.status == "400" && !response.content.is_empty());
        if let Some(response) = general {
            return wrong_with_content(&response.content, answer);
        }
        let Ok(body) = serde_json::from_slice::<Value>(answer.body) else { return vec![at("body", "is no JSON")] };
        let is_plain = body["name"].is_string() && body["details"].is_null();
        let is_publication = body["code"].is_string() && body["details"]["errors"].is_array();
        if body["status"] != answer.status || !body["message"].is_string() || !(is_plain || is_publication) {
            return vec![at("body", format!("is an error of neither shape: {body}"))];
        }
        Vec::new()
    }

    fn wrong_with_parameters(&self, path: &str, query: &str, headers: &HeaderMap) -> Vec<Finding> {
        let mut given: Vec<(&str, String, String)> = Vec::new();
        given.extend(self.path_values(path).into_iter().map(|(name, value)| ("path", name, value)));
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            given.push(("query", decode(name), decode(&value.replace('+', " "))));
        }
        for (name, value) in headers {
            given.push(("header", name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        }
        let is = |parameter: &Parameter, place: &str, name: &str| {
            parameter.place == place && (parameter.name == name || parameter.name.eq_ignore_ascii_case(name))
        };
        let mut findings = Vec::new();
        for (place, name, value) in &given {
            let known = self.parameters.iter().find(|parameter| is(parameter, place, name));
            let wrong = match known {
                Some(known) => wrong_with_text(known, value),
                None if *place == "query" => vec!["is not documented".to_owned()],
                None => Vec::new(),
            };
            findings.extend(wrong.into_iter().map(|message| self.finding(format!("{place} {name}"), message)));
        }
        for required in self.parameters.iter().filter(|parameter| parameter.is_required) {
            if !given.iter().any(|(place, name, _)| is(required, place, name)) {
                let place = format!("{} {}", required.place, required.name);
                findings.push(self.finding(place, "is required".to_owned()));
            }
        }
        findings
    }

    fn wrong_with_body(&self, headers: &HeaderMap, body: &[u8]) -> Vec<Finding> {
        let Some(documented) = &self.body else { return Vec::new() };
        let answer = Answer { method: "", path: "", status: 0, headers, body };
        let wrong =
            if body.is_empty() { vec![at("body", "is missing")] } else { wrong_with_content(documented, &answer) };
        wrong.into_iter().map(|(place, message)| self.finding(place, message)).collect()
    }

    fn finding(&self, place: String, message: String) -> Finding {
        Finding { operation: self.id.clone(), place, message }
    }
}

fn wrong_with_text(parameter: &Parameter, text: &str) -> Vec<String> {
    let value = if schema::is_array(&parameter.schema) {
        text.split(',').map(Value::from).collect()
    } else {
        schema::from_text(&parameter.schema, text)
    };
    parameter.validator.iter_errors(&value).map(|error| error.to_string()).collect()
}

fn wrong_with_content(documented: &[Content], answer: &Answer<'_>) -> Vec<(String, String)> {
    let media = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let fits = |content: &&Content| content.media == media || content.media == "*/*";
    let Some(content) = documented.iter().find(fits) else {
        let names: Vec<&str> = documented.iter().map(|content| content.media.as_str()).collect();
        return vec![at("content-type", format!("is `{media}`, documented is {}", names.join(", ")))];
    };
    let value = if media == "application/json" {
        match serde_json::from_slice(answer.body) {
            Ok(value) => value,
            Err(error) => return vec![at("body", format!("is no JSON: {error}"))],
        }
    } else {
        Value::String(String::from_utf8_lossy(answer.body).into_owned())
    };
    content.validator.as_ref().map(|validator| wrong_with_value(validator, &value)).unwrap_or_default()
}

fn wrong_with_value(validator: &Validator, value: &Value) -> Vec<(String, String)> {
    let show = |error: jsonschema::ValidationError<'_>| {
        let message: String = error.to_string().chars().take(400).collect();
        (format!("body{}", error.instance_path()), message)
    };
    validator.iter_errors(value).map(show).collect()
}

fn at(place: impl Into<String>, message: impl Into<String>) -> (String, String) {
    (place.into(), message.into())
}
