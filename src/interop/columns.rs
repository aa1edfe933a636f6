//! The columns of a relation, as formats see them: names and what the values are made of.

use std::sync::Arc;

use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::escape;
use crate::model::{Date, EnumId, EnumValue, Value};

/// A column of rows that come from a file or go to one.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name in the relation.
    pub name: Arc<str>,
    /// Its name in the file.
    pub field: Arc<str>,
    /// What it holds.
    pub shape: Shape,
    /// Whether it may be nil.
    pub optional: bool,
    /// What it is where the file does not have it; without, it has to be there.
    pub default: Option<Value>,
}

/// What values are made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Text.
    Symbol,
    /// 64-bit integers.
    Number,
    /// 64-bit floats.
    Float,
    /// `true`, `false`
    Bool,
    /// EDTF dates.
    Date,
    /// Constants of an enum.
    Enum {
        /// The enum.
        id: EnumId,
        /// Its name.
        name: Arc<str>,
        /// Its constants, in order.
        constants: Arc<[Arc<str>]>,
    },
    /// Lists of what.
    List(Box<Shape>),
    /// Records and variants, and lists of them.
    Structured(Structured),
}

/// Reads values that have parts, which only a schema tells.
pub trait Reader: std::fmt::Debug + Send + Sync {
    /// The type's name.
    fn name(&self) -> &str;
    /// The value that a text in the notation of rules writes. The error continues a sentence that
    /// begins with the text.
    fn text(&self, text: &str) -> Result<Value, String>;
    /// The value that JSON writes: a record as an object, a variant as an object with its name.
    fn json(&self, json: &serde_json::Value) -> Result<Value, String>;
}

/// A reader, compared by the name of what it reads.
#[derive(Clone, Debug)]
pub struct Structured(pub Arc<dyn Reader>);

impl PartialEq for Structured {
    fn eq(&self, other: &Self) -> bool {
        self.0.name() == other.0.name()
    }
}

impl Shape {
    /// With its article.
    pub fn describe(&self) -> String {
        match self {
            Shape::Symbol => "a text".to_owned(),
            Shape::Number => "a whole number".to_owned(),
            Shape::Float => "a number".to_owned(),
            Shape::Bool => "`true` or `false`".to_owned(),
            Shape::Date => "a date".to_owned(),
            Shape::Enum { name, .. } => format!("a constant of `{name}`"),
            Shape::List(_) => "a list".to_owned(),
            Shape::Structured(reader) => format!("a `{}`", reader.0.name()),
        }
    }

    /// The value that a text writes. The error continues a sentence that begins with the text.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        match self {
            Shape::Symbol => Ok(Value::symbol(text)),
            Shape::Number => match super::delimited::number::parse(text) {
                Some(number) => i64::try_from(number)
                    .map(Value::Number)
                    .map_err(|_| format!("is not from {} to {}", i64::MIN, i64::MAX)),
                None => Err("is no whole number".to_owned()),
            },
            Shape::Float => super::delimited::float(text, false).map(Value::Float).map_err(str::to_owned),
            Shape::Bool => match text {
                // pandas writes `True`, R and spreadsheets `TRUE`.
                "true" | "True" | "TRUE" => Ok(Value::Bool(true)),
                "false" | "False" | "FALSE" => Ok(Value::Bool(false)),
                _ => Err("is neither `true` nor `false`".to_owned()),
            },
            Shape::Date => Date::parse(text).map(Value::Date).map_err(|why| format!("is no date: {why}")),
            Shape::Enum { .. } => self.constant(text),
            Shape::List(item) => List { text, at: 0 }.parse(item),
            Shape::Structured(reader) => reader.0.text(text),
        }
    }

    /// The constant of this enum with a name.
    pub fn constant(&self, wanted: &str) -> Result<Value, String> {
        let Shape::Enum { id, name, constants } = self else {
            return Err(format!("is not {}", self.describe()));
        };
        match constants.iter().position(|constant| **constant == *wanted) {
            Some(ordinal) => Ok(Value::Enum(EnumValue {
                ty: *id,
                ordinal: ordinal as u32,
                name: constants.get(ordinal).cloned().unwrap_or_else(|| Arc::from(wanted)),
            })),
            None => {
                let near = did_you_mean(&nearest(wanted, constants.iter().map(|constant| &**constant)));
                let near = near.map_or_else(String::new, |near| format!("; {near}"));
                Err(format!("is no constant of `{name}`{near}"))
            }
        }
    }
}

/// Integers up to this size are exact as floats.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The whole number that a float is, if it is one for certain.
pub fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

/// The text of a value in formats that have only text: as people read it, lists as rules write
/// them. [`Shape::parse`] reads it back.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Nil => String::new(),
        Value::Symbol(text) => text.as_ref().to_owned(),
        Value::Date(date) => date.text().as_ref().to_owned(),
        Value::Enum(constant) => constant.name.as_ref().to_owned(),
        other => other.to_string(),
    }
}

/// A list in the notation of rules and of JSON: `["a", "b"]`, `[1, 2]`, `[d"2023", nil]`.
struct List<'t> {
    text: &'t str,
    at: usize,
}

/// Lists nest so deep at most.
const DEPTH: usize = crate::base::limits::MAX_NESTING;

impl<'t> List<'t> {
    fn parse(mut self, item: &Shape) -> Result<Value, String> {
        let list = self.list(item, 0)?;
        self.blanks();
        if self.at < self.text.len() { Err("goes on behind its list".to_owned()) } else { Ok(list) }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.blanks();
        let found = self.rest().starts_with(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    fn list(&mut self, item: &Shape, depth: usize) -> Result<Value, String> {
        if depth > DEPTH {
            return Err("is nested too deep".to_owned());
        }
        if !self.eat('[') {
            return Err("is no list: it does not begin with `[`".to_owned());
        }
        let mut items = Vec::new();
        while !self.eat(']') {
            items.push(self.item(item, depth)?);
            if !self.eat(',') {
                if self.eat(']') {
                    break;
                }
                return Err("is no list: a comma or `]` is missing in it".to_owned());
            }
        }
        Ok(Value::list(items))
    }

    fn item(&mut self, shape: &Shape, depth: usize) -> Result<Value, String> {
        self.blanks();
        if let Shape::List(inner) = shape
            && self.rest().starts_with('[')
        {
            return self.list(inner, depth + 1);
        }
        let dated = matches!(shape, Shape::Date) && self.rest().starts_with("d\"");
        if dated || self.rest().starts_with('"') {
            self.at += usize::from(dated);
            let text = self.string()?;
            return match shape {
                // JSON has no number for what is not finite.
                Shape::Float if matches!(&*text, "NaN" | "inf" | "-inf") => shape.parse(&text),
                Shape::Symbol | Shape::Date | Shape::Enum { .. } => {
                    shape.parse(&text).map_err(|why| format!("is no list: {} {why}", escape::quoted(&text)))
                }
                _ => Err(format!("is no list of what is due: a text where {} is due", shape.describe())),
            };
        }
        let rest = self.rest();
        let length = rest.find([',', ']']).unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or("").trim_end();
        self.at += word.len();
        match (shape, word) {
            (_, "nil" | "null") => Ok(Value::Nil),
            (Shape::Symbol | Shape::Date, _) => {
                Err(format!("is no list of what is due: `{word}` stands without quotes"))
            }
            _ => shape.parse(word).map_err(|why| format!("is no list: `{word}` {why}")),
        }
    }

    /// A string between double quotes, with the escapes of JSON or of the language.
    fn string(&mut self) -> Result<String, String> {
        let rest = self.rest();
        let mut escaped = false;
        let close = rest.char_indices().skip(1).find(|(_, c)| {
            let closes = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            closes
        });
        let Some((close, _)) = close else { return Err("is no list: a string is never closed".to_owned()) };
        let written = rest.get(..=close).unwrap_or("");
        self.at += written.len();
        if let Ok(text) = serde_json::from_str(written) {
            return Ok(text);
        }
        let parsed = crate::syntax::ron::parse(crate::base::FileId(0), written);
        let text = parsed.tree.root().and_then(|root| root.as_str().map(String::from));
        text.filter(|_| parsed.diagnostics.iter().all(|found| !found.is_error()))
            .ok_or_else(|| format!("is no list: {written} is no string"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level() -> Shape {
        let constants = ["Working", "Leader"].map(Arc::from);
        Shape::Enum { id: EnumId(0), name: "Level".into(), constants: Arc::from(constants) }
    }

    #[test]
    fn lists_are_read_as_they_are_written() {
        let date = |text: &str| Value::Date(Date::parse(text).unwrap());
        let lists = [
            (Shape::Symbol, vec![]),
            (Shape::Symbol, vec![Value::symbol("a, b]"), Value::symbol("\"\\\n\u{1b}é"), Value::Nil]),
            (Shape::Number, vec![Value::Number(-5), Value::Number(i64::MAX)]),
            (Shape::Float, vec![Value::float(2.0), Value::float(f64::NAN), Value::float(1e300)]),
            (Shape::Bool, vec![Value::Bool(true)]),
            (Shape::Date, vec![date("2023-05/.."), date("2023~")]),
            (level(), vec![level().constant("Leader").unwrap()]),
            (
                Shape::List(Box::new(Shape::Number)),
                vec![Value::list([]), Value::list([Value::Number(1), Value::Number(2)])],
            ),
        ];
        for (shape, items) in lists {
            let list = Value::list(items);
            assert_eq!(Shape::List(Box::new(shape)).parse(&plain(&list)), Ok(list.clone()), "{list}");
        }
        let symbols = Shape::List(Box::new(Shape::Symbol));
        assert_eq!(symbols.parse(" [ \"a\" , \"b\", ] "), symbols.parse("[\"a\",\"b\"]"));
    }

    #[test]
    fn what_is_no_list_is_said_to_be_none() {
        let symbols = Shape::List(Box::new(Shape::Symbol));
        for (text, why) in [
            ("a", "does not begin with `[`"),
            ("[\"a\"", "a comma or `]` is missing"),
            ("[\"a\" \"b\"]", "a comma or `]` is missing"),
            ("[a]", "`a` stands without quotes"),
            ("[\"a]", "never closed"),
            ("[\"\\q\"]", "is no string"),
            ("[\"a\"] b", "goes on behind its list"),
        ] {
            let told = symbols.parse(text).unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
        let deep = "[".repeat(100_000);
        assert!(symbols.parse(&deep).is_err());
        let numbers = Shape::List(Box::new(Shape::Number));
        assert!(numbers.parse("[\"1\"]").unwrap_err().contains("where a whole number is due"));
        assert!(numbers.parse("[x]").unwrap_err().contains("`x` is no whole number"));
    }

    #[test]
    fn truth_is_read_as_other_programs_write_it() {
        for text in ["true", "True", "TRUE"] {
            assert_eq!(Shape::Bool.parse(text), Ok(Value::Bool(true)));
        }
        assert_eq!(Shape::Bool.parse("FALSE"), Ok(Value::Bool(false)));
        for text in ["yes", "1", "tRUE", ""] {
            assert!(Shape::Bool.parse(text).is_err());
        }
    }

    #[test]
    fn constants_are_suggested() {
        assert_eq!(level().parse("Leadr").unwrap_err(), "is no constant of `Level`; did you mean `Leader`?");
    }
}
