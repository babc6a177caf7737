//! A statement that is written once, with gaps for the labels of its blank nodes.

use core::ops::Range;

use super::Node;
use crate::nquads::{Quad, Term, USUAL_STATEMENT_BYTES};

/// A statement has three places for blank nodes.
const MAX_GAPS: usize = 3;

/// A statement without the labels of its blank nodes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    /// The statement; at each gap `_:` stands, and the label is missing.
    text: String,
    gaps: [Option<Gap>; MAX_GAPS],
    /// Where the predicate is, with its brackets; always the same for the same text and gaps.
    predicate: (usize, usize),
}

/// Where a label is missing, and whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Gap {
    at: usize,
    pub(super) node: Node,
    pub(super) position: Position,
}

/// Where a blank node stands in a statement, as the hash of a related node says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Position {
    Subject,
    Object,
    Graph,
}

impl Position {
    pub(super) const fn letter(self) -> char {
        match self {
            Self::Subject => 's',
            Self::Object => 'o',
            Self::Graph => 'g',
        }
    }
}

impl Line {
    /// Writes a statement, with `node` telling the nodes of its labels.
    pub(super) fn of<'q>(quad: &'q Quad, mut node: impl FnMut(&'q str) -> Node) -> Self {
        let of_label = |term: &'q Term, node: &mut dyn FnMut(&'q str) -> Node| match term {
            Term::Blank(label) => Some(node(label)),
            _ => None,
        };
        let nodes = [
            (of_label(&quad.subject, &mut node), Position::Subject),
            (of_label(&quad.object, &mut node), Position::Object),
            (
                quad.graph.as_ref().and_then(|graph| of_label(graph, &mut node)),
                Position::Graph,
            ),
        ];
        let mut text = String::with_capacity(USUAL_STATEMENT_BYTES);
        let mut places = [None; MAX_GAPS];
        let mut next = places.iter_mut();
        quad.write(&mut text, |text, _| {
            text.push_str("_:");
            if let Some(place) = next.next() {
                *place = Some(text.len());
            }
        });
        let mut gaps = [None; MAX_GAPS];
        let filled = nodes
            .into_iter()
            .filter_map(|(node, position)| Some((node?, position)));
        for ((gap, at), (node, position)) in gaps.iter_mut().zip(places).zip(filled) {
            *gap = at.map(|at| Gap { at, node, position });
        }
        let subject = match &quad.subject {
            Term::Iri(iri) => iri.len() + 2,
            _ => 2,
        };
        Self {
            text,
            gaps,
            predicate: (subject + 1, subject + 1 + quad.predicate.len() + 2),
        }
    }

    /// The gaps, in their order.
    pub(super) fn gaps(&self) -> impl Iterator<Item = &Gap> {
        self.gaps.iter().flatten()
    }

    /// The predicate with its brackets.
    pub(super) fn predicate(&self) -> &str {
        let (start, end) = self.predicate;
        self.part(start..end)
    }

    /// The statement with these labels.
    pub(super) fn with_labels<'l>(&self, label_of: impl Fn(Node) -> &'l str) -> String {
        let mut out = String::with_capacity(self.text.len() + MAX_GAPS * 8);
        let mut position = 0;
        for gap in self.gaps() {
            out.push_str(self.part(position..gap.at));
            out.push_str(label_of(gap.node));
            position = gap.at;
        }
        out.push_str(self.part(position..self.text.len()));
        out
    }

    fn part(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }
}
