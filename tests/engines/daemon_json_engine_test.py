#!/usr/bin/env python3
"""The Docker daemon's own verdict on daemon.json: what it starts with, dtenv takes, and nothing else.

An engine from 23 on is asked by --validate. An older one reads its configuration and then finds a pid file
of a process that lives: it never starts.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "bindings" / "python")]
import dtenv  # noqa: E402

FILES = [
    "{}",
    ' {\n\t"debug" : true }',
    '{"labels": ["a=b", "c=d"], "live-restore": true, "shutdown-timeout": 20}',
    '{"runtimes": {"n": {"path": "/x", "runtimeArgs": []}}, "default-runtime": "n"}',
    '{"log-driver": "local", "log-opts": {"max-size": "10m"}, "features": {"buildkit": true}}',
    '{"dns": ["8.8.8.8", "::1"], "dns-search": ["a-b.example.", "."], "default-shm-size": "64M"}',
    '{"default-ipc-mode": "shareable", "default-cgroupns-mode": "host", "max-concurrent-uploads": 2}',
    '{"insecure-registries": ["r:5000"], "default-address-pools": [{"base": "10.0.0.0/8", "size": 24}]}',
    '{"debug": "yes"}',
    '{"a": 1,}',
    '{"debug": tru',
    "[]",
    '{"bogus": 1}',
    '{"DEBUG": true}',
    '{"log-opts": {"max-size": 10}}',
    '{"runtimes": {"runc": {"path": "/x"}}}',
    '{"runtimes": []}',
    '{"features": true}',
    '{"features": {"a": 1}}',
    '{"default-runtime": "zz"}',
    '{"max-concurrent-downloads": -1}',
    '{"max-download-attempts": 0}',
    '{"labels": ["one"]}',
    '{"dns": ["8.8.8.8o"]}',
    '{"dns-search": ["123456"]}',
    '{"default-ipc-mode": "host"}',
    '{"default-cgroupns-mode": "x"}',
    '{"default-shm-size": "64x"}',
    '{"group": "docker"}',  # and the flag --group
    '{"proxies": {"http-proxy": "http://p:1"}}',
    '{"tlsopts": {"tlscacert": "/x"}}',
    '{"tlsopts": {"bogus": 1}}',
    '{"tls": "yes"}',
    '{"tlscacert": 1}',
    '{"log-opts": {"a": {"b": "c"}}}',
    '{"default-ulimits": {"nofile": {"Name": "nofile", "Hard": "1024", "Soft": 512}}}',
    '{"default-ulimits": {"nofile": 1024}}',
    '{"default-ulimits": {"bogus": {"name": "bogus", "hard": 1, "soft": 2, "x": 1}}}',
    '{"default-ulimits": {"nofile": {"Hard": 1.5}}}',
    '{"builder": true}',
    '{"builder": {"gc": {"enabled": "yes"}}}',
    '{"builder": {"GC": {"enabled": true, "defaultKeepStorage": 10}}}',
    '{"builder": {"gc": {"enabled": true, "policy": {"keepStorage": "1GB"}}}}',
    '{"builder": {"gc": {"policy": [{"keepStorage": "1GB", "filter": "a=b"}]}}}',
    '{"builder": {"gc": {"policy": [{"keepStorage": "1GB", "all": 1}]}}}',
    '{"builder": {"gc": {"policy": ["all"]}}}',
    '{"builder": {"Entitlements": {"network-host": "x"}}}',
    '{"builder": {"entitlements": {"network-host": true, "bogus": 1}, "bogus": 1}}',
    '{"runtimes": {"x": {"path": 1}}}',
    '{"runtimes": {"x": {"path": "/x", "runtimeArgs": "a"}}}',
    '{"runtimes": {"x": {"path": "/x", "runtimeArgs": [1]}}}',
    '{"runtimes": {"x": {"path": "/x", "args": ["a"]}}}',
    '{"runtimes": {"x": {"path": "/x", "runtimeType": "y"}, "z": {}}}',
    '{"runtimes": {"x": "/x"}}',
    '{"default-address-pools": [{"base": "10.0.0.0/8", "size": "24"}]}',
    '{"default-address-pools": {"base": "10.0.0.0/8", "size": 24}}',
    '{"default-network-opts": {"nosuch": {"a": "b"}}}',
    '{"containerd-namespace": 1}',
    '{"containerd-plugin-namespace": "x"}',
    '{"containerd-plugins-namespace": "x"}',
    '{"features": {"buildkit": null}}',
]
GROUP = ["--group", "root"]


def engine() -> "tuple[str, str] | None":
    """dockerd and its version."""
    path = shutil.which("dockerd", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not path or os.geteuid() != 0:
        return None
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"version ([0-9.]+)", said)
    return (path, found.group(1)) if found else None


def starts(path: str, version: str, folder: pathlib.Path, text: str) -> "tuple[bool, str]":
    """Whether the daemon takes this file, and what it said."""
    file = folder / "daemon.json"
    file.write_text(text)
    command = [path, *GROUP, "--config-file", str(file)]
    if int(version.split(".")[0]) >= 23:
        said = subprocess.run([*command, "--validate"], capture_output=True, text=True, timeout=60, check=False)
        return said.returncode == 0, said.stdout + said.stderr
    (folder / "pid").write_text(str(os.getpid()))
    own = {"--pidfile": "pid", "--data-root": "root", "--exec-root": "exec"}
    words = [word for flag, name in own.items() for word in (flag, str(folder / name))]
    # In a mount namespace of its own: it mounts its data-root before it looks for the pid file.
    said = subprocess.run(
        ["unshare", "--mount", *command, *words, "-H", f"unix://{folder}/socket"],
        capture_output=True, text=True, timeout=60, check=False,
    )
    return "pid file found" in said.stderr, said.stderr


def taken(version: str, text: str) -> "tuple[bool, str]":
    """Whether dtenv would have it restarted with this file, and why not."""
    wish = [{"op": "set", "pointer": "/init", "value": True}]
    try:
        merged = dtenv.eval("daemon_json.merge", {"text": text, "engine_version": version, "actions": wish, "unit_flags": GROUP})
    except dtenv.DtenvError as error:
        return False, str(error)
    return merged["activation"] != "refuse", str(merged["reasons"])


class Verdicts(unittest.TestCase):
    def test_dtenv_takes_what_the_daemon_starts_with(self):
        found = engine()
        if not found:
            self.skipTest("no dockerd here, or not root")
        with tempfile.TemporaryDirectory() as scratch:
            for text in FILES:
                with self.subTest(text=text):
                    theirs, said = starts(*found, pathlib.Path(scratch), text)
                    ours, why = taken(found[1], text)
                    self.assertEqual(ours, theirs, f"{said[-400:]}\n{why}")
        print(f"{len(FILES)} files, the same verdict as dockerd {found[1]}")


if __name__ == "__main__":
    unittest.main()
