//! Values from the text of a fact file, and from JSON.

use crate::analysis::souffle::lower::{NIL, width};
use crate::analysis::souffle::types::{Def, Kind, Ty, Types};
use crate::base::limits::MAX_NESTING;
use crate::model::Value;
use crate::storage::interner::MAX_DEPTH;

/// The value of a whole field.
pub(super) fn parse(types: &Types, wide: bool, ty: Ty, text: &str, _quoted: bool) -> Result<Value, String> {
    let kind = types.kind(ty);
    match kind {
        Kind::Symbol => Ok(Value::symbol(text)),
        Kind::Record | Kind::Adt => {
            let mut reader = Reader { types, wide, text, at: 0 };
            let value = reader.compound(ty)?;
            reader.blanks();
            match reader.rest() {
                "" => Ok(value),
                rest => Err(format!("nothing may follow the value, not `{}`", shown(rest))),
            }
        }
        _ => {
            let name = types.name(ty);
            width(kind, wide).parse(text.trim()).ok_or_else(|| format!("`{}` is no `{name}`", shown(text)))
        }
    }
}

fn shown(text: &str) -> String {
    let cut: String = text.chars().take(40).collect();
    crate::base::escape::printable(&cut).into_owned()
}

struct Reader<'t> {
    types: &'t Types,
    wide: bool,
    text: &'t str,
    at: usize,
}

/// A record or branch that is open.
struct Open<'t> {
    fields: Vec<Ty>,
    items: Vec<Value>,
    /// How many items stand before the fields.
    first: usize,
    close: &'t str,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn eat(&mut self, sign: &str) -> Result<(), String> {
        self.blanks();
        match self.rest().starts_with(sign) {
            true => {
                self.at += sign.len();
                Ok(())
            }
            false => Err(format!("expected `{sign}`, found `{}`", shown(self.rest()))),
        }
    }

    /// A record or branch, by a stack of those that are open.
    fn compound(&mut self, ty: Ty) -> Result<Value, String> {
        let mut open: Vec<Open<'_>> = Vec::new();
        let mut wanted = ty;
        loop {
            self.blanks();
            let mut done = match self.types.kind(wanted) {
                Kind::Record | Kind::Adt => match self.begin(wanted)? {
                    Ok(value) => Some(value),
                    Err(begun) => {
                        if open.len() >= MAX_DEPTH {
                            return Err(format!("records are nested deeper than {MAX_DEPTH}"));
                        }
                        open.push(begun);
                        None
                    }
                },
                _ => Some(self.simple(wanted, open.last().map_or("", |open| open.close))?),
            };
            // Closes what is complete; what it makes is an item of what is around it.
            loop {
                let Some(top) = open.last_mut() else {
                    return done.ok_or_else(|| "a value is missing".to_owned());
                };
                top.items.extend(done.take());
                let next = top.items.len() - top.first;
                match top.fields.get(next) {
                    Some(field) => {
                        wanted = *field;
                        if next > 0 {
                            self.eat(",")?;
                        }
                        break;
                    }
                    None => {
                        let close = top.close;
                        self.eat(close)?;
                        done = open.pop().map(|top| Value::list(top.items));
                    }
                }
            }
        }
    }

    /// The value itself, or what of it is open now.
    fn begin(&mut self, ty: Ty) -> Result<Result<Value, Open<'t>>, String> {
        let types = self.types;
        if let Some(fields) = types.fields(ty) {
            if self.rest().starts_with("nil") {
                self.at += 3;
                return Ok(Ok(NIL));
            }
            self.eat("[")?;
            let fields = fields.iter().map(|(_, ty)| *ty).collect();
            return Ok(Err(Open { fields, items: Vec::new(), first: 0, close: "]" }));
        }
        self.eat("$")?;
        self.blanks();
        let rest = self.rest();
        let name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '?' | '.');
        let length = rest.find(|c| !name(c)).unwrap_or(rest.len());
        let branch = rest.get(..length).unwrap_or("");
        self.at += length;
        let Def::Algebraic(branches) = types.def_of(types.root(ty)) else {
            return Err("the column has no algebraic type".to_owned());
        };
        let found = branches.iter().position(|(known, _)| known == branch);
        let Some((tag, (_, fields))) = found.and_then(|at| Some((at, branches.get(at)?))) else {
            return Err(format!("`{}` has no branch `{}`", types.name(ty), shown(branch)));
        };
        let tag = Value::Number(tag as i64);
        if fields.is_empty() {
            if self.rest().starts_with("()") {
                self.at += 2;
            }
            return Ok(Ok(if types.is_enum(ty) { tag } else { Value::list([tag]) }));
        }
        self.eat("(")?;
        Ok(Err(Open { fields: fields.clone(), items: vec![tag], first: 1, close: ")" }))
    }

    fn simple(&mut self, ty: Ty, close: &str) -> Result<Value, String> {
        if self.types.kind(ty) == Kind::Symbol && self.rest().starts_with('"') {
            return self.quoted();
        }
        let rest = self.rest();
        let end = rest
            .find(|c| c == ',' || close.starts_with(c))
            .ok_or_else(|| format!("expected `{close}` after `{}`", shown(rest)))?;
        self.at += end;
        let text = rest.get(..end).unwrap_or("");
        match self.types.kind(ty) {
            Kind::Symbol => Ok(Value::symbol(text)),
            _ => parse(self.types, self.wide, ty, text, false),
        }
    }

    fn quoted(&mut self) -> Result<Value, String> {
        let rest = self.rest();
        let mut text = String::new();
        let mut chars = rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return Ok(Value::symbol(text));
                }
                '\\' => text.extend(chars.next().map(|(_, c)| c)),
                _ => text.push(c),
            }
        }
        Err(format!("a quote is never closed: `{}`", shown(rest)))
    }
}

/// The value that JSON gives; `None` if it is of another type.
pub(super) fn from_json(types: &Types, wide: bool, ty: Ty, json: &serde_json::Value) -> Option<Value> {
    at_depth(types, wide, ty, json, 0)
}

fn at_depth(types: &Types, wide: bool, ty: Ty, json: &serde_json::Value, depth: usize) -> Option<Value> {
    if depth > 2 * MAX_NESTING {
        return None;
    }
    let kind = types.kind(ty);
    match (kind, json) {
        (Kind::Symbol, serde_json::Value::String(text)) => Some(Value::symbol(text.as_str())),
        (Kind::Record, serde_json::Value::Null) => Some(NIL),
        (Kind::Record, _) => {
            let fields = types.fields(ty)?;
            let items = fields.iter().enumerate().map(|(at, (name, ty))| {
                let item = match json {
                    serde_json::Value::Array(items) if items.len() == fields.len() => items.get(at)?,
                    serde_json::Value::Object(members) => members.get(name)?,
                    _ => return None,
                };
                at_depth(types, wide, *ty, item, depth + 1)
            });
            Some(Value::list(items.collect::<Option<Vec<_>>>()?))
        }
        (Kind::Number | Kind::Unsigned | Kind::Float, serde_json::Value::Number(number)) => {
            width(kind, wide).parse(&number.to_string())
        }
        _ => None,
    }
}
