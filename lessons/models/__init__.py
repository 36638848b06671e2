"""What is stored about events, lessons, their moves and their publications."""

from lessons.models.events import Event, EventKind, LegalContext, Precision, Scale
from lessons.models.grants import LessonGrant
from lessons.models.lessons import Lesson, LessonLink, LessonQuerySet, ReferenceCounter, Status, Tier
from lessons.models.moves import LessonMove, Move
from lessons.models.publications import Change, Publication, PublicationQuerySet, PublicationView, Word
from lessons.models.taxonomy import Capability, NationalRisk, Theme
from lessons.models.wording import Attribution, Audience, Brag, Kind, Marking, Wording

__all__ = [
    "Attribution",
    "Audience",
    "Brag",
    "Capability",
    "Change",
    "Event",
    "EventKind",
    "Kind",
    "LegalContext",
    "Lesson",
    "LessonGrant",
    "LessonLink",
    "LessonMove",
    "LessonQuerySet",
    "Marking",
    "Move",
    "NationalRisk",
    "Precision",
    "Publication",
    "PublicationQuerySet",
    "PublicationView",
    "ReferenceCounter",
    "Scale",
    "Status",
    "Theme",
    "Tier",
    "Word",
    "Wording",
]
