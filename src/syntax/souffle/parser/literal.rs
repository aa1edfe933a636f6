//! Bodies.

use super::{Kind, Parser, Read, join};
use crate::syntax::souffle::ast::*;

impl Parser<'_> {
    pub(super) fn disjunction(&mut self) -> Read<Disjunction> {
        let mut alternatives = Vec::new();
        loop {
            let mut literals = vec![self.literal()?];
            while self.eat(",") {
                literals.push(self.literal()?);
            }
            alternatives.push(literals);
            if !self.eat(";") {
                return Ok(alternatives);
            }
        }
    }

    fn literal(&mut self) -> Read<Literal> {
        let token = self.peek();
        match token.kind {
            Kind::Sign("!") => {
                self.at += 1;
                let inner = self.nested(Self::literal)?;
                Ok(Literal::Not(Box::new(inner), join(token.span, self.token(self.at - 1).span)))
            }
            Kind::Sign("(") if self.is_group() => {
                self.at += 1;
                let inner = self.nested(Self::disjunction)?;
                if !self.eat(")") {
                    return Err(self.unexpected("`,`, `;` or `)`"));
                }
                Ok(Literal::Group(inner))
            }
            Kind::Word if matches!(&*token.text, "true" | "false") => {
                self.at += 1;
                Ok(Literal::Bool(&*token.text == "true"))
            }
            Kind::Word if matches!(&*token.text, "match" | "contains") => {
                self.at += 1;
                let op = if &*token.text == "match" { TestOp::Match } else { TestOp::Contains };
                self.expect("(")?;
                let left = self.nested(Self::expr)?;
                self.expect(",")?;
                let right = self.nested(Self::expr)?;
                let end = self.expect(")")?;
                Ok(Literal::Test(op, left, right, join(token.span, end)))
            }
            Kind::Word if self.is_atom() => self.atom().map(Literal::Atom),
            _ => self.comparison(),
        }
    }

    /// Whether a bracket holds literals and not the beginning of an expression.
    fn is_group(&self) -> bool {
        let Some(close) = self.closes.get(&self.at) else { return true };
        matches!(self.token(close + 1).kind, Kind::Sign("," | ";" | "." | ")" | "}") | Kind::End)
    }

    /// Whether a name, perhaps with dots, and a bracket come next.
    fn is_atom(&self) -> bool {
        let mut at = self.at + 1;
        if super::KEYWORDS.contains(&&*self.peek().text) {
            return false;
        }
        while self.token(at).is(".") && self.token(at + 1).kind == Kind::Word {
            at += 2;
        }
        self.token(at).is("(")
    }

    pub(super) fn atom(&mut self) -> Read<Atom> {
        let name = self.qualified("the name of a relation")?;
        let args = self.nested(|parser| parser.list("(", ")", Self::expr))?;
        let span = join(name.span, self.token(self.at.saturating_sub(1)).span);
        Ok(Atom { name, args, span })
    }

    fn comparison(&mut self) -> Read<Literal> {
        let left = self.expr()?;
        let op = match self.peek().kind {
            Kind::Sign("=") => CompareOp::Eq,
            Kind::Sign("!=") => CompareOp::Ne,
            Kind::Sign("<") => CompareOp::Lt,
            Kind::Sign("<=") => CompareOp::Le,
            Kind::Sign(">") => CompareOp::Gt,
            Kind::Sign(">=") => CompareOp::Ge,
            _ => return Err(self.unexpected("a comparison")),
        };
        self.at += 1;
        let right = self.expr()?;
        let span = join(left.span, right.span);
        Ok(Literal::Compare(op, left, right, span))
    }
}
