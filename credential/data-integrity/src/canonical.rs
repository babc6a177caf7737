//! RDFC-1.0 ([RDF Dataset Canonicalization](https://www.w3.org/TR/rdf-canon/)) within a budget.
//!
//! The algorithm tries orders of equal-looking neighbours; a graph made for it asks for more than anybody has time for.
//! Every order tried and every neighbour looked at is paid from the budget.
//!
//! Each statement is written once, as a [`Line`] with gaps for the labels of its blank nodes. Whatever labels the algorithm
//! asks for are filled in; nothing is written anew.

mod line;
mod n_degree;

use std::collections::{BTreeMap, HashMap};

use sha2::{Sha256, Sha384};
use symbolon_credential::data_integrity::{CanonicalDataset, CanonicalHash, JsonLdBudget, JsonLdError};

use self::line::Line;
use crate::nquads::Quad;
use crate::stack::on_large_stack;

/// A blank node: its place among those of the dataset.
type Node = usize;

/// Canonicalizes. Statements that are equal count once.
pub(crate) fn canonicalize(
    quads: &[Quad],
    hash: CanonicalHash,
    budget: JsonLdBudget,
) -> Result<CanonicalDataset, JsonLdError> {
    let dataset = Dataset::of(quads);
    let canonical = dataset.canonical_numbers(hash, budget)?;
    let names = (0..dataset.labels.len())
        .map(|node| Some(format!("c14n{}", canonical.number(node)?)))
        .collect::<Option<Vec<String>>>()
        .ok_or(JsonLdError::Processor)?;
    let mut statements: Vec<String> = dataset
        .lines
        .iter()
        .map(|line| line.with_labels(|node| names.get(node).map_or("", String::as_str)))
        .collect();
    statements.sort_unstable();
    let labels = dataset.labels.into_iter().map(str::to_owned).zip(names).collect();
    Ok(CanonicalDataset { statements, labels })
}

/// Statements, each once, and the blank nodes in them.
struct Dataset<'q> {
    lines: Vec<Line>,
    /// The label of each node in the input.
    labels: Vec<&'q str>,
    /// Which lines speak of each node.
    mentions: Vec<Vec<usize>>,
}

impl<'q> Dataset<'q> {
    fn of(quads: &'q [Quad]) -> Self {
        let mut labels: Vec<&'q str> = Vec::new();
        let mut nodes: HashMap<&'q str, Node> = HashMap::new();
        let mut lines: Vec<Line> = quads
            .iter()
            .map(|quad| {
                Line::of(quad, |label| {
                    *nodes.entry(label).or_insert_with(|| {
                        labels.push(label);
                        labels.len() - 1
                    })
                })
            })
            .collect();
        lines.sort_unstable();
        lines.dedup();
        let mut mentions: Vec<Vec<usize>> = vec![Vec::new(); labels.len()];
        for (position, line) in lines.iter().enumerate() {
            for gap in line.gaps() {
                if let Some(lines) = mentions.get_mut(gap.node)
                    && lines.last() != Some(&position)
                {
                    lines.push(position);
                }
            }
        }
        Self {
            lines,
            labels,
            mentions,
        }
    }

    fn lines_of(&self, node: Node) -> impl Iterator<Item = &Line> {
        self.mentions
            .get(node)
            .into_iter()
            .flatten()
            .filter_map(|position| self.lines.get(*position))
    }

    /// The canonical number of each node (RDF-CANON §4.4.3, from step 3 on).
    fn canonical_numbers(&self, hash: CanonicalHash, budget: JsonLdBudget) -> Result<Issuer, JsonLdError> {
        let first_degree: Vec<String> = (0..self.labels.len())
            .map(|node| self.hash_first_degree(node, hash))
            .collect();
        let mut by_hash: BTreeMap<&str, Vec<Node>> = BTreeMap::new();
        for (node, hash) in first_degree.iter().enumerate() {
            by_hash.entry(hash).or_default().push(node);
        }
        let mut canonical = Issuer::default();
        for nodes in by_hash.values() {
            if let [node] = nodes.as_slice() {
                canonical.issue(*node);
            }
        }
        let alike: Vec<Vec<Node>> = by_hash.into_values().filter(|nodes| nodes.len() > 1).collect();
        if alike.is_empty() {
            return Ok(canonical);
        }
        // Telling equal-looking nodes apart recurses.
        on_large_stack(|| n_degree::tell_apart(self, &first_degree, canonical, alike, hash, budget))
    }

    /// RDF-CANON §4.6.
    fn hash_first_degree(&self, node: Node, hash: CanonicalHash) -> String {
        let mut lines: Vec<String> = self
            .lines_of(node)
            .map(|line| line.with_labels(|other| if other == node { "a" } else { "z" }))
            .collect();
        lines.sort_unstable();
        digest(hash, lines.iter().map(String::as_bytes))
    }
}

/// Issues numbers in order (RDF-CANON §4.5).
#[derive(Debug, Clone, Default)]
struct Issuer {
    numbers: HashMap<Node, usize>,
    order: Vec<Node>,
}

impl Issuer {
    fn number(&self, node: Node) -> Option<usize> {
        self.numbers.get(&node).copied()
    }

    fn issue(&mut self, node: Node) -> usize {
        let number = self.order.len();
        let issued = *self.numbers.entry(node).or_insert(number);
        if issued == number {
            self.order.push(node);
        }
        issued
    }
}

fn digest<'p>(hash: CanonicalHash, parts: impl IntoIterator<Item = &'p [u8]>) -> String {
    fn of<'p, D: sha2::Digest>(parts: impl IntoIterator<Item = &'p [u8]>) -> String {
        let mut hash = D::new();
        for part in parts {
            hash.update(part);
        }
        hex(&hash.finalize())
    }
    match hash {
        CanonicalHash::Sha256 => of::<Sha256>(parts),
        CanonicalHash::Sha384 => of::<Sha384>(parts),
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(
        bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .filter_map(|digit| DIGITS.get(usize::from(digit))),
    );
    text
}
