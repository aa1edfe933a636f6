"""The workloads in DuckDB's SQL: `duckdb_peer.py PROGRAM INPUT OUTPUT THREADS` prints `relation<TAB>count` lines."""

import sys


def table(name, *columns, kind="INTEGER"):
    """A relation read from its file."""
    types = ", ".join(f"'{column}': '{kind}'" for column in columns)
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

NAMES = """
WITH RECURSIVE needs(a, b) AS (
    SELECT a, b FROM depends
    UNION
    SELECT needs.a, depends.b FROM needs JOIN depends ON needs.b = depends.a
) SELECT count(*) FROM needs
"""

COUSINS = """
WITH RECURSIVE cousin(x, y) AS (
    SELECT a.child, b.child FROM parent a JOIN parent b ON a.parent = b.parent WHERE a.child <> b.child
    UNION
    SELECT a.child, b.child FROM cousin JOIN parent a ON a.parent = cousin.x JOIN parent b ON b.parent = cousin.y
) SELECT count(*) FROM cousin
"""

# Both relations in one, told apart by a column.
PARITY = """
CREATE TABLE path AS
WITH RECURSIVE path(odd, x, y) AS (
    SELECT true, x, y FROM edge
    UNION
    SELECT NOT path.odd, path.x, edge.y FROM path JOIN edge ON path.y = edge.x
) SELECT odd, x, y FROM path
"""

LABELS = """
WITH RECURSIVE path(kind, x, y) AS (
    SELECT kind, x, y FROM edge
    UNION
    (
        SELECT path.kind, path.x, edge.y FROM path JOIN edge ON path.kind = edge.kind AND path.y = edge.x
        UNION ALL
        SELECT leads.target, path.x, path.y FROM path JOIN leads ON path.kind = leads.source
    )
) SELECT count(*) FROM path
"""

STEPS = """
WITH RECURSIVE walk(x, y, n) AS (
    SELECT x, y, 1 FROM edge
    UNION
    SELECT walk.x, edge.y, n + 1 FROM walk JOIN edge ON walk.y = edge.x WHERE n < 8
) SELECT count(*) FROM walk
"""

FROM_ONE = """
WITH RECURSIVE reach(x) AS (
    {start}
    UNION
    SELECT edge.y FROM reach JOIN edge ON reach.x = edge.x
) SELECT count(*) FROM reach
"""

LOCAL = """
SELECT count(*) FROM (
    SELECT DISTINCT c, s FROM line JOIN offer USING (p) JOIN placed USING (o) JOIN supplier USING (s)
    JOIN customer USING (c, r) WHERE r = 3
)
"""

ENDS = """
SELECT count(*) FROM (
    SELECT DISTINCT a.x, d.y FROM a JOIN b ON a.y = b.x JOIN c ON b.y = c.x JOIN d ON c.y = d.x
    JOIN pick ON d.y = pick.x
)
"""

TOTALS = [
    table("sale", "id", "shop", "item", "amount"),
    "CREATE TABLE total AS SELECT shop, sum(amount) AS t FROM sale GROUP BY shop",
    "CREATE TABLE items AS SELECT shop, item, max(amount) AS m, count(*) AS c FROM sale GROUP BY shop, item",
]

FIVE = """
SELECT count(*) FROM edge a JOIN edge b ON a.y = b.x JOIN edge c ON b.y = c.x JOIN edge d ON c.y = d.x
JOIN edge e ON e.x = a.x AND e.y = d.y
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
    "names": ([table("depends", "a", "b", kind="VARCHAR")], {"needs": NAMES}),
    "cousins": ([table("parent", "child", "parent", kind="VARCHAR")], {"cousin": COUSINS}),
    "parity": (
        [EDGE, PARITY],
        {"odd": "SELECT count(*) FROM path WHERE odd", "even": "SELECT count(*) FROM path WHERE NOT odd"},
    ),
    "labels": ([table("edge", "kind", "x", "y"), table("leads", "source", "target")], {"path": LABELS}),
    "steps": ([EDGE], {"walk": STEPS}),
    "reach_one": ([EDGE], {"reach": FROM_ONE.format(start="SELECT 7")}),
    "path_from": ([EDGE], {"goal": FROM_ONE.format(start="SELECT y FROM edge WHERE x = 7")}),
    "orders": (
        [
            table("line", "o", "p"),
            table("offer", "p", "s"),
            table("placed", "o", "c"),
            table("supplier", "s", "r"),
            table("customer", "c", "r"),
        ],
        {"local": LOCAL},
    ),
    "chain": ([*(table(name, "x", "y") for name in "abcd"), table("pick", "x")], {"ends": ENDS}),
    "totals": (
        TOTALS,
        {
            "total": "SELECT count(*) FROM total",
            "best": "SELECT count(*) FROM items",
            "often": "SELECT count(*) FROM items WHERE c > 3",
            "rank": "SELECT count(*) FROM (SELECT shop, rank() OVER (ORDER BY t DESC) - 1 FROM total)",
        },
    ),
    "pentagon": ([EDGE], {"five": FIVE}),
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
