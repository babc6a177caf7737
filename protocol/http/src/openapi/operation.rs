//! One operation: a method at a path.

use std::collections::BTreeMap;

use utoipa::ToSchema;
use utoipa::openapi::external_docs::ExternalDocs;
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::{Content, RefOr, Required, Schema};

use super::answer::{Answer, Presence};
use super::schemas::{Schemas, text};
use super::security::Security;

/// A group of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub name: &'static str,
    /// What is in it.
    pub description: &'static str,
}

/// The description of an operation, which stands beside its handler.
#[derive(Clone)]
pub struct Operation {
    pub(super) id: &'static str,
    pub(super) tag: Tag,
    pub(super) security: Vec<Vec<Security>>,
    summary: &'static str,
    description: Option<&'static str>,
    specification: Option<(&'static str, &'static str)>,
    parameters: Vec<Parameter>,
    body: Option<RequestBody>,
    answers: BTreeMap<u16, Answer>,
    schemas: Schemas,
}

impl Operation {
    /// An operation by its name, which programs call it by, and its summary, which people read.
    #[must_use]
    pub fn new(id: &'static str, tag: Tag, summary: &'static str) -> Self {
        Self {
            id,
            tag,
            security: Vec::new(),
            summary,
            description: None,
            specification: None,
            parameters: Vec::new(),
            body: None,
            answers: BTreeMap::new(),
            schemas: Schemas::default(),
        }
    }

    /// What a client must know beyond the summary.
    #[must_use]
    pub const fn about(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }

    /// The section that defines the operation, and where it is read.
    #[must_use]
    pub const fn specified(mut self, section: &'static str, url: &'static str) -> Self {
        self.specification = Some((section, url));
        self
    }

    /// A part of the path.
    #[must_use]
    pub fn path(self, name: &str, description: &str) -> Self {
        self.parameter(ParameterIn::Path, name, description, Presence::Always)
    }

    /// A parameter of the query.
    #[must_use]
    pub fn query(self, name: &str, description: &str, presence: Presence) -> Self {
        self.parameter(ParameterIn::Query, name, description, presence)
    }

    /// A header field of the request.
    #[must_use]
    pub fn header(self, name: &str, description: &str, presence: Presence) -> Self {
        self.parameter(ParameterIn::Header, name, description, presence)
    }

    /// A cookie of the request.
    #[must_use]
    pub fn cookie(self, name: &str, description: &str, presence: Presence) -> Self {
        self.parameter(ParameterIn::Cookie, name, description, presence)
    }

    fn parameter(mut self, place: ParameterIn, name: &str, description: &str, presence: Presence) -> Self {
        let required = match presence {
            Presence::Always => Required::True,
            Presence::Sometimes => Required::False,
        };
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(place)
            .required(required)
            .description(Some(description))
            .schema(Some(text()));
        self.parameters.push(parameter.build());
        self
    }

    /// The request has a JSON body of a type.
    #[must_use]
    pub fn json<T: ToSchema>(self) -> Self {
        self.typed::<T>("application/json")
    }

    /// The request is a form.
    #[must_use]
    pub fn form<T: ToSchema>(self) -> Self {
        self.typed::<T>("application/x-www-form-urlencoded")
    }

    fn typed<T: ToSchema>(mut self, media_type: &str) -> Self {
        let schema = self.schemas.refer::<T>();
        self.body(media_type, schema)
    }

    /// The request has a body of a media type; one of several where this is called more than once.
    #[must_use]
    pub fn body(mut self, media_type: &str, schema: RefOr<Schema>) -> Self {
        let body = self.body.get_or_insert_with(|| {
            let mut body = RequestBody::new();
            body.required = Some(Required::True);
            body
        });
        let content = Content::new(Some(schema));
        body.content.insert(media_type.to_owned(), content.into());
        self
    }

    /// The request may be sent without its body.
    #[must_use]
    pub fn body_may_be_absent(mut self) -> Self {
        if let Some(body) = &mut self.body {
            body.required = Some(Required::False);
        }
        self
    }

    /// An example of the body, of which every value is made up.
    #[must_use]
    pub fn example(mut self, media_type: &str, example: serde_json::Value) -> Self {
        if let Some(body) = &mut self.body
            && let Some(RefOr::T(content)) = body.content.get_mut(media_type)
        {
            content.example = Some(example);
        }
        self
    }

    /// An answer. A status that is answered in more than one way has both.
    #[must_use]
    pub fn answers(mut self, answer: Answer) -> Self {
        let status = answer.status;
        let answer = match self.answers.remove(&status) {
            Some(former) => former.or(answer),
            None => answer,
        };
        self.answers.insert(status, answer);
        self
    }

    /// An answer, unless the operation describes the status itself.
    #[must_use]
    pub fn or_answers(self, answer: Answer) -> Self {
        if self.answers.contains_key(&answer.status) {
            self
        } else {
            self.answers(answer)
        }
    }

    /// One way to be let in: all of these together. Called more than once, any of the ways does.
    #[must_use]
    pub fn secured(mut self, all_of: &[Security]) -> Self {
        self.security.push(all_of.to_vec());
        self
    }

    pub(super) fn has_body(&self) -> bool {
        self.body.is_some()
    }

    /// The operation as it stands in a description, and the schemas that it refers to.
    pub(super) fn write(&self) -> (utoipa::openapi::path::Operation, Schemas) {
        let mut schemas = self.schemas.clone();
        let mut builder = OperationBuilder::new()
            .operation_id(Some(self.id))
            .tag(self.tag.name)
            .summary(Some(self.summary))
            .description(self.description)
            .request_body(self.body.clone());
        for parameter in &self.parameters {
            builder = builder.parameter(parameter.clone());
        }
        for (status, answer) in &self.answers {
            schemas.extend(answer.schemas.clone());
            builder = builder.response(status.to_string(), answer.clone().into_response());
        }
        for all_of in &self.security {
            builder = builder.security(Security::requirement(all_of));
        }
        let mut operation = builder.build();
        operation.external_docs = self.specification.map(|(section, url)| {
            let mut docs = ExternalDocs::new(url);
            docs.description = Some(section.to_owned());
            docs
        });
        (operation, schemas)
    }
}
