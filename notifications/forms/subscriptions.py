"""The form of a subscription."""

from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from govuk.look import Look
from lessons.filters import LessonFilters
from lessons.forms import choices
from lessons.forms.fields import GroupedChoices, Words
from lessons.models import Brag, EventKind, Kind, NationalRisk, PublicationQuerySet, Theme
from notifications.actions import can_be_searched
from notifications.models import CRITERIA, Frequency, Subscription
from notifications.models.subscriptions import mailboxes_of

MYSELF = "me"
#: What other pages prefill: parameter of the address -> list of the form.
PREFILLED_BY = {
    "kind": "kinds",
    "risk": "risks",
    "risk_theme": "risk_themes",
    "theme": "themes",
    "area": "areas",
    "sector": "sectors",
    "capability": "capabilities",
    "source": "sources",
    "brag": "brags",
}
LONGEST_WORDS = 300
#: Filters of a search that say how to look, not what for.
NOT_ABOUT_WHAT = {"archived"}


HOW_OFTEN = {
    Frequency.AT_ONCE.value: _("One mail for each, at night too"),
    Frequency.DAILY.value: _("One mail at 8 in the morning"),
    Frequency.WEEKLY.value: _("One mail on Mondays"),
    Frequency.MONTHLY.value: _("One mail on the first of the month"),
    Frequency.QUARTERLY.value: _("One mail on 1 January, April, July and October, with the digest of the quarter"),
    Frequency.OFF.value: _("Kept, but nothing is mailed"),
}


class SubscriptionForm(forms.Form):
    """What to be mailed about.  Nothing ticked in a list means any."""

    looks: ClassVar = {
        "holder": Look(label_size="m", called=_("who gets the mails")),
        "kinds": Look(label_size="m", small=True),
        "risk_themes": Look(label_size="m", small=True),
        "risks": Look(label_size="m"),
        "areas": Look(label_size="m"),
        "sectors": Look(label_size="m", small=True),
        "themes": Look(label_size="m"),
        "capabilities": Look(label_size="m"),
        "sources": Look(label_size="m"),
        "brags": Look(label_size="m"),
        "words": Look(label_size="m", width="two-thirds"),
        "frequency": Look(label_size="m", small=True, hints=HOW_OFTEN),
    }

    #: Behind one heading unless something of them is chosen: few ask for these.
    RARELY_ASKED: ClassVar = ("themes", "capabilities", "sources", "brags")

    holder = forms.ChoiceField(label=_("Who gets the mails?"), widget=forms.RadioSelect)
    kinds = forms.MultipleChoiceField(
        label=_("Which kind?"),
        help_text=_("None ticked: both."),
        required=False,
        choices=Kind.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    risk_themes = forms.MultipleChoiceField(
        label=_("About which kinds of risk?"),
        help_text=_("Any National Risk under them, now and in later editions."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    risks = GroupedChoices(
        label=_("About which single National Risks?"),
        help_text=_("As well as the kinds of risk above. None ticked in either: any risk, or none."),
    )
    areas = GroupedChoices(label=_("In which areas?"), help_text=_("None ticked: anywhere."))
    sectors = forms.MultipleChoiceField(
        label=_("From which sectors?"),
        help_text=_("None ticked: all."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    themes = GroupedChoices(label=_("On which themes?"), help_text=_("None ticked: all."))
    capabilities = GroupedChoices(label=_("On which capabilities?"), help_text=_("None ticked: all."))
    sources = GroupedChoices(
        label=_("Learned from what?"),
        help_text=_("None ticked: all."),
        choices=[(_("Incidents, exercises and other sources"), EventKind.choices)],
    )
    brags = GroupedChoices(
        label=_("With which BRAG rating?"), help_text=_("None ticked: all."), choices=[(_("All ratings"), Brag.choices)]
    )
    words = Words(
        label=_("With which words?"),
        help_text=_("“exact words”, OR, -without. Empty: whatever the words."),
        max_length=LONGEST_WORDS,
    )

    frequency = forms.ChoiceField(
        label=_("How often?"),
        choices=Frequency.choices,
        widget=forms.RadioSelect,
        initial=Frequency.AT_ONCE,
        required=False,
    )

    def __init__(self, *args: Any, user: User, subscription: Subscription | None = None, **kwargs: Any) -> None:
        self.stored = initial_of(subscription) if subscription else {}
        kwargs.setdefault("initial", self.stored)
        super().__init__(*args, **kwargs)
        self.mailboxes = {str(group.pk): group for group in mailboxes_of(user)}
        if subscription or not self.mailboxes:
            del self.fields["holder"]  # decided already, or nothing to decide
        else:
            self._offer(
                "holder",
                [(MYSELF, gettext("Me, %(email)s") % {"email": user.email}), *map(_mailbox, self.mailboxes.values())],
            )
            self.fields["holder"].initial = MYSELF
        self._offer("risk_themes", risk_themes())
        self._offer("risks", choices.risks_by_theme())
        self._offer("areas", choices.areas_by_region())
        self._offer("sectors", choices.sectors())
        self._offer("capabilities", choices.capabilities())
        principles = Theme.objects.filter(group=Theme.PRINCIPLE).order_by("pk").values_list("code", "name")
        self._offer("themes", [(gettext("JESIP principles"), list(principles)), *choices.topics_by_group()])

    @property
    def rarely_asked(self) -> list[forms.BoundField]:
        return [self[name] for name in self.RARELY_ASKED]

    @property
    def is_rare(self) -> bool:
        """Whether something is chosen, or wrong, of what is rarely asked."""
        return any(field.value() or field.errors for field in self.rarely_asked)

    def _offer(self, name: str, offered: list[Any]) -> None:
        """Offer the codes of today, and those that this subscription asked for and that left the lists since."""
        known = {code for code, label in _flat(offered)}
        gone = [(code, code.replace("-", " ").capitalize()) for code in self.stored.get(name, []) if code not in known]
        if gone:
            is_grouped = isinstance(self.fields[name], GroupedChoices)
            offered = [*offered, *([(gettext("No longer in use"), gone)] if is_grouped else gone)]
        self.fields[name].choices = offered  # type: ignore[attr-defined]

    def clean_words(self) -> str:
        words = str(self.cleaned_data["words"])
        if words and not can_be_searched(words):
            raise forms.ValidationError(gettext("Enter words that say something: these are too common to look for"))
        return words

    @property
    def organisation(self) -> Organisation | None:
        """The mailbox that was chosen; None for the person."""
        return self.mailboxes.get(self.cleaned_data.get("holder", MYSELF))

    def clean_frequency(self) -> Frequency:
        return Frequency(self.cleaned_data["frequency"] or Frequency.AT_ONCE)

    def wish(self, stored: Subscription | None, *, by: User) -> Subscription | None:
        """Return, unsaved, the subscription that the form asks for now; None if it has faults."""
        if self.is_bound and not self.is_valid():
            return None
        given = self.cleaned_data if self.is_bound else self._known()
        organisation = stored.organisation if stored else self.organisation if self.is_bound else None
        return Subscription(
            person=None if organisation else by,
            organisation=organisation,
            frequency=given.get("frequency") or Frequency.AT_ONCE,
            words=given.get("words", ""),
            **{name: given.get(name, []) for name in CRITERIA},
        )

    def _known(self) -> dict[str, Any]:
        """Return what the form begins with, without codes that nobody can choose."""
        offered = {name: {code for code, label in _flat(list(self.fields[name].choices))} for name in CRITERIA}  # type: ignore[attr-defined]
        known = {name: [code for code in self.initial.get(name, []) if code in offered[name]] for name in CRITERIA}
        return {**self.initial, **known}

    @property
    def criteria(self) -> dict[str, list[str]]:
        return {name: self.cleaned_data[name] for name in CRITERIA}


def risk_themes() -> choices.Pairs:
    """Return the themes of the National Risks, by the newest edition that names them."""
    themes = dict(NationalRisk.objects.order_by("edition").values_list("theme_code", "theme"))
    return sorted(themes.items(), key=lambda pair: pair[1])


def _mailbox(organisation: Organisation) -> tuple[str, str]:
    where = organisation.mailbox or gettext("no mailbox yet")
    return str(organisation.pk), gettext("The mailbox of %(organisation)s, %(where)s") % {
        "organisation": organisation.name,
        "where": where,
    }


def _flat(offered: list[Any]) -> list[tuple[str, str]]:
    return [
        pair for value, label in offered for pair in (label if isinstance(label, (list, tuple)) else [(value, label)])
    ]


def initial_of(subscription: Subscription) -> dict[str, Any]:
    asked = {name: getattr(subscription, name) for name in CRITERIA}
    return asked | {"words": subscription.words, "frequency": subscription.frequency}


def prefilled(query: QueryDict, readable: PublicationQuerySet) -> dict[str, Any]:
    """Return what an address asks for: `?risk=storms&theme=communicate`, or `?like=LI-2026-00042` for its risks and
    themes.  Unknown codes tick nothing.

    :param readable: what the person may read
    """
    initial: dict[str, Any] = {name: query.getlist(parameter) for parameter, name in PREFILLED_BY.items()}
    if like := readable.filter(lesson__reference=query.get("like", "")).first():
        initial |= {"risks": like.codes_of("risk"), "themes": like.codes_of("theme")}
    return initial | {"words": query.get("q", "")[:LONGEST_WORDS]}


def left_out(query: QueryDict) -> list[str]:
    """Return in words those filters of a search that a subscription cannot hold."""
    filters = LessonFilters(query)
    held = {*PREFILLED_BY, "q"}
    return [label for name, label in filters.labels.items() if name not in held | NOT_ABOUT_WHAT]
