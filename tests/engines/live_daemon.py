"""A real dockerd that a test may reload and restart: alone in namespaces of its own, with folders of its own.

`again_alone()` starts the test program again there; /run, /var/log and /etc/docker are empty then, and every process
is gone when it ends.
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

INSIDE = "DTENV_DAEMON_INSIDE"
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"


def why_not() -> str:
    """Why no daemon can be tried here; empty: it can."""
    if os.geteuid() != 0:
        return "namespaces of its own need root"
    for program in ("dockerd", "containerd", "unshare"):
        if not shutil.which(program, path=PATH):
            return f"no {program} here"
    return ""


def again_alone() -> None:
    if why_not():
        return
    if os.environ.get(INSIDE):
        for folder in ("/run", "/var/log", "/etc/docker"):
            os.makedirs(folder, exist_ok=True)
            subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=False)
        return
    os.environ[INSIDE] = "1"
    # A shell as the first process: it takes in orphans and reaps them.
    first = ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, *sys.argv]
    os.execvp("unshare", ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--net", "--", *first])


class Refused(Exception):
    """It does not start with this; its last words."""


class Daemon:
    """One that runs until `close`, with `words` after its program's name."""

    SOCKET = "/run/docker.sock"

    def __init__(self, *words: str):
        self.log = pathlib.Path("/var/log/docker.log")  # where dtenv has its own restarts write
        own = ["--data-root", "/run/test/root", "--exec-root", "/run/test/exec", "--bridge=none", "--iptables=false"]
        self.words = [shutil.which("dockerd", path=PATH), *own, "--storage-driver=vfs", *words]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        self.until(lambda: self.process.poll() is not None or self.get("/_ping") is not None, "the daemon answers")
        if self.process.poll() is not None:
            raise Refused(self.log.read_text().splitlines()[-1])

    def close(self) -> None:
        if pid := self.pid():
            os.kill(pid, signal.SIGTERM)
            self.until(lambda: self.pid() is None, "the daemon has ended")
        shutil.rmtree("/run/test", ignore_errors=True)

    def pid(self) -> "int | None":
        """Of whatever dockerd runs here by now. (By its file: a child that is not yet runc has its name too.)"""
        self.process.poll()
        try:
            pid = int(pathlib.Path("/run/docker.pid").read_text())
            return pid if pathlib.Path(f"/proc/{pid}/comm").read_text() == "dockerd\n" else None
        except (OSError, ValueError):
            return None

    def until(self, holds, what: str, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"never: {what}\n{self.log.read_text()[-1000:]}")
            time.sleep(0.02)

    def get(self, path: str) -> "object | None":
        connection = http.client.HTTPConnection("engine", timeout=5)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.connect(self.SOCKET)
            connection.request("GET", path)
            text = connection.getresponse().read()
            return json.loads(text) if text.startswith(b"{") else text
        except OSError:
            return None
        finally:
            connection.close()

    def reload(self) -> "dict | None":
        """What it runs with after SIGHUP, by its own words; None: it refused the file."""
        before = len(self.log.read_text())
        os.kill(self.pid(), signal.SIGHUP)
        said = lambda: self.log.read_text()[before:]
        self.until(lambda: re.search("Reloaded configuration|Error reconfiguring|unable to", said()), "it reloads")
        taken = re.findall(r'msg="Reloaded configuration: (.*)"', said())
        if "Error reconfiguring" in said() or not taken:
            return None
        return json.loads(json.loads(f'"{taken[-1]}"'))
