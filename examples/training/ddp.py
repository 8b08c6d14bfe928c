"""Trains a small network with DistributedDataParallel over gloo, one rank a node, on CPUs.

Rank 0 prints `step N loss X`, the loss averaged over all ranks; every rank prints where it runs and
a digest of its weights at the end, which is the same everywhere if the gradients really travelled.
"""

import hashlib
import ipaddress
import json
import os
import socket
import subprocess
import sys


def interface_towards(address: str) -> str:
    """The interface whose network holds `address`: on a machine with Docker, gloo's own guess may
    be docker0, which has the same address on every node."""
    listing = subprocess.run(["ip", "-j", "-4", "addr"], check=True, capture_output=True, text=True)
    for interface in json.loads(listing.stdout):
        for entry in interface["addr_info"]:
            network = ipaddress.ip_interface(f"{entry['local']}/{entry['prefixlen']}").network
            if ipaddress.ip_address(address) in network:
                return interface["ifname"]
    raise SystemExit(f"no interface of {socket.gethostname()} is on the network of {address}")


def main() -> None:
    rank = int(os.environ["OMPI_COMM_WORLD_RANK"])
    world = int(os.environ["OMPI_COMM_WORLD_SIZE"])
    master = os.environ["MASTER_ADDR"]
    os.environ["GLOO_SOCKET_IFNAME"] = interface_towards(master)

    import torch
    import torch.distributed as dist
    from torch.nn.parallel import DistributedDataParallel

    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"tcp://{master}:{os.environ['MASTER_PORT']}", rank=rank, world_size=world
    )
    print(f"rank {rank} of {world} on host {socket.gethostname()}", flush=True)

    torch.manual_seed(int(os.environ["SEED"]))
    weights = torch.randn(16, 1)  # what is to be learnt: the same on every rank
    model = DistributedDataParallel(
        torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=float(os.environ["LEARNING_RATE"]))
    torch.manual_seed(int(os.environ["SEED"]) + 1 + rank)  # each rank has its own share of the data
    inputs = torch.randn(256, 16)
    wanted = inputs @ weights

    for step in range(1, int(os.environ["STEPS"]) + 1):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(inputs), wanted)
        loss.backward()
        optimizer.step()
        mean = loss.detach().clone()
        dist.all_reduce(mean)
        if rank == 0:
            print(f"step {step} loss {mean.item() / world:.6f}", flush=True)

    learnt = b"".join(p.detach().numpy().tobytes() for p in model.parameters())
    digest = hashlib.sha256(learnt).hexdigest()[:16]
    print(f"rank {rank} on host {socket.gethostname()} ends with weights {digest}", flush=True)
    # Nobody leaves while another still talks; and nobody takes gloo down, which now and then waits for
    # ever for a neighbour that has gone (PyTorch 1.13: 1 run in 16 of two ranks).
    dist.barrier()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
