//! What an operation answers with one status.

use http::header::{CACHE_CONTROL, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use utoipa::ToSchema;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::Response;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder};
use utoipa::openapi::{Content, RefOr, Schema};

use super::schemas::{BINARY, Schemas, any_of, anything, one_of, text};

/// Whether a header field is on every answer with the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// On every one.
    Always,
    /// On some; the description says on which.
    Sometimes,
}

/// An answer.
#[derive(Clone)]
pub struct Answer {
    pub(super) status: u16,
    pub(super) response: Response,
    pub(super) schemas: Schemas,
    body: Body,
}

/// Whether there is a body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    Never,
    Always,
    Sometimes,
}

/// Says in a description that some answers with the status have no body, for which OpenAPI has no word.
pub(super) const BODY_MAY_BE_ABSENT: &str = "x-body-may-be-absent";

impl Answer {
    /// An answer without a body.
    #[must_use]
    pub fn empty(status: u16, description: &str) -> Self {
        Self {
            status,
            response: Response::new(description),
            schemas: Schemas::default(),
            body: Body::Never,
        }
    }

    /// An answer with a JSON body of a type.
    #[must_use]
    pub fn json<T: ToSchema>(status: u16, description: &str) -> Self {
        let mut answer = Self::empty(status, description);
        let schema = answer.schemas.refer::<T>();
        answer.body("application/json", schema)
    }

    /// An error document of OAuth: `error`, with one of these codes, and `error_description` ([RFC 6749 §5.2]).
    ///
    /// [RFC 6749 §5.2]: https://www.rfc-editor.org/rfc/rfc6749#section-5.2
    #[must_use]
    pub fn error<'a>(status: u16, description: &str, codes: impl IntoIterator<Item = &'a str>) -> Self {
        let schema = ObjectBuilder::new()
            .property("error", one_of(codes))
            .property("error_description", text())
            .required("error")
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
            .build();
        Self::empty(status, description).body("application/json", schema.into())
    }

    /// Adds a body of a media type; to one of the same type it is the alternative.
    #[must_use]
    pub fn body(mut self, media_type: &str, schema: RefOr<Schema>) -> Self {
        let former = self.response.content.swap_remove(media_type);
        let former = match former {
            Some(RefOr::T(content)) => content.schema,
            _ => None,
        };
        let schema = match former {
            Some(former) => any_of(former, schema),
            None => schema,
        };
        let content = Content::new(Some(schema));
        self.response
            .content
            .insert(media_type.to_owned(), content.into());
        self.body = match self.body {
            Body::Never | Body::Always => Body::Always,
            Body::Sometimes => Body::Sometimes,
        };
        self
    }

    /// Adds a body of a media type that is no JSON.
    #[must_use]
    pub fn file(self, media_type: &str) -> Self {
        self.body(media_type, text())
    }

    /// Adds a body of bytes.
    #[must_use]
    pub fn bytes(self) -> Self {
        self.body(BINARY, anything())
    }

    /// Some answers with the status have no body.
    #[must_use]
    pub fn or_empty(mut self) -> Self {
        self.body = Body::Sometimes;
        self
    }

    /// Adds a header field, whose value is text.
    #[must_use]
    pub fn header(mut self, name: &str, description: &str, presence: Presence) -> Self {
        let mut header = HeaderBuilder::new()
            .schema(Some(text()))
            .description(Some(description));
        if presence == Presence::Always {
            header = header.extensions(Some(Extensions::from_iter([(REQUIRED, true)])));
        }
        self.response
            .headers
            .insert(name.to_owned(), header.build().into());
        self
    }

    /// The answer changes with every request or is a secret: no cache keeps it.
    #[must_use]
    pub fn not_cached(self) -> Self {
        self.named(CACHE_CONTROL, "`no-store`", Presence::Always)
    }

    /// The answer says how long it may be kept.
    #[must_use]
    pub fn cached(self, description: &str) -> Self {
        self.named(CACHE_CONTROL, description, Presence::Always)
    }

    /// The answer says what is needed to be let in.
    #[must_use]
    pub fn challenge(self, description: &str) -> Self {
        self.named(WWW_AUTHENTICATE, description, Presence::Always)
    }

    /// The answer may say when to come back.
    #[must_use]
    pub fn retry_after(self) -> Self {
        let description = "Seconds to wait, where that is known.";
        self.named(RETRY_AFTER, description, Presence::Sometimes)
    }

    /// Adds a header field by its name.
    #[must_use]
    pub fn named(self, name: HeaderName, description: &str, presence: Presence) -> Self {
        self.header(&title_case(&name), description, presence)
    }

    /// The answer of an operation that answers a status in more than one way.
    pub(super) fn or(mut self, other: Self) -> Self {
        let body = match (self.body, other.body) {
            (one, two) if one == two => one,
            _ => Body::Sometimes,
        };
        if self.response.description != other.response.description {
            let both = format!("{} {}", self.response.description, other.response.description);
            self.response.description = both;
        }
        self.schemas.extend(other.schemas);
        for (name, header) in &mut self.response.headers {
            if !other.response.headers.contains_key(name)
                && let RefOr::T(header) = header
            {
                header.extensions = None;
            }
        }
        for (name, mut header) in other.response.headers {
            self.response.headers.entry(name).or_insert_with(|| {
                if let RefOr::T(header) = &mut header {
                    header.extensions = None;
                }
                header
            });
        }
        for (media_type, content) in other.response.content {
            if let RefOr::T(content) = content
                && let Some(schema) = content.schema
            {
                self = self.body(&media_type, schema);
            }
        }
        self.body = body;
        self
    }

    /// The response as it stands in a description.
    pub(super) fn into_response(self) -> Response {
        let mut response = self.response;
        if self.body == Body::Sometimes {
            response.extensions = Some(Extensions::from_iter([(BODY_MAY_BE_ABSENT, true)]));
        }
        response
    }
}

/// The member of a header object that utoipa has no field for.
const REQUIRED: &str = "required";

/// Header fields as people write them.
fn title_case(name: &HeaderName) -> String {
    let words = name.as_str().split('-').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        format!("{}{rest}", first.to_ascii_uppercase())
    });
    words
        .collect::<Vec<_>>()
        .join("-")
        .replace("Www-", "WWW-")
        .replace("Etag", "ETag")
}
