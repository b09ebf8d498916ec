//! Weeks as SourceCred counts them: UTC, from Sunday 00:00, numbered from the first Sunday of 1970.

/// Seconds.
const WEEK: i64 = 7 * 24 * 60 * 60;
/// 1970-01-04, a Sunday.
const FIRST_SUNDAY: i64 = 3 * 24 * 60 * 60;

/// The number of the week that a time is in; a week's first second is in it.
pub(crate) fn containing(time: i64) -> i64 {
    time.saturating_sub(FIRST_SUNDAY).div_euclid(WEEK)
}

/// The number of the week whose part of a participant an edge of this time has to do with. Here a week's first second
/// still belongs to the week before: SourceCred looks for the last week that began before the edge.
pub(crate) fn of_edge(time: i64) -> i64 {
    containing(time.saturating_sub(1))
}

/// Weeks in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Weeks {
    pub(crate) first: i64,
    pub(crate) count: usize,
}

impl Weeks {
    /// From the week of the first time to the end of the week of the last; one week at least.
    pub(crate) fn spanning(times: impl Iterator<Item = i64> + Clone) -> Self {
        let first = times.clone().min().map_or(0, containing);
        let last = times.max().map_or(0, of_edge).max(first);
        Self { first, count: usize::try_from(last - first).unwrap_or(usize::MAX).saturating_add(1) }
    }

    /// The place of a week in the row; one before or after it counts as the first or the last.
    pub(crate) fn place(&self, week: i64) -> usize {
        let place = usize::try_from(week.saturating_sub(self.first)).unwrap_or(0);
        place.min(self.count - 1)
    }

    /// The weeks with their places.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (i64, usize)> {
        (self.first..).zip(0..self.count)
    }
}

/// The weeks that a grain policy looks back on: complete ones alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lookback {
    from: i64,
    before: i64,
}

impl Lookback {
    /// The last `weeks` that have ended by `end`; 0: all that have.
    pub(crate) fn until(end: i64, weeks: u32) -> Self {
        let before = containing(end);
        Self { from: if weeks == 0 { i64::MIN } else { before.saturating_sub(weeks.into()) }, before }
    }

    pub(crate) fn has(&self, week: i64) -> bool {
        (self.from..self.before).contains(&week)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sunday 2024-05-12 00:00 UTC.
    const SUNDAY: i64 = 1_715_472_000;

    #[test]
    fn a_boundary_is_of_the_week_it_begins_but_for_edges() {
        let week = containing(SUNDAY);
        assert_eq!([containing(SUNDAY - 1), containing(SUNDAY + WEEK - 1)], [week - 1, week]);
        assert_eq!([of_edge(SUNDAY), of_edge(SUNDAY + 1)], [week - 1, week]);
        assert_eq!(containing(0), -1);
        assert_eq!(containing(i64::MIN).max(containing(i64::MAX)), containing(i64::MAX));
    }

    #[test]
    fn a_span_ends_with_the_week_of_its_last_time() {
        let week = containing(SUNDAY);
        for (times, count) in [
            (&[SUNDAY, SUNDAY][..], 1),
            (&[SUNDAY, SUNDAY + WEEK], 1),
            (&[SUNDAY + WEEK + 1, SUNDAY], 2),
            (&[SUNDAY], 1),
        ] {
            let weeks = Weeks::spanning(times.iter().copied());
            assert_eq!(weeks, Weeks { first: week, count }, "{times:?}");
            assert_eq!([weeks.place(week - 3), weeks.place(week + 99)], [0, count - 1]);
        }
    }

    #[test]
    fn only_complete_weeks_are_looked_back_on() {
        let week = containing(SUNDAY);
        let has = |end, weeks| [-3, -2, -1, 0].map(|place| Lookback::until(end, weeks).has(week + place));
        assert_eq!(has(SUNDAY, 2), [false, true, true, false]);
        assert_eq!(has(SUNDAY + WEEK - 1, 1), [false, false, true, false]);
        assert_eq!(has(SUNDAY, 0), [true, true, true, false]);
    }
}
