//! Why something holds, and why something else does not.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::Diagnostic;
use super::value::Value;
use crate::model::schema::Schema;
use crate::model::{Date, Status};
use crate::render::{ProofFormat, ProofStyle, fact_text, write_proofs, write_whynot};
use crate::session::{self, Because, Citation as Cited, ShownPremise, ShownProof, ShownStep};

/// Why some tuples hold, or a row of an answer does: proofs, each checked before it is given out.
///
/// Its `Display` shows them as trees.
///
/// ```
/// use factlog::Session;
///
/// let mut session = Session::new();
/// session.define(r#"
///     .decl Attended(leader: symbol, summit: symbol)
///     @label("{x} met {y}")
///     Met(a: x, b: y) :- Attended(leader: x, summit: s), Attended(leader: y, summit: s), x < y.
/// "#)?;
/// session.assert(r#"Attended(leader: "xi", summit: "xian_2023", _src: "reuters")"#)?;
/// session.assert(r#"Attended(leader: "rahmon", summit: "xian_2023", _src: "trt")"#)?;
///
/// let explanation = session.explain(r#"Met(a: "rahmon", b: "xi")"#)?;
/// let [proof] = explanation.proofs() else { panic!("one tuple, one proof") };
/// assert_eq!(proof.conclusion().sentence(), Some("rahmon met xi"));
/// assert_eq!(proof.sources(), ["reuters", "trt"]);
/// assert_eq!(proof.steps().len(), 3);
/// # Ok::<(), factlog::Error>(())
/// ```
#[derive(Clone)]
pub struct Explanation {
    inner: session::Explanation,
    proofs: Vec<Proof>,
    warnings: Vec<Diagnostic>,
}

impl Explanation {
    pub(super) fn new(inner: session::Explanation, warnings: Vec<Diagnostic>) -> Explanation {
        let proofs = inner.proofs.iter().map(|proof| Proof(Arc::new(proof.clone()))).collect();
        Explanation { inner, proofs, warnings }
    }

    /// The proofs; those of one tuple stand together, the firmest first. None where nothing that
    /// holds fits: [`Session::why_not`](crate::Session::why_not) says more.
    pub fn proofs(&self) -> &[Proof] {
        &self.proofs
    }

    /// Tuples that fit what was asked for and are not explained.
    pub fn more(&self) -> usize {
        self.inner.more
    }

    /// What a reader has to know beside the proofs, a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.inner.notes
    }

    /// What is odd about the question, such as an id that nothing declares.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Writes the proofs as the command line does.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, out: &mut dyn io::Write, format: ProofFormat) -> io::Result<()> {
        write_proofs(out, &self.inner, format, ProofStyle::default())
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text(f, |out| self.write(out, ProofFormat::Tree))
    }
}

impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.proofs).finish()
    }
}

fn text(f: &mut fmt::Formatter<'_>, write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> fmt::Result {
    let mut out = Vec::new();
    write(&mut out).map_err(|_| fmt::Error)?;
    f.write_str(String::from_utf8_lossy(&out).trim_end())
}

/// One way in which a tuple follows from what is stated.
#[derive(Clone)]
pub struct Proof(Arc<ShownProof>);

impl Proof {
    /// The tuple that is proved.
    pub fn conclusion(&self) -> Step<'_> {
        Step { proof: &self.0, at: 0 }
    }

    /// All tuples in the proof, the conclusion first. A tuple that is used twice is there once.
    pub fn steps(&self) -> Vec<Step<'_>> {
        (0..self.0.steps.len()).map(|at| Step { proof: &self.0, at }).collect()
    }

    /// Ids of all sources that the proof rests on, sorted.
    pub fn sources(&self) -> Vec<&str> {
        let mut sources: Vec<&str> = self
            .0
            .steps
            .iter()
            .flat_map(|step| match &step.because {
                Because::Stated { assertions } => assertions.as_slice(),
                Because::Rule(_) => &[],
            })
            .filter_map(|cited| cited.source.as_deref())
            .collect();
        sources.sort_unstable();
        sources.dedup();
        sources
    }

    /// Whether it rests on a negation or an aggregate, so that it may fall when facts are added.
    pub fn may_fall(&self) -> bool {
        self.0.may_fall
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = session::Explanation { proofs: vec![(*self.0).clone()], ..Default::default() };
        text(f, |out| write_proofs(out, &one, ProofFormat::Tree, ProofStyle::default()))
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.steps()).finish()
    }
}

/// A tuple in a [`Proof`].
#[derive(Clone, Copy)]
pub struct Step<'p> {
    proof: &'p ShownProof,
    at: usize,
}

impl<'p> Step<'p> {
    fn inner(self) -> &'p ShownStep {
        &self.proof.steps[self.at]
    }

    /// Its relation; `None` for a row of a goal's answer.
    pub fn relation(self) -> Option<&'p str> {
        self.inner().relation.as_deref()
    }

    /// Its columns with their values; of a row of an answer the variables.
    pub fn columns(self) -> Vec<(&'p str, Value)> {
        self.inner().columns.iter().map(|(name, value)| (&**name, Value::from(value))).collect()
    }

    /// The tuple as the language writes it.
    pub fn text(self) -> &'p str {
        &self.inner().text
    }

    /// What the `@label` of the rule makes of it.
    pub fn sentence(self) -> Option<&'p str> {
        self.inner().sentence.as_deref()
    }

    /// How firm it is by this proof.
    pub fn status(self) -> Status {
        self.inner().status
    }

    /// How sure it is by this proof, from 0 to 1.
    pub fn confidence(self) -> f64 {
        self.inner().conf
    }

    /// Who states it. Empty where a rule derives it.
    pub fn citations(self) -> Vec<Citation<'p>> {
        match &self.inner().because {
            Because::Stated { assertions } => assertions.iter().map(Citation).collect(),
            Because::Rule(_) => Vec::new(),
        }
    }

    /// File and line of the rule that derives it. `None` where it is stated.
    pub fn rule(self) -> Option<(&'p str, u32)> {
        match &self.inner().because {
            Because::Stated { .. } => None,
            Because::Rule(rule) => Some((&rule.place.file, rule.place.line)),
        }
    }

    /// What the rule assumes here.
    pub fn assumptions(self) -> &'p [String] {
        match &self.inner().because {
            Because::Stated { .. } => &[],
            Because::Rule(rule) => &rule.assumptions,
        }
    }

    /// What satisfies the rule's body, literal by literal. Empty where it is stated.
    pub fn premises(self) -> Vec<Premise<'p>> {
        match &self.inner().because {
            Because::Stated { .. } => Vec::new(),
            Because::Rule(rule) => rule.premises.iter().map(|premise| self.premise(premise)).collect(),
        }
    }

    fn premise(self, premise: &'p ShownPremise) -> Premise<'p> {
        match premise {
            ShownPremise::Step(at) => Premise::Step(Step { at: *at, ..self }),
            ShownPremise::Absent { text, over } => Premise::Absent { text, among: *over },
            ShownPremise::Aggregate { text, value, total, rows } => Premise::Aggregate {
                text,
                value: Value::from(value),
                rows: *total,
                shown: rows.iter().map(|row| row.iter().map(|one| self.premise(one)).collect()).collect(),
            },
            ShownPremise::Holds { text } => Premise::Holds { text },
        }
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Debug for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// What satisfies a literal of a rule.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Premise<'p> {
    /// A tuple of the proof.
    Step(Step<'p>),
    /// Nothing matches what is negated.
    #[non_exhaustive]
    Absent {
        /// The literal with its values.
        text: &'p str,
        /// Tuples among which nothing was found.
        among: usize,
    },
    /// An aggregate.
    #[non_exhaustive]
    Aggregate {
        /// The literal with its values.
        text: &'p str,
        /// The aggregate's value.
        value: Value,
        /// Rows that count in it.
        rows: usize,
        /// The first of them: what satisfies the aggregate's body.
        shown: Vec<Vec<Premise<'p>>>,
    },
    /// A comparison or test.
    #[non_exhaustive]
    Holds {
        /// The literal with its values.
        text: &'p str,
    },
}

/// An assertion of a stated tuple, with its source.
#[derive(Clone, Copy)]
pub struct Citation<'p>(&'p Cited);

impl<'p> Citation<'p> {
    /// The id of the source; `None` for background.
    pub fn source(self) -> Option<&'p str> {
        self.0.source.as_deref()
    }

    /// Who published the source.
    pub fn publisher(self) -> Option<&'p str> {
        self.0.publisher.as_deref()
    }

    /// When the source was published.
    pub fn published(self) -> Option<&'p Date> {
        self.0.published.as_ref()
    }

    /// Where in the source: `L15-18`.
    pub fn at(self) -> Option<&'p str> {
        self.0.at.as_deref()
    }

    /// The words at that place, if the source's text is at hand, or those that the assertion quotes.
    pub fn words(self) -> Option<&'p str> {
        self.0.words.as_deref().or(self.0.quote.as_deref())
    }

    /// The chain of attribution, nearest to the event first.
    pub fn by(self) -> Vec<&'p str> {
        self.0.by.iter().map(|name| &**name).collect()
    }

    /// How firmly it is stated.
    pub fn status(self) -> Status {
        self.0.status
    }

    /// How sure it is, from 0 to 1.
    pub fn confidence(self) -> f64 {
        self.0.conf
    }

    /// File and line of the fact.
    pub fn place(self) -> (&'p str, u32) {
        (&self.0.place.file, self.0.place.line)
    }
}

impl fmt::Debug for Citation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

/// Why no tuple fits: how far the rules got, what comes near, and which facts are missing.
///
/// Its `Display` shows all of it.
///
/// ```
/// use factlog::Session;
///
/// let mut session = Session::new();
/// session.define(r#"
///     .decl Attended(leader: symbol, summit: symbol)
///     Met(a: x, b: y) :- Attended(leader: x, summit: s), Attended(leader: y, summit: s), x < y.
/// "#)?;
/// session.assert(r#"Attended(leader: "xi", summit: "xian_2023")"#)?;
///
/// let why_not = session.why_not(r#"Met(a: "rahmon", b: "xi")"#)?;
/// assert_eq!(why_not.holds(), None);
/// assert_eq!(why_not.missing(), [[r#"Attended(leader: "rahmon", summit: "xian_2023")"#]]);
/// # Ok::<(), factlog::Error>(())
/// ```
#[derive(Clone)]
pub struct WhyNot {
    inner: session::WhyNot,
    schema: Arc<Schema>,
    warnings: Vec<Diagnostic>,
}

impl WhyNot {
    pub(super) fn new(inner: session::WhyNot, schema: Arc<Schema>, warnings: Vec<Diagnostic>) -> WhyNot {
        WhyNot { inner, schema, warnings }
    }

    /// A tuple that fits and holds all the same, as the language writes it. There is nothing else to
    /// tell then.
    pub fn holds(&self) -> Option<&str> {
        self.inner.holds.as_deref()
    }

    /// What comes near among what is stated, a sentence each.
    pub fn near(&self) -> &[String] {
        &self.inner.near
    }

    /// The smallest sets of facts that would make it hold, each tried, as fact files write them.
    pub fn missing(&self) -> Vec<Vec<String>> {
        let set = |set: &Vec<session::MissingFact>| {
            set.iter().map(|missing| fact_text(&self.schema, &missing.fact)).collect()
        };
        self.inner.sets.iter().map(set).collect()
    }

    /// The smallest sets of stated facts without which it would hold, each tried.
    pub fn in_the_way(&self) -> Vec<Vec<String>> {
        self.inner.without.iter().map(|set| self.stated(set)).collect()
    }

    /// The smallest sets of facts to state and others to take back, each tried.
    pub fn exchanges(&self) -> Vec<(Vec<String>, Vec<String>)> {
        let exchange = |both: &session::ShownExchange| {
            let with = both.with.iter().map(|missing| fact_text(&self.schema, &missing.fact)).collect();
            (with, self.stated(&both.without))
        };
        self.inner.both.iter().map(exchange).collect()
    }

    fn stated(&self, facts: &[session::StatedFact]) -> Vec<String> {
        facts.iter().map(|stated| fact_text(&self.schema, &stated.fact)).collect()
    }

    /// What a reader has to know beside all this, a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.inner.notes
    }

    /// What is odd about the question, such as an id that nothing declares.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Writes it as the command line does.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, out: &mut dyn io::Write, format: ProofFormat) -> io::Result<()> {
        write_whynot(out, &self.inner, &self.schema, format, ProofStyle::default())
    }
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.holds() {
            Some(tuple) => write!(f, "{tuple} holds"),
            None => text(f, |out| self.write(out, ProofFormat::Tree)),
        }
    }
}

impl fmt::Debug for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.inner, f)
    }
}
