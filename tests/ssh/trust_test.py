"""Trust between machines, over real sshds: mesh, star, certificates, rotation and what destroy leaves."""

import shutil
import sys
import unittest

from farm import Farm, keygen, problem, trust

FOREIGN_CONFIG = "# mine\nHost *\n\tServerAliveInterval 7\nHost old\n  Port 2222"  # no line end


@unittest.skipIf(problem(), problem())
class Trust(unittest.TestCase):
    def setUp(self) -> None:
        self.farm = Farm(3)
        self.addCleanup(self.farm.close)
        self.nodes = self.farm.nodes

    def converge(self, **options: object):
        done = self.farm.dtenv("apply", trust(**options))
        self.assertEqual(done.code, 0, str(done))
        again = self.farm.dtenv("apply", trust(**options))
        self.assertEqual((again.code, again.report["changes_made"]), (0, 0), str(again))
        return again

    def pairs(self) -> "dict[str, list[str]]":
        return {a.name: [b.name for b in self.nodes if a.logs_in_to(b.name)] for a in self.nodes}

    def test_in_a_mesh_everyone_logs_in_everywhere_and_foreign_bytes_stay(self):
        head = self.nodes[0]
        config = head.home / ".ssh/config"
        config.write_text(FOREIGN_CONFIG)
        config.chmod(0o644)
        authorized = head.home / ".ssh/authorized_keys"
        before = authorized.read_bytes()
        done = self.converge(key="ed25519")
        everyone = [node.name for node in self.nodes]
        self.assertEqual(self.pairs(), {name: everyone for name in everyone})
        self.assertEqual(done.facts("n1")["logins"], {name: "ok" for name in everyone})
        self.assertTrue(config.read_text().endswith(FOREIGN_CONFIG))
        for name in ("authorized_keys", "config", "id_dtenv", "known_hosts_dtenv"):
            self.assertEqual((head.home / ".ssh" / name).stat().st_mode & 0o777, 0o600, name)
        self.assertTrue(authorized.read_bytes().startswith(before))
        keys = {(node.home / ".ssh/id_dtenv").read_text() for node in self.nodes}
        self.assertEqual(len(keys), 3)
        self.assertTrue(all(key.startswith("-----BEGIN OPENSSH PRIVATE KEY-----") for key in keys))

        kept = self.farm.folder / "kept"
        shutil.copy(head.home / ".ssh/id_dtenv", kept)
        away = self.farm.dtenv("destroy", trust())
        self.assertEqual(away.code, 0, str(away))
        self.assertEqual(config.read_text(), FOREIGN_CONFIG)
        self.assertEqual(authorized.read_bytes(), before)
        for node in self.nodes:
            self.assertEqual(sorted(path.name for path in (node.home / ".ssh").glob("*dtenv*")), [])
            self.assertFalse(self.opens(kept, node), f"the old key still opens {node.name}")
            self.assertTrue(self.opens(self.farm.key, node), "the foreign key is out")
        again = self.farm.dtenv("destroy", trust())
        self.assertEqual((again.code, again.report["changes_made"]), (0, 0), str(again))

    def opens(self, key, node) -> bool:
        options = ["-F", "/dev/null", "-i", str(key), "-p", "2200", "-o", "StrictHostKeyChecking=no"]
        options += ["-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes"]
        return node.logs_in_to(node.address, *options)

    def test_in_a_star_only_the_first_node_has_a_key(self):
        self.converge()
        self.converge(trust="star")
        self.assertEqual(self.pairs(), {"n1": ["n1", "n2", "n3"], "n2": [], "n3": []})
        for worker in self.nodes[1:]:
            self.assertEqual([path.name for path in (worker.home / ".ssh").glob("id_*")], [])

    def test_a_new_generation_ends_the_old_keys(self):
        self.converge(key="rsa")
        kept = self.farm.folder / "kept"
        shutil.copy(self.nodes[0].home / ".ssh/id_dtenv", kept)
        self.assertTrue(self.opens(kept, self.nodes[1]))
        self.converge(key="rsa", generation=2)
        self.assertFalse(self.opens(kept, self.nodes[1]))
        self.assertEqual(self.pairs()["n3"], ["n1", "n2", "n3"])

    def test_certificates_are_for_this_cluster_and_end_with_their_authority(self):
        done = self.converge(trust="ca", validity="2h")
        self.assertEqual(self.pairs()["n2"], ["n1", "n2", "n3"])
        self.assertGreater(done.facts("n1")["certificate_ends"], 1_700_000_000)
        for node in self.nodes:
            self.assertNotIn("PRIVATE", "".join(str(path) for path in (node.folder / "ssh/dtenv").glob("*")))
        shown = self.nodes[1].run("ssh-keygen", "-L", "-f", "/root/.ssh/id_dtenv-cert.pub").stdout
        self.assertIn("dtenv-farm", shown)
        self.assertRegex(shown, r"Critical Options: \(none\)\s+Extensions:\s+permit-pty\s*$")
        kept = self.farm.folder / "kept"
        for suffix in ("", "-cert.pub"):
            shutil.copy(self.nodes[1].home / f".ssh/id_dtenv{suffix}", f"{kept}{suffix}")
        self.assertTrue(self.opens(kept, self.nodes[0]))
        self.converge(trust="ca", validity="20m", **{"from": "127.0.0.0/8"})
        self.assertFalse(self.opens(kept, self.nodes[0]), "an authority of before still counts")
        away = self.farm.dtenv("destroy", trust(trust="ca"))
        self.assertEqual(away.code, 0, str(away))
        self.assertEqual(self.pairs(), {"n1": [], "n2": [], "n3": []})


@unittest.skipIf(problem(), problem())
class Certificates(unittest.TestCase):
    """Ten certificates that sshd must refuse under the line dtenv writes, and four that ssh must."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.farm = Farm(1)
        cls.addClassCleanup(cls.farm.close)
        cls.node = cls.farm.nodes[0]
        done = cls.farm.dtenv("apply", trust(trust="ca"))
        assert done.code == 0, str(done)
        cls.work = cls.node.home / "ca"
        cls.work.mkdir(mode=0o700)
        for name in ("ca", "other_ca", "key", "other_key", "host"):
            keygen(cls.work / name)
        # The authority of the product is gone by now: ours takes its place in the very same line.
        authorized = cls.node.home / ".ssh/authorized_keys"
        line = next(l for l in authorized.read_text().splitlines() if "cert-authority" in l)
        options = line[: line.index("ssh-ed25519")]
        authorized.write_text(options + (cls.work / "ca.pub").read_text())

    def certify(self, *options: str, ca: str = "ca", key: str = "key") -> None:
        done = self.node.run(
            "ssh-keygen", "-q", "-s", f"/root/ca/{ca}", "-I", "id", *options, f"/root/ca/{key}.pub"
        )
        self.assertEqual(done.returncode, 0, done.stderr)

    def enters(self) -> bool:
        node = self.node
        return node.logs_in_to("n1", "-i", "/root/ca/key")

    def test_a_good_certificate_is_taken_and_ten_bad_ones_are_not(self):
        good = ("-n", "dtenv-farm", "-V", "-5m:+1h")
        self.certify(*good)
        self.assertTrue(self.enters(), self.node.log()[-2000:])
        bad = {
            "expired": (("-n", "dtenv-farm", "-V", "-2h:-1h"), "ca"),
            "not yet valid": (("-n", "dtenv-farm", "-V", "+1h:+2h"), "ca"),
            "of another cluster": (("-n", "dtenv-other", "-V", "-5m:+1h"), "ca"),
            "of the user's name alone": (("-n", "root", "-V", "-5m:+1h"), "ca"),
            "of nobody": (("-V", "-5m:+1h"), "ca"),
            "of another authority": (good, "other_ca"),
            "a host's": (("-h", *good), "ca"),
            "from elsewhere": (("-O", "source-address=10.9.9.9", *good), "ca"),
            "with an option nobody knows": (("-O", "critical:x@example=1", *good), "ca"),
        }
        for what, (options, ca) in bad.items():
            with self.subTest(what):
                self.certify(*options, ca=ca)
                self.assertFalse(self.enters())
        with self.subTest("of another key"):
            self.certify(*good, key="other_key")
            shutil.copy(self.work / "other_key-cert.pub", self.work / "key-cert.pub")
            self.assertFalse(self.enters())
        with self.subTest("none, the plain key"):
            (self.work / "key-cert.pub").unlink()
            self.assertFalse(self.enters())
        self.certify(*good)
        self.assertTrue(self.enters())

    def test_a_host_certificate_that_does_not_hold_is_refused(self):
        node = self.node
        extra = node.folder / "ssh/certified"
        extra.write_text(
            f"ListenAddress {node.address}\nPort 2201\nHostKey /root/ca/host\nUsePAM no\nPidFile /run/certified.pid\n"
            "HostCertificate /root/ca/host-cert.pub\n"
        )
        known = self.work / "known"
        known.write_text(f"@cert-authority n1,[{node.address}]:2201 " + (self.work / "ca.pub").read_text())
        options = ["-F", "/dev/null", "-p", "2201", "-i", str(self.farm.key)]
        options += ["-o", "HostKeyAlias=n1", "-o", "UserKnownHostsFile=/root/ca/known"]
        options += ["-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", node.address, "true"]
        cases = {
            "": (("-h", "-n", "n1", "-V", "-5m:+1h"), "ca"),
            "expired": (("-h", "-n", "n1", "-V", "-2h:-1h"), "ca"),
            "of another name": (("-h", "-n", "n2", "-V", "-5m:+1h"), "ca"),
            "of another authority": (("-h", "-n", "n1", "-V", "-5m:+1h"), "other_ca"),
            "a user's": (("-n", "n1", "-V", "-5m:+1h"), "ca"),
        }
        for what, (words, ca) in cases.items():
            with self.subTest(what or "good"):
                self.certify(*words, ca=ca, key="host")
                node.run("/usr/sbin/sshd", "-f", "/etc/ssh/certified")
                pid = node.folder / "run/certified.pid"
                for _ in range(500):
                    if pid.exists() and pid.read_text():
                        break
                    node.run("sleep", "0.01")
                told = node.run("ssh", *options)
                node.run("sh", "-c", "kill $(cat /run/certified.pid); rm -f /run/certified.pid")
                self.assertEqual("Permission denied" in told.stderr or told.returncode == 0, what == "", told.stderr)
                if what == "of another name":  # what login_cause goes by
                    self.assertIn("name is not a listed principal", told.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
