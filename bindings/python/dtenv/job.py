"""One check, apply, verify or destroy."""
import asyncio
import enum
import select
import time
import weakref
from typing import TYPE_CHECKING, AsyncIterator, Callable, Iterator, Optional

from . import _ffi
from ._library import call, call_number, call_text, library
from .errors import DtenvError, StepTimeout
from .models import Event, Plan, Report, as_object

if TYPE_CHECKING:
    from .session import Session

#: How long a wait in C may last before Python looks for signals.
SLICE_MS = 200
#: A job that has ended has told so; how long to look for that event.
LAST_EVENT_S = 2.0


class JobState(enum.IntEnum):
    QUEUED = _ffi.JOB_QUEUED
    RUNNING = _ffi.JOB_RUNNING
    SUCCEEDED = _ffi.JOB_SUCCEEDED
    FAILED = _ffi.JOB_FAILED
    CANCELLED = _ffi.JOB_CANCELLED


class Job:
    """Made by Session.check(), apply(), verify() and destroy(). Dropping it does not stop it."""

    def __init__(self, session: "Session", handle: int) -> None:
        self._session = session
        self._handle = handle
        self._finalizer: Callable[[], object] = weakref.finalize(self, library.dtenv_job_free, handle)
        self.id = call_text("job_id", handle)

    def __repr__(self) -> str:
        return f"<dtenv.Job {self.id}>"

    @property
    def state(self) -> JobState:
        return JobState(call_number("job_get_state", self._handle))

    @property
    def ended(self) -> bool:
        return self.state >= JobState.SUCCEEDED

    def wait(self, timeout: Optional[float] = None) -> None:
        """Waits for the end, at most `timeout` seconds; raises what stopped the job.

        Ctrl-C is seen meanwhile; it does not cancel the job.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = SLICE_MS if deadline is None else int((deadline - time.monotonic()) * 1000)
            try:
                call("job_wait", self._handle, max(0, min(left, SLICE_MS)))
                return
            except StepTimeout as error:
                if self.ended:
                    self._raise_with_report(error)
                if left <= SLICE_MS and deadline is not None:
                    raise
            except DtenvError as error:
                self._raise_with_report(error)

    def _raise_with_report(self, error: DtenvError) -> None:
        error.report = self.report()
        raise error

    def result(self, timeout: Optional[float] = None) -> Report:
        """Waits, and gives the report; raises what stopped the job, with the report in `.report`."""
        self.wait(timeout)
        return self.report()

    def cancel(self, grace_ms: int = 5000) -> None:
        """Asks it to stop and returns at once."""
        call("job_cancel", self._handle, grace_ms)

    def plan(self) -> Plan:
        """Raises StateError while there is none yet."""
        return Plan.from_json(as_object(call_text("job_plan", self._handle)))

    def report(self) -> Report:
        """What came of it; a snapshot while it runs."""
        return Report.from_json(as_object(call_text("job_report", self._handle)))

    def events(self) -> Iterator[Event]:
        """What happens in this job until it ends. Does not raise what stopped it: result() does."""
        with self._session._event_source(self.id) as source:
            poll = select.poll()
            poll.register(source.fd, select.POLLIN)
            while not source.finished:
                event = source.next()
                if event is not None:
                    yield event
                elif self._told_all(source.quiet_since):
                    return
                else:
                    poll.poll(SLICE_MS)

    async def aevents(self) -> AsyncIterator[Event]:
        """The same for asyncio. Leave it early with `contextlib.aclosing`."""
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        with self._session._event_source(self.id) as source:
            loop.add_reader(source.fd, ready.set)
            try:
                while not source.finished:
                    event = source.next()
                    if event is not None:
                        yield event
                    elif self._told_all(source.quiet_since):
                        return
                    else:
                        ready.clear()
                        try:
                            await asyncio.wait_for(ready.wait(), SLICE_MS / 1000)
                        except asyncio.TimeoutError:
                            pass
            finally:
                loop.remove_reader(source.fd)

    def _told_all(self, quiet_since: float) -> bool:
        return self.ended and time.monotonic() - quiet_since > LAST_EVENT_S

    def close(self) -> None:
        """Frees the handle now; the job runs on."""
        self._finalizer()

    def __enter__(self) -> "Job":
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        if isinstance(value, BaseException) and not self.ended:
            self.cancel()
            try:
                self.wait()
            except DtenvError:
                pass  # what interrupted the block is what the caller is to see
        self.close()
