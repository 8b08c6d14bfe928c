"""What happens when I cancel an apply, and how do I go on from there?

    run: python3 04_cancel_and_resume.py environment.json
"""
import pathlib
import sys

import dtenv

if len(sys.argv) != 2:
    print(f"usage: {sys.argv[0]} environment.json", file=sys.stderr)
    sys.exit(2)
environment = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")

try:
    with dtenv.Session() as session:
        first = session.apply(environment)
        for event in first.events():
            if event.type == "step.started":
                first.cancel(grace_ms=5000)  # 5 s for what runs to end by itself; any thread may
                break
        try:
            first.wait()
            print("first run: OK", flush=True)  # it had ended already
        except dtenv.DtenvError as error:
            print(f"first run: {error.name}", flush=True)  # CANCELLED. To cancel is not to undo.

        # The same document again: what was done is found done, the rest follows.
        session.apply(environment).wait()
        print("second run: OK")
except dtenv.DtenvError as error:
    print(f"{error.name}: {error}", file=sys.stderr)
    sys.exit(1)
