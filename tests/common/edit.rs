//! Edits that keep the meaning of a program.

use std::collections::BTreeSet;
use std::sync::Arc;

use factlog::model::functor;
use factlog::model::program::{Arg, Atom, Body, CompareOp, Expr, Literal, Rule, VarId};
use factlog::model::schema::{Column, PredId, PredKind, Predicate};
use factlog::model::value::Value;

use super::case::{Case, conjunction, deep, direct, nested_bodies, span};
use super::dice::Dice;

/// An edit; `None` where the program has no place for it.
pub type Edit = fn(&Case, &mut Dice) -> Option<Case>;

pub const EDITS: [(&str, Edit); 10] = [
    ("rename variables", rename_variables),
    ("reorder literals", reorder_literals),
    ("swap alternatives", swap_alternatives),
    ("reorder rules", reorder_rules),
    ("permute facts", permute_facts),
    ("split a rule through a helper", split_rule),
    ("add an always-false rule", add_false_rule),
    ("negate twice through a helper", negate_twice),
    ("duplicate a literal", duplicate_literal),
    ("make a rule of an alternative", part_alternatives),
];

fn rename_variables(case: &Case, dice: &mut Dice) -> Option<Case> {
    let mut rules = case.program.rules.clone();
    for rule in &mut rules {
        let mut order: Vec<usize> = (0..rule.vars.len()).collect();
        dice.shuffle(&mut order);
        let mut vars = rule.vars.clone();
        for (old, new) in order.iter().enumerate() {
            vars[*new] = rule.vars[old].clone();
            vars[*new].name = format!("w{new}_{old}").into();
        }
        rule.vars = vars;
        let rename = |var: &mut VarId| var.0 = order[var.0 as usize] as u32;
        rule.args.iter_mut().for_each(|arg| map_expr(arg, &rename));
        map_body(&mut rule.body, &rename);
    }
    Some(case.with_rules(rules))
}

/// Renames every occurrence.
pub fn map_body(body: &mut Body, rename: &impl Fn(&mut VarId)) {
    for literal in body.alternatives.iter_mut().flatten() {
        match literal {
            Literal::Atom(atom) => atom.args.iter_mut().for_each(|arg| {
                if let Arg::Is(expr) = arg {
                    map_expr(expr, rename);
                }
            }),
            Literal::Not(body, _) => map_body(body, rename),
            Literal::Compare { left, right, .. } | Literal::Test { left, right, .. } => {
                map_expr(left, rename);
                map_expr(right, rename);
            }
            Literal::In { item, list, .. } => {
                map_expr(item, rename);
                map_expr(list, rename);
            }
            Literal::Bool(_) => {}
        }
    }
}

fn map_expr(expr: &mut Expr, rename: &impl Fn(&mut VarId)) {
    match expr {
        Expr::Var(var) => rename(var),
        Expr::Const(_) => {}
        Expr::Call(_, args, _) | Expr::List(args) | Expr::Struct(_, args, _) => {
            args.iter_mut().for_each(|arg| map_expr(arg, rename))
        }
        Expr::Aggregate(aggregate) => {
            if let Some(arg) = &mut aggregate.arg {
                map_expr(arg, rename);
            }
            map_body(&mut aggregate.body, rename);
        }
    }
}

fn each_body(body: &mut Body, edit: &mut impl FnMut(&mut Body)) {
    edit(body);
    for literal in body.alternatives.iter_mut().flatten() {
        nested_bodies(literal).into_iter().for_each(|body| each_body(body, edit));
    }
}

fn reorder_literals(case: &Case, dice: &mut Dice) -> Option<Case> {
    let mut rules = case.program.rules.clone();
    for rule in &mut rules {
        each_body(&mut rule.body, &mut |body| body.alternatives.iter_mut().for_each(|all| dice.shuffle(all)));
    }
    Some(case.with_rules(rules))
}

fn swap_alternatives(case: &Case, dice: &mut Dice) -> Option<Case> {
    let mut rules = case.program.rules.clone();
    let mut any = false;
    for rule in &mut rules {
        each_body(&mut rule.body, &mut |body| {
            any |= body.alternatives.len() > 1;
            dice.shuffle(&mut body.alternatives);
        });
    }
    any.then(|| case.with_rules(rules))
}

fn reorder_rules(case: &Case, dice: &mut Dice) -> Option<Case> {
    let mut rules = case.program.rules.clone();
    dice.shuffle(&mut rules);
    (rules.len() > 1).then(|| case.with_rules(rules))
}

fn permute_facts(case: &Case, dice: &mut Dice) -> Option<Case> {
    let mut edited = case.clone();
    dice.shuffle(&mut edited.facts);
    let again = edited.facts.first()?.clone();
    edited.facts.push(again);
    Some(edited)
}

/// A relation that nothing else mentions, for these variables of a rule.
fn helper(case: &Case, rule: &Rule, vars: &[VarId]) -> (Arc<factlog::model::Schema>, PredId) {
    let mut schema = (*case.program.schema).clone();
    let id = PredId(schema.predicates.len() as u32);
    let column = |(i, var): (usize, &VarId)| Column {
        name: format!("c{i}").into(),
        ty: rule.var(*var).ty,
        // Wider than it need be.
        optional: true,
        default: None,
    };
    let name: Arc<str> = format!("Helper{}", id.0).into();
    schema.predicate_names.insert(Arc::clone(&name), id);
    schema.predicates.push(Predicate {
        name,
        columns: vars.iter().enumerate().map(column).collect(),
        key: None,
        ranges: Vec::new(),
        kind: PredKind::Derived,
        span: Some(span(0)),
    });
    (Arc::new(schema), id)
}

fn atom(pred: PredId, vars: &[VarId], place: usize) -> Literal {
    let args = vars.iter().map(|var| Arg::Is(Expr::Var(*var))).collect();
    Literal::Atom(Atom { pred, args, span: span(place) })
}

/// `head :- a, b, c.` becomes `head :- h(x), c.` and `h(x) :- a, b.`
fn split_rule(case: &Case, dice: &mut Dice) -> Option<Case> {
    let at = dice.below(case.program.rules.len());
    let rule = case.program.rules.get(at)?;
    let which = dice.below(rule.body.alternatives.len());
    let alternative = &rule.body.alternatives[which];
    let (moved, kept): (Vec<Literal>, Vec<Literal>) =
        alternative.iter().cloned().partition(|literal| plain(literal) && dice.chance(60));
    if moved.is_empty() {
        return None;
    }
    let bound = conjunction(&moved, &BTreeSet::new())?;
    let of = |literals: &[Literal]| {
        let mut vars = BTreeSet::new();
        deep(&Body { alternatives: vec![literals.to_vec()] }, &mut vars);
        vars
    };
    let mut outside = of(&kept);
    rule.args.iter().for_each(|arg| {
        arg.vars(&mut |var| {
            outside.insert(var);
        });
    });
    // A variable shared with a negation must not become local to it.
    let shared: Vec<VarId> = of(&moved).intersection(&outside).copied().collect();
    if shared.iter().any(|var| !bound.contains(var)) {
        return None;
    }
    let (schema, id) = helper(case, rule, &shared);
    let mut rules = case.program.rules.clone();
    let mut kept = kept;
    kept.push(atom(id, &shared, 1));
    rules[at].body.alternatives[which] = kept;
    let mut made = rule.clone();
    made.head = id;
    made.args = shared.iter().map(|var| Expr::Var(*var)).collect();
    made.body = Body { alternatives: vec![moved] };
    made.span = span(3);
    rules.push(made);
    Some(Case::new(schema, rules, case.facts.clone()))
}

/// Without aggregates, and nothing in it can fail.
fn plain(literal: &Literal) -> bool {
    fn expr(of: &Expr) -> bool {
        match of {
            Expr::Var(_) | Expr::Const(_) => true,
            Expr::Call(functor, args, _) => !functor::can_fail(*functor) && args.iter().all(expr),
            Expr::List(args) => args.iter().all(expr),
            // It can hold too much within.
            Expr::Struct(..) | Expr::Aggregate(_) => false,
        }
    }
    match literal {
        Literal::Atom(atom) => atom.args.iter().all(|arg| match arg {
            Arg::Any => true,
            Arg::Is(value) => expr(value),
        }),
        Literal::Not(body, _) => body.alternatives.iter().flatten().all(plain),
        Literal::Compare { left, right, .. } | Literal::Test { left, right, .. } => expr(left) && expr(right),
        Literal::In { item, list, .. } => expr(item) && expr(list),
        Literal::Bool(_) => true,
    }
}

fn add_false_rule(case: &Case, dice: &mut Dice) -> Option<Case> {
    let mut rules = case.program.rules.clone();
    let mut rule = dice.pick(&rules);
    for alternative in &mut rule.body.alternatives {
        let one = Expr::Const(Value::Number(1));
        let two = Expr::Const(Value::Number(2));
        alternative.push(if dice.chance(50) {
            Literal::Bool(false)
        } else {
            Literal::Compare { op: CompareOp::Eq, left: one, right: two, possibly: false, span: span(1) }
        });
    }
    rules.insert(dice.below(rules.len() + 1), rule);
    Some(case.with_rules(rules))
}

/// `head :- rest, p(x, y).` becomes `head :- rest, x != nil, !h(x).` and
/// `h(x) :- rest, x != nil, !p(x, _).` nil is kept out because a negated atom means something
/// else for it than an atom does.
fn negate_twice(case: &Case, dice: &mut Dice) -> Option<Case> {
    let at = dice.below(case.program.rules.len());
    let rule = case.program.rules.get(at)?;
    let stratum = case.program.strata.iter().find(|stratum| stratum.predicates.contains(&rule.head))?;
    let which = dice.below(rule.body.alternatives.len());
    let alternative = &rule.body.alternatives[which];
    if !alternative.iter().all(plain) {
        return None;
    }
    let fits = |literal: &Literal| match literal {
        Literal::Atom(atom) => {
            let lower = !stratum.predicates.contains(&atom.pred);
            lower && atom.args.iter().all(|arg| !matches!(arg, Arg::Is(Expr::Call(..) | Expr::List(_))))
        }
        _ => false,
    };
    let places: Vec<usize> = (0..alternative.len()).filter(|i| fits(&alternative[*i])).collect();
    if places.is_empty() {
        return None;
    }
    let mut rest = alternative.clone();
    let chosen = rest.remove(dice.pick(&places));
    // The helper must not read the stratum that then negates it.
    let mut own = false;
    Body { alternatives: vec![rest.clone()] }
        .atoms(&mut |atom, _| own |= stratum.predicates.contains(&atom.pred));
    if own {
        return None;
    }
    let bound = conjunction(&rest, &BTreeSet::new())?;
    let mut vars = BTreeSet::new();
    direct(&chosen, &mut vars);
    let mut used = BTreeSet::new();
    deep(&Body { alternatives: vec![rest.clone()] }, &mut used);
    rule.args.iter().for_each(|arg| {
        arg.vars(&mut |var| {
            used.insert(var);
        });
    });
    let shared: Vec<VarId> = vars.iter().copied().filter(|var| bound.contains(var)).collect();
    // What only the atom binds must not be needed elsewhere, and not twice in the atom itself.
    let Literal::Atom(mut negated) = chosen else { return None };
    for var in vars.iter().filter(|var| !bound.contains(*var)) {
        let here = negated.args.iter().filter(|arg| **arg == Arg::Is(Expr::Var(*var))).count();
        if used.contains(var) || here > 1 {
            return None;
        }
    }
    for arg in &mut negated.args {
        if let Arg::Is(Expr::Var(var)) = arg
            && !bound.contains(var)
        {
            *arg = Arg::Any;
        }
    }
    for var in &shared {
        let (left, right) = (Expr::Var(*var), Expr::Const(Value::Nil));
        rest.push(Literal::Compare { op: CompareOp::Ne, left, right, possibly: false, span: span(1) });
    }
    let (schema, id) = helper(case, rule, &shared);
    let not = |literal| Literal::Not(Body { alternatives: vec![vec![literal]] }, span(1));
    let with = |literal| rest.iter().cloned().chain([literal]).collect::<Vec<_>>();
    let mut rules = case.program.rules.clone();
    rules[at].body.alternatives[which] = with(not(atom(id, &shared, 3)));
    let mut made = rule.clone();
    made.head = id;
    made.args = shared.iter().map(|var| Expr::Var(*var)).collect();
    made.body = Body { alternatives: vec![with(not(Literal::Atom(negated)))] };
    made.span = span(5);
    rules.push(made);
    Some(Case::new(schema, rules, case.facts.clone()))
}

/// An atom whose variable can be nil is left alone: a second place would keep nil out.
fn duplicate_literal(case: &Case, dice: &mut Dice) -> Option<Case> {
    let mut rules = case.program.rules.clone();
    let at = dice.below(rules.len());
    let alternative = {
        let alternatives = &mut rules.get_mut(at)?.body.alternatives;
        let which = dice.below(alternatives.len());
        &mut alternatives[which]
    };
    let schema = &case.program.schema;
    let twice = |literal: &Literal| match literal {
        Literal::Atom(atom) => {
            let columns = &schema.predicate(atom.pred).columns;
            !columns
                .iter()
                .zip(&atom.args)
                .any(|(column, arg)| column.optional && matches!(arg, Arg::Is(Expr::Var(_))))
        }
        // Its own variables would then be shared by two.
        Literal::Not(..) => false,
        Literal::Compare { left, right, .. } => {
            ![left, right].iter().any(|side| matches!(side, Expr::Aggregate(_)))
        }
        _ => true,
    };
    let places: Vec<usize> = (0..alternative.len()).filter(|i| twice(&alternative[*i])).collect();
    if places.is_empty() {
        return None;
    }
    let again = alternative[dice.pick(&places)].clone();
    alternative.insert(dice.below(alternative.len() + 1), again);
    Some(case.with_rules(rules))
}

/// `head :- a ; b.` becomes `head :- a.` and `head :- b.`
fn part_alternatives(case: &Case, _: &mut Dice) -> Option<Case> {
    let mut rules = Vec::new();
    for rule in &case.program.rules {
        for alternative in &rule.body.alternatives {
            let body = Body { alternatives: vec![alternative.clone()] };
            rules.push(Rule { body, ..rule.clone() });
        }
    }
    (rules.len() > case.program.rules.len()).then(|| case.with_rules(rules))
}
