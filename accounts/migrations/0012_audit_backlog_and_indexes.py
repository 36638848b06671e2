"""Let the events there are wait for their seals, and let auditors search; writing goes on meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

BACKLOG = """
INSERT INTO accounts_unsealedevent (event_id, since)
SELECT event.id, clock_timestamp() FROM accounts_auditevent event
WHERE NOT EXISTS (SELECT 1 FROM accounts_auditseal seal WHERE seal.event_id = event.id)
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0011_audit_chain")]

    operations = [
        migrations.RunSQL(BACKLOG, migrations.RunSQL.noop),
        AddIndexConcurrently("auditevent", models.Index(fields=["action", "-id"], name="audit_action")),
        AddIndexConcurrently("auditevent", models.Index(fields=["at"], name="audit_at")),
        AddIndexConcurrently(
            "auditevent",
            models.Index(
                condition=models.Q(("request_id", ""), _negated=True), fields=["request_id"], name="audit_request"
            ),
        ),
    ]
