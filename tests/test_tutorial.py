"""The tutorial's code runs, piece by piece as one program, against a live server."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from accounts.models import TokenScope
from accounts.roles import Role
from lessons.models import Lesson, Status
from lessons.search.counting import count_words
from tests.calling import published, token_of
from tests.factories import LessonFactory, person
from tests.portal import Portal

TUTORIAL = Path(__file__).resolve().parent.parent / "docs" / "tutorial.md"


@pytest.mark.slow
def test_the_tutorial_runs_against_a_live_server(portal: Portal, tmp_path: Path) -> None:
    published(title="Share the shelter list before the first call")
    published(title="Name a rest centre by its street", statement="A rest centre is named by its street.")
    gone = LessonFactory(status=Status.SUSPENDED)
    count_words()
    contributor = person(Role.CONTRIBUTOR)
    program = tmp_path / "tutorial.py"
    program.write_text("\n".join(re.findall(r"```python\n(.*?)```", TUTORIAL.read_text("utf-8"), re.DOTALL)), "utf-8")
    token = token_of(contributor, TokenScope.READ_PUBLISHED, TokenScope.READ_STATISTICS, TokenScope.WRITE_DRAFTS)

    ran = subprocess.run(
        [sys.executable, "-I", program],
        env=os.environ | {"JOL_URL": portal.url, "JOL_TOKEN": token},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert ran.returncode == 0, ran.stderr
    said = ran.stdout
    assert "Name a rest centre by its street" in said
    assert "2 lessons identified" in said
    assert "2 lessons copied" in said
    assert "2 lessons in force" in said
    assert str(gone.reference) not in said
    assert "statement" in said.splitlines()[-1]  # what the draft lacks
    assert Lesson.objects.filter(author=contributor, status=Status.DRAFT).count() == 1
