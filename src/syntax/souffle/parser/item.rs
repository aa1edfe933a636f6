//! Declarations, directives, components, clauses.

use super::{Kind, Mistake, Parser, Read, join};
use crate::base::codes::analysis::{BAD_ANNOTATION, DUPLICATE_DECLARATION};
use crate::base::{Diagnostic, Span};
use crate::syntax::souffle::ast::*;

const QUALIFIERS: &[&str] = &[
    "overridable",
    "inline",
    "no_inline",
    "magic",
    "no_magic",
    "brie",
    "btree",
    "btree_delete",
    "eqrel",
    "output",
    "input",
    "printsize",
];
/// Qualifiers that say how a relation is stored, of which it has one.
const REPRESENTATIONS: &[&str] = &["brie", "btree", "btree_delete", "eqrel"];

impl Parser<'_> {
    /// One item of a program or component.
    pub(super) fn item(&mut self, unit: &mut Unit) -> Read<()> {
        self.annotations()?;
        let token = self.peek();
        let span = token.span;
        match token.kind {
            Kind::Directive => {
                self.at += 1;
                self.directive(&token.text, span, unit)
            }
            Kind::Sign(".") if self.second().kind == Kind::Word && !self.second().spaced => {
                let word = self.second().text.to_string();
                Err(self.unknown_directive(join(span, self.second().span), &word))
            }
            Kind::Word => self.clause(unit),
            Kind::End => Ok(()),
            _ => Err(self.unexpected("a declaration, a directive or a rule")),
        }
    }

    /// `@[…]`, which means nothing to the answers.
    pub(super) fn annotations(&mut self) -> Read<()> {
        loop {
            let opens = self.peek().is("@") || self.peek().is("@!");
            if !opens || !self.second().is("[") {
                return Ok(());
            }
            self.at += 2;
            let mut depth = 1;
            while depth > 0 {
                match self.advance().kind {
                    Kind::Sign("[") => depth += 1,
                    Kind::Sign("]") => depth -= 1,
                    Kind::End => {
                        self.at -= 1;
                        return Err(self.unexpected("`]`"));
                    }
                    _ => {}
                }
            }
        }
    }

    fn directive(&mut self, word: &str, span: Span, unit: &mut Unit) -> Read<()> {
        match word {
            "decl" => self.relation(span, &mut unit.relations, &mut unit.directives),
            "type" => {
                let decl = self.type_decl(span)?;
                unit.types.push(decl);
                Ok(())
            }
            "number_type" | "symbol_type" => {
                let name = self.name("the name of a type")?;
                let base = word.trim_end_matches("_type").to_owned();
                let span = join(span, name.span);
                unit.types.push(TypeDecl { def: TypeDef::Subset(Name { text: base, span }), name, span });
                Ok(())
            }
            "input" => self.io(IoKind::Input, &mut unit.directives),
            "output" => self.io(IoKind::Output, &mut unit.directives),
            "printsize" => self.io(IoKind::PrintSize, &mut unit.directives),
            "limitsize" => self.io(IoKind::LimitSize, &mut unit.directives),
            "comp" => {
                let component = self.nested(Self::component)?;
                unit.components.push(component);
                Ok(())
            }
            "init" => {
                let name = self.name("the name of the instance")?;
                self.expect("=")?;
                let of = self.component_type()?;
                unit.inits.push(Init { name, of });
                Ok(())
            }
            "override" => {
                unit.overrides.push(self.name("the relation overridden")?);
                Ok(())
            }
            "pragma" => self.pragma(span, unit),
            "functor" => self.functor(span, unit),
            "plan" => {
                let message = "`.plan` belongs behind a rule".to_owned();
                self.diagnostics.push(Diagnostic::new(BAD_ANNOTATION, message).at(span));
                Err(Mistake)
            }
            "lattice" => {
                unit.lattices.push(self.name("the type of the lattice")?);
                while !self.eat("}") {
                    if self.advance().kind == Kind::End {
                        self.at -= 1;
                        return Err(self.unexpected("`}`"));
                    }
                }
                Ok(())
            }
            _ => Err(self.unknown_directive(span, word)),
        }
    }

    fn type_decl(&mut self, start: Span) -> Read<TypeDecl> {
        let name = self.name("the name of a type")?;
        let text = "the name of a type";
        let def = if self.eat("<:") {
            TypeDef::Subset(self.qualified(text)?)
        } else if self.eat("=") {
            self.annotations()?;
            if self.peek().is("[") {
                TypeDef::Record(self.list("[", "]", Self::field)?)
            } else if self.second().is("{") {
                let mut branches = vec![self.branch()?];
                while self.eat("|") {
                    self.annotations()?;
                    branches.push(self.branch()?);
                }
                TypeDef::Algebraic(branches)
            } else {
                let mut members = vec![self.qualified(text)?];
                while self.eat("|") {
                    members.push(self.qualified(text)?);
                }
                match <[Name; 1]>::try_from(members) {
                    Ok([only]) => TypeDef::Alias(only),
                    Err(members) => TypeDef::Union(members),
                }
            }
        } else {
            TypeDef::Subset(Name { text: "symbol".to_owned(), span: name.span })
        };
        let span = join(start, self.token(self.at.saturating_sub(1)).span);
        Ok(TypeDecl { name, def, span })
    }

    fn branch(&mut self) -> Read<Branch> {
        let name = self.name("the name of a branch")?;
        let fields = self.list("{", "}", Self::field)?;
        Ok(Branch { name, fields })
    }

    fn field(&mut self) -> Read<Field> {
        self.annotations()?;
        let name = self.name("the name of a column")?;
        self.expect(":")?;
        let ty = self.qualified("a type")?;
        if self.eat("<") {
            let span = self.expect(">")?;
            let message = "lattice columns are not supported".to_owned();
            self.diagnostics.push(
                Diagnostic::new(crate::base::codes::souffle::UNSUPPORTED, message).at(join(ty.span, span)),
            );
        }
        Ok(Field { name, ty })
    }

    fn relation(
        &mut self,
        start: Span,
        relations: &mut Vec<Relation>,
        directives: &mut Vec<Directive>,
    ) -> Read<()> {
        let mut names = vec![self.name("the name of a relation")?];
        let mut fields = Vec::new();
        let mut delta_of = None;
        if self.eat("=") {
            if !self.eat_word("debug_delta") {
                return Err(self.unexpected("`debug_delta`"));
            }
            self.expect("(")?;
            delta_of = Some(self.name("the name of a relation")?);
            self.expect(")")?;
        } else {
            while self.eat(",") {
                names.push(self.name("the name of a relation")?);
            }
            fields = self.list("(", ")", Self::field)?;
        }
        let mut qualifiers: Vec<Name> = Vec::new();
        while self.peek().kind == super::Kind::Word && QUALIFIERS.contains(&&*self.peek().text) {
            let token = self.advance();
            let name = Name { text: token.text.to_string(), span: token.span };
            let kind = |text: &str| REPRESENTATIONS.contains(&text);
            let clash = qualifiers
                .iter()
                .find(|known| known.text == name.text || kind(&known.text) && kind(&name.text));
            if let Some(clash) = clash {
                let message = match clash.text == name.text {
                    true => format!("`{}` is said twice", name.text),
                    false => format!("a relation cannot be both `{}` and `{}`", clash.text, name.text),
                };
                let diagnostic = Diagnostic::new(DUPLICATE_DECLARATION, message).at(name.span);
                self.diagnostics.push(diagnostic.also(clash.span, "first here"));
            }
            qualifiers.push(name);
        }
        let mut choice = Vec::new();
        if self.eat_word("choice-domain") {
            loop {
                choice.push(if self.peek().is("(") {
                    if self.second().is(")") {
                        self.at += 1;
                        return Err(self.unexpected("the name of a column"));
                    }
                    self.list("(", ")", |parser| parser.name("the name of a column"))?
                } else {
                    vec![self.name("the name of a column")?]
                });
                if !self.eat(",") {
                    break;
                }
            }
        }
        let span = join(start, self.token(self.at.saturating_sub(1)).span);
        for name in names {
            for qualifier in &qualifiers {
                let kind = match &*qualifier.text {
                    "input" => IoKind::Input,
                    "output" => IoKind::Output,
                    "printsize" => IoKind::PrintSize,
                    _ => continue,
                };
                directives.push(Directive { kind, relation: name.clone(), params: Vec::new() });
            }
            relations.push(Relation {
                name,
                fields: fields.clone(),
                qualifiers: qualifiers.clone(),
                choice: choice.clone(),
                delta_of: delta_of.clone(),
                span,
            });
        }
        Ok(())
    }

    fn io(&mut self, kind: IoKind, directives: &mut Vec<Directive>) -> Read<()> {
        let mut names = vec![self.qualified("the name of a relation")?];
        while self.eat(",") {
            names.push(self.qualified("the name of a relation")?);
        }
        let params = if self.peek().is("(") { self.list("(", ")", Self::param)? } else { Vec::new() };
        directives.extend(names.into_iter().map(|relation| Directive {
            kind,
            relation,
            params: params.clone(),
        }));
        Ok(())
    }

    fn param(&mut self) -> Read<(Name, String)> {
        let name = self.name("a parameter")?;
        self.expect("=")?;
        let token = self.peek();
        let known = match token.kind {
            Kind::Text | Kind::Number => true,
            Kind::Word => {
                !super::KEYWORDS.contains(&&*token.text) || matches!(&*token.text, "true" | "false")
            }
            _ => false,
        };
        if !known {
            return Err(self.unexpected("a text, a name or a number"));
        }
        self.at += 1;
        Ok((name, token.text.to_string()))
    }

    fn component(&mut self) -> Read<Component> {
        let head = self.component_type()?;
        let mut bases = Vec::new();
        while self.eat(":") || !bases.is_empty() && self.eat(",") {
            bases.push(self.component_type()?);
        }
        self.expect("{")?;
        let mut unit = Unit::default();
        loop {
            self.annotations()?;
            if self.eat("}") {
                return Ok(Component { head, bases, unit });
            }
            if self.peek().kind == Kind::End {
                return Err(self.unexpected("`}`, the end of the component"));
            }
            self.item(&mut unit)?;
        }
    }

    fn component_type(&mut self) -> Read<ComponentType> {
        let name = self.name("the name of a component")?;
        let params = if self.peek().is("<") {
            self.list("<", ">", |parser| parser.name("the name of a type"))?
        } else {
            Vec::new()
        };
        Ok(ComponentType { name, params })
    }

    fn pragma(&mut self, span: Span, unit: &mut Unit) -> Read<()> {
        if self.peek().kind != Kind::Text {
            return Err(self.unexpected("a text"));
        }
        let key = self.advance().text.to_string();
        let value = match self.peek().kind {
            Kind::Text => self.advance().text.to_string(),
            _ => String::new(),
        };
        unit.pragmas.push((key, value, span));
        Ok(())
    }

    fn functor(&mut self, start: Span, unit: &mut Unit) -> Read<()> {
        let name = self.name("the name of the functor")?;
        let mut types = self.list("(", ")", |parser| {
            parser.annotations()?;
            let first = parser.qualified("a type")?;
            if parser.eat(":") { parser.qualified("a type") } else { Ok(first) }
        })?;
        self.expect(":")?;
        let result = self.qualified("a type")?;
        let span = join(start, result.span);
        types.push(result);
        let stateful = self.eat_word("stateful");
        unit.functors.push(FunctorDecl { name, types, stateful, span });
        Ok(())
    }

    fn clause(&mut self, unit: &mut Unit) -> Read<()> {
        let start = self.peek().span;
        let mut heads = vec![self.atom()?];
        let mut subsumes = false;
        if self.eat("<=") {
            subsumes = true;
            heads.push(self.atom()?);
        } else {
            while self.eat(",") {
                self.annotations()?;
                heads.push(self.atom()?);
            }
        }
        let mut body = None;
        if self.peek().is(":-") {
            self.at += 1;
            self.annotations()?;
            body = Some(self.disjunction()?);
        } else if subsumes || heads.len() > 1 {
            return Err(self.unexpected("`:-`"));
        } else if !self.peek().is(".") {
            return Err(self.unexpected("`.`, `:-` or `,`"));
        }
        let end = self.expect(".")?;
        let mut plan = None;
        if body.is_some() && self.peek().kind == Kind::Directive && &*self.peek().text == "plan" {
            let span = self.advance().span;
            plan = Some((self.plan()?, span));
        }
        unit.clauses.push(Clause { heads, subsumes, body, plan, span: join(start, end) });
        Ok(())
    }

    /// `0:(1,2), 1:(2,1)`
    fn plan(&mut self) -> Read<Orders> {
        let mut orders = Vec::new();
        loop {
            let version = self.whole()?;
            self.expect(":")?;
            orders.push((version, self.list("(", ")", Self::whole)?));
            if !self.eat(",") {
                return Ok(orders);
            }
        }
    }

    fn whole(&mut self) -> Read<u64> {
        match (self.peek().kind, self.peek().text.parse()) {
            (Kind::Number, Ok(number)) => {
                self.at += 1;
                Ok(number)
            }
            _ => Err(self.unexpected("a whole number")),
        }
    }
}
