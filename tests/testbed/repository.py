"""A signed apt repository of our own, made in seconds: docker-ce of Debian's engine, and a toolkit of two scripts."""

import functools
import hashlib
import http.server
import pathlib
import shutil
import subprocess
import tempfile
import threading

from testbed import FOLDER, PREFIX

PORT = 5080
TOOLKIT_VERSION = "1.17.8"
SCRIPTS = {
    "usr/bin/nvidia-ctk": f"#!/bin/sh\necho 'NVIDIA Container Toolkit CLI version {TOOLKIT_VERSION}'\n",
    "usr/bin/nvidia-container-runtime": '#!/bin/sh\nexec runc "$@"\n',
}
# The engine's group is made by docker.io's script, which does not come along.
MAKE_GROUP = "#!/bin/sh\ngetent group docker >/dev/null || groupadd -r docker\n"
NEEDED = "dtenv-needed"  # what docker-ce needs and no machine has


def run(*argv: "str | pathlib.Path", cwd: "pathlib.Path | None" = None) -> str:
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, cwd=cwd)
    if done.returncode != 0:
        raise AssertionError(f"{argv}: exit {done.returncode}: {done.stderr}")
    return done.stdout


def digest(algorithm: str, data: bytes) -> str:
    return hashlib.new(algorithm, data).hexdigest()


ARCHITECTURE = run("dpkg", "--print-architecture").strip()


class Key:
    """An OpenPGP key with a home of its own."""

    def __init__(self, name: str):
        # gpg's agent puts a socket there: its path has to be short.
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="dtenv-gpg-"))
        self.home.chmod(0o700)
        self.gpg("--passphrase", "", "--quick-generate-key", name, "rsa2048", "sign", "never")
        listed = self.gpg("--with-colons", "--list-keys")
        self.fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))
        self.armoured = self.gpg("--armor", "--export")

    def gpg(self, *words: "str | pathlib.Path") -> str:
        return run("gpg", "--homedir", self.home, "--batch", "--yes", "--pinentry-mode", "loopback", *words)

    def forget(self) -> None:
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"], check=False, capture_output=True)
        shutil.rmtree(self.home, ignore_errors=True)


class SignedFolder:
    """Packages in a folder; `publish` signs a repository of them; served over http until `close`."""

    def __init__(self, name: str, port: int) -> None:
        self.folder, self.port = FOLDER / name, port
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.key, self.other_key = Key("docker"), Key("somebody else")
        handler = functools.partial(Quiet, directory=str(self.folder))
        self.server = http.server.ThreadingHTTPServer((f"{PREFIX}.1", port), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.key.forget()
        self.other_key.forget()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str) -> str:
        return f"http://{PREFIX}.1:{self.port}/{name}"

    def package(
        self, name: str, version: str, tree: pathlib.Path, needs: str = "", postinst: str = "", conffiles: str = ""
    ) -> None:
        control = tree / "DEBIAN"
        control.mkdir(parents=True)
        lines = [f"Package: {name}", f"Version: {version}", f"Architecture: {ARCHITECTURE}"]
        lines += ["Maintainer: dtenv <nobody@example.com>", f"Description: {name} for a test"]
        lines += [f"Depends: {needs}"] * bool(needs)
        (control / "control").write_text("\n".join(lines) + "\n")
        if conffiles:
            (control / "conffiles").write_text(conffiles)
        if postinst:
            (control / "postinst").write_text(postinst)
            (control / "postinst").chmod(0o755)
        run("dpkg-deb", "-Znone", "--root-owner-group", "-b", tree, self.folder / f"{name}.deb")

    def publish(self, name: str, key: Key) -> None:
        """As docker.com does it: a suite and a component, over the packages that lie beside NAME."""
        top = self.folder / name
        index = f"stable/binary-{ARCHITECTURE}/Packages"
        (top / "dists/bookworm" / index).parent.mkdir(parents=True)
        (top / "pool").symlink_to("..", target_is_directory=True)
        self.sign(top / "dists/bookworm", index, "pool/", key)

    def publish_flat(self, name: str, key: Key) -> None:
        """As NVIDIA does it: packages and index in one folder."""
        top = self.folder / name
        top.mkdir(parents=True)
        (top / "pool").symlink_to(self.folder, target_is_directory=True)
        self.sign(top, "Packages", "./pool/", key)

    def sign(self, suite: pathlib.Path, index: str, pool: str, key: Key) -> None:
        stanzas = []
        for deb in sorted(self.folder.glob("*.deb")):
            data = deb.read_bytes()
            told = run("dpkg-deb", "-f", deb).strip()
            stanzas.append(
                f"{told}\nFilename: {pool}{deb.name}\nSize: {len(data)}\nSHA256: {digest('sha256', data)}\n"
            )
        packages = "\n".join(stanzas).encode()
        (suite / index).write_bytes(packages)
        (suite / "Release").write_text(
            f"Origin: test\nSuite: bookworm\nCodename: bookworm\nArchitectures: {ARCHITECTURE}\n"
            f"Components: stable\nDate: {run('date', '-Ru').strip()}\n"
            f"SHA256:\n {digest('sha256', packages)} {len(packages)} {index}\n"
        )
        key.gpg("--clearsign", "-o", suite / "InRelease", suite / "Release")


class Repository(SignedFolder):
    """docker-ce and the toolkit, signed well, signed by somebody else, and as NVIDIA publishes."""

    def __init__(self) -> None:
        super().__init__("repository", PORT)
        self.make_packages()
        self.publish("good", self.key)
        self.publish("bad", self.other_key)
        self.publish_flat("nvidia", self.other_key)

    def make_packages(self) -> None:
        debs = FOLDER.parent / "debs"  # kept from run to run
        debs.mkdir(parents=True, exist_ok=True)
        wanted = ("docker.io", "containerd", "runc")
        if any(not list(debs.glob(f"{name}_*.deb")) for name in wanted):
            run("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *wanted, cwd=debs)
        trees = {}
        for name in ("docker.io", "containerd", "runc"):
            trees[name] = self.folder / "tree" / name
            trees[name].mkdir(parents=True)
            run("dpkg-deb", "-x", next(debs.glob(f"{name}_*.deb")), trees[name])
        client = self.folder / "tree" / "cli"
        (client / "usr/bin").mkdir(parents=True)
        (trees["docker.io"] / "usr/bin/docker").rename(client / "usr/bin/docker")
        shutil.copytree(trees["runc"] / "usr", trees["containerd"] / "usr", dirs_exist_ok=True)
        needs = f"docker-ce-cli, containerd.io (>= 1.6), iptables, {NEEDED} (>= 1)"
        self.package("docker-ce", "5:27.0.1-1~test", trees["docker.io"], needs, MAKE_GROUP)
        self.package("docker-ce-cli", "5:27.0.1-1~test", client)
        self.package("containerd.io", "1.7.1-1", trees["containerd"], "libseccomp2 (>= 2.5.0)")
        self.package("docker-buildx-plugin", "0.15.1-1", self.folder / "tree" / "buildx")
        toolkit = self.folder / "tree" / "toolkit"
        for path, text in SCRIPTS.items():
            (toolkit / path).parent.mkdir(parents=True, exist_ok=True)
            (toolkit / path).write_text(text)
            (toolkit / path).chmod(0o755)
        self.package("nvidia-container-toolkit", f"{TOOLKIT_VERSION}-1", toolkit)
        self.package(NEEDED, "1.2", self.folder / "tree" / "needed")
        shutil.rmtree(self.folder / "tree")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass
