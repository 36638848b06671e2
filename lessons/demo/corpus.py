"""The lessons of `data/uk_lessons.csv`, published through events, submission, review and publication.

What the corpus does not say is chosen by rule:

- owner: the first agency that resolves, else the JESIP team (what does not resolve is reported);
- author: the demo's contributor where the owner is their organisation, else the Secretariat, which writes for any;
- BRAG: red for a lesson identified since 2017 under the risk theme terrorism, else amber; green for notable practice;
- published by the moderator of Cumbria for its area unless red, else by the second person of the Secretariat;
- one event serves all its lessons, whoever owns them; its areas and organisations are those of all its records;
- the newest three, by date of the event, are announced; all others are quiet.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from django.conf import settings
from django.core.exceptions import PermissionDenied

from accounts.models import Organisation, User
from accounts.tables import Row, open_csv
from lessons.demo.people import AREA, CONSTABULARY, JESIP
from lessons.errors import LessonError
from lessons.importing.column_map import load_column_map
from lessons.importing.drafts import Draft, DraftMaker
from lessons.importing.intake import Intake
from lessons.importing.names import Names
from lessons.models import Brag, Kind, Lesson, NationalRisk

CORPUS = settings.BASE_DIR / "data" / "uk_lessons.csv"
COLUMN_MAP = settings.BASE_DIR / "lessons" / "column_maps" / "uk_lessons.json"
ANNOUNCED = 3
RED_SINCE = date(2017, 1, 1)


@dataclass
class CorpusReport:
    published: int = 0
    already_there: int = 0
    not_published: list[str] = field(default_factory=list)  # "UKL-001: why"
    unresolved: Counter[str] = field(default_factory=Counter)  # agencies without a code, how often
    without_owner: list[str] = field(default_factory=list)  # ids whose agencies all did not resolve

    @property
    def rows(self) -> int:
        return self.published + self.already_there + len(self.not_published)


EventKey = tuple[str, object]


class CorpusLoader:
    """Loads the corpus once; a second run finds everything there."""

    def __init__(self, people: dict[str, User], clock: Callable[[], datetime]) -> None:
        self.people, self.clock = people, clock
        self.intake, self.report = Intake(), CorpusReport()
        self._maker = DraftMaker(load_column_map(COLUMN_MAP), Names())
        self._terrorism = set(NationalRisk.objects.filter(theme_code="terrorism").values_list("code", flat=True))
        self._owners: dict[str, Organisation] = {}  # by external id
        self._recorders: dict[EventKey, Organisation] = {}

    def load(self, path: Path = CORPUS) -> CorpusReport:
        drafts = [draft for row in open_csv(path).rows() if (draft := self._sound(row))]
        self._join_events(drafts)
        ids = [draft.external_id for draft in drafts]
        known = set(Lesson.objects.filter(external_id__in=ids).values_list("external_id", flat=True))
        new = sorted((draft for draft in drafts if draft.external_id not in known), key=_date_and_id)
        self.report.already_there = len(drafts) - len(new)
        for number, draft in enumerate(new, start=1):
            self._publish(draft, announce=number > len(new) - ANNOUNCED)
        return self.report

    def _sound(self, row: Row) -> Draft | None:
        """Return the row as a draft with owner and BRAG, or note why it is none."""
        draft = self._maker.make(row)
        self.report.unresolved.update(note.value for note in draft.notes)
        if draft.problems:
            self._failed(draft, "; ".join(f"{problem.field}: {problem.what}" for problem in draft.problems))
            return None
        agencies = draft.codes("event.organisations")
        if not agencies:
            self.report.without_owner.append(draft.external_id)
        self._owners[draft.external_id] = self.intake.organisations[next(iter(agencies), JESIP)]
        if self._is_red(draft):
            draft.values["brag"] = Brag.RED
        return draft

    def _is_red(self, draft: Draft) -> bool:
        return (
            draft.values["kind"] == Kind.LESSON_IDENTIFIED
            and (draft.event["started_on"] or date.min) >= RED_SINCE
            and bool(self._terrorism & set(draft.codes("risks")))
        )

    def _join_events(self, drafts: list[Draft]) -> None:
        """Give all records of an event its areas and organisations, and note whose event it is."""
        together: dict[EventKey, list[Draft]] = defaultdict(list)
        for draft in drafts:
            together[_event_key(draft)].append(draft)
        for key, same in together.items():
            for name in ("event.areas", "event.organisations"):
                union = list(dict.fromkeys(code for draft in same for code in draft.codes(name)))
                for draft in same:
                    draft.values[name] = union
            self._recorders[key] = self._owners[same[0].external_id]

    def _author(self, owner: Organisation) -> User:
        return self.people["contributor" if owner.code == CONSTABULARY else "secretariat"]

    def _publish(self, draft: Draft, *, announce: bool) -> None:
        owner, recorder = self._owners[draft.external_id], self._recorders[_event_key(draft)]
        is_local = draft.codes("event.areas") == [AREA] and draft.values["brag"] != Brag.RED
        try:
            self.intake.take_in(
                draft,
                organisation=owner,
                by=self._author(owner),
                at=self.clock(),
                event_from=(recorder, self._author(recorder)),
                publish_by=self.people["moderator" if is_local else "secretariat2"],
                announce=announce,
            )
        except LessonError as error:
            self._failed(draft, str(error))
        except PermissionDenied:
            self._failed(draft, "an account of the demonstration lost its role")
        else:
            self.report.published += 1

    def _failed(self, draft: Draft, why: str) -> None:
        self.report.not_published.append(f"{draft.external_id or f'line {draft.line}'}: {why}")


def _event_key(draft: Draft) -> EventKey:
    return str(draft.event["name"]).casefold(), draft.event["started_on"]


def _date_and_id(draft: Draft) -> tuple[date, str]:
    return draft.event["started_on"] or date.min, draft.external_id
