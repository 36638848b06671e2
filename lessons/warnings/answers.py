"""What is found in a text, beside how people answered it."""

from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext

from lessons.models import Answer, Lesson, Publication, TextWarning, TextWarningQuerySet
from lessons.warnings.check import Spotted, spot

#: With these the words may stay.
LETS_STAY = (Answer.FALSE_ALARM, Answer.NEEDED)


@dataclass(frozen=True)
class Warned:
    """Words that are in a text now.

    :ivar answer: how somebody answered for this text
    :ivar earlier: how it was answered in the text that this one began from: the owner's, or the version before
    """

    spotted: Spotted
    answer: TextWarning | None
    earlier: TextWarning | None = None

    @property
    def is_open(self) -> bool:
        return self.answer is None

    @property
    def label(self) -> str:
        return str(self.spotted.found.kind.label)

    @property
    def code(self) -> str:
        """Names the warning in a form: field, kind, and the digest of the words."""
        field, kind, digest = self.spotted.key
        return f"{field}-{kind}-{digest[:16]}"


def warnings_kept(text: Lesson | Publication) -> TextWarningQuerySet:
    """Return the rows about `text`: what was found when it was last looked through, and the answers."""
    if isinstance(text, Publication):
        return TextWarning.objects.filter(publication=text)
    return TextWarning.objects.filter(lesson=text)


def warnings_in(text: Lesson | Publication) -> list[Warned]:
    """Return what the rules find in `text` as it is now, with the answers."""
    spotted = spot(text)
    if not spotted:
        return []
    before = _began_from(text) if isinstance(text, Publication) else None
    answers, earlier = _answers(text, before)
    return [Warned(one, answers.get(one.key), earlier.get(one.key)) for one in spotted]


def unanswered(text: Lesson | Publication) -> dict[str, str]:
    """Return what has to be answered before `text` is submitted or published: field -> what to do."""
    labels: dict[str, list[str]] = {}
    for warned in warnings_in(text):
        if warned.is_open:
            labels.setdefault(warned.spotted.field, []).append(warned.label)
    joined = f" {gettext('and')} "
    return {
        field: gettext("Answer the warning: this may be %(what)s.") % {"what": joined.join(dict.fromkeys(of))}
        for field, of in labels.items()
    }


def _began_from(text: Publication) -> Lesson | Publication:
    return text.lesson.publications.current().exclude(pk=text.pk).first() or text.lesson


def _answers(*texts: Lesson | Publication | None) -> list[dict[tuple[str, str, str], TextWarning]]:
    """Return the answers that were given for each of the texts."""
    known = [text for text in texts if text and text.pk]  # a new version that nobody saved yet has none
    of_publication = Q(publication__in=[text.pk for text in known if isinstance(text, Publication)])
    of_lesson = Q(lesson__in=[text.pk for text in known if isinstance(text, Lesson)])
    found = list(TextWarning.objects.filter(of_publication | of_lesson, answer__in=LETS_STAY).select_related("by"))
    return [{(one.field, one.kind, one.digest): one for one in found if one.is_about(text)} for text in texts]
