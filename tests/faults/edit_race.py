#!/usr/bin/env python3
"""Writers of one file at once: none of dtenv's edits is lost to another of dtenv's, none of a stranger's
to dtenv, and whoever reads finds a whole file at any moment.

    tests/faults/edit_race.py BUILD_FOLDER [--full]
"""

import json
import os
import pathlib
import subprocess
import sys
import threading

from faults import FULL, WRITER, Scratch, Tally, listing

EDITS = {"local": 400 if FULL else 100, "dash": 60 if FULL else 15}


class Reader(threading.Thread):
    """Reads the file again and again; counts what is no JSON."""

    def __init__(self, path: pathlib.Path):
        super().__init__(daemon=True)
        self.path, self.reads, self.torn, self.done = path, 0, 0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.001):
            self.reads += 1
            try:
                json.loads(self.path.read_bytes())
            except (ValueError, FileNotFoundError):
                self.torn += 1


class Stranger(threading.Thread):
    """Knows nothing of our lock: reads, edits, renames."""

    def __init__(self, path: pathlib.Path, count: int):
        super().__init__(daemon=True)
        self.path, self.count = path, count

    def run(self) -> None:
        for i in range(self.count):
            content = json.loads(self.path.read_bytes())
            content[f"stranger-{i}"] = 1
            own = self.path.with_name("stranger")
            own.write_text(json.dumps(content))
            os.rename(own, self.path)
            threading.Event().wait(0.01)


def start(host: str, path: pathlib.Path, prefix: str) -> subprocess.Popen:
    words = [WRITER, "edit", host, path, prefix, str(EDITS[host])]
    return subprocess.Popen([str(word) for word in words], stderr=subprocess.PIPE, text=True, stdout=subprocess.PIPE)


def missing(path: pathlib.Path, prefix: str, numbers: range) -> list[str]:
    found = json.loads(path.read_bytes())
    return [f"{prefix}-{i}" for i in numbers if f"{prefix}-{i}" not in found]


def race(folder: pathlib.Path, hosts: list[str], strange: int, tally: Tally, name: str) -> None:
    path = folder / "daemon.json"
    path.write_text('{\n  "foreign": 1e3\n}\n')
    reader, stranger = Reader(path), Stranger(path, strange)
    reader.start()
    stranger.start()
    writers = {f"{host}{number}": start(host, path, f"{host}{number}") for number, host in enumerate(hosts)}
    for prefix, process in writers.items():
        said = process.communicate(timeout=200)
        tally.hold(f"{name}: {prefix} comes through", process.returncode == 0, said)
        print(f"{name}: {prefix}: {EDITS[prefix[:-1]]} edits, {said[0].strip()}")
    stranger.join()
    reader.done.set()
    reader.join()
    tally.torn += reader.torn
    lost = missing(path, "stranger", range(strange))
    tally.lost += len(lost)
    tally.hold(f"{name}: no edit of a stranger is lost", not lost, lost)
    overwritten = 0
    for prefix in writers:
        gone = missing(path, prefix, range(1, EDITS[prefix[:-1]] + 1))
        overwritten += len(gone)
        if not strange:
            tally.lost += len(gone)
            tally.hold(f"{name}: no edit of {prefix} is lost", not gone, gone)
        # What a stranger wrote over is found missing by the next run, and done again.
        again = start(prefix[:-1], path, prefix)
        again.communicate(timeout=200)
        gone = missing(path, prefix, range(1, EDITS[prefix[:-1]] + 1))
        tally.hold(f"{name}: {prefix} converges", again.returncode == 0 and not gone, gone)
    tally.hold(f"{name}: foreign bytes stay", b'"foreign": 1' in path.read_bytes())
    tally.hold(f"{name}: no litter", listing(folder) == ["daemon.json"], listing(folder))
    print(f"{name}: {reader.reads} reads; {overwritten} of ours written over by a stranger, then done again")


def main() -> int:
    tally = Tally()
    with Scratch() as scratch:
        race(scratch.fresh("ours"), ["local", "local", "dash"], 0, tally, "three of ours")
        race(scratch.fresh("strange"), ["local", "local", "local"], 60, tally, "three of ours and a stranger")
    return tally.close("concurrent edits")


if __name__ == "__main__":
    sys.exit(main())
