//! The paths of one group of hosts, by segment.

use std::cmp::Ordering;
use std::sync::Arc;

use percent_encoding::percent_decode_str;

use super::path_pattern::Segment;
use super::{PathPattern, Route};

/// A node of the tree: what its path leads to, and the segments below.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Below a literal segment, sorted by its bytes.
    literals: Vec<(Box<[u8]>, Tree)>,
    /// Below any segment.
    parameter: Option<Box<Tree>>,
    /// The routes whose path ends here.
    end: Option<Leaf>,
    /// The routes whose prefix ends here.
    rest: Option<Leaf>,
}

/// The routes of one path, for different methods.
#[derive(Debug, Default)]
pub(super) struct Leaf(pub(super) Vec<Arc<Route>>);

impl Tree {
    /// The leaf of this pattern, made where it is missing.
    pub(super) fn leaf(&mut self, pattern: &PathPattern) -> &mut Leaf {
        let node = pattern.segments().iter().fold(self, Self::child);
        let place = if pattern.is_prefix() { &mut node.rest } else { &mut node.end };
        place.get_or_insert_default()
    }

    /// The most specific leaf for the path that is left: at each segment a literal goes before a parameter, and a
    /// parameter before the rest. No node is visited twice.
    pub(super) fn find(&self, path: Option<&str>) -> Option<&Leaf> {
        let Some(path) = path else {
            return self.end.as_ref().or(self.rest.as_ref());
        };
        let (segment, below) = path.split_once('/').map_or((path, None), |(segment, below)| (segment, Some(below)));
        self.literal(segment)
            .and_then(|node| node.find(below))
            .or_else(|| self.parameter.as_ref().filter(|_| !segment.is_empty())?.find(below))
            .or(self.rest.as_ref())
    }

    /// Every route, in the order in which they are tried.
    pub(super) fn in_order<'a>(&'a self, found: &mut Vec<&'a Arc<Route>>) {
        found.extend(self.end.iter().flat_map(|leaf| &leaf.0));
        let literals = self.literals.iter().map(|(_, node)| node);
        for node in literals.chain(self.parameter.as_deref()) {
            node.in_order(found);
        }
        found.extend(self.rest.iter().flat_map(|leaf| &leaf.0));
    }

    fn child<'a>(&'a mut self, segment: &Segment) -> &'a mut Self {
        match segment {
            Segment::Parameter => self.parameter.get_or_insert_default(),
            Segment::Literal(bytes) => self.literal_or_new(bytes),
        }
    }

    #[expect(clippy::indexing_slicing, reason = "the position was found or inserted on the line before")]
    fn literal_or_new(&mut self, bytes: &[u8]) -> &mut Self {
        let position = self.literals.binary_search_by(|(own, _)| own.as_ref().cmp(bytes)).unwrap_or_else(|position| {
            self.literals.insert(position, (bytes.into(), Self::default()));
            position
        });
        &mut self.literals[position].1
    }

    fn literal(&self, segment: &str) -> Option<&Self> {
        let position = if segment.contains('%') {
            self.literals.binary_search_by(|(own, _)| compare_decoded(own, segment))
        } else {
            self.literals.binary_search_by(|(own, _)| own.as_ref().cmp(segment.as_bytes()))
        };
        self.literals.get(position.ok()?).map(|(_, node)| node)
    }
}

fn compare_decoded(own: &[u8], segment: &str) -> Ordering {
    own.iter().copied().cmp(percent_decode_str(segment))
}
