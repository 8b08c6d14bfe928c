"""Trust between machines for a user who is not root, and becomes it by sudo: his keys, his files, his logins."""

import shutil
import sys
import unittest

from farm import USER_ID, Farm, problem, trust

USER = "operator"
WHY_NOT = problem() or ("" if shutil.which("sudo") else "no sudo here")


@unittest.skipIf(WHY_NOT, WHY_NOT)
class AnotherUser(unittest.TestCase):
    def setUp(self) -> None:
        self.farm = Farm(3, user=USER)
        self.addCleanup(self.farm.close)
        self.nodes = self.farm.nodes

    def test_his_keys_are_his_and_root_gets_none(self):
        for model in ("mesh", "star", "ca"):
            with self.subTest(model):
                done = self.farm.dtenv("apply", trust(trust=model))
                self.assertEqual(done.code, 0, str(done))
                again = self.farm.dtenv("apply", trust(trust=model))
                self.assertEqual((again.code, again.report["changes_made"]), (0, 0), str(again))
                self.assert_everybody_logs_in(self.nodes[:1] if model == "star" else self.nodes)
                for node in self.nodes:
                    self.assertEqual(list((node.folder / "root").rglob("*")), [], "something of root's")
                    for path in (node.home / ".ssh").iterdir():
                        status = path.stat()
                        self.assertEqual((status.st_uid, status.st_gid), (USER_ID, USER_ID), path)
                        self.assertEqual(status.st_mode & 0o077 & ~(0o044 if path.suffix == ".pub" else 0), 0, path)

    def assert_everybody_logs_in(self, nodes: list) -> None:
        for node in nodes:
            for other in self.nodes:
                self.assertTrue(node.logs_in_to(other.name), f"{node.name} → {other.name}")

    def test_keys_alone_need_no_root(self):
        document = self.farm.document(trust())
        for node in document["nodes"]:
            node["ssh"]["sudo"] = False
        self.farm.document = lambda *_: document
        done = self.farm.dtenv("apply", trust())
        self.assertEqual(done.code, 0, str(done))
        self.assert_everybody_logs_in(self.nodes)
        away = self.farm.dtenv("destroy", trust())
        self.assertEqual(away.code, 0, str(away))
        self.assertEqual([path.name for path in (self.nodes[0].home / ".ssh").iterdir()], ["authorized_keys"])

    def test_destroy_takes_away_what_is_his(self):
        key = self.nodes[0].home / ".ssh/authorized_keys"
        before = key.read_bytes()
        self.assertEqual(self.farm.dtenv("apply", trust()).code, 0)
        away = self.farm.dtenv("destroy", trust())
        self.assertEqual(away.code, 0, str(away))
        self.assertEqual(key.read_bytes(), before)
        for node in self.nodes:
            self.assertEqual([path.name for path in (node.home / ".ssh").iterdir()], ["authorized_keys"])
            self.assertEqual(list((node.folder / "ssh").glob("dtenv*")), [])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
