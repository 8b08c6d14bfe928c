#!/usr/bin/env python3
"""hostfile.filter row by row, and DeepSpeed's --include and --exclude on the same rows: equal, or the difference is
named here; an older DeepSpeed's too.

    DTENV_LIBRARY=build/dev/capi/libdtenv.so filters_engine_test.py [-v]
"""
import collections
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "bindings" / "python")]
import dtenv  # noqa: E402
import engines  # noqa: E402

SLOTS = {"w0": 4, "w1": 4, "w2": 2, "spare": 0}
REFUSED = None
OLDER = "0.17.5"  # from 0.15.2 to 0.19.6
# It filters the words of --include by themselves, and not by what the hostfile has.
OLDER_DIFFERS = {**dict.fromkeys(("FI-02", "FI-04", "FI-07"), "a whole host has no slots"),
                 **dict.fromkeys(("FI-15", "FI-16", "FI-17"), "any number is a slot")}
ALL = {"w0": [0, 1, 2, 3], "w1": [0, 1, 2, 3], "w2": [0, 1]}
Row = collections.namedtuple("Row", "include exclude kept difference", defaults=("",))


def row(include: str, kept: object, difference: str = "") -> Row:
    return Row(include, "", kept, difference)


def without(exclude: str, kept: object, difference: str = "") -> Row:
    return Row("", exclude, kept, difference)


ROWS = {
    "FI-01 nothing": row("", {**ALL, "spare": []}),
    "FI-02 a whole host": row("w1", {"w1": [0, 1, 2, 3]}),
    "FI-03 slots": row("w1:0,2", {"w1": [0, 2]}),
    "FI-04 DeepSpeed's own example": row("w0@w1:0,2", {"w0": [0, 1, 2, 3], "w1": [0, 2]}),
    "FI-05 slots twice and out of order": row("w1:2,0,2", {"w1": [0, 2]}),
    "FI-06 one host in two parts": row("w1:0@w1:3", {"w1": [0, 3]}),
    "FI-07 the hostfile's order": row("w2@w0", {"w0": [0, 1, 2, 3], "w2": [0, 1]}),
    "FI-08 all slots one by one": row("w2:0,1", {"w2": [0, 1]}),
    "FI-09 a host whole and in part": row("w0@w0:1", {"w0": [0, 1, 2, 3]}, "forgets the whole host"),
    "FI-10 a host in part and whole": row("w0:1@w0", {"w0": [0, 1, 2, 3]}, "forgets the whole host"),
    "FI-11 a host that is reserved": row("spare", {}),
    "FI-12 an unknown host": row("w9", REFUSED),
    "FI-13 a name in capitals": row("W0", REFUSED),
    "FI-14 half of a name": row("w", REFUSED),
    "FI-15 a slot too high": row("w0:4", REFUSED),
    "FI-16 a slot of the reserved host": row("spare:0", REFUSED),
    "FI-17 a slot below 0": row("w0:-1", REFUSED),
    "FI-18 a word for a slot": row("w0:x", REFUSED),
    "FI-19 no slot after the colon": row("w0:", REFUSED),
    "FI-20 two colons": row("w0:0:1", REFUSED),
    "FI-21 an empty slot": row("w0:0,,1", REFUSED),
    "FI-22 a comma at the end": row("w0:0,", REFUSED),
    "FI-23 nothing before @": row("@w0", REFUSED),
    "FI-24 nothing after @": row("w0@", REFUSED),
    "FI-25 nothing between two @": row("w0@@w1", REFUSED),
    "FI-26 blanks around": row(" w0", REFUSED),
    "FI-27 a comma between hosts": row("w0,w1", REFUSED),
    "FI-28 a blank before a slot": row("w0: 1", REFUSED, "int() takes blanks"),
    "FI-29 a sign before a slot": row("w0:+1", REFUSED, "int() takes a sign"),
    "FI-30 a slot in other digits": row("w0:\u0663", REFUSED, "int() takes every script's digits"),
    "FI-31 a slot with zeros before it": row("w0:01", {"w0": [1]}),
    "FI-32 a range of slots": row("w0:1-3", {"w0": [1, 2, 3]}, "has no ranges"),
    "FI-33 ranges and slots": row("w0:0,2-3", {"w0": [0, 2, 3]}, "has no ranges"),
    "FI-34 a range backwards": row("w0:3-1", REFUSED),
    "FI-35 a range of hosts": row("w[0-1]", {"w0": [0, 1, 2, 3], "w1": [0, 1, 2, 3]}, "has no ranges"),
    "FI-36 a range with an unknown host": row("w[1-3]", REFUSED),
    "FI-37 without a host": without("w0", {"w1": [0, 1, 2, 3], "w2": [0, 1]}),
    "FI-38 without slots": without("w1:0,3", {**ALL, "w1": [1, 2]}),
    "FI-39 without the last slots of a host": without("w2:0,1", {"w0": ALL["w0"], "w1": ALL["w1"]}),
    "FI-40 without a host and slots": without("w0@w1:0", {"w1": [1, 2, 3], "w2": [0, 1]}),
    "FI-41 without anybody": without("w0@w1@w2", {}),
    "FI-42 without a slot twice": without("w1:0,0", {**ALL, "w1": [1, 2, 3]}),
    "FI-43 without a host whole and in part": without("w0@w0:1", {"w1": ALL["w1"], "w2": ALL["w2"]},
                                                      "forgets the whole host"),
    "FI-44 without an unknown host": without("w9", REFUSED),
    "FI-45 without a slot too high": without("w2:2", REFUSED),
    "FI-46 without a range": without("w[0-1]", {"w2": [0, 1]}, "has no ranges"),
    "FI-47 both": Row("w0@w1", "w1:0", {"w0": ALL["w0"], "w1": [1, 2, 3]}, "refuses both at once"),
    "FI-48 both, and nothing is left": Row("w0", "w0", {}, "refuses both at once"),
}


def ours(wanted: Row) -> "dict | None":
    hosts = [{"name": name, "slots": count} for name, count in SLOTS.items()]
    filters = {key: value for key in ("include", "exclude") if (value := getattr(wanted, key))}
    try:
        kept = dtenv.eval("hostfile.filter", {"hosts": hosts, **filters})["hosts"]
    except dtenv.DtenvError as error:
        assert all(problem.column > 0 for problem in error.detail), error.detail
        return REFUSED
    return {host["name"]: host["slots"] for host in kept}


def deepspeed(wanted: Row, version: str = "") -> "dict | None":
    try:
        filtered = engines.deepspeed_names("runner.py", version)["parse_inclusion_exclusion"]
        kept = filtered(dict(SLOTS), wanted.include, wanted.exclude)
    except (ValueError, KeyError, IndexError):
        return REFUSED
    return dict(kept)


class FiltersTest(unittest.TestCase):
    def test_every_row_keeps_what_it_says(self):
        for name, wanted in ROWS.items():
            with self.subTest(name):
                self.assertEqual(ours(wanted), wanted.kept)
                if wanted.kept:
                    self.assertEqual(list(ours(wanted)), [host for host in SLOTS if host in wanted.kept])

    def test_deepspeed_keeps_the_same_or_the_difference_is_named(self):
        if engines.find_deepspeed() is None:
            self.skipTest("DeepSpeed is not installed")
        for name, wanted in ROWS.items():
            with self.subTest(name):
                real = deepspeed(wanted)
                if wanted.difference:
                    self.assertNotEqual(real, wanted.kept, f"DeepSpeed no longer {wanted.difference}")
                else:
                    self.assertEqual(real, wanted.kept)

    def test_what_an_older_deepspeed_does_otherwise_is_named(self):
        if engines.find_deepspeed(OLDER) is None:
            self.skipTest(f"DeepSpeed {OLDER} is not installed")
        for name, wanted in ROWS.items():
            with self.subTest(name):
                differs = bool(wanted.difference) or name[:5] in OLDER_DIFFERS
                self.assertEqual(deepspeed(wanted, OLDER) != wanted.kept, differs)


if __name__ == "__main__":
    unittest.main()
