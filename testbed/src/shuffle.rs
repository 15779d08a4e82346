//! Another order of things that are too many to try them all.

/// Brings them into another order, the same for the same seed (xorshift64, Marsaglia 2003).
pub fn shuffle<T>(list: &mut [T], seed: u64) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for place in (1..list.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let other = state % (place as u64 + 1);
        list.swap(place, usize::try_from(other).unwrap_or_default());
    }
}
