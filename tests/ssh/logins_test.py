"""Every cause of a failed login, produced by real sshds and told apart, each within 3 s of a timeout of 2 s."""

import socket
import sys
import threading
import unittest

from farm import Farm, keygen, problem, trust

NODES = 14


class Listener:
    """A port that takes connections, says `greeting`, and closes or keeps them."""

    def __init__(self, address: str, greeting: bytes = b"", keep: bool = True, backlog: int = 50):
        self.socket = socket.create_server((address, 0), backlog=backlog)
        self.port = self.socket.getsockname()[1]
        self.kept: "list[socket.socket]" = []
        self.greeting, self.keep = greeting, keep
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                taken, _ = self.socket.accept()
            except OSError:
                return
            taken.sendall(self.greeting)
            if self.keep:
                self.kept.append(taken)
            else:
                taken.close()

    def close(self) -> None:
        self.socket.close()
        for each in self.kept:
            each.close()


@unittest.skipIf(problem(), problem())
class Causes(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.farm = Farm(NODES)
        cls.addClassCleanup(cls.farm.close)
        cls.by_name = {node.name: node for node in cls.farm.nodes}
        for node in cls.farm.nodes:  # who hides what ssh says hides it from himself alone
            (node.home / ".ssh/config").write_text("Host *\n  LogLevel QUIET\n")
        done = cls.farm.dtenv("apply", trust(logins="none"))
        assert done.code == 0, str(done)

    def listener(self, name: str, **options: object) -> int:
        listener = Listener(self.by_name[name].address, **options)
        self.addCleanup(listener.close)
        return listener.port

    def filtered(self, name: str) -> int:
        """A port whose SYNs nobody answers: its queue is full, and stays so."""
        full = socket.create_server((self.by_name[name].address, 0), backlog=0)
        self.addCleanup(full.close)
        for _ in range(3):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
            self.addCleanup(waiting.close)
        return full.getsockname()[1]

    def change(self, name: str, line: str) -> None:
        """In the first node's ~/.ssh/config: at the top of the host's own block, where ssh finds it first."""
        path = self.by_name["n1"].home / ".ssh/config"
        text = path.read_text()
        self.assertEqual(text.count(f"Host {name}\n"), 1)
        path.write_text(text.replace(f"Host {name}\n", f"Host {name}\n    {line}\n"))

    def another_sshd(self, name: str, config: str) -> None:
        node = self.by_name[name]
        (node.folder / "ssh/another").write_text(
            f"ListenAddress {node.address}\nPort 2300\nHostKey /etc/ssh/ssh_host_ed25519_key\nUsePAM no\n"
            f"PidFile /run/another.pid\n{config}"
        )
        started = node.run("/usr/sbin/sshd", "-f", "/etc/ssh/another")
        self.assertEqual(started.returncode, 0, started.stderr)
        self.addCleanup(node.run, "sh", "-c", "kill $(cat /run/another.pid)")
        self.change(name, "Port 2300")

    def hold_connections(self, name: str, count: int) -> None:
        for _ in range(count):
            held = socket.create_connection((self.by_name[name].address, 2300), 5)
            self.addCleanup(held.close)
            held.recv(1)  # its turn has come

    def test_they_are_told_apart_in_time(self):
        n1 = self.by_name["n1"]
        known = n1.home / ".ssh/known_hosts_dtenv"
        lines = {line.split(",")[0]: line for line in known.read_text().splitlines()}

        self.change("n2", "Port 9")
        self.change("n3", f"Port {self.listener('n3')}")
        self.change("n4", "Hostname nobody.invalid")
        keygen(self.farm.folder / "new")
        new = (self.farm.folder / "new.pub").read_text().split()[1]
        lines["n5"] = lines["n5"].replace(lines["n5"].split()[2], new)
        self.change("n13", f"Hostname {self.by_name['n12'].address}")
        (self.by_name["n6"].home / ".ssh/authorized_keys").write_text(self.farm.public_key)
        (self.by_name["n7"].home / ".bashrc").write_text("echo welcome\n")
        self.another_sshd("n8", "MaxStartups 1:100:1\n")
        self.hold_connections("n8", 1)
        self.change("n9", f"Port {self.listener('n9', greeting=b'SSH-2.0-x' + bytes([13, 10]), keep=False)}")
        self.another_sshd("n10", "KexAlgorithms diffie-hellman-group14-sha256\n")
        self.change("n10", "KexAlgorithms curve25519-sha256")
        del lines["n11"]
        known.write_text("\n".join(lines.values()) + "\n")
        (self.by_name["n11"].home / ".ssh/id_dtenv").chmod(0o644)
        config = self.by_name["n12"].home / ".ssh/config"
        config.write_text("NoSuchWord yes\n" + config.read_text())

        self.change("n14", f"Port {self.filtered('n14')}")
        for number in (*range(2, 11), 13, 14):  # only three of them look around: the machine is small
            (self.by_name[f"n{number}"].home / ".ssh/config").unlink()

        done = self.farm.dtenv("verify", trust(login_timeout="2s"))
        self.assertNotEqual(done.code, 0, str(done))
        facts = done.facts("n1")
        causes = {name: said.split(":")[0] for name, said in facts["logins"].items()}
        self.assertEqual(
            causes,
            {
                "n1": "ok",
                "n2": "refused",
                "n3": "timed_out",
                "n4": "dns",
                "n5": "host_key_changed",
                "n6": "key_rejected",
                "n7": "noise",
                "n8": "too_many_starting",
                "n9": "closed",
                "n10": "no_algorithm",
                "n11": "host_key_unknown",
                "n12": "ok",
                "n13": "wrong_host",
                "n14": "timed_out",
            },
            facts["logins"],
        )
        self.assertIn("n12 answers there", facts["logins"]["n13"])
        self.assertEqual(done.facts("n11")["logins"]["n2"].split(":")[0], "key_permissions")
        self.assertEqual(done.facts("n12")["logins"]["n2"].split(":")[0], "config")
        for name, spent in facts["login_ms"].items():
            self.assertLessEqual(spent, 3000, name)


@unittest.skipIf(problem(), problem())
class Pacing(unittest.TestCase):
    DEFAULT = "10:30:100"  # sshd's own

    def test_sixty_logins_to_sshds_that_take_ten_at_a_time_all_get_in(self):
        with Farm(8, max_startups=self.DEFAULT) as farm:
            done = farm.dtenv("apply", trust())
            self.assertEqual(done.code, 0, str(done))
            logins = [said for node in farm.nodes for said in done.facts(node.name)["logins"].values()]
            self.assertEqual(logins, ["ok"] * 64)

    def test_sixty_machines_behind_one_such_sshd_are_all_reached(self):
        with Farm(1, max_startups=self.DEFAULT) as farm:
            document = farm.document({"kind": "driver_check", "install": "never"})
            [one] = document["nodes"]
            document["nodes"] = [{**one, "name": f"d{i}", "container_ssh_port": 7000 + i} for i in range(60)]
            farm.document = lambda *_: document
            done = farm.dtenv("plan")
            self.assertEqual(done.code, 0, str(done))
            self.assertEqual([host["status"] for host in done.report["hosts"]], ["ok"] * 60)
            self.assertEqual(farm.nodes[0].log().count("Accepted publickey"), 60)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
