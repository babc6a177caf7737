//! A document, read for finding the operation of a request and for judging bodies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use http::Method;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use url::Url;

/// The operations of a document.
pub(super) struct Operations {
    paths: Vec<DescribedPath>,
    components: Value,
    /// The same, with every object closed.
    closed: Value,
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

struct DescribedPath {
    template: Vec<String>,
    methods: Map<String, Value>,
}

/// What a document says of a method at a path.
pub(super) enum Described<'a> {
    /// The operation.
    Operation(&'a Value),
    /// The path has other methods.
    OtherMethods,
    /// There is no such path.
    Nothing,
}

impl Operations {
    /// Reads a document.
    ///
    /// # Panics
    /// When it is no description: this is for tests.
    #[expect(clippy::expect_used, reason = "for tests, which are to fail here")]
    pub(super) fn read(document: &Value) -> Self {
        let base = base_of(document.get("servers"));
        let paths = document
            .get("paths")
            .and_then(Value::as_object)
            .expect("a document has paths");
        let paths = paths.iter().map(|(path, item)| {
            let methods = item.as_object().expect("a path is an object");
            let base = match methods.get("servers") {
                Some(own) => base_of(Some(own)),
                None => base.clone(),
            };
            DescribedPath {
                template: segments(&format!("{base}{path}")),
                methods: methods.clone(),
            }
        });
        let components = document.get("components").cloned().unwrap_or_default();
        Self {
            paths: paths.collect(),
            closed: closed_components(&components),
            components,
            validators: Mutex::default(),
        }
    }

    /// The operation of a request. Of two paths that fit, the one with fewer variable parts.
    pub(super) fn find(&self, method: &Method, path: &str) -> Described<'_> {
        let asked = segments(path);
        let fitting = self.paths.iter().filter(|described| described.fits(&asked));
        let Some(described) = fitting.min_by_key(|described| described.variables()) else {
            return Described::Nothing;
        };
        let method = match method.as_str() {
            "HEAD" => "get".to_owned(),
            other => other.to_ascii_lowercase(),
        };
        match described.methods.get(&method) {
            Some(operation) => Described::Operation(operation),
            None => Described::OtherMethods,
        }
    }

    /// What is wrong with a value by a schema of the document.
    #[expect(clippy::expect_used, reason = "for tests, which are to fail here")]
    pub(super) fn errors(&self, schema: &Value, value: &Value, sender: Sender) -> Vec<String> {
        let mut schema = schema.clone();
        let components = match sender {
            Sender::Client => &self.components,
            Sender::Server => {
                close(&mut schema, Top::Closed);
                &self.closed
            }
        };
        let validator = {
            let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
            let validator = validators
                .entry(format!("{sender:?} {schema}"))
                .or_insert_with(|| {
                    let whole = json!({ "allOf": [schema], "components": components });
                    let validator = jsonschema::draft202012::new(&whole);
                    Arc::new(validator.expect("a schema of the document is a schema"))
                });
            Arc::clone(validator)
        };
        let errors = validator.iter_errors(value);
        errors
            .map(|error| format!("{error} at {:?}", error.instance_path().to_string()))
            .collect()
    }
}

/// Who sent a value. A client may add members that nobody reads; what the server answers is described to the last member.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sender {
    /// The client.
    Client,
    /// The server.
    Server,
}

/// Whether the members of a schema itself are all that an object has, or a part of them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Top {
    Closed,
    Part,
}

fn closed_components(components: &Value) -> Value {
    let mut components = components.clone();
    let mut parts = BTreeSet::new();
    gather_parts(&components, &mut parts);
    let schemas = components.get_mut("schemas").and_then(Value::as_object_mut);
    for (name, schema) in schemas.into_iter().flatten() {
        let top = if parts.contains(&format!("#/components/schemas/{name}")) {
            Top::Part
        } else {
            Top::Closed
        };
        close(schema, top);
    }
    components
}

/// The schemas that are parts of others.
fn gather_parts(value: &Value, parts: &mut BTreeSet<String>) {
    let of_all = value.get("allOf").and_then(Value::as_array);
    for part in of_all.into_iter().flatten() {
        parts.extend(part.get("$ref").and_then(Value::as_str).map(str::to_owned));
    }
    match value {
        Value::Object(members) => members.values().for_each(|value| gather_parts(value, parts)),
        Value::Array(values) => values.iter().for_each(|value| gather_parts(value, parts)),
        _ => {}
    }
}

/// Allows objects no members but those that are described.
fn close(schema: &mut Value, top: Top) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    if top == Top::Closed {
        if members.contains_key("allOf") {
            members.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
        } else if members.contains_key("properties") && !members.contains_key("additionalProperties") {
            members.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
    }
    for (name, value) in members {
        match name.as_str() {
            "allOf" => each(value, |part| close(part, Top::Part)),
            "oneOf" | "anyOf" => each(value, |one| close(one, top)),
            "prefixItems" => each(value, |item| close(item, Top::Closed)),
            "items" | "additionalProperties" => close(value, Top::Closed),
            "properties" => {
                for value in value.as_object_mut().into_iter().flat_map(Map::values_mut) {
                    close(value, Top::Closed);
                }
            }
            _ => {}
        }
    }
}

fn each(values: &mut Value, change: impl FnMut(&mut Value)) {
    values.as_array_mut().into_iter().flatten().for_each(change);
}

impl DescribedPath {
    fn fits(&self, asked: &[String]) -> bool {
        self.template.len() == asked.len()
            && self
                .template
                .iter()
                .zip(asked)
                .all(|(described, asked)| is_variable(described) || described == asked)
    }

    fn variables(&self) -> usize {
        self.template
            .iter()
            .filter(|segment| is_variable(segment))
            .count()
    }
}

fn is_variable(segment: &str) -> bool {
    segment.starts_with('{')
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

fn base_of(servers: Option<&Value>) -> String {
    let url = servers
        .and_then(|servers| servers.get(0)?.get("url")?.as_str())
        .and_then(|url| Url::parse(url).ok());
    url.map(|url| url.path().trim_end_matches('/').to_owned())
        .unwrap_or_default()
}
