"""What needs no session: introspection, the pure helpers, and one whole job in one call."""
from ctypes import byref, c_void_p
from typing import Any, List, Mapping, Optional, Union

from ._library import call, call_text, library, take, to_text
from .errors import DtenvError
from .models import Json, Plan, Report, as_object, as_text

Document = Union[str, Mapping[str, Any]]


def version() -> str:
    text: bytes = library.dtenv_version()
    return text.decode()


def build_info() -> Json:
    """How the library was built."""
    return as_object(library.dtenv_build_info().decode())


def has_feature(name: str) -> bool:
    return bool(library.dtenv_has_feature(to_text(name)))


def step_kinds() -> List[str]:
    """The kinds of steps, in the order in which they are applied."""
    return list(as_object(call_text("step_kinds"))["kinds"])


def step_schema(kind: str) -> Json:
    """The JSON schema of one step's configuration."""
    return as_object(call_text("step_schema", to_text(kind)))


def document_schema() -> Json:
    """The JSON schema of the environment document."""
    return as_object(call_text("document_schema"))


def validate(environment: Document) -> None:
    """Raises ConfigError with every problem of the document in its `detail`."""
    call("validate", to_text(as_text(environment)))


def eval(function: str, arguments: Document = "{}") -> Json:  # its name in the C interface
    """One pure helper: `eval("size.parse", {"value": "16gb"})`."""
    return as_object(call_text("eval", to_text(function), to_text(as_text(arguments))))


def eval_functions() -> List[str]:
    """The names that eval() knows."""
    return list(eval("list")["functions"])


def render(plan_or_report: Union[Document, Plan, Report]) -> str:
    """A plan or a report as text for people."""
    return call_text("render", to_text(as_text(plan_or_report)))


def run(
    kind: str,
    environment: Document,
    *,
    approved_plan: Union[None, Document, Plan] = None,
    timeout: Optional[str] = None,
    secrets: Optional[Mapping[str, str]] = None,
    session: Optional[Mapping[str, Any]] = None,
) -> Report:
    """ "check", "apply", "verify" or "destroy" from beginning to end; no signal is seen meanwhile.

    `timeout` is a text as "30m". Where the job fails, the exception's `report` is what came of it.
    """
    options = {
        "approved_plan": None if approved_plan is None else as_object(as_text(approved_plan)),
        "timeout": timeout,
        "secrets": secrets,
        "session": session,
    }
    given = as_text({key: value for key, value in options.items() if value is not None})
    report = c_void_p()
    try:
        call("run", to_text(kind), to_text(as_text(environment)), to_text(given), byref(report))
    except DtenvError as error:
        if report.value:
            error.report = Report.from_json(as_object(take(report)))
        raise
    return Report.from_json(as_object(take(report)))
