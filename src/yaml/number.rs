//! Numbers on their way to JSON, and floats that are keys.

use serde_json::Number;

/// The number of JSON; none for infinities and what is no number. An integral float is an integer, as it is for whoever
/// reads the JSON that Go or JavaScript writes of it.
pub(super) fn of(value: f64) -> Option<Number> {
    const BOUND: f64 = 9_223_372_036_854_775_808.0; // 2^63
    if value.fract() == 0.0 && value.abs() < BOUND {
        #[expect(clippy::cast_possible_truncation, reason = "it is integral and within the bound")]
        return Some((value as i64).into());
    }
    Number::from_f64(value)
}

/// The nearest float.
#[expect(clippy::cast_precision_loss, reason = "the readers round as well")]
pub(super) fn float(value: i64) -> f64 {
    value as f64
}

/// Who turns floats into keys.
#[derive(Clone, Copy)]
pub(super) enum Float {
    /// `strconv.FormatFloat(value, 'g', -1, 32)`, of `sigs.k8s.io/yaml`.
    Go,
    /// `String(value)`.
    JavaScript,
}

impl Float {
    pub fn text(self, value: f64) -> String {
        let is_go = matches!(self, Self::Go);
        if !value.is_finite() {
            let (infinite, none) = if is_go { (".inf", ".nan") } else { ("Infinity", "NaN") };
            let sign = if value < 0.0 { "-" } else { "" };
            return if value.is_nan() { none.to_owned() } else { format!("{sign}{infinite}") };
        }
        let scientific = if is_go { single(value) } else { format!("{value:e}") };
        let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let power: i32 = exponent.parse().unwrap_or_default();
        let (least, bound) = if is_go { (-4, 6) } else { (-6, 21) };
        let is_short = (least..bound).contains(&power) || digits.trim_start_matches('-') == "0";
        let sign = if power < 0 { '-' } else { '+' };
        match (is_go, is_short) {
            (true, true) => format!("{digits}e{power}").parse().map_or(scientific, |it: f64| it.to_string()),
            (true, false) => format!("{digits}e{sign}{:02}", power.abs()),
            (false, true) if value == 0.0 => "0".to_owned(),
            (false, true) => value.to_string(),
            (false, false) => format!("{digits}e{sign}{}", power.abs()),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "that is what is done to keys")]
fn single(value: f64) -> String {
    format!("{:e}", value as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_keys_as_their_readers_write_them() {
        let go = |value| Float::Go.text(value);
        assert_eq!(
            [go(1.5), go(1e6), go(123_456.0), go(0.1), go(1e-5), go(-0.0)],
            ["1.5", "1e+06", "123456", "0.1", "1e-05", "-0"]
        );
        let script = |value| Float::JavaScript.text(value);
        assert_eq!(
            [script(1.5), script(1e6), script(1e21), script(1e-7), script(-0.0)],
            ["1.5", "1000000", "1e+21", "1e-7", "0"]
        );
        assert_eq!([go(f64::NEG_INFINITY), script(f64::INFINITY)], ["-.inf", "Infinity"]);
    }
}
