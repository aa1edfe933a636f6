//! Evaluation by demand: what is evaluated in place of the request is `plan::demand`'s.

use super::error::RuleRef;
use super::{Engine, EvalError, Model, Request, Tables};
use crate::base::Budget;
use crate::model::PredId;
use crate::plan::demand::{self, Demanded, Origin, Question};
use crate::plan::{Estimate, Statistics};
use crate::storage::Interner;

/// Evaluates what the goals need. Errors name the rules of the request.
pub(super) fn evaluate(
    engine: &impl Engine,
    request: &Request<'_>,
    tables: &dyn Tables,
    interner: &mut Interner,
    budget: &Budget,
) -> Result<Model, EvalError> {
    let whole = Request { demand: false, ..*request };
    if request.rounds {
        return engine.evaluate(&whole, tables, interner, budget);
    }
    let known = |pred: PredId| request.known.is_some_and(|known| known.contains_key(&pred));
    let question = Question {
        program: request.program,
        goals: request.goals,
        wanted: request.wanted,
        statistics: &Sizes { request, tables },
        known: &known,
    };
    let demanded = match demand::rewrite(&question) {
        Ok(demanded) => demanded,
        Err(unused) => {
            let mut model = engine.evaluate(&whole, tables, interner, budget)?;
            model.profile.demand = Some(Err(unused));
            return Ok(model);
        }
    };
    let rewritten = Request { program: &demanded.program, goals: &demanded.goals, ..whole };
    match engine.evaluate(&rewritten, tables, interner, budget) {
        Ok(mut model) => {
            if request.profile {
                model.profile.demand = Some(Ok(Box::new(demanded)));
            }
            Ok(model)
        }
        Err(error) => Err(of_request(error, &demanded)),
    }
}

/// The error in terms of the rules that were rewritten.
fn of_request(error: EvalError, demanded: &Demanded) -> EvalError {
    let original = |rule: RuleRef| match rule {
        RuleRef::Goal(_) => rule,
        RuleRef::Rule(id) => match demanded.origins.get(id.0 as usize) {
            Some(Origin::Rule(id)) => RuleRef::Rule(*id),
            Some(Origin::Goal(number)) => RuleRef::Goal(*number),
            None => rule,
        },
    };
    match error {
        EvalError::Stopped { stop, rule } => EvalError::Stopped { stop, rule: rule.map(original) },
        EvalError::Runtime { error, rule, span, binding } => {
            EvalError::Runtime { error, rule: original(rule), span, binding }
        }
    }
}

/// Sizes before anything is evaluated.
struct Sizes<'a> {
    request: &'a Request<'a>,
    tables: &'a dyn Tables,
}

impl Statistics for Sizes<'_> {
    fn estimate(&self, pred: PredId) -> Option<Estimate> {
        let known = self.request.known.and_then(|known| known.get(&pred)).map(|table| &**table);
        let table = known.or_else(|| self.tables.table(pred));
        Some(table.map_or(Estimate { rows: 0.0, distinct: Vec::new() }, |table| Estimate {
            rows: table.len() as f64,
            distinct: table.distinct().to_vec(),
        }))
    }
}
