//! Which beads have to be there before which. Pure.

use super::installed::Beads;
use crate::document::Bead;

/// How many beads have to be there before this one, one after the other; the way around when they wait for each other
/// in a circle. What is not installed ends a chain.
pub fn depth(bead: &Bead, beads: &Beads) -> Result<usize, Vec<String>> {
    let mut way = vec![bead.metadata.name.clone()];
    below(bead, beads, &mut way)
}

fn below(bead: &Bead, beads: &Beads, way: &mut Vec<String>) -> Result<usize, Vec<String>> {
    let mut deepest = 0;
    for dependency in &bead.spec.depends_on {
        let name = &dependency.bead;
        let closes = way.first() == Some(name);
        if !closes && way.contains(name) {
            continue; // a circle of others, which is told of them
        }
        way.push(name.clone());
        if closes {
            return Err(way.clone());
        }
        let depth = match beads.get(name) {
            Some(other) => 1 + below(&other.bead, beads, way)?,
            None => 1,
        };
        deepest = deepest.max(depth);
        way.pop();
    }
    Ok(deepest)
}

#[cfg(test)]
mod tests {
    use super::super::installed::Installed;
    use super::*;
    use crate::document::read_bead;

    fn bead(name: &str, needs: &str) -> Bead {
        let text = format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: {name}}}\nspec:\n  version: 0.1.0\n  \
             application: {{namespace: {name}, manifests: app}}\n  dependsOn: [{needs}]\n"
        );
        read_bead("bead.yaml", &text).expect("a bead")
    }

    fn beads(all: &[(&str, &str)]) -> Beads {
        let installed = |(name, needs): &(&str, &str)| {
            ((*name).to_owned(), Installed { bead: bead(name, needs), parts: Vec::new() })
        };
        all.iter().map(installed).collect()
    }

    #[test]
    fn the_longest_chain_counts() {
        let all = beads(&[("a", ""), ("b", "{bead: a}"), ("c", "{bead: b}, {bead: a}")]);
        assert_eq!(depth(&bead("x", ""), &all), Ok(0));
        assert_eq!(depth(&bead("x", "{bead: a}, {bead: c}"), &all), Ok(3));
        assert_eq!(depth(&bead("x", "{bead: other}"), &all), Ok(1));
    }

    #[test]
    fn a_circle_is_told_as_the_way_around() {
        let all = beads(&[("a", "{bead: x}"), ("b", "{bead: a}")]);
        let way = depth(&bead("x", "{bead: b}"), &all).expect_err("a circle");
        assert_eq!(way, ["x", "b", "a", "x"]);
        let others = beads(&[("a", "{bead: b}"), ("b", "{bead: a}")]);
        assert_eq!(depth(&bead("x", "{bead: a}"), &others), Ok(2), "a circle of others ends");
    }
}
