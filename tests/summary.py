#!/usr/bin/env python3
"""Sums up what the runners said.

    tests/summary.py ctest BUILD_FOLDER    closing line of each program CTest ran, from its log
    tests/summary.py output LABEL FILE STATUS    the same of one runner's output and exit status
    tests/summary.py total FILE            the sum of all `N passed, N failed, N skipped` lines

A runner that failed without saying how many counts as one failure: nothing is lost in the sum.
"""
import pathlib
import re
import sys

NUMBERS = re.compile(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?")
SKIPPED = re.compile(r"^(?:\S+ MESSAGE: )?skipped: ", re.MULTILINE)


def counts_of(output: str, succeeded: bool) -> tuple[int, int, int]:
    """Passed, failed, skipped: of doctest, unittest, our own closing line, or the exit status."""
    if found := re.findall(r"test cases:\s+(\d+) \|\s+(\d+) passed \|\s+(\d+) failed(?: \|\s+(\d+) skipped)?", output):
        # doctest knows no case that skips itself: such a one says so on a line (SKIP_UNLESS).
        _, passed, failed, skipped = found[-1]
        itself = min(len(SKIPPED.findall(output)), int(passed))
        counts = int(passed) - itself, int(failed), int(skipped or 0) + itself
    elif found := re.findall(r"^Ran (\d+) tests? in .*\n\n((?:OK|FAILED).*)$", output, re.MULTILINE):
        ran, verdict = int(found[-1][0]), found[-1][1]
        number = lambda word: sum(int(n) for n in re.findall(rf"\b{word}=(\d+)", verdict))
        failed = number("failures") + number("errors") + number("unexpected successes")
        skipped = number("skipped")
        counts = max(0, ran - failed - skipped), failed, skipped
    elif found := NUMBERS.findall(output):
        passed, failed, skipped = found[-1]
        counts = int(passed), int(failed), int(skipped or 0)
    else:
        counts = (1, 0, 0) if succeeded else (0, 1, 0)
    if not succeeded and counts[1] == 0:
        return counts[0], 1, counts[2]
    return counts


def closing_line(label: str, output: str, succeeded: bool) -> str:
    passed, failed, skipped = counts_of(output, succeeded)
    return f"{label:<34} {passed} passed, {failed} failed, {skipped} skipped"


def of_ctest(build: str) -> int:
    logs = sorted(pathlib.Path(build, "Testing", "Temporary").glob("LastTest.log*"))
    if not logs:
        print(closing_line("ctest", "", False))
        return 1
    # CTest heads each program with two lines, "1/28 Testing: NAME" and "1/28 Test: NAME".
    parts = re.split(r"^\d+/\d+ Test: (.+)$", logs[0].read_text(errors="replace"), flags=re.MULTILINE)
    status = 0
    for name, text in zip(parts[1::2], parts[2::2]):
        if re.search(r"^Test (Not Run|.*Disabled)", text, re.MULTILINE):
            print(f"{name:<34} 0 passed, 0 failed, 1 skipped")
            continue
        succeeded = re.search(r"^Test Passed\.", text, re.MULTILINE) is not None
        status |= not succeeded
        print(closing_line(name, text, succeeded))
    return status


def total(path: str) -> int:
    sums = [0, 0, 0]
    for line in pathlib.Path(path).read_text(errors="replace").splitlines():
        if found := NUMBERS.search(line):
            sums = [a + int(b or 0) for a, b in zip(sums, found.groups())]
    print(f"{sums[0]} passed, {sums[1]} failed, {sums[2]} skipped")
    return 1 if sums[1] or not sums[0] else 0


def main(words: list[str]) -> int:
    if words[:1] == ["ctest"] and len(words) == 2:
        return of_ctest(words[1])
    if words[:1] == ["output"] and len(words) == 4:
        print(closing_line(words[1], pathlib.Path(words[2]).read_text(errors="replace"), words[3] == "0"))
        return 0
    if words[:1] == ["total"] and len(words) == 2:
        return total(words[1])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
