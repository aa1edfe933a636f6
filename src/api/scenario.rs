//! Scenarios and annotations: in which light things are asked.

use crate::model::{Date, Review, Status};
use crate::provenance::annotate::Wanted;
use crate::session::ScenarioOption;

/// Questions as if some assertions were not there, and others were.
///
/// The same as `under (…)` in a goal, for everything that a session is asked from then on. All
/// options hold together.
///
/// ```
/// use factlog::{Date, Scenario, Session, Status};
///
/// let mut session = Session::open(".")?;
/// let goal = r#"Attended(leader: l, summit: "washington_2025")"#;
/// assert_eq!(session.query(goal)?.len(), 3);
///
/// session.set_scenario(&Scenario::new().without("reuters_2025_10_28"))?;
/// assert_eq!(session.query(goal)?.rows::<String>()?, ["mirziyoyev"]);
///
/// session.set_scenario(&Scenario::new().as_of(&Date::parse("2024").unwrap()).status(Status::Planned))?;
/// assert!(session.query(goal)?.is_empty());
/// session.clear_scenario();
/// # Ok::<(), factlog::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "a scenario does nothing until a session is in it"]
pub struct Scenario(pub(super) Vec<ScenarioOption>);

impl Scenario {
    /// Everything as it is.
    pub fn new() -> Self {
        Self::default()
    }

    fn with(mut self, option: ScenarioOption) -> Self {
        self.0.push(option);
        self
    }

    /// Only what was recorded by a day; an imprecise date counts by its latest day.
    pub fn as_of(self, day: &Date) -> Self {
        self.with(ScenarioOption::AsOf(day.text().to_string()))
    }

    /// Without what a source states, and what is based on it alone.
    pub fn without(self, source: impl Into<String>) -> Self {
        self.with(ScenarioOption::Without(source.into()))
    }

    /// With a fact more, as the language writes it.
    pub fn assume(self, fact: impl Into<String>) -> Self {
        self.with(ScenarioOption::Assume(fact.into()))
    }

    /// Without the facts that a pattern picks.
    pub fn retract(self, pattern: impl Into<String>) -> Self {
        self.with(ScenarioOption::Retract(pattern.into()))
    }

    /// Only with assertions of this status or a firmer one.
    pub fn status(self, least: Status) -> Self {
        self.with(ScenarioOption::Status(least.name().to_owned()))
    }

    /// Only with assertions of this confidence or more, from 0 to 1.
    pub fn confidence(self, least: f64) -> Self {
        self.with(ScenarioOption::MinConf(least))
    }

    /// Only with assertions that have a name in their chain of attribution.
    pub fn by(self, name: impl Into<String>) -> Self {
        self.with(ScenarioOption::By(name.into()))
    }

    /// Only with assertions of this review, which then count as accepted.
    pub fn review(self, review: Review) -> Self {
        self.with(ScenarioOption::Review(review.name().to_owned()))
    }
}

/// Which annotations the rows of answers shall have: how firmly they are known.
///
/// Without any, a row that is less than held has its status all the same.
///
/// ```
/// use factlog::{Annotations, Session, Status};
///
/// let mut session = Session::open(".")?;
/// session.annotate(Annotations::all());
/// let answer = session.query(r#"Attended(leader: "tokayev", summit: s)"#)?;
/// let row = answer.iter().find(|row| row.get::<&str>("s").unwrap() == "washington_2025").unwrap();
/// assert_eq!(row.status(), Some(Status::Confirmed));
/// assert_eq!(row.confidence(), Some(1.0));
/// assert_eq!(row.since().unwrap().to_string(), "2025-10-28");
/// assert_eq!(row.sources(), [vec!["reuters_2025_10_28"]]);
/// assert!(row.assumptions().is_empty());
/// # Ok::<(), factlog::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "annotations do nothing until a session is told of them"]
pub struct Annotations(pub(super) Wanted);

impl Annotations {
    /// None.
    pub fn none() -> Self {
        Self::default()
    }

    /// All of them.
    pub fn all() -> Self {
        Annotations(Wanted::ALL)
    }

    /// The status too: that of the firmest proof's weakest premise.
    pub fn status(mut self) -> Self {
        self.0.status = true;
        self
    }

    /// The confidence too: that of the best proof's least premise.
    pub fn confidence(mut self) -> Self {
        self.0.conf = true;
        self
    }

    /// The day too, since which it is known.
    pub fn since(mut self) -> Self {
        self.0.since = true;
        self
    }

    /// The sources too, in alternative sets.
    pub fn sources(mut self) -> Self {
        self.0.sources = true;
        self
    }

    /// What the firmest proof assumes, too.
    pub fn assumptions(mut self) -> Self {
        self.0.assumptions = true;
        self
    }
}
