"""Set up a multi-node GPU training environment: describe it once, see the plan, apply it, prove it.

    import dtenv

    with dtenv.Session() as session:
        job = session.apply(environment)          # a dict, or JSON text
        for event in job.events():
            print(event.host, event.step, event.text)
        print(dtenv.render(job.result()))         # raises ConfigError, HostError, … where it failed

`dtenv.steps` has a typed builder for each kind of step. The C library does the work; `dtenv.h` is
the reference of what each call does. It is looked for at $DTENV_LIBRARY, then beside this file, then
as libdtenv.so.1 where the system's loader looks.
"""
from . import steps
from .errors import (
    Cancelled,
    ChildLost,
    CommandError,
    ConfigError,
    DtenvError,
    Forked,
    HostError,
    InternalError,
    InvalidError,
    IoError,
    NotFound,
    OutOfMemory,
    Partial,
    PlanStale,
    Problem,
    Refused,
    StateError,
    StepTimeout,
    Unsupported,
    VerifyFailed,
    VersionError,
)
from .functions import (
    build_info,
    document_schema,
    eval,
    eval_functions,
    has_feature,
    render,
    run,
    step_kinds,
    step_schema,
    validate,
    version,
)
from .job import Job, JobState
from .models import Change, Disruption, Event, HostResult, Note, Plan, Report, StepResult
from .session import Session

__version__ = version()

__all__ = [
    "Cancelled",
    "Change",
    "ChildLost",
    "CommandError",
    "ConfigError",
    "Disruption",
    "DtenvError",
    "Event",
    "Forked",
    "HostError",
    "HostResult",
    "InternalError",
    "InvalidError",
    "IoError",
    "Job",
    "JobState",
    "NotFound",
    "Note",
    "OutOfMemory",
    "Partial",
    "Plan",
    "PlanStale",
    "Problem",
    "Refused",
    "Report",
    "Session",
    "StateError",
    "StepResult",
    "StepTimeout",
    "Unsupported",
    "VerifyFailed",
    "VersionError",
    "build_info",
    "document_schema",
    "eval",
    "eval_functions",
    "has_feature",
    "render",
    "run",
    "step_kinds",
    "step_schema",
    "steps",
    "validate",
    "version",
]
