//! The maps of `tests/conformance` say which test stands for which demand of a specification, and which check it tests.
//! They must stay whole and true.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::mentions::{mentions, tests_of};
use crate::sources::root;

const HEADER: [&str; 5] = ["number", "section", "demand", "test", "check"];
const SECTIONS: &str = "Sections: ";
const NOT_OURS: &str = "## Not ours";

/// The tests in these folders speak HTTP with what they test.
const THROUGH_HTTP: [&str; 5] = [
    "issuer/server/tests/",
    "verifier/server/tests/",
    "wallet-core/server/tests/",
    "tests/flows/",
    "tests/attacks/",
];

/// The wallet's core has no HTTP of its own: here it exchanges the same messages through its port for a transport. This counts in maps
/// of a wallet alone.
const THROUGH_THE_WALLETS_PORT: &str = "wallet-core/tests/flows/";
const OF_A_WALLET: &str = "-wallet.md";

/// One demand of a specification.
struct Row {
    number: String,
    section: String,
    tests: String,
    check: String,
}

/// One file, and what is wrong with its form.
#[derive(Default)]
struct Map {
    sections: Vec<String>,
    rows: Vec<Row>,
    /// The sections of the demands that bind others.
    not_ours: Vec<String>,
    wrong: Vec<String>,
}

fn parse(text: &str) -> Map {
    let mut map = Map::default();
    let mut not_ours = false;
    for line in text.lines().map(str::trim) {
        if let Some(sections) = line.strip_prefix(SECTIONS) {
            let sections = sections.trim_end_matches('.').split(", ");
            map.sections.extend(sections.map(str::to_owned));
        } else if line.starts_with('#') {
            not_ours = line == NOT_OURS;
        } else if line.starts_with('|') {
            row(line, &mut map);
        } else if not_ours && let Some(entry) = line.strip_prefix("- ") {
            match entry.split_once(": ") {
                Some((section, reason)) if !reason.trim().is_empty() => map.not_ours.push(section.to_owned()),
                _ => map.wrong.push(format!("no section and reason: {line}")),
            }
        }
    }
    map
}

fn row(line: &str, map: &mut Map) {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let [before, number, section, demand, tests, check, after] = cells.as_slice() else {
        map.wrong.push(format!("not five cells: {line}"));
        return;
    };
    let cells = [*number, *section, *demand, *tests, *check];
    if cells == HEADER || cells.iter().all(|cell| *cell == "---") {
        return;
    }
    if !before.is_empty() || !after.is_empty() || cells.iter().any(|cell| cell.is_empty()) {
        map.wrong.push(format!("an empty cell: {line}"));
        return;
    }
    map.rows.push(Row {
        number: (*number).to_owned(),
        section: (*section).to_owned(),
        tests: (*tests).to_owned(),
        check: (*check).to_owned(),
    });
}

/// Everything that is wrong with the maps, each a name and a text. `read` reads a file of the repository.
fn problems(maps: &[(String, String)], read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut numbers: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (name, text) in maps {
        let map = parse(text);
        wrong.extend(map.wrong.iter().map(|problem| format!("{name}: {problem}")));
        wrong.extend(gaps(&map).into_iter().map(|problem| format!("{name}: {problem}")));
        for row in &map.rows {
            let number = row.number.rsplit_once('-');
            let number = number.and_then(|(family, number)| Some((family, number.parse().ok()?)));
            match number {
                None => wrong.push(format!("{name}: {} is no number", row.number)),
                Some((family, number)) => {
                    if !numbers.entry(family.to_owned()).or_default().insert(number) {
                        wrong.push(format!("{name}: {} is there twice", row.number));
                    }
                }
            }
            let untrue = untrue(row, name.ends_with(OF_A_WALLET), read);
            wrong.extend(
                untrue
                    .into_iter()
                    .map(|problem| format!("{}: {problem}", row.number)),
            );
        }
    }
    for (family, numbers) in numbers {
        let skipped =
            (1..=numbers.last().copied().unwrap_or_default()).filter(|number| !numbers.contains(number));
        wrong.extend(skipped.map(|number| format!("{family}-{number} is skipped")));
    }
    wrong
}

/// Sections that nothing is said about, and what is said about sections that the map does not list.
fn gaps(map: &Map) -> Vec<String> {
    let listed: BTreeSet<&String> = map.sections.iter().collect();
    let told: BTreeSet<&String> = map
        .rows
        .iter()
        .map(|row| &row.section)
        .chain(&map.not_ours)
        .collect();
    let mut wrong: Vec<String> = Vec::new();
    if map.rows.is_empty() {
        wrong.push("no rows".to_owned());
    }
    wrong.extend(
        listed
            .difference(&told)
            .map(|section| format!("nothing is said about section {section}")),
    );
    wrong.extend(
        told.difference(&listed)
            .map(|section| format!("section {section} is not listed")),
    );
    wrong
}

/// What a row names and is not there.
fn untrue(row: &Row, of_a_wallet: bool, read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let tests = mentions(&row.tests);
    for (file, test) in &tests.named {
        match read(file) {
            None => wrong.push(format!("there is no file {file}")),
            Some(source) if !tests_of(&source).contains(test) => {
                wrong.push(format!("{file} has no test {test} that runs"));
            }
            Some(_) => {}
        }
    }
    let through_http = |(file, _): &(String, String)| {
        THROUGH_HTTP.iter().any(|folder| file.starts_with(folder))
            || of_a_wallet && file.starts_with(THROUGH_THE_WALLETS_PORT)
    };
    if !tests.named.iter().any(through_http) {
        wrong.push("no test goes through HTTP".to_owned());
    }
    let checks = mentions(&outside_parentheses(&row.check));
    for (file, definition) in &checks.named {
        match read(file) {
            None => wrong.push(format!("there is no file {file}")),
            Some(source) if !defines(&source, definition) => {
                wrong.push(format!("{file} does not define {definition}"));
            }
            Some(_) => {}
        }
    }
    if checks.named.is_empty() {
        wrong.push("no check is named".to_owned());
    }
    for file in tests.bare_files.iter().chain(&checks.bare_files) {
        wrong.push(format!("nothing is named in {file}"));
    }
    wrong
}

/// What a check's condition says stands in parentheses, and may quote what it likes.
fn outside_parentheses(cell: &str) -> String {
    let mut depth = 0_usize;
    cell.chars()
        .filter(|character| {
            match character {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        })
        .collect()
}

/// Whether a source file defines a function, a type or a constant, the last part of a path such as `Offer::link`.
fn defines(source: &str, path: &str) -> bool {
    let name = path.rsplit("::").next().unwrap_or(path);
    let word = |character: char| character.is_alphanumeric() || character == '_';
    source.lines().any(|line| {
        let mut words = line
            .split(|character| !word(character))
            .filter(|word| !word.is_empty());
        let keyword = words.find(|word| ["fn", "const", "static", "struct", "enum", "trait"].contains(word));
        // A function may be `const fn`.
        keyword.is_some() && words.find(|word| *word != "fn") == Some(name)
    })
}

#[test]
fn every_demand_has_a_test_through_http_and_a_check_that_are_there() {
    let mut maps = Vec::new();
    for entry in fs::read_dir(root().join("tests/conformance")).expect("the maps have a folder") {
        let path = entry.expect("the folder can be read").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".md") && name != "README.md" {
            maps.push((name, fs::read_to_string(&path).expect("a map is text")));
        }
    }
    assert!(!maps.is_empty(), "there are maps");
    let wrong = problems(&maps, &|file| fs::read_to_string(root().join(file)).ok());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

const TEST_FILE: &str = "issuer/server/tests/issuer/flow.rs";
const CHECK_FILE: &str = "issuer/src/rules.rs";

/// A repository of three files.
fn repository(file: &str) -> Option<String> {
    let text = match file {
        TEST_FILE => "#[tokio::test]\nasync fn goes() {}\n#[test]\n#[ignore]\nfn waits() {}\nfn helps() {}",
        CHECK_FILE => "impl Rules {\n    pub(crate) const fn allowed(&self) {}\n}\nconst LIMIT: u8 = 1;",
        "issuer/src/tests.rs" => "#[test]\nfn pure() {}",
        _ => return None,
    };
    Some(text.to_owned())
}

/// What is wrong with a map of one section and these lines.
fn problems_of(lines: &str) -> Vec<String> {
    let text = format!(
        "# Map\n\nSections: 4.1.\n\n| number | section | demand | test | check |\n|---|---|---|---|---|\n{lines}"
    );
    problems(&[("map.md".to_owned(), text)], &repository)
}

fn good(number: &str) -> String {
    format!(
        "| {number} | 4.1 | Be good. | `{TEST_FILE}` `goes` | `{CHECK_FILE}` `Rules::allowed` (who `asks`) |\n"
    )
}

#[test]
fn a_good_map_passes() {
    assert_eq!(
        problems_of(&(good("VCI-1") + &good("HAIP-1") + &good("VCI-2"))),
        [""; 0]
    );
}

#[test]
fn a_malformed_row_is_told() {
    for line in [
        "| VCI-2 | 4.1 | Be good. | `a.rs` `b` |",
        "| VCI-2 | 4.1 | Be good. | `a.rs` `b` | `c.rs` `d` | more |",
        "| VCI-2 | 4.1 |  | `a.rs` `b` | `c.rs` `d` |",
        "| VCI-2 | 4.1 | Be good. | `a.rs` `b` | `c.rs` `d` | more",
    ] {
        let wrong = problems_of(&(good("VCI-1") + line));
        assert_eq!(wrong.len(), 1, "{line}: {wrong:?}");
    }
    let wrong = problems_of(&(good("VCI-1") + &good("VCI-one")));
    assert_eq!(wrong, ["map.md: VCI-one is no number"]);
    assert!(problems_of("").contains(&"map.md: no rows".to_owned()));
}

#[test]
fn a_number_that_is_used_twice_or_skipped_is_told() {
    assert_eq!(
        problems_of(&(good("VCI-1") + &good("VCI-1"))),
        ["map.md: VCI-1 is there twice"]
    );
    assert_eq!(
        problems_of(&(good("VCI-1") + &good("VCI-3"))),
        ["VCI-2 is skipped"]
    );
    // Numbers are told apart over all files.
    let text = format!("Sections: 4.1.\n\n{}", good("VCI-1"));
    let maps = [("a.md".to_owned(), text.clone()), ("b.md".to_owned(), text)];
    assert_eq!(problems(&maps, &repository), ["b.md: VCI-1 is there twice"]);
}

#[test]
fn a_section_that_nothing_is_said_about_is_told() {
    let text = |rest: &str| format!("Sections: 4.1, 4.2.\n\n{}{rest}", good("VCI-1"));
    let wrong = |rest: &str| problems(&[("map.md".to_owned(), text(rest))], &repository);
    assert_eq!(wrong(""), ["map.md: nothing is said about section 4.2"]);
    assert_eq!(wrong("\n## Not ours\n\n- 4.2: the wallet's.\n"), [""; 0]);
    assert_eq!(
        wrong("\n## Not ours\n\n- 4.2\n"),
        [
            "map.md: no section and reason: - 4.2",
            "map.md: nothing is said about section 4.2"
        ]
    );
    assert_eq!(
        wrong("\n## Not ours\n\n- 4.2: the wallet's.\n- 9: nobody's.\n"),
        ["map.md: section 9 is not listed"]
    );
}

#[test]
fn a_test_or_check_that_is_not_there_is_told() {
    let row =
        |test: &str, check: &str| problems_of(&format!("| VCI-1 | 4.1 | Be good. | {test} | {check} |"));
    let (test, check) = (
        &*format!("`{TEST_FILE}` `goes`"),
        &*format!("`{CHECK_FILE}` `LIMIT`"),
    );
    assert_eq!(row(test, check), [""; 0]);
    for (test, check, expected) in [
        (
            "`issuer/server/tests/none.rs` `goes`",
            check,
            "there is no file issuer/server/tests/none.rs",
        ),
        (
            &format!("`{TEST_FILE}` `helps`"),
            check,
            &format!("{TEST_FILE} has no test helps that runs"),
        ),
        (
            &format!("`{TEST_FILE}` `waits`"),
            check,
            &format!("{TEST_FILE} has no test waits that runs"),
        ),
        ("`issuer/src/tests.rs` `pure`", check, "no test goes through HTTP"),
        ("by eye", check, "no test goes through HTTP"),
        (
            &format!("{test} `issuer/src/tests.rs`"),
            check,
            "nothing is named in issuer/src/tests.rs",
        ),
        (
            test,
            "`issuer/src/none.rs` `allowed`",
            "there is no file issuer/src/none.rs",
        ),
        (
            test,
            &format!("`{CHECK_FILE}` `Rules::allow`"),
            &format!("{CHECK_FILE} does not define Rules::allow"),
        ),
        (test, "the issuer's", "no check is named"),
    ] {
        assert_eq!(row(test, check), [format!("VCI-1: {expected}")]);
    }
}
