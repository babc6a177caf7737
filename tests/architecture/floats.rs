//! Some libraries that later steps link raise `serde_json/arbitrary_precision` for the whole build. Under it an
//! internally tagged or untagged enum that holds a float no longer parses, so no wire type may have one.

use std::fs;

use crate::LAYERS;
use crate::sources::{folder, root, rust_files};

/// The names of enums in `source` that serde tags internally, adjacently or not at all, and that hold a float.
fn tagged_enums_with_floats(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find("#[serde(") {
        rest = &rest[at + 1..];
        let Some(end) = rest.find(")]") else { break };
        let attribute = &rest[..end];
        if !(attribute.contains("untagged") || attribute.contains("tag =")) {
            continue;
        }
        let item = &rest[end + 2..];
        let Some(open) = item.find('{') else { continue };
        let head = &item[..open];
        let Some(name) = head.split_whitespace().skip_while(|word| *word != "enum").nth(1) else {
            continue;
        };
        let mut depth = 0_usize;
        let body = item[open..]
            .char_indices()
            .find_map(|(index, character)| {
                match character {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                (depth == 0).then(|| &item[open..open + index])
            })
            .unwrap_or(&item[open..]);
        if body.contains("f64") || body.contains("f32") {
            found.push(name.to_owned());
        }
    }
    found
}

#[test]
fn no_tagged_or_untagged_wire_enum_holds_a_float() {
    for layer in LAYERS {
        for file in rust_files(&root().join(folder(layer.package)).join("src")) {
            let text = fs::read_to_string(&file).expect("a source file is text");
            assert_eq!(
                tagged_enums_with_floats(&text),
                Vec::<String>::new(),
                "in {}",
                file.display()
            );
        }
    }
}

#[test]
fn the_search_itself_notices_a_float() {
    let source =
        "#[derive(Deserialize)]\n#[serde(untagged)]\npub enum Amount { Whole(u64), Part { value: f64 } }";
    assert_eq!(tagged_enums_with_floats(source), ["Amount"]);
    let harmless = "#[serde(rename_all = \"snake_case\")]\npub enum Amount { Part(f64) }";
    assert_eq!(tagged_enums_with_floats(harmless), Vec::<String>::new());
}
