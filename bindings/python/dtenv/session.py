"""Where jobs run."""
import json
import os
import time
import weakref
from collections import deque
from ctypes import byref, c_void_p
from types import TracebackType
from typing import Any, Callable, Deque, Mapping, Optional, Type, Union

from . import _ffi
from ._library import call, call_handle, call_number, call_text, library, take, to_text
from .errors import closed_error
from .functions import Document
from .job import Job
from .models import Event, Json, Plan, as_object, as_text

#: Events of other jobs that a reader keeps for them.
BACKLOG = 16384

_sessions: "weakref.WeakSet[Session]" = weakref.WeakSet()


class EventSource:
    """The events of one job, for as long as somebody reads them."""

    def __init__(self, session: "Session", job: str) -> None:
        self._session = session
        self._job = job
        # A descriptor of our own: the session may be closed while somebody polls it.
        self.fd = os.dup(session.fileno())
        self.finished = False
        self.quiet_since = time.monotonic()

    def next(self) -> Optional[Event]:
        event = self._session._next_event_of(self._job)
        if event is not None:
            self.quiet_since = time.monotonic()
            self.finished = event.type == "job.finished"
        return event

    def __enter__(self) -> "EventSource":
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        os.close(self.fd)


class Session:
    """Runs jobs one after the other; holds one connection a machine open between them.

    `config` is what dtenv_session_open() takes: max_parallel_hosts, max_events, state_folder.
    Close it, or use it in a `with`: that cancels what still runs.
    """

    def __init__(self, config: Optional[Mapping[str, Any]] = None) -> None:
        text = to_text(json.dumps(dict(config))) if config else None
        handle = call_handle("session_open", text, _ffi.API_VERSION)
        self._handle: Optional[int] = handle
        self._forked = False
        self._backlog: Deque[Event] = deque(maxlen=BACKLOG)
        self._finalizer: Callable[[], object] = weakref.finalize(self, library.dtenv_session_free, handle)
        _sessions.add(self)

    def _open_handle(self) -> int:
        if self._forked:
            raise closed_error(_ffi.E_FORKED, "the session was opened before fork(): open one in this process")
        if self._handle is None:
            raise closed_error(_ffi.E_INVALID, "the session is closed")
        return self._handle

    def check(self, environment: Document) -> Job:
        """Reads every machine and plans; changes nothing."""
        return self._submit("check", environment)

    def apply(self, environment: Document, approved_plan: Union[None, Document, Plan] = None) -> Job:
        """Makes the machines what the document says; nothing beyond the approved plan, if there is one."""
        plan = None if approved_plan is None else as_text(approved_plan)
        return self._submit("apply", environment, to_text(plan))

    def verify(self, environment: Document) -> Job:
        """Ends with VerifyFailed where a machine is not as the document says."""
        return self._submit("verify", environment)

    def destroy(self, environment: Document) -> Job:
        """Takes down what apply of this document made."""
        return self._submit("destroy", environment)

    def _submit(self, kind: str, environment: Document, *more: Optional[bytes]) -> Job:
        return Job(self, call_handle(kind, self._open_handle(), to_text(as_text(environment)), *more))

    def fileno(self) -> int:
        """Readable while an event is queued: for poll() and select()."""
        return call_number("session_fd", self._open_handle())

    def next_event(self, timeout: Optional[float] = 0) -> Optional[Event]:
        """The next event of any job; None after `timeout` seconds (None: no limit) or a wakeup().

        Waits in C, where Ctrl-C is not seen: poll fileno(), or use Job.events(), to be interruptible.
        """
        if self._backlog:
            return self._backlog.popleft()
        return self._read_event(-1 if timeout is None else int(timeout * 1000))

    def _read_event(self, timeout_ms: int) -> Optional[Event]:
        text = c_void_p()
        if call("session_next_event", self._open_handle(), timeout_ms, byref(text)) == _ffi.EMPTY:
            return None
        return Event.from_json(as_object(take(text)))

    def _event_source(self, job: str) -> EventSource:
        return EventSource(self, job)

    def _next_event_of(self, job: str) -> Optional[Event]:
        """The next event of one job; what belongs to others is kept for them."""
        for event in self._backlog:
            if event.job == job:
                self._backlog.remove(event)
                return event
        event_or_none = self._read_event(0)
        while event_or_none is not None and event_or_none.job != job:
            self._backlog.append(event_or_none)
            event_or_none = self._read_event(0)
        return event_or_none

    def wakeup(self) -> None:
        """Ends a next_event() that waits."""
        call("session_wakeup", self._open_handle())

    def set_secret(self, name: str, value: str) -> None:
        """Gives a secret that the document refers to by name."""
        call("session_set_secret", self._open_handle(), to_text(name), to_text(value))

    def dump(self) -> Json:
        """The session's state, for a bug report."""
        return as_object(call_text("session_dump", self._open_handle()))

    def shutdown(self, grace_ms: int = 5000) -> None:
        """Takes no more jobs, and cancels and waits for those there are."""
        call("session_shutdown", self._open_handle(), grace_ms)

    def close(self) -> None:
        """Cancels what runs and frees the session. Closing twice does nothing."""
        self._handle = None
        self._finalizer()

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], value: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()


def _forget_sessions_in_child() -> None:
    for session in list(_sessions):
        session._forked = True


os.register_at_fork(after_in_child=_forget_sessions_in_child)
