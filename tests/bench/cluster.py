#!/usr/bin/env python3
"""4,096 simulated nodes through the engine, the steps and their formats: in-memory transport, 50 ms a dial, 1 % of the
nodes busy at the first dial; trust, hostfile and the launch's preflight, planned and applied, then once more with
nothing to do, and once with 1 % of the nodes down. What is simulated is the machines: tests/bench/sim_machine.hpp.

    tests/bench/cluster.py [NODES]
"""
import json
import subprocess
import sys

import bench

SECONDS, MIB, WINDOW = 10, 1024, 512


def document(count: int) -> str:
    nodes = [{"name": f"node-{i:05d}", "address": f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", "slots": 8}
             for i in range(1, count + 1)]
    return json.dumps({
        "v": 1, "cluster": "sim", "nodes": nodes,
        "steps": [
            {"kind": "key_exchange", "container": "training", "trust": "mesh", "logins": "ring"},
            {"kind": "hostfile_writer", "container": "training", "path": "/data/hostfile"},
            {"kind": "launch", "container": "training", "engine": "script", "command": ["bash", "start.sh"],
             "hostfile": "/data/hostfile"},
        ],
    })


def run(count: int, down: int, *verbs: str) -> "list[list[str]]":
    words = [str(bench.PROGRAMS / "cluster_bench"), str(count), str(WINDOW), str(max(1, count // 100)), str(down), *verbs]
    said = subprocess.run(words, input=document(count), capture_output=True, text=True, timeout=900)
    if said.returncode != 0:
        raise SystemExit(said.stderr)
    return [line.split() for line in said.stdout.splitlines()]


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4096
    rows = bench.Rows()
    first, again = run(count, 0, "apply", "apply")
    for name, (seconds, processor, mib, made, status) in (("cluster", first), ("cluster_again", again)):
        if status != "OK" or (int(made) == 0) != (name == "cluster_again"):
            raise SystemExit(f"{name}: {status}, {made} changes")
        rows.at_most(f"{name}_{count}.seconds", float(seconds), SECONDS,
                     f"{processor} s of processor, {made} changes, {WINDOW} dials at once")
    rows.at_most(f"cluster_{count}.peak_mib", float(again[2]), MIB)
    ((seconds, _, _, made, status),) = run(count, max(1, count // 100), "apply")
    if status == "OK" or made != "0":
        raise SystemExit(f"with nodes down: {status}, {made} changes")
    rows.at_most(f"cluster_down_{count}.seconds", float(seconds), SECONDS, f"1 % down: {status}, nothing begun")
    return int(rows.failed)


if __name__ == "__main__":
    sys.exit(main())
