#!/usr/bin/env python3
"""Kills the command, or fails its call, at every call that changes a file while driver_check puts the driver of a
recorded machine on hold. After each the file is absent or whole, what others wrote is untouched, a
second run comes through, and a third has nothing to do.

    tests/faults/driver_sweep.py BUILD_FOLDER [--full]
"""

import json
import pathlib
import shutil
import sys

from faults import COMMAND, FULL, Run, Scratch, Tally, listing, run

MACHINES = pathlib.Path(__file__).parents[1] / "golden/driver_check"
MACHINE = "hold_is_missing"
FILE = "/etc/apt/apt.conf.d/52dtenv-nvidia"
FOREIGN = "/etc/apt/apt.conf.d/50unattended-upgrades"
FOREIGN_TEXT = 'Unattended-Upgrade::Package-Blacklist { "mine"; };\n'
TOOLS = "sh cat sed grep find timeout readlink sort tail head ls tr od uname".split()


def text_of(value: "str | list[str]") -> str:
    return value if isinstance(value, str) else "".join(line + "\n" for line in value)


class Machine:
    """A machine of tests/golden/driver_check below a root, as golden_driver unfolds it: its files, its
    devices, and programs that say what its programs said; apt-mark holds what dpkg-query then tells."""

    def __init__(self, scratch: Scratch):
        self.scratch = scratch
        self.root, self.bin, self.held = (scratch.path / name for name in ("machine", "bin", "held"))
        self.layers = []
        name = MACHINE
        while name:
            self.layers.insert(0, json.loads((MACHINES / f"{name}.json").read_text()))
            name = self.layers[0].get("like")

    def fresh(self) -> None:
        self.scratch.fresh("machine")
        self.scratch.fresh("bin")
        self.held.unlink(missing_ok=True)
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool, path="/usr/bin:/bin"))
        for layer in self.layers:
            for row in layer.get("pci", []):
                self.device(*row.split())
            for path, content in layer.get("files", {}).items():
                self.file(path, content)
            for name, answer in layer.get("programs", {}).items():
                self.program(name, answer)
        self.file(FOREIGN, FOREIGN_TEXT)
        self.script("apt-mark", f"echo held >'{self.held}'\n")
        told = self.bin / "dpkg-query"
        told.write_text(told.read_text().replace("cat <<", f"[ -f '{self.held}' ] && sed='s/^ii/hi/' || sed=\nsed \"$sed\" <<", 1))

    def device(self, slot: str, ids: str, kind: str, driver: str, node: str) -> None:
        folder = f"/sys/bus/pci/devices/{slot}"
        vendor, number = ids.split(":")
        for name, value in {"vendor": "0x" + vendor, "device": "0x" + number, "class": "0x" + kind, "numa_node": node}.items():
            self.file(f"{folder}/{name}", value + "\n")
        self.file(f"{folder}/driver", {"link": "../../../../bus/pci/drivers/" + driver})

    def file(self, path: str, content: "str | list[str] | dict | None") -> None:
        place = self.root / path[1:]
        place.unlink(missing_ok=True)
        if content is None:
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            place.symlink_to(content["link"])
        else:
            place.write_text(text_of(content))

    def program(self, name: str, answer: dict) -> None:
        if " " in name:
            return  # an answer to one word of it: none that this machine is asked
        out, err = text_of(answer.get("out", "")), text_of(answer.get("err", ""))
        self.script(name, f"cat <<'END'\n{out}END\ncat >&2 <<'END'\n{err}END\nexit {answer.get('exit', 0)}\n")

    def script(self, name: str, body: str) -> None:
        place = self.bin / name
        place.write_text("#!/bin/sh\n" + body)
        place.chmod(0o755)

    def written(self) -> "bytes | None":
        place = self.root / FILE[1:]
        return place.read_bytes() if place.exists() else None


def main() -> int:
    tally, points = Tally(), 0
    with Scratch() as scratch:
        machine, document = Machine(scratch), scratch.path / "environment.json"
        step = {"kind": "driver_check", "install": "repair", "root": str(machine.root), "path": str(machine.bin)}
        document.write_text(json.dumps({"v": 1, "cluster": "faults", "nodes": [{"name": "here", "local": True}], "steps": [step]}))

        def apply(fault: str = "count") -> Run:
            return run([COMMAND, "apply", document, "--json"], machine.root, fault)

        machine.fresh()
        whole = apply()
        new = machine.written()
        good = whole.code == 0 and whole.calls > 3 and new is not None and machine.held.exists()
        if not tally.hold("untouched, it puts the driver on hold", good, whole):
            return tally.close("driver_check")
        said = [line.split()[1] for line in whole.log.splitlines()]
        faults = [("kill", call) for call in range(1, whole.calls + 1)]
        for number, name in enumerate(said, 1):
            faults += [("EIO", number)] if FULL or name == "fsync" else []
            faults += [("ENOSPC", number)] if FULL or name in ("open", "write") else []
        for fault, call in faults:
            name = f"{fault} at call {call} ({said[call - 1]})"
            machine.fresh()
            broken = apply(f"{fault}@{call}")
            points += 1
            tally.hold(f"{name}: it had an effect", broken.fired > 0, broken)
            if machine.written() not in (None, new):
                tally.torn += 1
            if (machine.root / FOREIGN[1:]).read_text() != FOREIGN_TEXT:
                tally.lost += 1
            second = apply()
            tally.hold(f"{name}: a second run comes through", second.code == 0 and machine.written() == new, second)
            third = apply()
            tally.hold(f"{name}: a third run changes nothing", third.code == 0 and third.calls == 0, third)
            names = listing(machine.root / "etc/apt/apt.conf.d")
            tally.hold(f"{name}: no litter", names == [pathlib.Path(FOREIGN).name, pathlib.Path(FILE).name], names)
    return tally.close(f"{points} broken runs of driver_check")


if __name__ == "__main__":
    sys.exit(main())
