//! Loading a large fact file: text to spanned tree, and text to database (checked, interned,
//! sorted), beside the `ron` crate reading the same text into a typed enum; and the same facts in many
//! files, on one thread and on two.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::sync::Arc;

use factlog::base::FileId;
use factlog::model::schema::{Column, EnumDef, PredKind, Type};
use factlog::model::{EnumId, PredId, Predicate, Schema, TypeDef, TypeId};
use factlog::storage::Database;
use factlog::storage::load::{FactText, load_with as load_facts};
use factlog::syntax::ron as our_ron;
use serde::Deserialize;

/// Bytes of the generated file.
const SIZE: usize = 25_000_000;

#[derive(Deserialize)]
#[allow(dead_code)]
enum Fact {
    Attended {
        leader: String,
        summit: String,
        role: Role,
        _src: String,
        _at: String,
    },
    EventDate {
        event: String,
        date: String,
        _src: String,
    },
    Figure {
        id: String,
        measure: String,
        value: i64,
        unit: String,
        share: f64,
        _src: String,
        _status: Status,
    },
    Met {
        a: String,
        b: String,
        date: String,
        count: u32,
        _src: String,
    },
}

#[derive(Deserialize)]
enum Role {
    Host,
    Guest,
}

#[derive(Deserialize)]
enum Status {
    Planned,
    Held,
}

/// A list of facts of several relations, one a line, from a fixed seed.
fn generate(size: usize) -> String {
    let mut text = String::with_capacity(size + 200);
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    text.push_str("[\n");
    while text.len() < size {
        let (a, b, c) = (next(5_000), next(300), next(100_000));
        let (month, day) = (1 + next(12), 1 + next(28));
        let line = match next(4) {
            0 => format!(
                "    Attended(leader: \"leader_{a}\", summit: \"summit_of_{b}\", role: {}, _src: \"agency_2025_{month:02}_{day:02}\", _at: \"L{}-{}\"),\n",
                if a % 2 == 0 { "Host" } else { "Guest" },
                b,
                b + 3
            ),
            1 => format!(
                "    EventDate(event: \"summit_of_{b}\", date: \"2025-{month:02}-{day:02}\", _src: \"agency_2025_{month:02}_{day:02}\"),\n"
            ),
            2 => format!(
                "    Figure(id: \"figure_{c}\", measure: \"trade turnover\", value: {c}, unit: \"million US dollars\", share: {}.{}, _src: \"agency_{b}\", _status: {}),\n",
                a % 100,
                1 + b % 9,
                if b % 2 == 0 { "Planned" } else { "Held" }
            ),
            _ => format!(
                "    Met(a: \"leader_{a}\", b: \"leader_{c}\", date: \"2024-{month:02}-{day:02}\", count: {b}, _src: \"agency_{b}\"),\n"
            ),
        };
        text.push_str(&line);
    }
    text.push_str("]\n");
    text
}

/// The schema of the generated facts.
fn schema() -> Schema {
    let mut schema = Schema::default();
    for def in [TypeDef::Symbol, TypeDef::Number, TypeDef::Float, TypeDef::Date, TypeDef::Enum(EnumId(0))] {
        schema.types.push(Type { name: format!("{def:?}").into(), def, span: None });
    }
    schema.enums.push(EnumDef { name: "Role".into(), constants: vec!["Host".into(), "Guest".into()] });
    let [symbol, number, float, date, role] = [0, 1, 2, 3, 4].map(TypeId);
    let mut relation = |name: &str, columns: &[(&str, TypeId)]| {
        let id = PredId(schema.predicates.len() as u32);
        let column = |(name, ty): &(&str, TypeId)| Column {
            name: (*name).into(),
            ty: *ty,
            optional: false,
            default: None,
        };
        schema.predicates.push(Predicate {
            name: name.into(),
            columns: columns.iter().map(column).collect(),
            key: None,
            ranges: Vec::new(),
            kind: PredKind::Declared,
            span: None,
        });
        schema.predicate_names.insert(name.into(), id);
    };
    relation("Attended", &[("leader", symbol), ("summit", symbol), ("role", role)]);
    relation("EventDate", &[("event", symbol), ("date", date)]);
    relation(
        "Figure",
        &[("id", symbol), ("measure", symbol), ("value", number), ("unit", symbol), ("share", float)],
    );
    relation("Met", &[("a", symbol), ("b", symbol), ("date", date), ("count", number)]);
    schema
}

fn load_whole(schema: &Arc<Schema>, text: &str) -> Database {
    let mut database = Database::new(Arc::clone(schema));
    let text = FactText { file: FileId(0), text, inbox: false };
    load_facts(&mut database, &[text], 2, &mut |_| {}).expect("the generated facts fit the schema");
    database
}

/// The same facts in so many files.
fn load_files(schema: &Arc<Schema>, files: &[String], jobs: usize) -> Database {
    let mut database = Database::new(Arc::clone(schema));
    let texts: Vec<FactText<'_>> = files
        .iter()
        .enumerate()
        .map(|(at, text)| FactText { file: FileId(at as u32), text, inbox: false })
        .collect();
    load_facts(&mut database, &texts, jobs, &mut |_| {}).expect("the generated facts fit the schema");
    database
}

/// The lines of a file dealt out to so many.
fn split(text: &str, files: usize) -> Vec<String> {
    let facts: Vec<&str> = text.lines().filter(|line| line.starts_with(' ')).collect();
    facts.chunks(facts.len().div_ceil(files)).map(|lines| format!("[\n{}\n]\n", lines.join("\n"))).collect()
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..7)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[3]
}

fn parse(text: &str) -> usize {
    let parsed = our_ron::parse(FileId(0), text);
    assert!(parsed.diagnostics.is_empty());
    parsed.tree.len()
}

fn parse_with_serde(text: &str) -> usize {
    ron::from_str::<Vec<Fact>>(text).expect("the generated facts are RON").len()
}

fn load(c: &mut Criterion) {
    let text = generate(SIZE);
    let tree = median(|| drop(black_box(our_ron::parse(FileId(0), black_box(&text)))));
    let serde =
        median(|| drop(black_box(ron::from_str::<Vec<Fact>>(black_box(&text)).map(|facts| facts.len()))));
    let schema = Arc::new(schema());
    let whole = median(|| drop(black_box(load_whole(&schema, black_box(&text)))));
    let rate = |time: Duration| text.len() as f64 / 1e6 / time.as_secs_f64();
    println!(
        "{} MB of facts: tree {:.0} MB/s, database {:.0} MB/s, ron::from_str {:.0} MB/s, ratios {:.2} and {:.2}",
        text.len() / 1_000_000,
        rate(tree),
        rate(whole),
        rate(serde),
        serde.as_secs_f64() / tree.as_secs_f64(),
        serde.as_secs_f64() / whole.as_secs_f64()
    );
    let files = split(&text, 40);
    for jobs in [1, 2] {
        let whole = median(|| drop(black_box(load_files(&schema, black_box(&files), jobs))));
        println!(
            "{} files on {jobs} threads: database {:.0} MB/s, ratio {:.2}",
            files.len(),
            rate(whole),
            serde.as_secs_f64() / whole.as_secs_f64()
        );
    }
    let database = load_whole(&schema, &text);
    println!("{} facts, {} bytes each", database.len(), database.bytes() / database.len() as u64);
    drop(database);

    let text = generate(SIZE / 10);
    let mut group = c.benchmark_group("load");
    group.sample_size(10).throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("ron text to tree", |b| b.iter(|| parse(black_box(&text))));
    group.bench_function("ron text to database", |b| b.iter(|| load_whole(&schema, black_box(&text))));
    group.bench_function("ron::from_str into an enum", |b| b.iter(|| parse_with_serde(black_box(&text))));
    group.finish();
}

criterion_group!(benches, load);
criterion_main!(benches);
