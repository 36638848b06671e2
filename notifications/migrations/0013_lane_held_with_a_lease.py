"""What holds a lane is looked at when a holder or a lease is written, not with each note of a mail."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0012_last_quarterly_mail"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="lane",
            name="lane_in_use_has_a_lease",
        ),
        migrations.AlterField(
            model_name="lane",
            name="failures",
            field=models.IntegerField(default=0, help_text="In a row: no connection, or nobody was accepted."),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lane",
            trigger=pgtrigger.compiler.Trigger(
                name="lane_in_use_has_a_lease",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN ((NEW.holder IS NULL) <> (NEW.lease_until IS NULL) OR (NEW.holder IS NULL AND NEW.current IS NOT NULL))",
                    func="\n                    RAISE EXCEPTION 'lane % is held without a lease, or leased by nobody', NEW.id\n                        USING ERRCODE = 'check_violation', CONSTRAINT = 'lane_in_use_has_a_lease';\n                ",
                    hash="e4cd3a8a2a29969416148c02a48f65b1f0dcb36f",
                    operation='INSERT OR UPDATE OF "holder", "lease_until"',
                    pgid="pgtrigger_lane_in_use_has_a_lease_8bb7e",
                    table="notifications_lane",
                    when="AFTER",
                ),
            ),
        ),
    ]
