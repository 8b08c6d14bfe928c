"""A container with every launcher in it, on both machines: Debian 13's, and the real DeepSpeed.

Its image is made once, on this machine, by dtenv itself; the machines get it as an archive.
"""

import hashlib
import json
import pathlib
import re
import subprocess
import tempfile
import time

from launches import STAMP, inside
from testbed import FOLDER, NODES, Done, document, dtenv, only

CONTAINER = "engines"
DEEPSPEED = "0.19.8"
PACKAGES = "iproute2 procps mpich slurmctld slurmd slurm-client munge pdsh perl".split()
# What DeepSpeed asks PyPI for, from the distribution.
PACKAGES += [f"python3-{name}" for name in "pip setuptools wheel psutil einops hjson msgpack cpuinfo pydantic tqdm".split()]
# Debian's PyTorch is built without libuv, and its static rendezvous asks for it all the same.
MEND = [
    "sed", "-i", r"s/^\( *\)multi_tenant=True,/&\n\1use_libuv=False,/",
    "/usr/lib/python3/dist-packages/torch/distributed/elastic/rendezvous/static_tcp_rendezvous.py",
]  # fmt: skip
DOCKERFILE = """FROM {packages}
COPY {sdist} /tmp/
RUN DS_BUILD_OPS=0 pip install --break-system-packages --no-deps --no-build-isolation --no-index /tmp/{sdist} && rm /tmp/{sdist}
"""


class NotHere(Exception):
    """Why these tests cannot run on this machine."""


def host(*argv: str, check: bool = True) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if check and done.returncode != 0:
        raise AssertionError(f"{argv}: exit {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout if done.returncode == 0 else ""


def mirror() -> str:
    """Where this machine's own packages come from; the next release's are there too."""
    if "\nID=debian\n" not in "\n" + pathlib.Path("/etc/os-release").read_text():
        raise NotHere("the image is made of Debian 13's packages, and this machine is no Debian")
    sites = host("apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)", "Created-By: Packages").splitlines()
    found = [site.split()[0] for site in sites if re.fullmatch(r"\S+ (bookworm|trixie)", site)]
    if not found:
        raise NotHere("apt knows no mirror of Debian's packages")
    return found[0]


def recipe() -> dict:
    return {
        "base": {"debootstrap": {"suite": "trixie", "mirror": mirror()}},
        "openmpi": "distro",
        "python": "distro",
        "pytorch": "distro",
        "apt": {"packages": PACKAGES},
        "commands": [MEND],
    }


def made_here(tag: str, build: dict) -> None:
    step = {"kind": "image_build", "tag": tag, "from": {"build": build}}
    done = dtenv("apply", {"v": 1, "cluster": "here", "nodes": [{"name": "here", "local": True}], "steps": [step]})
    if done.code != 0:
        raise AssertionError(str(done))


def is_there(tag: str) -> bool:
    return bool(host("docker", "image", "inspect", tag, check=False))


def image() -> str:
    """The tag of the image in this machine's engine; without DeepSpeed where PyPI is not reached."""
    wanted = recipe()
    digest = hashlib.sha256((json.dumps(wanted) + DOCKERFILE).encode()).hexdigest()[:12]
    packages, whole = f"dtenv/launchers:{digest}", f"dtenv/engines:{digest}-{DEEPSPEED}"
    if is_there(whole):
        return whole
    if not is_there(packages):
        made_here(packages, {"recipe": wanted})
    with tempfile.TemporaryDirectory(prefix="dtenv-engines-") as folder:
        words = ["download", "-q", "--no-deps", "--no-binary", ":all:", f"deepspeed=={DEEPSPEED}", "-d", folder]
        host("python3", "-m", "pip", *words, check=False)
        sdists = list(pathlib.Path(folder).glob("*.tar.gz"))
        if not sdists:
            return packages
        text = DOCKERFILE.format(packages=packages, sdist=sdists[0].name)
        pathlib.Path(folder, "Dockerfile").write_text(text)
        made_here(whole, {"context": folder, "builder": "legacy"})
    return whole


def load(tag: str) -> None:
    """Brings it to the machines that have another, to both at once."""
    lacking = [machine for machine in NODES if not machine.run("docker", "images", "-q", tag).strip()]
    if not lacking:
        return
    archive = FOLDER / "engines.tar"
    host("docker", "save", "-o", str(archive), tag)
    loads = []
    for machine in lacking:
        with open(archive, "rb") as file:
            argv = ["docker", "exec", "-i", machine.container, "docker", "load", "-q"]
            loads.append(subprocess.Popen(argv, stdin=file, stdout=subprocess.DEVNULL))
    codes = [loading.wait() for loading in loads]
    archive.unlink()
    assert codes == [0] * len(codes), "docker load"


def of_engines(with_steps: "list[dict]") -> dict:
    """Two slots on each node, the containers' sshd beside that of the other tests."""
    wanted = document(with_steps)
    for number, node in enumerate(wanted["nodes"], 1):
        node.update({"slots": 2, "container_ssh_port": 6100 + number})
    return wanted


def up() -> Done:
    tag = image()
    engine = dtenv("apply", of_engines(only("docker_config")))
    if engine.code != 0:
        return engine
    load(tag)
    steps = [
        {
            "kind": "container_run",
            "name": CONTAINER,
            "image": tag,
            "hostname": "engines-{node}",
            "network": "host",
            "shm_size": "64mb",
        },
        {"kind": "key_exchange", "key": "ed25519", "trust": "mesh"},
        {"kind": "hostfile_writer", "path": "/root/hostfile", "dialect": "openmpi"},
    ]
    return dtenv("apply", of_engines(steps))


SLURM = """ClusterName=testbed
SlurmctldHost=engines-node1({head})
SlurmUser=root
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SlurmctldParameters=enable_configless
StateSaveLocation=/var/spool/slurmctld
SlurmdSpoolDir=/var/spool/slurmd
{nodes}
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
START = """
mkdir -p /etc/slurm /var/spool/slurmctld /var/spool/slurmd /run/munge
printf '%s' "$1" >/etc/slurm/slurm.conf
echo CgroupPlugin=disabled >/etc/slurm/cgroup.conf
printf '%s' "$2" >/etc/munge/munge.key
chown -R munge: /etc/munge /run/munge /var/lib/munge /var/log/munge
chmod 400 /etc/munge/munge.key
exec >/dev/null 2>&1 </dev/null
su -s /bin/sh munge -c /usr/sbin/munged
[ "$3" != node1 ] || slurmctld
slurmd -N "$3"
"""


def slurm_up() -> None:
    """Slurm's own daemons in the containers, over munge; nothing of systemd's or of cgroups."""
    nodes = "\n".join(f"NodeName={m.name} NodeHostname=engines-{m.name} NodeAddr={m.address} CPUs=2" for m in NODES)
    config = SLURM.format(head=NODES[0].address, nodes=nodes)
    for machine in NODES:
        inside(machine, "sh", "-c", START, "sh", config, STAMP * 4, machine.name, container=CONTAINER)
    wait_until_slurm_is_idle()


def wait_until_slurm_is_idle() -> None:
    """Its nodes are there, and no allocation is left on them."""
    for _ in range(100):
        told = inside(NODES[0], "sinfo", "-h", "-o", "%T %D", container=CONTAINER, check=False)
        if told.strip() == "idle 2":
            return
        time.sleep(0.2)
    raise AssertionError(f"Slurm's nodes are not idle: {told}")
