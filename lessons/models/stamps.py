"""Stamps that tell one state of what is published from every other."""

import pgtrigger
from django.db import models

#: A number that no other change has; in the transaction of the change, so whoever sees the one sees the other.
STAMP = "INSERT INTO lessons_publicationstamp (stamp) VALUES (floor(random() * 9e18)::bigint)"
OF_PUBLISHED = f"IF EXISTS (SELECT FROM changed WHERE published_at IS NOT NULL) THEN {STAMP}; END IF; RETURN NULL;"
OF_LESSON = f"""
IF EXISTS (SELECT FROM lessons_publication WHERE lesson_id = NEW.id AND published_at IS NOT NULL) THEN {STAMP}; END IF;
RETURN NULL;
"""


class PublicationStamp(models.Model):
    """Something changed in published texts, or in what is counted of their lessons.

    Rows are only added, so that nobody who publishes waits for another; now and then one takes the place of all.
    """

    stamp = models.BigIntegerField()

    def __str__(self) -> str:
        return f"stamp {self.pk}"


def stamps_of_publications() -> list[pgtrigger.Trigger]:
    """Return the triggers: one stamp for each statement that publishes, changes, suspends … any number of texts."""
    return [
        pgtrigger.Trigger(
            name=f"stamped_{name}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=pgtrigger.Referencing(new="changed"),
            func=OF_PUBLISHED,
        )
        for name, operation in (("insert", pgtrigger.Insert), ("update", pgtrigger.Update))
    ]


def stamp_of_lessons() -> pgtrigger.Trigger:
    """Return the trigger for what is counted of the lesson itself."""
    return pgtrigger.Trigger(
        name="stamped",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange("submitted_at", "tier"),
        func=OF_LESSON,
    )
