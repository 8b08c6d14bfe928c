#!/usr/bin/env python3
"""dtenv's strict dialects against the launchers themselves: every text of hostfiles.json, and those texts cut,
joined and changed, must be taken or refused alike, with the same hosts and slots.

    DTENV_LIBRARY=build/dev/capi/libdtenv.so hostfile_engines_test.py [-v]

A launcher that is not installed is skipped with that reason. DTENV_ENGINE_PATH names folders to look in besides
PATH, DTENV_ENGINE_CASES how many changed texts are tried besides the fixtures (40).
"""
import json
import os
import pathlib
import random
import re
import socket
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "bindings" / "python")]
import dtenv  # noqa: E402
import engines  # noqa: E402

FIXTURES = json.loads((HERE / "hostfiles.json").read_text(encoding="utf-8"))
PIECES = list(" \n=:,#@[]-/*\"+^.019nx\t") + ["slots=", "max_slots=", "port=", "username=", "n1", "n2 ", "user=", "[1-3]",
                                            "[01-", "/*", "*/", "//"]
AUTO = -1


def changed(count: int) -> "list[str]":
    """Texts that nobody thought of, the same ones every time."""
    source = random.Random(20261124)
    texts = []
    for _ in range(count):
        text = source.choice(FIXTURES) + (source.choice(FIXTURES) if source.random() < 0.4 else "")
        for _ in range(source.randint(1, 3)):
            at = source.randrange(len(text) + 1)
            if source.random() < 0.4:
                text = text[:at] + text[at + source.randint(1, 4):]
            else:
                text = text[:at] + source.choice(PIECES) + text[at:]
        texts.append(text)
    return texts


def ours(text: str, dialect: str) -> engines.Hosts:
    try:
        read = dtenv.eval("hostfile.parse", {"text": text, "dialect": dialect})
    except dtenv.DtenvError:
        return None
    return [(host["name"], AUTO if host["slots"] == "auto" else host["slots"]) for host in read["hosts"]]


def without_user(hosts: engines.Hosts) -> engines.Hosts:
    return hosts and [(re.sub(r"^[^@]+@(?=.)", "", name), slots) for name, slots in hosts]


class HostfileEnginesTest(unittest.TestCase):
    def compare(self, dialect: str, ask, adjust=lambda text, mine, real: (mine, real)) -> None:
        count = int(os.environ.get("DTENV_ENGINE_CASES", "40"))
        for text in FIXTURES + changed(count):
            with tempfile.NamedTemporaryFile("wb", suffix=".hosts") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                mine, real = adjust(text, ours(text, dialect), ask(file.name))
            with self.subTest(dialect=dialect, text=text):
                self.assertEqual(mine, real)

    def need(self, found: object, what: str) -> None:
        if found is None:
            self.skipTest(f"{what} is not installed")

    def test_deepspeed(self):
        self.need(engines.find_deepspeed(), "DeepSpeed")

        def adjust(_text, mine, real):
            return mine, without_user(real)
        self.compare("deepspeed", engines.deepspeed, adjust)

    def test_openmpi(self):
        self.need(engines.find_program(("mpirun.openmpi", "mpirun"), r"\(Open MPI\) [34]\."), "Open MPI 3 or 4")

        def adjust(_text, mine, real):
            # Asked not to launch, it makes this machine the allocation of an empty file; else it refuses.
            return mine, None if real == [(socket.gethostname(), 1)] else real
        self.compare("openmpi", engines.openmpi, adjust)

    def test_openmpi5(self):
        self.need(engines.find_program(("mpirun.openmpi", "mpirun"), r"\(Open MPI\) 5\."), "Open MPI 5")

        def adjust(_text, mine, real):
            # No slots: this machine's cores, whatever they are; no host: this machine.
            if mine == [] and real and real[0][0] == socket.gethostname():
                return mine, []
            if mine and real and len(mine) == len(real):
                real = [(name, AUTO if wanted == AUTO else slots) for (name, slots), (_, wanted) in zip(real, mine)]
            return mine, real
        self.compare("openmpi5", engines.openmpi5, adjust)

    def test_hydra(self):
        self.need(engines.find_program(("mpiexec.hydra",), r"Version: +[34]\."), "Hydra of MPICH 3 or 4")

        def adjust(_text, mine, real):
            if mine == [] and real and real[0][0] == socket.gethostname():
                real = []
            return mine, without_user(real)
        self.compare("hydra", engines.hydra, adjust)

    def test_intelmpi(self):
        self.need(engines.find_program(("mpiexec.hydra",), r"Intel\(R\) MPI"), "Intel MPI")

        def summed(hosts):
            # It shows the ranks of a host that stands there twice as one list.
            sums = {}
            for name, count in hosts or []:
                sums[name] = sums.get(name, 0) + count
            return None if hosts is None else list(sums.items())

        def adjust(_text, mine, real):
            return summed(mine), summed(without_user(real))
        self.compare("intelmpi", engines.intelmpi, adjust)

    def test_slurm(self):
        self.need(engines.find_program(("scontrol",), ""), "Slurm's scontrol")

        def adjust(text, mine, real):
            # An open bracket swallows what follows, or parts of it, and a NUL the rest: refused here.
            return mine, None if engines.has_open_bracket(text) or "\0" in text else real
        self.compare("slurm", engines.slurm, adjust)


class RefusalTest(unittest.TestCase):
    DIALECTS = ("dtenv", "deepspeed", "openmpi", "openmpi5", "hydra", "intelmpi", "slurm", "torchrun")

    def findings(self, text: str, dialect: str) -> "list[tuple[int, int, str]]":
        try:
            warnings = dtenv.eval("hostfile.parse", {"text": text, "dialect": dialect})["warnings"]
            return [(each["line"], each["column"], each.get("hint", "")) for each in warnings]
        except dtenv.DtenvError as error:
            self.assertTrue(error.detail)
            return [(each.line, each.column, each.hint) for each in error.detail]

    def test_every_refusal_and_misreading_has_its_line_column_and_help(self):
        for dialect in self.DIALECTS:
            for text in FIXTURES:
                with self.subTest(dialect=dialect, text=text):
                    lines = text.split("\n")
                    for line, column, hint in self.findings(text, dialect):
                        self.assertGreater(line, 0)
                        self.assertGreater(column, 0)
                        if dialect != "deepspeed":  # to whom a \r ends a line too
                            self.assertLessEqual(line, len(lines))
                            self.assertLessEqual(column, len(lines[line - 1].encode()) + 1)
                        self.assertTrue(hint)


if __name__ == "__main__":
    unittest.main()
