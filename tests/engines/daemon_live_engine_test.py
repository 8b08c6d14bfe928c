#!/usr/bin/env python3
"""A real dockerd under dtenv: which keys a SIGHUP brings into force, and which file it is that it reads."""
import json
import pathlib
import socket
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "bindings" / "python")]
import dtenv  # noqa: E402
import live_daemon  # noqa: E402
from daemon_json_engine_test import taken  # noqa: E402

# Each key of 20.10 that SIGHUP may change, with a value that is not its default.
VALUES = {
    "allow-nondistributable-artifacts": ["r.example.com:5000"],
    "api-cors-header": "*",
    "bip": "10.1.0.1/16",
    "builder": {"gc": {"enabled": True, "defaultKeepStorage": "1GB"}},
    "cgroup-parent": "/dtenv",
    "containerd-namespace": "other",
    "containerd-plugins-namespace": "plugins.other",
    "cpu-rt-period": 100000,
    "cpu-rt-runtime": 95000,
    "debug": True,
    "default-address-pools": [{"base": "10.9.0.0/16", "size": 24}],
    "default-cgroupns-mode": "private",
    "default-gateway": "10.1.0.2",
    "default-gateway-v6": "fd00::1",
    "default-ipc-mode": "shareable",
    "default-runtime": "other",
    "default-shm-size": "128M",
    "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 1024, "Soft": 512}},
    "dns": ["8.8.8.8"],
    "dns-opts": ["ndots:1"],
    "dns-search": ["example.com"],
    "experimental": True,
    "exec-opts": ["native.cgroupdriver=cgroupfs"],
    "features": {"some": True},
    "fixed-cidr": "10.1.0.0/24",
    "fixed-cidr-v6": "fd00::/64",
    "group": "root",
    "host-gateway-ip": "10.1.0.9",
    "icc": False,
    "init": True,
    "init-path": "/usr/bin/docker-init",
    "insecure-registries": ["r.example.com:5000"],
    "ip": "127.0.0.1",
    "ip-forward": False,
    "ip-masq": True,
    "ip6tables": True,
    "ipv6": True,
    "labels": ["site=b"],
    "live-restore": True,
    "log-driver": "local",
    "log-level": "warn",
    "log-opts": {"max-size": "10m"},
    "max-concurrent-downloads": 7,
    "max-concurrent-uploads": 8,
    "max-download-attempts": 9,
    "metrics-addr": "127.0.0.1:9323",
    "mtu": 1400,
    "network-control-plane-mtu": 1400,
    "no-new-privileges": True,
    "node-generic-resources": ["gpu=GPU-1"],
    "oom-score-adjust": -100,
    "raw-logs": True,
    "registry-mirrors": ["https://m.example.com"],
    "runtimes": {"other": {"path": "/usr/sbin/runc"}, "mine": {"path": "/usr/sbin/runc"}},
    "seccomp-profile": "/nosuch.json",
    "selinux-enabled": True,
    "shutdown-timeout": 21,
    "storage-opts": ["size=10G"],
    "swarm-default-advertise-addr": "eth0",
    "tlscacert": "/nosuch.pem",
    "userland-proxy": False,
    "userns-remap": "default",
}
# What a SIGHUP takes back to its default where the key is gone; the others keep their value
# (resets() of src/formats/daemon_json_activation.cpp).
RESET = {"features", "max-concurrent-downloads", "max-concurrent-uploads", "max-download-attempts"}
# What only a daemon that really starts finds out.
STARTS = [
    '{"log-driver": "json-file", "log-opts": {"max-size": "10m", "labels": "a", "mode": "non-blocking", "max-buffer-size": "4m"}}',
    '{"log-driver": "json-file", "log-opts": {"bogus": "1"}}',
    '{"log-driver": "json-file", "log-opts": {"mode": "x"}}',
    '{"log-driver": "json-file", "log-opts": {"max-buffer-size": "4m"}}',
    '{"log-driver": "local", "log-opts": {"tag": "1"}}',
    '{"log-driver": "journald", "log-opts": {"max-size": "1m"}}',
    '{"builder": {"gc": {"enabled": true, "defaultKeepStorage": "10QB"}}}',
    '{"builder": {"gc": {"enabled": true, "policy": [{"keepStorage": "1GB", "filter": ["unused-for=9h"]}]}}}',
    '{"builder": {"gc": {"enabled": true, "policy": [{"all": true}]}}}',
    '{"builder": {"gc": {"enabled": true, "policy": [{"keepStorage": "1GB", "filter": ["nonsense"]}]}}}',
    '{"default-address-pools": [{"base": "10.0.0.0/8", "size": 24, "x": 1}]}',
    '{"default-address-pools": [{"base": "10.0.0.0", "size": 24}]}',
    '{"default-address-pools": [{"base": "10.0.0.0/24", "size": 16}]}',
    '{"default-address-pools": [{"base": "10.0.0.0/8"}]}',
    '{"default-address-pools": [{"size": 24}]}',
]
FILE = pathlib.Path("/etc/docker/daemon.json")
# A runtime that is there already, so that default-runtime alone can be changed.
BASE = {"runtimes": {"other": {"path": "/usr/sbin/runc"}}}
VERSION = "20.10.24"


def planned(before: dict, key: str, value: object) -> str:
    action = {"op": "set", "pointer": "/" + key, "value": value}
    return dtenv.eval("daemon_json.merge", {"text": json.dumps(before), "engine_version": VERSION, "actions": [action]})["activation"]


@unittest.skipIf(live_daemon.why_not(), live_daemon.why_not())
class TheRealDaemon(unittest.TestCase):
    daemon: "live_daemon.Daemon | None" = None

    def setUp(self) -> None:
        FILE.unlink(missing_ok=True)
        self.addCleanup(lambda: self.daemon and self.daemon.close())

    def start(self, *words: str) -> None:
        self.daemon = live_daemon.Daemon(*words)
        self.version = self.daemon.get("/version")["Version"].split("+")[0]

    def test_each_key_comes_into_force_by_a_reload_or_not_as_it_is_planned(self):
        self.start()
        if not self.version.startswith("20.10."):
            self.skipTest(f"dockerd {self.version} does not print all it runs with, 20.10 does")
        reloaded, kept = set(), set()
        for key, value in VALUES.items():
            before = dict(BASE)
            FILE.write_text(json.dumps(before))
            old = self.daemon.reload()
            FILE.write_text(json.dumps({**before, key: value}))
            new = self.daemon.reload()
            with self.subTest(key=key):
                self.assertIsNotNone(new, f"{key}: the daemon refuses {value!r}")
                (reloaded if new.get(key) != old.get(key) else kept).add(key)
                # Any boolean of the file gets into what it runs with (its flags are bound to that),
                # and what it was read for at the start stays as it was: such a key takes a restart.
                if not isinstance(value, bool) or planned(before, key, value) == "reload":
                    self.assertEqual("reload" if key in reloaded else "restart", planned(before, key, value))
            if key in reloaded - {"runtimes"} and not isinstance(value, bool):
                FILE.write_text(json.dumps(before))
                gone = self.daemon.reload()
                with self.subTest(key=key, gone=True):
                    self.assertEqual(key in RESET, gone.get(key) != new.get(key), f"{key}: {new.get(key)} → {gone.get(key)}")
        print(f"dockerd {self.version}: {len(reloaded)} keys by SIGHUP, {len(kept)} by a restart alone: {sorted(reloaded)}")

    def test_dtenv_takes_what_the_daemon_really_starts_with(self):
        for text in STARTS:
            FILE.write_text(text)
            try:
                self.start()
                self.daemon.close()
                theirs, said = True, ""
            except live_daemon.Refused as refusal:
                theirs, said = False, str(refusal)
            ours, why = taken(VERSION, text)
            with self.subTest(text=text):
                self.assertEqual(ours, theirs, f"{said[-300:]}\n{why}")
        print(f"{len(STARTS)} files, the same verdict as a dockerd that starts")

    def test_info_shows_what_a_reload_brought(self):
        self.start()
        wanted = {
            "registry-mirrors": ["https://m.example.com"], "insecure-registries": ["r:5000"], "labels": ["site=b"],
            "live-restore": True, "debug": True, "runtimes": BASE["runtimes"], "default-runtime": "other",
            "log-driver": "local",
        }  # fmt: skip
        FILE.write_text(json.dumps(wanted))
        self.daemon.reload()
        self.daemon.until(lambda: self.daemon.get("/info")["Debug"], "debug is on")
        info = self.daemon.get("/info")
        self.assertEqual(info["RegistryConfig"]["Mirrors"], ["https://m.example.com/"])
        self.assertFalse(info["RegistryConfig"]["IndexConfigs"]["r:5000"]["Secure"])
        self.assertEqual((info["Labels"], info["LiveRestoreEnabled"]), (["site=b"], True))
        self.assertEqual((info["Runtimes"]["other"]["path"], info["DefaultRuntime"]), ("/usr/sbin/runc", "other"))
        self.assertEqual(info["LoggingDriver"], "json-file", "a reload passes a log-driver over in silence")

    def test_an_unknown_key_makes_a_reload_take_nothing(self):
        self.start()
        FILE.write_text('{"labels": ["site=b"], "bogus": 1}')
        self.assertIsNone(self.daemon.reload())
        self.assertEqual(planned({"bogus": 1}, "labels", ["site=b"]), "refuse")
        self.assertEqual(self.daemon.get("/info")["Labels"], [])

    def test_a_port_for_diagnosis_opens_and_closes_by_a_reload(self):
        def listens() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", 12345)) == 0

        self.start()
        for text, opened in (('{"network-diagnostic-port": 12345}', True), ("{}", False)):
            FILE.write_text(text)
            self.daemon.reload()
            self.daemon.until(lambda: listens() == opened, f"the port's state is {opened}")
        self.assertEqual(planned({}, "network-diagnostic-port", 12345), "reload")

    def test_the_file_of_the_running_daemons_words_is_edited_and_no_other(self):
        FILES = (pathlib.Path("/run/test/elsewhere.json"), FILE)
        FILES[0].parent.mkdir(exist_ok=True)
        FILES[0].write_text('{\n\t"labels" : ["site=b"]\n}\n')
        self.start("--config-file", str(FILES[0]))
        FILE.write_text("{}\n")
        step = {"kind": "docker_config", "install": "never", "registry_mirrors": ["https://m.example.com"]}
        environment = {"v": 1, "cluster": "live", "nodes": [{"name": "here", "local": True}], "steps": [step], "allow": ["docker"]}
        with dtenv.Session() as session:
            report = session.apply(environment).result()
        self.assertEqual(report.changes_made, 1, report)
        self.assertIn("https://m.example.com", FILES[0].read_text())
        self.assertIn('\t"labels" : ["site=b"]', FILES[0].read_text())
        self.assertEqual(FILE.read_text(), "{}\n")
        self.assertEqual(self.daemon.get("/info")["RegistryConfig"]["Mirrors"], ["https://m.example.com/"])
        # And a key that takes a restart: the same words, the same file.
        before = self.daemon.pid()
        environment["steps"][0]["daemon_options"] = {"log-driver": "local"}
        with dtenv.Session() as session:
            session.apply(environment).result()
        self.assertNotEqual(self.daemon.pid(), before)
        self.assertEqual(self.daemon.get("/info")["LoggingDriver"], "local")
        self.assertEqual(self.daemon.get("/info")["Labels"], ["site=b"])


if __name__ == "__main__":
    live_daemon.again_alone()
    unittest.main()
