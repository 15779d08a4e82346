//! How many aliases Backstage's reader follows: `maxAliasCount` of npm's `yaml`, which is 100 (its `nodes/Alias`).

use std::collections::HashMap;

use super::events::{Item, Items, What};

const MOST: usize = 100;

/// The aliases of an anchor so far, and the most that any part of its value stands for.
struct Anchor {
    uses: usize,
    weight: usize,
}

/// The alias at which it gives up.
pub(super) fn excess<'i>(items: &'i Items<'_>) -> Option<&'i Item<'i>> {
    let mut anchors: HashMap<usize, Anchor> = HashMap::new();
    items.all.iter().find(|item| {
        let What::Alias(anchor) = item.what else { return false };
        let Some(target) = items.anchors.get(&anchor) else { return false };
        if anchors.get(&anchor).is_none_or(|it| it.weight == 0) {
            let weight = weight(items, *target, &anchors);
            anchors.entry(anchor).or_insert(Anchor { uses: 1, weight }).weight = weight;
        }
        anchors.get_mut(&anchor).is_some_and(|it| {
            it.uses += 1;
            it.uses * it.weight > MOST
        })
    })
}

/// The most that a scalar or an alias of a value counts for.
fn weight(items: &Items<'_>, start: usize, anchors: &HashMap<usize, Anchor>) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    for item in &items.all[start..] {
        match &item.what {
            What::Scalar(_) => most = most.max(1),
            What::Alias(anchor) => most = most.max(anchors.get(anchor).map_or(0, |it| it.uses * it.weight)),
            What::List { .. } | What::Map { .. } => depth += 1,
            What::End => depth = depth.saturating_sub(1),
        }
        if depth == 0 {
            break;
        }
    }
    most
}
