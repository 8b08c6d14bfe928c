"""One machine beside the two that all tests share, for tests of what is on a machine."""

import json
import subprocess

from testbed import CLUSTER, PREFIX, ROOT, Machine, TestbedCase, document, dtenv


class MachineCase(TestbedCase):
    """One machine of its own, gone afterwards."""

    number, init = 0, "systemd"
    machine: Machine

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        script = str(ROOT / "examples/cluster/cluster.sh")
        subprocess.run([script, "add", CLUSTER, PREFIX, str(cls.number), cls.init], check=True)
        cls.machine = Machine(cls.number)
        cls.addClassCleanup(
            subprocess.run, ["docker", "rm", "-f", "-v", cls.machine.container], stdout=subprocess.DEVNULL
        )

    def apply(self, step: dict, allow: "tuple[str, ...]" = ("docker",), verb: str = "apply"):
        wanted = document([step], allow=list(allow))
        node = wanted["nodes"][0]
        node.update(name=self.machine.name, address=self.machine.address)
        node["ssh"]["host_keys"] = [self.machine.host_key]
        wanted["nodes"] = [node]
        return dtenv(verb, wanted)

    def said(self, done) -> str:
        return json.dumps(done.report, ensure_ascii=False) + done.out + done.err

    def assert_failed(self, done, *parts: str) -> None:
        self.assertNotEqual(done.code, 0, str(done))
        for part in parts:
            self.assertIn(part, self.said(done))

    def installed(self) -> "set[str]":
        rows = self.machine.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n")
        return {row.split()[1] for row in rows.splitlines() if row.startswith("ii")}

    def exists(self, path: str) -> bool:
        return self.machine.run("sh", "-c", '[ -e "$1" ] && echo yes || true', "sh", path) == "yes\n"
