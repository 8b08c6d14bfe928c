"""What destroy leaves: every file of the user's as it was, to the byte, and no file that was not there."""

import pathlib
import sys
import unittest

from farm import Farm, problem, trust

CONFIGS = {
    "n1": b"# mine\r\nHost *\r\n\tServerAliveInterval 7\r\nHost old\r\n  Port 2222",  # no line end
    "n2": b"",
    "n3": None,
    "n4": b"\n\n  # blank lines, and bytes \xff\xfe\nHost x\n  User y\n\n\n",
    "n5": b"Host z\n  Port 1\n",
}
KNOWN = {"n1": b"h ssh-ed25519 AAAA\r\n", "n2": b"", "n3": None, "n4": b"# x", "n5": None}


@unittest.skipIf(problem(), problem())
class Destroy(unittest.TestCase):
    def setUp(self) -> None:
        self.farm = Farm(5)
        self.addCleanup(self.farm.close)
        key = self.farm.public_key.encode().rstrip(b"\n")
        authorized = {
            "n1": b"# mine\r\n" + key + b"\r\n\r\n# the end",
            "n2": key,
            "n3": key + b"\n",
            "n4": b"\n" + key + b" comment\n\n",
            "n5": key + b"\n# last line without an end",
        }
        for node in self.farm.nodes:
            files = {"config": CONFIGS, "known_hosts": KNOWN, "authorized_keys": authorized}
            for name, contents in files.items():
                self.put(node.home / ".ssh" / name, contents[node.name])

    def put(self, path: pathlib.Path, content: "bytes | None") -> None:
        if content is not None:
            path.write_bytes(content)
            path.chmod(0o600)

    def taken(self) -> dict:
        """Each file of each node, with its mode and owner."""
        found = {}
        for node in self.farm.nodes:
            for folder in (node.home, node.folder / "ssh"):
                for path in sorted(folder.rglob("*")):
                    status = path.lstat()
                    content = path.read_bytes() if path.is_file() else None
                    found[str(path)] = (content, oct(status.st_mode), status.st_uid, status.st_gid)
        return found

    def gives_back(self, *rounds: dict) -> None:
        before = self.taken()
        for options in rounds:
            done = self.farm.dtenv("apply", trust(**options))
            self.assertEqual(done.code, 0, str(done))
            again = self.farm.dtenv("apply", trust(**options))
            self.assertEqual((again.code, again.report["changes_made"]), (0, 0), str(again))
        away = self.farm.dtenv("destroy", trust(**rounds[-1]))
        self.assertEqual(away.code, 0, str(away))
        after = self.taken()
        self.assertEqual({path: after.get(path) for path in before}, before)
        self.assertEqual(sorted(set(after) - set(before)), [])

    def test_everything_is_as_it_was_after_mesh_star_and_certificates(self):
        self.gives_back({"logins": "ring"}, {"logins": "ring", "generation": 2}, {"trust": "star", "logins": "ring"},
                        {"trust": "ca", "logins": "ring"})

    def test_what_the_user_wrote_meanwhile_stays(self):
        done = self.farm.dtenv("apply", trust(logins="none"))
        self.assertEqual(done.code, 0, str(done))
        for node in self.farm.nodes:
            for name in ("config", "authorized_keys"):
                with open(node.home / ".ssh" / name, "ab") as file:
                    file.write(b"# written since\n")
        away = self.farm.dtenv("destroy", trust(logins="none"))
        self.assertEqual(away.code, 0, str(away))
        self.assertEqual((self.farm.nodes[2].home / ".ssh/config").read_bytes(), b"# written since\n")
        for node in self.farm.nodes:
            for name in ("config", "authorized_keys"):
                self.assertTrue((node.home / ".ssh" / name).read_bytes().endswith(b"# written since\n"), node.name)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
