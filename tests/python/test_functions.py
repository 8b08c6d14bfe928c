"""What needs no session."""
import json
import pathlib
import pickle
import subprocess
import sys
import unittest

import dtenv
from dtenv import _ffi
from support import LOCAL, stuck_environment

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Introspection(unittest.TestCase):
    def test_the_library_says_what_it_is(self):
        self.assertEqual(dtenv.build_info()["version"], dtenv.__version__)
        self.assertTrue(dtenv.has_feature("eval.size.parse"))
        self.assertFalse(dtenv.has_feature("eval.nothing"))

    def test_every_kind_has_a_schema(self):
        kinds = dtenv.step_kinds()
        self.assertIn("driver_check", kinds)
        for kind in kinds:
            self.assertEqual(dtenv.step_schema(kind)["properties"]["kind"]["const"], kind)
        self.assertIn("nodes", dtenv.document_schema()["properties"])

    def test_the_binding_is_what_the_header_asks_for(self):
        check = subprocess.run([sys.executable, ROOT / "capi/gen_ffi.py", "--check"], capture_output=True)
        self.assertEqual(check.returncode, 0, check.stdout)

    def test_every_status_has_a_class_of_its_own(self):
        from dtenv.errors import CLASSES

        statuses = {value for name, value in vars(_ffi).items() if name.startswith("E_")}
        self.assertEqual(set(CLASSES), statuses)
        self.assertEqual(len(set(CLASSES.values())), len(CLASSES))


class Errors(unittest.TestCase):
    def test_a_wrong_document_says_where(self):
        with self.assertRaises(dtenv.ConfigError) as caught:
            dtenv.validate('{"v": 1,\n "noeds": [], "steps": []}')
        error = caught.exception
        self.assertEqual((error.name, error.status), ("CONFIG", _ffi.E_CONFIG))
        problem = next(item for item in error.detail if item.pointer == "/noeds")
        self.assertEqual((problem.line, problem.column), (2, 2))
        self.assertIn("nodes", problem.hint)

    def test_a_good_document_passes(self):
        dtenv.validate(LOCAL)
        dtenv.validate('{"v": 1, "nodes": [{"name": "a", "local": true},], "steps": [], /* as people write */}')

    def test_a_nul_is_refused_before_the_library_sees_half_a_text(self):
        with self.assertRaises(ValueError):
            dtenv.validate("{}\0")

    def test_errors_can_be_pickled(self):
        with self.assertRaises(dtenv.NotFound) as caught:
            dtenv.eval("size.prase", {})
        copy = pickle.loads(pickle.dumps(caught.exception))
        self.assertEqual((type(copy), str(copy)), (dtenv.NotFound, str(caught.exception)))
        self.assertIn("size.parse", copy.detail[0].hint)


class Evaluation(unittest.TestCase):
    def test_arguments_are_a_value_or_a_text(self):
        self.assertEqual(dtenv.eval("size.parse", {"value": "16gb"}), {"bytes": 16 << 30})
        self.assertEqual(dtenv.eval("size.parse", '{"value": "1k"}'), {"bytes": 1024})

    def test_every_function_is_listed_and_a_feature(self):
        for name in dtenv.eval_functions():
            self.assertTrue(dtenv.has_feature("eval." + name), name)

    def test_text_beyond_ascii_goes_through(self):
        self.assertIn("matches", dtenv.eval("explain", {"text": "dépôt/模"}))


class Run(unittest.TestCase):
    def test_a_check_gives_its_report(self):
        report = dtenv.run("check", LOCAL)
        self.assertEqual((report.kind, report.status, report.hosts[0].name), ("check", "OK", "here"))
        self.assertIn("here", dtenv.render(report))
        self.assertEqual(str(report), dtenv.render(json.dumps(report.raw)))

    def test_a_failure_carries_the_report(self):
        with stuck_environment() as environment, self.assertRaises(dtenv.StepTimeout) as caught:
            dtenv.run("apply", environment, timeout="300ms")
        self.assertIsInstance(caught.exception, TimeoutError)
        self.assertEqual(caught.exception.report.hosts[0].name, "stuck")

    def test_an_unknown_kind_is_not_found(self):
        with self.assertRaises(dtenv.NotFound):
            dtenv.run("destory", LOCAL)


if __name__ == "__main__":
    unittest.main()
