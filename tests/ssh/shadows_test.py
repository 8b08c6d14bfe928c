"""Lines of a user's own ssh config that would stand above, or count beside, what dtenv wrote for its hosts: the login
works all the same, or the line is named. Every node's sshd has a port of its own, from 6001 on."""

import sys
import unittest

from farm import Farm, problem, trust

# What ssh would rather do for every host, were our lines not the first.
TAKEN = """Port 2222
User nobody
HostName 127.0.0.1
IdentityFile ~/.ssh/none
ProxyCommand /bin/false
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
HostKeyAlias other
PreferredAuthentications password
ForwardAgent yes
IdentitiesOnly no
PubkeyAuthentication no
AddressFamily inet6
ControlMaster auto
ControlPath ~/.ssh/cm-%C
ControlPersist 60
RequestTTY force
LocalForward 3333 127.0.0.1:3333
ExitOnForwardFailure yes
PermitLocalCommand yes
LocalCommand echo noise
"""
# What our lines do not say, since older clients do not know it, or since it is the user's to say.
NAMED = ["RemoteCommand echo", "SessionType none", "BindAddress 192.0.2.1", "RevokedHostKeys /nowhere",
         "HostKeyAlgorithms ssh-rsa", "Ciphers aes128-cbc", "KnownHostsCommand /bin/false"]


@unittest.skipIf(problem(), problem())
class Shadows(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.farm = Farm(2, first_port=6001)
        cls.addClassCleanup(cls.farm.close)
        cls.head, cls.other = cls.farm.nodes
        cls.config = cls.head.home / ".ssh/config"

    def setUp(self) -> None:
        self.addCleanup(self.config.unlink, missing_ok=True)

    def told(self) -> "dict[str, str]":
        """ssh's own account of what it would do."""
        said = self.head.run("ssh", "-G", "n2").stdout
        return dict(line.split(" ", 1) for line in said.splitlines() if " " in line)

    def apply(self):
        done = self.farm.dtenv("apply", trust(login_timeout="2s"))
        self.assertEqual(done.code, 0, str(done))
        return done

    def test_what_the_users_file_says_for_all_hosts_does_not_count_for_ours(self):
        own = {
            "Host *": "Host *\n" + TAKEN,
            "Match all": "Match all\n" + TAKEN,
            "lines of no host": TAKEN,
            "an Include": "Include shadow.conf\n",
        }
        (self.head.home / ".ssh/shadow.conf").write_text("Host *\n" + TAKEN)
        for what, text in own.items():
            with self.subTest(what):
                self.config.write_text(text)
                self.config.chmod(0o600)
                self.apply()
                told = self.told()
                self.assertEqual((told["port"], told["hostname"], told["user"]), ("6002", self.other.address, "root"))
                said = self.head.run("ssh", "n2", "tty; echo in")
                self.assertEqual((said.returncode, said.stdout), (0, "not a tty\nin\n"), said.stderr)
                self.assertEqual(list((self.head.home / ".ssh").glob("cm-*")), [], "a connection was left open")
                self.assertTrue(self.config.read_text().endswith(text))

    def test_what_was_put_above_our_lines_is_named_and_goes_below_them(self):
        self.apply()
        include = self.head.home / ".ssh/early.conf"
        include.write_text("Match all\n  Port 2222\n")
        ours = self.config.read_text()
        for above, line in (("# mine\n\nHost *\n  Port 2222\n", 3), ("Include early.conf\n", 1)):
            with self.subTest(above):
                self.config.write_text(above + ours)
                self.assertFalse(self.head.logs_in_to("n2"))
                looked = self.farm.dtenv("plan", trust(login_timeout="2s"))
                self.assertIn(f".ssh/config:{line} (\"{above.splitlines()[line - 1]}\") stands above", str(looked))
                self.apply()
                self.assertTrue(self.head.logs_in_to("n2"))
                self.assertEqual(self.config.read_text(), ours + above)
                self.config.write_text(ours)

    def test_a_line_that_keeps_a_login_from_working_is_named_with_its_place(self):
        self.apply()
        ours = self.config.read_text()
        for place in ("config", "late.conf"):
            for line in NAMED if place == "config" else NAMED[:2]:
                with self.subTest(line, place=place):
                    text = f"Host *\n  # here\n  {line}\n"
                    number = 3
                    if place == "config":
                        number += ours.count("\n")
                        self.config.write_text(ours + text)
                    else:
                        (self.head.home / ".ssh" / place).write_text(text)
                        self.config.write_text(ours + f"Include {place}\n")
                    looked = self.farm.dtenv("verify", trust(login_timeout="2s"))
                    self.assertNotEqual(looked.code, 0, str(looked))
                    self.assertIn(f"/root/.ssh/{place}:{number} says \"{line}\"", looked.facts("n1")["logins"]["n2"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
