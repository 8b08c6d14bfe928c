"""Machines that cannot be reached, or are not who they should be."""

from testbed import PREFIX, TestbedCase, document, dtenv, only


class OneBadMachine(TestbedCase):
    def setUp(self) -> None:
        self.converged()

    def check_partial(self, done, why: str) -> None:
        self.assert_exit(done, 76)
        self.assertEqual(done.report["status"], "PARTIAL")
        self.assertEqual(done.host("node2")["status"], "unreachable")
        self.assertRegex(done.host("node2")["error"]["message"].lower(), why)
        for kind in ("driver_check", "docker_config"):
            self.assertEqual(done.step("node1", kind)["status"], "ok", str(done))

    def test_an_unreachable_machine_does_not_hide_the_others(self):
        wanted = document(only("driver_check", "docker_config"))
        wanted["nodes"][1]["address"] = f"{PREFIX}.99"
        wanted["nodes"][1]["ssh"]["connect_timeout"] = "4s"
        done = dtenv("apply", wanted)
        self.check_partial(done, r"reach|route|timed out|time")
        self.assertLess(done.seconds, 20)

    def test_a_closed_port_is_told_apart(self):
        wanted = document(only("driver_check", "docker_config"))
        wanted["nodes"][1]["ssh"]["port"] = 2222
        self.check_partial(dtenv("apply", wanted), "refused")

    def test_a_machine_with_another_host_key_is_not_talked_to(self):
        wanted = document(only("driver_check", "docker_config"))
        wanted["nodes"][1]["ssh"]["host_keys"] = wanted["nodes"][0]["ssh"]["host_keys"]
        self.check_partial(dtenv("apply", wanted), "host key")

    def test_a_key_that_is_not_let_in_is_said_to_be_one(self):
        wanted = document(only("driver_check", "docker_config"))
        wanted["nodes"][1]["ssh"]["identity_file"] = "/etc/hostname"
        self.check_partial(dtenv("apply", wanted), "permission denied|key|auth|login")

    def test_the_whole_manual_goes_as_far_as_it_can(self):
        wanted = document()
        wanted["nodes"][1]["ssh"]["host"] = f"{PREFIX}.99"
        wanted["nodes"][1]["ssh"]["connect_timeout"] = "4s"
        done = dtenv("apply", wanted)
        self.check_partial(done, r"reach|route|timed out|time")
        self.assertEqual(done.step("node1", "image_build")["status"], "ok", str(done))
        self.assertNotIn(done.step("node1", "launch")["status"], ("ok", "changed"), str(done))
