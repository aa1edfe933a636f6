//! Types of variables and of undeclared relations' columns, by one fixpoint over all rules.
//!
//! A variable has the narrowest of the types of the places where it stands; a column that no
//! declaration types has the smallest type that holds what its rules put there. Bare literals
//! (`12`, `"2025"`) say nothing until all else is known, since a number literal may be a float and
//! a text a date.

use std::collections::HashMap;

use super::functors::{Kind, Signature};
use super::raw::{RawAggregate, RawExpr, RawExprKind, RawLiteral, RawRule, RawStruct, RawVar};
use super::structs;
use super::types::{Base, builtin};
use crate::base::Span;
use crate::model::VarId;
use crate::model::schema::{EnumId, PredId, PredKind, Schema, TypeId};
use crate::syntax::datalog::ast::{AggregateOp, CompareOp, Const, ConstKind, Name};

/// Types of one rule's variables.
#[derive(Clone, Debug, Default)]
pub(super) struct VarTypes {
    /// `None` where nothing says.
    pub types: Vec<Option<TypeId>>,
    /// Whether a column in which the variable stands can be nil.
    pub optional: Vec<bool>,
    /// Whether the variable can be nil where a whole body holds: that column alone binds it, and no
    /// comparison excludes nil.
    pub nil_left: Vec<bool>,
    /// Variables whose type has changed, in this order.
    changed: Vec<VarId>,
}

/// Literals from which on a conjunction is not gone through again and again.
const MANY_LITERALS: usize = 16;

/// Infers columns of derived relations (written into the schema) and variables of every rule.
pub(super) fn infer(
    schema: &mut Schema,
    constants: &HashMap<std::sync::Arc<str>, Vec<EnumId>>,
    rules: &[RawRule],
) -> Vec<VarTypes> {
    let mut inference = Inference { schema, constants, columns: HashMap::new(), weak: false };
    for rule in rules {
        let predicate = inference.schema.predicate(rule.head);
        if matches!(predicate.kind, PredKind::Derived | PredKind::Answer) {
            inference.columns.entry(rule.head).or_insert_with(|| vec![(None, false); rule.args.len()]);
        }
    }
    let mut readers: HashMap<PredId, Vec<usize>> = HashMap::new();
    for (index, rule) in rules.iter().enumerate() {
        each_atom(&rule.alternatives, &mut |pred| {
            let list = readers.entry(pred).or_default();
            if list.last() != Some(&index) {
                list.push(index);
            }
        });
    }
    let mut types: Vec<VarTypes> = vec![VarTypes::default(); rules.len()];
    for weak in [false, true] {
        inference.weak = weak;
        let mut queue: std::collections::VecDeque<usize> = (0..rules.len()).collect();
        let mut queued = vec![true; rules.len()];
        while let Some(index) = queue.pop_front() {
            queued[index] = false;
            let rule = &rules[index];
            types[index] = inference.rule(rule);
            if inference.head(rule, &types[index]) {
                for reader in readers.get(&rule.head).into_iter().flatten() {
                    if !std::mem::replace(&mut queued[*reader], true) {
                        queue.push_back(*reader);
                    }
                }
            }
        }
    }
    let columns = inference.columns;
    for (pred, inferred) in columns {
        for (column, (ty, optional)) in schema.predicates[pred.0 as usize].columns.iter_mut().zip(inferred) {
            column.ty = ty.unwrap_or(builtin::SYMBOL);
            column.optional = optional;
        }
    }
    types
}

struct Inference<'a> {
    schema: &'a mut Schema,
    constants: &'a HashMap<std::sync::Arc<str>, Vec<EnumId>>,
    /// Derived relations: type and optionality of each column, as far as known.
    columns: HashMap<PredId, Vec<(Option<TypeId>, bool)>>,
    /// Whether bare literals may speak.
    weak: bool,
}

impl Inference<'_> {
    fn column(&self, pred: PredId, index: usize) -> (Option<TypeId>, bool) {
        match self.columns.get(&pred) {
            Some(columns) => columns[index],
            None => {
                let column = &self.schema.predicate(pred).columns[index];
                (Some(column.ty), column.optional)
            }
        }
    }

    fn rule(&mut self, rule: &RawRule) -> VarTypes {
        let count = rule.vars.len();
        let mut types = VarTypes {
            types: vec![None; count],
            optional: vec![false; count],
            nil_left: vec![false; count],
            changed: Vec::new(),
        };
        let weak = std::mem::replace(&mut self.weak, false);
        self.settle(rule, &mut types);
        if weak {
            // What the head asks for decides before what a bare literal looks like.
            for (index, arg) in rule.args.iter().enumerate() {
                if let Some(RawExpr { kind: RawExprKind::Var(var), .. }) = arg
                    && types.types[var.0 as usize].is_none()
                {
                    types.types[var.0 as usize] = self.column(rule.head, index).0;
                }
            }
            self.weak = true;
            self.settle(rule, &mut types);
        }
        self.nullable(&rule.alternatives, &rule.vars, 0, &mut types);
        types
    }

    /// Repeats until nothing more follows.
    fn settle(&mut self, rule: &RawRule, types: &mut VarTypes) {
        for _ in 0..=rule.vars.len() {
            types.changed.clear();
            if !self.alternatives(&rule.alternatives, types) {
                break;
            }
        }
    }

    /// A variable has in a disjunction the smallest type that holds what it has in each
    /// alternative: `P(x) ; Q(x)` says of `x` neither the one nor the other.
    fn alternatives(&mut self, alternatives: &[Vec<RawLiteral>], types: &mut VarTypes) -> bool {
        if let [literals] = alternatives {
            return self.conjunction(literals, types);
        }
        let before = types.types.clone();
        let mut merged: Vec<Option<TypeId>> = vec![None; before.len()];
        for literals in alternatives {
            types.types.clone_from(&before);
            for _ in 0..=literals.len() {
                if !self.conjunction(literals, types) {
                    break;
                }
            }
            for (slot, ty) in merged.iter_mut().zip(&types.types) {
                *slot = match (*slot, *ty) {
                    (Some(known), Some(ty)) => self.schema.common_supertype(known, ty).or(Some(known)),
                    (known, ty) => known.or(ty),
                };
            }
        }
        // What is known from outside is never widened.
        for (slot, outer) in merged.iter_mut().zip(&before) {
            if let Some(outer) = *outer
                && slot.is_none_or(|ty| !self.schema.is_subtype(ty, outer))
            {
                *slot = Some(outer);
            }
        }
        types.types = merged;
        types.types != before
    }

    fn conjunction(&mut self, literals: &[RawLiteral], types: &mut VarTypes) -> bool {
        let mut next = types.changed.len();
        let mut changed = false;
        for literal in literals {
            changed |= self.literal(literal, types);
        }
        if !changed || literals.len() < MANY_LITERALS {
            return changed;
        }
        // Equalities hand types on, one to the next in any order.
        let mut equalities: HashMap<VarId, Vec<&RawLiteral>> = HashMap::new();
        for literal in literals {
            if let RawLiteral::Compare { op: CompareOp::Eq, left, right, .. } = literal {
                for side in [left, right] {
                    side.each_var(&mut |var, _| equalities.entry(var).or_default().push(literal));
                }
            }
        }
        while let Some(var) = types.changed.get(next).copied() {
            next += 1;
            for literal in equalities.get(&var).into_iter().flatten() {
                self.literal(literal, types);
            }
        }
        true
    }

    fn literal(&mut self, literal: &RawLiteral, types: &mut VarTypes) -> bool {
        match literal {
            RawLiteral::Atom(atom) => {
                let mut changed = false;
                for (index, arg) in atom.args.iter().enumerate() {
                    if let Some(RawExpr { kind: RawExprKind::Var(var), .. }) = arg
                        && let (Some(ty), _) = self.column(atom.pred, index)
                    {
                        changed |= self.narrow(*var, ty, types);
                    }
                }
                changed
            }
            RawLiteral::Not(inner, _) => self.alternatives(inner, types),
            RawLiteral::Compare { op, left, right, .. } => {
                let mut changed = self.nested(left, types) | self.nested(right, types);
                if *op == CompareOp::Eq {
                    changed |= self.equal(left, right, types) | self.equal(right, left, types);
                }
                changed
            }
            RawLiteral::In { item, list, .. } => {
                let mut changed = false;
                if let RawExprKind::Var(var) = item.kind
                    && let Some(ty) = self.type_of(list, types)
                    && let Base::List(element) = self.schema.base(ty)
                {
                    changed |= self.narrow(var, element, types);
                }
                changed
            }
            RawLiteral::Test { .. } | RawLiteral::Bool(_) => false,
        }
    }

    fn nested(&mut self, expr: &RawExpr, types: &mut VarTypes) -> bool {
        match &expr.kind {
            RawExprKind::Aggregate(aggregate) => self.alternatives(&aggregate.alternatives, types),
            _ => false,
        }
    }

    fn equal(&mut self, target: &RawExpr, value: &RawExpr, types: &mut VarTypes) -> bool {
        match &target.kind {
            RawExprKind::Var(var) => match self.type_of(value, types) {
                Some(ty) => self.narrow(*var, ty, types),
                None => false,
            },
            RawExprKind::Struct(parts) => {
                let ty = self.type_of(value, types).or_else(|| self.type_of(target, types));
                ty.is_some_and(|ty| self.pattern(parts, ty, target.span, types))
            }
            _ => false,
        }
    }

    /// What a record or variant of type `ty` says of the variables in its fields.
    fn pattern(&mut self, parts: &RawStruct, ty: TypeId, span: Span, types: &mut VarTypes) -> bool {
        let Base::Struct(id) = self.schema.base(ty) else { return false };
        let names: Vec<Option<&Name>> = parts.fields().map(|(name, _)| name).collect();
        let Ok(variant) = structs::variant(self.schema, parts.name.as_ref(), Some(id), span) else {
            return false;
        };
        let Ok(places) = structs::order(self.schema, variant, &names, span) else { return false };
        let due = variant.types.clone();
        let mut changed = false;
        for (place, ty) in places.into_iter().zip(due) {
            let field = place.and_then(|place| parts.parts.get(place)).and_then(|(_, field)| field.as_ref());
            changed |= match field.map(|field| (&field.kind, field.span)) {
                Some((RawExprKind::Var(var), _)) => self.narrow(*var, ty, types),
                Some((RawExprKind::Struct(inner), span)) => self.pattern(inner, ty, span, types),
                _ => false,
            };
        }
        changed
    }

    /// Notes that a variable also stands where `ty` is.
    fn narrow(&self, var: VarId, ty: TypeId, types: &mut VarTypes) -> bool {
        let slot = &mut types.types[var.0 as usize];
        let better = slot.is_none_or(|known| known != ty && self.schema.is_subtype(ty, known));
        if better {
            *slot = Some(ty);
            types.changed.push(var);
        }
        better
    }

    /// The type of an expression, as far as known.
    pub fn type_of(&mut self, expr: &RawExpr, types: &VarTypes) -> Option<TypeId> {
        type_of(self.schema, self.constants, expr, &types.types, self.weak)
    }

    /// Which variables stand in optional columns, and which can be nil. A nested body binds only
    /// those of its own `level`; of others it says nothing.
    fn nullable(
        &self,
        alternatives: &[Vec<RawLiteral>],
        vars: &[RawVar],
        level: usize,
        types: &mut VarTypes,
    ) {
        for literals in alternatives {
            let mut places: HashMap<VarId, (usize, bool)> = HashMap::new();
            for literal in literals {
                match literal {
                    RawLiteral::Atom(atom) => {
                        for (index, arg) in atom.args.iter().enumerate() {
                            if let Some(RawExpr { kind: RawExprKind::Var(var), .. }) = arg {
                                let place = places.entry(*var).or_default();
                                place.0 += 1;
                                place.1 |= self.column(atom.pred, index).1;
                            }
                        }
                    }
                    RawLiteral::Compare { op: CompareOp::Eq, left, right, .. } => {
                        for (target, value) in [(left, right), (right, left)] {
                            if let (RawExprKind::Var(var), true) = (&target.kind, is_nil(value)) {
                                let place = places.entry(*var).or_default();
                                if place.0 == 0 {
                                    *place = (1, true);
                                }
                            }
                            if let RawExprKind::Aggregate(aggregate) = &value.kind {
                                self.nullable(&aggregate.alternatives, vars, level + 1, types);
                            }
                        }
                    }
                    RawLiteral::Not(inner, _) => self.nullable(inner, vars, level + 1, types),
                    _ => {}
                }
            }
            for (var, (count, optional)) in places {
                let own = vars.get(var.0 as usize).is_some_and(|var| var.level == level);
                if own && optional {
                    types.optional[var.0 as usize] = true;
                    types.nil_left[var.0 as usize] |=
                        count == 1 && !literals.iter().any(|literal| excludes_nil(literal, var));
                }
            }
        }
    }

    /// Widens the head's columns; whether that changed anything.
    fn head(&mut self, rule: &RawRule, types: &VarTypes) -> bool {
        if !self.columns.contains_key(&rule.head) {
            return false;
        }
        let mut changed = false;
        for (index, arg) in rule.args.iter().enumerate() {
            let (ty, optional) = match arg {
                None => (None, true),
                Some(arg) => {
                    let optional = is_nil(arg)
                        || matches!(arg.kind, RawExprKind::Var(var) if types.nil_left[var.0 as usize]);
                    (self.type_of(arg, types), optional)
                }
            };
            let Some(columns) = self.columns.get_mut(&rule.head) else { return changed };
            let Some(column) = columns.get_mut(index) else { continue };
            let wider = match (column.0, ty) {
                (known, None) => known,
                (None, found) => found,
                (Some(known), Some(found)) => self.schema.common_supertype(known, found).or(Some(known)),
            };
            let after = (wider, column.1 || optional);
            changed |= *column != after;
            *column = after;
        }
        changed
    }
}

/// Whether the literal never holds while the variable is nil: a comparison, other than with nil for
/// equality, or a test, of the variable or of what a functor makes of it.
fn excludes_nil(literal: &RawLiteral, var: VarId) -> bool {
    let is_var = |expr: &RawExpr| {
        let mut found = false;
        if !matches!(expr.kind, RawExprKind::List(_)) {
            expr.each_var(&mut |other, _| found |= other == var);
        }
        found
    };
    match literal {
        RawLiteral::Compare { op, left, right, .. } => {
            (is_var(left) || is_var(right)) && !(*op == CompareOp::Eq && (is_nil(left) || is_nil(right)))
        }
        RawLiteral::In { item, list, .. } => is_var(item) || is_var(list),
        RawLiteral::Test { left, right, .. } => is_var(left) || is_var(right),
        RawLiteral::Atom(_) | RawLiteral::Not(..) | RawLiteral::Bool(_) => false,
    }
}

fn is_nil(expr: &RawExpr) -> bool {
    matches!(&expr.kind, RawExprKind::Const(Const { kind: ConstKind::Nil, .. }))
}

/// The type of an expression; bare number and text literals have one only if `weak`.
pub(super) fn type_of(
    schema: &mut Schema,
    constants: &HashMap<std::sync::Arc<str>, Vec<EnumId>>,
    expr: &RawExpr,
    types: &[Option<TypeId>],
    weak: bool,
) -> Option<TypeId> {
    match &expr.kind {
        RawExprKind::Var(var) => types[var.0 as usize],
        RawExprKind::Const(constant) => constant_type(schema, constants, &constant.kind, weak),
        RawExprKind::List(items) => {
            let element = items.iter().find_map(|item| type_of(schema, constants, item, types, weak))?;
            Some(schema.list_of(element))
        }
        RawExprKind::Struct(parts) => structs::own_type(schema, parts, weak),
        RawExprKind::As(_, ty) => Some(ty.resolve(schema)),
        RawExprKind::Call(signature, args) => result_type(schema, constants, signature, args, types, weak),
        RawExprKind::Aggregate(aggregate) => aggregate_type(schema, constants, aggregate, types, weak),
    }
}

pub(super) fn constant_type(
    schema: &mut Schema,
    constants: &HashMap<std::sync::Arc<str>, Vec<EnumId>>,
    kind: &ConstKind,
    weak: bool,
) -> Option<TypeId> {
    match kind {
        ConstKind::String(_) => weak.then_some(builtin::SYMBOL),
        ConstKind::Int(_) => weak.then_some(builtin::NUMBER),
        ConstKind::Float(_) => Some(builtin::FLOAT),
        ConstKind::Date(_) => Some(builtin::DATE),
        ConstKind::Bool(_) => Some(builtin::BOOL),
        ConstKind::Nil => None,
        ConstKind::Name(name) => match constants.get(name.as_str()).map(Vec::as_slice) {
            Some([id]) => schema.type_names.get(&schema.enum_def(*id).name).copied(),
            Some(_) => None,
            None => {
                let mut found = schema.variants(name).map(|(id, _)| id);
                let first = found.next().filter(|_| found.next().is_none())?;
                schema.struct_type(first)
            }
        },
        ConstKind::Struct(..) => None,
        ConstKind::List(items) => {
            let element = items.iter().find_map(|item| constant_type(schema, constants, &item.kind, weak))?;
            Some(schema.list_of(element))
        }
    }
}

fn result_type(
    schema: &mut Schema,
    constants: &HashMap<std::sync::Arc<str>, Vec<EnumId>>,
    signature: &Signature,
    args: &[RawExpr],
    types: &[Option<TypeId>],
    weak: bool,
) -> Option<TypeId> {
    match signature.result {
        Kind::Numeric => {
            let known = args.iter().find_map(|arg| type_of(schema, constants, arg, types, weak))?;
            match schema.base(known) {
                Base::Float => Some(builtin::FLOAT),
                _ => Some(builtin::NUMBER),
            }
        }
        Kind::Same => args.iter().find_map(|arg| type_of(schema, constants, arg, types, weak)),
        kind => kind.ty(schema),
    }
}

fn aggregate_type(
    schema: &mut Schema,
    constants: &HashMap<std::sync::Arc<str>, Vec<EnumId>>,
    aggregate: &RawAggregate,
    types: &[Option<TypeId>],
    weak: bool,
) -> Option<TypeId> {
    match aggregate.op {
        AggregateOp::Count => Some(builtin::NUMBER),
        AggregateOp::Mean => Some(builtin::FLOAT),
        AggregateOp::Concat => Some(builtin::SYMBOL),
        AggregateOp::Sum => {
            let ty = type_of(schema, constants, aggregate.arg.as_ref()?, types, weak)?;
            Some(if schema.base(ty) == Base::Float { builtin::FLOAT } else { builtin::NUMBER })
        }
        AggregateOp::Min | AggregateOp::Max => {
            type_of(schema, constants, aggregate.arg.as_ref()?, types, weak)
        }
        AggregateOp::List => {
            let element = type_of(schema, constants, aggregate.arg.as_ref()?, types, weak)?;
            Some(schema.list_of(element))
        }
    }
}

/// Every atom's relation, those under negations and in aggregates included.
pub(super) fn each_atom(alternatives: &[Vec<RawLiteral>], visit: &mut impl FnMut(PredId)) {
    for literal in alternatives.iter().flatten() {
        match literal {
            RawLiteral::Atom(atom) => visit(atom.pred),
            RawLiteral::Not(inner, _) => each_atom(inner, visit),
            RawLiteral::Compare { left, right, .. } => {
                for side in [left, right] {
                    if let RawExprKind::Aggregate(aggregate) = &side.kind {
                        each_atom(&aggregate.alternatives, visit);
                    }
                }
            }
            RawLiteral::In { .. } | RawLiteral::Test { .. } | RawLiteral::Bool(_) => {}
        }
    }
}
