//! Moments as people type them: `25m`, `14:00`, `2026-11-20 14:30`, `-2 14:30`.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use shared::UnixMillis;

/// The longest that ignore mode is asked for: thirty days.
const LONGEST_MS: u64 = 30 * 24 * 3_600_000;

fn local(now: UnixMillis, zone: &TimeZone) -> Option<DateTime> {
    let now = Timestamp::from_millisecond(i64::try_from(now).ok()?).ok()?;
    Some(zone.to_datetime(now))
}

fn millis(at: DateTime, zone: &TimeZone) -> Option<UnixMillis> {
    let at = zone.to_timestamp(at).ok()?;
    u64::try_from(at.as_millisecond()).ok()
}

fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// When a stretch of time ends: `25m`, `1h30m`, `for 2h`, `until 14:00` (tomorrow, if that is past today).
pub fn until(text: &str, now: UnixMillis, zone: &TimeZone) -> Option<UnixMillis> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["until", time] => {
            let today = local(now, zone)?;
            let at = millis(today.date().to_datetime(clock(time)?), zone)?;
            if at > now { Some(at) } else { millis(today.date().tomorrow().ok()?.to_datetime(clock(time)?), zone) }
        }
        ["for", length] | [length] => Some(now + duration(length)?),
        _ => None,
    }
}

/// A length of time in seconds: `10s`, `25m`, `7d`. A bare number is none.
pub fn seconds(text: &str) -> Option<u64> {
    let ends_in_unit = text.ends_with(['s', 'm', 'h', 'd']);
    ends_in_unit.then(|| duration(text)).flatten().map(|length| length / 1_000)
}

fn duration(text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut number = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            number.push(c);
            continue;
        }
        let unit: u64 = match c {
            's' => 1_000,
            'm' => 60_000,
            'h' => 3_600_000,
            'd' => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(std::mem::take(&mut number).parse::<u64>().ok()?.checked_mul(unit)?)?;
    }
    // A bare number means minutes.
    if !number.is_empty() {
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(60_000)?)?;
    }
    (1..=LONGEST_MS).contains(&total).then_some(total)
}

/// A moment of the past: `2026-11-20 14:30`, `2026-11-20`, `11-20`, `-2 14:30` (two days ago), `-2`, `14:30` (today).
pub fn moment(text: &str, now: UnixMillis, zone: &TimeZone) -> Option<UnixMillis> {
    let today = local(now, zone)?.date();
    let words: Vec<&str> = text.split_whitespace().collect();
    let (date, time) = match words.as_slice() {
        [date, time] => (day(date, today)?, clock(time)?),
        [time] if time.contains(':') => (today, clock(time)?),
        [date] => (day(date, today)?, Time::midnight()),
        _ => return None,
    };
    millis(date.to_datetime(time), zone)
}

fn day(text: &str, today: Date) -> Option<Date> {
    if let Some(days) = text.strip_prefix('-') {
        return today.checked_sub(days.parse::<i32>().ok()?.days()).ok();
    }
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [year, month, day] => Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok(),
        [month, day] => Date::new(today.year(), month.parse().ok()?, day.parse().ok()?).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday 23 November 2026, 10:00 UTC.
    const NOW: u64 = 1_795_428_000_000;
    const HOUR: u64 = 3_600_000;

    #[test]
    fn how_long_ignore_mode_is_to_last() {
        let until = |text| until(text, NOW, &TimeZone::UTC).map(|at| at - NOW);
        assert_eq!(until("25m"), Some(25 * 60_000));
        assert_eq!(until("25"), Some(25 * 60_000));
        assert_eq!(until("for 1h30m"), Some(HOUR + HOUR / 2));
        assert_eq!(until("until 14:00"), Some(4 * HOUR));
        assert_eq!(until("until 9:00"), Some(23 * HOUR), "tomorrow");
        for wrong in ["", "0m", "x", "until", "until 25:00", "31d", "m", "99999999999999999999h", "1 2 3"] {
            assert_eq!(until(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn days_and_times_to_go_to() {
        let moment = |text| moment(text, NOW, &TimeZone::UTC);
        assert_eq!(moment("9:30"), Some(NOW - HOUR / 2));
        assert_eq!(moment("2026-11-20 14:30"), Some(NOW - 3 * 24 * HOUR + 4 * HOUR + HOUR / 2));
        assert_eq!(moment("-2 10:00"), Some(NOW - 48 * HOUR));
        assert_eq!(moment("-2"), Some(NOW - 58 * HOUR));
        assert_eq!(moment("11-20 10:00"), Some(NOW - 72 * HOUR));
        for wrong in ["", "tomorrow", "2026-13-01", "-x", "-99999999999", "1-2-3-4"] {
            assert_eq!(moment(wrong), None, "{wrong:?}");
        }
    }
}
