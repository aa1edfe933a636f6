"""Running one command and learning what it took."""

import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Run:
    """What one run of one engine took, and what it counted."""

    wall: float = 0.0
    user: float = 0.0
    system: float = 0.0
    # Bytes.
    peak: int = 0
    counts: dict = field(default_factory=dict)
    # Why there is no result, if there is none.
    failure: str = ""

    @property
    def cpu(self):
        """Processor time, which other work on the machine changes little."""
        return self.user + self.system


def run(meter, command, timeout, environment=None):
    """Runs a command under the meter; it is given up after `timeout` seconds."""
    handle, result = tempfile.mkstemp(prefix="factlog-bench-")
    os.close(handle)
    try:
        process = subprocess.Popen(
            [str(meter), result, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
            # A group of its own, so that giving up ends the meter and what it runs.
            start_new_session=True,
        )
        try:
            output, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return Run(failure=f"over {timeout:g} s")
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        fields = Path(result).read_text().split()
        said = errors.decode(errors="replace").strip().splitlines()
        if process.returncode != 0 or len(fields) != 5:
            return Run(failure=said[-1] if said else "could not be started")
        wall, user, system, peak, status = fields
        if status != "0":
            return Run(failure=f"status {status}: {said[0] if said else 'nothing said'}")
        return Run(
            float(wall), float(user), float(system), int(peak) * 1024, counts(output.decode(errors="replace"))
        )
    finally:
        os.unlink(result)


def counts(output):
    """The `relation<TAB>count` lines of an output, as Soufflé prints sizes."""
    found = {}
    for line in output.splitlines():
        relation, _, count = line.rpartition("\t")
        if relation and count.strip().isdigit():
            found[relation.strip()] = int(count)
    return found


def rows_of(path):
    """How many lines a file has, and a sum over them that does not depend on their order."""
    count, total = 0, 0
    with open(path, "rb") as file:
        for line in file:
            count += 1
            total += hash(line.rstrip(b"\r\n"))
    return count, total & (2**64 - 1)
