"""Figures about the mail for Prometheus: numbers and ages, no address and no content, whichever process is asked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Min

from accounts.models import AuditSeal
from accounts.trail.sealing import oldest_unsealed_seconds
from notifications.health import mail_facts
from notifications.models import Delivery, Lane, MailHold, Priority, State, Suppression
from notifications.schedule import schedule


@dataclass(frozen=True)
class Metric:
    """A figure and its values, each with its labels."""

    name: str
    says: str
    values: list[tuple[dict[str, str], float]] = field(default_factory=list)
    kind: str = "gauge"


def mail_metrics(*, at: datetime) -> Iterator[Metric]:
    facts = mail_facts(at=at)
    due = Delivery.objects.due(at).order_by().values("priority").annotate(number=Count("pk"), oldest=Min("due_at"))
    by_priority = {row["priority"]: row for row in due}
    labels = {priority: {"priority": priority.name.lower()} for priority in Priority}
    yield Metric("jol_mail_made_total", "Mails written so far, whatever became of them.", [({}, _made())], "counter")
    yield Metric(
        "jol_mail_due",
        "Mails that could be sent now.",
        [(labels[one], by_priority.get(one, {"number": 0})["number"]) for one in Priority],
    )
    yield Metric(
        "jol_mail_oldest_due_seconds",
        "How long the oldest due mail has waited.",
        [(labels[one], _age(by_priority.get(one), at)) for one in Priority],
    )
    yield Metric(
        "jol_announcement_oldest_seconds",
        "How long the oldest news has waited whose readers are not known yet.",
        [({}, facts["oldest_announcement_seconds"])],
    )
    not_sent = [State.DEFERRED, State.UNCERTAIN, State.FAILED, State.SUPPRESSED]
    counts = Delivery.objects.filter(state__in=not_sent).order_by().values("state").annotate(number=Count("pk"))
    numbers = {row["state"]: row["number"] for row in counts}
    yield Metric(
        "jol_mail_not_sent",
        "Mails that did not go, by state.",
        [({"state": str(state)}, numbers.get(state, 0)) for state in not_sent],
    )
    yield Metric("jol_addresses_suppressed", "Addresses that bounce.", [({}, Suppression.objects.in_force().count())])
    held = float(MailHold.objects.in_force().exists())
    yield Metric("jol_mail_held", "1 while outgoing mail is off.", [({}, held)])
    yield Metric("jol_senders_at_work", "Lanes in use.", [({}, Lane.objects.exclude(holder=None).count())])
    yield Metric(
        "jol_senders_at_rest", "Lanes with an open breaker.", [({}, Lane.objects.filter(rest_until__gt=at).count())]
    )
    yield from _audit_metrics(at)
    yield from _schedule_metrics(at)


def _audit_metrics(at: datetime) -> Iterator[Metric]:
    sealed = AuditSeal.objects.order_by("-sequence").values_list("sequence", flat=True).first()
    yield Metric("jol_audit_sealed_total", "Events of the audit trail that are sealed.", [({}, sealed or 0)], "counter")
    yield Metric(
        "jol_audit_oldest_unsealed_seconds",
        "How long the oldest event of the audit trail has waited for its seal.",
        [({}, oldest_unsealed_seconds(at=at))],
    )


def _schedule_metrics(at: datetime) -> Iterator[Metric]:
    tasks = schedule(at=at)
    yield Metric(
        "jol_schedule_last_run_timestamp_seconds",
        "When a task of the schedule began last.",
        [({"task": one.name}, one.began_at.timestamp()) for one in tasks if one.began_at],
    )
    yield Metric(
        "jol_schedule_overdue",
        "1 if a task of the schedule stands still.",
        [({"task": one.name}, float(one.is_overdue)) for one in tasks],
    )


def _made() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(pg_sequence_last_value('notifications_delivery_id_seq'), 0)")
        return int(cursor.fetchone()[0])


def _age(row: Mapping[str, Any] | None, at: datetime) -> float:
    return max(0.0, (at - row["oldest"]).total_seconds()) if row else 0.0


def as_text(metrics: Iterable[Metric]) -> str:
    """Return the text format of Prometheus, version 0.0.4."""
    return "".join(line for metric in metrics for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    yield f"# HELP {metric.name} {metric.says}\n# TYPE {metric.name} {metric.kind}\n"
    for labels, value in metric.values:
        inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        yield f"{metric.name}{{{inside}}} {value:.15g}\n" if inside else f"{metric.name} {value:.15g}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
