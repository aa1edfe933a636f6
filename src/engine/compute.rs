//! Expressions and comparisons on words.

use crate::base::Span;
use crate::model::Value;
use crate::model::fixed::{self, FixedOp, Width};
use crate::model::functor::{self, FunctorError, Patterns, Steps};
use crate::model::program::{CompareOp, Functor, TestOp};
use crate::plan::{Code, Reg};
use crate::storage::interner::{MISSING, NIL, inlined};
use crate::storage::{Interner, Word};

/// A computation that failed, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// How.
    pub error: FunctorError,
    /// The expression.
    pub span: Span,
}

/// What expressions are computed with.
#[derive(Debug)]
pub struct Core<'e> {
    /// The registers.
    pub regs: Vec<Word>,
    /// All values.
    pub interner: &'e mut Interner,
    /// Compiled patterns.
    pub patterns: &'e mut Patterns,
}

impl Core<'_> {
    /// What a register holds.
    pub fn reg(&self, reg: Reg) -> Word {
        self.regs.get(reg).copied().unwrap_or(MISSING)
    }

    /// The value of an expression, nil included; `None` when it has none.
    pub fn value(&mut self, code: &Code) -> Result<Option<Word>, Failure> {
        match code {
            Code::Reg(reg) => Ok(Some(self.reg(*reg)).filter(|word| *word != MISSING)),
            Code::Call(functor, args, span) => self.call(*functor, args, *span),
            Code::List(items) => {
                let mut words = Vec::with_capacity(items.len());
                // All of them, so that a failure does not depend on the place.
                for item in items {
                    words.extend(self.value(item)?);
                }
                Ok((words.len() == items.len()).then(|| self.interner.list(&words)))
            }
            Code::Struct(of, fields, span) => {
                let mut words = Vec::with_capacity(fields.len());
                for field in fields {
                    words.extend(self.value(field)?);
                }
                if words.len() < fields.len() || of.lacks(words.iter().map(|word| *word == NIL)) {
                    return Ok(None);
                }
                let built = self.interner.structure(of, &words);
                built.map(Some).ok_or(Failure { error: FunctorError::TooDeep, span: *span })
            }
        }
    }

    fn call(&mut self, functor: Functor, args: &[Code], span: Span) -> Result<Option<Word>, Failure> {
        if let Functor::Fixed(op, width) = functor
            && let Some(found) = self.fixed(op, width, args, span)?
        {
            return Ok(found);
        }
        if let (Functor::Tag, [whole]) = (functor, args) {
            let Some(whole) = self.value(whole)? else { return Ok(None) };
            let tag = self.interner.structure_parts(whole).map(|(of, _)| i64::from(of.ordinal));
            return Ok(tag.map(|tag| self.interner.number(tag)));
        }
        if let (Functor::Part { of, variant, index }, [whole]) = (functor, args) {
            let Some(whole) = self.value(whole)? else { return Ok(None) };
            let parts = self.interner.structure_parts(whole);
            let parts = parts.filter(|(found, _)| (found.ty, found.ordinal) == (of, variant));
            return Ok(parts.and_then(|(_, fields)| fields.get(index as usize)).copied());
        }
        if let [left, right] = args {
            let (Some(left), Some(right)) = (self.value(left)?, self.value(right)?) else { return Ok(None) };
            if let (Some(a), Some(b)) = (inlined(left), inlined(right)) {
                // Sums and products of 31 bits fit into 64.
                let small = match functor {
                    Functor::Add => Some(a + b),
                    Functor::Sub => Some(a - b),
                    Functor::Mul => Some(a * b),
                    _ => None,
                };
                if let Some(number) = small {
                    return Ok(Some(self.interner.number(number)));
                }
            }
            let values = [self.interner.value(left), self.interner.value(right)];
            return self.apply(functor, &values, span);
        }
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            if let Some(word) = self.value(arg)? {
                values.push(self.interner.value(word));
            }
        }
        if values.len() < args.len() {
            return Ok(None);
        }
        self.apply(functor, &values, span)
    }

    /// What can be told of words without their values; `None` when it cannot.
    fn fixed(
        &mut self,
        op: FixedOp,
        width: Width,
        args: &[Code],
        span: Span,
    ) -> Result<Option<Option<Word>>, Failure> {
        match args {
            [only] => {
                let Some(word) = self.value(only)? else { return Ok(Some(None)) };
                Ok(match op {
                    FixedOp::Item(at) => Some(
                        self.interner.list_items(word).and_then(|items| items.get(usize::from(at))).copied(),
                    ),
                    FixedOp::Ord if self.interner.number_of(word).is_some() => Some(Some(word)),
                    FixedOp::Ord => Some(Some(self.interner.number(i64::from(word)))),
                    _ => None,
                })
            }
            [left, right] => {
                let (Some(left), Some(right)) = (self.value(left)?, self.value(right)?) else {
                    return Ok(Some(None));
                };
                if op == FixedOp::Match {
                    let texts = self.interner.symbol_text(left).zip(self.interner.symbol_text(right));
                    let matches = match texts {
                        Some((pattern, text)) => self.patterns.matches_ecmascript(pattern, text),
                        None => Ok(None),
                    };
                    let matches = matches.map_err(|error| Failure { error, span })?;
                    return Ok(Some(matches.map(|matches| self.interner.number(i64::from(matches)))));
                }
                let (Some(a), Some(b)) = (inlined(left), inlined(right)) else { return Ok(None) };
                if op == FixedOp::Range {
                    return Ok(None);
                }
                let result = fixed::integers(op, width, a, b).map_err(|error| Failure { error, span })?;
                Ok(Some(result.map(|number| self.interner.number(number))))
            }
            _ => Ok(None),
        }
    }

    fn apply(&mut self, functor: Functor, values: &[Value], span: Span) -> Result<Option<Word>, Failure> {
        let value = functor::apply(functor, values).map_err(|error| Failure { error, span })?;
        Ok(value.map(|value| self.interner.intern(&value)))
    }

    /// Whether a comparison holds; see [`functor::compare`].
    pub fn compare(
        &mut self,
        op: CompareOp,
        possibly: bool,
        left: &Code,
        right: &Code,
    ) -> Result<bool, Failure> {
        // Both, so that a failure does not depend on the side.
        let (left, right) = (self.value(left)?, self.value(right)?);
        let (Some(left), Some(right)) = (left, right) else { return Ok(false) };
        if left == NIL || right == NIL {
            return Ok(false);
        }
        Ok(compare_words(self.interner, op, possibly, left, right))
    }

    /// Whether a test holds; see [`Patterns::test`].
    pub fn test(&mut self, op: TestOp, left: &Code, right: &Code, span: Span) -> Result<bool, Failure> {
        let (left, right) = (self.value(left)?, self.value(right)?);
        let (Some(left), Some(right)) = (left, right) else { return Ok(false) };
        let texts = self.interner.symbol_text(left).zip(self.interner.symbol_text(right));
        let dates = self.interner.date_of(left).zip(self.interner.date_of(right));
        match (op, texts, dates) {
            (TestOp::Match, Some((pattern, text)), _) => {
                self.patterns.matches(pattern, text).map_err(|error| Failure { error, span })
            }
            (TestOp::Contains, Some((part, text)), _) => Ok(text.contains(part)),
            (TestOp::Within, _, Some((a, b))) => Ok(a.within(b)),
            (TestOp::Overlaps, _, Some((a, b))) => Ok(a.overlaps(b)),
            _ => Ok(false),
        }
    }

    /// Whether `item` is in `list`.
    pub fn member(&mut self, item: &Code, list: &Code) -> Result<bool, Failure> {
        let item = self.value(item)?;
        let items = self.items(list)?;
        let Some(item) = item.filter(|item| *item != NIL) else { return Ok(false) };
        Ok(match items {
            Items::Words(words) => words.contains(&item),
            Items::Range(steps) => self.interner.number_of(item).is_some_and(|number| steps.contains(number)),
        })
    }

    /// The distinct items of a list that are not nil.
    pub fn items(&mut self, list: &Code) -> Result<Items, Failure> {
        if let Code::Call(Functor::Range, args, span) = list {
            let mut values = Vec::with_capacity(args.len());
            for arg in args {
                let word = self.value(arg)?.unwrap_or(NIL);
                values.push(self.interner.value(word));
            }
            let steps = functor::range(&values).map_err(|error| Failure { error, span: *span })?;
            return Ok(steps.map_or(Items::Words(Vec::new()), Items::Range));
        }
        let word = self.value(list)?.unwrap_or(NIL);
        let mut words = self.interner.list_items(word).unwrap_or(&[]).to_vec();
        words.sort_unstable();
        words.dedup();
        words.retain(|word| *word != NIL);
        Ok(Items::Words(words))
    }
}

/// Whether a comparison of two words, neither nil nor missing, holds; see [`functor::compare`].
pub fn compare_words(interner: &Interner, op: CompareOp, possibly: bool, left: Word, right: Word) -> bool {
    match op {
        CompareOp::Eq if !possibly => return left == right,
        CompareOp::Ne if !possibly => return left != right,
        _ => {}
    }
    let order = match (inlined(left), inlined(right)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => {
            if let (Some(a), Some(b)) = (interner.date_of(left), interner.date_of(right)) {
                return functor::compare_dates(op, possibly, a, b);
            }
            let unordered = |word| interner.enum_of(word).is_some_and(|value| !value.is_ordered());
            if unordered(left) || unordered(right) {
                return functor::compare_unordered(op, left == right);
            }
            if interner.kind(left) != interner.kind(right) {
                return op == CompareOp::Ne;
            }
            interner.compare(left, right)
        }
    };
    match op {
        CompareOp::Eq => order.is_eq(),
        CompareOp::Ne => order.is_ne(),
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
    }
}

/// What an enumeration goes through.
#[derive(Clone, Debug)]
pub enum Items {
    /// Words, the next one last.
    Words(Vec<Word>),
    /// Numbers.
    Range(Steps),
}

impl Items {
    /// The next item's word.
    pub fn next(&mut self, interner: &mut Interner) -> Option<Word> {
        match self {
            Items::Words(words) => words.pop(),
            Items::Range(steps) => steps.next().map(|number| interner.number(number)),
        }
    }
}
