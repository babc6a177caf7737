//! What pointers select of a document (vc-di-ecdsa §3.3.10 to §3.3.13: `jsonPointerToPaths`, `createInitialSelection`,
//! `selectPaths`, `selectJsonLd`).

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use thiserror::Error;

use super::pointer::JsonPointer;

/// A pointer leads nowhere in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("JSON pointer {number} selects nothing in the document")]
pub struct PointerSelectsNothing {
    /// Which of the pointers, counted from zero.
    pub number: usize,
}

/// The part of a document that pointers select: their targets whole, and on the way to them nothing but `id` and `type`,
/// without which a statement would have another subject or a term another meaning. `None` without pointers.
pub(super) fn select(
    document: &Value,
    pointers: &[&JsonPointer],
) -> Result<Option<Value>, PointerSelectsNothing> {
    let mut tree = Tree::default();
    for (number, pointer) in pointers.iter().enumerate() {
        tree.add(document, pointer)
            .ok_or(PointerSelectsNothing { number })?;
    }
    let Value::Object(members) = document else {
        return Ok(None);
    };
    Ok((!pointers.is_empty()).then(|| {
        let mut selected = tree.members(members);
        if let Some(context) = members.get("@context") {
            // In front, where readers look for it.
            selected.shift_insert(0, "@context".to_owned(), context.clone());
        }
        Value::Object(selected)
    }))
}

/// Where pointers lead, merged, so that the order in which they come does not matter.
#[derive(Default)]
struct Tree<'p> {
    whole: Whole,
    members: BTreeMap<&'p str, Tree<'p>>,
    elements: BTreeMap<usize, Tree<'p>>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Whole {
    #[default]
    Parts,
    Whole,
}

impl<'p> Tree<'p> {
    fn add(&mut self, document: &Value, pointer: &'p JsonPointer) -> Option<()> {
        let mut tree = self;
        let mut value = document;
        for part in pointer.parts() {
            (value, tree) = match value {
                Value::Object(members) => {
                    (members.get(part)?, tree.members.entry(part.as_str()).or_default())
                }
                Value::Array(elements) => {
                    let index = array_index(part)?;
                    (elements.get(index)?, tree.elements.entry(index).or_default())
                }
                _ => return None,
            };
        }
        tree.whole = Whole::Whole;
        Some(())
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            _ if self.whole == Whole::Whole => value.clone(),
            Value::Object(members) => Value::Object(self.members(members)),
            Value::Array(elements) => Value::Array(
                self.elements
                    .iter()
                    .filter_map(|(index, tree)| elements.get(*index).map(|element| tree.value(element)))
                    .collect(),
            ),
            // A tree goes no further than the values it was made from.
            literal => literal.clone(),
        }
    }

    fn members(&self, members: &Map<String, Value>) -> Map<String, Value> {
        members
            .iter()
            .filter_map(|(name, value)| {
                let selected = match (name.as_str(), self.members.get(name.as_str())) {
                    // Whole even for a pointer into it: it stands on the way to every other target too.
                    ("type", _) => value.clone(),
                    (_, Some(tree)) => tree.value(value),
                    ("id", None) if !is_blank(value) => value.clone(),
                    (_, None) => return None,
                };
                Some((name.clone(), selected))
            })
            .collect()
    }
}

/// RFC 6901 §4: digits without a leading zero.
fn array_index(part: &str) -> Option<usize> {
    let canonical = part == "0" || (!part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit()));
    canonical.then(|| part.parse().ok()).flatten()
}

fn is_blank(id: &Value) -> bool {
    id.as_str().is_some_and(|id| id.starts_with("_:"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn selected(document: &Value, pointers: &[&str]) -> Result<Option<Value>, PointerSelectsNothing> {
        let pointers: Vec<_> = pointers
            .iter()
            .map(|text| JsonPointer::parse(text).unwrap())
            .collect();
        select(document, &pointers.iter().collect::<Vec<_>>())
    }

    fn document() -> Value {
        json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "id": "urn:example:1",
            "type": ["VerifiableCredential"],
            "issuer": {"id": "did:example:issuer", "name": "Registry"},
            "credentialSubject": [
                {"id": "_:b0", "type": "Person", "name": "A", "address": {"city": "X", "lines": [["1"], ["2"], ["3"]]}},
                {"id": "did:example:2", "name": "B", "alive": true},
            ],
        })
    }

    #[test]
    fn shows_identifiers_and_types_on_the_way_to_a_target() {
        let expected = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "id": "urn:example:1",
            "type": ["VerifiableCredential"],
            "credentialSubject": [
                {"type": "Person", "address": {"lines": [["1"], ["3"]]}},
                {"id": "did:example:2", "alive": true},
            ],
        });
        let pointers = [
            "/credentialSubject/1/alive",
            "/credentialSubject/0/address/lines/2/0",
            "/credentialSubject/0/address/lines/0",
        ];
        assert_eq!(selected(&document(), &pointers).unwrap().unwrap(), expected);
    }

    #[test]
    fn a_target_within_another_changes_nothing_in_whatever_order() {
        let whole = selected(&document(), &["/credentialSubject"]).unwrap();
        for pointers in [
            ["/credentialSubject", "/credentialSubject/0/address/city"],
            ["/credentialSubject/0/address/city", "/credentialSubject"],
        ] {
            assert_eq!(selected(&document(), &pointers).unwrap(), whole);
        }
    }

    #[test]
    fn a_pointer_into_the_types_does_not_hide_the_others() {
        let document = json!({"type": ["A", "B"], "issuer": "did:example:1"});
        let expected = json!({"type": ["A", "B"]});
        assert_eq!(selected(&document, &["/type/0"]), Ok(Some(expected)));
    }

    #[test]
    fn nothing_is_selected_without_a_pointer() {
        assert_eq!(selected(&document(), &[]), Ok(None));
    }

    #[test]
    fn a_pointer_that_leads_nowhere_is_named_by_its_number() {
        for pointer in [
            "/nothing",
            "/credentialSubject/2",
            "/credentialSubject/-",
            "/credentialSubject/00",
            "/credentialSubject/+1",
            "/credentialSubject/name",
            "/issuer/name/0",
            "/issuer/0",
        ] {
            assert_eq!(
                selected(&document(), &["/issuer", pointer]),
                Err(PointerSelectsNothing { number: 1 }),
                "{pointer}"
            );
        }
    }
}
