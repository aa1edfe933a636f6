//! Steps of a session, and a model of what they leave: the facts and the texts of rules.

use proptest::prelude::*;

use crate::project::Project;

const SCHEMA: &str = "\
.decl Person(id: Person, name: symbol?) key(id)
.decl City(id: City) key(id)
.enum Role = Guest | Host
.decl Was(who: Person, at: City, role: Role = Guest, on: date?) key(who, at)
.decl Edge(from: number, to: number)
.decl Both(x: number, y: number)
";

const RULES: &str = "\
Both(x: a, y: b) :- Edge(from: a, to: b).
Both(x: a, y: c) :- Both(x: a, y: b), Edge(from: b, to: c).
Met(a: x, b: y) :- Was(who: x, at: c), Was(who: y, at: c), x < y.
warn alone \"{a} met nobody\" :- Person(id: a), !Met(a: a), !Met(b: a).
deny loop \"{x} leads to itself\" :- Both(x: x, y: x).
Edge(from: 0, to: 1).
";

/// What is asked after each step. Some relations exist only after some definitions.
pub const QUERIES: &[&str] = &[
    "Was(who: a, at: b, role: r, on: d)",
    "Was(who: a, at: b, on: d, _status: s, _src: q, _conf: c, _on: o, _review: v)",
    "Was(who: a, at: b, _based_on: z)",
    "Was(who: a, at: b, _status: s, _by: w)",
    "n = count : { Was(who: _, _src: _) }, m = count : { Was(who: _) }",
    "Both(x: a, y: b)",
    "Both(x: a, y: b, _status: s)",
    "Met(a: a, b: b)",
    "Person(id: a, name: n), !Was(who: a)",
    "Source(id: s, published: p)",
    "Linked(x: a, y: b)",
    "Away(who: a)",
    "Turnout(at: c, n: n)",
    "Paint(what: a, c: b)",
    "Country(id: a)",
    "Mail(who: a, m: b)",
    "Many(xs: x)",
    "d = min t : { Was(on: t) }",
];

/// A fact as written: fields with their values.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    pub relation: &'static str,
    pub fields: Vec<(&'static str, String)>,
}

/// What picks facts; what is left out is any.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    pub relation: &'static str,
    pub fields: Vec<(&'static str, String)>,
}

#[derive(Clone, Debug)]
pub enum Op {
    Assert(Fact),
    Retract(Pattern),
    Define(String),
    LoadFacts(Vec<Fact>),
    LoadRules(String),
    Undo,
    Reload,
    /// A file that keeps the project from loading.
    ReloadBroken(&'static str, &'static str),
    /// A line that must be refused.
    Fail(&'static str),
    /// A file that must be refused, by its name and text.
    FailLoad(&'static str, &'static str),
}

impl Op {
    pub fn name(&self) -> &'static str {
        match self {
            Op::Assert(_) => "assert",
            Op::Retract(_) => "retract",
            Op::Define(_) => "define",
            Op::LoadFacts(_) => "load facts",
            Op::LoadRules(_) => "load rules",
            Op::Undo => "undo",
            Op::Reload => "reload",
            Op::ReloadBroken(..) => "reload of a broken base",
            Op::Fail(_) => "mistake",
            Op::FailLoad(..) => "load of a mistake",
        }
    }
}

fn atom(relation: &str, fields: &[(&'static str, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{relation}({})", fields.join(", "))
}

impl Fact {
    pub fn atom(&self) -> String {
        atom(self.relation, &self.fields)
    }

    /// What a field holds; what a fact leaves out has its default.
    fn value(&self, name: &str) -> &str {
        let given = self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        given.unwrap_or(match (self.relation, name) {
            ("Was", "role") => "Guest",
            ("Paint", "c") => "Red",
            (_, "_status") => "Held",
            (_, "_review") => "Accepted",
            _ => "nil",
        })
    }
}

impl Pattern {
    /// An atom without arguments is none, so that one that leaves all open names a column.
    pub fn atom(&self) -> String {
        let column = match self.relation {
            "Was" => "who",
            "Edge" => "from",
            "Both" => "x",
            _ => "c",
        };
        match self.fields.as_slice() {
            [] => atom(self.relation, &[(column, "_".to_owned())]),
            fields => atom(self.relation, fields),
        }
    }

    fn picks(&self, fact: &Fact) -> bool {
        self.relation == fact.relation
            && self.fields.iter().all(|(name, value)| value == "_" || fact.value(name) == value)
    }
}

/// All that is stated and defined.
#[derive(Clone, Debug)]
pub struct State {
    pub facts: Vec<Fact>,
    texts: Vec<String>,
}

/// What the project's files hold.
pub fn base_state() -> State {
    let fact = |relation, fields: &[(&'static str, &str)]| Fact {
        relation,
        fields: fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
    };
    let mut state = State {
        facts: vec![
            fact("Source", &[("id", "\"s1\""), ("publisher", "\"P\""), ("published", "\"2023-01-01\"")]),
            fact("Source", &[("id", "\"s2\""), ("publisher", "\"Q\""), ("based_on", "[\"s1\"]")]),
            fact("Source", &[("id", "\"s3\""), ("publisher", "\"R\"")]),
            fact("Person", &[("id", "\"a\"")]),
            fact("Person", &[("id", "\"b\""), ("name", "\"Bea\"")]),
            fact("City", &[("id", "\"x\"")]),
            fact("Was", &[("who", "\"a\""), ("at", "\"x\""), ("_src", "\"s1\"")]),
            fact("Was", &[("who", "\"b\""), ("at", "\"x\""), ("_src", "\"s3\""), ("_status", "Planned")]),
            fact("Edge", &[("from", "1"), ("to", "2")]),
        ],
        texts: vec![SCHEMA.to_owned()],
    };
    state.define(RULES);
    state
}

impl State {
    pub fn assert(&mut self, facts: &[Fact]) {
        self.facts.extend_from_slice(facts);
    }

    /// Facts of `Edge` and `Both` can be retracted wherever they were stated, so they are kept
    /// with the facts; what the text says of others stays in it.
    pub fn define(&mut self, text: &str) {
        let mut rest = String::new();
        for line in text.lines() {
            match stated(line) {
                Some(fact) => self.facts.push(fact),
                None => rest += &format!("{line}\n"),
            }
        }
        self.texts.push(rest);
    }

    /// Whether the relation and its columns can be there at all.
    pub fn retract(&mut self, pattern: &Pattern) -> bool {
        self.facts.retain(|fact| !pattern.picks(fact));
        !["Paint", "Country"].contains(&pattern.relation)
            || self.texts.iter().any(|text| text.contains(&format!(".decl {}(", pattern.relation)))
    }

    /// As a project; each fact in a file of its own, as the session's facts are texts of their own.
    pub fn write(&self, project: &Project) {
        for (number, text) in self.texts.iter().enumerate() {
            project.write(&format!("rules/r{number:03}.dl"), text);
        }
        project.write("facts/none.ron", "");
        for (number, fact) in self.facts.iter().enumerate() {
            project.write(&format!("facts/f{number:03}.ron"), &format!("[{}]", fact.atom()));
        }
    }
}

/// The fact of `Edge` or `Both` that a line of a rule file states.
fn stated(line: &str) -> Option<Fact> {
    let relation = *["Edge", "Both"].iter().find(|name| line.starts_with(**name))?;
    let fields = line.strip_prefix(relation)?.strip_prefix('(')?.strip_suffix(").")?;
    let columns = ["from", "to", "x", "y"];
    let fields = fields.split(", ").map(|field| {
        let (name, value) = field.split_once(": ")?;
        value.parse::<i64>().ok()?;
        Some((*columns.iter().find(|column| **column == name)?, value.to_owned()))
    });
    Some(Fact { relation, fields: fields.collect::<Option<_>>()? })
}

const DEFINITIONS: &[&str] = &[
    "Linked(x: a, y: b) :- Both(x: a, y: b), !Edge(from: a, to: b).",
    "Linked(x: b, y: a) :- Linked(x: a, y: b).",
    ".decl Linked(x: number, y: number)",
    "Linked(x: 5, y: 6).",
    "Away(who: p) :- Person(id: p), !Was(who: p).",
    "Away(who: p) :- Was(who: p, _status: Cancelled).",
    "Turnout(at: c, n: n) :- City(id: c), n = count p : { Was(who: p, at: c) }.",
    "Both(x: 3, y: 3).\nEdge(from: 3, to: 0).",
    "Edge(from: b, to: a) :- Edge(from: a, to: b), b < 3.",
    "Person(id: w) :- Was(who: w).",
    ".enum Color = Red | Green\n.decl Paint(what: City, c: Color = Red)",
    ".enum Color = Red | Green",
    ".decl Paint(what: City, c: Color = Red)",
    ".decl Country(id: Country) key(id)",
    ".type Email <: symbol\n.decl Mail(who: Person, m: Email)\nMail(who: \"a\", m: \"a@x\").",
    ".decl Many(xs: [number])\nMany(xs: [1, 2]).",
    "deny strange \"{p} was at {c}\" :- Was(who: p, at: c), !Person(id: p).",
    "warn backed \"{p}: {s}\" :- Was(who: p, _src: s).",
    ":- Edge(from: a, to: b), a > b.",
    // Refused at all times, or as things stand.
    "Odd(x: a) :- Edge(from: a, to: _), !Odd(x: a).",
    ".decl Edge(from: number)",
    "Away(who: p, at: c) :- Was(who: p, at: c).",
    "Met(a: 1, b: 2).",
];

const MISTAKES: &[&str] = &[
    "+Was(who: \"a\")",
    "+Was(who: \"a\", at: \"x\", role: Hots)",
    "+Was(who: \"a\", at: \"x\", on: \"2023-13\")",
    "+Was(who: \"a\", at: \"x\", _conf: 2)",
    "+Was(who: a, at: \"x\")",
    "+Nope(x: 1)",
    "+Met(a: \"a\", b: \"b\")",
    "-Was(nope: 1)",
    "-Nope(x: 1)",
    "Bad(x) :- Edge(from: _, to: _).",
    "Bad(x: x) :- Nope(x: x).",
    "Bad(x: x) :- Edge(from: x, to: \"two\").",
    "Was(who: ",
    "Nope(x: x)?",
    "Edge(from: x, to: y), z < 1",
    "x = 1 / 0",
    ".decl Was(who: Person)",
];

const BAD_FILES: &[(&str, &str)] = &[
    ("bad.ron", "[Edge(from: 8, to: 8), Edge(from: 9)]"),
    ("bad.ron", "[Edge(from: 8, to: 8), Edge(from: 9, to: \"x\")]"),
    ("bad.ron", "[Edge(from: 8, to: 8), Edge(from: 8, to: 9]"),
    ("bad.ron", "[Edge(from: 8, to: 8), Ege(from: 8, to: 9)]"),
    ("bad.dl", "Edge(from: 8, to: 8).\nBad(x) :- Edge(from: _, to: _).\n"),
    ("bad.dl", ".decl New(x: number)\nEdge(from: 8, to: ).\n"),
];

const BAD_PROJECTS: &[(&str, &str)] = &[
    ("facts/zz.ron", "[Edge(from: 8, to: 8), Edge(from: 9)]"),
    ("facts/zz.ron", "[Edge(from: 8, to: 8)"),
    ("rules/zz.dl", "Bad(x) :- Edge(from: _, to: _)."),
    ("rules/zz.dl", ".decl Edge(x: symbol)"),
    ("factlog.ron", "(limits: (rows: \"many\"))"),
];

fn one_of(values: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    proptest::sample::select(values.to_vec()).prop_map(str::to_owned)
}

/// A field that is there or left out.
fn maybe(name: &'static str, values: &[&'static str]) -> BoxedStrategy<Option<(&'static str, String)>> {
    proptest::option::weighted(0.4, one_of(values)).prop_map(move |value| Some((name, value?))).boxed()
}

fn given(name: &'static str, values: &[&'static str]) -> BoxedStrategy<Option<(&'static str, String)>> {
    one_of(values).prop_map(move |value| Some((name, value))).boxed()
}

type Fields = Vec<BoxedStrategy<Option<(&'static str, String)>>>;

const PEOPLE: [&str; 4] = ["\"a\"", "\"b\"", "\"c\"", "\"d\""];
const CITIES: [&str; 2] = ["\"x\"", "\"y\""];
const NUMBERS: [&str; 5] = ["0", "1", "2", "3", "4"];
const SOURCES: [&str; 4] = ["\"s1\"", "\"s2\"", "\"s3\"", "\"s9\""];
const STATUSES: [&str; 5] = ["Proposed", "Planned", "Held", "Denied", "Cancelled"];

fn metadata() -> Fields {
    vec![
        maybe("_src", &SOURCES),
        maybe("_status", &STATUSES),
        maybe("_conf", &["0.5", "0.75"]),
        maybe("_on", &["\"2022-06\"", "\"2024-01-01\""]),
        maybe("_by", &["[\"u\"]", "[\"u\", \"v\"]"]),
        maybe("_review", &["Accepted", "Pending"]),
    ]
}

fn fact_of(relation: &'static str, columns: Fields, with_metadata: bool) -> BoxedStrategy<Fact> {
    let mut fields = columns;
    if with_metadata {
        fields.extend(metadata());
    }
    fields.prop_map(move |fields| Fact { relation, fields: fields.into_iter().flatten().collect() }).boxed()
}

fn fact() -> BoxedStrategy<Fact> {
    let dates = ["\"2023-05\"", "\"2023-05-18\"", "\"2024\""];
    prop_oneof![
        6 => fact_of("Was", vec![given("who", &PEOPLE), given("at", &CITIES), maybe("role", &["Guest", "Host"]), maybe("on", &dates)], true),
        4 => fact_of("Edge", vec![given("from", &NUMBERS), given("to", &NUMBERS)], false),
        2 => fact_of("Edge", vec![given("from", &NUMBERS), given("to", &NUMBERS)], true),
        2 => fact_of("Both", vec![given("x", &NUMBERS), given("y", &NUMBERS)], true),
        2 => fact_of("Person", vec![given("id", &PEOPLE), maybe("name", &["\"Bea\"", "\"Cyd\""])], false),
        1 => fact_of("City", vec![given("id", &CITIES)], false),
        2 => fact_of("Source", vec![given("id", &SOURCES), given("publisher", &["\"P\""]), maybe("published", &["\"2020-01-01\"", "\"2025\""])], false),
        1 => fact_of("Paint", vec![given("what", &CITIES), maybe("c", &["Red", "Green"])], false),
        1 => fact_of("Country", vec![given("id", &["\"kz\""])], false),
    ]
    .boxed()
}

fn pattern() -> BoxedStrategy<Pattern> {
    let of = |relation: &'static str, fields: Fields| {
        fields
            .prop_map(move |fields| Pattern { relation, fields: fields.into_iter().flatten().collect() })
            .boxed()
    };
    prop_oneof![
        4 => of("Was", vec![maybe("who", &PEOPLE), maybe("at", &CITIES), maybe("role", &["Guest", "_"]), maybe("_src", &SOURCES), maybe("_status", &STATUSES)]),
        3 => of("Edge", vec![maybe("from", &NUMBERS), maybe("to", &NUMBERS)]),
        1 => of("Both", vec![maybe("x", &NUMBERS)]),
        1 => of("Person", vec![given("id", &PEOPLE)]),
        1 => of("Source", vec![given("id", &SOURCES)]),
        1 => of("Paint", vec![maybe("c", &["Red", "Green"])]),
    ]
    .boxed()
}

/// Any step.
pub fn op() -> BoxedStrategy<Op> {
    use proptest::sample::select;
    prop_oneof![
        10 => fact().prop_map(Op::Assert),
        5 => pattern().prop_map(Op::Retract),
        6 => one_of(DEFINITIONS).prop_map(Op::Define),
        2 => proptest::collection::vec(fact(), 1..4).prop_map(|facts| Op::LoadFacts(distinct(facts))),
        1 => one_of(DEFINITIONS).prop_map(Op::LoadRules),
        6 => Just(Op::Undo),
        1 => Just(Op::Reload),
        1 => select(BAD_PROJECTS).prop_map(|(path, text)| Op::ReloadBroken(path, text)),
        3 => select(MISTAKES).prop_map(Op::Fail),
        1 => select(BAD_FILES).prop_map(|(name, text)| Op::FailLoad(name, text)),
    ]
    .boxed()
}

/// One fact a relation: a fact that stands twice in one file is a finding, in two files it is none.
fn distinct(mut facts: Vec<Fact>) -> Vec<Fact> {
    facts.sort_by_key(|fact| fact.relation);
    facts.dedup_by_key(|fact| fact.relation);
    facts
}
