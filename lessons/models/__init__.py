"""What is stored about events, lessons, their moves and their publications."""

from lessons.models.attachments import Attachment, AttachmentQuerySet, Scan
from lessons.models.bench import LookAlikes, OpenPage
from lessons.models.debriefs import Debrief, DebriefKind, Disposition, Observation, PointKind, ServiceSystem
from lessons.models.events import Event, EventKind, LegalContext, Precision, Scale
from lessons.models.exports import ExportForm, ExportRecord, IdempotencyKey
from lessons.models.foi import FoiConsultee, FoiRequest
from lessons.models.grants import LessonGrant
from lessons.models.lessons import Lesson, LessonLink, LessonQuerySet, ReferenceCounter, Status, Tier
from lessons.models.moves import LessonMove, Move
from lessons.models.publications import Change, Publication, PublicationQuerySet, PublicationView
from lessons.models.stamps import PublicationStamp
from lessons.models.taxonomy import Capability, NationalRisk, Theme
from lessons.models.warnings import Answer, Comment, TextWarning, TextWarningQuerySet, WarningKind
from lessons.models.wording import Attribution, Audience, Brag, Kind, Marking, Wording
from lessons.models.words import Collection, CountedPublication, Lexeme, Word

__all__ = [
    "Answer",
    "Attachment",
    "AttachmentQuerySet",
    "Attribution",
    "Audience",
    "Brag",
    "Capability",
    "Change",
    "Collection",
    "Comment",
    "CountedPublication",
    "Debrief",
    "DebriefKind",
    "Disposition",
    "Event",
    "EventKind",
    "ExportForm",
    "ExportRecord",
    "FoiConsultee",
    "FoiRequest",
    "IdempotencyKey",
    "Kind",
    "LegalContext",
    "Lesson",
    "LessonGrant",
    "LessonLink",
    "LessonMove",
    "LessonQuerySet",
    "Lexeme",
    "LookAlikes",
    "Marking",
    "Move",
    "NationalRisk",
    "Observation",
    "OpenPage",
    "PointKind",
    "Precision",
    "Publication",
    "PublicationQuerySet",
    "PublicationStamp",
    "PublicationView",
    "ReferenceCounter",
    "Scale",
    "Scan",
    "ServiceSystem",
    "Status",
    "TextWarning",
    "TextWarningQuerySet",
    "Theme",
    "Tier",
    "WarningKind",
    "Word",
    "Wording",
]
