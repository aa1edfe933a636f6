#!/usr/bin/env python3
"""DuckDB and pandas read what `factlog export` wrote, and factlog imports what they write.

    python3 tests/interop/check.py target/debug/factlog

Needs duckdb and pandas (and pyarrow for Parquet) from PyPI. Formats that the program was built
without are told and passed over; everything else that differs ends the script with status 1.
"""

import datetime
import json
import math
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

import duckdb
import pandas

SCHEMA = """\
.enum Role = Guest | Host
.decl Item(id: symbol, n: number, f: float, b: bool, d: date, r: Role, note: symbol?, size: number?) key(id)
.decl Copy(id: symbol, n: number, f: float, b: bool, d: date, r: Role, note: symbol?, size: number?) key(id)
"""

NAMES = ["id", "n", "f", "b", "d", "r", "note", "size"]
ROWS = [
    ("a,b", 9007199254740993, 0.1, True, "2025-11-06", "Host", 'say "hi"', 1),
    ("line\nbreak", -5, 1e300, False, "1999-12-31", "Guest", None, None),
    ("tab\there", 0, -2.5, True, "2024-02-29", "Host", "é漢😀", -(2**40)),
    ("'", 7, 0.0, False, "2000-01-01", "Guest", " padded ", 3),
]


def ron(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


class Base:
    """A project with the rows above as facts."""

    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        (self.folder / "rules").mkdir()
        (self.folder / "facts").mkdir()
        (self.folder / "rules/schema.dl").write_text(SCHEMA)
        facts = []
        for row in ROWS:
            fields = [
                f"{name}: {value if name == 'r' else ron(value)}"
                for name, value in zip(NAMES, row)
                if value is not None
            ]
            facts.append(f"    Item({', '.join(fields)}),\n")
        (self.folder / "facts/items.ron").write_text("[\n" + "".join(facts) + "]\n")

    def path(self, name):
        return str(self.folder / name)

    def run(self, *args):
        done = subprocess.run(
            [self.program, "-C", str(self.folder), "-q", *args], capture_output=True, text=True
        )
        if done.returncode != 0 and "--features" in done.stderr:
            return None
        if done.returncode != 0:
            sys.exit(f"factlog {' '.join(args)}: status {done.returncode}\n{done.stderr}")
        return done.stdout

    def imported(self, name, *more):
        """What `import` makes of a file, as rows."""
        text = self.run("import", self.path(name), "--into", "Copy", "--to", "jsonl", *more)
        if text is None:
            return None
        return [tuple(json.loads(line)[name] for name in NAMES) for line in text.splitlines()]


def plain(value):
    """A value of any of the libraries as the rows above have it."""
    if value is None or value is pandas.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, (datetime.datetime, pandas.Timestamp)):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value


def same(what, rows):
    if rows is None:
        print(f"passed over: {what} (not in this build)")
        return
    found = sorted(tuple(plain(value) for value in row) for row in rows)
    expected = sorted(ROWS)
    for one, other in zip(found, expected):
        for name, left, right in zip(NAMES, one, other):
            alike = left == right and (left is None) == (right is None)
            if not alike:
                sys.exit(f"{what}: column {name}: {left!r} instead of {right!r}")
    if len(found) != len(expected):
        sys.exit(f"{what}: {len(found)} rows instead of {len(expected)}")
    print(f"ok: {what}")


def frame_rows(frame):
    return list(frame[NAMES].astype(object).itertuples(index=False, name=None))


TYPES = "{'id': 'VARCHAR', 'n': 'BIGINT', 'f': 'DOUBLE', 'b': 'BOOLEAN', 'd': 'DATE', 'r': 'VARCHAR', 'note': 'VARCHAR', 'size': 'BIGINT'}"
DTYPES = {"id": str, "n": "int64", "f": "float64", "b": bool, "d": str, "r": str, "note": object, "size": "Int64"}


def exported(base, db):
    columns = ", ".join(NAMES)
    for name, read in [
        ("x.csv", f"read_csv('PATH', header = true, columns = {TYPES})"),
        ("x.csv.gz", f"read_csv('PATH', header = true, columns = {TYPES})"),
        ("x.tsv", f"read_csv('PATH', header = true, delim = '\t', columns = {TYPES})"),
        ("x.json", f"read_json('PATH', format = 'array', columns = {TYPES})"),
        ("x.jsonl", f"read_json('PATH', format = 'newline_delimited', columns = {TYPES})"),
        ("x.parquet", "read_parquet('PATH')"),
    ]:
        if base.run("export", "Item", "-o", base.path(name)) is None:
            same(f"export {name}", None)
            continue
        source = read.replace("PATH", base.path(name))
        same(f"DuckDB reads {name}", db.execute(f"SELECT {columns} FROM {source}").fetchall())
    csv = pandas.read_csv(base.path("x.csv"), dtype=DTYPES, keep_default_na=False, na_values={"note": [""], "size": [""]})
    same("pandas reads x.csv", frame_rows(csv))
    lines = pandas.read_json(base.path("x.jsonl"), lines=True, dtype=DTYPES, precise_float=True)
    same("pandas reads x.jsonl", frame_rows(lines))
    if (base.folder / "x.parquet").exists():
        same("pandas reads x.parquet", frame_rows(pandas.read_parquet(base.path("x.parquet"), dtype_backend="numpy_nullable")))
    if base.run("export", "Item", "-o", base.path("x.sqlite")) is not None:
        with sqlite3.connect(base.path("x.sqlite")) as connection:
            rows = connection.execute(f"SELECT {columns} FROM Item").fetchall()
        same("sqlite3 reads x.sqlite", [row[:3] + (bool(row[3]),) + row[4:] for row in rows])


def imported(base, db):
    db.execute(f"CREATE TABLE item ({', '.join(f'{name} {kind}' for name, kind in eval(TYPES).items())})")
    db.executemany(f"INSERT INTO item VALUES ({', '.join('?' * len(NAMES))})", ROWS)
    for name, options in [
        ("y.csv", "FORMAT csv, HEADER"),
        ("y.csv.gz", "FORMAT csv, HEADER, COMPRESSION gzip"),
        ("y.csv.zst", "FORMAT csv, HEADER, COMPRESSION zstd"),
        ("y.tsv", "FORMAT csv, HEADER, DELIMITER '\t'"),
        ("y.json", "FORMAT json, ARRAY true"),
        ("y.jsonl", "FORMAT json"),
        ("y.parquet", "FORMAT parquet"),
        ("z.parquet", "FORMAT parquet, COMPRESSION zstd"),
    ]:
        db.execute(f"COPY item TO '{base.path(name)}' ({options})")
        same(f"factlog reads {name} of DuckDB", base.imported(name))
    frame = pandas.DataFrame(ROWS, columns=NAMES).astype({"size": "Int64"})
    frame.to_csv(base.path("p.csv"), index=False)
    same("factlog reads p.csv of pandas", base.imported("p.csv"))
    frame.to_json(base.path("p.jsonl"), orient="records", lines=True, double_precision=15)
    same("factlog reads p.jsonl of pandas", base.imported("p.jsonl"))
    frame.to_parquet(base.path("p.parquet"))
    same("factlog reads p.parquet of pandas", base.imported("p.parquet"))
    dated = frame.assign(d=pandas.to_datetime(frame["d"]), size=frame["size"].astype("float64"))
    dated.to_parquet(base.path("q.parquet"))
    same("factlog reads q.parquet of pandas (timestamps, floats)", base.imported("q.parquet"))
    with sqlite3.connect(base.path("p.sqlite")) as connection:
        frame.astype({"size": object}).where(frame.notna(), None).to_sql("Copy", connection, index=False)
    same("factlog reads p.sqlite of pandas", base.imported("p.sqlite"))


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        base = Base(program, folder)
        db = duckdb.connect()
        exported(base, db)
        imported(base, db)


if __name__ == "__main__":
    main()
