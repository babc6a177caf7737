//! RDFC-1.0 ([RDF Dataset Canonicalization](https://www.w3.org/TR/rdf-canon/)) within a budget.
//!
//! The algorithm tries orders of equal-looking neighbours; a graph made for it asks for more than anybody has time for.
//! Every order tried and every neighbour looked at is paid from the budget.

use std::collections::{BTreeMap, HashMap};

use sha2::{Digest as _, Sha256, Sha384};
use symbolon_credential::data_integrity::{CanonicalDataset, CanonicalHash, JsonLdBudget, JsonLdError};

use crate::nquads::{Quad, Term};

/// Blank nodes in one path of Hash N-Degree Quads: each is a level of recursion.
const MAX_PATH_NODES: usize = 512;

/// A blank node: its place among those of the dataset.
type Node = usize;

/// Canonicalizes. Statements that are equal count once.
pub(crate) fn canonicalize(
    quads: Vec<Quad>,
    hash: CanonicalHash,
    budget: JsonLdBudget,
) -> Result<CanonicalDataset, JsonLdError> {
    let mut labels: Vec<String> = Vec::new();
    let mut nodes: HashMap<String, Node> = HashMap::new();
    let mut mentions: Vec<Vec<usize>> = Vec::new();
    let mut unique: BTreeMap<String, Quad> = quads.into_iter().map(|quad| (quad.to_string(), quad)).collect();
    let quads: Vec<Quad> = std::mem::take(&mut unique).into_values().collect();
    for (position, quad) in quads.iter().enumerate() {
        for (_, label) in blank_labels(quad) {
            let node = *nodes.entry(label.to_owned()).or_insert_with(|| {
                labels.push(label.to_owned());
                mentions.push(Vec::new());
                labels.len() - 1
            });
            if let Some(quads) = mentions.get_mut(node)
                && quads.last() != Some(&position)
            {
                quads.push(position);
            }
        }
    }
    let mut state = State {
        quads: &quads,
        nodes: &nodes,
        mentions: &mentions,
        first_degree: Vec::new(),
        canonical: Issuer::default(),
        hash,
        work: budget.n_degree_hashes,
    };
    state.issue_all(&labels)?;
    let canonical_label = |label: &str| -> Result<String, JsonLdError> {
        let node = nodes.get(label).ok_or(JsonLdError::Processor)?;
        let number = state.canonical.number(*node).ok_or(JsonLdError::Processor)?;
        Ok(format!("c14n{number}"))
    };
    let mut statements = Vec::with_capacity(quads.len());
    for quad in &quads {
        statements.push(relabel(quad, canonical_label)?.to_string());
    }
    statements.sort_unstable();
    let labels = labels
        .iter()
        .map(|label| Ok((label.clone(), canonical_label(label)?)))
        .collect::<Result<_, JsonLdError>>()?;
    Ok(CanonicalDataset { statements, labels })
}

/// Where a blank node stands in a statement, as the hash of a related node says it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Subject,
    Object,
    Graph,
}

impl Position {
    const fn letter(self) -> char {
        match self {
            Self::Subject => 's',
            Self::Object => 'o',
            Self::Graph => 'g',
        }
    }
}

fn blank_labels(quad: &Quad) -> impl Iterator<Item = (Position, &str)> {
    [
        (Position::Subject, Some(&quad.subject)),
        (Position::Object, Some(&quad.object)),
        (Position::Graph, quad.graph.as_ref()),
    ]
    .into_iter()
    .filter_map(|(position, term)| match term {
        Some(Term::Blank(label)) => Some((position, label.as_str())),
        _ => None,
    })
}

fn relabel(quad: &Quad, label_of: impl Fn(&str) -> Result<String, JsonLdError>) -> Result<Quad, JsonLdError> {
    let relabelled = |term: &Term| match term {
        Term::Blank(label) => label_of(label).map(Term::Blank),
        other => Ok(other.clone()),
    };
    Ok(Quad {
        subject: relabelled(&quad.subject)?,
        predicate: quad.predicate.clone(),
        object: relabelled(&quad.object)?,
        graph: quad.graph.as_ref().map(relabelled).transpose()?,
    })
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
        if let Some(number) = self.number(node) {
            return number;
        }
        let number = self.order.len();
        self.numbers.insert(node, number);
        self.order.push(node);
        number
    }
}

struct State<'d> {
    quads: &'d [Quad],
    nodes: &'d HashMap<String, Node>,
    mentions: &'d [Vec<usize>],
    first_degree: Vec<String>,
    canonical: Issuer,
    hash: CanonicalHash,
    work: usize,
}

impl State<'_> {
    fn pay(&mut self, amount: usize) -> Result<(), JsonLdError> {
        self.work = self.work.checked_sub(amount).ok_or(JsonLdError::OverBudget)?;
        Ok(())
    }

    fn digest(&self, text: &str) -> String {
        match self.hash {
            CanonicalHash::Sha256 => hex(&Sha256::digest(text)),
            CanonicalHash::Sha384 => hex(&Sha384::digest(text)),
        }
    }

    fn quads_of(&self, node: Node) -> impl Iterator<Item = &Quad> {
        self.mentions
            .get(node)
            .into_iter()
            .flatten()
            .filter_map(|position| self.quads.get(*position))
    }

    /// RDF-CANON §4.4.3, from step 3 on.
    fn issue_all(&mut self, labels: &[String]) -> Result<(), JsonLdError> {
        let mut by_hash: BTreeMap<String, Vec<Node>> = BTreeMap::new();
        for (node, label) in labels.iter().enumerate() {
            let hash = self.hash_first_degree(node, label)?;
            self.first_degree.push(hash.clone());
            by_hash.entry(hash).or_default().push(node);
        }
        for nodes in by_hash.values() {
            if let [node] = nodes.as_slice() {
                self.canonical.issue(*node);
            }
        }
        for nodes in by_hash.into_values().filter(|nodes| nodes.len() > 1) {
            let mut results = Vec::new();
            for node in nodes {
                if self.canonical.number(node).is_some() {
                    continue;
                }
                let mut issuer = Issuer::default();
                issuer.issue(node);
                results.push(self.hash_n_degree(node, &issuer, MAX_PATH_NODES)?);
            }
            results.sort_by(|(one, _), (other, _)| one.cmp(other));
            for (_, issuer) in results {
                for node in issuer.order {
                    self.canonical.issue(node);
                }
            }
        }
        Ok(())
    }

    /// RDF-CANON §4.6.
    fn hash_first_degree(&self, node: Node, label: &str) -> Result<String, JsonLdError> {
        let mut lines = Vec::new();
        for quad in self.quads_of(node) {
            let line = relabel(
                quad,
                |other| Ok(if other == label { "a" } else { "z" }.to_owned()),
            )?;
            lines.push(line.to_string());
        }
        lines.sort_unstable();
        Ok(self.digest(&lines.concat()))
    }

    /// RDF-CANON §4.7.
    fn hash_related(&self, related: Node, predicate: &str, issuer: &Issuer, position: Position) -> String {
        let mut input = String::from(position.letter());
        if position != Position::Graph {
            input.push('<');
            input.push_str(predicate);
            input.push('>');
        }
        if let Some(number) = self.canonical.number(related) {
            input.push_str(&format!("_:c14n{number}"));
        } else if let Some(number) = issuer.number(related) {
            input.push_str(&format!("_:b{number}"));
        } else if let Some(hash) = self.first_degree.get(related) {
            input.push_str(hash);
        }
        self.digest(&input)
    }

    /// RDF-CANON §4.8.
    fn hash_n_degree(
        &mut self,
        node: Node,
        issuer: &Issuer,
        levels: usize,
    ) -> Result<(String, Issuer), JsonLdError> {
        let levels = levels.checked_sub(1).ok_or(JsonLdError::OverBudget)?;
        let mut by_hash: BTreeMap<String, Vec<Node>> = BTreeMap::new();
        let mut looked_at = 0;
        for quad in self.quads_of(node) {
            for (position, label) in blank_labels(quad) {
                let Some(&related) = self.nodes.get(label) else {
                    continue;
                };
                if related != node {
                    looked_at += 1;
                    let hash = self.hash_related(related, &quad.predicate, issuer, position);
                    by_hash.entry(hash).or_default().push(related);
                }
            }
        }
        // Eight hashes of neighbours cost about as much as the rest of a call.
        self.pay(1 + looked_at / 8)?;
        let mut data = String::new();
        let mut issuer = issuer.clone();
        for (hash, mut related) in by_hash {
            data.push_str(&hash);
            let (path, chosen) = self.shortest_path(&mut related, &issuer, levels)?;
            data.push_str(&path);
            issuer = chosen;
        }
        Ok((self.digest(&data), issuer))
    }

    /// RDF-CANON §4.8.3 step 5: the least path over all orders of `related`.
    fn shortest_path(
        &mut self,
        related: &mut [Node],
        issuer: &Issuer,
        levels: usize,
    ) -> Result<(String, Issuer), JsonLdError> {
        let mut least: Option<(String, Issuer)> = None;
        related.sort_unstable();
        loop {
            self.pay(1)?;
            if let Some(found) = self.path(related, issuer, least.as_ref(), levels)? {
                least = Some(found);
            }
            if !next_permutation(related) {
                break;
            }
        }
        least.ok_or(JsonLdError::Processor)
    }

    /// The path of one order; `None` where it is not less than the least so far.
    fn path(
        &mut self,
        related: &[Node],
        issuer: &Issuer,
        least: Option<&(String, Issuer)>,
        levels: usize,
    ) -> Result<Option<(String, Issuer)>, JsonLdError> {
        let is_beaten =
            |path: &str| least.is_some_and(|(least, _)| path.len() >= least.len() && path > least.as_str());
        let mut issuer = issuer.clone();
        let mut path = String::new();
        let mut recursion = Vec::new();
        for &node in related {
            if let Some(number) = self.canonical.number(node) {
                path.push_str(&format!("_:c14n{number}"));
            } else {
                if issuer.number(node).is_none() {
                    recursion.push(node);
                }
                path.push_str(&format!("_:b{}", issuer.issue(node)));
            }
            if is_beaten(&path) {
                return Ok(None);
            }
        }
        for node in recursion {
            let (hash, of_result) = self.hash_n_degree(node, &issuer, levels)?;
            path.push_str(&format!("_:b{}<{hash}>", issuer.issue(node)));
            issuer = of_result;
            if is_beaten(&path) {
                return Ok(None);
            }
        }
        match least {
            Some((least, _)) if path >= *least => Ok(None),
            _ => Ok(Some((path, issuer))),
        }
    }
}

/// The next order of `items`, ascending; `false` behind the last.
fn next_permutation(items: &mut [Node]) -> bool {
    let Some(descent) = items
        .windows(2)
        .rposition(|pair| matches!(pair, [one, next] if one < next))
    else {
        return false;
    };
    let pivot = items.get(descent).copied().unwrap_or_default();
    if let Some(larger) = items.iter().rposition(|item| *item > pivot) {
        items.swap(descent, larger);
    }
    if let Some(tail) = items.get_mut(descent + 1..) {
        tail.reverse();
    }
    true
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| DIGITS.get(usize::from(digit)))
        .collect()
}
