#!/usr/bin/env python3
"""Hostfiles of 100,000 hosts: dtenv against DeepSpeed's parser on the same file.

DeepSpeed's own code where it is installed (DTENV_ENGINE_PATH), else a twin of its rules. Both take turns; what
counts is processor time, which a busy neighbour changes least, and its median.
"""
import collections
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "engines")]
import bench  # noqa: E402
import engines  # noqa: E402

HOSTS = 100000
ROUNDS = 3
RUNS = 10


def twin(path: str) -> "collections.OrderedDict[str, int]":
    """_parse_hostfile of DeepSpeed 0.19.8, told again."""
    pool: "collections.OrderedDict[str, int]" = collections.OrderedDict()
    with open(path, encoding="utf-8") as file:
        for line in file.readlines():
            line = line.strip()
            found = re.search(r"^(\S+)\s+slots=(\d+)", line)
            if line.startswith("#") or line == "":
                continue
            if not found or found.group(1) in pool:
                raise ValueError(line)
            pool[found.group(1)] = int(found.group(2))
    return pool


def main() -> int:
    rows = bench.Rows()
    installed = engines.find_deepspeed() is not None
    parse = engines.deepspeed_names("runner.py")["fetch_hostfile"] if installed else twin
    note = "DeepSpeed's own parser" if installed else "twin of DeepSpeed's parser"
    theirs, parses, alls = [], [], []
    with tempfile.NamedTemporaryFile("w", suffix=".hosts") as file:
        file.writelines(f"node-{number:06d} slots=8\n" for number in range(HOSTS))
        file.flush()
        for _ in range(ROUNDS):
            for _ in range(RUNS):
                begin = time.process_time()
                if len(parse(file.name)) != HOSTS:
                    raise SystemExit("the parser lost a host")
                theirs.append(time.process_time() - begin)
            said = subprocess.run([str(bench.PROGRAMS / "hostfile_bench"), file.name, "deepspeed", str(RUNS)],
                                  capture_output=True, text=True, check=True).stdout
            for line in said.splitlines():
                parsed, everything = map(float, line.split())
                parses.append(parsed)
                alls.append(everything)
    against = bench.median(theirs)
    rows.at_least("hostfile.parse", against / bench.median(parses), 20,
                  f"{bench.median(parses) * 1e3:.1f} ms against {against * 1e3:.0f} ms, {note}")
    rows.at_least("hostfile.parse_render", against / bench.median(alls), 20,
                  f"hostfile and ssh config written too: {bench.median(alls) * 1e3:.1f} ms")
    return int(rows.failed)


if __name__ == "__main__":
    sys.exit(main())
