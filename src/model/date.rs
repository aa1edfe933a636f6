//! Dates as EDTF (ISO 8601-2:2019) writes them: a value with an earliest and a latest day.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use edtf_core::{Bound, Edtf};

/// A day as a count from 1970-01-01; the extremes stand for open ends.
pub type Day = i32;

/// An EDTF date without time of day: year, month, day, season, interval, open interval, decade,
/// set, each perhaps approximate (`~`) or uncertain (`?`).
///
/// Equality and hash go by the canonical text; the order is by earliest day, latest day,
/// qualifier, and last the text, so that it is total.
#[derive(Clone, Debug)]
pub struct Date {
    earliest: Day,
    latest: Day,
    qualifier: Qualifier,
    text: Arc<str>,
}

/// How sure a date is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Qualifier {
    /// As it stands.
    Exact,
    /// `~`
    Approximate,
    /// `?`
    Uncertain,
    /// `%`
    Both,
}

impl Date {
    /// Open beginning of an interval.
    pub const OPEN_START: Day = Day::MIN;
    /// Open end of an interval.
    pub const OPEN_END: Day = Day::MAX;

    /// Reads an EDTF string. The error is a sentence without a full stop.
    pub fn parse(text: &str) -> Result<Date, String> {
        let edtf = Edtf::parse(text).map_err(|error| {
            let mut message = error.to_string();
            if let Some(first) = message.get(..1).map(str::to_lowercase) {
                message.replace_range(..1, &first);
            }
            message
        })?;
        if matches!(edtf, Edtf::DateTime(_)) {
            return Err("a date has no time of day".to_owned());
        }
        let bounds = edtf.bounds();
        let qualifier = match (edtf.is_approximate(), edtf.is_uncertain()) {
            (false, false) => Qualifier::Exact,
            (true, false) => Qualifier::Approximate,
            (false, true) => Qualifier::Uncertain,
            (true, true) => Qualifier::Both,
        };
        Ok(Date {
            earliest: bound_day(&bounds.earliest, Self::OPEN_START)?,
            latest: bound_day(&bounds.latest, Self::OPEN_END)?,
            qualifier,
            text: edtf.to_string().into(),
        })
    }

    /// The date of one day; `None` outside the years -9999 to 9999.
    pub fn from_day(day: Day) -> Option<Date> {
        let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().try_days(day).ok()?).ok()?;
        Date::parse(&date.to_string()).ok()
    }

    /// First day it can mean; [`Date::OPEN_START`] if there is none.
    pub fn earliest(&self) -> Day {
        self.earliest
    }

    /// Last day it can mean; [`Date::OPEN_END`] if there is none.
    pub fn latest(&self) -> Day {
        self.latest
    }

    /// How sure it is.
    pub fn qualifier(&self) -> Qualifier {
        self.qualifier
    }

    /// The one day it means, or `None` if it can mean several.
    pub fn day(&self) -> Option<Day> {
        (self.earliest == self.latest).then_some(self.earliest)
    }

    /// The canonical EDTF text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Certainly before: every day it can mean is before every day of `other`.
    pub fn certainly_before(&self, other: &Date) -> bool {
        self.latest < other.earliest
    }

    /// Possibly before: some day it can mean is before some day of `other`.
    pub fn possibly_before(&self, other: &Date) -> bool {
        self.earliest < other.latest
    }

    /// `a <= b`: the same value, or no day of `a` is after any day of `b`.
    pub fn certainly_at_most(&self, other: &Date) -> bool {
        self == other || (self.latest <= other.earliest && self.latest != Self::OPEN_END)
    }

    /// Possibly `a <= b`.
    pub fn possibly_at_most(&self, other: &Date) -> bool {
        self.earliest <= other.latest
    }

    /// Every day of `self` lies in `other`.
    pub fn within(&self, other: &Date) -> bool {
        other.earliest <= self.earliest && self.latest <= other.latest
    }

    /// The two share a day.
    pub fn overlaps(&self, other: &Date) -> bool {
        self.earliest <= other.latest && other.earliest <= self.latest
    }

    fn key(&self) -> (Day, Day, Qualifier, &str) {
        (self.earliest, self.latest, self.qualifier, &self.text)
    }
}

/// Year, month, day of a day count, proleptic Gregorian; `None` outside the years -9999 to 9999.
pub fn civil(day: Day) -> Option<(i16, i8, i8)> {
    let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().try_days(day).ok()?).ok()?;
    Some((date.year(), date.month(), date.day()))
}

fn bound_day(bound: &Bound, open: Day) -> Result<Day, String> {
    match bound {
        Bound::Date(date) => {
            let days = days_from_civil(date.year, u32::from(date.month), u32::from(date.day));
            Day::try_from(days)
                .ok()
                .filter(|day| *day != Day::MIN && *day != Day::MAX)
                .ok_or_else(|| "the year is out of range".to_owned())
        }
        _ => Ok(open),
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date (H. Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms", `days_from_civil`), in 128 bits so that no year overflows.
fn days_from_civil(year: i64, month: u32, day: u32) -> i128 {
    let year = i128::from(year) - i128::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = i128::from((month + 9) % 12);
    let day_of_year = (153 * shifted_month + 2) / 5 + i128::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl PartialEq for Date {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Eq for Date {}
impl PartialOrd for Date {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Date {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}
impl Hash for Date {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn bounds_are_days() {
        assert_eq!(date("1970-01-02").day(), Some(1));
        assert_eq!((date("1972").earliest(), date("1972").latest()), (730, 1095));
        assert_eq!(date("2025-11").day(), None);
        assert_eq!(date("2025-11-06").day().unwrap() - date("2025-09-23").day().unwrap(), 44);
        assert_eq!(date("2025-11-06/..").latest(), Date::OPEN_END);
        assert_eq!(Date::from_day(730), Some(date("1972-01-01")));
        assert_eq!(civil(-1), Some((1969, 12, 31)));
    }

    #[test]
    fn comparisons_are_three_valued() {
        assert!(date("2022-09").certainly_before(&date("2022-10-01")));
        assert!(!date("2022-09").certainly_before(&date("2022-09-22")));
        assert!(date("2022-09").possibly_before(&date("2022-09-22")));
        assert!(date("2022-09").certainly_at_most(&date("2022-09")));
        assert!(!date("2022-09-30/..").certainly_at_most(&date("2023")));
        assert!(date("2022-09-22").within(&date("2022-09")));
    }

    #[test]
    fn refusals_say_why() {
        assert!(Date::parse("2025-02-30").is_err());
        assert_eq!(Date::parse("2025-11-06T10:00:00").unwrap_err(), "a date has no time of day");
    }
}
