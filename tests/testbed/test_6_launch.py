"""Launches that fail, are killed, are left alone, and are found again; all by the real engines."""

import hashlib
import json
import pathlib
import random
import signal
import time

from launches import SLEEP, STAMP, free_of_launches, inside, launch_step, marked, result
from testbed import CONTAINER, NODES, Machine, Running, TestbedCase, document, dtenv


def launch(script: str, *words: str, **keys) -> dict:
    """Four ranks over both machines; a rank runs SCRIPT."""
    wanted = document([launch_step(script, *words, **{"engine": "direct", **keys})])
    for node in wanted["nodes"]:
        node["slots"] = 2
    return wanted


class Launch(TestbedCase):
    def setUp(self) -> None:
        self.converged()

    def tearDown(self) -> None:
        for machine in NODES:
            inside(machine, "pkill", "-KILL", "-x", "sleep", check=False)

    def wait_for_ranks(self, running: Running, count: int = 4) -> None:
        for _ in range(300):
            if sum("sleep 3600" in line for m in NODES for line in marked(m)) >= count:
                return
            self.assertIsNone(running.process.poll(), running.said()[-4000:])
            time.sleep(0.1)
        self.fail("the ranks never came:\n" + running.said()[-4000:])

    def test_a_rank_that_exits_ends_all_and_is_named_with_its_node(self):
        for engine in ("direct", "openmpi"):
            with self.subTest(engine=engine):
                done = dtenv("apply", launch(f'[ "$RANK" = 3 ] && exit 3; {SLEEP}', engine=engine))
                self.assertNotEqual(done.code, 0)
                self.assertEqual(result(done), "PROGRAM_EXIT(3) on node2 rank 3", str(done))
                self.assertLess(done.seconds, 30)
                self.assertTrue(free_of_launches())

    def test_a_rank_that_is_killed_is_a_signal_and_no_exit(self):
        done = dtenv("apply", launch(f'[ "$RANK" = 1 ] && kill -9 $$; {SLEEP}'))
        self.assertEqual(result(done), "PROGRAM_SIGNAL(9) on node1 rank 1", str(done))
        self.assertTrue(free_of_launches())

    def test_255_of_a_rank_is_not_taken_for_ssh(self):
        done = dtenv("apply", launch(f'[ "$RANK" = 2 ] && exit 255; {SLEEP}', engine="openmpi"))
        self.assertEqual(result(done), "PROGRAM_EXIT(255) on node2 rank 2", str(done))

    def test_after_kill_9_of_mpirun_no_rank_is_left_and_other_jobs_live(self):
        for machine in NODES:
            machine.run("docker", "exec", "-d", "-e", "DTENV_JOB=another", CONTAINER, "sleep", "7200")
        script = 'case $RANK in 1) exec setsid sleep 3600 ;; 2) trap "" TERM ;; esac; sleep 3600; sleep 3600'
        running = Running("apply", launch(script, engine="openmpi"))
        self.wait_for_ranks(running)
        inside(NODES[0], "pkill", "-KILL", "-x", "mpirun")
        done = running.wait(30)
        self.assertNotEqual(done.code, 0)
        for machine in NODES:
            self.assertEqual(marked(machine), ["sleep 7200 "])

    def test_a_killed_follower_leaves_the_run_and_the_next_apply_follows_it(self):
        script = 'echo $$ >>/tmp/starts; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo "end of $RANK"'
        for machine in NODES:
            inside(machine, "rm", "-f", "/tmp/starts", "/tmp/go")
        first = Running("apply", launch(script))
        count = ["sh", "-c", "cat /tmp/starts 2>/dev/null | wc -l"]
        for _ in range(300):
            if all(inside(machine, *count).strip() == "2" for machine in NODES):
                break
            time.sleep(0.1)
        first.send(signal.SIGKILL)
        first.wait(10)
        second = Running("apply", launch(script))
        second.wait_until_said("followed, not started again", 30)
        for machine in NODES:
            inside(machine, "touch", "/tmp/go")
        done = second.wait(30)
        self.assert_exit(done, 0)
        for rank, name in enumerate(("node1", "node1", "node2", "node2")):
            self.assertRegex(second.launched, rf"{name} rank {rank}.*end of {rank}")
        for machine in NODES:
            self.assertEqual(len(inside(machine, "cat", "/tmp/starts").splitlines()), 2)
        self.assertEqual(dtenv("apply", launch(script)).report["changes_made"], 0)

    def test_a_killed_follower_takes_an_unattended_run_with_it(self):
        running = Running("apply", launch(SLEEP, "unattended", unattended="1s"))
        self.wait_for_ranks(running)
        running.send(signal.SIGKILL)
        running.wait(10)
        self.assertTrue(free_of_launches(8), [marked(machine) for machine in NODES])

    def test_a_cancel_ends_every_rank(self):
        running = Running("apply", launch(SLEEP, "cancelled"))
        self.wait_for_ranks(running)
        asked = time.monotonic()
        running.send(signal.SIGINT)
        self.assert_exit(running.wait(30), 130)
        self.assertLess(time.monotonic() - asked, 5)
        self.assertTrue(free_of_launches())

    def test_10000_random_vectors_of_words_and_values_arrive_byte_for_byte(self):
        chance = random.Random(7)
        pieces = list("ab \n\t\r\x01'\"`$\\%;&|<>(){}[]*?~#!=-/.,:@^") + ["ü", "日本", "$HOME", "$(id)", "''", "--", "%n"]
        text = lambda most: "".join(chance.choices(pieces, k=chance.randrange(most)))
        words = [text(9) for _ in range(10000) for _ in range(chance.randrange(4))]
        values = {f"V_{number}": text(16) for number in range(10000)}
        show = 'print join("\\0", @ARGV, map { $ENV{"V_$_"} } 0..9999), "\\0"'
        script = f"perl -e '{show}' -- \"$@\" | sha256sum"
        for engine, ranks, number, env in (("direct", 4, None, values), ("script", 1, None, values), ("openmpi", 4, 2000, {})):
            with self.subTest(engine=engine):
                sent = words[:number] + [":"]
                said = [*sent, *(env.get(f"V_{number}", "") for number in range(10000))]
                wanted = hashlib.sha256("".join(word + "\0" for word in said).encode()).hexdigest()
                running = Running("apply", launch(script, *sent, engine=engine, env=env))
                self.assert_exit(running.wait(90), 0)
                self.assertEqual(running.launched.count(wanted), ranks)

    def test_every_ranks_output_is_kept_with_an_index(self):
        for engine in ("direct", "openmpi"):
            with self.subTest(engine=engine):
                folder = f"/data/logs-{engine}-{STAMP}"
                running = Running("apply", launch('echo "I am $RANK"', engine=engine, log_folder=folder))
                self.assert_exit(running.wait(60), 0)
                index = json.loads(inside(NODES[0], "sh", "-c", f"cat {folder}/*/index.json"))
                self.assertEqual([rank["host"] for rank in index["ranks"]], ["node1", "node1", "node2", "node2"])
                for rank in index["ranks"]:
                    machine = NODES[int(rank["host"][-1]) - 1]
                    text = inside(machine, "cat", f"{folder}/{index['run']}/{rank['out']}")
                    self.assertEqual(text, f"I am {rank['rank']}\n")
                    self.assertRegex(running.launched, rf"{rank['host']} rank {rank['rank']}.*I am {rank['rank']}")

    def test_a_rank_that_floods_does_not_fill_the_memory(self):
        running = Running("apply", launch('[ "$RANK" = 0 ] || exit 0; yes "$(seq -s " " 40)" | head -c 30000000'))
        peak = 0
        while running.process.poll() is None:
            try:
                status = pathlib.Path(f"/proc/{running.process.pid}/status").read_text()
                peak = max(peak, int(status.split("VmHWM:")[1].split()[0]))
            except (OSError, IndexError):
                pass
            time.sleep(0.1)
        self.assertEqual(running.wait(60).code, 0)
        self.assertLess(peak, 200_000, "KiB")

    def test_faults_of_all_machines_are_named_before_anything_begins(self):
        inside(NODES[0], "sh", "-c", "mkdir -p /tmp/code && echo one >/tmp/code/train.py")
        inside(NODES[1], "sh", "-c", "mkdir -p /tmp/code && echo two >/tmp/code/train.py")
        listen = "use Socket; socket(S,PF_INET,SOCK_STREAM,0); bind(S,sockaddr_in(29777,INADDR_ANY)) or die; listen(S,1); sleep 3600"
        NODES[0].run("docker", "exec", "-d", CONTAINER, "perl", "-e", listen)
        time.sleep(0.5)
        try:
            done = dtenv("apply", launch("touch /tmp/never", same_paths=["/tmp/code"], master_port=29777))
        finally:
            inside(NODES[0], "pkill", "-x", "perl", check=False)
        error = done.step("node1", "launch")["error"]
        checks = {detail["pointer"]: detail["problem"] for detail in error["detail"]}
        self.assertIn("node2: ./train.py", checks.get("/tmp/code", ""), str(done))
        self.assertIn("taken on node1", checks.get("master_port", ""))
        self.assertIn("No such file", inside(NODES[0], "sh", "-c", "ls /tmp/never 2>&1", check=False))

    def test_a_filtered_port_is_named_with_both_ends(self):
        rule = ["INPUT", "-p", "tcp", "-s", NODES[0].address, "--dport", "29778", "-j", "DROP"]
        NODES[1].run("iptables", "-I", *rule)
        try:
            done = dtenv("apply", launch("true", "filtered", master_port=29778))
        finally:
            NODES[1].run("iptables", "-D", *rule)
        error = done.step("node1", "launch")["error"]
        self.assertEqual(
            [detail["problem"] for detail in error["detail"]],
            ["node1 does not reach node2 on port 29778: timeout"],
            str(done),
        )

    def test_every_node_gets_the_interface_of_its_own_that_leads_to_the_others(self):
        """docker0 has one address on both; node2's way has another name there, and a decoy has the name of node1's."""
        default = ["ip", "route", "replace", "default", "via", NODES[1].address.rsplit(".", 1)[0] + ".1"]
        for machine in NODES:
            self.assertIn("docker0", machine.run("ip", "-o", "link"))
        self.rename_link(NODES[1], "eth0", "ens9")
        try:
            NODES[1].run(*default)
            NODES[1].run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "decoy")
            NODES[1].run("ip", "addr", "add", "10.99.0.1/24", "dev", "eth0")
            for name in ("eth0", "decoy"):
                NODES[1].run("ip", "link", "set", name, "up")
            running = Running("apply", launch('echo "$NCCL_SOCKET_IFNAME"', "interfaces", engine="openmpi"))
            self.assert_exit(running.wait(60), 0)
        finally:
            NODES[1].run("ip", "link", "del", "eth0", check=False)
            self.rename_link(NODES[1], "ens9", "eth0")
            NODES[1].run(*default)
        for rank, line in enumerate(("node1 rank 0 out] eth0", "node1 rank 1 out] eth0",
                                     "node2 rank 2 out] ens9", "node2 rank 3 out] ens9")):
            self.assertIn(line, running.launched, f"rank {rank}: {running.launched}")

    def rename_link(self, machine: Machine, name: str, becomes: str) -> None:
        for words in (["set", name, "down"], ["set", name, "name", becomes], ["set", becomes, "up"]):
            machine.run("ip", "link", *words)

    def test_a_way_through_docker0_is_refused(self):
        route = [f"{NODES[1].address}/32", "dev", "docker0"]
        NODES[0].run("ip", "route", "add", *route)
        try:
            done = dtenv("apply", launch("true", "docker0"))
        finally:
            NODES[0].run("ip", "route", "del", *route)
        error = done.step("node1", "launch")["error"]
        problems = [detail["problem"] for detail in error["detail"] if detail["pointer"] == "interface"]
        self.assertEqual(problems, [f"node1 reaches {NODES[1].address} through docker0"], str(done))
