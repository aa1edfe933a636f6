"""The workloads in DuckDB's SQL: `duckdb_peer.py PROGRAM INPUT OUTPUT THREADS` prints `relation<TAB>count` lines."""

import sys


def table(name, *columns):
    """A relation read from its file."""
    types = ", ".join(f"'{column}': 'INTEGER'" for column in columns)
    return (
        f"CREATE TABLE {name} AS SELECT * FROM read_csv('{{input}}/{name}.tsv', delim = '\\t', header = false, "
        f"auto_detect = false, columns = {{{{{types}}}}})"
    )


EDGE = table("edge", "x", "y")

TC = """
WITH RECURSIVE tc(x, y) AS (
    SELECT x, y FROM edge
    UNION
    SELECT tc.x, edge.y FROM tc JOIN edge ON tc.y = edge.x
) SELECT count(*) FROM tc
"""

SG = """
WITH RECURSIVE sg(x, y) AS (
    SELECT a.y, b.y FROM edge a JOIN edge b ON a.x = b.x WHERE a.y <> b.y
    UNION
    SELECT a.y, b.y FROM sg JOIN edge a ON a.x = sg.x JOIN edge b ON b.x = sg.y
) SELECT count(*) FROM sg
"""

TRI = """
SELECT count(*) FROM edge a JOIN edge b ON a.y = b.x JOIN edge c ON c.x = a.x AND c.y = b.y
"""

# With the triangles in a table it is many times faster than as one join of six.
TRIANGLES = """
CREATE TABLE tri AS
SELECT a.x AS x, a.y AS y, b.y AS z FROM edge a JOIN edge b ON a.y = b.x JOIN edge c ON c.x = a.x AND c.y = b.y
"""

CLQ4 = """
SELECT count(*) FROM tri t JOIN tri v ON t.x = v.x AND t.y = v.y JOIN edge e ON e.x = t.z AND e.y = v.z
"""

REACH = """
CREATE TABLE reach AS
WITH RECURSIVE reach(x) AS (
    SELECT x FROM source
    UNION
    SELECT edge.y FROM reach JOIN edge ON reach.x = edge.x
) SELECT x FROM reach
"""

# What each program runs, and what it counts by which query.
PROGRAMS = {
    "tc": ([EDGE], {"tc": TC}),
    "sg": ([EDGE], {"sg": SG}),
    "tri": ([EDGE], {"tri": TRI}),
    "clq4": ([EDGE, TRIANGLES], {"clq": CLQ4}),
    "neg": (
        [EDGE, table("node", "x"), table("source", "x"), table("grp", "x", "g"), REACH],
        {
            "reach": "SELECT count(*) FROM reach",
            "unreached": "SELECT count(*) FROM node ANTI JOIN reach USING (x)",
            "cnt": "SELECT count(*) FROM (SELECT g, count(*) FROM reach JOIN grp USING (x) GROUP BY g)",
        },
    ),
    "load": (
        [
            table("r", "a", "b"),
            table("s", "b", "c"),
            "COPY (SELECT DISTINCT a, c FROM r JOIN s USING (b)) TO '{output}/out.csv' "
            "(FORMAT csv, DELIMITER '\\t', HEADER false)",
        ],
        {},
    ),
}


def main():
    """Runs one program."""
    import duckdb

    name, folder, output, threads = sys.argv[1:]
    statements, counts = PROGRAMS[name]
    connection = duckdb.connect()
    connection.execute(f"PRAGMA threads = {int(threads)}")
    for statement in statements:
        connection.execute(statement.format(input=folder, output=output))
    for relation, query in counts.items():
        print(f"{relation}\t{connection.execute(query).fetchone()[0]}")


if __name__ == "__main__":
    main()
