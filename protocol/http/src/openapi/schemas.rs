//! Schemas of bodies: derived from types, or of what is no JSON.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AnyOfBuilder, Array, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Schema};

/// The media type of bytes that are no text.
pub const BINARY: &str = "application/octet-stream";
/// The media type of the texts that the framework answers with where a request cannot be read at all.
pub const TEXT: &str = "text/plain";

/// Schemas under the names by which others refer to them.
#[derive(Clone, Default)]
pub struct Schemas(Vec<(String, RefOr<Schema>)>);

impl Schemas {
    /// Takes up a type and all that it is made of. The answer refers to it.
    pub fn refer<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let name = T::name().into_owned();
        self.0.push((name.clone(), T::schema()));
        T::schemas(&mut self.0);
        RefOr::Ref(Ref::from_schema_name(name))
    }

    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(String, RefOr<Schema>)> {
        self.0.iter()
    }
}

/// A text without more rules than its media type has.
#[must_use]
pub fn text() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).build().into()
}

/// A text out of a closed list.
#[must_use]
pub fn one_of<'a>(values: impl IntoIterator<Item = &'a str>) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(values))
        .build()
        .into()
}

/// One of the values of an enumeration, by the names that they have on the wire.
#[must_use]
pub fn named<T: Serialize>(values: impl IntoIterator<Item = T>) -> RefOr<Schema> {
    let names = values
        .into_iter()
        .filter_map(|value| serde_json::to_value(value).ok());
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(names))
        .build()
        .into()
}

/// Any JSON: documents whose shape is their specification's and changes with the configuration.
#[must_use]
pub fn anything() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::AnyValue)
        .build()
        .into()
}

/// A JSON object whose members are their specification's.
#[must_use]
pub fn object() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::Object).build().into()
}

/// A list.
#[must_use]
pub fn list_of(item: RefOr<Schema>) -> RefOr<Schema> {
    RefOr::T(Schema::Array(Array::new(item)))
}

/// One schema or another.
#[must_use]
pub fn any_of(first: RefOr<Schema>, second: RefOr<Schema>) -> RefOr<Schema> {
    if first == second {
        return first;
    }
    RefOr::T(Schema::AnyOf(
        AnyOfBuilder::new().item(first).item(second).build(),
    ))
}
