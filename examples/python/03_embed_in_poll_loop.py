"""How do I drive dtenv from my scheduler's own poll() loop, with a deadline of my own?

With asyncio, `async for event in job.aevents()` does the same.

    run: python3 03_embed_in_poll_loop.py environment.json
"""
import json
import pathlib
import select
import sys
import time

import dtenv

if len(sys.argv) != 2:
    print(f"usage: {sys.argv[0]} environment.json", file=sys.stderr)
    sys.exit(2)
environment = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")

try:
    with dtenv.Session() as session:
        job = session.apply(environment)
        deadline = time.monotonic() + 30 * 60
        poll = select.poll()  # your scheduler's descriptors go here too
        poll.register(session.fileno(), select.POLLIN)
        running = True
        while running:
            poll.poll(1000)
            if time.monotonic() > deadline:
                job.cancel()
            while (event := session.next_event(0)) is not None:
                print(json.dumps(event.raw), flush=True)
                running = running and event.type != "job.finished"
        job.wait()  # raises what stopped the job
        print("OK")
except dtenv.DtenvError as error:
    print(f"{error.name}: {error}", file=sys.stderr)
    sys.exit(1)
