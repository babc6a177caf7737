//! Rows of a file, one at a time: each becomes a record or a reason, and none stops the others.

use std::io::{self, BufRead};

use serde::Serialize;
use serde_json::Value;
use symbolon_crypto::encoding::base64;
use symbolon_crypto::encoding::json::{self, JsonBudget};
use thiserror::Error;

use super::csv::{self, CsvTable};
use super::date::CalendarDate;
use super::problem::RowError;
use super::schema::RecordSchema;
use super::{IdRecord, csv::Cells};
use lines::{Line, Lines};

mod lines;

/// Longest row that is read, in bytes: a record with a portrait and a few scanned references. Longer rows are
/// rejected without being held in memory.
pub const MAX_ROW_BYTES: usize = 1 << 20;

/// Objects within each other, and members in all, of one NDJSON row.
const ROW_BUDGET: JsonBudget = JsonBudget {
    bytes: MAX_ROW_BYTES,
    depth: 16,
    items: 4_000,
};

/// Lines that one CSV row may span by quoted line breaks. A row whose quote never closes costs no more than this.
const MAX_LINES_OF_CSV_ROW: usize = 64;

/// How the rows of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFormat {
    /// One JSON object on each line.
    Ndjson,
    /// Comma- or semicolon-separated cells (RFC 4180) under a header line.
    ///
    /// A column is named by its field (`UIN`, `dateOfBirth`), by field and language for texts in languages
    /// (`fullName.eng`, `addressLine1.ara`), or by field and member for objects (`proofOfIdentity.type`). An empty
    /// cell leaves the field, the language or the member out. A cell of an object field may hold JSON instead. Columns
    /// that the schema does not know are kept: as a text by language where the part after the dot is three lower-case
    /// letters, as a member otherwise, as a string without a dot.
    Csv,
}

/// One row of a file.
#[derive(Debug)]
pub struct Row {
    /// The line on which the row begins, from 1, as an editor counts; the header of a CSV file is line 1.
    pub number: u64,
    /// The record, or why there is none.
    pub outcome: Result<IdRecord, RowError>,
    raw: Vec<u8>,
    length: u64,
}

/// A rejected row as it is written to the `*.rejected.ndjson` file, so that it can be mended and imported again.
/// Exactly one of the three raw members is there. Personal data.
#[derive(Serialize)]
pub struct RejectedRow<'a> {
    /// [`Row::number`].
    pub row: u64,
    /// Why, without anything that the row holds.
    pub reason: String,
    /// The row without its line end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<&'a str>,
    /// The row in base64, where it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_base64: Option<String>,
    /// Length in bytes of a row that was too long to be kept; it is still in the file that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_bytes: Option<u64>,
}

impl Row {
    /// What the file of rejected rows says of this row; `None` when it gave a record.
    #[must_use]
    pub fn rejected(&self) -> Option<RejectedRow<'_>> {
        let reason = self.outcome.as_ref().err()?;
        let mut rejected = RejectedRow {
            row: self.number,
            reason: reason.to_string(),
            raw: None,
            raw_base64: None,
            raw_bytes: None,
        };
        match core::str::from_utf8(&self.raw) {
            _ if *reason == RowError::TooLong => rejected.raw_bytes = Some(self.length),
            Ok(text) => rejected.raw = Some(text),
            Err(_) => rejected.raw_base64 = Some(base64::encode(&self.raw)),
        }
        Some(rejected)
    }

    /// Bytes that the row takes in its file, with line ends: what a progress bar adds up.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }
}

/// Why a file cannot be read on. Rows that were read before it stand.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The input failed.
    #[error("the input could not be read")]
    Input(#[source] io::Error),
    /// A CSV file without a header line.
    #[error("no header line")]
    NoHeader,
    /// A header line that is too long, not UTF-8 or wrongly quoted.
    #[error("the header line is not readable")]
    UnreadableHeader,
    /// A column without a name.
    #[error("column {column} of the header has no name")]
    UnnamedColumn {
        /// Column, from 1.
        column: usize,
    },
    /// Two columns with one name, or one field in two ways (as a whole, by language, by member).
    #[error("column {column} of the header repeats an earlier one")]
    RepeatedColumn {
        /// Column, from 1.
        column: usize,
    },
    /// More columns than any register has.
    #[error("the header has more than {max} columns")]
    TooManyColumns {
        /// The bound.
        max: usize,
    },
}

/// Reads a file row by row: an iterator of rows that ends at the end of the input, or after a [`ReadError`]. Blank
/// lines are skipped; a byte order mark and both kinds of line end are understood.
pub struct RowReader<'s, R> {
    schema: &'s RecordSchema,
    today: CalendarDate,
    lines: Lines<R>,
    table: Option<CsvTable>,
    ended: bool,
}

impl<'s, R: BufRead> RowReader<'s, R> {
    /// Starts to read; of a CSV file the header line is read now. `today` is the day against which births and deaths
    /// are checked.
    ///
    /// # Errors
    /// [`ReadError`] when the header cannot be used.
    pub fn new(
        format: RowFormat,
        input: R,
        schema: &'s RecordSchema,
        today: CalendarDate,
    ) -> Result<Self, ReadError> {
        let mut lines = Lines::new(input);
        let table = match format {
            RowFormat::Ndjson => None,
            RowFormat::Csv => {
                let header = lines
                    .next()
                    .map_err(ReadError::Input)?
                    .ok_or(ReadError::NoHeader)?;
                let text = header.text().map_err(|_| ReadError::UnreadableHeader)?;
                Some(CsvTable::parse_header(text, schema)?)
            }
        };
        Ok(Self {
            schema,
            today,
            lines,
            table,
            ended: false,
        })
    }

    fn next_row(&mut self) -> io::Result<Option<Row>> {
        loop {
            let Some(line) = self.lines.next()? else {
                return Ok(None);
            };
            if line.is_blank() {
                continue;
            }
            let (line, value) = match &self.table {
                None => {
                    let value = json_object(&line);
                    (line, value)
                }
                Some(table) => csv_row(table, &mut self.lines, line)?,
            };
            let outcome = value.and_then(|value| self.schema.read(value, self.today));
            return Ok(Some(Row {
                number: line.number,
                outcome,
                raw: line.bytes,
                length: line.length,
            }));
        }
    }
}

impl<R: BufRead> Iterator for RowReader<'_, R> {
    type Item = Result<Row, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = self.next_row().map_err(ReadError::Input).transpose();
        self.ended = !matches!(row, Some(Ok(_)));
        row
    }
}

fn json_object(line: &Line) -> Result<Value, RowError> {
    json::parse_value(line.text()?.as_bytes(), ROW_BUDGET).map_err(|_| RowError::NotJson)
}

/// Reads one CSV row, which goes on over as many lines as its quotes ask for. When what comes of that is no row, the
/// quote was a mistake: the first line alone is rejected, and reading goes on behind it, so that one stray quote does
/// not swallow the rows that follow.
fn csv_row<R: BufRead>(
    table: &CsvTable,
    lines: &mut Lines<R>,
    first: Line,
) -> io::Result<(Line, Result<Value, RowError>)> {
    let mut following = Vec::new();
    let mut joined: Option<String> = None;
    let error = loop {
        let cells = match (&joined, first.text()) {
            (_, Err(error)) => Err(error),
            (None, Ok(text)) => csv::cells(text, table.delimiter()),
            (Some(text), Ok(_)) => csv::cells(text, table.delimiter()),
        };
        let column = match cells {
            Ok(Cells::Complete(cells)) => match table.record(&cells) {
                Ok(value) => {
                    let line = first.with_following(joined, &following);
                    return Ok((line, Ok(value)));
                }
                Err(error) => break error,
            },
            Err(error) => break error,
            Ok(Cells::Unclosed { column }) => column,
        };
        let length = joined.as_ref().map_or(first.bytes.len(), String::len);
        let next = if following.len() + 1 < MAX_LINES_OF_CSV_ROW {
            lines.next()?
        } else {
            None
        };
        let Some(next) = next else {
            break RowError::UnclosedQuote { column };
        };
        let continued = match (next.text(), first.text()) {
            (Ok(text), Ok(start)) if length + text.len() < MAX_ROW_BYTES => {
                let mut all = joined.take().unwrap_or_else(|| start.to_owned());
                all.push('\n');
                all.push_str(text);
                Some(all)
            }
            _ => None,
        };
        following.push(next);
        match continued {
            Some(all) => joined = Some(all),
            None => break RowError::UnclosedQuote { column },
        }
    };
    lines.put_back(following);
    Ok((first, Err(error)))
}
