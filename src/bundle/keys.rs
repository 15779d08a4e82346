//! The order in which `yaml.v3` writes the keys of a map: as people sort, so that `a2` comes before `a10`
//! (`keyList.Less` in its `sorter.go`).

use std::cmp::Ordering;

/// Sorts entries by key. The order is no total one (`5.`, `08` and `10.0`), so this is the insertion sort that Go
/// uses for up to twelve items, and not a sort that counts on a total order.
pub(super) fn sort<T>(entries: &mut [(&String, T)]) {
    for end in 1..entries.len() {
        let mut at = end;
        while at > 0 && compare(entries[at].0, entries[at - 1].0) == Ordering::Less {
            entries.swap(at, at - 1);
            at -= 1;
        }
    }
}

fn compare(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) else { return a.len().cmp(&b.len()) };
    let (left, right) = (a[at], b[at]);
    match (left.is_alphabetic(), right.is_alphabetic()) {
        (true, true) => left.cmp(&right),
        (false, false) => numbers(&a, &b, at),
        // After a digit, letters come first: `1a` before `1-`. Elsewhere they come last.
        (left_is_letter, _) => {
            let after_digit = at > 0 && a[at - 1].is_numeric();
            if left_is_letter == after_digit { Ordering::Less } else { Ordering::Greater }
        }
    }
}

/// By the value of the numbers from `at` on, then by their length, then by character.
fn numbers(a: &[char], b: &[char], at: usize) -> Ordering {
    let in_number =
        (a[at] == '0' || b[at] == '0') && a[..at].iter().rev().take_while(|c| c.is_numeric()).any(|c| *c != '0');
    let value = |text: &[char]| {
        let digits = text[at..].iter().map_while(|c| c.to_digit(10));
        digits.fold((u64::from(in_number), 0), |(value, length), digit| {
            (value.wrapping_mul(10).wrapping_add(digit.into()), length + 1)
        })
    };
    value(a).cmp(&value(b)).then(a[at].cmp(&b[at]))
}
