//! Tab-separated rows to words and back, on one thread and on two, beside the `csv` crate: two
//! integers a row, and two texts and an integer a row.
//!
//! Set `FACTLOG_TSV` to the path of a file of two integers a row to read that one once, and print
//! the time.

use std::fs::File;
use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use factlog::base::Budget;
use factlog::interop::delimited::{
    Cell, Column, Field, Kind, Options, Quoting, Reading, Rows, Writing, read, write,
};
use factlog::storage::Interner;

fn columns(kinds: &[Kind<'static>]) -> Vec<Column<'static>> {
    let names = ["a", "b", "c"];
    let column = |(at, kind): (usize, &Kind<'static>)| Column {
        name: names[at],
        kind: *kind,
        optional: false,
        field: Field::At(at),
    };
    kinds.iter().enumerate().map(column).collect()
}

fn read_rows(
    reader: impl std::io::Read + Send,
    size: u64,
    columns: &[Column<'_>],
    jobs: usize,
    interner: &mut Interner,
) -> Rows {
    let options = Options::default();
    let budget = Budget::unlimited();
    let reading =
        Reading { columns, options: &options, jobs, size: Some(size), budget: &budget, progress: &|_| {} };
    read(reader, &reading, interner).expect("the rows fit")
}

fn write_rows(rows: &Rows, width: usize, interner: &Interner, jobs: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let cells = vec![Cell::Plain; width];
    let budget = Budget::unlimited();
    let writing = Writing {
        cells: &cells,
        len: rows.len,
        rows: &|range, words| words.extend_from_slice(&rows.words[range.start * width..range.end * width]),
        interner,
        delimiter: "\t",
        quoting: Quoting::None,
        jobs,
        budget: &budget,
    };
    write(&mut out, &writing).expect("a vector takes everything");
    out
}

/// Numbers below `below`, from a fixed seed.
fn numbers(below: u64) -> impl Iterator<Item = u64> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    })
}

fn integers(rows: usize) -> String {
    let mut numbers = numbers(40_000_000);
    (0..rows).filter_map(|_| Some(format!("{}\t{}\n", numbers.next()?, numbers.next()? % 100_000))).collect()
}

fn texts(rows: usize) -> String {
    let mut numbers = numbers(200_000);
    (0..rows)
        .filter_map(|_| {
            let (a, b) = (numbers.next()?, numbers.next()? % 300);
            Some(format!("leader_{a}\tsummit of {b}\t{}\n", a * b))
        })
        .collect()
}

/// What the `csv` crate needs for the same fields, without giving them words.
fn with_csv(text: &str) -> u64 {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .has_headers(false)
        .quoting(false)
        .from_reader(text.as_bytes());
    let mut record = csv::ByteRecord::new();
    let mut sum = 0;
    while reader.read_byte_record(&mut record).expect("the rows are even") {
        for field in &record {
            let number = std::str::from_utf8(field).ok().and_then(|field| field.parse::<u64>().ok());
            sum += number.unwrap_or(field.len() as u64);
        }
    }
    sum
}

fn delimited(c: &mut Criterion) {
    if let Some(path) = std::env::var_os("FACTLOG_TSV") {
        let columns = columns(&[Kind::NUMBER, Kind::NUMBER]);
        for jobs in [1, 2, 1, 2, 1, 2] {
            let file = File::open(&path).expect("the file opens");
            let size = file.metadata().map_or(0, |meta| meta.len());
            let mut interner = Interner::new();
            let start = Instant::now();
            let rows = read_rows(file, size, &columns, jobs, &mut interner);
            let read = start.elapsed();
            let start = Instant::now();
            let text = write_rows(&rows, 2, &interner, jobs);
            let written = start.elapsed();
            println!(
                "{jobs} threads: {} rows read in {read:.1?}, {} bytes written in {written:.1?}",
                rows.len,
                text.len()
            );
        }
        return;
    }
    let kinds: [(&str, String, Vec<Column<'_>>); 2] = [
        ("integers", integers(500_000), columns(&[Kind::NUMBER, Kind::NUMBER])),
        ("texts", texts(300_000), columns(&[Kind::Symbol, Kind::Symbol, Kind::NUMBER])),
    ];
    for (name, text, columns) in &kinds {
        let mut group = c.benchmark_group(*name);
        group.sample_size(10).throughput(Throughput::Bytes(text.len() as u64));
        for jobs in [1, 2] {
            group.bench_function(format!("read, {jobs} threads"), |b| {
                b.iter(|| {
                    let mut interner = Interner::new();
                    read_rows(black_box(text.as_bytes()), text.len() as u64, columns, jobs, &mut interner).len
                });
            });
            let mut interner = Interner::new();
            let rows = read_rows(text.as_bytes(), text.len() as u64, columns, 1, &mut interner);
            group.bench_function(format!("write, {jobs} threads"), |b| {
                b.iter(|| write_rows(black_box(&rows), columns.len(), &interner, jobs).len());
            });
        }
        group.bench_function("csv crate, fields only", |b| b.iter(|| with_csv(black_box(text))));
        group.finish();
    }
}

criterion_group!(benches, delimited);
criterion_main!(benches);
