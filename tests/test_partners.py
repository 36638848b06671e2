"""The page that lets a partner organisation into a draft, and out again."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Organisation, User
from accounts.roles import Role
from lessons.models import Lesson, LessonGrant, Status
from tests.factories import LessonFactory, OrganisationFactory, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft() -> Lesson:
    return LessonFactory(status=Status.DRAFT, title="No shared talk group in the first hour")


@pytest.fixture
def partner() -> Organisation:
    return OrganisationFactory(code="north-ambulance", name="North Ambulance")


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(draft: Lesson) -> str:
    return reverse("partners", args=[draft.pk])


def step(draft: Lesson) -> str:
    return reverse("submit_step", args=[draft.pk, "what-happened"])


def test_a_partner_that_may_write_finds_the_draft_and_writes_it(draft: Lesson, partner: Organisation) -> None:
    colleague = sign_in(person(Role.READER, partner))
    assert colleague.get(draft.get_absolute_url()).status_code == 404

    answer = sign_in(draft.author).post(page(draft), {"organisation": partner.code, "may": "write"}, follow=True)

    assert "North Ambulance is in." in answer.text
    assert draft.title in colleague.get(reverse("our_lessons")).text
    assert colleague.get(step(draft)).status_code == 200


def test_it_is_said_who_let_a_partner_in_and_what_it_may_do(draft: Lesson, partner: Organisation) -> None:
    author, lead = sign_in(draft.author), sign_in(person(Role.JOL_SPOC, draft.organisation))
    author.post(page(draft), {"organisation": partner.code, "may": "write"})

    assert "Let in by you," in author.get(page(draft)).text
    assert f"Let in by {draft.author.get_full_name()}," in lead.get(page(draft)).text
    assert "North Ambulance (may read and write it)" in lead.get(draft.get_absolute_url()).text
    lead.post(page(draft), {"organisation": partner.code, "may": "read"})
    assert "Let in by you," in lead.get(page(draft)).text, "who said it last"
    assert "North Ambulance (may read it)" in lead.get(draft.get_absolute_url()).text


def test_a_partner_that_may_read_does_not_write(draft: Lesson, partner: Organisation) -> None:
    sign_in(draft.author).post(page(draft), {"organisation": partner.code, "may": "read"})
    colleague = sign_in(person(Role.READER, partner))

    assert colleague.get(draft.get_absolute_url()).status_code == 200
    assert colleague.get(step(draft)).status_code == 403


def test_a_partner_is_let_out_again_and_that_can_be_undone(draft: Lesson, partner: Organisation) -> None:
    author, colleague = sign_in(draft.author), sign_in(person(Role.READER, partner))
    author.post(page(draft), {"organisation": partner.code, "may": "write"})

    out = author.post(page(draft), {"out": partner.code}, follow=True)

    assert "North Ambulance is out" in out.text
    assert colleague.get(draft.get_absolute_url()).status_code == 404
    assert '<input type="hidden" name="may" value="write">' in out.text
    author.post(page(draft), {"organisation": partner.code, "may": "write"})
    assert colleague.get(step(draft)).status_code == 200


def test_letting_in_can_be_undone(draft: Lesson, partner: Organisation) -> None:
    author = sign_in(draft.author)

    let_in = author.post(page(draft), {"organisation": partner.code, "may": "read"}, follow=True)

    assert f'<input type="hidden" name="out" value="{partner.code}">' in let_in.text


def test_what_a_partner_may_do_can_be_changed(draft: Lesson, partner: Organisation) -> None:
    author = sign_in(draft.author)
    author.post(page(draft), {"organisation": partner.code, "may": "write"})

    author.post(page(draft), {"organisation": partner.code, "may": "read"})

    assert [grant.permission.codename for grant in LessonGrant.objects.all()] == ["view_lesson"]


def test_a_partner_writes_no_more_once_it_is_submitted(partner: Organisation) -> None:
    submitted = LessonFactory(status=Status.SUBMITTED)
    sign_in(submitted.author).post(page(submitted), {"organisation": partner.code, "may": "write"})
    colleague = sign_in(person(Role.READER, partner))

    assert colleague.get(submitted.get_absolute_url()).status_code == 200
    assert colleague.get(step(submitted)).status_code == 403


@pytest.mark.parametrize("sent", [{}, {"organisation": "north-ambulance"}, {"organisation": "nobody", "may": "read"}])
def test_what_is_missing_is_said_and_nobody_is_let_in(
    draft: Lesson, partner: Organisation, sent: dict[str, str]
) -> None:
    answer = sign_in(draft.author).post(page(draft), sent)

    assert answer.status_code == 422
    assert not LessonGrant.objects.exists()


def test_the_owner_is_not_offered_as_a_partner(draft: Lesson) -> None:
    answer = sign_in(draft.author).post(page(draft), {"organisation": draft.organisation.code, "may": "read"})

    assert answer.status_code == 422


def test_letting_out_somebody_who_is_out_changes_nothing(draft: Lesson, partner: Organisation) -> None:
    answer = sign_in(draft.author).post(page(draft), {"out": partner.code})

    assert answer.url == page(draft)


def test_only_author_and_leads_let_partners_in(draft: Lesson, partner: Organisation) -> None:
    author = sign_in(draft.author)
    author.post(page(draft), {"organisation": partner.code, "may": "write"})

    assert sign_in(person(Role.JOL_SPOC, draft.organisation)).get(page(draft)).status_code == 200
    assert sign_in(person(Role.READER, partner)).post(page(draft), {"out": partner.code}).status_code == 403
    assert sign_in(person(Role.READER)).get(page(draft)).status_code == 404
