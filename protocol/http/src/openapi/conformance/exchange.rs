//! One request and its answer.

use std::sync::{Arc, Mutex, PoisonError};

use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode, Uri, request, response};
use serde_json::{Map, Value};

use super::operations::{Described, Operations, Sender};
use crate::openapi::answer::BODY_MAY_BE_ABSENT;

/// A request.
pub(super) struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    /// As much of its body as the server read.
    pub(super) body: Arc<Mutex<Vec<u8>>>,
}

impl Asked {
    pub(super) fn of(head: &request::Parts) -> Self {
        Self {
            method: head.method.clone(),
            uri: head.uri.clone(),
            headers: head.headers.clone(),
            body: Arc::default(),
        }
    }
}

/// What does not agree with the description. `body` is left out where it goes on for ever.
pub(super) fn check(
    operations: &Operations,
    asked: &Asked,
    answer: &response::Parts,
    body: Option<&[u8]>,
) -> Vec<String> {
    let status = answer.status;
    let mut wrong = Vec::new();
    match operations.find(&asked.method, asked.uri.path()) {
        Described::Operation(operation) => {
            if status == StatusCode::METHOD_NOT_ALLOWED && asked.method == Method::HEAD {
                return wrong;
            }
            let described = operation
                .get("responses")
                .and_then(|responses| responses.get(status.as_str()));
            match described {
                None => wrong.push("the status is not described".to_owned()),
                Some(described) => {
                    check_headers(described, answer, &mut wrong);
                    if let Some(body) = body {
                        check_answer(operations, asked, described, answer, body, &mut wrong);
                    }
                }
            }
            if status.is_success() || status.is_redirection() {
                check_request(operations, asked, operation, &mut wrong);
            }
        }
        // A browser asks with OPTIONS whether another site's page may read what is public.
        Described::OtherMethods if asked.method == Method::OPTIONS && status == StatusCode::OK => {}
        Described::OtherMethods => match status {
            StatusCode::METHOD_NOT_ALLOWED if answer.headers.contains_key(ALLOW) => {}
            StatusCode::UNAUTHORIZED => {}
            _ => wrong.push("a method that is not described is answered".to_owned()),
        },
        Described::Nothing => match status {
            StatusCode::NOT_FOUND | StatusCode::UNAUTHORIZED => {}
            _ => wrong.push("a path that is not described is answered".to_owned()),
        },
    }
    // Without the query, which may be long.
    let asked = format!("{} {} {}", asked.method, asked.uri.path(), status.as_u16());
    wrong.iter().map(|wrong| format!("{asked}: {wrong}")).collect()
}

fn check_headers(described: &Value, answer: &response::Parts, wrong: &mut Vec<String>) {
    for (name, header) in members(described, "headers") {
        let required = header.get("required").and_then(Value::as_bool) == Some(true);
        if required && !answer.headers.contains_key(name) {
            wrong.push(format!("the header field {name} is missing"));
        }
    }
}

fn check_answer(
    operations: &Operations,
    asked: &Asked,
    described: &Value,
    answer: &response::Parts,
    body: &[u8],
    wrong: &mut Vec<String>,
) {
    let content: Vec<_> = members(described, "content").collect();
    let may_be_absent = described.get(BODY_MAY_BE_ABSENT).is_some() || asked.method == Method::HEAD;
    if body.is_empty() {
        if !content.is_empty() && !may_be_absent {
            wrong.push("the body is missing".to_owned());
        }
        return;
    }
    let media_type = media_type(&answer.headers);
    match content.iter().find(|(name, _)| **name == media_type) {
        None => wrong.push(format!(
            "a body of the media type {media_type:?} is not described"
        )),
        Some((_, content)) => {
            if let (Some(schema), Some(value)) = (content.get("schema"), value(&media_type, body)) {
                wrong.extend(operations.errors(schema, &value, Sender::Server));
            }
        }
    }
}

/// A request that was carried out.
fn check_request(operations: &Operations, asked: &Asked, operation: &Value, wrong: &mut Vec<String>) {
    for parameter in operation
        .get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
        let required = parameter.get("required").and_then(Value::as_bool) == Some(true);
        let found = match parameter.get("in").and_then(Value::as_str) {
            Some("header") => asked.headers.contains_key(name),
            Some("query") => url::form_urlencoded::parse(asked.uri.query().unwrap_or_default().as_bytes())
                .any(|(found, _)| found == name),
            _ => true,
        };
        if required && !found {
            wrong.push(format!("was carried out without the parameter {name}"));
        }
    }
    let described = operation.get("requestBody");
    let body = asked.body.lock().unwrap_or_else(PoisonError::into_inner);
    if body.is_empty() {
        let required = described
            .and_then(|body| body.get("required"))
            .and_then(Value::as_bool);
        if required == Some(true) {
            wrong.push("was carried out without its body".to_owned());
        }
        return;
    }
    let Some(described) = described else {
        return;
    };
    let media_type = media_type(&asked.headers);
    let mut content = members(described, "content");
    // A body of which nothing is said is taken for what is described, where that is one thing.
    let is_unsaid = media_type.is_empty() && content.clone().count() == 1;
    match content.find(|(name, _)| is_unsaid || **name == media_type) {
        None => wrong.push(format!(
            "was carried out with a body of the media type {media_type:?}"
        )),
        Some((name, content)) => {
            if let (Some(schema), Some(value)) = (content.get("schema"), value(name, &body)) {
                let errors = operations.errors(schema, &value, Sender::Client);
                wrong.extend(
                    errors
                        .iter()
                        .map(|error| format!("was carried out with a body that is wrong: {error}")),
                );
            }
        }
    }
}

fn members<'v>(of: &'v Value, name: &str) -> impl Iterator<Item = (&'v String, &'v Value)> + Clone {
    of.get(name).and_then(Value::as_object).into_iter().flatten()
}

/// The media type of a message, without its parameters.
fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// A body as a schema sees it: JSON as it is, a form as an object of texts, anything else not at all.
fn value(media_type: &str, body: &[u8]) -> Option<Value> {
    if media_type == "application/json" || media_type.ends_with("+json") {
        // What is no JSON is seen as nothing that a schema allows.
        return Some(serde_json::from_slice(body).unwrap_or(Value::Bool(false)));
    }
    (media_type == "application/x-www-form-urlencoded").then(|| {
        let pairs = url::form_urlencoded::parse(body);
        let members = pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())));
        Value::Object(members.collect::<Map<_, _>>())
    })
}
