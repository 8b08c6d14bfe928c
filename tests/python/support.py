"""Documents for jobs on this machine alone."""
import contextlib
import socket

LOCAL = {"v": 1, "nodes": [{"name": "here", "local": True}], "steps": [{"kind": "driver_check"}]}


@contextlib.contextmanager
def stuck_environment():
    """A job that runs until it is cancelled: ssh waits for the banner of a machine that never speaks."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        node = {
            "name": "stuck",
            "address": "127.0.0.1",
            "ssh": {"port": listener.getsockname()[1], "user": "nobody", "connect_timeout": "60s"},
        }
        yield {"v": 1, "nodes": [node], "steps": [{"kind": "driver_check"}]}
