"""How the cost of factlog grows, and how fast it answers."""

import argparse
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from harness import engines, measure, report
from harness.cli import busy

SCHEMA = """.decl Link(a: symbol, b: symbol, weight: number)
.decl Path(a: symbol, b: symbol)
Path(a: x, b: y) :- Link(a: x, b: y).
Path(a: x, b: z) :- Path(a: x, b: y), Link(a: y, b: z).
.decl Total(n: number)
Total(n: c) :- c = count : { Path(a: _, b: _) }.
"""

COUNTED = """.decl r(a: number, b: number)
.input r(filename="r.tsv")
.printsize r
"""


class Checks:
    """The checks; each gives rows `what, measured, goal, met`."""

    def __init__(self, factlog, folder, rounds):
        self.factlog = factlog
        self.folder = folder
        self.rounds = rounds
        self.meter = engines.peer("measure")

    def time(self, *arguments, rounds=None):
        """The fastest of several runs, and the peak of the last."""
        runs = []
        for _ in range(rounds or self.rounds):
            run = measure.run(self.meter, [self.factlog, *arguments], 300)
            if run.failure:
                raise RuntimeError(f"{' '.join(map(str, arguments))}: {run.failure}")
            runs.append(run)
        return min(run.wall for run in runs)

    def souffle(self, program, folder, rounds=None):
        return self.time("souffle", program, "-F", folder, "-D", self.folder, "-j", 1, rounds=rounds)

    def tsv(self, name, rows):
        """A folder with one file of rows."""
        folder = self.folder / f"{name}-{len(rows)}"
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / f"{name}.tsv", "w") as file:
            file.writelines(f"{a}\t{b}\n" for a, b in rows)
        return folder

    def base(self, facts, within=10):
        """A project with a number of facts of three columns, in chains of `within` links."""
        folder = self.folder / f"base-{facts}-{within}"
        if not folder.exists():
            (folder / "facts").mkdir(parents=True)
            (folder / "rules").mkdir()
            (folder / "rules" / "schema.dl").write_text(SCHEMA)
            with open(folder / "facts" / "links.ron", "w") as file:
                file.write('(\n    defaults: (_at: "L1"),\n    facts: [\n')
                for fact in range(facts):
                    start = fact // within * (within + 1) + fact % within
                    file.write(f'        Link(a: "n{start}", b: "n{start + 1}", weight: {fact % 1000}),\n')
                file.write("    ],\n)\n")
        return folder

    def chain(self):
        """The closure of a chain twice as long has four times the rows."""
        program = engines.PROGRAMS / "tc.dl"
        folders = [self.tsv("edge", [(node, node + 1) for node in range(length)]) for length in (1999, 3999)]
        short, long = (self.souffle(program, folder) for folder in folders)
        yield "closure of a chain of 4 000 by one of 2 000", f"{long / short:.2f} ×", "≤ 4.5 ×", long <= 4.5 * short

    def rows(self):
        """Twice the rows."""
        program = self.folder / "counted.dl"
        program.write_text(COUNTED)
        # A multiplicative sequence: no order, no file of random numbers.
        numbers = [(row * 2_654_435_761) % 50_000_000 for row in range(5_000_000)]
        folders = [
            self.tsv("r", [(number, number % 99_991) for number in numbers[:count]]) for count in (2_500_000, 5_000_000)
        ]
        few, many = (self.souffle(program, folder) for folder in folders)
        yield "loading 5·10⁶ rows of TSV by 2.5·10⁶", f"{many / few:.2f} ×", "≤ 2.1 ×", many <= 2.1 * few
        few, many = (
            self.time("query", "-C", self.base(count), 'Link(a: "n5", b: x)') for count in (250_000, 500_000)
        )
        yield "loading 5·10⁵ facts of RON by 2.5·10⁵", f"{many / few:.2f} ×", "≤ 2.1 ×", many <= 2.1 * few

    def rules(self):
        """Ten thousand rules."""
        times = []
        for count in (5_000, 10_000):
            lines = ['.decl edge(x: number, y: number)\n.input edge(filename="edge.tsv")\n']
            lines.append(".decl p0(x: number, y: number)\np0(x, y) :- edge(x, y).\n")
            for number in range(1, count):
                lines.append(f".decl p{number}(x: number, y: number)\n")
                lines.append(f"p{number}(x, z) :- p{number - 1}(x, y), edge(y, z), edge(x, z).\n")
            lines.append(f".printsize p{count - 1}\n")
            program = self.folder / f"rules-{count}.dl"
            program.write_text("".join(lines))
            times.append(self.souffle(program, self.tsv("edge", [(x, y) for x in range(3) for y in range(3)]), 1))
        yield "10 000 rules", f"{times[1]:.2f} s", "≤ 5 s", times[1] <= 5
        yield "10 000 rules by 5 000", f"{times[1] / times[0]:.2f} ×", "≤ 2.5 ×", times[1] <= 2.5 * times[0]

    def start(self):
        """From the command to the first answer."""
        folder = self.tsv("edge", [(node, node + 1) for node in range(20)])
        program = engines.PROGRAMS / "tc.dl"
        times = [self.souffle(program, folder, 1) for _ in range(21)]
        yield "start to answer, 20 rows", f"{1000 * median(times):.1f} ms", "≤ 10 ms", median(times) <= 0.01
        base = self.base(20)
        times = [self.time("query", "-C", base, "Total(n: x)", rounds=1) for _ in range(21)]
        yield "start to answer, project of 20 facts", f"{1000 * median(times):.1f} ms", "≤ 10 ms", median(times) <= 0.01

    def demand(self):
        """What is asked for, beside reading the input alone."""
        data = engines.make_inputs({"blocks"})
        asked, read = (
            self.souffle(engines.PROGRAMS / "more" / f"{name}.dl", data / "blocks") for name in ("path_from", "reach_one")
        )
        measured = f"{asked:.2f} s, {asked / read:.2f} × reach by rule"
        yield "paths from one of 5·10⁶ nodes, 10⁷ edges", measured, "≤ 1.5 ×", asked <= 1.5 * read

    def session(self):
        """A loaded base of 10⁶ facts at the prompt."""
        with Prompt(self.factlog, self.base(20)) as prompt:
            prompt.ask('Link(a: "n5", b: x)?')
            empty = prompt.memory()
        with Prompt(self.factlog, self.base(1_000_000)) as prompt:
            prompt.ask('Link(a: "n5", b: x)?')
            each = (prompt.memory() - empty) / 1_000_000
            # Eleven nodes to a chain of ten links: the third of a chain has one.
            points = [prompt.ask(f'Link(a: "n{number * 1_100 + 3}", b: x)?') for number in range(1, 200)]
        yield "memory a fact of three columns, of 10⁶", f"{each:.0f} bytes", "≤ 100 bytes", each <= 100
        took = 1000 * median(points)
        yield "point query at the prompt, 10⁶ facts", f"{took:.2f} ms", "≤ 1 ms", took <= 1

    def step(self):
        """One fact asserted, then taken back, and the same question again."""
        with Prompt(self.factlog, self.base(200_000)) as prompt:
            prompt.ask('Link(a: "n5", b: x)?')
            whole = prompt.ask("Total(n: x)?")
            fact = 'Link(a: "n10", b: "n11", weight: 5)'
            asserted = prompt.tell(f"+{fact}") + prompt.ask("Total(n: x)?")
            retracted = prompt.tell(f"-{fact}") + prompt.ask("Total(n: x)?")
        for what, took in (("asserting", asserted), ("retracting", retracted)):
            measured = f"{1000 * took:.1f} ms after {1000 * whole:.0f} ms for all"
            yield f"{what} one fact and asking again", measured, "≤ 0.1 × all", took <= 0.1 * whole


class Prompt:
    """A session at a prompt, through pipes; an answer is one line of JSON."""

    def __init__(self, factlog, folder):
        self.process = subprocess.Popen(
            [factlog, "repl", "-C", folder, "-f", "jsonl"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, question):
        """Asks what has one row for its answer; gives the seconds until it is there."""
        start = time.perf_counter()
        self.process.stdin.write(question + "\n")
        ready, _, _ = select.select([self.process.stdout], [], [], 120)
        answer = self.process.stdout.readline() if ready else "nothing"
        if not answer.startswith("{"):
            raise RuntimeError(f"{question} was answered with {answer!r}")
        return time.perf_counter() - start

    def tell(self, line):
        """Asserts or retracts; its time shows in the next answer."""
        self.process.stdin.write(line + "\n")
        return 0.0

    def memory(self):
        """The bytes that the session holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))


NAMES = ["start", "chain", "rows", "rules", "demand", "session", "step"]


def main():
    """Runs the checks."""
    parser = argparse.ArgumentParser(prog="benches/growth", description=__doc__)
    parser.add_argument("checks", nargs="*", help=f"which (default: all of {' '.join(NAMES)})")
    parser.add_argument("--factlog", type=Path, help="measure this binary instead of building one")
    parser.add_argument("--no-build", action="store_true", help="use what has been built before")
    parser.add_argument("--rounds", type=int, default=3, help="the fastest of so many runs counts (default 3)")
    options = parser.parse_args()
    unknown = [name for name in options.checks if name not in NAMES]
    if unknown:
        sys.exit(f"benches/growth: no check {', '.join(unknown)}; there are {' '.join(NAMES)}")
    if not options.no_build:
        engines.build_peers()
        if not options.factlog:
            engines.build_factlog()
    factlog = (options.factlog or engines.TARGET / "release" / "factlog").resolve()
    busy()
    folder = Path(tempfile.mkdtemp(prefix="factlog-growth-"))
    missed = 0
    rows = [["check", "measured", "goal", ""]]
    try:
        checks = Checks(factlog, folder, options.rounds)
        for name in options.checks or NAMES:
            try:
                for what, measured, goal, met in getattr(checks, name)():
                    missed += not met
                    rows.append([what, measured, goal, "" if met else "missed"])
                    print(report.aligned([rows[-1]]).strip(), file=sys.stderr, flush=True)
            except RuntimeError as error:
                missed += 1
                rows.append([name, str(error), "", "failed"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(report.aligned(rows))
    return 1 if missed else 0
