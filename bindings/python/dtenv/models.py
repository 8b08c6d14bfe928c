"""Plans, reports and events as values. Keys that this version does not know are in `.raw`."""
import json
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, Tuple, Union

from .errors import DtenvError, make_error

Json = Mapping[str, Any]


def as_text(document: Union[str, Json, "Plan", "Report"]) -> str:
    """A document as the library takes it: JSON text as it stands, or a value written as JSON."""
    if isinstance(document, str):
        return document
    raw = document.raw if isinstance(document, (Plan, Report)) else document
    return json.dumps(raw, ensure_ascii=False)


def as_object(text: str) -> Json:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _error(raw: Optional[Json]) -> Optional[DtenvError]:
    from ._library import library

    if not raw:
        return None
    for status in range(-1, -64, -1):
        if library.dtenv_status_name(status).decode() == raw.get("status"):
            return make_error(status, json.dumps(raw))
    return DtenvError(-17, raw)


@dataclass(frozen=True)
class Event:
    """One thing that happened. `total` is 0 where it is not known."""

    seq: int
    time: str
    job: str
    host: str
    step: str
    type: str
    done: int
    total: int
    text: str
    source: str
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Json) -> "Event":
        return cls(
            seq=raw.get("seq", 0),
            time=raw.get("time", ""),
            job=raw.get("job", ""),
            host=raw.get("host", ""),
            step=raw.get("step", ""),
            type=raw.get("type", ""),
            done=raw.get("done", 0),
            total=raw.get("total", 0),
            text=raw.get("text", ""),
            source=raw.get("source", ""),
            raw=raw,
        )


@dataclass(frozen=True)
class Disruption:
    """What a change would take from somebody: refused unless the document's `allow` names `kind`."""

    kind: str
    what: str
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Json) -> "Disruption":
        return cls(kind=raw.get("kind", ""), what=raw.get("what", ""), raw=raw)


@dataclass(frozen=True)
class Change:
    """One change on one machine; `before` is empty where the resource is absent."""

    host: str
    step: str
    resource: str
    action: str
    before: str
    after: str
    reason: str
    disrupts: Tuple[Disruption, ...]
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Json) -> "Change":
        return cls(
            host=raw.get("host", ""),
            step=raw.get("step", ""),
            resource=raw.get("resource", ""),
            action=raw.get("action", ""),
            before=raw.get("before", ""),
            after=raw.get("after", ""),
            reason=raw.get("reason", ""),
            disrupts=tuple(map(Disruption.from_json, raw.get("disrupts", ()))),
            raw=raw,
        )


@dataclass(frozen=True)
class Note:
    """Something to know that is not a change: "info", "warning" or "deviation"."""

    host: str
    step: str
    severity: str
    text: str
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Json) -> "Note":
        return cls(
            host=raw.get("host", ""),
            step=raw.get("step", ""),
            severity=raw.get("severity", ""),
            text=raw.get("text", ""),
            raw=raw,
        )


@dataclass(frozen=True)
class Plan:
    """What apply would do, in the order of the steps."""

    cluster: str
    changes: Tuple[Change, ...]
    notes: Tuple[Note, ...]
    failures: Tuple[DtenvError, ...]
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Json) -> "Plan":
        return cls(
            cluster=raw.get("cluster", ""),
            changes=tuple(map(Change.from_json, raw.get("changes", ()))),
            notes=tuple(map(Note.from_json, raw.get("notes", ()))),
            failures=tuple(filter(None, map(_error, raw.get("failures", ())))),
            raw=raw,
        )

    def __str__(self) -> str:
        from .functions import render

        return render(self)


@dataclass(frozen=True)
class StepResult:
    """What one step came to on one machine: `changes` were made, `pending` are still to do."""

    id: str
    kind: str
    status: str
    changes: Tuple[Change, ...]
    pending: Tuple[Change, ...]
    notes: Tuple[Note, ...]
    facts: Json
    seconds: float
    error: Optional[DtenvError]
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Json) -> "StepResult":
        return cls(
            id=raw.get("id", ""),
            kind=raw.get("kind", ""),
            status=raw.get("status", ""),
            changes=tuple(map(Change.from_json, raw.get("changes", ()))),
            pending=tuple(map(Change.from_json, raw.get("pending", ()))),
            notes=tuple(map(Note.from_json, raw.get("notes", ()))),
            facts=raw.get("facts", {}),
            seconds=raw.get("seconds", 0.0),
            error=_error(raw.get("error")),
            raw=raw,
        )


@dataclass(frozen=True)
class HostResult:
    """What came of one machine; `error` says why it could not be reached."""

    name: str
    address: str
    status: str
    steps: Tuple[StepResult, ...]
    error: Optional[DtenvError]
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Json) -> "HostResult":
        return cls(
            name=raw.get("name", ""),
            address=raw.get("address", ""),
            status=raw.get("status", ""),
            steps=tuple(map(StepResult.from_json, raw.get("steps", ()))),
            error=_error(raw.get("error")),
            raw=raw,
        )


@dataclass(frozen=True)
class Report:
    """What came of a job. `status` is "OK", "RUNNING", or the name of what it failed with."""

    job: str
    kind: str
    cluster: str
    status: str
    started: str
    seconds: float
    hosts: Tuple[HostResult, ...]
    changes_made: int
    changes_planned: int
    deviations: Tuple[Note, ...]
    error: Optional[DtenvError]
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Json) -> "Report":
        return cls(
            job=raw.get("job", ""),
            kind=raw.get("kind", ""),
            cluster=raw.get("cluster", ""),
            status=raw.get("status", ""),
            started=raw.get("started", ""),
            seconds=raw.get("seconds", 0.0),
            hosts=tuple(map(HostResult.from_json, raw.get("hosts", ()))),
            changes_made=raw.get("changes_made", 0),
            changes_planned=raw.get("changes_planned", 0),
            deviations=tuple(map(Note.from_json, raw.get("deviations", ()))),
            error=_error(raw.get("error")),
            raw=raw,
        )

    def __str__(self) -> str:
        from .functions import render

        return render(self)
