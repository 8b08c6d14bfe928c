"""How do I take two machines from bare to training, showing the plan before anything is changed?

    run: python3 05_two_node_pretraining.py examples/environments/two_nodes.json report.json
"""
import json
import pathlib
import sys

import dtenv

if len(sys.argv) != 3:
    print(f"usage: {sys.argv[0]} environment.json report.json", file=sys.stderr)
    sys.exit(2)
environment = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")


def follow(job: dtenv.Job) -> None:
    """What a program on the machines says (the ranks of the training, say) and what was changed."""
    for event in job.events():
        if event.type == "output" or event.type.startswith("change."):
            print(json.dumps(event.raw), flush=True)


try:
    # One session: each machine is dialled once, for the check and for the apply.
    with dtenv.Session() as session:
        check = session.check(environment)
        follow(check)
        check.wait()
        plan = check.plan()
        print(dtenv.render(plan), end="", flush=True)

        # The plan that was shown bounds the apply: whatever else it would do ends it with PlanStale.
        apply = session.apply(environment, approved_plan=plan)
        follow(apply)
        report = apply.report()
        print(dtenv.render(report), end="", flush=True)
        pathlib.Path(sys.argv[2]).write_text(json.dumps(report.raw), encoding="utf-8")
        apply.wait()
except dtenv.DtenvError as error:
    print(f"{error.name}: {error}", file=sys.stderr)
    sys.exit(1)
