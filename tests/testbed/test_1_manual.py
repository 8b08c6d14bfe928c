"""The seven steps of the manual on two bare machines."""

from testbed import CONTAINER, IMAGE, NODES, PREFIX, Running, TestbedCase, document, dtenv, only


class TheManual(TestbedCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.planned = dtenv("plan", document())
        running = Running("apply", document())
        cls.first = running.wait()
        cls.launched = running.launched
        TestbedCase._converged = cls.first.code == 0

    def setUp(self) -> None:
        self.assert_exit(self.first, 0)

    def test_a_plan_for_bare_machines_names_every_step_and_changes_nothing(self):
        self.assert_exit(self.planned, 0)
        self.assertGreater(self.planned.report["changes_planned"], 5)
        self.assertEqual(self.planned.report["changes_made"], 0)

    def test_every_step_holds_on_both_machines(self):
        for host in self.first.report["hosts"]:
            states = {step["kind"]: step["status"] for step in host["steps"]}
            self.assertEqual(len(states), 7)
            self.assertLessEqual(set(states.values()), {"ok", "changed"}, states)

    def test_a_second_apply_changes_nothing_and_says_so(self):
        again = dtenv("apply", document())
        self.assert_exit(again, 0)
        self.assertEqual(again.report["changes_made"], 0)
        self.assertEqual(again.report["changes_planned"], 0)

    def test_verify_holds_and_a_plan_is_empty(self):
        self.assert_exit(dtenv("verify", document()), 0)
        self.assert_exit(dtenv("plan", document(), "--exit-code"), 0)

    def test_the_engines_know_the_mirror_and_the_runtime(self):
        for machine in NODES:
            told = machine.run(
                "docker", "info", "--format", "{{json .RegistryConfig.Mirrors}} {{json .Runtimes}}"
            )
            self.assertIn(f"http://{PREFIX}.1:5000/", told)
            self.assertIn('"runc2":{"path":"/usr/sbin/runc"', told)

    def test_the_same_image_is_on_both(self):
        ids = {machine.inspect("{{.Id}}", IMAGE) for machine in NODES}
        self.assertEqual(len(ids), 1)

    def test_the_containers_run_as_described(self):
        for machine in NODES:
            told = machine.inspect(
                "{{.State.Running}} {{.HostConfig.NetworkMode}} {{.HostConfig.Runtime}} {{.HostConfig.ShmSize}}"
                " {{json .HostConfig.Binds}} {{json .Config.Env}}",
                CONTAINER,
            )
            self.assertIn("true host runc2 67108864", told)
            self.assertIn("/data1/docker/containers:/data", told)
            self.assertIn("TZ=Asia/Shanghai", told)

    def test_every_container_logs_in_to_every_other(self):
        for machine in NODES:
            for other in NODES:
                argv = ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", other.name]
                told = machine.run("docker", "exec", CONTAINER, *argv, "hostname")
                self.assertEqual(told.strip(), f"training-{other.name}")

    def test_no_private_key_is_in_a_report_and_each_container_has_its_own(self):
        self.assertNotIn("PRIVATE KEY", str(self.first.report) + self.first.out + self.first.err)
        public = {
            machine.run("docker", "exec", CONTAINER, "sh", "-c", "cat /etc/ssh/dtenv/*.pub /root/.ssh/*.pub")
            for machine in NODES
        }
        self.assertEqual(len(public), 2)

    def test_the_hostfile_names_both_nodes(self):
        for machine in NODES:
            text = machine.read("/data1/docker/containers/hostfile")
            lines = [line for line in text.splitlines() if line and not line.startswith("#")]
            self.assertEqual(lines, ["node1 slots=1", "node2 slots=1"])

    def test_the_launch_ran_a_rank_on_each_machine(self):
        for rank, machine in enumerate(NODES):
            self.assertRegex(self.launched, rf"{machine.name} rank {rank}.*training-{machine.name}")

    def test_nothing_of_ours_is_left_behind_on_a_machine(self):
        for machine in NODES:
            left = machine.run("find", "/tmp", "/var/tmp", "/root", "-mindepth", "1", "-iname", "*dtenv*")
            self.assertEqual(left, "")
            self.assertEqual(machine.run("docker", "ps", "-aq", "--filter", "status=exited"), "")

    def test_a_step_alone_can_be_looked_at(self):
        self.assert_exit(dtenv("verify", document(only("docker_config"))), 0)
