#!/usr/bin/env python3
"""Holds the shape of the repository: layers, sizes, self-contained headers, banned calls, complete steps.

    tests/structure_test.py [--cache FOLDER] [--only WORD]

Prints one line per check and closes with `N passed, N failed`; the exit status is 1 if one failed.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

from structure.headers import check_headers
from structure.repository import FILES, ROOT, SOURCE, code_only, generated, includes, text, under
from structure.schemas import check_schemas

LAYERS = {  # what a layer may include, itself among it
    "base": {"base"},
    "formats": {"base", "formats"},
    "proc": {"base", "formats", "proc"},
    "net": {"base", "formats", "proc", "net"},
    "host": {"base", "formats", "proc", "net", "host"},
    "steps": {"base", "formats", "proc", "net", "host", "steps"},
    "engine": {"base", "formats", "proc", "net", "host", "steps", "engine"},
}
KINDS = ["driver_check", "docker_config", "image_build", "container_run", "key_exchange", "hostfile_writer", "launch"]
SYSTEM_HEADERS = [  # (pattern of a system header, the files that may include it)
    (r"curl/.*", r"src/net/.*"),
    (r"archive(_entry)?\.h", r"src/net/.*"),
    (r"spawn\.h", r"src/proc/.*"),
    (r"boost/process/.*", r"src/proc/.*"),
    (r"openssl/.*", r"src/(base/digest|formats/openssh_key)\.(hpp|cpp)"),
    (r"boost/asio/signal_set(_base)?\.hpp", r"(?!)"),
]
# Not after `.`, `->` or a word character: methods of that name are somebody's own.
CALL = r"(?<![\w.>])(?:::|std::)?%s\s*\("
BANNED = [
    "system", "popen", "fork", "vfork", "umask", "setenv", "unsetenv", "putenv", "chdir", "fchdir",
    "sigaction", "setlocale", "tzset", "srand", "setrlimit", "atexit", "exit", "_exit", "abort", "select", "printf",
    "puts", "syslog",
]
BANNED_PATTERNS = [(name, CALL % name) for name in BANNED] + [
    ("waitpid(-1", r"\bwaitpid\s*\(\s*-\s*1"),
    ("signal()", CALL % "signal" + r"\s*SIG"),
    ("wait()", r"::wait\s*\(\s*(nullptr|NULL|0|&)"),
    ("stdout or stderr", r"\bstd::(cout|cerr|clog)\b|\b(stdout|stderr)\s*\)"),
]


def check_layers():
    """no layer includes one above it"""
    for name in under("src/"):
        parts = name.split("/")
        layer = parts[1] if len(parts) > 2 else None
        for _, target in includes(name):
            head = target.split("/")[0]
            if target.startswith(("capi/", "dtenv/")):
                yield f"{name}: includes {target}, which is above every layer of src"
            elif layer and head in LAYERS and "/" in target and head not in LAYERS.get(layer, set()):
                yield f"{name}: {layer} may not include {target}"


def check_examples():
    """examples see the public headers alone, and the twins are complete"""
    stems = {}
    for name in under("examples/", suffixes=(".cpp", ".hpp", ".c", ".h", ".py")):
        for _, target in includes(name):
            if target.split("/")[0] in LAYERS:
                yield f"{name}: includes {target}, which is not public"
        language = name.split("/")[1]
        if language in ("c", "cpp", "python"):
            stems.setdefault(pathlib.Path(name).stem, set()).add(language)
    for stem, languages in stems.items():
        if languages != {"c", "cpp", "python"}:
            yield f"examples/*/{stem}: only in {sorted(languages)}"
    if len(stems) < 5:
        yield f"{len(stems)} examples, 5 expected"


def check_cycles():
    """headers include each other without a cycle"""
    headers = {f[len("src/"):]: f for f in under("src/", suffixes=(".hpp",))}
    graph = {h: [t for _, t in includes(f) if t in headers] for h, f in headers.items()}
    done, path = set(), []

    def visit(header):
        if header in path:
            yield "cycle: " + " -> ".join(path[path.index(header):] + [header])
        elif header not in done:
            path.append(header)
            for target in graph[header]:
                yield from visit(target)
            path.pop()
            done.add(header)

    for header in graph:
        yield from visit(header)


def check_system_headers():
    """curl, archive, spawn, process and OpenSSL headers stay in their places"""
    for name in under("src/", "capi/"):
        for _, target in includes(name):
            for header, allowed in SYSTEM_HEADERS:
                if re.fullmatch(header, target) and not re.fullmatch(allowed, name):
                    yield f"{name}: includes <{target}>"


def check_banned_calls():
    """the library calls nothing that changes the embedding process"""
    for name in under("src/", "capi/"):
        for number, line in enumerate(code_only(text(name)).split("\n"), 1):
            for what, pattern in BANNED_PATTERNS:
                if re.search(pattern, line):
                    yield f"{name}:{number}: {what}"


def check_lengths():
    """no file of ours is longer than 300 lines, and ARCHITECTURE.md not than 90"""
    for name in FILES:
        folder = name.split("/")[0]
        ours = folder in ("src", "capi", "bindings", "examples", "tests", "cmake", "include")
        if ours and pathlib.Path(name).suffix in SOURCE | {".cmake"} and not generated(name):
            # The C header is one file for its readers; its guide and its comments are most of it.
            limit = 600 if name == "include/dtenv/dtenv.h" else 300
            count = text(name).count("\n")
            if count > limit:
                yield f"{name}: {count} lines"
    if not 0 < text("ARCHITECTURE.md").count("\n") <= 90:
        yield "ARCHITECTURE.md: missing, or above 90 lines"


def check_sources():
    """a source includes its own header first, a header guards itself"""
    for name in under("src/", "capi/"):
        if name.endswith(".hpp"):
            if "#pragma once" not in text(name):
                yield f"{name}: no #pragma once"
        elif os.path.exists(ROOT / name.replace(".cpp", ".hpp")):
            own = name.replace(".cpp", ".hpp").split("/", 1)[1]
            first = includes(name)
            if not first or first[0][1] not in (own, own.split("/")[-1]):
                yield f"{name}: {own} is not its first include"


def check_leftovers():
    """nothing is left for later, no line ends in blanks, no path of one machine is written down"""
    here = os.path.basename(__file__)
    for name in FILES:
        data = name.startswith(("tests/golden", "tests/fuzz", "tests/data")) or "/fixtures/" in name
        known = pathlib.Path(name).suffix in SOURCE | {".md", ".cmake", ".json", ".txt", ".in", ".toml", ".map"}
        if not known or data or name.endswith(here):
            continue
        for number, line in enumerate(text(name).split("\n"), 1):
            if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
                yield f"{name}:{number}: {line.strip()[:60]}"
            if line != line.rstrip():
                yield f"{name}:{number}: ends in blanks"
            if re.search(r"(?<![\w.])/work/(main|shared|b)\b|\]\([^)]*shared/", line):
                yield f"{name}:{number}: names a path outside the repository"


def check_steps():
    """every step has its header, source, schema and row in the registry"""
    registry = text("src/steps/registry.cpp") if (ROOT / "src/steps/registry.cpp").exists() else ""
    present = [pathlib.Path(f).name.split(".")[0] for f in FILES if re.fullmatch(r"src/steps/\w+\.schema\.json", f)]
    for kind in sorted(set(KINDS) | set(present) - {"environment"}):
        for suffix in (".hpp", ".cpp", ".schema.json"):
            if not (ROOT / f"src/steps/{kind}{suffix}").exists():
                yield f"{kind}: no src/steps/{kind}{suffix}"
        type_name = "".join(word.capitalize() for word in kind.split("_"))
        if not re.search(rf"\b({type_name}|{kind})\b", registry):
            yield f"{kind}: no row in src/steps/registry.cpp"


def check_bindings():
    """the generated binding is what gen_ffi.py makes of the header"""
    run = subprocess.run([sys.executable, str(ROOT / "capi/gen_ffi.py"), "--check"], capture_output=True, text=True)
    if run.returncode:
        yield (run.stdout + run.stderr).strip() or "gen_ffi.py --check failed"


def check_readme():
    """README names the two commands first, and its local links lead somewhere"""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text("README.md"), flags=re.M | re.S)
    if not blocks or "examples/quickstart.sh" not in blocks[0] or "tests/run.sh" not in blocks[0]:
        yield "README.md: its first block does not name examples/quickstart.sh and tests/run.sh"
    for name in [f for f in FILES if f.endswith(".md")]:
        for link in re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", text(name)):
            if not (ROOT / name).parent.joinpath(link).exists():
                yield f"{name}: the link {link} leads nowhere"


def check_format():
    """sources are formatted as .clang-format says (clang-format 14)"""
    if not shutil.which("clang-format-14"):
        return
    names = [f for f in under("src/", "capi/", "include/", "examples/", "tests/",
                              suffixes=(".cpp", ".hpp", ".c", ".h")) if "/doctest" not in f]
    run = subprocess.run(["clang-format-14", "--dry-run", *names], cwd=ROOT, capture_output=True, text=True)
    for name in sorted(set(re.findall(r"^([^:\s]+):\d+:\d+: warning", run.stderr, flags=re.M))):
        yield f"{name}: not formatted"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=pathlib.Path, help="folder that remembers headers already compiled alone")
    parser.add_argument("--only", default="", help="only the checks whose name holds this word")
    options = parser.parse_args()
    if options.cache:
        options.cache.mkdir(parents=True, exist_ok=True)

    passed = failed = 0
    checks = [value for name, value in globals().items() if name.startswith("check_") and options.only in name]
    checks.sort(key=lambda check: check is check_headers)  # the slow one last
    for check in checks:
        problems = list(check(options.cache) if check is check_headers else check())
        print(f"{'FAIL' if problems else 'ok  '} {check.__doc__}")
        for problem in problems[:40]:
            print(f"       {problem}")
        failed, passed = failed + bool(problems), passed + (not problems)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
