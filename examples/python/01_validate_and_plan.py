"""What is wrong with my environment document, and what would apply change on my machines?

    run: python3 01_validate_and_plan.py environment.json
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
    # A check reads every machine and changes nothing.
    dtenv.validate(environment)
    with dtenv.Session() as session:
        job = session.check(environment)
        job.wait()
        print(dtenv.render(job.plan()), end="")
except dtenv.DtenvError as error:
    # `detail` says where: a pointer, a line and a column for each problem.
    print(f"{error.name}: {error}\n{json.dumps(error.raw)}", file=sys.stderr)
    sys.exit(1)
