//! N-Quads statements and the blank nodes in them. Only whole terms are looked at: text between quotation marks that
//! looks like a blank node is the issuer's text and stays as it is.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

/// What the processor handed over is no canonical N-Quads statement, or speaks of a node that nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an RDF statement cannot be read or relabelled")]
pub struct InvalidStatement;

/// The blank node that an IRI of a skolemized document stands for (vc-di-ecdsa §3.3.6, `deskolemizeNQuads`), in every
/// statement. A blank node that is there already came from no object of the document (a cell of an ordered list), so no
/// pointer can select it.
pub(super) fn deskolemize(statements: &[String], prefix: &str) -> Result<Vec<String>, InvalidStatement> {
    statements
        .iter()
        .map(|statement| {
            rewrite(statement, |term, written| {
                let label = term
                    .strip_prefix('<')
                    .and_then(|iri| iri.strip_prefix(prefix))
                    .and_then(|label| label.strip_suffix('>'));
                match label {
                    Some(label) => written.extend(["_:", BLANK_NODE_LETTER, label]),
                    None if term.starts_with("_:") => return Err(InvalidStatement),
                    None => written.push_str(term),
                }
                Ok(())
            })
        })
        .collect()
}

/// Labels of blank nodes here begin with a letter, for readers that follow RDF 1.0.
const BLANK_NODE_LETTER: &str = "b";

/// Every statement with other labels (vc-di-ecdsa §3.3.14, `relabelBlankNodes`).
pub(super) fn relabel<L: AsRef<str>>(
    statements: &[String],
    labels: &BTreeMap<String, L>,
) -> Result<Vec<String>, InvalidStatement> {
    relabel_each(statements, |label| labels.get(label).map(AsRef::as_ref))
}

/// The same, and how many of the labels were needed.
pub(super) fn relabel_counting(
    statements: &[String],
    labels: &BTreeMap<String, String>,
) -> Result<(Vec<String>, usize), InvalidStatement> {
    let mut needed = BTreeSet::new();
    let statements = relabel_each(statements, |label| {
        let (label, new) = labels.get_key_value(label)?;
        needed.insert(label.as_str());
        Some(new.as_str())
    })?;
    Ok((statements, needed.len()))
}

fn relabel_each<'l>(
    statements: &[String],
    mut new_label: impl FnMut(&str) -> Option<&'l str>,
) -> Result<Vec<String>, InvalidStatement> {
    statements
        .iter()
        .map(|statement| {
            rewrite(statement, |term, written| {
                match term.strip_prefix("_:") {
                    Some(label) => written.extend(["_:", new_label(label).ok_or(InvalidStatement)?]),
                    None => written.push_str(term),
                }
                Ok(())
            })
        })
        .collect()
}

/// Copies a statement, with each of its terms written by `write`. The terms of canonical N-Quads are separated by one
/// space, and only a literal contains more of them.
fn rewrite(
    statement: &str,
    mut write: impl FnMut(&str, &mut String) -> Result<(), InvalidStatement>,
) -> Result<String, InvalidStatement> {
    // A relabelled blank node grows by some forty characters, and a statement has three at most.
    let mut written = String::with_capacity(statement.len() + 96);
    let mut rest = statement.strip_suffix(" .\n").ok_or(InvalidStatement)?;
    let mut terms = 0;
    loop {
        let end = term_end(rest)?;
        let (term, behind) = rest.split_at_checked(end).ok_or(InvalidStatement)?;
        terms += 1;
        if term.starts_with('"') {
            written.push_str(term);
        } else {
            write(term, &mut written)?;
        }
        match behind.strip_prefix(' ') {
            Some(behind) => {
                written.push(' ');
                rest = behind;
            }
            None if terms == 3 || terms == 4 => break,
            None => return Err(InvalidStatement),
        }
    }
    written.push_str(" .\n");
    Ok(written)
}

/// Where the first term ends: at a space, which within a literal counts only behind the closing quotation mark.
fn term_end(text: &str) -> Result<usize, InvalidStatement> {
    let bytes = text.as_bytes();
    let mut position = 0;
    if bytes.first() == Some(&b'"') {
        position = 1;
        loop {
            match bytes.get(position).ok_or(InvalidStatement)? {
                b'"' => break,
                b'\\' => position += 2,
                _ => position += 1,
            }
        }
    }
    let behind = bytes.get(position..).ok_or(InvalidStatement)?;
    let length = behind.iter().position(|byte| *byte == b' ');
    match position + length.unwrap_or(behind.len()) {
        0 => Err(InvalidStatement),
        end => Ok(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(statements: &[&str]) -> Vec<String> {
        statements
            .iter()
            .map(|statement| (*statement).to_owned())
            .collect()
    }

    #[test]
    fn relabels_nodes_and_leaves_text_alone() {
        let labels = BTreeMap::from([("c14n0".to_owned(), "uA"), ("c14n1".to_owned(), "uB")]);
        let statements = owned(&[
            "_:c14n0 <urn:p> _:c14n1 .\n",
            "_:c14n1 <urn:p> \"say \\\"_:c14n0 . <x> \" .\n",
            "_:c14n1 <urn:p> \" _:c14n0\"@en _:c14n0 .\n",
            "<urn:s> <urn:p> \"\\\\\"^^<urn:_:c14n0> .\n",
        ]);
        let expected = owned(&[
            "_:uA <urn:p> _:uB .\n",
            "_:uB <urn:p> \"say \\\"_:c14n0 . <x> \" .\n",
            "_:uB <urn:p> \" _:c14n0\"@en _:uA .\n",
            "<urn:s> <urn:p> \"\\\\\"^^<urn:_:c14n0> .\n",
        ]);
        assert_eq!(relabel(&statements, &labels), Ok(expected));
        assert_eq!(
            relabel(&owned(&["_:c14n2 <urn:p> <urn:o> .\n"]), &labels),
            Err(InvalidStatement)
        );
    }

    #[test]
    fn deskolemizes_whole_terms_of_the_prefix() {
        let statements = owned(&[
            "<urn:bnid:0> <urn:p> <urn:bnid:12> .\n",
            "<urn:bnid:0> <urn:p> \"<urn:bnid:12>\" .\n",
            "<urn:s> <urn:p> <urn:other:urn:bnid:12> .\n",
        ]);
        let expected = owned(&[
            "_:b0 <urn:p> _:b12 .\n",
            "_:b0 <urn:p> \"<urn:bnid:12>\" .\n",
            "<urn:s> <urn:p> <urn:other:urn:bnid:12> .\n",
        ]);
        assert_eq!(deskolemize(&statements, "urn:bnid:"), Ok(expected));
    }

    #[test]
    fn refuses_what_is_no_statement() {
        for statement in [
            "",
            " .\n",
            "<s> <p> .\n",
            "<s> <p> <o>",
            "<s> <p> <o> <g> <h> .\n",
            "<s> <p> \"open .\n",
            "<s> <p> \"open\\\" .\n",
            "<s>  <p> <o> .\n",
            "_:b0 <p> <o> .\n",
        ] {
            assert_eq!(
                deskolemize(&owned(&[statement]), "urn:bnid:"),
                Err(InvalidStatement),
                "{statement:?}"
            );
        }
    }
}
