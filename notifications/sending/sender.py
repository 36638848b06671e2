"""Sending what is due: claim a batch, look once more, hand over, record."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from notifications import rendering
from notifications.bounces.counting import count_bounce
from notifications.bounces.reports import STATUS
from notifications.models import Delivery, State
from notifications.sending import checks, outcomes
from notifications.sending.domains import AFTER_REFUSALS, SLOW_SECONDS, Domains, domain_of
from notifications.sending.lanes import HeldLane, take_lane
from notifications.sending.letters import Letters
from notifications.sending.notes import LaneLost
from notifications.sending.smtp import (
    AddressRefused,
    MailConnection,
    NoAnswer,
    NoConnection,
    RefusedForGood,
    RefusedForNow,
)

logger = logging.getLogger(__name__)

#: Suspensions wait no longer than this, and something more urgent neither.
WINDOW = timedelta(seconds=0.25)
#: Claimed, looked at and marked together; a window has its part of them.
BATCH = 1000
#: So many refusals in a row are the server's doing, not the addresses'.
REFUSALS_IN_A_ROW = 10
DATABASE_AWAY_SECONDS = 120

Clock = Callable[[], datetime]


class Stopped(Exception):
    """What was true at the beginning of the window no longer is: the mail must not go."""


def send_due(
    *,
    over: MailConnection,
    per_second: float,
    per_domain_minute: int = 0,
    seconds: float = 4,
    clock: Clock = timezone.now,
) -> int:
    """Send what is due, for at most `seconds`; return how many went.

    Does nothing if all lanes are taken or at rest.
    :param per_second: the throttle of one sender; 0: as fast as the server takes it
    :param per_domain_minute: about so many mails to one recipient domain by all senders; 0: no limit
    """
    lane = take_lane(at=clock())
    if lane is None:
        return 0
    sender = Sender(lane, over, per_second, clock, Domains(lane, per_domain_minute))
    try:
        return sender.run(until=clock() + timedelta(seconds=seconds))
    except LaneLost:
        logger.warning("a lane was taken away from its sender")
        sender.settle_when_back()
        return sender.total
    except (OperationalError, InterfaceError):
        logger.warning("the database went away while mails were being sent")
        sender.settle_when_back()
        return sender.total
    except BaseException:  # a fault of ours, or the task's time is over: leave the lane in order
        sender.settle_when_back()
        raise
    finally:
        over.leave()


class Sender:
    """One run of one sender."""

    def __init__(self, lane: HeldLane, over: MailConnection, per_second: float, clock: Clock, domains: Domains) -> None:
        self.lane, self.over, self.clock, self.domains = lane, over, clock, domains
        self.pause = 1 / per_second if per_second else 0.0
        window = max(1, round(per_second * WINDOW.total_seconds())) if per_second else BATCH
        self.batch_size = min(BATCH, max(4 * window, 4))
        self.next_at = time.monotonic()
        self.sent: list[int] = []  # of the batch in hand, not yet marked
        self.total = 0
        self.refusals = 0
        self.refused: set[str] = set()  # domains, of the refusals in a row
        self.took = 0.0  # seconds, of the last mail
        self.must_rest = False

    def run(self, *, until: datetime) -> int:
        """Send batch after batch until the time is over, nothing is due or the server gives cause to rest."""
        try:
            self.over.open()
        except NoConnection as error:
            # Everything that can fail comes before the claim: nothing is claimed, no attempt is counted.
            logger.warning("no mail server: %s", error)
            self.must_rest = True
            self._end()
            return 0
        batch = self.lane.claim(size=self._size(), at=self.clock())
        while batch:
            self._send_batch(batch, until)
            more = 0 if self.must_rest or self.clock() >= until else self._size()
            batch = self._settle(claim=more)
        self._end()
        return self.total

    def _size(self) -> int:
        """As many as take a second here: of what a slow server keeps us from, other senders have their part."""
        return min(self.batch_size, max(1, int(1 / self.over.pace)))

    def _window_size(self) -> int:
        """As many as a window has time for: each is looked at anew in the window in which it goes."""
        return max(1, round(WINDOW.total_seconds() / self.over.pace))

    def _end(self) -> None:
        if self.must_rest:
            self.lane.rest(at=self.clock())
        self.lane.release()

    def _settle(self, *, claim: int) -> list[Delivery]:
        batch = self.lane.settle(self.sent, at=self.clock(), claim=claim)
        self.sent = []
        return batch

    def _send_batch(self, batch: list[Delivery], until: datetime) -> None:
        """Send in the order of keys, window by window; stop early for something more urgent."""
        rendering.load(batch)
        while batch:
            began = time.monotonic()
            done = self._send_window(batch[: self._window_size()])
            self.over.pace = (time.monotonic() - began) / done
            batch = batch[done:]
            if self.must_rest or self.clock() >= until or (batch and _is_overtaken(batch[0], self.clock())):
                return

    def _send_window(self, deliveries: list[Delivery]) -> int:
        """Send within one window; return how many were dealt with."""
        with checks.window(checks.lessons_of(deliveries)):
            letters = Letters(checks.look(deliveries))
            self.domains.look(deliveries, at=self.clock())
            put_off = self.domains.put_off(deliveries, at=self.clock())
            until = time.monotonic() + WINDOW.total_seconds()
            for done, delivery in enumerate(deliveries, start=1):
                if delivery.pk in put_off:
                    continue
                verdict = letters.verdict(delivery)
                if verdict.reason:
                    end = outcomes.suppress if verdict.state == State.SUPPRESSED else outcomes.cancel
                    end(delivery, reason=verdict.reason, at=self.clock())
                else:
                    is_last = time.monotonic() > until
                    following = None if is_last else self._following(deliveries[done:], letters, put_off)
                    self._hand_over(delivery, letters, following)
                    put_off |= self._put_off(delivery, deliveries[done:])
                if self.must_rest or time.monotonic() > until:
                    break
            self.domains.store(at=self.clock())
        return done

    def _following(self, later: list[Delivery], letters: Letters, put_off: set[int]) -> Delivery | None:
        """Return the mail that is handed over next, as far as can be told before this one has gone."""
        if self.pause:  # the server would wait for our throttle
            return None
        for one in later:
            if one.pk not in put_off and not letters.verdict(one).reason:
                return one if self.domains.has_room_for_two(one) else None
        return None

    def _put_off(self, delivery: Delivery, claimed: list[Delivery]) -> set[int]:
        """Put back those of the window that must wait, after how it went with `delivery`; return their keys."""
        if not self.must_rest and self.took < SLOW_SECONDS and not self.domains.must_wait(delivery):
            return set()
        at = self.clock()
        if self.must_rest and self.refusals >= REFUSALS_IN_A_ROW and len(self.refused) == 1:  # the server is well
            self.must_rest = not self.domains.rest_if_others_wait(delivery, AFTER_REFUSALS, at=at)
            self.refusals = self.refusals if self.must_rest else 0
        elif not self.must_rest:
            self.domains.rest_if_slow(delivery, self.took, at=at)
        return self.domains.put_off(claimed, at=at) if self.domains.must_wait(delivery) else set()

    def _hand_over(self, delivery: Delivery, letters: Letters, following: Delivery | None) -> None:
        letter = letters.letter_of(delivery)
        if letter.envelope is None:
            outcomes.fail(delivery, reason=letter.problem, at=self.clock())
            return
        self._wait_for_turn()
        began = time.monotonic()
        try:
            self.over.send(
                envelope=letter.envelope,
                content=letter.content,
                note=lambda: self.lane.point_at(delivery, at=self.clock()),
                before_data=lambda: self._look_again_if_slow(delivery, began),
                following=letters.announce(following) if following else None,
                meanwhile=lambda: letters.write_ahead(following) if following else None,
            )
        except Stopped:
            outcomes.cancel(delivery, reason="Suspended while the mail server kept us waiting.", at=self.clock())
        except RefusedForNow as error:
            outcomes.defer(delivery, reason=str(error), at=self.clock())
            self.refusals += 1
            self.refused.add(domain_of(delivery))
            self.must_rest = self.refusals >= REFUSALS_IN_A_ROW
        except AddressRefused as error:
            self._bounced(delivery, str(error))
        except RefusedForGood as error:
            outcomes.fail(delivery, reason=str(error), at=self.clock())
        except NoAnswer as error:
            outcomes.wait_and_see(delivery, reason=str(error), at=self.clock())
            self.must_rest = True
        except NoConnection as error:
            outcomes.defer(delivery, reason=str(error), at=self.clock())
            self.must_rest = True
        except SoftTimeLimitExceeded:  # its text has not gone
            outcomes.defer(delivery, reason="The time of the task was over.", at=self.clock())
            self.must_rest = True
        else:
            self.sent.append(delivery.pk)
            self.total += 1
            self.refusals = 0
            self.refused.clear()
            self.domains.count(delivery)
        finally:
            self.took = time.monotonic() - began

    @transaction.atomic
    def _bounced(self, delivery: Delivery, answer: str) -> None:
        at = self.clock()
        outcomes.fail(delivery, reason=answer, at=at)
        delivery.closed_at = at
        status = STATUS.search(answer)
        count_bounce(delivery=delivery, is_hard=True, status=status[1] if status else "5.0.0", dated=at, at=at)

    def _look_again_if_slow(self, delivery: Delivery, began: float) -> None:
        """A server that keeps us waiting may outlast the patience of a suspension, and our lease."""
        if time.monotonic() - began < 1:
            return
        self.lane.point_at(delivery, at=self.clock())
        if checks.look([delivery])[delivery.pk].reason:
            raise Stopped

    def _wait_for_turn(self) -> None:
        now = time.monotonic()
        if now < self.next_at:
            time.sleep(self.next_at - now)
        self.next_at = max(now, self.next_at) + self.pause

    def settle_when_back(self) -> None:
        """Mark what has gone as soon as the database answers again: we know it, and it does not."""
        end = time.monotonic() + DATABASE_AWAY_SECONDS
        while time.monotonic() < end:
            connection.close()
            self.lane.notes.close()
            try:
                self._settle(claim=0)
                self.lane.release()
            except (OperationalError, InterfaceError):
                time.sleep(0.5)
            else:
                return


def _is_overtaken(delivery: Delivery, at: datetime) -> bool:
    """Whether something more urgent than `delivery` is due."""
    return delivery.priority > 0 and Delivery.objects.due(at).filter(priority__lt=delivery.priority).exists()
