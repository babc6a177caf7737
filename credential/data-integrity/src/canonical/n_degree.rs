//! Telling apart nodes whose own statements look the same, by their neighbours (RDF-CANON §4.8).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use symbolon_credential::data_integrity::{CanonicalHash, JsonLdBudget, JsonLdError};

use super::line::Position;
use super::{Dataset, Issuer, Node, digest};

/// Blank nodes in one path of Hash N-Degree Quads: each is a level of recursion.
const MAX_PATH_NODES: usize = 512;

/// The canonical number of each node, given those that are told apart already (RDF-CANON §4.4.3, step 5). `alike` are the
/// others, in the order of their hashes.
pub(super) fn tell_apart(
    dataset: &Dataset<'_>,
    first_degree: &[String],
    canonical: Issuer,
    alike: Vec<Vec<Node>>,
    hash: CanonicalHash,
    budget: JsonLdBudget,
) -> Result<Issuer, JsonLdError> {
    let mut search = Search {
        dataset,
        first_degree,
        canonical,
        hash,
        work: budget.n_degree_hashes,
    };
    for nodes in alike {
        let mut results = Vec::new();
        for node in nodes {
            if search.canonical.number(node).is_some() {
                continue;
            }
            let mut issuer = Issuer::default();
            issuer.issue(node);
            results.push(search.hash_n_degree(node, &issuer, MAX_PATH_NODES)?);
        }
        results.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (_, issuer) in results {
            for node in issuer.order {
                search.canonical.issue(node);
            }
        }
    }
    Ok(search.canonical)
}

struct Search<'d, 'q> {
    dataset: &'d Dataset<'q>,
    first_degree: &'d [String],
    canonical: Issuer,
    hash: CanonicalHash,
    work: usize,
}

impl Search<'_, '_> {
    fn pay(&mut self, amount: usize) -> Result<(), JsonLdError> {
        self.work = self.work.checked_sub(amount).ok_or(JsonLdError::OverBudget)?;
        Ok(())
    }

    /// RDF-CANON §4.7.
    fn hash_related(&self, related: Node, predicate: &str, issuer: &Issuer, position: Position) -> String {
        let mut input = String::from(position.letter());
        if position != Position::Graph {
            input.push_str(predicate);
        }
        if let Some(number) = self.canonical.number(related) {
            push_label(&mut input, "c14n", number);
        } else if let Some(number) = issuer.number(related) {
            push_label(&mut input, "b", number);
        } else if let Some(hash) = self.first_degree.get(related) {
            input.push_str(hash);
        }
        digest(self.hash, [input.as_bytes()])
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
        for line in self.dataset.lines_of(node) {
            for gap in line.gaps().filter(|gap| gap.node != node) {
                looked_at += 1;
                let hash = self.hash_related(gap.node, line.predicate(), issuer, gap.position);
                by_hash.entry(hash).or_default().push(gap.node);
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
        Ok((digest(self.hash, [data.as_bytes()]), issuer))
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
                push_label(&mut path, "c14n", number);
            } else {
                if issuer.number(node).is_none() {
                    recursion.push(node);
                }
                push_label(&mut path, "b", issuer.issue(node));
            }
            if is_beaten(&path) {
                return Ok(None);
            }
        }
        for node in recursion {
            let (hash, of_result) = self.hash_n_degree(node, &issuer, levels)?;
            push_label(&mut path, "b", issuer.issue(node));
            path.extend(["<", &hash, ">"]);
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

fn push_label(out: &mut String, prefix: &str, number: usize) {
    // Writing to memory does not fail.
    let _ = write!(out, "_:{prefix}{number}");
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
