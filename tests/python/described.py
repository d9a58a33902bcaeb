"""Schemathesis, bounded and seeded."""

import json
import subprocess
import sys

SEED, EXAMPLES = 7, 25


def schemathesis(schema, url, place, *more):
    """Runs its command line over a document; everything that it finds fails the test."""
    document = place / "openapi.json"
    document.write_text(json.dumps(schema))
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run", document]
    command += ["--url", url, "--seed", SEED, "--max-examples", EXAMPLES, "--no-color"]
    command += ["--phases", "examples,coverage,fuzzing", "--suppress-health-check", "all", *more]
    done = subprocess.run([*map(str, command)], cwd=place, stdout=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
