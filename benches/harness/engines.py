"""The engines: how each is built or found, and how it is told to run a workload."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BENCHES = Path(__file__).resolve().parent.parent
ROOT = BENCHES.parent
PROGRAMS = BENCHES / "programs"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PEERS = TARGET / "peers"


class Missing(Exception):
    """An engine is not here; the text says why."""


def cargo(*arguments):
    """Runs cargo, with its progress on standard error."""
    subprocess.run(["cargo", *arguments], check=True, stdout=sys.stderr)


def build_peers():
    """Builds the meter, the generator and the peers that are crates."""
    cargo(
        "build",
        "--release",
        "--locked",
        "--manifest-path",
        str(BENCHES / "peers" / "Cargo.toml"),
        "--target-dir",
        str(PEERS),
    )


def build_factlog():
    """Builds factlog as its users do."""
    cargo("build", "--release", "--locked", "--bin", "factlog", "--manifest-path", str(ROOT / "Cargo.toml"))


def peer(binary):
    """A binary of the package of peers."""
    path = PEERS / "release" / binary
    if not path.exists():
        raise Missing(f"{path} has not been built")
    return path


def make_inputs(folders):
    """Makes the inputs of some folders, unless they are there from the same generator; gives the folder of all."""
    data = TARGET / "bench-data"
    sources = sorted((BENCHES / "peers" / "src").glob("*.rs")) + sorted((BENCHES / "peers/src/bin/generate").glob("*.rs"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    made_by = data / "made-by"
    if not made_by.exists() or made_by.read_text() != digest:
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        made_by.write_text(digest)
    subprocess.run([peer("generate"), data, *sorted(folders)], check=True, stdout=sys.stderr)
    return data


@dataclass
class Factlog:
    """factlog, or one build of it of several that are compared."""

    name: str
    path: Path

    ours = True

    def command(self, workload, data, output, jobs):
        program = PROGRAMS / workload.path
        return [self.path, "souffle", program, "-F", data, "-D", output, "-j", jobs]

    def environment(self, _jobs):
        return {}

    def prepare(self, _workload, _jobs):
        if not shutil.which(self.path):
            raise Missing(f"{self.path} is not there")


@dataclass
class Peer:
    """A binary of the package of peers: `BINARY PROGRAM INPUT OUTPUT THREADS`."""

    name: str
    binary: str
    # One thread is all that it can use.
    sequential: bool
    programs: frozenset = frozenset()

    ours = False

    def command(self, workload, data, output, jobs):
        return [peer(self.binary), workload.peer_name, data, output, jobs]

    def environment(self, _jobs):
        return {}

    def prepare(self, workload, jobs):
        if self.sequential and jobs != 1:
            raise Missing("one thread only")
        peer(self.binary)
        if workload.peer_name not in self.known():
            raise Missing("no such program")

    def known(self):
        """The programs that the binary has, by its own word."""
        if not self.programs:
            said = subprocess.run([peer(self.binary)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            self.programs = frozenset(said.stdout.split())
        return self.programs


class DuckDB:
    """DuckDB's Python module, in the Python that runs this."""

    name = "DuckDB"
    ours = False

    def command(self, workload, data, output, jobs):
        return [sys.executable, "-S", BENCHES / "harness" / "duckdb_peer.py", workload.peer_name, data, output, jobs]

    def environment(self, _jobs):
        # `-S` spares the start of what a site adds; the module is found by path.
        import duckdb

        return {"PYTHONPATH": str(Path(duckdb.__file__).parent.parent)}

    def prepare(self, workload, _jobs):
        from harness import duckdb_peer

        try:
            import duckdb  # noqa: F401
        except ImportError:
            raise Missing(f"{sys.executable} has no module duckdb") from None
        if workload.peer_name not in duckdb_peer.PROGRAMS:
            raise Missing("no such program")


class Souffle:
    """Soufflé, interpreted, compiled, or compiled with the `brie` representation that its user may ask for."""

    ours = False

    def __init__(self, mode):
        self.mode = mode
        self.name = {"interpreted": "Soufflé interp.", "compiled": "Soufflé", "brie": "Soufflé brie"}[mode]

    def command(self, workload, data, output, jobs):
        tail = ["-F", data, "-D", output, "-j", jobs]
        if self.mode == "interpreted":
            return ["souffle", PROGRAMS / workload.path, *tail]
        return [self.binary(workload, jobs), *tail]

    def environment(self, _jobs):
        return {}

    def prepare(self, workload, jobs):
        if not shutil.which("souffle"):
            raise Missing("no program souffle on the path")
        if self.mode == "interpreted":
            return
        binary = self.binary(workload, jobs)
        if not binary.exists():
            binary.parent.mkdir(parents=True, exist_ok=True)
            source = binary.with_suffix(".dl")
            source.write_text(self.text(workload))
            subprocess.run(["souffle", "-j", str(jobs), "-o", binary, source], check=True, stdout=sys.stderr)

    def text(self, workload):
        text = (PROGRAMS / workload.path).read_text()
        if self.mode == "brie":
            for relation in workload.derived:
                text = re.sub(rf"(?m)^(\.decl {relation}\([^)]*\))", r"\1 brie", text)
        return text

    def binary(self, workload, jobs):
        digest = hashlib.sha256(self.text(workload).encode()).hexdigest()[:12]
        threads = "many" if jobs > 1 else "one"
        name = workload.program.replace("/", "-")
        return TARGET / "bench-souffle" / f"{name}-{self.mode}-{threads}-{digest}"


def peers():
    """All engines but factlog, by the name they are asked for."""
    return {
        "datafrog": Peer("datafrog", "frog", True),
        "ascent": Peer("ascent", "ascents", False),
        "duckdb": DuckDB(),
        "souffle": Souffle("compiled"),
        "souffle-brie": Souffle("brie"),
        "souffle-interpreted": Souffle("interpreted"),
    }
