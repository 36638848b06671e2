"""Digests: everything that waited for a period, in one mail, each item once; nothing lost, early or twice."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy

import pytest

from lessons.models import Lesson, Marking, Move, Publication
from notifications import announcing, digests
from notifications.digest_mail import MOST_LISTED
from notifications.fan_out import fan_out_batch
from notifications.models import Announcement, Delivery, DigestRun, Frequency, Notice, State, Subscription
from notifications.periods import LONDON, next_end
from notifications.rendering import content_of, load
from notifications.sending import checks
from tests.factories import (
    NOON,
    AnnouncementFactory,
    NationalRiskFactory,
    PublicationFactory,
    SubscriptionFactory,
    move_of,
    person,
)

pytestmark = pytest.mark.django_db

TOMORROW = next_end(Frequency.DAILY, NOON)


def announce(publication: Publication | None = None, *, at: datetime = NOON) -> Announcement:
    """Announce a publication and find out who hears of it."""
    news = AnnouncementFactory(publication=publication or PublicationFactory(), at=at)
    while fan_out_batch(announcement=news, at=at):
        pass
    return news


def run_digests(at: datetime, *, size: int = 1000) -> None:
    for run in digests.begin_due_runs(at=at):
        while digests.run_batch(run=run, at=at, size=size):
            pass


def mail_of(delivery: Delivery) -> tuple[str, str, str]:
    """Return subject, text and HTML of a digest as it would go out now."""
    load([delivery])
    verdict = checks.look([delivery])[delivery.pk]
    assert not verdict.reason
    mail = message_from_bytes(content_of(delivery, verdict), policy=policy.default)
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    return mail["Subject"], text.get_content(), page.get_content()


def test_a_day_of_news_is_one_mail_the_next_morning() -> None:
    reader = person()
    SubscriptionFactory(person=reader, frequency="daily", risks=["surface-water-flooding"])
    SubscriptionFactory(person=reader, frequency="weekly")
    first, second = PublicationFactory(), PublicationFactory()
    announce(first)
    announce(second)
    assert not Delivery.objects.exists()

    run_digests(TOMORROW - timedelta(seconds=1))
    assert not Delivery.objects.exists()
    run_digests(TOMORROW)
    run_digests(TOMORROW + timedelta(minutes=5))

    (digest,) = Delivery.objects.all()
    assert (digest.address, digest.kind, digest.state) == (reader.email, "digest", State.PENDING)
    subject, text, page = mail_of(digest)
    assert subject == "[OFFICIAL] Your lessons of the day: 2 new lessons"
    for publication in (first, second):
        assert text.count(publication.reference) == 2  # its line and its address
        assert publication.title in page
        assert publication.statement in text


def test_what_is_suspended_meanwhile_is_left_out_and_an_empty_digest_is_not_sent() -> None:
    SubscriptionFactory(frequency="daily")
    kept, gone = announce(), announce()
    run_digests(TOMORROW)
    (digest,) = Delivery.objects.all()

    Publication.objects.filter(pk=gone.publication_id).update(suspended_at=TOMORROW)
    assert gone.publication.reference not in mail_of(digest)[1]
    assert kept.publication.reference in mail_of(digest)[1]

    Publication.objects.filter(pk=kept.publication_id).update(suspended_at=TOMORROW)
    assert checks.look([digest])[digest.pk].reason == "Nothing is left of it."


def test_somebody_who_left_or_unsubscribed_gets_nothing() -> None:
    leaver, stopper = SubscriptionFactory(frequency="daily"), SubscriptionFactory(frequency="daily")
    announce()
    run_digests(TOMORROW)
    leaver.person.memberships.update(ends_on=NOON.date())
    Subscription.objects.filter(pk=stopper.pk).update(ended_at=TOMORROW)

    verdicts = checks.look(Delivery.objects.all())

    assert {verdict.reason for verdict in verdicts.values()} == {"Nothing is left of it."}


def test_of_an_official_sensitive_lesson_a_digest_holds_reference_and_link_only() -> None:
    reader = person(cleared=True)
    SubscriptionFactory(person=reader, frequency="daily", words="canary")
    news = announce(
        PublicationFactory(
            marking=Marking.SENSITIVE,
            title="A canary in the title",
            statement="A canary in the statement",
            what_happened="A canary in the story",
        )
    )
    run_digests(TOMORROW)

    subject, text, page = mail_of(Delivery.objects.get())

    assert subject.startswith("[OFFICIAL-SENSITIVE]")
    assert news.publication.reference in text
    assert "canary" not in (subject + text + page).lower()


def test_items_are_grouped_by_the_theme_of_their_risk() -> None:
    NationalRiskFactory(code="wildfire", theme_code="natural", theme="Natural hazards")
    SubscriptionFactory(frequency="daily")
    announce(PublicationFactory(terms=["kind:lesson_identified", "risk:wildfire", "risk-theme:natural"]))
    announce(PublicationFactory(terms=["kind:lesson_identified"]))
    run_digests(TOMORROW)

    _, text, _ = mail_of(Delivery.objects.get())

    assert text.index("== Natural hazards ==") < text.index("== Not about a National Risk ==")


@pytest.mark.slow
def test_a_large_digest_is_capped_and_says_how_many_more() -> None:
    SubscriptionFactory(frequency="daily")
    for _ in range(MOST_LISTED + 3):
        announce()
    run_digests(TOMORROW)
    (digest,) = Delivery.objects.all()

    subject, text, page = mail_of(digest)

    assert f"{MOST_LISTED + 3} new lessons" in subject
    assert "And 3 more: http://testserver/lessons/?since=2026-03-02" in text.splitlines()
    assert 'href="http://testserver/lessons/?since=2026-03-02"' in page
    assert len(text.encode()) + len(page.encode()) < 100_000


def test_a_run_that_was_killed_half_way_goes_on_without_a_repeat() -> None:
    SubscriptionFactory.create_batch(7, frequency="daily")
    announce()
    (run,) = [run for run in digests.begin_due_runs(at=TOMORROW) if run.frequency == "daily"]
    digests.run_batch(run=run, at=TOMORROW, size=3)  # and then the process died

    run_digests(TOMORROW + timedelta(minutes=5), size=3)

    assert Delivery.objects.count() == 7
    assert Delivery.objects.values("address").distinct().count() == 7
    assert not Notice.objects.filter(delivery=None).exists()


def test_news_that_came_after_the_period_waits_for_the_next() -> None:
    SubscriptionFactory(frequency="daily")
    late = announce(at=TOMORROW + timedelta(minutes=1))
    run_digests(TOMORROW + timedelta(minutes=2))
    assert not Delivery.objects.exists()

    run_digests(TOMORROW + timedelta(days=1, minutes=2))

    assert late.publication.reference in mail_of(Delivery.objects.get())[1]


def test_news_stamped_before_the_end_but_committed_after_the_run_is_not_lost() -> None:
    SubscriptionFactory(frequency="daily")
    run_digests(TOMORROW)
    announce(at=TOMORROW - timedelta(seconds=1))

    run_digests(TOMORROW + timedelta(days=1))

    assert Delivery.objects.count() == 1


@dataclass(frozen=True)
class Waiting:
    """What the model knows of a notice that waits."""

    since: datetime
    subscription: int


class Year:
    """A year of publishing, editing, suspending, changing minds and missed runs, beside a plain model of who waits for
    what.  Lessons are known by their keys, people by their addresses."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.people = [SubscriptionFactory(frequency=self.any_frequency()) for _ in range(5)]
        self.live: dict[int, Lesson] = {}
        self.noticed: dict[str, set[int]] = defaultdict(set)
        self.reached: dict[str, set[int]] = defaultdict(set)
        # address -> frequency -> lesson; address -> what each of its digests holds, by the model and in truth
        self.waiting: dict[str, dict[str, dict[int, Waiting]]] = defaultdict(lambda: defaultdict(dict))
        self.expected: dict[str, list[set[int]]] = defaultdict(list)
        self.sent: dict[str, list[set[int]]] = defaultdict(list)

    def any_frequency(self) -> Frequency:
        return self.chance.choice(list(Frequency))

    def live_through(self, at: datetime) -> None:
        """One day, of which `at` is 07:00 by the clock on the wall."""
        for happening, how_likely in (
            (self.publish, 0.3),
            (self.edit, 0.1),
            (self.suspend, 0.05),
            (self.change_minds, 0.1),
            (self.send_digests, 0.8),  # else the run is missed
        ):
            if self.chance.random() < how_likely:
                happening(at)

    def publish(self, at: datetime) -> None:
        news = announce(at=at)
        lesson = news.publication.lesson
        self.live[lesson.pk] = lesson
        self.tell(lesson.pk, at, self.people)

    def tell(self, lesson: int, at: datetime, people: Iterable[Subscription]) -> None:
        """Let the news of a lesson wait, or go, for those who want to hear anything now; what is at once has gone."""
        Delivery.objects.filter(announcement__isnull=False).waiting().update(state="sent", due_at=None)
        for one in people:
            if one.frequency == Frequency.OFF:
                continue
            who = one.person.email
            self.noticed[who].add(lesson)
            if one.frequency == Frequency.AT_ONCE:
                self.reached[who].add(lesson)
            else:
                self.waiting[who][one.frequency][lesson] = Waiting(at, one.pk)

    def forget(self, lesson: int) -> None:
        for frequencies in self.waiting.values():
            for lessons in frequencies.values():
                lessons.pop(lesson, None)

    def edit(self, at: datetime) -> None:
        """A new version: of a substantive one those who got the lesson hear at once, and those who wait wait anew."""
        if not self.live:
            return
        lesson = self.live[self.chance.choice(sorted(self.live))]
        change = self.chance.choice(["minor", "substantive"])
        entry = move_of(PublicationFactory(lesson=lesson, change=change, published_at=at), Move.PUBLISH_AGAIN)
        entry.at = at
        announcing.announce(entry, quiet=False)
        for news in Announcement.objects.filter(fanned_out_at=None, ended_at=None):
            while fan_out_batch(announcement=news, at=at):
                pass
        if change == "substantive":
            self.forget(lesson.pk)
            missed = [
                one
                for one in self.people
                if lesson.pk in self.noticed[one.person.email] - self.reached[one.person.email]
            ]
            self.tell(lesson.pk, at, missed)

    def suspend(self, at: datetime) -> None:
        if self.live:
            lesson = self.live.pop(self.chance.choice(sorted(self.live)))
            lesson.publications.current().update(suspended_at=at)
            announcing.end_earlier(lesson, at=at, reason="Suspended.")
            self.forget(lesson.pk)

    def change_minds(self, at: datetime) -> None:
        """Change how often, or end a subscription and begin another."""
        place = self.chance.randrange(len(self.people))
        one = self.people[place]
        if self.chance.random() < 0.7:
            one.frequency = self.any_frequency()
            one.save(update_fields=["frequency"])
        else:
            Subscription.objects.filter(pk=one.pk).update(ended_at=at)
            self.people[place] = SubscriptionFactory(person=one.person, frequency=self.any_frequency())

    def send_digests(self, at: datetime) -> None:
        before = set(DigestRun.objects.values_list("pk", flat=True))
        run_digests(at + timedelta(hours=1, minutes=4))
        runs = DigestRun.objects.exclude(pk__in=before)
        self.hand_over(list(Delivery.objects.filter(digest_run__in=runs).order_by("pk")))
        on = {one.pk for one in self.people if one.frequency != Frequency.OFF}
        for run in runs:
            for address, frequencies in self.waiting.items():
                waits = frequencies[run.frequency]
                ready = {lesson: one for lesson, one in waits.items() if one.since < run.period_end}
                if wanted := {lesson for lesson, one in ready.items() if one.subscription in on}:
                    self.expected[address].append(wanted)
                    self.reached[address] |= set(ready)
                frequencies[run.frequency] = {key: one for key, one in waits.items() if key not in ready}

    def hand_over(self, mails: list[Delivery]) -> None:
        """Note what each digest would say, and mark it as a sender would."""
        for mail, verdict in [(mail, checks.look([mail])[mail.pk]) for mail in mails]:
            if not verdict.reason:
                texts = Publication.objects.filter(pk__in=[item.current for item in verdict.items])
                assert len(texts) == len(verdict.items)
                self.sent[mail.address].append(set(texts.values_list("lesson", flat=True)))
            state = State.CANCELLED if verdict.reason else State.SENT
            Delivery.objects.filter(pk=mail.pk).update(state=state, due_at=None)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_year_of_everything_against_a_plain_model(seed: int) -> None:
    year = Year(seed)
    begin = datetime(2026, 1, 5, 7, 0, tzinfo=LONDON)
    digests.begin_due_runs(at=begin)  # what ended before the year began

    for day in range(365):
        year.live_through(begin + timedelta(days=day))

    assert {who: sorted(map(sorted, held)) for who, held in year.sent.items()} == {
        who: sorted(map(sorted, held)) for who, held in year.expected.items()
    }
    assert sum(map(len, year.sent.values())) > 50, "a year in which something happened"
    for held in year.sent.values():
        everything = [lesson for digest in held for lesson in digest]
        assert len(everything) == len(set(everything))
