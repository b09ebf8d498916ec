//! Calendar months, as the files name them: `Jul 2025` and `2025-07-01`.

use std::fmt;

use apportion_core::epoch::Window;
use jiff::civil::Date;
use jiff::tz::TimeZone;

const NAMES: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A calendar month: its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Month(Date);

impl Month {
    /// The month of a name such as `Jul 2025`.
    pub(super) fn of_name(name: &str) -> Option<Month> {
        let (month, year) = name.trim().split_once(' ')?;
        let month = NAMES.iter().position(|known| *known == month)?;
        Date::new(year.trim().parse().ok()?, i8::try_from(month + 1).ok()?, 1).ok().map(Month)
    }

    /// The month that a time in seconds since 1970 is in, by UTC.
    pub(super) fn of_seconds(seconds: i64) -> Option<Month> {
        let time = jiff::Timestamp::from_second(seconds).ok()?;
        Some(Month(TimeZone::UTC.to_datetime(time).date().first_of_month()))
    }

    /// Months since January 2025, which is 0.
    pub(super) fn number(self) -> Option<u64> {
        let months = (i64::from(self.0.year()) - 2025) * 12 + i64::from(self.0.month()) - 1;
        u64::try_from(months).ok()
    }

    /// From its first second to the first second after it.
    pub(super) fn window(self) -> Window {
        let next = self.0.last_of_month().tomorrow().unwrap_or(Date::MAX);
        Window { start: midnight(self.0), end: midnight(next) }
    }
}

fn midnight(date: Date) -> i64 {
    TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).map_or(0, jiff::Timestamp::as_second)
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let month = usize::try_from(self.0.month() - 1).ok().and_then(|month| NAMES.get(month));
        write!(f, "{} {}", month.unwrap_or(&""), self.0.year())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_have_names_numbers_and_windows() {
        let month = Month::of_name("Feb 2025").unwrap();
        assert_eq!((month.number(), month.to_string().as_str()), (Some(1), "Feb 2025"));
        assert_eq!(month.window(), Window { start: 1_738_368_000, end: 1_740_787_200 });
        assert_eq!(Month::of_seconds(1_740_787_199), Some(month));
        assert_eq!(Month::of_name("Dec 2026").unwrap().number(), Some(23));
        assert_eq!(Month::of_name("Dec 2024").unwrap().number(), None);
        assert_eq!(Month::of_name("2025-02"), None);
    }
}
