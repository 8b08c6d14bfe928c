"""What the sweeps share: programs run with the shim before libc, scratch folders, the closing line."""

import dataclasses
import hashlib
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else pathlib.Path("build/dev").resolve()
FULL = "--full" in sys.argv
SHIM = BUILD / "tests/faults/libdtfault.so"
WRITER = BUILD / "tests/faults/fault_writer"
COMMAND = BUILD / "examples/dtenv"


def use_bindings() -> None:
    """`import dtenv` gives the package over this build's library."""
    os.environ["DTENV_LIBRARY"] = str(BUILD / "capi/libdtenv.so.1")
    sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[2] / "bindings/python")]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def again_in(*namespaces: str) -> None:
    """Starts this program again as root of namespaces of its own: mounts and processes end with it."""
    if os.environ.get("DTENV_FAULTS_INSIDE") or os.geteuid() != 0:
        return
    os.environ["DTENV_FAULTS_INSIDE"] = "1"
    # A shell as the first process: it takes in orphans and reaps them.
    first = ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, *sys.argv]
    os.execvp("unshare", ["unshare", *namespaces, "--", *first])


@dataclasses.dataclass
class Run:
    code: int
    out: str
    err: str
    calls: int  # that change something below the root
    fired: int
    log: str
    allocations: int = 0  # of the first process

    def __str__(self) -> str:
        return f"exit {self.code}, {self.calls} calls, {self.fired} faults\n{self.err[-1500:]}\n{self.log}"


def run(argv: list, root: pathlib.Path, fault: str = "count", data: bytes = b"", env=(), timeout: float = 60, limits=None) -> Run:
    """One program with `fault` below `root`; see shim.c."""
    with tempfile.TemporaryDirectory(prefix="dtfault-") as scratch:
        state, log = pathlib.Path(scratch, "state"), pathlib.Path(scratch, "log")
        state.write_bytes(bytes(8192))
        process = subprocess.Popen(
            [str(word) for word in argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # a kill ends whole process groups
            preexec_fn=limits,
            env={
                "PATH": os.environ["PATH"],
                "HOME": scratch,
                "LD_PRELOAD": str(SHIM),
                "DTFAULT": fault,
                "DTFAULT_ROOT": str(root),
                "DTFAULT_STATE": str(state),
                "DTFAULT_LOG": str(log),
                **dict(env),
            },
        )
        try:
            out, err = process.communicate(data, timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            err += b"\nno end after %d s" % timeout
        calls, fired, _, allocations = struct.unpack_from("<qqqq", state.read_bytes())
        said = log.read_text(errors="replace") if log.exists() else ""
        return Run(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"), calls, fired, said, allocations)


def listing(folder: pathlib.Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []


class Scratch:
    """A folder that is empty at each `fresh`, and gone at the end."""

    def __init__(self) -> None:
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="dtenv-faults-", dir="/var/tmp"))

    def __enter__(self) -> "Scratch":
        return self

    def __exit__(self, *_) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def fresh(self, name: str) -> pathlib.Path:
        folder = self.path / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder


class Tally:
    """Counts what held and what did not."""

    def __init__(self) -> None:
        self.passed = self.torn = self.lost = 0
        self.failures: list[str] = []

    def hold(self, what: str, holds: bool, why: object = "") -> bool:
        if holds:
            self.passed += 1
        else:
            self.failures.append(f"{what}\n{why}")
        return holds

    def close(self, summary: str) -> int:
        for failure in self.failures[:20]:
            print("FAILED:", failure)
        print(f"{summary}: {self.torn} torn, {self.lost} lost")
        print(f"{self.passed} passed, {len(self.failures)} failed")
        return 1 if self.failures or self.torn or self.lost else 0
