"""Mutated files end in a list or a refusal, never in anything else (reliability I5).

A few hundred in every check; 20,000 for each kind of file with HUB_NIGHTLY=1. The process has the limits of a reader.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = 20_000 if os.environ.get("HUB_NIGHTLY") == "1" else 250


@pytest.mark.parametrize("kind", ["csv", "parts", "zip"])
def test_mutated_files_never_hang_and_never_fail_otherwise(kind: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("fuzzing.py")), kind, str(EXAMPLES), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=30 + EXAMPLES,
        cwd=Path(__file__).parents[2],
        env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "HOME": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert told["files"] >= EXAMPLES
    assert min(told["read"], told["refused"]) > 0, "both ends were reached"
    assert told["slowest"] < 5
