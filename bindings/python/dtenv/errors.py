"""What a call fails with: one class a status, all of them DtenvError."""
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Tuple, Type

from . import _ffi

if TYPE_CHECKING:
    from .models import Report


@dataclass(frozen=True)
class Problem:
    """One thing wrong at one place; line and column count from 1, 0 where there is none."""

    pointer: str
    line: int
    column: int
    problem: str
    hint: str

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Problem":
        return cls(
            pointer=value.get("pointer", ""),
            line=value.get("line", 0),
            column=value.get("column", 0),
            problem=value.get("problem", ""),
            hint=value.get("hint", ""),
        )


class DtenvError(Exception):
    """A call failed. `str()` says what was attempted on what."""

    status: int = _ffi.E_INTERNAL

    def __init__(self, status: int, raw: Mapping[str, Any]) -> None:
        super().__init__(raw.get("message", ""))
        self.status = status
        self.name: str = raw.get("status", "UNKNOWN")
        self.message: str = raw.get("message", "")
        self.host: str = raw.get("host", "")
        self.step: str = raw.get("step", "")
        self.detail: Tuple[Problem, ...] = tuple(map(Problem.from_json, raw.get("detail", ())))
        self.raw = raw
        #: What came of the job before it failed; set by Job.wait(), Job.result() and run().
        self.report: Optional["Report"] = None

    def __reduce__(self) -> Tuple[Any, ...]:
        return (type(self), (self.status, self.raw))


class InvalidError(DtenvError):
    """The call broke the interface's contract: a handle that is freed, a text that is not UTF-8."""


class ConfigError(DtenvError):
    """The document or the arguments are wrong; `detail` says where."""


class StateError(DtenvError):
    """Right call, wrong moment."""


class NotFound(DtenvError):
    """No such function, kind or file."""


class Unsupported(DtenvError):
    """This machine or this build cannot do it."""


class VersionError(DtenvError):
    """Too new for this library."""


class OutOfMemory(DtenvError, MemoryError):
    """The library found no memory."""


class IoError(DtenvError):
    """A file, a socket or a pipe said no."""


class HostError(DtenvError):
    """A machine cannot be reached."""


class CommandError(DtenvError):
    """A command ran and failed. Of a launch, the detail with the pointer "result" says how: PROGRAM_EXIT(3) on
    V100-2 rank 5, PROGRAM_SIGNAL(9, oom) …, or LAUNCHER_EXIT(1), LAUNCHER_SIGNAL(9) where no rank failed, or RUN_LOST."""


class PlanStale(DtenvError):
    """The machines moved since the plan was shown; nothing was changed."""


class VerifyFailed(DtenvError):
    """A machine is not as the document says."""


class StepTimeout(DtenvError, TimeoutError):
    """The limit passed."""


class Cancelled(DtenvError):
    """The job was cancelled, or its session ended."""


class ChildLost(DtenvError):
    """This process reaped a child of the library's: its outcome is not known."""


class Forked(DtenvError):
    """The session belongs to the process that this one was forked from."""


class InternalError(DtenvError):
    """A bug in dtenv: please report it."""


class Refused(DtenvError):
    """It would disrupt what the document's `allow` does not name."""


class Partial(DtenvError):
    """Some machines succeeded, others did not: `report` says which."""


CLASSES: Dict[int, Type[DtenvError]] = {
    _ffi.E_INVALID: InvalidError,
    _ffi.E_CONFIG: ConfigError,
    _ffi.E_STATE: StateError,
    _ffi.E_NOT_FOUND: NotFound,
    _ffi.E_UNSUPPORTED: Unsupported,
    _ffi.E_VERSION: VersionError,
    _ffi.E_NOMEM: OutOfMemory,
    _ffi.E_IO: IoError,
    _ffi.E_HOST: HostError,
    _ffi.E_COMMAND: CommandError,
    _ffi.E_PLAN_STALE: PlanStale,
    _ffi.E_VERIFY: VerifyFailed,
    _ffi.E_TIMEOUT: StepTimeout,
    _ffi.E_CANCELLED: Cancelled,
    _ffi.E_CHILD_LOST: ChildLost,
    _ffi.E_FORKED: Forked,
    _ffi.E_INTERNAL: InternalError,
    _ffi.E_REFUSED: Refused,
    _ffi.E_PARTIAL: Partial,
}


def make_error(status: int, error_json: str) -> DtenvError:
    """The exception of a status; one that this package does not know is a plain DtenvError."""
    return CLASSES.get(status, DtenvError)(status, json.loads(error_json or "{}"))


def closed_error(status: int, message: str) -> DtenvError:
    """An error of this package itself, in the same shape as the library's."""
    names = {_ffi.E_FORKED: "FORKED", _ffi.E_INVALID: "INVALID"}
    return CLASSES[status](status, {"status": names[status], "message": message})
