"""What is not ours is kept: files, keys in files, containers."""

from testbed import CONTAINER, IMAGE, NODES, PREFIX, TestbedCase, document, dtenv, only

# Valid for this engine, and as no program would write it.
FOREIGN = """{
     "max-concurrent-uploads" : 3 ,
 "log-opts": {"max-size":"10m",   "labels":"a&b<c>"},
\t"labels":["site=b","site2=a"],
  "registry-mirrors": [ ],
    "log-driver":"json-file", "shutdown-timeout" : 21
}
"""


class ForeignThings(TestbedCase):
    def setUp(self) -> None:
        self.converged()
        self.machine = NODES[0]

    def test_a_foreign_daemon_json_is_kept_byte_for_byte_around_our_keys(self):
        self.machine.write("/etc/docker/daemon.json", FOREIGN)
        self.machine.run("systemctl", "reload", "docker")
        before = self.machine.inspect("{{.State.Pid}}", CONTAINER)
        done = dtenv("apply", document(only("docker_config")))
        self.assert_exit(done, 0)
        text = self.machine.read("/etc/docker/daemon.json")
        self.assertIn(f"http://{PREFIX}.1:5000", text)
        self.assertIn("/usr/sbin/runc", text)
        rest = text
        for line in FOREIGN.splitlines()[1:-1]:
            if "registry-mirrors" in line:
                continue
            self.assertIn(line.rstrip(","), rest)
            rest = rest[rest.index(line.rstrip(",")) :]
        self.assertEqual(self.machine.inspect("{{.State.Pid}}", CONTAINER), before, "it was restarted")
        self.assertEqual(dtenv("apply", document(only("docker_config"))).report["changes_made"], 0)

    def test_a_daemon_json_that_is_broken_is_not_touched(self):
        whole = self.machine.read("/etc/docker/daemon.json")
        self.addCleanup(self.machine.write, "/etc/docker/daemon.json", whole)
        self.machine.write("/etc/docker/daemon.json", '{"labels": ["a=b"],\n "debug": tru')
        done = dtenv("apply", document(only("docker_config")))
        self.assertNotEqual(done.code, 0)
        self.assertIn("line 2", str(done.host("node1")) + done.err)
        self.assertEqual(self.machine.read("/etc/docker/daemon.json"), '{"labels": ["a=b"],\n "debug": tru')

    def test_a_foreign_container_of_the_same_name_is_not_touched(self):
        self.machine.run("docker", "run", "-d", "--name", "taken", IMAGE, "sleep", "1000")
        self.addCleanup(self.machine.run, "docker", "rm", "-f", "taken")
        what = "{{.Id}} {{.State.StartedAt}} {{.State.Pid}}"
        before = self.machine.inspect(what, "taken")
        wanted = document(only("image_build", "container_run"), allow=["docker", "containers"])
        wanted["steps"][1]["name"] = "taken"
        wanted["nodes"] = wanted["nodes"][:1]
        done = dtenv("apply", wanted)
        self.assertNotEqual(done.code, 0, str(done))
        self.assertIn("taken", str(done.step("node1", "container_run")))
        self.assertEqual(self.machine.inspect(what, "taken"), before)

    def test_a_drifted_container_is_replaced_only_where_that_is_allowed(self):
        wanted = document(only("image_build", "container_run"))
        wanted["steps"][1]["env"]["EXTRA"] = "1"
        wanted["steps"][1]["name"] = "drifting"
        wanted["nodes"] = wanted["nodes"][:1]
        self.addCleanup(self.machine.run, "docker", "rm", "-f", "drifting")
        self.assert_exit(dtenv("apply", wanted), 0)
        before = self.machine.inspect("{{.Id}}", "drifting")
        wanted["steps"][1]["env"]["EXTRA"] = "2"
        refused = dtenv("apply", wanted)
        self.assert_exit(refused, 73)
        self.assertIn("drifting", refused.out + refused.err)
        self.assertEqual(self.machine.inspect("{{.Id}}", "drifting"), before)
        wanted["allow"] = ["docker", "containers"]
        self.assert_exit(dtenv("apply", wanted), 0)
        self.assertNotEqual(self.machine.inspect("{{.Id}}", "drifting"), before)
        self.assertIn("EXTRA=2", self.machine.inspect("{{json .Config.Env}}", "drifting"))
