//! Times as go-yaml knows them (`allowedTimestampFormats` of its `resolve.go`, read by Go's `time.Parse`).

use super::core::is_all_digits;

/// The time as Go writes it (RFC 3339), or nothing when the text is no time.
pub(super) fn normal(text: &str) -> Option<String> {
    let (year, rest) = text.split_at_checked(4).filter(|(year, _)| is_all_digits(year))?;
    let (month, rest) = short(rest.strip_prefix('-')?)?;
    let (day, rest) = short(rest.strip_prefix('-')?)?;
    if !(1..=12).contains(&month) || day < 1 || day > days(year.parse().ok()?, month) {
        return None;
    }
    let date = format!("{year}-{month:02}-{day:02}");
    match rest.chars().next() {
        None => Some(format!("{date}T00:00:00Z")),
        Some(mark @ ('T' | 't' | ' ')) => {
            let (clock, zone) = clock(&rest[1..])?;
            let zone = match (mark, zone) {
                (' ', "") => "Z".to_owned(),
                (' ', _) | (_, "") => return None,
                (_, zone) => offset(zone)?,
            };
            Some(format!("{date}T{clock}{zone}"))
        }
        Some(_) => None,
    }
}

/// A number of one or two digits, and what follows it.
fn short(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    Some((text[..length].parse().ok()?, &text[length..]))
}

/// Hours, minutes and seconds as they are written in full, and what follows them.
fn clock(text: &str) -> Option<(String, &str)> {
    let (hour, rest) = short(text)?;
    let (minute, rest) = short(rest.strip_prefix(':')?)?;
    let (second, rest) = short(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut clock = format!("{hour:02}:{minute:02}:{second:02}");
    let length = rest.strip_prefix(['.', ',']).map_or(0, |it| it.bytes().take_while(u8::is_ascii_digit).count());
    if length == 0 {
        return Some((clock, rest));
    }
    let nanoseconds = rest[1..=length.min(9)].trim_end_matches('0');
    if !nanoseconds.is_empty() {
        clock.push('.');
        clock.push_str(nanoseconds);
    }
    Some((clock, &rest[1 + length..]))
}

/// `Z`, or hours and minutes.
fn offset(zone: &str) -> Option<String> {
    if zone == "Z" {
        return Some("Z".to_owned());
    }
    let (hours, minutes) = zone.strip_prefix(['+', '-'])?.split_once(':')?;
    let is_two = |part: &str| part.len() == 2 && is_all_digits(part);
    let is_zone = is_two(hours) && is_two(minutes) && hours <= "24" && minutes < "60";
    let is_utc = hours == "00" && minutes == "00";
    is_zone.then(|| if is_utc { "Z".to_owned() } else { zone.to_owned() })
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
