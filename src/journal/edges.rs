//! Finding circles among dependencies.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Items that depend on each other in a circle, by coordinates; the first depends on the second, and so on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle(pub Vec<String>);

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for gav in &self.0 {
            write!(f, "{gav} → ")?;
        }
        f.write_str(self.0.first().map_or("", String::as_str))
    }
}

/// An arrow: `after` runs once `before` has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    pub(super) before: i64,
    pub(super) after: i64,
    pub(super) hard: bool,
}

/// The circles of a graph: one for each knot of items that can reach each other, walked along its arrows.
///
/// Each circle is a list of edges, every one leading to the item that the edge before it comes from.
pub(super) fn circles(edges: &[Edge]) -> Vec<Vec<Edge>> {
    let mut needs: BTreeMap<i64, Vec<Edge>> = BTreeMap::new();
    for edge in edges {
        needs.entry(edge.after).or_default().push(*edge);
    }
    let mut left = unsettled(edges);
    let mut found = Vec::new();
    while let Some(&start) = left.iter().next() {
        // Every item left needs another one that is left, so the walk must come back to itself.
        let mut walk: Vec<Edge> = Vec::new();
        let mut place: BTreeMap<i64, usize> = BTreeMap::new();
        let mut at = start;
        let circle = loop {
            if let Some(&from) = place.get(&at) {
                break walk.split_off(from);
            }
            place.insert(at, walk.len());
            let next = needs[&at].iter().find(|edge| left.contains(&edge.before));
            let Some(edge) = next else { break Vec::new() };
            walk.push(*edge);
            at = edge.before;
        };
        if circle.is_empty() {
            left.remove(&at);
            continue;
        }
        for edge in &circle {
            left.remove(&edge.after);
        }
        found.push(circle);
    }
    found
}

/// Items that never become free when free ones are taken away again and again.
fn unsettled(edges: &[Edge]) -> BTreeSet<i64> {
    let mut waits: BTreeMap<i64, usize> = BTreeMap::new();
    let mut behind: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for edge in edges {
        *waits.entry(edge.after).or_default() += 1;
        waits.entry(edge.before).or_default();
        behind.entry(edge.before).or_default().push(edge.after);
    }
    let mut free: Vec<i64> = waits.iter().filter(|(_, n)| **n == 0).map(|(item, _)| *item).collect();
    while let Some(item) = free.pop() {
        waits.remove(&item);
        for after in behind.remove(&item).unwrap_or_default() {
            if let Some(n) = waits.get_mut(&after) {
                *n -= 1;
                if *n == 0 {
                    free.push(after);
                }
            }
        }
    }
    // What only stands behind a circle is not in one: it does not lead back into what is left.
    waits.into_keys().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(list: &[(i64, i64)]) -> Vec<Edge> {
        list.iter().map(|&(before, after)| Edge { before, after, hard: true }).collect()
    }

    #[test]
    fn a_graph_without_circles_has_none() {
        assert!(circles(&edges(&[(1, 2), (2, 3), (1, 3), (4, 3)])).is_empty());
    }

    #[test]
    fn a_circle_is_found_and_what_stands_behind_it_is_not_part_of_it() {
        let found = circles(&edges(&[(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (0, 1)]));
        assert_eq!(found.len(), 1, "{found:?}");
        let mut members: Vec<i64> = found[0].iter().map(|e| e.after).collect();
        members.sort_unstable();
        assert_eq!(members, [1, 2, 3]);
        for pair in found[0].windows(2) {
            assert_eq!(pair[0].before, pair[1].after, "{found:?}");
        }
    }

    #[test]
    fn an_item_that_needs_itself_is_a_circle() {
        assert_eq!(circles(&edges(&[(7, 7)])).len(), 1);
    }

    #[test]
    fn two_circles_are_two() {
        assert_eq!(circles(&edges(&[(1, 2), (2, 1), (3, 4), (4, 3)])).len(), 2);
    }
}
