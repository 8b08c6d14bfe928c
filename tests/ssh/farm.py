"""N real sshds on this machine, each a node of its own: its own /root, /etc/ssh and /run in a mount namespace, its own
host key, host name and address 127.77.x.y. Needs root; `problem()` says why there is none."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = os.environ.get("DTENV_COMMAND", str(ROOT / "build/dev/examples/dtenv"))
PORT = 2200
USER_ID = 4711
KEX = "curve25519-sha256"  # OpenSSH's own default spends most of a login in its key exchange


def problem() -> str:
    if os.geteuid() != 0:
        return "needs root"
    if not os.path.exists("/usr/sbin/sshd"):
        return "no sshd here (openssh-server)"
    tried = subprocess.run(["unshare", "-m", "-u", "true"], capture_output=True)
    return "" if tried.returncode == 0 else "no mount namespaces here"


class Node:
    def __init__(self, farm: "Farm", number: int):
        self.farm, self.number = farm, number
        self.name = f"n{number}"
        self.port = farm.first_port + number - 1 if farm.first_port else PORT
        self.address = f"127.77.{number // 250}.{number % 250 + 1}"
        self.folder = farm.folder / self.name
        self.user = farm.user
        self.home = self.folder / ("root" if self.user == "root" else f"home/{self.user}")
        self.mounts = [("root", "/root"), ("ssh", "/etc/ssh"), ("run", "/run")]
        self.process: "subprocess.Popen | None" = None

    def prepare(self) -> None:
        for name in ("root", "ssh", "run/sshd"):
            (self.folder / name).mkdir(parents=True)
        for path in ("run", "run/sshd", "ssh"):
            (self.folder / path).chmod(0o755)
        if self.user != "root":
            self.add_user()
        self.home.chmod(0o700)
        (self.home / ".ssh").mkdir(mode=0o700)
        keygen(self.folder / "ssh/ssh_host_ed25519_key")
        authorized = self.home / ".ssh/authorized_keys"
        authorized.write_text(self.farm.public_key)
        authorized.chmod(0o600)
        if self.user != "root":
            subprocess.run(["chown", "-R", f"{USER_ID}:{USER_ID}", str(self.home)], check=True)
        if self.farm.kex:
            (self.folder / "ssh/ssh_config").write_text(f"KexAlgorithms {self.farm.kex}\n")
        (self.folder / "ssh/sshd_config").write_text(
            f"ListenAddress {self.address}\nPort {self.port}\nHostKey /etc/ssh/ssh_host_ed25519_key\nUsePAM no\n"
            "PidFile none\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nStrictModes yes\n"
            f"PermitRootLogin prohibit-password\nMaxStartups {self.farm.max_startups}\nMaxSessions 100\nUseDNS no\n"
            "LogLevel VERBOSE\nSubsystem sftp internal-sftp\n" + self.farm.more_config
        )

    def add_user(self) -> None:
        """One who is not root, and may become it by sudo without a password, on this node alone."""
        etc = self.folder / "etc"
        (etc / "sudoers.d").mkdir(parents=True)
        lines = {
            "passwd": f"{self.user}:x:{USER_ID}:{USER_ID}::/home/{self.user}:/bin/sh\n",
            "group": f"{self.user}:x:{USER_ID}:\n",
            "shadow": f"{self.user}:*:19000:0:99999:7:::\n",
        }
        for name, line in lines.items():
            shutil.copy2(f"/etc/{name}", etc / name)
            with open(etc / name, "a", encoding="utf-8") as file:
                file.write(line)
        rule = etc / "sudoers.d/farm"
        rule.write_text(f"{self.user} ALL=(ALL) NOPASSWD: ALL\n")
        rule.chmod(0o440)
        self.home.mkdir(parents=True)
        self.home.parent.chmod(0o755)
        self.mounts += [("home", "/home"), *((f"etc/{name}", f"/etc/{name}") for name in (*lines, "sudoers.d"))]

    def start(self) -> None:
        mounts = " && ".join(f"mount --bind {self.folder}/{ours} {theirs}" for ours, theirs in self.mounts)
        script = (
            f"umask 000 && {mounts} && hostname {self.name} && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "
            f"/usr/sbin/sshd -D -f /etc/ssh/sshd_config -E {self.folder}/log"
        )
        self.process = subprocess.Popen(
            ["unshare", "-m", "-u", "--propagation", "private", "sh", "-c", script],
            stdin=subprocess.DEVNULL,
            cwd="/",
        )

    def wait_until_up(self) -> None:
        end = time.monotonic() + 30
        while True:
            try:
                socket.create_connection((self.address, self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise RuntimeError(f"{self.name}: sshd does not start: {self.log()}") from None
                time.sleep(0.01)

    @property
    def host_key(self) -> str:
        words = (self.folder / "ssh/ssh_host_ed25519_key.pub").read_text().split()
        return " ".join(words[:2])

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def argv(self, *argv: str) -> "list[str]":
        return ["nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt", "--", *argv]

    def run(self, *argv: str) -> subprocess.CompletedProcess:
        """In the node's own namespace: apart from what is tested."""
        return subprocess.run(
            self.argv(*argv), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60
        )

    def logs_in_to(self, other: str, *options: str) -> bool:
        words = ["ssh", *options, "-o", "BatchMode=yes", other, "true"]
        become = [] if self.user == "root" else ["runuser", "-u", self.user, "--"]
        return self.run(*become, *words).returncode == 0

    def described(self) -> dict:
        ssh = {
            "user": self.user,
            "sudo": self.user != "root",
            "port": self.port,
            "identity_file": str(self.farm.key),
            "host_keys": [self.host_key],
            "config_file": "/dev/null",
        }
        if self.farm.kex:
            ssh["kex_algorithms"] = self.farm.kex
        ssh.update(self.farm.dial)
        ssh = {key: value for key, value in ssh.items() if value is not None}
        return {"name": self.name, "address": self.address, "slots": 1, "ssh": ssh}


class Farm:
    def __init__(
        self, count: int, kex: str = KEX, more_config: str = "", first_port: int = 0, user: str = "root",
        max_startups: str = "1000:30:2000",
    ):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dtenv-farm-", dir="/var/lib"))
        self.dial: "dict[str, str | None]" = {}  # over what the nodes' ssh says; None: not said
        self.kex, self.more_config, self.first_port, self.user = kex, more_config, first_port, user
        self.max_startups = max_startups
        self.key = self.folder / "controller"
        keygen(self.key)
        self.public_key = self.key.with_suffix(".pub").read_text()
        self.nodes = [Node(self, number) for number in range(1, count + 1)]
        try:
            for node in self.nodes:
                node.prepare()
                node.start()
            for node in self.nodes:
                node.wait_until_up()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Farm":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for node in self.nodes:
            if node.process:
                node.process.send_signal(signal.SIGTERM)
        for node in self.nodes:
            if node.process:
                node.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def document(self, *steps: dict) -> dict:
        return {
            "v": 1,
            "cluster": "farm",
            "nodes": [node.described() for node in self.nodes],
            "steps": list(steps),
        }

    def dtenv(self, verb: str, *steps: dict) -> "Done":
        environment, report = self.folder / "environment.json", self.folder / "report.json"
        environment.write_text(json.dumps(self.document(*steps)))
        report.unlink(missing_ok=True)
        words = [COMMAND, verb, str(environment), "--report", str(report)]
        if verb == "apply":
            words.append("--yes")
        begun = time.monotonic()
        done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600)
        spent = time.monotonic() - begun
        told = json.loads(report.read_text()) if report.exists() else {}
        return Done(done.returncode, done.stdout + done.stderr, told, spent)


class Done:
    def __init__(self, code: int, said: str, report: dict, seconds: float):
        self.code, self.said, self.report, self.seconds = code, said, report, seconds

    def facts(self, node: str) -> dict:
        host = next(host for host in self.report["hosts"] if host["name"] == node)
        return host["steps"][0]["facts"]

    def __str__(self) -> str:
        return f"exit {self.code}\n{self.said[-5000:]}"


def trust(**options: object) -> dict:
    return {"kind": "key_exchange", "where": "machine", **options}


def keygen(path: pathlib.Path, *options: str) -> None:
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path), *options]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(problem() or 0)
