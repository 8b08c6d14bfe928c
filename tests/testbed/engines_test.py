"""The same launch by every launcher: ranks, words, codes and logs, through the step and the real program."""

import hashlib
import json
import random
import subprocess
import unittest

import engines
from launches import SLEEP, STAMP, free_of_launches, inside, launch_step, result
from testbed import COMMAND, NODES, Done, Running, TestbedCase, dtenv

ENGINES = ("openmpi", "hydra", "slurm", "deepspeed", "torchrun")
# In one write: the lines of two ranks are mixed on their way otherwise.
SHOW = """import json, os, sys
os.write(1, (json.dumps([int(os.environ["RANK"]), os.environ["VECTOR"], *sys.argv[1:]]) + "\\n").encode())
"""


def launch(engine: str, script: str, *words: str, **keys) -> dict:
    """Four ranks over both machines; a rank runs SCRIPT."""
    keys = {"timeout": "40s", "env": {}, **keys}
    return engines.of_engines([launch_step(script, *words, container=engines.CONTAINER, engine=engine, **keys)])


class Engines(TestbedCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        try:
            done = engines.up()
        except engines.NotHere as why:
            raise unittest.SkipTest(str(why)) from None
        assert done.code == 0, str(done)
        engines.slurm_up()

    def need(self, engine: str) -> None:
        found = inside(NODES[0], "sh", "-c", "command -v deepspeed; true", container=engines.CONTAINER)
        if engine == "deepspeed" and not found:
            self.skipTest("PyPI was not reached: DeepSpeed is not in the image")

    def ended(self, done: Done) -> str:
        self.assertTrue(free_of_launches(2, engines.CONTAINER), "processes of the run are left")
        engines.wait_until_slurm_is_idle()
        return result(done)

    def test_ranks_words_variables_and_logs(self):
        chance = random.Random(11)
        pieces = list("ab \n\t'\"`$\\%;&|<>(){}[]*?~#!=-/.,:@^") + ["ü", "日本", "$HOME", "$(id)", "''", "--"]
        words = ["".join(chance.choices(pieces, k=chance.randrange(9))) for _ in range(1000)] + [":", "", "--local_rank=7"]
        value = "".join(chance.choices(pieces, k=100))
        wanted = hashlib.sha256(b"".join(word.encode() + b"\0" for word in [*words, value])).hexdigest()
        script = (
            'echo "$RANK $LOCAL_RANK $WORLD_SIZE $(hostname) $MASTER_ADDR:$MASTER_PORT"; printf "half"; echo " line" >&2;'
            'printf "%s\\0" "$@" "$VECTOR" | sha256sum'
        )
        for engine in ENGINES:
            with self.subTest(engine=engine):
                self.need(engine)
                folder = f"/root/logs-{engine}-{STAMP}"
                env = {"VECTOR": value}
                running = Running("apply", launch(engine, script, *words, env=env, log_folder=folder, master_port=29611))
                self.assert_exit(running.wait(90), 0)
                text = inside(NODES[0], "sh", "-c", f"cat {folder}/*/index.json", container=engines.CONTAINER)
                index = json.loads(text)
                for rank, node in enumerate(("node1", "node1", "node2", "node2")):
                    said = f"{rank} {rank % 2} 4 engines-{node} {NODES[0].address}:29611"
                    out, err = f"{said}\nhalf{wanted}  -\n", " line\n"
                    self.assertEqual(index["ranks"][rank]["host"], node)
                    for stream, kept in (("out", out), ("err", err)):
                        path = f"{folder}/{index['run']}/{index['ranks'][rank][stream]}"
                        machine = NODES[int(node[-1]) - 1]
                        self.assertEqual(inside(machine, "cat", path, container=engines.CONTAINER), kept)
                        for line in kept.splitlines():
                            self.assertIn(f"[{node} rank {rank} {stream}] {line}", running.launched)

    def test_a_python_script_gets_deepspeeds_local_rank_through_its_pdsh_and_through_ours(self):
        self.need("deepspeed")
        words = ["a;echo INJ", "$HOME", "", "it's 100%", 'q"x', "*", "日本", ":"]
        value = "a b;$(id)%n'\""
        for machine in NODES:
            machine.run("docker", "exec", "-i", engines.CONTAINER, "sh", "-c", "cat >/root/show.py", stdin=SHOW)
        wanted = [json.dumps([rank, value, f"--local_rank={rank % 2}", *words]) for rank in range(4)]
        argv = ["python3", "/root/show.py", *words]
        running = Running("apply", launch("deepspeed", "", command=argv, env={"VECTOR": value}))
        self.assert_exit(running.wait(60), 0)
        for rank, line in enumerate(wanted):
            self.assertIn(f"[node{rank // 2 + 1} rank {rank} out] {line}", running.launched)
        # The command that launch.command gives to people, typed on the head.
        hosts = [{"name": machine.name, "address": machine.address, "slots": 2} for machine in NODES]
        asked = {"engine": "deepspeed", "engine_version": engines.DEEPSPEED, "hosts": hosts, "command": argv}
        asked.update({"env": {"VECTOR": value}, "ssh_config": "", "hostfile": "/root/hosts", "master_port": 29612})
        eval_words = [COMMAND, "eval", "launch.command"]
        told = subprocess.run(eval_words, input=json.dumps(asked), capture_output=True, text=True, check=True)
        made = json.loads(told.stdout)
        enter = ["docker", "exec", "-i", *(word for pair in made["env"].items() for word in ("-e", "=".join(pair)))]
        for file in made["files"]:
            NODES[0].run(*enter, engines.CONTAINER, "sh", "-c", 'cat >"$1"', "sh", file["path"], stdin=file["text"])
        said = NODES[0].run(*enter, engines.CONTAINER, *made["argv"])
        for rank, line in enumerate(wanted):
            self.assertIn(f"node{rank // 2 + 1}: {line}\n", said)

    def test_a_rank_that_exits_ends_all_and_is_named_with_its_node(self):
        for engine in ENGINES:
            with self.subTest(engine=engine):
                self.need(engine)
                done = dtenv("apply", launch(engine, f'[ "$RANK" = 3 ] && exit 3; {SLEEP}'))
                self.assertEqual(self.ended(done), "PROGRAM_EXIT(3) on node2 rank 3", str(done))
                self.assertLess(done.seconds, 30)

    def test_a_rank_that_is_out_of_memory_is_told_from_one_that_was_killed(self):
        limit = ["docker", "update", engines.CONTAINER]
        NODES[1].run(*limit, "--memory", "1g", "--memory-swap", "1g")
        try:
            script = f'[ "$RANK" = 2 ] && exec perl -e \'$x = "a" x 3e9\'; {SLEEP}'
            done = dtenv("apply", launch("direct", script))
        finally:
            NODES[1].run(*limit, "--memory", "64g", "--memory-swap", "64g")
        self.assertEqual(self.ended(done), "PROGRAM_SIGNAL(9, oom) on node2 rank 2", str(done))

    def test_a_rank_that_is_killed_is_a_signal(self):
        # Those that leave ranks which ignore TERM alone, or wait for them.
        for engine in ("hydra", "slurm", "torchrun"):
            with self.subTest(engine=engine):
                done = dtenv("apply", launch(engine, f'[ "$RANK" = 2 ] && kill -9 $$; trap "" TERM; {SLEEP}'))
                self.assertEqual(self.ended(done), "PROGRAM_SIGNAL(9) on node2 rank 2", str(done))
                self.assertLess(done.seconds, 30)
