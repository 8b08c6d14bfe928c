#!/usr/bin/env python3
"""1,000 further commands on each of 16 connected nodes: dtenv's one connection a machine against `ssh` over a ControlMaster
each. The peer is measured with fewer commands and scaled: it is a process a command.

    tests/bench/commands.py [PROGRAM]    default: commands_bench of the preset bench
"""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import bench
from trust import Farm, Peers, problem

NODES, COUNT, PEER_COUNT = 16, 1000, 50


def ours(farm: Farm, program: str) -> float:
    folder = farm.folder / "sockets"
    folder.mkdir(mode=0o700, exist_ok=True)
    nodes = [f"{node.name}={node.address}=2200={node.host_key}" for node in farm.nodes]
    words = [program, str(folder), str(COUNT), str(farm.key), farm.kex, *nodes]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def control_master(farm: Farm) -> float:
    peers = Peers(farm)
    socket = ["-o", f"ControlPath={farm.folder}/cm-%n"]
    base = ["ssh", "-F", str(peers.config), *socket]
    for name in peers.names:
        subprocess.run([*base, "-f", "-N", "-M", name], check=True, stdin=subprocess.DEVNULL)

    def many(name: str) -> None:
        for _ in range(PEER_COUNT):
            subprocess.run([*base, name, "true"], check=True, stdin=subprocess.DEVNULL)

    begun = time.monotonic()
    with ThreadPoolExecutor(NODES) as pool:
        list(pool.map(many, peers.names))
    spent = time.monotonic() - begun
    for name in peers.names:
        subprocess.run([*base, "-O", "exit", name], capture_output=True)
    return spent * COUNT / PEER_COUNT


def main() -> int:
    if problem():
        print(f"commands: skipped: {problem()}")
        return 0
    program = sys.argv[1] if len(sys.argv) > 1 else str(bench.PROGRAMS / "commands_bench")
    rows = bench.Rows()
    with Farm(NODES) as farm:
        mine, theirs = ours(farm, program), control_master(farm)
    rows.at_least(f"commands_{NODES}", theirs / mine, 5, f"dtenv {mine:.2f} s, ControlMaster {theirs:.2f} s")
    return 1 if rows.failed else 0


if __name__ == "__main__":
    sys.exit(main())
