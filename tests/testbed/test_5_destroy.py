"""Destroy takes away what apply made, and nothing else."""

from testbed import CONTAINER, IMAGE, NODES, TestbedCase, document, dtenv


class Destroy(TestbedCase):
    def test_it_removes_only_what_is_ours(self):
        self.converged()
        machine = NODES[0]
        self.addCleanup(machine.run, "docker", "rm", "-f", "somebody-elses")
        machine.run("docker", "run", "-d", "--name", "somebody-elses", IMAGE, "sleep", "1000")
        machine.write("/data1/docker/containers/precious", "data\n")
        before = machine.inspect("{{.Id}} {{.State.Pid}}", "somebody-elses")
        authorized = machine.read("/root/.ssh/authorized_keys")
        TestbedCase._converged = False

        wanted = document(allow=["docker", "containers"])
        self.assert_exit(dtenv("destroy", wanted), 0)

        self.assertNotIn(IMAGE, NODES[1].run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}"))
        for each in NODES:
            names = each.run("docker", "ps", "-a", "--format", "{{.Names}}").split()
            self.assertNotIn(CONTAINER, names)
        self.assertEqual(machine.inspect("{{.Id}} {{.State.Pid}}", "somebody-elses"), before)
        self.assertEqual(machine.read("/data1/docker/containers/precious"), "data\n")
        self.assertEqual(machine.read("/root/.ssh/authorized_keys"), authorized)

        again = dtenv("destroy", wanted)
        self.assert_exit(again, 0)
        self.assertEqual(again.report["changes_made"], 0)
