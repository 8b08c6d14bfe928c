"""What a login between the containers sees, of root and of a user who is not; what destroy leaves of his."""

import shlex

from testbed import CONTAINER, NODES, TestbedCase, document, dtenv

STEP = {"kind": "key_exchange", "container": CONTAINER, "trust": "ca", "validity": "1h"}

SEES = "env -0; printf 'limits\\n'; ulimit -a; ulimit -aH"
# What a session says of itself.
OF_A_SESSION = {"HOME", "HOSTNAME", "LOGNAME", "MAIL", "PWD", "OLDPWD", "SHELL", "SHLVL", "USER", "_", "TERM"}


def seen(said: str) -> "tuple[dict[str, str], str]":
    """The variables and the limits."""
    variables, limits = said.split("limits\n")
    pairs = dict(each.split("=", 1) for each in variables.split("\0") if each)
    return {name: value for name, value in pairs.items() if name not in OF_A_SESSION}, limits


class SameAsInside(TestbedCase):
    def assert_parity(self, user: str) -> None:
        """What `docker exec` sees, a login from the other node sees."""
        inside, limits = seen(NODES[1].run("docker", "exec", "-u", user, CONTAINER, "sh", "-c", SEES))
        login = ["docker", "exec", "-u", user, CONTAINER, "ssh", "-o", "BatchMode=yes", "node2"]
        variables, limits_there = seen(NODES[0].run(*login, f"exec sh -c {shlex.quote(SEES)}"))
        self.assertEqual({name: variables.get(name) for name in inside}, inside)
        self.assertEqual(limits_there, limits)
        for name in ("PATH", "LD_LIBRARY_PATH", "TZ", "QUOTED"):
            self.assertIn(name, inside)


class Administrator(SameAsInside):
    def test_a_login_of_root_sees_what_docker_exec_sees(self):
        self.converged()
        self.assert_parity("root")


class AnotherUser(SameAsInside):
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
        self.assert_parity("train")
        self.assertEqual(dtenv("apply", wanted).report["changes_made"], 0)

        self.assert_exit(dtenv("destroy", wanted), 0)
        for machine in NODES:
            self.assertEqual(machine.run("docker", "exec", CONTAINER, "ls", "-A", "/home/train/.ssh"), "")
            listed = machine.run("docker", "exec", CONTAINER, "ls", "-A", "/home/train/.ssh", "/etc/ssh")
            self.assertNotIn("dtenv", listed)
            self.assertNotIn("/etc/ssh/dtenv", machine.run("docker", "top", CONTAINER))
