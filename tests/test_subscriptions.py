"""The pages of subscriptions: who sees and changes which, and what they say."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Organisation, User
from accounts.roles import Role
from notifications.actions import NoWords, change_subscription, end_subscription, subscribe
from notifications.models import Subscription
from notifications.words import with_sentences
from tests.factories import (
    NOON,
    NationalRiskFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    SubscriptionFactory,
    ThemeFactory,
    person,
)

pytestmark = pytest.mark.django_db

NEW = "/subscriptions/new/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.SignInBackend")
    return client


def mailbox(**values: object) -> Organisation:
    return OrganisationFactory(mailbox="lessons@service.example", mailbox_confirmed_at=NOON, **values)


def test_a_reader_subscribes_and_sees_it_in_words() -> None:
    NationalRiskFactory(code="storms", name="Storms")
    ResilienceAreaFactory(code="cumbria", name="Cumbria")
    reader = person()
    client = signed_in(reader)

    answer = client.post(NEW, {"risks": ["storms"], "areas": ["cumbria"], "words": "rest  centre"}, follow=True)

    subscription = Subscription.objects.get()
    assert (subscription.person, subscription.organisation) == (reader, None)
    assert (subscription.risks, subscription.areas, subscription.words) == (["storms"], ["cumbria"], "rest centre")
    assert subscription.frequency == "at_once"
    assert subscription.confirmed_at is not None
    words = "Lessons and notable practice about “Storms” in “Cumbria” with the words “rest centre”"
    assert words in answer.content.decode()


def test_a_national_risk_page_prefills_the_form() -> None:
    NationalRiskFactory(code="storms", name="Storms")
    NationalRiskFactory(code="drought", name="Drought")

    page = signed_in(person()).get(f"{NEW}?risk=storms").content.decode()

    (ticked,) = [line for line in page.splitlines() if 'type="checkbox"' in line and "checked" in line]
    assert 'value="storms"' in ticked


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"risks": ["no-such-risk"]}, "no-such-risk"),
        ({"kinds": ["everything"]}, "everything"),
        ({"words": "the and of"}, "too common"),
        ({"words": "x" * 301}, "300"),
        ({"words": "a\x00b"}, "null"),
    ],
)
def test_what_the_form_does_not_know_is_refused_in_words(sent: dict[str, object], words: str) -> None:
    answer = signed_in(person()).post(NEW, sent)

    assert answer.status_code == 200
    assert "There is a problem" in answer.content.decode()
    assert not Subscription.objects.exists()


@pytest.mark.parametrize("role", [Role.JOL_SPOC, Role.JOL_LEAD, Role.ORGANISATION_ADMIN])
def test_those_who_look_after_a_mailbox_subscribe_it(role: Role) -> None:
    organisation = mailbox()
    keeper = person(role, organisation)

    signed_in(keeper).post(NEW, {"holder": str(organisation.pk)})

    assert Subscription.objects.get().organisation == organisation


def test_nobody_subscribes_somebody_elses_mailbox() -> None:
    organisation = mailbox()
    keeper_elsewhere = person(Role.JOL_SPOC)
    reader = person(Role.READER, organisation)

    for somebody in (keeper_elsewhere, reader):
        signed_in(somebody).post(NEW, {"holder": str(organisation.pk)})

    assert not Subscription.objects.filter(organisation=organisation).exists()


def test_a_list_shows_mine_and_the_mailboxes_that_i_look_after() -> None:
    organisation = mailbox(name="Northshire Fire")
    keeper = person(Role.JOL_SPOC, organisation)
    SubscriptionFactory(person=keeper, words="hose")
    SubscriptionFactory(organisation=organisation, words="ladder")
    SubscriptionFactory(words="secret")
    SubscriptionFactory(person=keeper, words="ended", ended_at=NOON)

    page = signed_in(keeper).get("/subscriptions/").content.decode()

    assert "hose" in page
    assert "ladder" in page
    assert "Northshire Fire" in page
    assert "secret" not in page
    assert "“ended”" not in page


@pytest.mark.parametrize("leaf", ["", "end/"])
def test_another_persons_subscription_is_not_there(leaf: str) -> None:
    other = SubscriptionFactory()
    of_mailbox = SubscriptionFactory(organisation=mailbox())
    client = signed_in(person(Role.JOL_SPOC))

    for subscription in (other, of_mailbox):
        assert client.get(f"/subscriptions/{subscription.token}/{leaf}").status_code == 404
        assert client.post(f"/subscriptions/{subscription.token}/{leaf}", {"words": "mine"}).status_code == 404
        assert client.post(f"/subscriptions/{subscription.token}/resume/").status_code == 404
        subscription.refresh_from_db()
        assert (subscription.words, subscription.ended_at) == ("", None)


@pytest.mark.parametrize("path", ["/subscriptions/", NEW])
def test_who_reads_nothing_here_subscribes_to_nothing(path: str) -> None:
    assert signed_in(person(Role.SYSTEM_ADMIN)).get(path).status_code == 403
    assert Client().get(path).status_code == 302


def test_a_subscription_is_changed_and_keeps_codes_that_left_the_lists() -> None:
    ThemeFactory(code="communicate")
    reader = person()
    subscription = SubscriptionFactory(person=reader, risks=["renamed-since"])
    client = signed_in(reader)

    page = client.get(f"/subscriptions/{subscription.token}/").content.decode()
    client.post(f"/subscriptions/{subscription.token}/", {"risks": ["renamed-since"], "themes": ["communicate"]})

    assert "Renamed since" in page
    subscription.refresh_from_db()
    assert (subscription.risks, subscription.themes) == (["renamed-since"], ["communicate"])


def test_a_change_does_not_begin_again_what_was_ended_meanwhile() -> None:
    reader = person()
    shown = SubscriptionFactory(person=reader)
    end_subscription(subscription=Subscription.objects.get(), by=reader, at=NOON)

    change_subscription(subscription=shown, by=reader, at=NOON, criteria={"kinds": ["notable_practice"]})

    stored = Subscription.objects.get()
    assert (stored.kinds, stored.ended_at) == (["notable_practice"], NOON)


def test_ending_asks_first_and_can_be_undone() -> None:
    reader = person()
    subscription = SubscriptionFactory(person=reader)
    client = signed_in(reader)
    address = f"/subscriptions/{subscription.token}/"

    assert "Delete this subscription?" in client.get(f"{address}end/").content.decode()
    assert Subscription.objects.current().exists()

    assert "is deleted" in client.post(f"{address}end/", follow=True).content.decode()
    assert not Subscription.objects.current().exists()

    client.post(f"{address}resume/")
    assert Subscription.objects.current().exists()


def test_what_was_set_off_or_changed_while_paused_comes_as_often_as_before() -> None:
    reader = person()
    client = signed_in(reader)
    weekly = SubscriptionFactory(person=reader, frequency="weekly")
    address = f"/subscriptions/{weekly.token}/"

    for paused in ({"frequency": "off"}, {"frequency": "off", "kinds": "notable_practice"}):
        client.post(address, paused)
        assert Subscription.objects.get().frequency == "off"
    client.post(f"{address}resume/")

    assert (Subscription.objects.get().frequency, Subscription.objects.get().resumes_as) == ("weekly", "")


def test_what_few_ask_for_is_folded_unless_something_of_it_is_chosen() -> None:
    client = signed_in(person())

    folded = client.get("/subscriptions/new/").text
    unfolded = client.get("/subscriptions/new/", {"brag": "red"}).text

    heading = '<summary class="govuk-details__summary"><span class="govuk-details__summary-text">Themes, capabilities'
    assert folded.partition(heading)[0].rstrip().endswith('<details class="govuk-details">')
    assert unfolded.partition(heading)[0].rstrip().endswith('<details class="govuk-details" open>')
    assert unfolded.count('name="brags"') == folded.count('name="brags"') == 4


def test_a_list_takes_as_many_queries_for_twenty_as_for_one(django_assert_num_queries: pytest.FixtureRequest) -> None:
    reader = person()
    SubscriptionFactory(person=reader, risks=["a"], areas=["b"], themes=["c"], risk_themes=["d"])
    with django_assert_num_queries(5):  # type: ignore[operator]
        with_sentences(Subscription.objects.for_list())[0].sentence  # noqa: B018

    SubscriptionFactory.create_batch(19, person=reader, risks=["a", "x"], areas=["b", "y"], themes=["c"])

    with django_assert_num_queries(5):  # type: ignore[operator]
        assert len(with_sentences(Subscription.objects.for_list())) == 20


def test_an_action_refuses_words_that_say_nothing() -> None:
    with pytest.raises(NoWords):
        subscribe(by=person(), at=NOON, criteria={}, words="of the")
