"""A portal in which every page has something to show, and who sees which."""

from __future__ import annotations

import io
import re
import secrets
from datetime import timedelta
from typing import Any

from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.addresses import SALT
from accounts.models import AccessRequest, AuditEvent, TokenScope, User
from accounts.records.holds import hold
from accounts.roles import Role
from lessons.actions.comments import add_comment
from lessons.actions.debriefs import promote_points
from lessons.actions.foi import consult, open_request
from lessons.actions.moves import move_lesson
from lessons.actions.sharing import share_lesson
from lessons.actions.warnings import look_again
from lessons.attachments import store
from lessons.forms.writing import STEPS
from lessons.models import Attachment, Debrief, Disposition, Marking, Move, Publication, Status
from lessons.statistics.pages import PAGES
from notifications.actions.mailboxes import change_mailbox
from notifications.models import Delivery, MailHold, QuarterDigest, Suppression
from tests.authenticator import app_of
from tests.calling import token_of
from tests.factories import (
    NOON,
    PASSWORD,
    AnnouncementFactory,
    CapabilityFactory,
    DeliveryFactory,
    EventFactory,
    LessonFactory,
    MembershipFactory,
    NationalRiskFactory,
    OrganisationFactory,
    PublicationFactory,
    ResilienceAreaFactory,
    SponsorshipFactory,
    SubscriptionFactory,
    ThemeFactory,
    person,
    working_text,
)
from tests.test_debriefs import point_of
from tests.test_editions import FILE as REGISTER
from tests.test_fanout import fan_out
from tests.test_notifications_mails import written
from tests.test_sheet_page import GOOD

PHONE_NUMBER = "The duty officer rang 07700 900123 at night."
LONG_NAME = "Llanfairpwllgwyngyll and Penrhyndeudraeth Fire and Rescue Service Headquarters"


class SiteWorld:
    """People with each role around one area, and for each page something that it shows."""

    def __init__(self) -> None:
        self.area = ResilienceAreaFactory(code="cumbria", name="Cumbria")
        self.force = OrganisationFactory(code="cumbria-fire", name=LONG_NAME, areas=[self.area], wants_sighting=True)
        NationalRiskFactory(code="surface-water-flooding", name="Surface water flooding")
        ThemeFactory(code="communicate", name="Communicate")
        CapabilityFactory(code="mass-evacuation")
        here: dict[str, Any] = {"organisation": self.force}
        self.people: dict[str, User | None] = {
            "stranger": None,
            "reader": person(Role.READER),
            "contributor": person(Role.CONTRIBUTOR, **here),
            "spoc": person(Role.JOL_SPOC, **here),
            "strategic lead": person(Role.STRATEGIC_LEAD, **here),
            "organisation administrator": person(Role.ORGANISATION_ADMIN, **here),
            "moderator": person(Role.LRF_MODERATOR, area=self.area),
            "secretariat": person(Role.SECRETARIAT),
            "board member": person(Role.BOARD_MEMBER),
            "analyst": person(Role.ANALYST),
            "holder of a key": person(Role.ANALYST),
            "auditor": person(Role.AUDITOR),
            "system administrator": person(Role.SYSTEM_ADMIN),
        }
        self.contributor, self.moderator = self.people["contributor"], self.people["moderator"]
        self.secretariat = self.people["secretariat"]
        self._write_lessons()
        self._keep_records()
        self._send_mail()
        self._look_after_people()

    def _write_lessons(self) -> None:
        own: dict[str, Any] = {"organisation": self.force, "area": self.area, "author": self.contributor}
        own |= {"at": timezone.now()}
        states = {status: LessonFactory(status=status, **own) for status in Status if status != Status.IN_REVIEW}
        self.draft, self.waiting = states[Status.DRAFT], states[Status.SUBMITTED]
        self.unsigned, self.withdrawn = states[Status.AWAITING_SIGN_OFF], states[Status.WITHDRAWN]
        self.published, self.suspended = states[Status.PUBLISHED], states[Status.SUSPENDED]
        self.mended, self.held = states[Status.CHANGES_REQUESTED], states[Status.ARCHIVED]
        self.declined = LessonFactory(status=Status.DECLINED, moderator=self.moderator, **own)
        for_review = own | {"why": PHONE_NUMBER, "recommendations": [{"text": "Improve", "by_whom": "all"}]}
        self.claimed = LessonFactory(status=Status.IN_REVIEW, claimed_by=self.moderator, **for_review)
        add_comment(lesson=self.claimed, field="why", text="Who decided that?", by=self.moderator, at=own["at"])
        self.warned_waiting = LessonFactory(status=Status.SUBMITTED, **for_review)
        look_again(self.warned_waiting)
        edition = {"note": "Clearer.", "change": "minor", "statement": "Clearer."}
        PublicationFactory(lesson=self.published, published_by=self.moderator, **edition)
        self.shown = LessonFactory(status=Status.IN_REVIEW, claimed_by=self.moderator, **own)
        working_text(self.shown, statement="Partners share one list, and test it before an exercise begins.")
        move_lesson(lesson=self.shown, move=Move.SHOW_OWNER, by=self.moderator, at=timezone.now())
        self.sensitive = LessonFactory(
            status=Status.PUBLISHED, marking=Marking.SENSITIVE, handling="Commanders only", **own
        )
        for_two = {"status": Status.IN_REVIEW, "tier": "national", "claimed_by": self.secretariat}
        self.by_two = LessonFactory(marking=Marking.SENSITIVE, **for_two, **own)
        self.warned = LessonFactory(what_happened="Sergeant Jane Example rang 07700 900123 from 12 High Street.", **own)
        EventFactory(organisation=OrganisationFactory(areas=[self.area]), name=self.draft.event.name)
        for lesson, published in ((self.published, True), (self.waiting, False)):
            key = secrets.token_hex(16)
            Attachment.objects.create(
                lesson=lesson, key=key, name="plan.txt", type="txt", size=1, sha256="0" * 64, scan="clean",
                added_by=lesson.author, added_at=NOON, check_at=NOON, published=published,
            )  # fmt: skip
            store.save(key, io.BytesIO(b"x"))
        partner = OrganisationFactory(areas=[self.area])
        share_lesson(lesson=self.draft, organisation=partner, may_write=True, by=self.contributor, at=NOON)
        self.debrief = Debrief.objects.create(
            event=self.published.event, organisation=self.force, opened_by=self.contributor, opened_at=NOON, kind="hot",
            held_on=NOON.date(), code="otters", closes_at=timezone.now() + timedelta(days=1),
        )  # fmt: skip
        self._give_points()

    def _give_points(self) -> None:
        """Give a point of every kind, and of every way a point can go."""
        debrief, lists = self.debrief, "Lists of rest centres"
        self.point = point_of(debrief, "Two control rooms worked from different lists.", group=lists)
        wish = point_of(debrief, "Keep one list.", kind="do_differently", group=lists)
        point_of(debrief, "a-very-long-word-" * 12, kind="went_well", author=self.contributor)
        point_of(debrief, disposition=Disposition.LOCAL_ACTION, note="Station manager, by May")
        point_of(debrief, disposition=Disposition.SINGLE_SERVICE, system="nol", system_reference="NOL-7")
        point_of(debrief, disposition=Disposition.DUPLICATE, same_as=wish)
        promoted = point_of(debrief, "The shift change was planned.", kind="went_well")
        promote_points(debrief=debrief, points=[promoted.pk], kind="notable_practice", by=self.contributor, at=NOON)

    def _keep_records(self) -> None:
        by, now = self.secretariat, timezone.now()
        hold(subject=self.held, reason="Inquest 7", until=None, by=by, at=now)
        self.request = open_request(
            lesson=self.published, reference="FOI 2026/7", requester="media", received_on=now.date(), by=by, at=now
        )
        consult(request=self.request, organisation=self.force, by=by, at=now)

    def _send_mail(self) -> None:
        spoc = self.people["spoc"]
        change_mailbox(organisation=self.force, address="lessons@service.example", by=spoc, at=timezone.now())
        question = written(Delivery.objects.get(kind="mailbox_confirmation")).text
        self.mailbox_link = re.findall(r"/mailbox/\S+", question)[0]
        self.subscription = SubscriptionFactory(person=self.contributor, words="rest centre")
        self.publication: Publication = self.published.publications.current().get()
        fan_out(AnnouncementFactory(publication=self.publication))
        self.mail = Delivery.objects.get(kind="new_lesson")
        DeliveryFactory.create_batch(51, state="failed", error="550 5.1.1 no such user", due_at=None)
        MailHold.objects.create(since=NOON, reason="Restored from a copy", is_after_restore=True)
        Suppression.objects.create(address=self.contributor.email, reason="hard", status="5.1.1", since=NOON)
        self.quarter = QuarterDigest.objects.create(
            period_start=NOON.replace(month=1, day=1),
            period_end=timezone.now() + timedelta(days=90),
            made_at=NOON,
            made=[self.published.pk, self.sensitive.pk],
            words="News.",
        )

    def _look_after_people(self) -> None:
        self.asked = AccessRequest.objects.create(
            organisation=self.force, email="new@responder.example", name="N", reason="R", asked_at=NOON
        )
        SponsorshipFactory(sponsor=self.force)
        self.of_two_parts = person(Role.JOL_SPOC, self.force)
        moderates: dict[str, Any] = {"role": Role.LRF_MODERATOR, "area": self.area}
        MembershipFactory(user=self.of_two_parts, organisation=self.force, **moderates)
        person(Role.READER, self.force, cleared=True)
        person(Role.CONTRIBUTOR, self.force, dormant_at=timezone.now())
        token_of(self.people["reader"], TokenScope.READ_PUBLISHED)
        app_of(self.people["holder of a key"])

    def answers(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Return what somebody sends where to get a page that no address opens."""
        sheet = ",".join(GOOD) + "\n" + ",".join(GOOD.values()) + "\n" + "," * (len(GOOD) - 1) + "x"
        return [
            ("stranger", f"/submit/{self.draft.pk}/event/", {"event_name": "Exercise Rising Tide"}),
            ("stranger", "/accounts/login/", {"login": self.people["holder of a key"].email, "password": PASSWORD}),
            ("contributor", "/submit/sheet/", {"file": SimpleUploadedFile("sheet.csv", sheet.encode())}),
            ("secretariat", "/registers/", {"file": SimpleUploadedFile("register.csv", REGISTER)}),
        ]

    def pages(self) -> dict[str, list[str]]:
        """Return who looks at which pages."""
        first, second = self._common(), self._of_staff()
        return {who: [*first.get(who, []), *second.get(who, [])] for who in self.people}

    def _common(self) -> dict[str, list[str]]:
        draft, reference = self.draft.pk, self.published.reference
        reader = self.people["reader"]
        signed = signing.dumps([reader.pk, reader.email, "x@y.example"], salt=SALT, compress=True)
        return {
            "stranger": [
                *["/", "/about/", "/accessibility/", "/privacy/", "/cookies/", "/api/v1/docs/", "/no-such-page/"],
                *["/accounts/login/", "/accounts/inactive/", "/accounts/signup/"],
                *["/accounts/request/", "/accounts/request/done/", "/d/", f"/d/{self.debrief.code}/"],
                "/d/no-such-code/",
                *["/accounts/password/reset/", "/accounts/password/reset/done/", "/accounts/password/reset/key/done/"],
                *["/accounts/password/reset/key/1-not-ours/", self.mailbox_link, "/mailbox/not-ours/"],
                f"/unsubscribe/{self.mail.token}/",
            ],
            "reader": [
                *["/", "/accounts/", "/lessons/", f"/lessons/{reference}/", "/submit/", "/review/", "/subscriptions/"],
                *["/accounts/access/", "/digests/"],
                *["/accounts/tokens/", "/accounts/sessions/", "/accounts/address/", f"/accounts/address/{signed}/"],
                *["/accounts/password/change/", "/accounts/reauthenticate/", "/accounts/reauthenticate/elsewhere/"],
                *["/accounts/second-factor/", "/accounts/second-factor/app/", "/accounts/second-factor/passkey/"],
                "/accounts/logout/",
            ],
            "contributor": [
                "/",
                *["/lessons/?q=nothing+like+this", "/lessons/", f"/lessons/{reference}/", "/lessons/download/"],
                *["/risks/", "/risks/surface-water-flooding/", "/plan/", "/recurring/"],
                "/recurring/natural-and-environmental-hazards/communicate/",
                *["/submit/", "/submit/sheet/", "/submit/paper/"],
                *[f"/submit/{draft}/{step}/" for step in STEPS],
                *[f"/submit/{draft}/check/", f"/submit/{self.warned.pk}/warnings/", f"/submit/{self.mended.pk}/check/"],
                *[f"/submit/{self.mended.pk}/learning/", f"/submit/{self.waiting.pk}/done/"],
                *["/our-lessons/", f"/records/{draft}/", f"/records/{draft}/partners/"],
                f"/debriefs/{self.debrief.pk}/",
                *[f"/records/{one.pk}/" for one in (self.published, self.held, self.declined, self.mended, self.shown)],
                *[f"/records/{self.waiting.pk}/withdraw/", f"/records/{self.withdrawn.pk}/reopen/"],
                *[f"/records/{self.declined.pk}/appeal/", f"/records/{self.shown.pk}/edited-text/"],
                f"/records/{draft}/attachments/",
                *["/subscriptions/", "/subscriptions/new/", f"/subscriptions/{self.subscription.token}/"],
                f"/subscriptions/{self.subscription.token}/end/",
            ],
            "analyst": ["/", "/statistics/", *[f"/statistics/{one.code}/" for one in PAGES if one.code]],
            "holder of a key": [
                *["/accounts/second-factor/", "/accounts/second-factor/recovery-codes/"],
                "/accounts/reauthenticate/code/",
            ],
            "board member": ["/", "/review/", f"/lessons/{self.sensitive.reference}/"],
        }

    def _of_staff(self) -> dict[str, list[str]]:
        place = f"/accounts/people/organisation/{self.force.code}/"
        contributor = self.contributor.pk
        return {
            "spoc": [
                "/",
                *["/our-lessons/", f"/records/{self.unsigned.pk}/", f"/records/{self.unsigned.pk}/sign-off/"],
                *[f"/records/{self.unsigned.pk}/send-back/", f"/submit/{self.draft.pk}/same-event/"],
                *[f"/subscriptions/mailbox/{self.force.code}/", "/subscriptions/", "/mail/organisation/"],
            ],
            "strategic lead": [
                *["/", "/our-lessons/", f"/records/{self.published.pk}/"],
                *["/debriefs/", "/debriefs/new/", f"/debriefs/new/{self.published.event.pk}/"],
                *[f"/debriefs/{self.debrief.pk}/{page}" for page in ("", "share/", "add/", f"points/{self.point.pk}/")],
            ],
            "organisation administrator": [
                *["/", "/accounts/access/"],
                *["/manage/", place, f"{place}invite/", f"{place}work-addresses/"],
                *[f"{place}{self.of_two_parts.pk}/", f"{place}requests/{self.asked.pk}/", "/accounts/sponsorships/"],
                *["/mail/bounced/", f"/mail/organisation/?organisation={self.force.code}", "/subscriptions/"],
            ],
            "moderator": [
                "/",
                *["/review/", f"/review/several/?lesson={self.waiting.pk}&lesson={self.claimed.pk}"],
                *[f"/review/{self.waiting.pk}/", f"/review/{self.warned_waiting.pk}/"],
                f"/review/{self.claimed.pk}/merge/?into={self.published.reference}",
                *[f"/review/{self.claimed.pk}/{page}" for page in ("", "preview/", "escalate/", "reassign/", "merge/")],
                *[f"/review/{self.shown.pk}/", f"/review/{self.claimed.pk}/give-back/"],
                *[f"/review/{one.pk}/approve/" for one in (self.claimed, self.suspended)],
                *[f"/review/{self.declined.pk}/take-back/", f"/review/{self.published.pk}/"],
                *[f"/review/{self.published.pk}/{page}/" for page in ("new-version", "archive")],
                *[f"/lessons/{one.reference}/" for one in (self.published, self.sensitive, self.suspended)],
                *[f"/lessons/{self.published.reference}/{page}/" for page in ("suspend", "versions")],
                *[f"/records/{self.waiting.pk}/attachments/", f"/records/{self.published.pk}/"],
                *[
                    f"/accounts/people/area/{self.area.code}/{page}"
                    for page in ("", "invite/", f"{self.moderator.pk}/")
                ],
            ],
            "secretariat": [
                "/",
                *["/manage/", "/review/", f"/review/{self.by_two.pk}/", f"/review/{self.by_two.pk}/approve/"],
                *[f"/review/{self.by_two.pk}/preview/", f"/review/{self.suspended.pk}/restore/", "/registers/"],
                *["/accounts/records/", "/accounts/records/periods/drafts/", "/accounts/records/holds/"],
                *["/accounts/records/person/", "/foi/", f"/foi/{self.request.pk}/"],
                f"/accounts/records/person/erase/?person={self.contributor.email}",
                *["/mail/", "/mail/list/", "/mail/list/?state=failed", "/mail/release/", "/mail/schedule/"],
                *["/mail/publications/", f"/mail/publications/{self.publication.pk}/", "/mail/bounced/"],
                *[f"/mail/replay/?mail={one.pk}" for one in Delivery.objects.filter(state="failed")[:1]],
                *["/digests/", f"/digests/{self.quarter.code}/", f"/digests/{self.quarter.code}/edit/"],
                *["/accounts/people/national/uk/", "/accounts/people/national/uk/invite/", "/accounts/sponsorships/"],
                *["/accounts/merge/organisations/", "/accounts/merge/areas/", f"{place}work-addresses/"],
                f"/accounts/people/national/uk/{self.people['auditor'].pk}/",
            ],
            "auditor": [
                "/",
                *["/accounts/audit/", f"/accounts/audit/{AuditEvent.objects.latest('pk').pk}/"],
                f"/records/{self.published.pk}/",
                f"/lessons/{self.published.reference}/versions/",
            ],
            "system administrator": [
                "/",
                *["/manage/", "/accounts/people/", "/accounts/people/national/uk/"],
                *["/accounts/people/national/uk/invite/", place, f"{place}{contributor}/"],
                f"/accounts/people/national/uk/{self.people['system administrator'].pk}/",
                reverse("mail_domains", args=[self.force.code]),
            ],
        }
