//! Tests of two values, and regular expressions compiled once.

use std::collections::HashMap;
use std::sync::Arc;

use regex::{Regex, bytes};

use super::ecmascript::{self, Bad};
use super::functor::FunctorError;
use super::program::TestOp;
use super::value::Value;

/// Compiled patterns kept by [`Patterns`].
const MAX_PATTERNS: usize = 256;

/// Tests, with the patterns they have compiled.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    compiled: HashMap<Arc<str>, Result<Regex, String>>,
    ecmascript: HashMap<Arc<str>, Result<bytes::Regex, Bad>>,
}

impl Patterns {
    /// Whether the test holds; never of nil or of values of another kind.
    pub fn test(&mut self, op: TestOp, left: &Value, right: &Value) -> Result<bool, FunctorError> {
        match (op, left, right) {
            (TestOp::Match, Value::Symbol(pattern), Value::Symbol(text)) => self.matches(pattern, text),
            (TestOp::Contains, Value::Symbol(part), Value::Symbol(text)) => Ok(text.contains(&**part)),
            (TestOp::Within, Value::Date(a), Value::Date(b)) => Ok(a.within(b)),
            (TestOp::Overlaps, Value::Date(a), Value::Date(b)) => Ok(a.overlaps(b)),
            _ => Ok(false),
        }
    }

    /// Whether the regular expression matches the whole text.
    pub fn matches(&mut self, pattern: &str, text: &str) -> Result<bool, FunctorError> {
        if !self.compiled.contains_key(pattern) {
            if self.compiled.len() >= MAX_PATTERNS {
                self.compiled.clear();
            }
            self.compiled.insert(Arc::from(pattern), compile(pattern));
        }
        match self.compiled.get(pattern) {
            Some(Ok(regex)) => Ok(regex.is_match(text)),
            Some(Err(why)) => Err(FunctorError::Pattern(why.clone())),
            None => Ok(false),
        }
    }

    /// Whether the regular expression, in the syntax of ECMAScript, matches the whole text; `None`
    /// where it is no such expression. The error is for one that cannot be run here.
    pub fn matches_ecmascript(&mut self, pattern: &str, text: &str) -> Result<Option<bool>, FunctorError> {
        if !self.ecmascript.contains_key(pattern) {
            if self.ecmascript.len() >= MAX_PATTERNS {
                self.ecmascript.clear();
            }
            self.ecmascript.insert(Arc::from(pattern), ecmascript::compile(pattern));
        }
        match self.ecmascript.get(pattern) {
            Some(Ok(regex)) => Ok(Some(regex.is_match(text.as_bytes()))),
            Some(Err(Bad::Unsupported(why))) => Err(FunctorError::Pattern((*why).to_owned())),
            Some(Err(Bad::Wrong)) | None => Ok(None),
        }
    }
}

/// The pattern as an expression that has to match a whole text; the error is one line.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    // Alone first, so that a `)` too many cannot close the group around it.
    Regex::new(pattern).and_then(|_| Regex::new(&format!(r"\A(?:{pattern})\z"))).map_err(|error| {
        let text = error.to_string();
        text.lines().last().unwrap_or("it is too large").trim().trim_start_matches("error: ").to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Date;

    fn s(text: &str) -> Value {
        Value::symbol(text)
    }

    fn d(text: &str) -> Value {
        Value::Date(Date::parse(text).unwrap())
    }

    #[test]
    fn a_pattern_matches_the_whole_text() {
        let mut patterns = Patterns::default();
        assert_eq!(patterns.test(TestOp::Match, &s("a|ab"), &s("ab")), Ok(true));
        assert_eq!(patterns.test(TestOp::Match, &s("a"), &s("ab")), Ok(false));
        assert!(matches!(patterns.test(TestOp::Match, &s("a)(b"), &s("ab")), Err(FunctorError::Pattern(_))));
        assert_eq!(patterns.test(TestOp::Contains, &s("b"), &s("abc")), Ok(true));
        assert_eq!(patterns.test(TestOp::Within, &d("2025-09-22"), &d("2025-09")), Ok(true));
        assert_eq!(patterns.test(TestOp::Overlaps, &Value::Nil, &d("2025-09")), Ok(false));
    }
}
