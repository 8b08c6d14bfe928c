"""python -m dtenv: a thin command over the package; examples/dtenv.cpp is the full one.

    python -m dtenv check|apply|verify|destroy FILE [--json]
    python -m dtenv validate FILE | eval FUNCTION < ARGUMENTS | schema [KIND] | version
"""
import argparse
import json
import sys
from typing import Any, Callable, List, Optional

import dtenv

# As the command `dtenv` exits.
EXIT_CODES = {
    "COMMAND": 1,
    "INVALID": 64,
    "CONFIG": 64,
    "PLAN_STALE": 65,
    "VERIFY": 65,
    "HOST": 69,
    "NOMEM": 71,
    "REFUSED": 73,
    "IO": 74,
    "TIMEOUT": 75,
    "PARTIAL": 76,
    "NOT_FOUND": 78,
    "UNSUPPORTED": 78,
    "CANCELLED": 130,
}
EXIT_OTHER = 70
EXIT_NO_INPUT = 66


def read(path: str) -> str:
    if path == "-":
        return sys.stdin.read()
    with open(path, encoding="utf-8") as file:
        return file.read()


def show(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def follow(job: dtenv.Job) -> None:
    try:
        for event in job.events():
            place = "/".join(part for part in (event.host, event.step) if part)
            print(f"{event.time} {event.type} {place} {event.text}".rstrip(), file=sys.stderr)
    except KeyboardInterrupt:
        job.cancel()


def run_job(options: argparse.Namespace) -> None:
    environment = read(options.file)
    with dtenv.Session() as session:
        submit: Callable[[str], dtenv.Job] = getattr(session, options.verb)
        job = submit(environment)
        follow(job)
        try:
            job.wait()
        finally:
            report = job.report()
            show(report.raw) if options.json else print(report)


def run_validate(options: argparse.Namespace) -> None:
    dtenv.validate(read(options.file))


def run_eval(options: argparse.Namespace) -> None:
    show(dtenv.eval(options.function, sys.stdin.read()))


def run_schema(options: argparse.Namespace) -> None:
    show(dtenv.step_schema(options.kind) if options.kind else dtenv.document_schema())


def run_version(_: argparse.Namespace) -> None:
    print(f"dtenv {dtenv.__version__}")


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dtenv", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("check", "apply", "verify", "destroy"):
        job = verbs.add_parser(verb)
        job.add_argument("file", help="the environment document; - is stdin")
        job.add_argument("--json", action="store_true", help="the report as JSON")
        job.set_defaults(run=run_job)
    verbs.add_parser("version").set_defaults(run=run_version)
    validate = verbs.add_parser("validate")
    validate.add_argument("file")
    validate.set_defaults(run=run_validate)
    evaluate = verbs.add_parser("eval")
    evaluate.add_argument("function")
    evaluate.set_defaults(run=run_eval)
    schema = verbs.add_parser("schema")
    schema.add_argument("kind", nargs="?")
    schema.set_defaults(run=run_schema)
    return parser


def main(arguments: Optional[List[str]] = None) -> int:
    options = make_parser().parse_args(arguments)
    try:
        options.run(options)
    except dtenv.DtenvError as error:
        print(json.dumps(dict(error.raw), ensure_ascii=False), file=sys.stderr)
        return EXIT_CODES.get(error.name, EXIT_OTHER)
    except (OSError, ValueError) as error:
        print(f"dtenv: {error}", file=sys.stderr)
        return EXIT_NO_INPUT
    return 0


if __name__ == "__main__":
    sys.exit(main())
