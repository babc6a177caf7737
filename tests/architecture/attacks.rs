//! `tests/attacks/README.md` says which test stands for which attack in which format. It must stay true.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::mentions::{mentions, tests_of};
use crate::sources::root;

/// The rows that every format must have a test for, or a reason why not.
const ROWS: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "34"];
/// The rows about issuing, which are told by what is attacked.
const ISSUING_ROWS: [&str; 9] = ["12", "13", "14", "15", "16", "17", "18", "19", "20"];
/// The rows about presenting, which are told so too.
const PRESENTING_ROWS: [&str; 11] = ["21", "22", "23", "24", "25", "26", "27", "28", "33", "35", "37"];
const FORMATS: [&str; 6] = [
    "SD-JWT VC",
    "ISO mdoc",
    "Data Integrity",
    "ecdsa-sd-2023",
    "W3C JWT",
    "Claim 169",
];

/// One format of one row: what is said about it, and the tests that are named, each with its file.
struct Cell {
    row: String,
    format: String,
    said: String,
    tests: Vec<(String, String)>,
}

fn table(text: &str) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut row = String::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            row = heading.split('.').next().unwrap_or_default().to_owned();
        }
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, format, said, _] = columns.as_slice() else {
            continue;
        };
        // The rows of issuance are told by what is attacked, and not by formats.
        if !FORMATS.contains(format) && !said.contains(".rs`") {
            continue;
        }
        cells.push(Cell {
            row: row.clone(),
            format: (*format).to_owned(),
            said: (*said).to_owned(),
            tests: mentions(said).named,
        });
    }
    cells
}

#[test]
fn every_attack_has_a_test_for_every_format_or_a_reason_why_not() {
    let text = fs::read_to_string(root().join("tests/attacks/README.md")).expect("the table is text");
    let cells = table(&text);
    for row in ROWS {
        for format in FORMATS {
            let cell = cells.iter().find(|cell| cell.row == row && cell.format == format);
            let cell = cell.unwrap_or_else(|| panic!("row {row} says nothing about {format}"));
            assert!(
                !cell.tests.is_empty() || cell.said.starts_with("Does not apply"),
                "row {row} has no test for {format}"
            );
        }
    }
}

#[test]
fn every_attack_on_issuing_and_presenting_has_a_test() {
    let text = fs::read_to_string(root().join("tests/attacks/README.md")).expect("the table is text");
    let cells = table(&text);
    for row in ISSUING_ROWS.into_iter().chain(PRESENTING_ROWS) {
        assert!(
            cells.iter().any(|cell| cell.row == row && !cell.tests.is_empty()),
            "row {row} has no test"
        );
    }
}

#[test]
fn every_test_that_the_table_names_exists() {
    let text = fs::read_to_string(root().join("tests/attacks/README.md")).expect("the table is text");
    let mut sources: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for cell in table(&text) {
        for (file, test) in &cell.tests {
            let tests = sources.entry(file.clone()).or_insert_with(|| {
                let source = fs::read_to_string(root().join(file));
                tests_of(&source.unwrap_or_default())
            });
            if !tests.contains(test) {
                wrong.push(format!(
                    "row {}, {}: {file} has no test {test}",
                    cell.row, cell.format
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
