"""What README.md says is what happens."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from askalms.settings import Settings, settings_from_dict

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = re.findall(r"^\$ (askalms .+)$", README, re.MULTILINE)


@pytest.mark.slow
def test_its_commands_print_what_it_shows(tmp_path: Path):
    """Every command runs, in order, and where output is shown it is the output ("..." stands for anything)."""
    (tmp_path / "corpus").symlink_to(ROOT / "corpus")
    run(["index", "corpus"], tmp_path)
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for command, shown in re.findall(r"^\$ askalms (.+)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            printed = run(shlex.split(command), tmp_path)
            assert printed
            if shown.strip():
                pattern = re.escape(shown.strip()).replace(re.escape("..."), ".*")
                assert re.fullmatch(pattern, printed.strip(), re.DOTALL), printed
    assert len(COMMANDS) >= 5


def run(args: list[str], folder: Path) -> str:
    """Run the command line in `folder`; give what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "askalms.cli", *args],
        cwd=folder,
        capture_output=True,
        check=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    return done.stdout.decode("utf-8")


def test_its_settings_are_the_defaults():
    """The example file, read as settings, changes nothing; and it names every setting."""
    example = tomllib.loads(re.findall(r"```toml\n(.*?)```", README, re.DOTALL)[0])
    assert settings_from_dict(example, "README.md") == Settings()
    assert example == Settings().as_dict()


def test_its_links_lead_somewhere():
    """Every relative link names a file of the project."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (ROOT / target).exists(), target
