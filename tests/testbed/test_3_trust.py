"""Certificates between the containers for a user who is not root; what he sees, and what destroy leaves of it."""

from testbed import CONTAINER, NODES, TestbedCase, document, dtenv

STEP = {"kind": "key_exchange", "container": CONTAINER, "trust": "ca", "validity": "1h"}


class AnotherUser(TestbedCase):
    def test_a_login_of_his_sees_what_docker_exec_sees_until_destroy(self):
        self.converged()
        TestbedCase._converged = False  # sshd is his alone from here on
        wanted = document([STEP])
        for machine, node in zip(NODES, wanted["nodes"]):
            machine.run("docker", "exec", CONTAINER, "sh", "-c", "id train >/dev/null 2>&1 || useradd -m train")
            node["container_user"] = "train"
        done = dtenv("apply", wanted)
        self.assert_exit(done, 0)
        for machine in NODES:
            facts = done.step(machine.name, "key_exchange")["facts"]
            self.assertEqual(facts["logins"], {"node1": "ok", "node2": "ok"})
            self.assertEqual(facts["login_differs"], [])
        login = ["docker", "exec", "-u", "train", CONTAINER, "ssh", "-o", "BatchMode=yes", "node2"]
        told = NODES[0].run(*login, "printenv PATH TZ; whoami; ulimit -n")
        inside = NODES[1].run("docker", "exec", CONTAINER, "sh", "-c", "printenv PATH TZ; echo train; ulimit -n")
        self.assertEqual(told, inside)
        self.assertEqual(dtenv("apply", wanted).report["changes_made"], 0)

        self.assert_exit(dtenv("destroy", wanted), 0)
        for machine in NODES:
            listed = machine.run("docker", "exec", CONTAINER, "ls", "-A", "/home/train/.ssh", "/etc/ssh")
            self.assertNotIn("dtenv", listed)
            self.assertNotIn("/etc/ssh/dtenv", machine.run("docker", "top", CONTAINER))
