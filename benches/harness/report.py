"""Medians, ratios and tables."""

import os
import platform
import subprocess
import time
from statistics import median

MEGA = 1_000_000


class Figures:
    """What was measured: runs by workload, number of threads and engine."""

    def __init__(self, compared="wall"):
        self.runs = {}
        # What tables compare: `wall` or `cpu`.
        self.compared = compared
        self.machine = machine()

    def add(self, workload, jobs, engine, run):
        """Keeps one run."""
        self.runs.setdefault(workload, {}).setdefault(jobs, {}).setdefault(engine, []).append(run)

    def of(self, workload, jobs, engine):
        """The runs of an engine that gave a result."""
        return [run for run in self.runs.get(workload, {}).get(jobs, {}).get(engine, []) if not run.failure]

    def failure(self, workload, jobs, engine):
        """Why an engine has no result, or nothing."""
        runs = self.runs.get(workload, {}).get(jobs, {}).get(engine, [])
        return next((run.failure for run in runs if run.failure), "")

    def median(self, workload, jobs, engine, what=None):
        """The median of a measure, of what is compared by default; nothing when there is no result."""
        what = what or self.compared
        runs = self.of(workload, jobs, engine)
        return median(getattr(run, what) for run in runs) if runs else None

    def best(self, workload, jobs, engines):
        """The fastest of several engines with at most `jobs` threads: its time, name and threads."""
        found = []
        for threads in self.runs.get(workload, {}):
            if threads <= jobs:
                for engine in engines:
                    wall = self.median(workload, threads, engine)
                    if wall is not None:
                        found.append((wall, engine, threads))
        return min(found, default=None)

    def to_json(self):
        """All of it as plain data."""
        runs = [
            {"workload": workload, "jobs": jobs, "engine": engine, **vars(run)}
            for workload, by_jobs in self.runs.items()
            for jobs, by_engine in by_jobs.items()
            for engine, runs in by_engine.items()
            for run in runs
        ]
        return {"machine": self.machine, "runs": runs}

    @staticmethod
    def from_json(documents, compared):
        """What earlier runs wrote; the machine is that of the last."""
        from harness.measure import Run

        figures = Figures(compared)
        for document in documents:
            figures.machine = document["machine"]
            for entry in document["runs"]:
                workload, jobs, engine = entry.pop("workload"), entry.pop("jobs"), entry.pop("engine")
                figures.add(workload, jobs, engine, Run(**entry))
        return figures


def machine():
    """Where and when this was measured."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), model)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except OSError:
        memory = 0
    rust = subprocess.run(["rustc", "--version"], stdout=subprocess.PIPE, text=True).stdout.split()
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": model,
        "cores": os.cpu_count(),
        "memory": round(memory),
        "rust": rust[1] if len(rust) > 1 else "",
    }


def spaced(number):
    """A number with its thousands apart."""
    return f"{number:,}".replace(",", " ")


def seconds(time):
    """A time with three digits that mean something."""
    return f"{time:.3f}" if time < 1 else f"{time:.2f}"


def ratio(ours, theirs):
    """One median as a multiple of another."""
    return f"{ours / theirs:.2f}" if ours is not None and theirs else "–"


def result(counts):
    """Counts in words."""
    if len(counts) == 1:
        return spaced(next(iter(counts.values())))
    return ", ".join(f"{relation} {spaced(count)}" for relation, count in counts.items())


def workload_text(figures, workload, engines, lines=None):
    """What one workload took, for a terminal."""
    text = []
    for jobs, by_engine in sorted(figures.runs.get(workload, {}).items()):
        for engine in (name for name in engines if name in by_engine):
            failure = figures.failure(workload, jobs, engine)
            if failure:
                text.append(f"  {engine:<16} {jobs:>2}  {failure[:100]}")
                continue
            walls = [run.wall for run in figures.of(workload, jobs, engine)]
            measures = [figures.median(workload, jobs, engine, what) for what in ("wall", "user", "system", "peak")]
            wall, user, system, peak = measures
            text.append(
                f"  {engine:<16} {jobs:>2} {wall:>9.3f} {user:>9.3f} {system:>9.3f} {peak / MEGA:>9.1f}"
                f"   {min(walls):.3f}–{max(walls):.3f}"
            )
    return "\n".join(text)


HEADING = f"  {'engine':<16} {'-j':>2} {'wall s':>9} {'user s':>9} {'system s':>9} {'peak MB':>9}   fastest–slowest"


def ratios(figures, workloads, ours, peers, by_hand, all_jobs):
    """Our multiples of the best peer and of the program by hand: rows of a table."""
    heading = ["workload"]
    for jobs in all_jobs:
        heading += [f"-j {jobs}", f"÷ best peer at {jobs}"]
    heading += [f"÷ {by_hand} at 1", f"memory ÷ {by_hand}"]
    rows = [heading]
    for workload in workloads:
        row = [workload]
        for jobs in all_jobs:
            wall = figures.median(workload, jobs, ours)
            best = figures.best(workload, jobs, peers)
            row.append(seconds(wall) if wall is not None else "–")
            row.append(f"{ratio(wall, best[0])} {best[1]}" if wall is not None and best else "–")
        hand = figures.median(workload, 1, by_hand)
        row.append(ratio(figures.median(workload, 1, ours), hand))
        row.append(ratio(figures.median(workload, 1, ours, "peak"), figures.median(workload, 1, by_hand, "peak")))
        rows.append(row)
    return rows


def aligned(rows):
    """Rows as columns of one width each."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows
    )


def paired(figures, workloads, before, after, all_jobs):
    """Two builds of ours: the median over the rounds of the one's time by the other's in the same round."""
    rows = [["workload"] + [f"{after} ÷ {before} {what} -j {jobs}" for jobs in all_jobs for what in ("wall", "user")]]
    for workload in workloads:
        row = [workload]
        for jobs in all_jobs:
            pairs = list(zip(figures.of(workload, jobs, after), figures.of(workload, jobs, before)))
            for what in ("wall", "user"):
                values = [getattr(a, what) / getattr(b, what) for a, b in pairs if getattr(b, what) > 0]
                row.append(f"{median(values):.2f}" if values else "–")
        rows.append(row)
    return rows


def cell(figures, workload, jobs, engine):
    """Time and peak of an engine, for the table of the documents."""
    wall = figures.median(workload, jobs, engine)
    if wall is None:
        failure = figures.failure(workload, jobs, engine)
        return failure if failure.startswith("over") else "failed" if failure else "–"
    peak = figures.median(workload, jobs, engine, "peak")
    return f"{seconds(wall)} / {peak / MEGA:.0f}"


def markdown(figures, workloads, ours, peers, by_hand, all_jobs):
    """The table of docs/performance.md."""
    place = figures.machine
    measured = [engine for engine in [by_hand, *peers] if any_run(figures, engine)]
    heading = ["workload", "result"]
    columns = []
    for jobs in all_jobs:
        for engine in [ours, *measured]:
            if any_run(figures, engine, jobs):
                heading.append(f"{engine} {jobs}T")
                columns.append((engine, jobs))
    heading += [f"÷ best peer {jobs}T" for jobs in all_jobs] + [f"÷ {by_hand} 1T", f"memory ÷ {by_hand}"]
    lines = [
        f"{place['date']}, {place['processor']}, {place['cores']} cores, {place['memory']} GiB, rustc {place['rust']}; "
        f"{'seconds' if figures.compared == 'wall' else 'processor seconds'} / peak MB, medians.",
        "",
        "| " + " | ".join(heading) + " |",
        "|" + "---|" * len(heading),
    ]
    for workload in workloads:
        counts = next(
            (run.counts for engine, jobs in columns for run in figures.of(workload, jobs, engine) if run.counts), {}
        )
        row = [workload, result(counts)] + [cell(figures, workload, jobs, engine) for engine, jobs in columns]
        for jobs in all_jobs:
            wall = figures.median(workload, jobs, ours)
            best = figures.best(workload, jobs, peers)
            row.append(ratio(wall, best and best[0]))
        row.append(ratio(figures.median(workload, 1, ours), figures.median(workload, 1, by_hand)))
        row.append(ratio(figures.median(workload, 1, ours, "peak"), figures.median(workload, 1, by_hand, "peak")))
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def any_run(figures, engine, jobs=None):
    """Whether an engine gave any result."""
    return any(
        engine in by_engine and (jobs is None or threads == jobs)
        for by_jobs in figures.runs.values()
        for threads, by_engine in by_jobs.items()
    )
