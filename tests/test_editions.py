"""Taking in a new edition of the risk register."""

import csv
import io
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import AuditEvent, User
from accounts.roles import Role
from lessons.actions.editions import CHANGE_TAXONOMY, UnclearRegister, load_edition
from lessons.editions import Comparison, read_edition
from lessons.models import NationalRisk, Publication, Status
from notifications.models import Delivery, Notice
from tests.factories import (
    NOON,
    AnnouncementFactory,
    LessonFactory,
    NationalRiskFactory,
    SubscriptionFactory,
    person,
)
from tests.test_fanout import fan_out

pytestmark = pytest.mark.django_db

COLUMNS = ("code", "number", "name", "theme", "theme_code", "likelihood", "impact", "edition")
NATURAL = ("Natural and environmental hazards", "natural-and-environmental-hazards")


def content(*rows: dict[str, str], edition: str = "2026") -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, restval="")
    writer.writeheader()
    for row in rows:
        writer.writerow({"theme": NATURAL[0], "theme_code": NATURAL[1], "edition": edition} | row)
    return file.getvalue().encode()


FLOODING_AT_THE_COAST = {"code": "flooding-coastal", "name": "Coastal flooding and surge"}
WILDFIRE = {"code": "wildfire", "name": "Wildfires"}
SOLAR = {"code": "solar-storm", "name": "Solar storm"}
FILE = content(FLOODING_AT_THE_COAST, WILDFIRE, SOLAR)


@pytest.fixture
def secretariat() -> User:
    return person(Role.SECRETARIAT)


@pytest.fixture(autouse=True)
def _last_edition() -> None:
    for code, name in (("coastal-flooding", "Coastal flooding"), ("wildfire", "Wildfire"), ("volcano", "Volcano")):
        NationalRiskFactory(edition="2025", code=code, name=name, theme=NATURAL[0], theme_code=NATURAL[1])


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def upload(client: Client, file: bytes = FILE) -> Any:
    return client.post("/registers/", {"file": SimpleUploadedFile("nrr.csv", file, "text/csv")})


def codes(edition: str = "2026") -> set[str]:
    return set(NationalRisk.objects.filter(edition=edition).values_list("code", flat=True))


# -- comparing --------------------------------------------------------------------------------------
def test_what_is_new_gone_and_renamed_is_told_apart() -> None:
    found = Comparison(read_edition(FILE), lessons={"volcano": 4})

    assert [entry.code for entry in found.new] == ["flooding-coastal", "solar-storm"]
    assert [(gone.risk.code, gone.lessons) for gone in found.gone] == [("coastal-flooding", 0), ("volcano", 4)]
    assert [(one.before.name, one.after.name) for one in found.renamed] == [("Wildfire", "Wildfires")]
    assert found.same == 0


def test_an_entry_with_a_name_much_alike_is_suggested_and_no_other() -> None:
    found = Comparison(read_edition(FILE), lessons={})

    suggestions = {gone.risk.code: [entry.code for entry in gone.suggestions] for gone in found.gone}

    assert suggestions == {"coastal-flooding": ["flooding-coastal"], "volcano": []}


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"", "is empty"),
        (b"code,name\nwildfire,Wildfire\n", "line 1: These columns are missing"),
        (content({"code": "Wild fire", "name": "Wildfire"}), "line 2: code"),
        (content(WILDFIRE, WILDFIRE | {"name": "Again"}), "line 3: code"),
        (content(WILDFIRE | {"likelihood": "6"}), "line 2: likelihood"),
        (content(WILDFIRE, SOLAR | {"edition": "2023"}), "line 3: edition"),
        (content(WILDFIRE | {"theme": "x" * 101}), "line 2: theme"),
        (b"\xff\xfe\x00", "UTF"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(secretariat: User, file: bytes, words: str) -> None:
    client = sign_in(secretariat)

    problems = " ".join(read_edition(file).problems)
    answer = upload(client, file)

    assert words in problems
    assert answer.status_code == 422
    assert codes() == set()


# -- storing ----------------------------------------------------------------------------------------
def test_looking_at_a_file_stores_nothing(secretariat: User) -> None:
    answer = upload(sign_in(secretariat))

    assert answer.status_code == 200
    assert "Suggested: Coastal flooding and surge" in answer.content.decode()
    assert codes() == set()


def test_nothing_becomes_anything_unless_somebody_confirms_it(secretariat: User) -> None:
    client = sign_in(secretariat)
    text = upload(client).context["form"]["content"].value()

    answer = client.post("/registers/load/", {"content": text})

    assert answer.status_code == 302
    assert codes() == {"flooding-coastal", "wildfire", "solar-storm"}
    assert codes("2025") == {"coastal-flooding", "wildfire", "volcano"}
    assert not AuditEvent.objects.filter(action="register.map").exists()


def test_a_confirmed_risk_goes_on_under_its_code_and_the_audit_trail_says_so(secretariat: User) -> None:
    risk = NationalRisk.objects.get(code="coastal-flooding")
    lesson = LessonFactory(status=Status.PUBLISHED, risks=[risk])
    before = Publication.objects.get(lesson=lesson).terms
    client = sign_in(secretariat)
    text = upload(client).context["form"]["content"].value()

    client.post("/registers/load/", {"content": text, "became-coastal-flooding": "flooding-coastal"})

    assert codes() == {"coastal-flooding", "wildfire", "solar-storm"}
    assert NationalRisk.objects.current().get(code="coastal-flooding").name == "Coastal flooding and surge"
    assert Publication.objects.get(lesson=lesson).terms == before
    event = AuditEvent.objects.get(action="register.map")
    stored = NationalRisk.objects.get(edition="2026", code="coastal-flooding")
    assert (event.actor, event.object_id, event.reason, event.role) == (
        secretariat,
        str(stored.pk),
        "flooding-coastal",
        Role.SECRETARIAT,
    )
    assert AuditEvent.objects.get(action="register.load").digest


def test_loading_the_same_file_again_remembers_what_was_confirmed_and_adds_nothing(secretariat: User) -> None:
    became = {"coastal-flooding": "flooding-coastal"}
    load_edition(edition=read_edition(FILE), became=became, by=secretariat, at=NOON)

    again = Comparison(read_edition(FILE), lessons={})
    loaded = load_edition(edition=read_edition(FILE), became={}, by=secretariat, at=NOON)

    assert [gone.risk.code for gone in again.gone] == ["volcano"]
    assert (loaded.added, loaded.changed) == (0, 0)
    assert codes() == {"coastal-flooding", "wildfire", "solar-storm"}


@pytest.mark.parametrize(
    "became",
    [
        {"coastal-flooding": "flooding-coastal", "volcano": "flooding-coastal"},
        {"coastal-flooding": "wildfire"},
        {"wildfire": "solar-storm"},
        {"volcano": "no-such-entry"},
        {"no-such-risk": "solar-storm"},
    ],
)
def test_what_cannot_be_one_risk_is_refused_and_nothing_stored(secretariat: User, became: dict[str, str]) -> None:
    with pytest.raises(UnclearRegister):
        load_edition(edition=read_edition(FILE), became=became, by=secretariat, at=NOON)

    assert codes() == set()


def test_two_risks_that_became_one_are_sent_back_with_the_words(secretariat: User) -> None:
    client = sign_in(secretariat)
    text = upload(client).context["form"]["content"].value()
    chosen = {"became-coastal-flooding": "solar-storm", "became-volcano": "solar-storm"}

    answer = client.post("/registers/load/", {"content": text} | chosen)

    assert answer.status_code == 422
    assert "Two risks cannot become the same entry" in answer.content.decode()
    assert codes() == set()


def test_a_file_in_another_encoding_is_carried_over_unharmed(secretariat: User) -> None:
    client = sign_in(secretariat)
    file = content({"code": "foehn", "name": "Föhn"}).decode().encode("cp1252")
    text = upload(client, file).context["form"]["content"].value()

    client.post("/registers/load/", {"content": text})

    assert NationalRisk.objects.get(code="foehn").name == "Föhn"


def test_what_a_file_says_is_shown_as_text(secretariat: User) -> None:
    file = content({"code": "storms", "name": "<script>alert(1)</script>"})

    page = upload(sign_in(secretariat), file).content.decode()

    assert "<script>alert" not in page


# -- who --------------------------------------------------------------------------------------------
def test_only_the_secretariat_may_change_what_lessons_are_tagged_with() -> None:
    allowed = {role for role in Role if person(role).has_perm(CHANGE_TAXONOMY)}

    assert allowed == {Role.SECRETARIAT}


@pytest.mark.parametrize("role", [Role.READER, Role.LRF_MODERATOR, Role.AUDITOR, Role.SYSTEM_ADMIN])
def test_others_are_refused(role: Role) -> None:
    user = person(role)
    client = sign_in(user)

    assert client.get("/registers/").status_code == 403
    assert upload(client).status_code == 403
    assert client.post("/registers/load/", {"content": FILE.decode()}).status_code == 403
    with pytest.raises(PermissionDenied):
        load_edition(edition=read_edition(FILE), became={}, by=user, at=NOON)
    assert codes() == set()


def test_a_new_edition_silences_no_subscription(secretariat: User) -> None:
    """Renamed, recoded, or moved to another theme: who asked for it before hears of it after."""
    asked = [{"risks": ["coastal-flooding"]}, {"risks": ["wildfire"]}, {"risk_themes": [NATURAL[1]]}]
    by_code, renamed, by_theme = [SubscriptionFactory(**wish) for wish in asked]
    moved = WILDFIRE | {"theme": "Fire", "theme_code": "fire"}
    file = read_edition(content(FLOODING_AT_THE_COAST, moved, SOLAR))
    load_edition(edition=file, became={"coastal-flooding": "flooding-coastal"}, by=secretariat, at=NOON)
    now = NationalRisk.objects.current()

    for code in ("coastal-flooding", "wildfire"):
        lesson = LessonFactory(status=Status.PUBLISHED, risks=[now.get(code=code)])
        fan_out(AnnouncementFactory(publication=Publication.objects.get(lesson=lesson)))

    heard = {one.pk: Notice.objects.filter(person=one.person).count() for one in (by_code, renamed, by_theme)}
    assert heard == {by_code.pk: 1, renamed.pk: 1, by_theme.pk: 2}


def test_whoever_follows_a_risk_that_leaves_the_register_is_told_once_and_sees_it(secretariat: User) -> None:
    follower, renamed = person(), person()
    SubscriptionFactory(person=follower, risks=["volcano"])
    SubscriptionFactory(person=follower, risks=["volcano", "wildfire"], words="ash")
    SubscriptionFactory(person=follower, risks=["volcano"], frequency="off")
    SubscriptionFactory(person=renamed, risks=["coastal-flooding", "wildfire"])
    became = {"coastal-flooding": "flooding-coastal"}

    for _ in range(2):
        load_edition(edition=read_edition(FILE), became=became, by=secretariat, at=NOON)

    told = Delivery.objects.get(kind="risk_left")
    assert told.body
    text = "\n".join(told.body["paragraphs"])
    assert told.address == follower.email
    assert "“Volcano”" in text
    assert text.count("\n- ") == 2
    assert "Coastal" not in text
    page = sign_in(follower).get("/subscriptions/").content.decode()
    assert page.count("has left the risk register") == 3
    assert "has left" not in sign_in(renamed).get("/subscriptions/").content.decode()
