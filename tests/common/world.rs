//! What generated programs are about: a handful of constants of each type, and relations over them.

use std::sync::Arc;

use factlog::model::date::Date;
use factlog::model::schema::{Column, EnumDef, EnumId, PredKind, Predicate, Schema, Type, TypeDef, TypeId};
use factlog::model::value::{EnumValue, Value};

use super::case::span;
use super::dice::Dice;

/// Types of columns; the number is the [`TypeId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    Symbol,
    Number,
    Float,
    Bool,
    Date,
    Level,
    Numbers,
}

pub const KINDS: [Kind; 7] =
    [Kind::Symbol, Kind::Number, Kind::Float, Kind::Bool, Kind::Date, Kind::Level, Kind::Numbers];
const LEVELS: [&str; 3] = ["Low", "Mid", "High"];

impl Kind {
    pub fn ty(self) -> TypeId {
        TypeId(self as u32)
    }

    pub fn of(ty: TypeId) -> Kind {
        KINDS[ty.0 as usize]
    }
}

/// Constants of one program, at most six of a type.
pub struct World {
    symbols: Vec<Value>,
    numbers: Vec<Value>,
    floats: Vec<Value>,
    dates: Vec<Value>,
    lists: Vec<Value>,
    /// The type that most columns have, so that joins find something.
    main: Kind,
}

impl World {
    pub fn new(dice: &mut Dice) -> Self {
        let few = |dice: &mut Dice, all: &[Value]| {
            let mut all = all.to_vec();
            dice.shuffle(&mut all);
            let keep = dice.between(2, 4).min(all.len());
            all.truncate(keep);
            all
        };
        let number = Value::Number;
        let mut numbers = vec![number(1), number(2)];
        numbers.extend(few(dice, &[number(0), number(3), number(4), number(-1)]));
        if dice.chance(8) {
            numbers[1] = number(i64::MAX);
        }
        let date = |text: &str| Value::Date(Date::parse(text).expect("a date"));
        let dates = [
            date("2022"),
            date("2022-09"),
            date("2022-09-22"),
            date("2022-09-22/.."),
            date("2022-09~"),
            date("2022-10-01"),
            date("2022-09-01/2022-10-15"),
        ];
        let lists = [[].as_slice(), &[1], &[1, 2], &[3, 1, 1], &[0, 4]]
            .map(|items| Value::list(items.iter().map(|n| number(*n)).collect::<Vec<_>>()));
        World {
            symbols: few(dice, &["a", "b", "c", "ab", "é\"\\", ""].map(Value::symbol)),
            numbers,
            floats: few(dice, &[-0.5, 0.0, 1.5, 2.0].map(Value::float)),
            dates: few(dice, &dates),
            lists: few(dice, &lists),
            main: dice.pick(&[Kind::Symbol, Kind::Number, Kind::Number, Kind::Date]),
        }
    }

    pub fn kind(&self, dice: &mut Dice) -> Kind {
        if dice.chance(55) { self.main } else { KINDS[dice.weighted(&[30, 30, 6, 6, 14, 8, 6])] }
    }

    /// A constant, never nil.
    pub fn constant(&self, dice: &mut Dice, kind: Kind) -> Value {
        match kind {
            Kind::Symbol => dice.pick(&self.symbols),
            Kind::Number => dice.pick(&self.numbers),
            Kind::Float => dice.pick(&self.floats),
            Kind::Bool => Value::Bool(dice.chance(50)),
            Kind::Date => dice.pick(&self.dates),
            Kind::Level => {
                let ordinal = dice.below(LEVELS.len());
                let name = LEVELS[ordinal].into();
                Value::Enum(EnumValue { ty: EnumId(0), ordinal: ordinal as u32, name })
            }
            Kind::Numbers => dice.pick(&self.lists),
        }
    }

    /// A relation with up to four columns.
    pub fn predicate(&self, dice: &mut Dice, name: String, kind: PredKind) -> Predicate {
        let arity = dice.weighted(&[7, 28, 42, 18, 5]);
        let column = |i: usize, dice: &mut Dice| Column {
            name: format!("c{i}").into(),
            ty: self.kind(dice).ty(),
            optional: dice.chance(15),
            default: None,
        };
        let columns = (0..arity).map(|i| column(i, dice)).collect();
        Predicate { name: name.into(), columns, key: None, ranges: Vec::new(), kind, span: Some(span(0)) }
    }

    pub fn tuple(&self, dice: &mut Dice, predicate: &Predicate) -> Vec<Value> {
        let value = |column: &Column| {
            if column.optional && dice.chance(30) {
                Value::Nil
            } else {
                self.constant(dice, Kind::of(column.ty))
            }
        };
        predicate.columns.iter().map(value).collect()
    }
}

/// The types, and these relations.
pub fn schema(predicates: Vec<Predicate>) -> Schema {
    let names = ["symbol", "number", "float", "bool", "date", "Level", "[number]"];
    let defs = [
        TypeDef::Symbol,
        TypeDef::Number,
        TypeDef::Float,
        TypeDef::Bool,
        TypeDef::Date,
        TypeDef::Enum(EnumId(0)),
        TypeDef::List(Kind::Number.ty()),
    ];
    let types = names.iter().zip(defs).map(|(name, def)| Type { name: Arc::from(*name), def, span: None });
    let named = |i: usize| Arc::<str>::from(names[i]);
    Schema {
        types: types.collect(),
        enums: vec![EnumDef { name: "Level".into(), constants: LEVELS.map(Arc::from).to_vec() }],
        type_names: (0..6).map(|i| (named(i), TypeId(i as u32))).collect(),
        predicate_names: predicates
            .iter()
            .enumerate()
            .map(|(i, predicate)| (Arc::clone(&predicate.name), factlog::model::schema::PredId(i as u32)))
            .collect(),
        predicates,
        ..Schema::default()
    }
}
