//! The country's schema: what fields there are, of which kind, and the check of a mended record.

mod kind;
mod mosip;

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value};
use thiserror::Error;

use super::IdRecord;
use super::date::CalendarDate;
use super::mend;
use super::problem::{FieldPath, Problem, Problems, Reason, RowError};
use super::text::Language;
pub(super) use kind::FieldKind;
use kind::{collect_property_names, declared_members, declared_type, kind_of};
use mosip::unwrap_identity;

/// A compiled identity schema.
///
/// It comes from a JSON Schema (draft-07) of one record, or from a schema in the shape of MOSIP deployments (an
/// `identity` object whose fields have regex `validators`), which is turned into the former. Nothing is fetched: a
/// reference to anything but the schema's own definitions is an error.
pub struct RecordSchema {
    validator: Validator,
    fields: BTreeMap<String, FieldKind>,
    member_names: Vec<String>,
    number_members: BTreeSet<(String, String)>,
}

/// The schema cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// Not JSON.
    #[error("the identity schema is not JSON (line {line})")]
    NotJson {
        /// Line, from 1.
        line: usize,
    },
    /// No `properties`, directly or under `identity`.
    #[error("the identity schema names no fields")]
    NoFields,
    /// Without a number there is nothing to issue to.
    #[error("the identity schema has no field UIN")]
    NoUin,
    /// Not a JSON Schema, an unreadable pattern, or a reference that leads outside. The place is a JSON pointer into
    /// the schema.
    #[error("the identity schema is wrong at {pointer}")]
    Invalid {
        /// JSON pointer into the schema (RFC 6901); empty for the whole.
        pointer: String,
    },
}

/// One pattern match may not take longer than this many steps, whatever the country's pattern and the row's text.
const MAX_PATTERN_STEPS: usize = 100_000;

/// The oldest person whose age is documented became 122.
const MAX_AGE_YEARS: u16 = 123;

/// A portrait from a register's enrolment kit is about 100 kB; twice that leaves room, and keeps a record of several
/// pictures within one row.
const MAX_PICTURE_BYTES: usize = 256 * 1024;

impl RecordSchema {
    /// The default identity schema 0.1.
    ///
    /// # Errors
    /// [`SchemaError`] if the shipped schema were wrong, which a test rules out.
    pub fn shipped() -> Result<Self, SchemaError> {
        Self::parse(symbolon_schemas::ID_RECORD_SCHEMA)
    }

    /// Compiles a schema. It is the operator's own and trusted to be of sane size.
    ///
    /// # Errors
    /// [`SchemaError`] when it is no schema of a record.
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        let schema: Value =
            serde_json::from_str(text).map_err(|error| SchemaError::NotJson { line: error.line() })?;
        let schema = unwrap_identity(schema);
        let properties = schema
            .get("properties")
            .and_then(Value::as_object)
            .filter(|p| !p.is_empty())
            .ok_or(SchemaError::NoFields)?;
        if !properties.contains_key(IdRecord::UIN_FIELD) {
            return Err(SchemaError::NoUin);
        }
        let validator = compile(&schema)?;
        let mut fields = BTreeMap::new();
        let mut number_members = BTreeSet::new();
        for (name, property) in properties {
            fields.insert(name.clone(), kind_of(&schema, property)?);
            for (member, described) in declared_members(&schema, property) {
                if matches!(declared_type(&schema, described, 0), Some("number" | "integer")) {
                    number_members.insert((name.clone(), member.clone()));
                }
            }
        }
        let mut member_names = Vec::new();
        collect_property_names(&schema, &mut member_names);
        member_names.sort_unstable();
        member_names.dedup();
        Ok(Self {
            validator,
            fields,
            member_names,
            number_members,
        })
    }

    /// Mends the shapes listed at [the module](crate::record), checks the record and everything that a schema cannot
    /// say: days that exist, not in the future, no language twice, pictures that are pictures.
    ///
    /// # Errors
    /// [`RowError`] with every field that is wrong.
    pub fn read(&self, value: Value, today: CalendarDate) -> Result<IdRecord, RowError> {
        let fields = mend::mend(self, value)?;
        let mut problems = Vec::new();
        self.check_meaning(&fields, today, &mut problems);
        let value = Value::Object(fields);
        for error in self.validator.iter_errors(&value).take(Problems::MAX) {
            let problem = self.problem(&error);
            // A date that is no date or a picture that is none fails its pattern too; the first reason says more.
            if !problems.iter().any(|known| known.path == problem.path) {
                problems.push(problem);
            }
        }
        let Value::Object(fields) = value else {
            return Err(RowError::NotAnObject);
        };
        if let Some(problems) = Problems::of(problems) {
            return Err(RowError::Fields(problems));
        }
        IdRecord::from_fields(fields).ok_or_else(|| {
            let problem = Problem {
                path: FieldPath::named(IdRecord::UIN_FIELD),
                reason: Reason::NotAUin,
            };
            Problems::of(vec![problem]).map_or(RowError::NotAnObject, RowError::Fields)
        })
    }

    pub(super) fn kind(&self, field: &str) -> Option<FieldKind> {
        self.fields.get(field).copied()
    }

    pub(super) fn is_number_member(&self, field: &str, member: &str) -> bool {
        self.number_members
            .contains(&(field.to_owned(), member.to_owned()))
    }

    fn check_meaning(&self, fields: &Map<String, Value>, today: CalendarDate, problems: &mut Vec<Problem>) {
        let mut found = |name: &str, reason| {
            problems.push(Problem {
                path: FieldPath::named(name),
                reason,
            })
        };
        for (name, value) in fields {
            match (self.kind(name), value) {
                (Some(FieldKind::Date), Value::String(text)) => match CalendarDate::parse(text) {
                    Err(_) => found(name, Reason::NotADay),
                    Ok(date) if date > today => found(name, Reason::InTheFuture),
                    Ok(date) if name == "dateOfBirth" && date.age_on(today) > MAX_AGE_YEARS => {
                        found(name, Reason::TooLongAgo { years: MAX_AGE_YEARS });
                    }
                    Ok(_) => {}
                },
                (Some(FieldKind::Picture), Value::String(uri)) => match mend::picture_bytes(uri) {
                    None => found(name, Reason::NotAPicture),
                    Some((_, bytes)) if bytes.len() > MAX_PICTURE_BYTES => {
                        found(
                            name,
                            Reason::PictureTooLarge {
                                max: MAX_PICTURE_BYTES,
                            },
                        );
                    }
                    Some(_) => {}
                },
                (Some(FieldKind::LanguageText), Value::Array(entries)) => {
                    let languages: Vec<Language> = entries
                        .iter()
                        .filter_map(|entry| Language::parse(entry.get("language")?.as_str()?).ok())
                        .collect();
                    for (index, language) in languages.iter().enumerate() {
                        if languages.iter().take(index).any(|earlier| earlier == language) {
                            found(name, Reason::RepeatedLanguage { language: *language });
                        }
                    }
                }
                _ => {}
            }
        }
        let date = |name| CalendarDate::parse(fields.get(name)?.as_str()?).ok();
        if let (Some(birth), Some(death)) = (date("dateOfBirth"), date("deceasedDeclarationDate"))
            && death < birth
        {
            found("deceasedDeclarationDate", Reason::BeforeBirth);
        }
    }

    /// Turns a schema violation into a problem that repeats nothing of the row.
    fn problem(&self, error: &ValidationError<'_>) -> Problem {
        let mut path = FieldPath::root();
        for segment in error.instance_path().segments() {
            path = match segment {
                LocationSegment::Index(position) => path.then_position(position),
                LocationSegment::Property(name) => self.append(path, &name),
            };
        }
        let reason = match error.kind() {
            ValidationErrorKind::Required { property } => {
                path = self.append(path, property.as_str().unwrap_or_default());
                Reason::Missing
            }
            ValidationErrorKind::Type { kind } => Reason::WrongType {
                expected: type_names(kind),
            },
            ValidationErrorKind::MinLength { limit } => Reason::TooShort { min: *limit },
            ValidationErrorKind::MaxLength { limit } => Reason::TooLong { max: *limit },
            ValidationErrorKind::MinItems { limit } => Reason::TooFew { min: *limit },
            ValidationErrorKind::Pattern { .. } => Reason::Pattern,
            ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => Reason::NotListed,
            ValidationErrorKind::UniqueItems => Reason::Repeated,
            ValidationErrorKind::AdditionalProperties { .. } => Reason::NotAllowed,
            other => Reason::Rule {
                keyword: known_keyword(other.keyword()),
            },
        };
        Problem { path, reason }
    }

    fn append(&self, path: FieldPath, name: &str) -> FieldPath {
        match self
            .member_names
            .binary_search_by(|known| known.as_str().cmp(name))
        {
            Ok(_) => path.then_name(name),
            Err(_) => path.then_other_name(),
        }
    }
}

impl core::fmt::Debug for RecordSchema {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RecordSchema")
            .field("fields", &self.fields.len())
            .finish_non_exhaustive()
    }
}

fn compile(schema: &Value) -> Result<Validator, SchemaError> {
    jsonschema::draft7::options()
        .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(MAX_PATTERN_STEPS))
        .build(schema)
        .map_err(|error| SchemaError::Invalid {
            pointer: error.instance_path().as_str().to_owned(),
        })
}

fn type_names(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(only) => only.to_string(),
        TypeKind::Multiple(several) => {
            let names: Vec<String> = several.iter().map(|one| one.to_string()).collect();
            names.join(" or ")
        }
    }
}

/// Keywords of draft-07 that [`Reason`] has no variant for.
fn known_keyword(keyword: &str) -> &'static str {
    const KEYWORDS: [&str; 15] = [
        "additionalItems",
        "anyOf",
        "contains",
        "contentEncoding",
        "dependencies",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "maxItems",
        "maxProperties",
        "maximum",
        "minimum",
        "multipleOf",
        "not",
        "oneOf",
    ];
    KEYWORDS
        .iter()
        .find(|known| **known == keyword)
        .copied()
        .unwrap_or("of another kind")
}
