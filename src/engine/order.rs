//! What must be there before what: a graph of the objects of a set, and the way through it. Pure.

mod rules;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::object::ObjectRef;
use crate::report::{Failure, Outcome};

/// The objects of a set that are still to be done, each with what it waits for.
#[derive(Debug)]
pub struct Order<'o> {
    /// The largest first, so that a CRD of 350 kB travels while the small ones do.
    objects: Vec<&'o Value>,
    /// The places of what each of them waits for.
    needs: Vec<BTreeSet<usize>>,
    /// The places of those that wait for nothing and were not begun.
    free: BTreeSet<usize>,
}

impl<'o> Order<'o> {
    /// The order of a set, the same in whatever order it is given. Objects that need each other in a circle are refused.
    pub fn of(objects: &[&'o Value]) -> Outcome<Self> {
        let mut objects = objects.to_vec();
        objects.sort_by_cached_key(|object| (Reverse(object.to_string().len()), ObjectRef::of(object)));
        let needs = rules::needs(&objects);
        if let Some(circle) = circle(&needs) {
            let names = circle.into_iter().map(|place| ObjectRef::of(objects[place]).to_string());
            return Err(
                Failure::failed("objects need each other in a circle; none of them can be the first").details(names)
            );
        }
        let free = (0..objects.len()).filter(|place| needs[*place].is_empty()).collect();
        Ok(Self { objects, needs, free })
    }

    /// The next object that waits for nothing, with its place: to be begun now.
    pub fn begin(&mut self) -> Option<(usize, &'o Value)> {
        self.free.pop_first().map(|place| (place, self.objects[place]))
    }

    /// What waited for the object in this place alone waits no longer.
    pub fn done(&mut self, place: usize) {
        for (waiting, needs) in self.needs.iter_mut().enumerate() {
            if needs.remove(&place) && needs.is_empty() {
                self.free.insert(waiting);
            }
        }
    }

    /// What waits for something that is not done, each with the first of these.
    pub fn waiting(&self) -> impl Iterator<Item = (ObjectRef, ObjectRef)> {
        let name = |place: usize| ObjectRef::of(self.objects[place]);
        self.needs.iter().enumerate().filter_map(move |(place, needs)| Some((name(place), name(*needs.first()?))))
    }
}

/// The places of a circle, if there is one, each with what it needs after it.
fn circle(needs: &[BTreeSet<usize>]) -> Option<Vec<usize>> {
    let mut left: BTreeSet<usize> = (0..needs.len()).collect();
    while let Some(free) = left.iter().copied().find(|place| needs[*place].is_disjoint(&left)) {
        left.remove(&free);
    }
    // Whatever is left needs something that is left: that way one comes back to a place in the end.
    let mut way = vec![*left.first()?];
    loop {
        let next = *needs[*way.last()?].intersection(&left).next()?;
        if let Some(begin) = way.iter().position(|place| *place == next) {
            return Some(way.split_off(begin));
        }
        way.push(next);
    }
}

#[cfg(test)]
mod tests;
