#!/usr/bin/env python3
"""launch.command: 10,000 random argument lists and environments come through each engine's quoting byte for byte,
or are refused by name; a sample of them through the real mpirun, mpiexec.hydra, pdsh and DeepSpeed runner.

    DTENV_LIBRARY=build/dev/capi/libdtenv.so launch_words_test.py [-v]
"""
import collections
import json
import os
import pathlib
import random
import re
import shutil
import string
import subprocess
import sys
import tempfile
import types
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "bindings" / "python")]
import dtenv  # noqa: E402
import engines  # noqa: E402

VECTORS = 10000
HOSTS = [{"name": "V100-1", "address": "172.31.32.29", "slots": 2}, {"name": "V100-2", "address": "172.31.32.40"}]
PIECES = ["", " ", "\n", "\t", "'", '"', "\\", "$", "`", "$HOME", "$(id)", "`id`", ";", "&", "|", "*", "?", "[a]", "~",
          "#", "!", "%", "%h", "%n", "%%", "{a,b}", "<", ">", "(", ")", "=", ",", ":", "@", "-", "--", "-x", "--x=", "a",
          "b c", "é", "数", "\x01", "\x7f", "\r", "\\n", "^", "0"]
Vector = collections.namedtuple("Vector", "words env")
DUMP = """#!/usr/bin/env python3
import json, os, sys
with open(os.environ["DUMP_TO"], "w") as file:
    json.dump([sys.argv[1:], {k: v for k, v in os.environ.items() if k.startswith("V_")}], file)
"""


def vectors(count: int, length: int = 4) -> "list[Vector]":
    source = random.Random(20261124)
    text = lambda: "".join(source.choice(PIECES) for _ in range(source.randint(0, 5)))
    return [Vector([text() for _ in range(source.randint(0, length))],
                   {f"V_{name}": text() for name in "ABC"[:source.randint(0, 3)]}) for _ in range(count)]


def command(engine: str, version: str, vector: Vector, **more: object) -> "dict | None":
    """What dtenv says; None where it refuses."""
    arguments = {"engine": engine, "engine_version": version, "hosts": HOSTS, "env": vector.env,
                 "command": ["python", "train.py", *vector.words], **more}
    try:
        return dtenv.eval("launch.command", arguments)
    except dtenv.DtenvError:
        return None


class Runner:
    """What DeepSpeed's PDSHRunner does with words and variables in one version, and pdsh after it."""

    def __init__(self, version: "tuple[int, int, int]"):
        self.version = version

    def words(self, words: "list[str]") -> "list[str]":
        if self.version < (0, 11, 0):
            return [word if word.startswith("-") else f"'{word}'" for word in words]
        return ['"{}"'.format(word.replace('"', '\\"')) if " " in word else word for word in words]

    def value(self, value: str) -> str:
        value = value.strip()
        if self.version >= (0, 19, 0):
            return f'"{value}"' if re.search(r"[^\w@%+=:,./-]", value) else value
        return f'"{value}"' if self.version >= (0, 15, 4) else value

    def exports(self, text: str) -> "dict[str, str]":
        # Python's text mode: \r ends a line too.
        lines = re.sub(r"\r\n?", "\n", text).split("\n")
        pairs = (line.split("=", maxsplit=1) for line in lines if line)
        return {key.strip(): self.value(value) for key, value in pairs}


class RealRunner(Runner):
    """The installed DeepSpeed's own code."""

    def __init__(self) -> None:
        super().__init__((999, 0, 0))
        self.runner = engines.deepspeed_names("multinode_runner.py")["PDSHRunner"]

    def made(self, words: "list[str]") -> object:
        arguments = types.SimpleNamespace(user_args=words, user_script="train.py")
        return self.runner(arguments, "WORLD")

    def words(self, words: "list[str]") -> "list[str]":
        return self.made(words).user_arguments

    def value(self, value: str) -> str:
        made = self.made([])
        made.add_export("NAME", value)
        return made.exports["NAME"]


def through_pdsh(text: str) -> str:
    return re.sub(r"%([%hun])", lambda found: {"%": "%", "h": "V100-1", "u": "root", "n": "0"}[found[1]], text)


def shell_part(vector: Vector, made: dict, runner: Runner) -> str:
    """A subshell that does what the far shell does, and prints what the launcher there would be given."""
    begin = made["argv"].index("pdsh") + 1
    files = {file["path"]: file["text"] for file in made["files"]}
    exported = runner.exports(files.get(made["env"].get("DS_ENV_FILE", ""), ""))
    exports = "".join(f"export {name}={value}; " for name, value in exported.items())
    script, *words = made["argv"][begin:]
    shown = " ".join(f'"${{{name}-unset}}"' for name in vector.env)
    line = through_pdsh(" ".join([exports, "set --", script, *runner.words(words)]))
    return f"({line}\nprintf '%s\\0' $# \"$@\" {shown})\n"


def read_back(answers: "list[str]", vector: Vector) -> "tuple[list[str], dict[str, str]]":
    count = int(answers.pop(0))
    words = [answers.pop(0) for _ in range(count)]
    return words, {name: answers.pop(0) for name in vector.env}


class LaunchWordsTest(unittest.TestCase):
    def deepspeed(self, version: str, runner: Runner, shells: "tuple[str, ...]", count: int) -> None:
        wanted, script = [], []
        for vector in vectors(count):
            made = command("deepspeed", version, vector)
            if made is None:
                bad = any("\n" in value or "\r" in value or value != value.strip() or re.match(r"[\x00-\x20]", value)
                          or re.search(r"[\x00-\x20]$", value) or not value[:1].isascii() or not value[-1:].isascii()
                          for value in vector.env.values())
                self.assertTrue(bad or (vector.env and runner.version < (0, 10, 0)), vector)
                continue
            wanted.append(vector)
            script.append(shell_part(vector, made, runner))
        self.assertGreater(len(wanted), count // 10)
        for shell in filter(shutil.which, shells):
            ran = subprocess.run([shell], input="".join(script).encode(), capture_output=True, timeout=300, check=False)
            self.assertEqual((ran.returncode, ran.stderr[-500:]), (0, b""))
            answers = ran.stdout.decode().split("\0")
            for vector in wanted:
                expected = ["train.py", *vector.words], vector.env
                self.assertEqual(read_back(answers, vector), expected, (version, shell, vector))

    def test_every_version_of_deepspeed_and_both_shells(self):
        for version in ((0, 6, 5), (0, 10, 3), (0, 12, 6), (0, 15, 4), (0, 19, 8)):
            with self.subTest(version=version):
                self.deepspeed(".".join(map(str, version)), Runner(version), ("dash", "bash"), VECTORS // 5)

    def test_the_installed_deepspeed(self):
        if engines.find_deepspeed() is None:
            self.skipTest("DeepSpeed is not installed")
        self.deepspeed("", RealRunner(), ("sh",), VECTORS // 5)

    def test_no_other_engine_changes_or_drops_a_word_of_its_argument_list(self):
        once, each = ("script", "openmpi", "hydra", "slurm"), ("direct", "torchrun", "deepspeed")
        for number, vector in enumerate(vectors(VECTORS)):
            engine = (once + each)[number % 7]
            wanted = ["python", "train.py", *vector.words]
            made = command(engine, "", vector, **({"per_node": True} if engine == "deepspeed" else {}))
            if engine in once:
                hidden = ":" in wanted and engine != "script"
                expected = ["=" + word for word in wanted] if hidden else wanted
                self.assertEqual(made["argv"][-len(wanted):], expected, engine)
                self.assertLessEqual(vector.env.items(), made["env"].items())
                continue
            expected = wanted if engine == "direct" else wanted[1:]
            for node in made["nodes"]:
                words = node["argv"][-len(expected):]
                if engine == "torchrun":  # as its agent does with ${local_rank}
                    words = [string.Template(word).safe_substitute(local_rank="0") for word in words]
                self.assertEqual(words, expected, engine)
                self.assertLessEqual(vector.env.items(), node["env"].items())

    def on_this_machine(self, engine: str, program: str, version: str) -> None:
        """Begins the engine's command on this machine alone, and reads what its one rank was given."""
        sample = vectors(4, 200) + [Vector([":", "", "a", ":"], {"V_A": "a:b;c,d"})]
        with tempfile.TemporaryDirectory() as folder:
            dump, told = pathlib.Path(folder, "dump"), pathlib.Path(folder, "told")
            dump.write_text(DUMP, encoding="utf-8")
            dump.chmod(0o755)
            for vector in sample:
                made = dtenv.eval("launch.command", {
                    "engine": engine, "engine_version": version, "hosts": [{"name": "localhost", "slots": 1}],
                    "command": [str(dump), *vector.words], "env": {**vector.env, "DUMP_TO": str(told)},
                    "hostfile": f"{folder}/hosts", "ssh_config": f"{folder}/config"})
                for file in made["files"]:
                    pathlib.Path(file["path"]).write_text(file["text"], encoding="utf-8")
                told.unlink(missing_ok=True)
                ran = subprocess.run([program, *made["argv"][1:]], env={**os.environ, **made["env"]},
                                     stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
                self.assertEqual(ran.returncode, 0, ran.stderr[-2000:])
                self.assertEqual(json.loads(told.read_text()), [vector.words, vector.env])

    def test_through_mpirun_4(self):
        program = engines.find_program(("mpirun.openmpi", "mpirun"), r"\(Open MPI\) 4\.")
        if program is None:
            self.skipTest("Open MPI 4 is not installed")
        self.on_this_machine("openmpi", program, "4.1.4")

    def test_through_mpirun_5(self):
        program = engines.find_program(("mpirun.openmpi", "mpirun"), r"\(Open MPI\) 5\.")
        if program is None:
            self.skipTest("Open MPI 5 is not installed")
        self.on_this_machine("openmpi", program, "5.0.3")

    def test_through_hydra(self):
        program = engines.find_program(("mpiexec.hydra",), r"Version: +[345]\.")
        if program is None:
            self.skipTest("Hydra of MPICH is not installed")
        self.on_this_machine("hydra", program, "4.0.2")

    def test_through_pdsh_and_the_installed_deepspeed(self):
        pdsh = shutil.which("pdsh")
        if pdsh is None or engines.find_deepspeed() is None:
            self.skipTest("pdsh or DeepSpeed is not installed")
        names = engines.deepspeed_names("multinode_runner.py")
        for vector in vectors(20, 60):
            made = command("deepspeed", "", vector)
            if made is None:
                continue
            with tempfile.TemporaryDirectory() as folder:
                for name, text in (("dump", DUMP), ("ssh", '#!/bin/sh\nwhile [ "$1" != V100-1 ]; do shift; done\n'
                                                           'shift\nexec sh -c "$*"\n')):
                    pathlib.Path(folder, name).write_text(text, encoding="utf-8")
                    pathlib.Path(folder, name).chmod(0o755)
                names["sys"] = types.SimpleNamespace(executable=f"{folder}/dump")
                begin = made["argv"].index("pdsh") + 1
                arguments = types.SimpleNamespace(
                    user_script=made["argv"][begin], user_args=made["argv"][begin + 1:], launcher_args="", ssh_port=None,
                    master_addr="m", master_port=1, venv_script=None, no_python=False, module=False,
                    no_local_rank=False, save_pid=False, enable_each_rank_log=None)
                runner = names["PDSHRunner"](arguments, "WORLD")
                for file in made["files"]:
                    if file["path"] == made["env"].get("DS_ENV_FILE"):
                        for line in file["text"].splitlines():
                            runner.add_export(*line.split("=", maxsplit=1))
                runner.add_export("DUMP_TO", f"{folder}/told")
                argv, _, env = runner.get_cmd({**os.environ, **made["env"], "PATH": folder + ":" + os.environ["PATH"]},
                                              {"V100-1": [0]})
                ran = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=20,
                                     check=False)
                self.assertEqual(ran.returncode, 0, ran.stderr)
                words, variables = json.loads(pathlib.Path(folder, "told").read_text())
                self.assertEqual((words[words.index("train.py") + 1:], variables), (vector.words, vector.env))


if __name__ == "__main__":
    unittest.main()
