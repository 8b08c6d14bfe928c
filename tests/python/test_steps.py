"""The builders of steps: what they give is what the library takes."""
import json
import pathlib
import subprocess
import sys
import unittest

import dtenv
from dtenv import steps

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Steps(unittest.TestCase):
    def test_they_are_what_the_schemas_ask_for(self):
        check = subprocess.run([sys.executable, ROOT / "bindings/python/gen_steps.py", "--check"], capture_output=True)
        self.assertEqual(check.returncode, 0, check.stdout)

    def test_there_is_one_for_every_kind(self):
        for kind in dtenv.step_kinds():
            self.assertTrue(callable(getattr(steps, kind)), kind)

    def test_only_what_is_given_stands_in_the_document(self):
        self.assertEqual(steps.driver_check(), {"kind": "driver_check"})
        step = steps.hostfile_writer(path="/data/hosts", dialect="openmpi", after=["driver_check"])
        expected = {"kind": "hostfile_writer", "path": "/data/hosts", "dialect": "openmpi", "after": ["driver_check"]}
        self.assertEqual(step, expected)

    def test_a_document_of_them_is_valid(self):
        document = {
            "v": 1,
            "nodes": [{"name": "a", "local": True, "slots": 1}],
            "steps": [
                steps.driver_check(),
                steps.image_build(tag="glm:1", from_={"pull": {"reference": "debian:12"}}),
                steps.container_run(name="glm", network="host", shm_size="1gb"),
                steps.key_exchange(),
                steps.hostfile_writer(),
                steps.launch(command=["true"]),
            ],
        }
        dtenv.validate(json.dumps(document))


if __name__ == "__main__":
    unittest.main()
