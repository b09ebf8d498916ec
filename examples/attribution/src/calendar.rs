//! Dates as seconds since 1970 and as people write them, UTC.

/// The seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// The first second of a day.
pub(crate) const fn day(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that a leap day ends one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days_before_month = (153 * month + 2) / 5;
    // 719,469 days after the first of March of year 0 is the first of January 1970, counted from day 1.
    (year * 365 + leap_days + days_before_month + day - 719_469) * DAY
}

/// `2025-07-01T12:30:00Z`.
pub(crate) fn written(seconds: i64) -> String {
    let (date, of_day) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (mut year, mut month) = (1970, 1);
    while day(year + 1, 1, 1) <= date * DAY {
        year += 1;
    }
    while month < 12 && day(year, month + 1, 1) <= date * DAY {
        month += 1;
    }
    let of_month = (date * DAY - day(year, month, 1)) / DAY + 1;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{of_month:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(day(1970, 1, 1), 0);
        assert_eq!(day(2025, 1, 1), 1_735_689_600);
        assert_eq!(written(day(2024, 2, 29) + 3_723), "2024-02-29T01:02:03Z");
        assert_eq!(written(day(2025, 12, 31)), "2025-12-31T00:00:00Z");
        assert_eq!(day(2024, 3, 1) - day(2024, 2, 28), 2 * DAY);
    }
}
