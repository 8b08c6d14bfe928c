"""How do I apply an environment and print what happens, until it ends?

    run: python3 02_apply_and_follow.py environment.json
"""
import json
import pathlib
import sys

import dtenv

if len(sys.argv) != 2:
    print(f"usage: {sys.argv[0]} environment.json", file=sys.stderr)
    sys.exit(2)
environment = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")

try:
    with dtenv.Session() as session:
        job = session.apply(environment)
        for event in job.events():
            print(json.dumps(event.raw), flush=True)
        # The report is there whatever the job came to; what it came to is what wait raises.
        print(dtenv.render(job.report()), end="", flush=True)
        job.wait()
except dtenv.DtenvError as error:
    print(f"{error.name}: {error}", file=sys.stderr)
    sys.exit(1)
