//! The reference evaluator: what a program means, said as plainly as possible.
//!
//! It works on [`Value`]s and sets of tuples, tries every tuple of every relation at every atom, and
//! repeats all rules of a stratum until nothing is new. It shares the value functors with the
//! engine and nothing else, so that an answer on which both agree was found twice. It is for
//! tests; it has no indexes and is slow on purpose.
//!
//! Order never matters. In a conjunction all atoms are solved first, each variable of theirs taking
//! a value from a tuple. Then `=` and `in` bind what is left, and the other literals test. A value
//! that cannot be computed (division by zero, overflow) is held back while the literals that do not
//! need it are tried: only an assignment that satisfies all of those is an error.
//!
//! - `solve`: bodies and literals
//! - `eval`: expressions, comparisons, aggregates

mod eval;
mod solve;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fmt;

use crate::base::{Budget, Span, Stop};
use crate::model::program::{Aggregate, Body, CheckedProgram, Expr, Literal, Rule, Stratum};
use crate::model::schema::PredId;
use crate::model::value::Value;

use solve::{Env, Halt, Scope};

/// The tuples of each relation.
pub type Relations = HashMap<PredId, BTreeSet<Vec<Value>>>;

/// Relations to solve bodies over.
pub trait Facts {
    /// The tuples of a relation. Those that differ from `known`, the values that columns must have,
    /// may be left out.
    fn tuples<'s>(
        &'s self,
        pred: PredId,
        known: &dyn Fn() -> Vec<Option<Value>>,
    ) -> Box<dyn Iterator<Item = Cow<'s, [Value]>> + 's>;
}

impl Facts for Relations {
    fn tuples<'s>(
        &'s self,
        pred: PredId,
        _: &dyn Fn() -> Vec<Option<Value>>,
    ) -> Box<dyn Iterator<Item = Cow<'s, [Value]>> + 's> {
        Box::new(self.get(&pred).into_iter().flatten().map(|tuple| Cow::Borrowed(tuple.as_slice())))
    }
}

/// Why there is no model.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// A limit was reached, or somebody cancelled.
    Stopped(Stop),
    /// A value could not be computed.
    Fault {
        /// The clause in which it happened.
        rule: Span,
        /// What happened.
        fault: Fault,
        /// The variables that had a value, by name, in the order of the rule's table.
        binding: Vec<(String, Value)>,
    },
    /// The rule leaves a variable without a value; the analysis lets none such through.
    Unsafe(Span),
}

/// An operation that has no result though it should have one.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The expression.
    pub span: Span,
    /// What is wrong, as a noun phrase: "division by zero".
    pub what: String,
}

impl From<Stop> for Error {
    fn from(stop: Stop) -> Self {
        Error::Stopped(stop)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Stopped(stop) => write!(f, "stopped: {stop:?}"),
            Error::Unsafe(_) => f.write_str("a variable of the rule gets no value"),
            Error::Fault { fault, binding, .. } => {
                f.write_str(&fault.what)?;
                for (i, (name, value)) in binding.iter().enumerate() {
                    write!(f, "{} {name} = {value}", if i == 0 { " where" } else { "," })?;
                }
                Ok(())
            }
        }
    }
}

/// The least model: `stated` and everything that the rules derive from it, stratum by stratum, and
/// last the answers of `goals`, rules that no other rule reads.
///
/// Every relation of the schema and every goal's head has an entry in the result.
pub fn evaluate(
    program: &CheckedProgram,
    goals: &[Rule],
    stated: &Relations,
    budget: &Budget,
) -> Result<Relations, Error> {
    let mut model = stated.clone();
    for (id, _) in program.schema.iter() {
        model.entry(id).or_default();
    }
    for stratum in &program.strata {
        let rules: Vec<&Rule> = stratum.rules.iter().map(|id| program.rule(*id)).collect();
        if stratum.predicates.iter().any(|pred| program.is_guarded(*pred)) {
            guarded(program, stratum, &rules, &mut model, budget)?;
            continue;
        }
        let mut round = 0;
        loop {
            round += 1;
            budget.round(round)?;
            if !apply(&rules, &mut model, budget)? {
                break;
            }
        }
    }
    for goal in goals {
        model.entry(goal.head).or_default();
    }
    apply(&goals.iter().collect::<Vec<_>>(), &mut model, budget)?;
    Ok(model)
}

/// A stratum in which tuples give way to others, or whose recursion ends at a size: after each round
/// what gives way goes, until a round leaves everything as it was.
fn guarded(
    program: &CheckedProgram,
    stratum: &Stratum,
    rules: &[&Rule],
    model: &mut Relations,
    budget: &Budget,
) -> Result<(), Error> {
    let of = |model: &Relations| -> Vec<BTreeSet<Vec<Value>>> {
        stratum.predicates.iter().map(|pred| model.get(pred).cloned().unwrap_or_default()).collect()
    };
    // Rules that do not read the stratum derive before the first round.
    let reads = |rule: &&&Rule| {
        let mut found = false;
        rule.body.atoms(&mut |atom, _| found |= stratum.predicates.contains(&atom.pred));
        found
    };
    let first: Vec<&Rule> = rules.iter().filter(|rule| !reads(rule)).copied().collect();
    apply(&first, model, budget)?;
    give_way(program, stratum, model, budget)?;
    let mut round = 0;
    loop {
        let full = stratum.predicates.iter().any(|pred| {
            let limit = program.limits.get(pred).copied().unwrap_or(u64::MAX);
            model.get(pred).is_some_and(|tuples| tuples.len() as u64 >= limit)
        });
        round += 1;
        budget.round(round)?;
        let before = of(model);
        if full {
            return Ok(());
        }
        apply(rules, model, budget)?;
        give_way(program, stratum, model, budget)?;
        if of(model) == before {
            return Ok(());
        }
    }
}

/// Takes out the tuples that give way to others. Of two that give way to each other the one that
/// sorts first stays.
fn give_way(
    program: &CheckedProgram,
    stratum: &Stratum,
    model: &mut Relations,
    budget: &Budget,
) -> Result<(), Error> {
    for pred in &stratum.predicates {
        let mut pairs: BTreeSet<(Vec<Value>, Vec<Value>)> = BTreeSet::new();
        for subsumption in program.subsumptions.iter().filter(|found| found.pred == *pred) {
            let tuples = model.get(pred).cloned().unwrap_or_default();
            model.insert(subsumption.less, tuples.clone());
            model.insert(subsumption.greater, tuples);
            for pair in derive(&subsumption.rule, model, budget)? {
                let (less, greater) = pair.split_at(pair.len() / 2);
                if less != greater {
                    pairs.insert((less.to_vec(), greater.to_vec()));
                }
            }
            model.insert(subsumption.less, BTreeSet::new());
            model.insert(subsumption.greater, BTreeSet::new());
        }
        for (less, greater) in &pairs {
            if !pairs.contains(&(greater.clone(), less.clone())) || less > greater {
                model.entry(*pred).or_default().remove(less);
            }
        }
    }
    Ok(())
}

/// Adds what `rules` derive from `model`; whether anything was new.
fn apply(rules: &[&Rule], model: &mut Relations, budget: &Budget) -> Result<bool, Error> {
    let mut derived = Vec::new();
    for rule in rules {
        for tuple in derive(rule, model, budget)? {
            derived.push((rule.head, tuple));
        }
    }
    let mut grown = false;
    for (head, tuple) in derived {
        grown |= model.entry(head).or_default().insert(tuple);
    }
    Ok(grown)
}

/// The tuples that one application of `rule` to `model` yields.
pub fn derive(rule: &Rule, model: &Relations, budget: &Budget) -> Result<BTreeSet<Vec<Value>>, Error> {
    let scope = Scope { model, budget };
    let mut tuples = BTreeSet::new();
    let outcome = scope.solutions(&rule.body, &rule.args, &Env::free(rule.vars.len()), &mut |env| {
        let mut tuple = Vec::with_capacity(rule.args.len());
        for arg in &rule.args {
            tuple.extend(eval::decided(eval::expr(arg, env), env)?);
        }
        tuples.insert(tuple);
        Ok(())
    });
    outcome.map(|()| tuples).map_err(|halt| error(halt, rule))
}

fn error(halt: Halt, rule: &Rule) -> Error {
    match halt {
        Halt::Stop(stop) => Error::Stopped(stop),
        Halt::Unsafe => Error::Unsafe(rule.span),
        Halt::Fault(fault, env) => {
            let named =
                |(var, value): (usize, &Value)| Some((rule.vars.get(var)?.name.to_string(), value.clone()));
            let binding = env.known().filter_map(named).collect();
            Error::Fault { rule: rule.span, fault, binding }
        }
    }
}

/// The values of `columns` if `literals` of `rule` are satisfied where its variables have the values
/// of `binding`; `None` if they are not, or if one of `columns` has no value. Of the literals none
/// is an atom, and variables without a value are those of nested bodies.
pub fn conclude(
    rule: &Rule,
    literals: Vec<Literal>,
    columns: &[Expr],
    binding: &[Option<Value>],
    facts: &dyn Facts,
    budget: &Budget,
) -> Result<Option<Vec<Value>>, Error> {
    let scope = Scope { model: facts, budget };
    let body = Body { alternatives: vec![literals] };
    let mut found = None;
    let outcome = scope.solutions(&body, columns, &Env::bound(binding), &mut |env| {
        let mut values = Vec::with_capacity(columns.len());
        for column in columns {
            values.extend(eval::decided(eval::expr(column, env), env)?);
        }
        found = Some(values);
        Ok(())
    });
    outcome.map(|()| found).map_err(|halt| error(halt, rule))
}

/// The value of an aggregate of `rule` under `binding`, which gives values to the variables around
/// it, and the values that it is made of; `None` if it has none.
pub fn aggregate(
    rule: &Rule,
    aggregate: &Aggregate,
    binding: &[Option<Value>],
    facts: &dyn Facts,
    budget: &Budget,
) -> Result<(Option<Value>, Vec<Value>), Error> {
    let scope = Scope { model: facts, budget };
    let env = Env::bound(binding);
    let values = scope.aggregated(aggregate, &env).map_err(|halt| error(halt, rule))?;
    let computed = eval::aggregate(aggregate, values.clone());
    Ok((eval::decided(computed, &env).map_err(|halt| error(halt, rule))?, values))
}

/// The value of an expression under `binding`.
pub fn value(rule: &Rule, expr: &Expr, binding: &[Option<Value>]) -> Result<Option<Value>, Error> {
    let env = Env::bound(binding);
    eval::decided(eval::expr(expr, &env), &env).map_err(|halt| error(halt, rule))
}

#[cfg(test)]
mod tests;
