"""Two machines in containers, shared by all tests here, and the command `dtenv` run on them."""

import atexit
import copy
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = os.environ.get("DTENV_COMMAND", str(ROOT / "build/dev/examples/dtenv"))
# Another name and network let two rounds of these tests run beside each other.
CLUSTER, PREFIX = os.environ.get("DTENV_TESTBED", "testbed 10.213.78").split()
FOLDER = ROOT / "build" / "cluster" / CLUSTER
IMAGE = "dtenv/testbed:1"
CONTAINER = "training"

_up = False


def up() -> None:
    """Brings the machines up, once; they go when the tests end, unless DTENV_KEEP is set."""
    global _up
    if _up:
        return
    script = str(ROOT / "examples/cluster/cluster.sh")
    if not os.environ.get("DTENV_KEEP"):
        subprocess.run([script, "down", CLUSTER], check=True, stdout=subprocess.DEVNULL)
        atexit.register(subprocess.run, [script, "down", CLUSTER])
    subprocess.run([script, "up", CLUSTER, PREFIX, "2"], check=True)
    _up = True


class Machine:
    """One of them, spoken to through the engine outside: apart from what is tested."""

    def __init__(self, number: int):
        self.number = number
        self.name = f"node{number}"
        self.address = f"{PREFIX}.{10 + number}"
        self.container = f"dtenv-{CLUSTER}-{number}"

    @property
    def host_key(self) -> str:
        return (FOLDER / f"{self.name}.host_key").read_text().strip()

    def run(self, *argv: str, stdin: "str | None" = None, check: bool = True) -> str:
        done = subprocess.run(
            ["docker", "exec", "-i", self.container, *argv], input=stdin, capture_output=True, text=True
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{self.name}: {argv}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    def read(self, path: str) -> str:
        return self.run("cat", path)

    def write(self, path: str, text: str) -> None:
        self.run("sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1"', "sh", path, stdin=text)

    def inspect(self, what: str, name: str) -> str:
        return self.run("docker", "inspect", "--format", what, name).strip()


NODES = [Machine(1), Machine(2)]


class Done:
    """What a run of the command came to."""

    def __init__(self, code: int, out: str, err: str, report: dict, seconds: float):
        self.code, self.out, self.err, self.report, self.seconds = code, out, err, report, seconds

    def host(self, name: str) -> dict:
        return next(host for host in self.report["hosts"] if host["name"] == name)

    def step(self, host: str, kind: str) -> dict:
        return next(step for step in self.host(host)["steps"] if step["kind"] == kind)

    def __str__(self) -> str:
        return f"exit {self.code}\n{self.out[-6000:]}\n{self.err[-6000:]}"


class Running:
    """The command at work: wait until it says something, then interrupt or kill it."""

    def __init__(self, verb: str, document: dict, *options: str):
        self.folder = tempfile.TemporaryDirectory(prefix="dtenv-testbed-")
        folder = pathlib.Path(self.folder.name)
        self.report, self.log = folder / "report.json", folder / "log"
        self.out, self.err = folder / "out", folder / "err"
        environment = folder / "environment.json"
        environment.write_text(json.dumps(document))
        words = [COMMAND, verb, str(environment), "--report", str(self.report), *options]
        if verb == "apply":
            words += ["--yes", "--log", str(self.log)]
        self.launched = ""  # what the launched program printed, once it has ended
        self.started = time.monotonic()
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def said(self) -> str:
        return self.err.read_text(errors="replace") + self.out.read_text(errors="replace")

    def wait_until_said(self, text: str, seconds: float = 300) -> None:
        end = time.monotonic() + seconds
        while text not in self.said():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"never said {text!r}:\n{self.said()[-4000:]}")
            time.sleep(0.02)

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, seconds: float = 900) -> Done:
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"not done after {seconds} s:\n{self.said()[-4000:]}") from None
        spent = time.monotonic() - self.started
        report = json.loads(self.report.read_text()) if self.report.exists() else {}
        out, err = self.out.read_text(errors="replace"), self.err.read_text(errors="replace")
        self.launched = self.log.read_text(errors="replace") if self.log.exists() else ""
        self.folder.cleanup()
        return Done(code, out, err, report, spent)


def dtenv(verb: str, document: dict, *options: str) -> Done:
    return Running(verb, document, *options).wait()


def steps() -> "list[dict]":
    """The whole manual with an image that is quick to build: Open MPI, and no PyTorch."""
    return [
        {"kind": "driver_check"},
        {
            "kind": "docker_config",
            "install": "if_missing",
            "registry_mirrors": [f"http://{PREFIX}.1:5000"],
            "runtimes": {"runc2": {"path": "/usr/sbin/runc"}},
        },
        {"kind": "image_build", "tag": IMAGE, "from": {"build": {"recipe": recipe()}}},
        {
            "kind": "container_run",
            "name": CONTAINER,
            "hostname": "training-{node}",
            "runtime": "runc2",
            "network": "host",
            "ipc": "private",
            "shm_size": "64mb",
            "volumes": ["/data1/docker/containers:/data"],
            "env": {"TZ": "Asia/Shanghai", "LD_LIBRARY_PATH": "/data/lib:/usr/local/lib", "QUOTED": "a 'b' \"c\" $d \\e #f"},
        },
        {"kind": "key_exchange", "key": "ed25519", "trust": "mesh"},
        {"kind": "hostfile_writer", "path": "/data/hostfile", "dialect": "openmpi"},
        {"kind": "launch", "engine": "openmpi", "command": ["hostname"], "timeout": "3m"},
    ]


def recipe() -> dict:
    return {
        "base": {"debootstrap": {"suite": "bookworm"}},
        "openmpi": "distro",
        "apt": {"packages": ["openssh-client", "iproute2"]},
    }


def only(*kinds: str) -> "list[dict]":
    return [step for step in steps() if step["kind"] in kinds]


def document(with_steps: "list[dict] | None" = None, allow: "list[str] | None" = None) -> dict:
    nodes = [
        {
            "name": machine.name,
            "address": machine.address,
            "slots": 1,
            "container_ssh_port": 6000 + machine.number,
            "ssh": {
                "user": "root",
                "identity_file": str(FOLDER / "id_ed25519"),
                "host_keys": [machine.host_key],
            },
        }
        for machine in NODES
    ]
    return {
        "v": 1,
        "cluster": CLUSTER,
        "nodes": nodes,
        "steps": copy.deepcopy(steps() if with_steps is None else with_steps),
        "allow": ["docker"] if allow is None else allow,
    }


class TestbedCase(unittest.TestCase):
    """Machines that are up; `converged()` for those that need all seven steps to hold."""

    maxDiff = None
    _converged = False

    @classmethod
    def setUpClass(cls) -> None:
        up()

    @staticmethod
    def converged() -> None:
        if not TestbedCase._converged:
            done = dtenv("apply", document())
            assert done.code == 0, str(done)
            TestbedCase._converged = True

    def assert_exit(self, done: Done, code: int) -> None:
        self.assertEqual(done.code, code, str(done))
