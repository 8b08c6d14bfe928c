#!/usr/bin/env python3
"""A stand-in for dockerd: reads --config-file at its start and on SIGHUP, answers the few questions of the
Engine API that docker_config asks, and says what it runs with. SIGUSR1: as if started again.

Its process is named dockerd. --config-file FILE --socket PATH --version V
"""

import argparse
import ctypes
import http.server
import json
import os
import pathlib
import signal
import socketserver
import sys

# Keys that a reload takes; a key that is gone from the file keeps its value.
RELOADED = ["registry-mirrors", "runtimes", "default-runtime", "live-restore", "insecure-registries", "labels"]

options = argparse.ArgumentParser()
for name in ("--config-file", "--socket", "--version"):
    options.add_argument(name, required=True)
wanted = options.parse_args()
running: dict = {}


def read() -> dict:
    path = pathlib.Path(wanted.config_file)
    content = json.loads(path.read_text()) if path.exists() else {}
    for url in content.get("registry-mirrors", []):
        if not url.startswith("http"):
            raise ValueError(f"invalid mirror: {url}")
    return content


def reload(*_) -> None:
    try:
        content = read()
        running.update({key: content[key] for key in RELOADED if key in content})
    except ValueError as error:
        print(f"unable to configure the Docker daemon: {error}", file=sys.stderr, flush=True)


def start(*_) -> None:
    running.clear()
    running.update(read())


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = "/" + self.path.split("/", 2)[-1] if self.path.startswith("/v1.") else self.path
        if path == "/_ping":
            return self.answer(b"OK", "text/plain")
        known = {
            "/version": {"Version": wanted.version, "ApiVersion": "1.41", "MinAPIVersion": "1.12"},
            "/containers/json": [],
            "/info": {
                "ServerVersion": wanted.version,
                "RegistryConfig": {
                    "Mirrors": [url.rstrip("/") + "/" for url in running.get("registry-mirrors", [])],
                    "InsecureRegistryCIDRs": [],
                    "IndexConfigs": {},
                },
                "Runtimes": {"runc": {"path": "runc"}, **running.get("runtimes", {})},
                "DefaultRuntime": running.get("default-runtime", "runc"),
                "LiveRestoreEnabled": running.get("live-restore", False),
                "LoggingDriver": running.get("log-driver", "json-file"),
                "Swarm": {"LocalNodeState": "inactive"},
                "ContainersRunning": 0,
            },
        }
        self.answer(json.dumps(known.get(path, {"message": "page not found"})).encode(), "application/json", path in known)

    def answer(self, body: bytes, kind: str, found: bool = True) -> None:
        self.send_response(200 if found else 404)
        self.send_header("Api-Version", "1.41")
        self.send_header("Ostype", "linux")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass

    def address_string(self) -> str:
        return "unix"


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


# PR_SET_NAME: it stays the name when it is started again by its command line, which begins with python.
ctypes.CDLL(None).prctl(15, b"dockerd", 0, 0, 0)
try:
    start()
except ValueError as error:
    sys.exit(f"unable to configure the Docker daemon with file {wanted.config_file}: {error}")
signal.signal(signal.SIGHUP, reload)
signal.signal(signal.SIGUSR1, start)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
pathlib.Path(wanted.socket).unlink(missing_ok=True)
with Server(wanted.socket, Answers) as server:
    server.serve_forever(poll_interval=0.05)
