//! Times as people read them: local, in their language.

use crate::locale::Locale;
use jiff::{Timestamp, ZonedDateTime, civil::Date, tz::TimeZone};
use shared::UnixMillis;

/// The person's time zone. What the system says is read directly, where it says it by a file: to look it up by its name, all
/// names there are would be read.
pub(crate) fn local_zone() -> TimeZone {
    let of_file = || {
        let bytes = std::fs::read("/etc/localtime").ok()?;
        TimeZone::tzif("local", &bytes).ok()
    };
    let of_file = if std::env::var_os("TZ").is_none() { of_file() } else { None };
    of_file.unwrap_or_else(TimeZone::system)
}

/// A moment in the local time zone.
fn local(at: UnixMillis, zone: &TimeZone) -> ZonedDateTime {
    let at =
        i64::try_from(at).ok().and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned_datetime(zone.clone())
}

/// `10:02`
pub(crate) fn clock(at: UnixMillis, zone: &TimeZone) -> String {
    local(at, zone).strftime("%H:%M").to_string()
}

/// The day that a moment falls on.
pub(crate) fn day(at: UnixMillis, zone: &TimeZone) -> Date {
    local(at, zone).date()
}

/// A day in words.
pub(crate) fn day_name(date: Date, locale: &Locale) -> String {
    let weekday = locale.text(&format!("weekday-{}", date.weekday().to_monday_one_offset()));
    let month = locale.text(&format!("month-{}", date.month()));
    locale.with(
        "day",
        &[
            ("weekday", weekday.into()),
            ("day", date.day().to_string().into()),
            ("month", month.into()),
            ("year", date.year().to_string().into()),
        ],
    )
}
