//! Tables name tests as `` `path/of/file.rs` `name_of_test` ``: reading that, and finding the tests of a source file.

use std::collections::BTreeSet;

/// What a cell of a table names, each name with the file that stands before it. A file that no name follows stands alone.
pub(crate) struct Mentions {
    pub(crate) named: Vec<(String, String)>,
    pub(crate) bare_files: Vec<String>,
}

/// Reads everything that stands in backticks: what ends in `.rs` is a file, the rest are names in that file.
pub(crate) fn mentions(cell: &str) -> Mentions {
    let mut file = String::new();
    let mut alone = false;
    let mut found = Mentions {
        named: Vec::new(),
        bare_files: Vec::new(),
    };
    // Every second part stands in backticks.
    for quoted in cell.split('`').skip(1).step_by(2) {
        if quoted.ends_with(".rs") {
            if alone {
                found.bare_files.push(file.clone());
            }
            quoted.clone_into(&mut file);
            alone = true;
        } else {
            found.named.push((file.clone(), quoted.to_owned()));
            alone = false;
        }
    }
    if alone {
        found.bare_files.push(file);
    }
    found
}

/// The names of the tests of a source file that run: functions under `#[test]`, `#[tokio::test]` or within `proptest!`,
/// but not under `#[ignore]`.
pub(crate) fn tests_of(source: &str) -> BTreeSet<String> {
    let mut is_test = false;
    let mut ignored = false;
    let mut found = BTreeSet::new();
    for line in source.lines().map(str::trim) {
        if line == "#[test]" || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if line.starts_with("#[ignore") {
            ignored = true;
        } else if let Some((_, rest)) = line.split_once("fn ") {
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            if is_test && !ignored {
                found.insert(name.to_owned());
            }
            (is_test, ignored) = (false, false);
        }
    }
    found
}

#[test]
fn the_search_tells_tests_from_other_functions() {
    let source = "fn helper() {}\n#[test]\nfn one() {}\n#[tokio::test]\nasync fn two() {}\npub fn three() {}\n\
                  #[test]\n#[ignore = \"slow\"]\nfn four() {}\n#[test]\nfn five() {}";
    let expected = ["one", "two", "five"].map(str::to_owned);
    assert_eq!(tests_of(source), expected.into());
}

#[test]
fn a_name_belongs_to_the_file_before_it() {
    let found = mentions("`a.rs` `one` and `two`, `b.rs` `three` `c.rs`");
    let named: Vec<String> = found
        .named
        .iter()
        .map(|(file, name)| format!("{file} {name}"))
        .collect();
    assert_eq!(named, ["a.rs one", "a.rs two", "b.rs three"]);
    assert_eq!(found.bare_files, ["c.rs"]);
}
