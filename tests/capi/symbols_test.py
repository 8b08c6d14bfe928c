#!/usr/bin/env python3
"""Exports == header == version script == symbols.txt, and nothing imported that would change the host.

    symbols_test.py LIBRARY
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BANNED = {
    "signal", "sigaction", "bsd_signal", "sigset", "waitpid", "wait", "wait3", "wait4", "fork", "vfork", "system",
    "popen", "chdir", "fchdir", "umask", "setenv", "unsetenv", "putenv", "clearenv", "setlocale", "tzset", "srand",
    "setrlimit", "setrlimit64", "printf", "puts", "putchar", "perror", "syslog", "select", "exit", "_exit", "_Exit",
    "atexit", "on_exit", "curl_global_cleanup", "archive_write_disk_new",
}


def nm(library, *options):
    run = subprocess.run(["nm", "-D", *options, library], capture_output=True, check=True, text=True)
    return [line.split()[-1] for line in run.stdout.splitlines() if line.strip()]


def header_names():
    text = (ROOT / "include/dtenv/dtenv.h").read_text(encoding="utf-8")
    return re.findall(r"^DTENV_API [^;(]*?(dtenv_\w+)\(", text, flags=re.M)


def main():
    library = sys.argv[1]
    problems = []
    exports = {name.split("@")[0] for name in nm(library, "--defined-only")} - {"DTENV_1"}
    names = header_names()
    listed = [line.split() for line in (ROOT / "capi/symbols.txt").read_text(encoding="utf-8").splitlines()
              if line and not line.startswith("#")]

    for name in sorted(exports ^ set(names)):
        problems.append(f"{name}: only in {'the library' if name in exports else 'the header'}")
    for name in sorted({row[0] for row in listed} ^ set(names)):
        problems.append(f"{name}: only in {'the header' if name in names else 'symbols.txt'}")
    if len(listed) != len(set(row[0] for row in listed)):
        problems.append("symbols.txt: a name twice")
    script = (ROOT / "capi/libdtenv.map").read_text(encoding="utf-8")
    nodes = re.findall(r"^(DTENV_[\d.]+) \{", script, flags=re.M)
    for name in nm(library, "--defined-only"):
        if "@" in name and name.split("@")[-1] not in nodes:
            problems.append(f"{name}: in no node of libdtenv.map")
    if re.search(r"local:\s*\*;", script) is None:
        problems.append("libdtenv.map: does not hide the rest")

    for name in nm(library, "--undefined-only"):
        if name.split("@")[0] in BANNED:
            problems.append(f"{name}: imported, and would change the host process")
    header = subprocess.run(["readelf", "-dW", library], capture_output=True, check=True, text=True).stdout
    for word in ("libdtenv.so.1", "NODELETE", "NOW"):
        if word not in header:
            problems.append(f"{library}: no {word} in its dynamic section")

    for problem in problems:
        print(problem)
    print(f"{len(names)} functions, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
