"""Does each header compile alone?"""
import concurrent.futures
import hashlib
import os
import subprocess

from structure.repository import ROOT, includes, text, under


def compile_alone(job):
    name, command, stamp = job
    source = f'#include "{ROOT / name}"\n'
    run = subprocess.run(command + ["-"], input=source, capture_output=True, text=True)
    if run.returncode:
        first = next((line for line in run.stderr.splitlines() if "error" in line), run.stderr[:200])
        return f"{name}: {first}"
    if stamp:
        stamp.touch()
    return None


def with_includes(name, seen):
    """The header's text and that of every header of ours it reaches: what its verdict depends on."""
    if name in seen or not (ROOT / name).exists():
        return ""
    seen.add(name)
    return text(name) + "".join(with_includes(f"src/{target}", seen) for _, target in includes(name))


def check_headers(cache):
    """each header compiles alone"""
    common = ["-fsyntax-only", "-I", str(ROOT / "src"), "-I", str(ROOT / "include"), "-I", str(ROOT)]
    modern = ["g++", "-std=c++20", "-x", "c++", "-DBOOST_ASIO_NO_DEPRECATED", "-DBOOST_JSON_NO_LIB",
              "-DBOOST_ASIO_DISABLE_BOOST_COROUTINE", "-DBOOST_CONTAINER_NO_LIB"] + common
    strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    jobs = [(name, modern) for name in under("src/", "capi/", suffixes=(".hpp",))]
    jobs += [("include/dtenv/dtenv.h", ["gcc", "-std=c89", "-x", "c", "-Wc++-compat"] + strict + common),
             ("include/dtenv/dtenv.h", ["g++", "-std=c++11", "-x", "c++"] + strict + common),
             ("include/dtenv/dtenv.hpp", ["g++", "-std=c++17", "-x", "c++"] + strict + common)]
    todo = []
    for name, command in jobs:
        key = hashlib.sha256((" ".join(command) + name + with_includes(name, set())).encode()).hexdigest()
        stamp = cache / key if cache else None
        if not stamp or not stamp.exists():
            todo.append((name, command, stamp))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from filter(None, pool.map(compile_alone, todo))
