"""An all-reduce across all ranks: that every rank computes with every other, and how fast per size."""

import os
import socket
import sys
import time

rank, world, local = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
SIZES = [4 << 10, 64 << 10, 1 << 20, 16 << 20]


def interface_towards(address):
    """Its name, so that gloo takes neither loopback nor docker0."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 9))
        mine = probe.getsockname()[0]
    import fcntl
    import struct

    for _, name in socket.if_nameindex():
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
                found = fcntl.ioctl(asked, 0x8915, struct.pack("256s", name.encode()[:15]))
            if socket.inet_ntoa(found[20:24]) == mine:
                return name
        except OSError:
            pass
    return None


def with_torch(torch):
    import torch.distributed as dist

    gpu = torch.cuda.is_available()
    if gpu:
        torch.cuda.set_device(local % torch.cuda.device_count())
    elif "GLOO_SOCKET_IFNAME" not in os.environ:
        name = interface_towards(socket.gethostbyname(os.environ["MASTER_ADDR"]))
        if name:
            os.environ["GLOO_SOCKET_IFNAME"] = name
    torch.set_num_threads(1)
    dist.init_process_group("nccl" if gpu else "gloo", init_method="env://", rank=rank, world_size=world)
    device = "cuda" if gpu else "cpu"

    def reduce(size):
        values = torch.full((size // 4,), float(rank + 1), device=device)
        dist.all_reduce(values)
        return values

    def settle():
        if gpu:
            torch.cuda.synchronize()
        dist.barrier()

    def leave():
        if gpu:
            return dist.destroy_process_group()
        # gloo's own end waits for ever now and then, for a neighbour that has gone.
        sys.stdout.flush()
        os._exit(0)

    return ("nccl" if gpu else "gloo") + " of torch " + torch.__version__, reduce, settle, leave


def with_mpi4py():
    from array import array

    from mpi4py import MPI

    everyone = MPI.COMM_WORLD
    if everyone.Get_size() != world:
        sys.exit("mpi4py sees %d ranks, the launcher began %d: two MPIs in the image?" % (everyone.Get_size(), world))

    def reduce(size):
        mine, total = array("f", [rank + 1.0]) * (size // 4), array("f", [0.0]) * (size // 4)
        everyone.Allreduce([mine, MPI.FLOAT], [total, MPI.FLOAT])
        return total

    return MPI.Get_library_version().split(",")[0], reduce, everyone.Barrier, lambda: None


def main():
    try:
        import torch
    except ImportError:
        torch = None
    try:
        name, reduce, settle, close = with_torch(torch) if torch else with_mpi4py()
    except ImportError:
        sys.exit("the smoke test needs torch or mpi4py in the image")
    print("rank %d of %d on %s: %s" % (rank, world, socket.gethostname(), name), flush=True)
    wanted = world * (world + 1) / 2
    for size in SIZES:
        values = reduce(size)  # the first of a size opens connections
        if float(values[0]) != wanted or float(values[-1]) != wanted:
            sys.exit("rank %d: the sum is %r and %r, not %r" % (rank, values[0], values[-1], wanted))
        settle()
        times = 5
        start = time.perf_counter()
        for _ in range(times):
            reduce(size)
        settle()
        spent = (time.perf_counter() - start) / times
        if rank == 0:
            bus = size / spent * (2 * (world - 1) / world if world > 1 else 1) / 1e9
            print("all-reduce %8d bytes %10.1f us bus %8.3f GB/s" % (size, spent * 1e6, bus), flush=True)
    if rank == 0:
        print("smoke: %d ranks agree" % world, flush=True)
    close()


main()
