"""The command line of `benches/run`."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import engines, measure, report
from harness.workloads import GENERATED, GIVEN, MORE, TINY

BY_HAND = "datafrog"
ALL = [*GENERATED, *GIVEN, *MORE, TINY]


def arguments():
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        prog="benches/run", description="Runs factlog beside other engines and prints medians and ratios."
    )
    parser.add_argument("workloads", nargs="*", help="workloads (default: all; --list shows them)")
    parser.add_argument("--more", action="store_true", help="the programs beyond the twelve, instead of the twelve")
    parser.add_argument("--engines", help="engines, with commas between (default: factlog and all peers that are here)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each engine runs (default 3)")
    parser.add_argument("--jobs", default="1,2", help="numbers of threads, with commas between (default 1,2)")
    parser.add_argument("--data", type=Path, help="take inputs from DIR/WORKLOAD/RELATION.tsv instead of making them")
    parser.add_argument(
        "--factlog",
        action="append",
        metavar="[NAME=]PATH",
        help="measure this binary instead of building one; given twice, the second is compared with the first",
    )
    parser.add_argument("--timeout", type=float, default=120, help="seconds after which a run is given up (default 120)")
    parser.add_argument("--cpu", action="store_true", help="compare processor time: for one thread on a busy machine")
    parser.add_argument("--no-build", action="store_true", help="use what has been built before")
    parser.add_argument("--markdown", action="store_true", help="print the table of docs/performance.md as well")
    parser.add_argument("--save", type=Path, help="write every run to this file, as JSON")
    parser.add_argument("--load", type=Path, action="append", help="measure nothing: print what --save wrote")
    parser.add_argument("--list", action="store_true", help="list workloads and engines")
    return parser.parse_args()


def factlogs(given):
    """The builds of factlog to measure."""
    if not given:
        return [engines.Factlog("factlog", engines.TARGET / "release" / "factlog")]
    found = []
    for number, text in enumerate(given):
        name, _, path = text.rpartition("=")
        default = {1: ["factlog"], 2: ["before", "after"]}.get(len(given), [])[number:] or [f"factlog-{number + 1}"]
        found.append(engines.Factlog(name or default[0], Path(path).resolve()))
    return found


def chosen(names, more, data):
    """The workloads that are asked for: all of a set that there is input for, or those named."""
    known = {workload.name: workload for workload in ALL}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"benches/run: no workload {', '.join(unknown)}; there are {' '.join(known)}")
    wanted = [known[name] for name in names] if names else MORE if more else GENERATED + GIVEN
    if data is None:
        without = [workload.name for workload in wanted if workload in GIVEN]
        if without and names:
            sys.exit(f"benches/run: {', '.join(without)} need --data: their inputs cannot be made here")
        return [workload for workload in wanted if workload not in GIVEN]
    missing = [workload.name for workload in wanted if not (data / workload.folder).is_dir()]
    if missing and names:
        sys.exit(f"benches/run: no folder for {', '.join(missing)} in {data}")
    return [workload for workload in wanted if workload.name not in missing]


def busy():
    """Says so when the machine has other work."""
    load = os.getloadavg()[0]
    if load > 0.3 * (os.cpu_count() or 1):
        print(f"The machine is busy (load average {load:.1f}): do not trust these figures.", file=sys.stderr)


class Bench:
    """One run of the harness."""

    def __init__(self, options, data, ours, theirs):
        self.options = options
        self.ours = ours
        self.engines = [*ours, *theirs]
        self.jobs = [int(jobs) for jobs in options.jobs.split(",")]
        self.figures = report.Figures("cpu" if options.cpu else "wall")
        self.data = data
        self.meter = engines.peer("measure")
        self.missing = set()
        self.written = {}
        self.disagreed = []

    def contestants(self, workload):
        """The engines that can do a workload, with each number of threads."""
        found = []
        for jobs in self.jobs:
            for engine in self.engines:
                try:
                    engine.prepare(workload, jobs)
                except engines.Missing as reason:
                    self.say_missing(engine, workload, jobs, str(reason))
                except subprocess.CalledProcessError as error:
                    self.say_missing(engine, workload, jobs, f"it could not be built: {error}")
                else:
                    found.append((engine, jobs))
        return found

    def say_missing(self, engine, workload, jobs, reason):
        """Says once why an engine is left out."""
        if reason == "one thread only":
            return
        where = f" on {workload.name}" if reason == "no such program" else ""
        text = f"{engine.name} left out{where}: {reason}"
        if text not in self.missing:
            self.missing.add(text)
            print(text, file=sys.stderr)

    def measure(self, workload):
        """All rounds of one workload."""
        contestants = self.contestants(workload)
        given_up = set()
        for number in range(self.options.rounds):
            # Each starts a round once, and neighbours change sides.
            turn = number % max(len(contestants), 1)
            order = contestants[turn:] + contestants[:turn]
            for engine, jobs in order if number % 2 == 0 else reversed(order):
                if (engine.name, jobs) in given_up:
                    continue
                run = self.once(workload, engine, jobs)
                self.figures.add(workload.name, jobs, engine.name, run)
                if run.failure:
                    given_up.add((engine.name, jobs))
        self.compare(workload)

    def once(self, workload, engine, jobs):
        """Runs one engine."""
        output = Path(tempfile.mkdtemp(prefix="factlog-bench-"))
        try:
            command = engine.command(workload, self.data / workload.folder, output, jobs)
            run = measure.run(self.meter, command, self.options.timeout, engine.environment(jobs))
            if workload.written and not run.failure:
                path = output / workload.written
                if not path.exists():
                    run.failure = f"{workload.written} was not written"
                else:
                    run.counts[workload.written], run.counts["sum"] = measure.rows_of(path)
            return run
        finally:
            shutil.rmtree(output, ignore_errors=True)

    def compare(self, workload):
        """Says so when engines disagree about a result."""
        seen = {}
        for jobs, by_engine in self.figures.runs.get(workload.name, {}).items():
            for engine, runs in by_engine.items():
                for run in runs:
                    if not run.failure:
                        seen.setdefault(tuple(sorted(run.counts.items())), set()).add(f"{engine} -j {jobs}")
                        # It differs from process to process; only whether it is the same matters.
                        run.counts.pop("sum", None)
        if len(seen) > 1:
            self.disagreed.append(workload.name)
            for counts, names in seen.items():
                said = ", ".join(f"{relation} {count}" for relation, count in counts) or "nothing"
                print(f"  COUNTS DIFFER: {said}: {', '.join(sorted(names))}")


def print_all(figures, workloads, ours, theirs, options, jobs):
    """The tables behind all workloads."""
    for name in ours:
        if report.any_run(figures, name):
            time = "seconds" if figures.compared == "wall" else "processor seconds"
            print(f"\n{name}: {time}, and as a multiple of others\n")
            print(report.aligned(report.ratios(figures, workloads, name, theirs, BY_HAND, jobs)))
    if len(ours) == 2:
        print("\nPaired, round by round\n")
        print(report.aligned(report.paired(figures, workloads, ours[0], ours[1], jobs)))
    if options.markdown and ours:
        print()
        print(report.markdown(figures, workloads, ours[-1], theirs, BY_HAND, jobs))


def show_saved(options):
    """Prints what earlier runs wrote."""
    saved = [json.loads(path.read_text()) for path in options.load]
    figures = report.Figures.from_json(saved, "cpu" if options.cpu else "wall")
    known = [engine.name for engine in engines.peers().values()]
    found = {engine: None for by_jobs in figures.runs.values() for names in by_jobs.values() for engine in names}
    ours = [engine for engine in found if engine not in known]
    workloads = [name for name in figures.runs if not options.workloads or name in options.workloads]
    for workload in workloads:
        print(f"{workload}\n{report.HEADING}\n{report.workload_text(figures, workload, [*ours, *known])}")
    jobs = sorted({jobs for by_jobs in figures.runs.values() for jobs in by_jobs})
    print_all(figures, workloads, ours, [name for name in known if name != BY_HAND], options, jobs)
    return 0


def main():
    """Runs the harness; the exit status is 1 when engines disagree or factlog has no result."""
    options = arguments()
    if options.load:
        return show_saved(options)
    peers = engines.peers()
    if options.list:
        for workload in ALL:
            print(f"{workload.name:<14} {workload.about}{' (needs --data)' if workload in GIVEN else ''}")
        print(f"engines: factlog {' '.join(peers)}")
        return 0
    names = options.engines.split(",") if options.engines else ["factlog", *peers]
    unknown = [name for name in names if name != "factlog" and name not in peers]
    if unknown:
        sys.exit(f"benches/run: no engine {', '.join(unknown)}; there are factlog {' '.join(peers)}")
    workloads = chosen(options.workloads, options.more, options.data)
    ours = factlogs(options.factlog) if "factlog" in names else []
    if not options.no_build:
        engines.build_peers()
        if ours and not options.factlog:
            engines.build_factlog()
    data = options.data or engines.make_inputs({workload.folder for workload in workloads})
    theirs = [peers[name] for name in names if name in peers]
    bench = Bench(options, data, ours, theirs)
    busy()
    place = bench.figures.machine
    print(
        f"{place['date']}, {place['processor']}, {place['cores']} cores, {place['memory']} GiB, rustc {place['rust']}; "
        f"{options.rounds} rounds, medians of whole processes"
    )
    for workload in workloads:
        print(f"\n{workload.name}: {workload.about}")
        bench.measure(workload)
        counts = next((c for c in results(bench.figures, workload.name)), {})
        print(f"  {report.result(counts)}" if counts else "  no result")
        print(report.HEADING)
        print(report.workload_text(bench.figures, workload.name, [engine.name for engine in bench.engines]), flush=True)
    if options.save:
        options.save.write_text(json.dumps(bench.figures.to_json(), indent=1) + "\n")
    rivals = [engine.name for engine in theirs if engine.name != BY_HAND]
    names = [workload.name for workload in workloads]
    print_all(bench.figures, names, [engine.name for engine in ours], rivals, options, bench.jobs)
    if bench.disagreed:
        print(f"\nThe engines disagree on {', '.join(bench.disagreed)}.")
    failed = [
        f"{workload.name} ({engine.name} -j {jobs})"
        for workload in workloads
        for jobs in bench.jobs
        for engine in ours
        if bench.figures.failure(workload.name, jobs, engine.name)
    ]
    if failed:
        print(f"\nNo result: {', '.join(failed)}.")
    return 1 if bench.disagreed or failed else 0


def results(figures, workload):
    """The counts of the runs of a workload."""
    for by_engine in figures.runs.get(workload, {}).values():
        for runs in by_engine.values():
            for run in runs:
                if not run.failure and run.counts:
                    yield run.counts
