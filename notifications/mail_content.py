"""What every mail about a lesson has: what it is about, its subject, its table of facts.

Of an OFFICIAL-SENSITIVE item a mail carries reference, kind, risk theme and link, whatever its entry says.
"""

from dataclasses import dataclass, field

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext

from lessons.models import Kind, Lesson, LessonMove, Publication
from notifications.words import names_of


@dataclass(frozen=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True)
class Content:
    """One mail, before it is drawn.

    :param news: a line above the heading, where the heading does not say what happened
    :param quote: words of a person, shown as such
    :param why: why it was sent; for mails of a subscription the reasons follow it
    """

    subject: str
    heading: str
    news: str = ""
    paragraphs: list[str] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    quote: str = ""
    link: Link | None = None
    why: str = ""


@dataclass(frozen=True)
class About:
    """What a mail is about: a lesson, the move that caused it, and the version that readers see, if there is one."""

    lesson: Lesson
    move: LessonMove
    publication: Publication | None = None
    told_of: Publication | None = None

    @property
    def is_sensitive(self) -> bool:
        texts = (self.lesson, self.publication, self.told_of, self.move.publication)
        return any(text is not None and text.is_sensitive for text in texts)

    @property
    def reference(self) -> str:
        return self.lesson.reference or gettext("your draft")

    @property
    def what(self) -> str:
        return gettext("notable practice") if self.lesson.kind == Kind.NOTABLE_PRACTICE else gettext("lesson")

    @property
    def title(self) -> str:
        return (self.publication or self.lesson).title

    @property
    def record(self) -> str:
        """The page of those who work on it."""
        return settings.SITE_URL + self.lesson.get_absolute_url()

    @property
    def page(self) -> str:
        """The page of those who read it."""
        return settings.SITE_URL + reverse("lesson", args=[self.lesson.reference])


def subject(about: About, news: str) -> str:
    """Return marking, news, reference and, unless it is sensitive, the title."""
    if about.is_sensitive:
        return f"[OFFICIAL-SENSITIVE] {news}: {about.reference}"
    return f"[OFFICIAL] {news}: {about.reference} {about.title}"


def facts(about: About) -> list[tuple[str, str]]:
    rows = [(gettext("Reference"), about.reference), (gettext("Kind"), about.lesson.get_kind_display())]
    if about.is_sensitive:
        return [*rows, *_themes_of_risk(about), (gettext("Marking"), "OFFICIAL-SENSITIVE")]
    rows.append((gettext("Title"), about.title))
    if about.publication:
        rows += _published_facts(about.publication)
    return rows


def _published_facts(publication: Publication) -> list[tuple[str, str]]:
    names = names_of(publication.terms)
    risks = [names.get(term, term) for term in publication.terms if term.startswith("risk:")]
    themes = [names.get(term, term) for term in publication.terms if term.startswith("theme:")]
    rows = [
        (
            gettext("National Risk") if len(risks) == 1 else gettext("National Risks"),
            "; ".join(risks) or gettext("Not a National Risk"),
        ),
        (gettext("Themes"), "; ".join(themes)),
        (gettext("From"), publication.attributed_to),
        (gettext("Event"), ", ".join(filter(None, [publication.event_name, publication.when]))),
    ]
    return [(label, value) for label, value in rows if value]


def _themes_of_risk(about: About) -> list[tuple[str, str]]:
    if about.publication:
        terms = [term for term in about.publication.terms if term.startswith("risk-theme:")]
        names = names_of(terms)
        themes = [names.get(term, term) for term in terms]
    else:
        themes = sorted({risk.theme for risk in about.lesson.risks.all()})
    return [(gettext("Risk theme"), "; ".join(themes) or gettext("Not a National Risk"))]
