//! Words and the values that they stand for.

use super::*;
use crate::model::EnumId;
use crate::model::structure::Part;

fn made(ty: u32, ordinal: u32, fields: Vec<Value>) -> Value {
    let part = |(at, _): (usize, &Value)| Part { name: format!("f{at}").into(), optional: true };
    let parts = fields.iter().enumerate().map(part).collect();
    let of = Constructor { ty: StructId(ty), ordinal, name: None, fields: parts };
    Arc::new(of).build(fields).unwrap().unwrap()
}

fn samples() -> Vec<Value> {
    let level =
        |ordinal: u32, name: &str| Value::Enum(EnumValue { ty: EnumId(0), ordinal, name: Arc::from(name) });
    let date = |text: &str| Value::Date(Date::parse(text).unwrap());
    vec![
        Value::Nil,
        Value::Bool(false),
        Value::Bool(true),
        Value::Number(i64::MIN),
        Value::Number(-(1 << 30) - 1),
        Value::Number(-(1 << 30)),
        Value::Number(-1),
        Value::Number(0),
        Value::Number((1 << 30) - 1),
        Value::Number(1 << 30),
        Value::Number(i64::MAX),
        Value::float(f64::NEG_INFINITY),
        Value::float(0.0),
        Value::float(2.5),
        Value::float(f64::NAN),
        level(0, "Minister"),
        level(1, "Leader"),
        date("2025-09"),
        date("2025-09-22"),
        date("2025-09-22~"),
        Value::symbol(""),
        Value::symbol("a"),
        Value::symbol("ab"),
        Value::symbol("b"),
        Value::list([]),
        Value::list([Value::Nil]),
        Value::list([Value::Number(1), Value::symbol("z")]),
        Value::list([Value::Number(2)]),
        made(0, 0, vec![]),
        made(0, 1, vec![Value::Number(7), Value::Nil]),
        made(0, 1, vec![Value::Number(7), made(0, 0, vec![])]),
        made(1, 0, vec![Value::list([])]),
    ]
}

#[test]
fn words_are_canonical_and_give_the_value_back() {
    let mut interner = Interner::new();
    let words: Vec<Word> = samples().iter().map(|value| interner.intern(value)).collect();
    for (value, word) in samples().iter().zip(&words) {
        assert_eq!(&interner.value(*word), value);
        assert_eq!(interner.intern(value), *word);
        assert_eq!(interner.get(value), Some(*word));
    }
    let mut other = Interner::new();
    other.symbol("shifts the words");
    for (value, word) in samples().iter().zip(&words) {
        let adopted = other.adopt(&interner, *word);
        assert_eq!((&other.value(adopted), other.intern(value)), (value, adopted));
    }
    let mut distinct = words.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), words.len());
    assert_eq!(interner.get(&Value::symbol("new")), None);
}

#[test]
fn words_compare_as_their_values_do() {
    let mut interner = Interner::new();
    let samples = samples();
    assert!(samples.is_sorted());
    // Interned backwards, so that the order of words is of no help.
    let mut words: Vec<Word> = samples.iter().rev().map(|value| interner.intern(value)).collect();
    words.reverse();
    for (a, x) in words.iter().zip(&samples) {
        for (b, y) in words.iter().zip(&samples) {
            assert_eq!(interner.compare(*a, *b), x.cmp(y), "{x} and {y}");
        }
    }
}

#[test]
fn many_symbols_survive_the_growth_of_the_index() {
    let mut interner = Interner::new();
    let words: Vec<Word> = (0..20_000).map(|i| interner.symbol(&format!("s{i}"))).collect();
    for (i, word) in words.iter().enumerate() {
        assert_eq!(interner.symbol_text(*word), Some(format!("s{i}").as_str()));
        assert_eq!(interner.symbol(&format!("s{i}")), *word);
    }
    assert!(size_of::<Entry>() <= 16);
}
