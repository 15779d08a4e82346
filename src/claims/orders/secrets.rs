//! Secrets in what is ordered: it is in git, for everybody who may read there.

use super::order::Order;
use crate::report::Diagnostic;
use crate::schema::{Leak, Marks, leaks_in};

/// The secrets of an order that nobody has marked as none.
pub(super) fn mistakes(order: &Order, marks: &mut Marks<'_>) -> Vec<Diagnostic> {
    leaks_in(&order.object, "").iter().filter_map(|leak| mistake(order, leak, marks)).collect()
}

fn mistake(order: &Order, leak: &Leak, marks: &mut Marks<'_>) -> Option<Diagnostic> {
    let (file, field) = (&order.source.name, leak.field());
    let name = format!("{file}:{field}");
    if marks.excuse(file) || marks.excuse(&name) {
        return None;
    }
    leak.hide();
    let place = leak.place_in(order.root(), &order.source.text);
    let source = if leak.is_common_word() { order.source.covered(place) } else { order.source.clone() };
    let hint =
        format!("put it into a Secret on the cluster, and name that; if it gives no access: --not-secret {name}");
    Some(Diagnostic::error(field, leak.message()).at(&source, place).hint(hint))
}
