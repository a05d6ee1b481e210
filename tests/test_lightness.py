"""What asking and serving must not load: torch and its kin take seconds and hundreds of megabytes."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"torch", "transformers", "sentence_transformers"}

PROGRAM = """
import sys
from askalms.cli import main

try:
    main()
finally:
    print(*sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@pytest.mark.slow
@pytest.mark.parametrize("command", [["ask", "Is Alström syndrome inherited?"], ["index"], ["--help"]])
def test_no_heavy_library_is_loaded(real_folder: Path, command: list[str]):
    """Neither to ask, triage and reranker included, nor to renew an index."""
    options = ["--index", str(real_folder)] if command != ["--help"] else []
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command, *options],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert HEAVY.isdisjoint(done.stderr.split())
    assert "askalms" in done.stderr.split()
