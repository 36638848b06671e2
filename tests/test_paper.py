"""The form on paper, and the help beside the fields on the pages."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from lessons.forms.examples import EXAMPLES, PRACTICE_EXAMPLES
from lessons.forms.writing import STEPS
from lessons.models import Kind, Status
from tests.factories import LessonFactory, NationalRiskFactory, ResilienceAreaFactory, ThemeFactory, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", Kind.values)
def test_the_paper_asks_what_the_pages_ask_in_the_same_order(kind: str) -> None:
    NationalRiskFactory(code="surface-water-flooding")
    ThemeFactory(code="communicate")
    author = person(Role.CONTRIBUTOR)
    draft = LessonFactory(author=author, status=Status.DRAFT, kind=kind, recommendations=[])
    draft.event.organisations.clear()
    client = Client()
    client.force_login(author)

    paper = client.get(reverse("submit_paper"), {"kind": kind}).text
    on_paper = re.findall(r'data-name="(\w+)"', paper)
    on_pages = []
    for slug in STEPS:
        form = client.get(reverse("submit_step", args=[draft.pk, slug])).context["form"]
        on_pages += [field.name for field in form.visible_fields()]
        for field in form.visible_fields():
            assert field.label in paper or field.label[1:] in paper

    assert on_paper == on_pages


def test_every_choice_that_can_be_ticked_is_on_the_paper() -> None:
    ResilienceAreaFactory(code="cumbria", name="Cumbria")
    NationalRiskFactory(code="surface-water-flooding", name="Surface water flooding")
    client = Client()
    client.force_login(person(Role.CONTRIBUTOR))

    paper = client.get(reverse("submit_paper")).text

    for words in ("Surface water flooding", "OFFICIAL-SENSITIVE", "Red: national process at once", "Cumbria"):
        assert words in paper


def test_an_unknown_kind_gives_the_paper_for_a_lesson_identified() -> None:
    client = Client()
    client.force_login(person(Role.CONTRIBUTOR))

    assert "Lesson identified: form on paper" in client.get(reverse("submit_paper"), {"kind": "nonsense"}).text


@pytest.mark.parametrize(
    ("kind", "examples"), [("lesson_identified", EXAMPLES), ("notable_practice", PRACTICE_EXAMPLES)]
)
def test_a_good_answer_stands_below_each_field_of_running_text(kind: str, examples: dict[str, str]) -> None:
    author = person(Role.CONTRIBUTOR)
    draft = LessonFactory(author=author, status=Status.DRAFT, kind=kind)
    client = Client()
    client.force_login(author)

    for slug in ("what-happened", "learning"):
        page = client.get(reverse("submit_step", args=[draft.pk, slug]))
        for field in page.context["form"].visible_fields():
            if field.name in examples:
                assert examples[field.name][:60] in page.text


def test_hard_choices_have_help() -> None:
    author = person(Role.CONTRIBUTOR)
    draft = LessonFactory(author=author, status=Status.DRAFT)
    client = Client()
    client.force_login(author)

    pages = client.get(reverse("submit_step", args=[draft.pk, "sharing"])).text
    pages += client.get(reverse("submit_step", args=[draft.pk, "about"])).text

    for called in ("a marking", "who may read it", "a BRAG rating"):
        assert f"Help with {called}" in pages
