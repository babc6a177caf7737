//! Cells of a CSV row (RFC 4180), and what a table of cells says of a record. Stricter than common readers: text beside
//! a quoted cell is an error, because it is how a lost comma shows.

use core::mem::discriminant;
use std::collections::HashSet;

use serde_json::{Map, Number, Value, json};
use symbolon_crypto::encoding::json::{JsonBudget, parse_value};

use super::problem::RowError;
use super::rows::{MAX_ROW_BYTES, ReadError};
use super::schema::{FieldKind, RecordSchema};
use super::text::Language;

/// The default schema has 33 fields, most in two or three languages.
const MAX_COLUMNS: usize = 1_024;

/// A JSON value within one cell.
const CELL_BUDGET: JsonBudget = JsonBudget {
    bytes: MAX_ROW_BYTES,
    depth: 8,
    items: 1_000,
};

pub(super) enum Cells {
    Complete(Vec<String>),
    /// A quote is open where the text ends: the row goes on, or the quote is a mistake.
    Unclosed {
        /// From 1.
        column: usize,
    },
}

pub(super) fn cells(text: &str, delimiter: char) -> Result<Cells, RowError> {
    let mut cells = Vec::new();
    let mut rest = text.chars().peekable();
    loop {
        let column = cells.len() + 1;
        let mut cell = String::new();
        if rest.next_if_eq(&'"').is_some() {
            loop {
                match rest.next() {
                    None => return Ok(Cells::Unclosed { column }),
                    Some('"') if rest.next_if_eq(&'"').is_some() => cell.push('"'),
                    Some('"') => break,
                    Some(other) => cell.push(other),
                }
            }
        } else {
            while let Some(character) = rest.next_if(|next| *next != delimiter) {
                if character == '"' {
                    return Err(RowError::TextBesideQuotes { column });
                }
                cell.push(character);
            }
        }
        cells.push(cell);
        match rest.next() {
            None => return Ok(Cells::Complete(cells)),
            Some(next) if next == delimiter => {}
            Some(_) => return Err(RowError::TextBesideQuotes { column }),
        }
    }
}

/// What the header says of each column.
pub(super) struct CsvTable {
    delimiter: char,
    columns: Vec<Column>,
}

struct Column {
    field: String,
    target: Target,
}

enum Target {
    /// The whole field.
    Field(Option<FieldKind>),
    /// The text in one language.
    InLanguage(Language),
    /// One member of an object.
    Member(String, MemberKind),
}

#[derive(Clone, Copy)]
enum MemberKind {
    Text,
    Number,
}

impl CsvTable {
    pub(super) fn parse_header(text: &str, schema: &RecordSchema) -> Result<Self, ReadError> {
        // Spreadsheets of countries with a decimal comma separate by semicolon.
        let delimiter = if !text.contains(',') && text.contains(';') {
            ';'
        } else {
            ','
        };
        let Ok(Cells::Complete(names)) = cells(text, delimiter) else {
            return Err(ReadError::UnreadableHeader);
        };
        if names.len() > MAX_COLUMNS {
            return Err(ReadError::TooManyColumns { max: MAX_COLUMNS });
        }
        let mut columns = Vec::with_capacity(names.len());
        let mut seen = HashSet::new();
        for (index, name) in names.iter().enumerate() {
            let column = index + 1;
            let name = name.trim();
            let (field, part) = match name.split_once('.') {
                Some((field, part)) => (field, Some(part)),
                None => (name, None),
            };
            if field.is_empty() || part == Some("") {
                return Err(ReadError::UnnamedColumn { column });
            }
            if !seen.insert(name.to_owned()) {
                return Err(ReadError::RepeatedColumn { column });
            }
            let kind = schema.kind(field);
            let target = match part {
                None => Target::Field(kind),
                Some(part) => match (kind, Language::parse(part)) {
                    (Some(FieldKind::LanguageText) | None, Ok(language)) => Target::InLanguage(language),
                    _ if schema.is_number_member(field, part) => {
                        Target::Member(part.to_owned(), MemberKind::Number)
                    }
                    _ => Target::Member(part.to_owned(), MemberKind::Text),
                },
            };
            // One field as a whole, by language and by member cannot all be kept.
            let in_another_way = |earlier: &Column| {
                earlier.field == field && discriminant(&earlier.target) != discriminant(&target)
            };
            if columns.iter().any(in_another_way) {
                return Err(ReadError::RepeatedColumn { column });
            }
            columns.push(Column {
                field: field.to_owned(),
                target,
            });
        }
        Ok(Self { delimiter, columns })
    }

    pub(super) fn delimiter(&self) -> char {
        self.delimiter
    }

    pub(super) fn record(&self, cells: &[String]) -> Result<Value, RowError> {
        if cells.len() != self.columns.len() {
            return Err(RowError::CellCount {
                expected: self.columns.len(),
                found: cells.len(),
            });
        }
        let mut record = Map::new();
        for (column, cell) in self.columns.iter().zip(cells) {
            if cell.is_empty() {
                continue;
            }
            match &column.target {
                Target::Field(kind) => {
                    record.insert(column.field.clone(), whole_cell(*kind, cell));
                }
                Target::InLanguage(language) => {
                    let entry = json!({ "language": language.as_str(), "value": cell });
                    if let Value::Array(entries) = record.entry(&*column.field).or_insert_with(|| json!([])) {
                        entries.push(entry);
                    }
                }
                Target::Member(member, kind) => {
                    let value = match kind {
                        MemberKind::Number => number(cell),
                        MemberKind::Text => json!(cell),
                    };
                    if let Value::Object(members) = record.entry(&*column.field).or_insert_with(|| json!({}))
                    {
                        members.insert(member.clone(), value);
                    }
                }
            }
        }
        Ok(Value::Object(record))
    }
}

fn whole_cell(kind: Option<FieldKind>, cell: &str) -> Value {
    match kind {
        Some(FieldKind::Number) => number(cell),
        Some(FieldKind::Object | FieldKind::Other | FieldKind::LanguageText)
            if cell.starts_with(['{', '[']) =>
        {
            parse_value(cell.as_bytes(), CELL_BUDGET).unwrap_or_else(|_| json!(cell))
        }
        _ => json!(cell),
    }
}

/// What is no number stays a string, and the schema says so.
fn number(cell: &str) -> Value {
    cell.trim()
        .parse::<Number>()
        .map_or_else(|_| json!(cell), Value::Number)
}
