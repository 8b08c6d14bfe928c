"""Events in an asyncio program: its loop goes on ticking."""
import asyncio
import contextlib
import os
import unittest

import dtenv
from support import LOCAL, stuck_environment


@contextlib.asynccontextmanager
async def aclosing(generator):  # contextlib.aclosing comes with Python 3.10
    try:
        yield generator
    finally:
        await generator.aclose()


class Events(unittest.IsolatedAsyncioTestCase):
    async def test_a_job_is_followed_while_the_loop_ticks(self):
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)  # a look at this machine may take less than any pause

        ticking = asyncio.ensure_future(tick())
        with dtenv.Session() as session:
            job = session.check(LOCAL)
            types = [event.type async for event in job.aevents()]
            job.wait(0)
        ticking.cancel()
        self.assertEqual(types[-1], "job.finished")
        self.assertGreater(ticks, 1)

    async def test_the_loop_ticks_while_nothing_happens(self):
        with stuck_environment() as environment, dtenv.Session() as session:
            job = session.apply(environment)
            asyncio.get_running_loop().call_later(0.5, job.cancel, 0)
            types = [event.type async for event in job.aevents()]
            self.assertEqual(types[-1], "job.finished")
            self.assertEqual(job.state, dtenv.JobState.CANCELLED)

    async def test_it_can_be_left_early_also_after_close(self):
        before = len(os.listdir("/proc/self/fd"))
        session = dtenv.Session()
        job = session.check(LOCAL)
        async with aclosing(job.aevents()) as events:
            async for _ in events:
                session.close()
                break
        job.close()
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)

    async def test_two_jobs_of_two_sessions_are_followed_at_once(self):
        async def follow():
            with dtenv.Session() as session:
                return [event.type async for event in session.check(LOCAL).aevents()][-1]

        self.assertEqual(await asyncio.gather(follow(), follow()), ["job.finished"] * 2)


if __name__ == "__main__":
    unittest.main()
