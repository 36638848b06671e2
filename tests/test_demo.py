"""The demonstration: real lessons, published by the rules that hold for everybody."""

import csv
from collections import Counter
from itertools import pairwise

import pytest
from django.contrib.auth.hashers import check_password
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent, Membership, Organisation, ResilienceArea, User
from accounts.roles import Role
from lessons.checklist import unticked
from lessons.demo.corpus import CORPUS, CorpusLoader
from lessons.demo.people import load_people
from lessons.importing.names import ALIASES, LISTS, Names, read_aliases
from lessons.models import (
    Capability,
    Debrief,
    Disposition,
    Event,
    Lesson,
    LessonMove,
    Move,
    NationalRisk,
    Observation,
    Publication,
    Theme,
)
from lessons.reference import load_reference
from notifications.models import Announcement, Subscription
from tests.factories import NOON

pytestmark = pytest.mark.django_db

PASSWORD = "eleven calm lanterns glow"
#: Of DESIGN: the accounts that stay put.
ACCOUNTS = [
    "reader",
    "contributor",
    "spoc",
    "moderator",
    "secretariat",
    "secretariat2",
    "board",
    "strategic.lead",
    "organisation.admin",
    "analyst",
    "auditor",
    "subscriber",
]


@pytest.fixture
def _reference() -> None:
    load_reference(ALIASES.parent)


def records() -> list[dict[str, str]]:
    with CORPUS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def counts() -> dict[str, int]:
    tables = (
        User,
        Membership,
        Lesson,
        Event,
        Debrief,
        Observation,
        Publication,
        LessonMove,
        Announcement,
        Subscription,
    )
    return {table.__name__: table.objects.count() for table in (*tables, AuditEvent)}


@pytest.mark.slow
@pytest.mark.usefixtures("_reference")
def test_all_records_are_published_by_the_rules_and_a_second_run_adds_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)
    call_command("load_demo")
    said = capsys.readouterr().out

    corpus = Lesson.objects.filter(external_id__startswith="UKL-").select_related("author", "organisation", "area")
    assert "113 records of the corpus: 113 published, 0 there already, 0 not published." in said
    assert set(corpus.values_list("status", flat=True)) == {"published"}
    assert corpus.count() == len(records()) == 113
    assert (
        len({record["source_name"] + record["source_date"] for record in records()})
        == Event.objects.filter(lessons__in=corpus).distinct().count()
    )
    the_people_are_those_of_the_design()
    the_words_dates_and_areas_are_those_of_the_corpus()
    nobody_published_their_own()
    the_tiers_follow_the_rules()
    the_newest_three_are_announced()
    no_page_of_the_job_is_empty()
    assert "Police forces (5)" in said

    before = counts()
    call_command("load_demo")

    assert counts() == before
    assert "0 published, 113 there already, 0 not published" in capsys.readouterr().out


def the_people_are_those_of_the_design() -> None:
    people = {user.email: user for user in User.objects.all()}
    assert {f"{name}@example.org" for name in ACCOUNTS} <= set(people)
    assert all(user.active_memberships for user in people.values())
    assert {user.password for user in people.values()} == {people["reader@example.org"].password}
    assert check_password(PASSWORD, people["reader@example.org"].password)
    assert people["moderator@example.org"].moderated_areas == [ResilienceArea.objects.get(code="cumbria").pk]
    assert set(Role) - {role for user in people.values() for role in (m.role for m in user.active_memberships)} == {
        Role.JOL_LEAD,
        Role.TRAINING_LEAD,
        Role.SYSTEM_ADMIN,
    }


def the_words_dates_and_areas_are_those_of_the_corpus() -> None:
    areas = {"National": None, "Kent": "Kent and Medway"}
    by_id = {text.lesson.external_id: text for text in Publication.objects.live().select_related("lesson__event")}
    for record in records():
        text = by_id[record["id"]]
        lesson = text.lesson
        assert (text.title, text.what_happened, text.statement) == (
            record["title"],
            record["what_happened"],
            record["lesson"],
        )
        assert text.recommendations[0]["text"] == record["recommendation"]
        assert (lesson.kind, lesson.event.kind) == (record["kind"], record["source_kind"])
        assert lesson.event.started_on.isoformat() == record["source_date"]
        assert (lesson.area.name if lesson.area else None) == areas.get(record["lrf"], record["lrf"])
        assert bool(text.codes_of("risk")) == bool(record["national_risk"])
        assert not unticked(text.checklist)


def nobody_published_their_own() -> None:
    for text in Publication.objects.select_related("lesson").filter(published_at__isnull=False):
        moves = list(text.lesson.moves.order_by("pk"))
        assert [entry.move for entry in moves] == [Move.SUBMIT, Move.CLAIM, Move.PUBLISH]
        assert text.published_by_id != text.lesson.author_id
        assert not text.lesson.editors.filter(pk=text.published_by_id).exists()


def the_tiers_follow_the_rules() -> None:
    published = Lesson.objects.filter(status="published").prefetch_related("event__areas")
    for lesson in published.select_related("area"):
        areas = [area.code for area in lesson.event.areas.all()]
        assert lesson.tier == ("area" if areas == ["cumbria"] and lesson.brag != "red" else "national"), lesson
    by = Counter(Publication.objects.values_list("published_by__email", flat=True).exclude(published_by=None))
    assert by["moderator@example.org"] >= 8
    assert by["secretariat2@example.org"] == 113 - by["moderator@example.org"]
    assert 10 <= published.filter(brag="red").count() <= 30


def the_newest_three_are_announced() -> None:
    announced = [row.publication.lesson.event.started_on for row in Announcement.objects.all()]
    newest = sorted((record["source_date"] for record in records()), reverse=True)[:3]
    assert sorted((day.isoformat() for day in announced), reverse=True) == newest


def no_page_of_the_job_is_empty() -> None:
    stages = Counter(Lesson.objects.exclude(status="published").values_list("status", flat=True))
    assert stages == {
        "draft": 3,
        "submitted": 4,
        "in_review": 1,
        "changes_requested": 1,
        "awaiting_sign_off": 1,
        "declined": 1,
    }
    waiting = Lesson.objects.waiting()
    assert waiting.moderated_by(User.objects.get(email="moderator@example.org")).count() >= 3
    assert LessonMove.objects.filter(move=Move.APPROVE).count() == 1
    assert Lesson.objects.filter(author__email="contributor@example.org", status="published").count() >= 5
    debrief = Debrief.objects.get()
    became = Counter(debrief.observations.values_list("disposition", flat=True))
    assert became.pop("promoted") == 3
    assert set(became) == set(Disposition) - {Disposition.PROMOTED}
    assert debrief.observations.exclude(group="").exists()
    assert Lesson.objects.filter(debrief=debrief, status="draft").count() == 2
    assert Subscription.objects.filter(organisation=None).count() >= 6
    assert Subscription.objects.exclude(organisation=None).count() >= 4
    assert Subscription.objects.exclude(words="").exists()


def test_no_demonstration_without_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for password, said in (("", "Set DEMO_PASSWORD"), ("short", "Use 12 characters or more")):
        monkeypatch.setenv("DEMO_PASSWORD", password)
        with pytest.raises(CommandError, match=said):
            call_command("load_demo")

    assert not User.objects.exists()


def test_no_demonstration_without_reference_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)

    with pytest.raises(CommandError, match="run load_reference first"):
        call_command("load_demo")


@pytest.mark.usefixtures("_reference")
def test_another_password_is_set_for_all_accounts() -> None:
    load_people(password=PASSWORD, at=NOON)

    load_people(password="nine brisk kettles sing", at=NOON)

    assert all(check_password("nine brisk kettles sing", user.password) for user in User.objects.all())


@pytest.mark.usefixtures("_reference")
def test_a_mailbox_that_somebody_changed_stays() -> None:
    load_people(password=PASSWORD, at=NOON)
    Organisation.objects.filter(code="london-fire-brigade").update(mailbox="other@example.org")

    load_people(password=PASSWORD, at=NOON)

    assert Organisation.objects.get(code="london-fire-brigade").mailbox == "other@example.org"


@pytest.mark.usefixtures("_reference")
def test_a_record_that_cannot_be_published_is_named_with_the_reason(tmp_path) -> None:
    rows = records()[:3]
    rows[1] |= {"national_risk": "Dragons"}
    rows[2] |= {"what_happened": ""}
    with (tmp_path / "corpus.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    people = load_people(password=PASSWORD, at=NOON)

    report = CorpusLoader(people, lambda: NOON).load(tmp_path / "corpus.csv")

    assert (report.rows, report.published) == (3, 1)
    assert [line.split(":")[0] for line in sorted(report.not_published)] == ["UKL-002", "UKL-003"]
    assert "“Dragons” is no risk we know" in report.not_published[0]
    assert Lesson.objects.count() == 1


# -- aliases ------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("_reference")
def test_every_alias_leads_to_a_code_that_exists_and_is_needed() -> None:
    codes = {
        "organisation": set(Organisation.objects.values_list("code", flat=True)),
        "area": set(ResilienceArea.objects.values_list("code", flat=True)),
        "risk": set(NationalRisk.objects.values_list("code", flat=True)),
        "theme": set(Theme.objects.values_list("code", flat=True)),
        "capability": set(Capability.objects.values_list("code", flat=True)),
    }
    used = {part.strip().casefold() for row in records() for cell in row.values() for part in cell.split(";")}
    used |= {row["national_risk"].casefold() for row in records()}

    aliases = read_aliases(ALIASES)

    assert set(aliases) == set(LISTS)
    for name, pairs in aliases.items():
        assert {code for found in pairs.values() for code in found} <= codes.get(name, set())
        assert set(pairs) <= used, f"aliases of {name} that the corpus does not use"


def test_the_file_of_aliases_is_sorted_and_says_nothing_twice() -> None:
    with ALIASES.open(encoding="utf-8", newline="") as file:
        rows = [tuple(row) for row in csv.reader(file)][1:]

    assert len(set(rows)) == len(rows)
    assert all(first[1].casefold() <= second[1].casefold() for first, second in pairwise(rows) if first[0] == second[0])


#: Groups, bodies that no list of responders holds, and districts, which the reference data leaves out.
UNRESOLVED_AGENCIES = {
    "Ambulance services",
    "Boston Borough Council",
    "British Library",
    "Dacorum Borough Council",
    "East Lindsey District Council",
    "Fire and rescue services",
    "Football Association",
    "Government departments",
    "Greater Manchester Combined Authority",
    "High Peak Borough Council",
    "Highways authority",
    "HM Coroners",
    "Internal drainage boards",
    "Lancaster City Council",
    "LIVES",
    "Local authorities",
    "Local resilience forums",
    "London local authorities",
    "London Resilience Partnership",
    "London's Air Ambulance",
    "NHS trusts",
    "North West Fire Control",
    "Ofwat",
    "Pennine Care NHS Foundation Trust",
    "Police forces",
    "Water companies",
    "local resilience forums",
    "telecommunications providers",
    "voluntary sector",
}


@pytest.mark.usefixtures("_reference")
def test_every_name_of_the_corpus_resolves_or_is_known_not_to() -> None:
    names = Names()

    def unresolved(column: str, *lists: str) -> set[str]:
        cells = {part.strip() for row in records() for part in row[column].split(";")} - {""}
        return {cell for cell in cells if not names.find(lists, cell)}

    assert unresolved("agencies", "organisation") == UNRESOLVED_AGENCIES
    assert unresolved("lrf", "area") == {"National"}
    assert unresolved("national_risk", "risk") == set()
    assert unresolved("themes", "theme", "capability") == set()
