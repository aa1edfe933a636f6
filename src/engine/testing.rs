//! Programs for tests, from a small text, without names, types or safety being checked.
//!
//! Relations are Capitalised; numbers, `'symbols'`, `d'dates'`, `nil`, lists; `!` before an atom or
//! a braced body; `n = count : {…}`, `n = sum x : {…}`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::{FileId, Span};
use crate::model::program::{AggregateOp, CompareOp};
use crate::model::schema::{PredKind, Predicate};
use crate::model::{
    Aggregate, Arg, Atom, Body, CheckedProgram, Column, Date, Expr, Functor, Literal, PredId, Rule, RuleId,
    Stratum, TypeId, Value, Var, VarId,
};

/// A program and what its relations are called.
#[derive(Default)]
pub struct Text {
    pub program: CheckedProgram,
    names: HashMap<String, PredId>,
}

struct Reader<'t> {
    tokens: Vec<&'t str>,
    at: usize,
    text: &'t mut Text,
    vars: Vec<Var>,
}

fn span() -> Span {
    Span::new(FileId(0), 0, 0)
}

fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let len = if rest.starts_with("d'") || first == '\'' {
            rest.match_indices('\'').nth(1).map_or(rest.len(), |(at, _)| at + 1)
        } else if first.is_alphanumeric() || first == '_' {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
        } else if [":-", "!=", "<=", ">="].iter().any(|two| rest.starts_with(two)) {
            2
        } else {
            1
        };
        tokens.push(&rest[..len]);
        rest = rest[len..].trim_start();
    }
    tokens
}

impl Text {
    /// One clause a line or between full stops.
    pub fn new(text: &str) -> Self {
        let mut this = Text::default();
        let mut rules = Vec::new();
        for clause in text.split('.').filter(|clause| !clause.trim().is_empty()) {
            rules.push(this.rule(clause));
        }
        this.program.rules = rules;
        this.stratify();
        this
    }

    /// A clause as a rule outside the program.
    pub fn rule(&mut self, clause: &str) -> Rule {
        let mut reader = Reader { tokens: tokens(clause), at: 0, text: self, vars: Vec::new() };
        let head = reader.atom();
        let body = if reader.eat(":-") { reader.body() } else { Body { alternatives: vec![Vec::new()] } };
        assert_eq!(reader.at, reader.tokens.len(), "{clause}: {:?}", reader.tokens.get(reader.at));
        let args = head
            .args
            .into_iter()
            .map(|arg| match arg {
                Arg::Is(expr) => expr,
                Arg::Any => panic!("wildcard in a head"),
            })
            .collect();
        Rule { head: head.pred, args, body, vars: reader.vars, label: None, assume: Vec::new(), span: span() }
    }

    pub fn pred(&mut self, name: &str, arity: usize) -> PredId {
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        let schema = Arc::make_mut(&mut self.program.schema);
        let id = PredId(schema.predicates.len() as u32);
        let column = |i: usize| Column {
            name: Arc::from(format!("c{}", i + 1)),
            ty: TypeId(0),
            optional: true,
            default: None,
        };
        schema.predicates.push(Predicate {
            name: Arc::from(name),
            columns: (0..arity).map(column).collect(),
            key: None,
            ranges: Vec::new(),
            kind: PredKind::Declared,
            span: None,
        });
        self.names.insert(name.to_owned(), id);
        id
    }

    pub fn id(&self, name: &str) -> PredId {
        self.names[name]
    }

    /// The relation, if the program has it.
    pub fn find(&self, name: &str) -> Option<PredId> {
        self.names.get(name).copied()
    }

    /// Components of the dependency graph by reachability, bottom-up.
    fn stratify(&mut self) {
        let preds = self.program.schema.predicates.len();
        let mut reads = vec![vec![false; preds]; preds];
        for rule in &self.program.rules {
            rule.body.atoms(&mut |atom, _| reads[rule.head.0 as usize][atom.pred.0 as usize] = true);
        }
        for k in 0..preds {
            for i in 0..preds {
                for j in 0..preds {
                    reads[i][j] |= reads[i][k] && reads[k][j];
                }
            }
        }
        let mut order: Vec<usize> = (0..preds).collect();
        order.sort_by_key(|i| (reads[*i].iter().filter(|read| **read).count(), *i));
        let mut done = vec![false; preds];
        for i in order {
            if done[i] {
                continue;
            }
            let members: Vec<usize> =
                (0..preds).filter(|j| *j == i || reads[i][*j] && reads[*j][i]).collect();
            members.iter().for_each(|j| done[*j] = true);
            let predicates: Vec<PredId> = members.iter().map(|j| PredId(*j as u32)).collect();
            let rules = (0..self.program.rules.len())
                .filter(|r| predicates.contains(&self.program.rules[*r].head))
                .map(|r| RuleId(r as u32))
                .collect();
            self.program.strata.push(Stratum { predicates, rules, recursive: reads[i][i] });
        }
    }
}

impl<'t> Reader<'t> {
    fn peek(&self) -> &'t str {
        self.tokens.get(self.at).copied().unwrap_or("")
    }

    fn next(&mut self) -> &'t str {
        self.at += 1;
        self.tokens[self.at - 1]
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.peek() == token;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: &str) {
        assert!(self.eat(token), "expected {token}, found {}", self.peek());
    }

    fn body(&mut self) -> Body {
        let mut alternatives = vec![Vec::new()];
        loop {
            let literal = self.literal();
            alternatives.last_mut().unwrap().push(literal);
            if self.eat(";") {
                alternatives.push(Vec::new());
            } else if !self.eat(",") {
                return Body { alternatives };
            }
        }
    }

    fn literal(&mut self) -> Literal {
        if self.eat("!") {
            if self.eat("{") {
                let body = self.body();
                self.expect("}");
                return Literal::Not(body, span());
            }
            let atom = self.atom();
            return Literal::Not(Body { alternatives: vec![vec![Literal::Atom(atom)]] }, span());
        }
        if self.peek().starts_with(char::is_uppercase) {
            return Literal::Atom(self.atom());
        }
        let left = self.expr();
        let op = match self.next() {
            "=" => CompareOp::Eq,
            "!=" => CompareOp::Ne,
            "<" => CompareOp::Lt,
            "<=" => CompareOp::Le,
            ">" => CompareOp::Gt,
            ">=" => CompareOp::Ge,
            "in" => return Literal::In { item: left, list: self.expr(), span: span() },
            other => panic!("no comparison: {other}"),
        };
        Literal::Compare { op, left, right: self.expr(), possibly: false, span: span() }
    }

    fn atom(&mut self) -> Atom {
        // Atoms are told apart by their places.
        let span = Span::new(FileId(0), self.at, self.at + 1);
        let name = self.next();
        let mut args = Vec::new();
        self.expect("(");
        while !self.eat(")") {
            args.push(if self.eat("_") { Arg::Any } else { Arg::Is(self.expr()) });
            self.eat(",");
        }
        Atom { pred: self.text.pred(name, args.len()), args, span }
    }

    fn expr(&mut self) -> Expr {
        let mut left = self.primary();
        loop {
            let functor = match self.peek() {
                "+" => Functor::Add,
                "-" => Functor::Sub,
                "*" => Functor::Mul,
                "/" => Functor::Div,
                _ => return left,
            };
            self.at += 1;
            left = Expr::Call(functor, vec![left, self.primary()], span());
        }
    }

    fn primary(&mut self) -> Expr {
        let token = self.next();
        let aggregate = match token {
            "count" => Some(AggregateOp::Count),
            "sum" => Some(AggregateOp::Sum),
            "min" => Some(AggregateOp::Min),
            "max" => Some(AggregateOp::Max),
            "mean" => Some(AggregateOp::Mean),
            "list" => Some(AggregateOp::List),
            "concat" => Some(AggregateOp::Concat),
            _ => None,
        };
        if let Some(op) = aggregate {
            let arg = (self.peek() != ":").then(|| self.expr());
            self.expect(":");
            self.expect("{");
            let body = self.body();
            self.expect("}");
            let separator = Arc::from(if op == AggregateOp::Concat { "-" } else { "" });
            return Expr::Aggregate(Box::new(Aggregate {
                op,
                arg,
                separator,
                float: false,
                wraps: false,
                body,
                span: span(),
            }));
        }
        let functor = match token {
            "year" => Some(Functor::Year),
            "day" => Some(Functor::Day),
            "range" => Some(Functor::Range),
            "cat" => Some(Functor::Cat),
            _ => None,
        };
        if let Some(functor) = functor {
            self.expect("(");
            let mut args = Vec::new();
            while !self.eat(")") {
                args.push(self.expr());
                self.eat(",");
            }
            return Expr::Call(functor, args, span());
        }
        if token == "[" {
            let mut items = Vec::new();
            while !self.eat("]") {
                items.push(self.expr());
                self.eat(",");
            }
            return Expr::List(items);
        }
        if let Some(value) = constant(token) {
            return Expr::Const(value);
        }
        if token == "-" {
            let Some(Value::Number(number)) = constant(self.next()) else { panic!("no number behind -") };
            return Expr::Const(Value::Number(-number));
        }
        let known = self.vars.iter().position(|var| &*var.name == token);
        let at = known.unwrap_or_else(|| {
            self.vars.push(Var { name: Arc::from(token), ty: TypeId(0), optional: true, span: span() });
            self.vars.len() - 1
        });
        Expr::Var(VarId(at as u32))
    }
}

/// The constant that a token writes.
pub fn constant(token: &str) -> Option<Value> {
    if let Some(text) = token.strip_prefix("d'") {
        return Some(Value::Date(Date::parse(text.trim_end_matches('\'')).unwrap()));
    }
    if let Some(text) = token.strip_prefix('\'') {
        return Some(Value::symbol(text.trim_end_matches('\'')));
    }
    match token {
        "nil" => Some(Value::Nil),
        _ => token.parse().ok().map(Value::Number),
    }
}
