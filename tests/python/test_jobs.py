"""Sessions, jobs and their events."""
import gc
import os
import select
import signal
import threading
import time
import unittest

import dtenv
from support import LOCAL, stuck_environment


class Jobs(unittest.TestCase):
    def test_a_job_is_followed_to_its_end(self):
        with dtenv.Session() as session:
            job = session.check(LOCAL)
            events = list(job.events())
            self.assertEqual(events[-1].type, "job.finished")
            self.assertEqual({event.job for event in events}, {job.id})
            self.assertEqual([e.seq for e in events], sorted(e.seq for e in events))
            self.assertEqual(job.result().status, "OK")
            self.assertEqual(job.state, dtenv.JobState.SUCCEEDED)
            self.assertEqual(job.plan().cluster, "dtenv")

    def test_events_of_two_jobs_are_told_apart(self):
        with dtenv.Session() as session:
            first, second = session.check(LOCAL), session.check(LOCAL)
            self.assertEqual({event.job for event in second.events()}, {second.id})
            self.assertEqual({event.job for event in first.events()}, {first.id})

    def test_events_end_also_where_somebody_else_took_them(self):
        with dtenv.Session() as session:
            job = session.check(LOCAL)
            job.wait()
            while session.next_event(0.5):
                pass
            self.assertEqual(list(job.events()), [])

    def test_an_approved_plan_goes_back_in(self):
        with dtenv.Session() as session:
            check = session.check(LOCAL)
            check.wait()
            session.apply(LOCAL, check.plan()).wait()

    def test_a_wait_with_a_limit(self):
        with stuck_environment() as environment, dtenv.Session() as session:
            job = session.apply(environment)
            began = time.monotonic()
            with self.assertRaises(TimeoutError):
                job.wait(0.3)
            self.assertLess(time.monotonic() - began, 2)
            self.assertFalse(job.ended)
            job.cancel(0)
            with self.assertRaises(dtenv.Cancelled) as caught:
                job.result()
            self.assertEqual(caught.exception.report.status, "CANCELLED")

    def test_a_failed_job_raises_its_error(self):
        environment = dict(LOCAL, nodes=[{"name": "gone", "address": "127.0.0.1",
                                          "ssh": {"port": 1, "connect_timeout": "2s"}}])
        with dtenv.Session() as session, self.assertRaises(dtenv.DtenvError) as caught:
            session.check(environment).wait()
        self.assertIn(type(caught.exception), (dtenv.HostError, dtenv.Partial))
        self.assertEqual(caught.exception.report.hosts[0].status, "unreachable")

    def test_leaving_the_block_of_a_job_early_cancels_it(self):
        with stuck_environment() as environment, dtenv.Session() as session:
            with self.assertRaises(KeyError):
                with session.apply(environment) as job:
                    raise KeyError("something else went wrong")
            with self.assertRaises(dtenv.InvalidError):
                job.state


class Interrupts(unittest.TestCase):
    def interrupted(self, body):
        def interrupt():
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        began = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            body()
        self.assertLess(time.monotonic() - began, 2)

    def test_ctrl_c_is_seen_while_events_are_followed(self):
        with stuck_environment() as environment, dtenv.Session() as session:
            job = session.apply(environment)
            self.interrupted(lambda: list(job.events()))
            self.assertFalse(job.ended)
            job.cancel(0)
            with self.assertRaises(dtenv.Cancelled):
                job.result()

    def test_ctrl_c_is_seen_while_a_job_is_waited_for(self):
        with stuck_environment() as environment, dtenv.Session() as session:
            job = session.apply(environment)
            self.interrupted(job.wait)


class Sessions(unittest.TestCase):
    def test_a_closed_session_says_so(self):
        session = dtenv.Session()
        session.close()
        session.close()
        with self.assertRaises(dtenv.InvalidError):
            session.check(LOCAL)

    def test_a_dropped_session_closes_itself(self):
        def count():
            return len(os.listdir("/proc/self/fd"))

        gc.collect()  # sessions that other tests dropped
        dtenv.Session().close()
        before = count()
        for _ in range(3):
            dtenv.Session()
        gc.collect()
        self.assertEqual(count(), before)

    def test_its_descriptor_can_be_polled(self):
        with dtenv.Session() as session:
            session.check(LOCAL)
            self.assertEqual(select.select([session], [], [], 30)[0], [session])
            self.assertEqual(session.next_event().type, "job.started")

    def test_a_wakeup_ends_a_wait(self):
        with dtenv.Session() as session:
            threading.Timer(0.1, session.wakeup).start()
            self.assertIsNone(session.next_event(None))

    def test_a_wrong_configuration_is_an_error(self):
        with self.assertRaises(dtenv.ConfigError):
            dtenv.Session({"max_parallel_host": 3})

    def test_secrets_do_not_show(self):
        with dtenv.Session() as session:
            session.set_secret("registry", "hunter2-hunter2")
            self.assertNotIn("hunter2", str(session.dump()))

    def test_a_forked_child_gets_a_clear_error_and_its_own_session(self):
        with dtenv.Session() as session:
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    session.check(LOCAL)
                except dtenv.Forked:
                    with dtenv.Session() as own:
                        own.fileno()
                    status = 0
                finally:
                    os._exit(status)
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            session.check(LOCAL).wait()


if __name__ == "__main__":
    unittest.main()
