"""Runs all tests and prints a summary as JSON in the last line."""

import json
import sys
import unittest
from pathlib import Path

suite = unittest.defaultTestLoader.discover(str(Path(__file__).parent))
result = unittest.TextTestRunner(stream=sys.stderr, verbosity=1).run(suite)
wrong = len(result.failures) + len(result.errors)
for _, trace in result.failures + result.errors:
    print(trace)
print(json.dumps({"ran": result.testsRun, "failures": wrong}))
