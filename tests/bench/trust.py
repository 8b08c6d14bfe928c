#!/usr/bin/env python3
"""Mutual trust among N fresh machines, and the same again, over a farm of real sshds on this machine: against the floor
(N times `ssh node true` at the best parallelism, same key exchange) with OpenSSH's own choice of key exchange, which is
most of a login, and with curve25519, where the rest weighs three times as much; and, as users have both, against pdsh,
clush and Ansible where they are installed: they dial with OpenSSH's choice, dtenv with curve25519 first. Medians of
alternating rounds; ratios within one run.

    tests/bench/trust.py [N…]        default: 16 64
"""

import base64
import gzip
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "ssh")]
import bench  # noqa: E402

os.environ.setdefault("DTENV_COMMAND", str(bench.ROOT / "build/bench/examples/dtenv"))
from farm import KEX, Farm, problem, trust  # noqa: E402

# By key exchange: trust, and trust again, times the floor.
BOUNDS = {"": (1.25, 1.15), KEX: (2.0, 1.5)}
ROUNDS = int(os.environ.get("DTENV_BENCH_ROUNDS", "5"))
STEP = trust(logins="none")


class Peers:
    """The same work with other tools: every node makes a key, and gets what it needs to log in to every other without a
    question: all public halves, all host keys, and where the others are."""

    def __init__(self, farm: Farm):
        self.farm = farm
        self.config = farm.folder / "ssh_config"
        known = farm.folder / "known_hosts"
        known.write_text("".join(f"{node.name} {node.host_key}\n" for node in farm.nodes))
        text = "".join(f"Host {node.name}\n  Hostname {node.address}\n  HostKeyAlias {node.name}\n" for node in farm.nodes)
        text += f"Host *\n  User root\n  Port 2200\n  IdentityFile {farm.key}\n  IdentitiesOnly yes\n  BatchMode yes\n"
        text += f"  UserKnownHostsFile {known}\n  StrictHostKeyChecking yes\n  UpdateHostKeys no\n"
        if farm.kex:
            text += f"  KexAlgorithms {farm.kex}\n"
        self.config.write_text(text)
        self.names = [node.name for node in farm.nodes]

    def ssh(self, name: str, *command: str) -> None:
        subprocess.run(["ssh", "-F", str(self.config), name, *command], check=True, stdin=subprocess.DEVNULL)

    def floor(self, wide: int) -> float:
        begun = time.monotonic()
        with ThreadPoolExecutor(wide) as pool:
            list(pool.map(lambda name: self.ssh(name, "true"), self.names))
        return time.monotonic() - begun

    make = (
        "test -f .ssh/id_ed25519 || ssh-keygen -q -t ed25519 -N '' -f .ssh/id_ed25519; cat .ssh/id_ed25519.pub; "
        "read -r type key rest </etc/ssh/ssh_host_ed25519_key.pub; echo $(hostname) $type $key"
    )

    def nodes_config(self) -> str:
        text = "".join(f"Host {n.name}\n  Hostname {n.address}\n  HostKeyAlias {n.name}\n" for n in self.farm.nodes)
        return f"{text}Host *\n  User root\n  Port 2200\n"

    def files(self, gathered: bytes) -> bytes:
        """As an archive for ~/.ssh, out of what `make` said on all nodes."""
        lines = gathered.decode().splitlines()
        texts = {
            "authorized_keys2": "".join(f"{line}\n" for line in lines if line.startswith("ssh-")),
            "known_hosts": "".join(f"{line}\n" for line in lines if not line.startswith("ssh-")),
            "config": self.nodes_config(),
        }
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, text in texts.items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(text), 0o600
                tar.addfile(entry, io.BytesIO(text.encode()))
        return archive.getvalue()

    def pdsh(self) -> float:
        """Gather by pdsh, push in its words: pdsh forwards no stdin, and pdcp is needed on the nodes too."""
        begun = time.monotonic()
        env = {**os.environ, "PDSH_SSH_ARGS": f"-F {self.config} -2 -a -x -l%u %h", "PDSH_RCMD_TYPE": "ssh"}
        words = ["pdsh", "-S", "-N", "-f", "32", "-l", "root", "-w", ",".join(self.names)]
        gathered = subprocess.run([*words, self.make], check=True, capture_output=True, env=env).stdout
        packed = base64.b64encode(gzip.compress(self.files(gathered), 1)).decode()
        push = f"echo {packed} | base64 -d | tar xzf - -C .ssh"
        subprocess.run([*words, push], check=True, env=env, stdout=subprocess.DEVNULL)
        return time.monotonic() - begun

    def clush(self) -> float:
        begun = time.monotonic()
        words = ["clush", "-S", "-N", "-q", "-f", "32", "-l", "root", "-o", f"-F {self.config}", "-w", ",".join(self.names)]
        gathered = subprocess.run([*words, self.make], check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout
        words += ["tar xf - -C .ssh"]
        subprocess.run(words, check=True, input=self.files(gathered), stdout=subprocess.DEVNULL)
        return time.monotonic() - begun

    def ansible(self) -> float:
        folder = self.farm.folder
        (folder / "inventory").write_text("\n".join(self.names) + "\n")
        all_hosts = "{%% for h in ansible_play_hosts %%}{{ hostvars[h].made.stdout_lines[%d] }}\n{%% endfor %%}"
        contents = {"authorized_keys2": all_hosts % 0, "known_hosts": all_hosts % 1, "config": self.nodes_config()}
        tasks = [{"shell": self.make, "register": "made"}]
        for name, text in contents.items():
            tasks.append({"copy": {"dest": f"/root/.ssh/{name}", "mode": "0600", "content": text}})
        (folder / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
        env = {**os.environ, "ANSIBLE_SSH_ARGS": f"-F {self.config} -o ControlMaster=auto -o ControlPersist=5s",
               "ANSIBLE_PIPELINING": "1", "ANSIBLE_FORKS": "64", "ANSIBLE_LOCALHOST_WARNING": "0",
               "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "cp")}
        begun = time.monotonic()
        subprocess.run(["ansible-playbook", "-i", str(folder / "inventory"), str(folder / "play.yml")],
                       check=True, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.monotonic() - begun


def fresh(farm: Farm) -> None:
    for node in farm.nodes:
        for path in (node.home / ".ssh").iterdir():
            path.unlink()
        authorized = node.home / ".ssh/authorized_keys"
        authorized.write_text(farm.public_key)
        authorized.chmod(0o600)


def dtenv(farm: Farm, changes: bool) -> float:
    done = farm.dtenv("apply", STEP)
    assert done.code == 0, str(done)
    assert (done.report["changes_made"] > 0) == changes, str(done)
    return done.seconds


def sample_logs_in(farm: Farm) -> None:
    nodes = farm.nodes
    for i in range(0, len(nodes), max(1, len(nodes) // 4)):
        assert nodes[i].logs_in_to(nodes[(i * 7 + 3) % len(nodes)].name)


def stock_algorithms() -> str:
    """What the ssh client here takes by itself."""
    said = subprocess.run(["ssh", "-F", "/dev/null", "-G", "node"], check=True, capture_output=True, text=True).stdout
    return next(line.split()[1] for line in said.splitlines() if line.startswith("kexalgorithms "))


def measure(count: int, kex: str, rows: bench.Rows) -> None:
    with Farm(count, kex) as farm:
        peers = Peers(farm)
        width = min((8, 16, 32), key=lambda wide: min(peers.floor(wide) for _ in range(2)))
        programs = {"pdsh": "pdsh", "clush": "clush", "ansible": "ansible-playbook"}
        tools = [tool for tool, program in programs.items() if shutil.which(program) and not kex]
        if count > 16 and "ansible" in tools:
            tools.remove("ansible")  # a minute a run
        spent: "dict[str, list[float]]" = {}
        alike = {} if kex else {"kex_algorithms": stock_algorithms()}
        for turn in range(ROUNDS):
            farm.dial = alike
            spent.setdefault("floor", []).append(peers.floor(width))
            fresh(farm)
            spent.setdefault("trust", []).append(dtenv(farm, changes=True))
            if turn == 0:
                sample_logs_in(farm)
            spent.setdefault("again", []).append(dtenv(farm, changes=False))
            if not kex:
                fresh(farm)
                farm.dial = {"config_file": None}
                spent.setdefault("shipped", []).append(dtenv(farm, changes=True))
            for tool in tools:
                if turn < 3:
                    fresh(farm)
                    spent.setdefault(tool, []).append(getattr(peers, tool)())
                    if turn == 0:
                        sample_logs_in(farm)
        median = {name: bench.median(values) for name, values in spent.items()}
        told = " ".join(f"{name} {value:.2f} s" for name, value in median.items())
        name = f"{count}_fast_kex" if kex else str(count)
        rows.at_most(f"trust_{name}", median["trust"] / median["floor"], BOUNDS[kex][0], told)
        rows.at_most(f"trust_again_{name}", median["again"] / median["floor"], BOUNDS[kex][1], told)
        for tool, bound in (("pdsh", 2), ("clush", 2), ("ansible", 12)):
            if tool in median:
                rows.at_least(f"trust_{tool}_{count}", median[tool] / median["shipped"], bound, told)


def main() -> int:
    if problem():
        print(f"trust: skipped: {problem()}")
        return 0
    rows = bench.Rows()
    for word in sys.argv[1:] or ("16", "64"):
        for kex in BOUNDS:
            measure(int(word), kex, rows)
    return 1 if rows.failed else 0


if __name__ == "__main__":
    sys.exit(main())
