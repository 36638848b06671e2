"""The chain over the audit trail, and a trigger that notes which events it does not hold yet."""

import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_organisation_language"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                ("event_id", models.BigIntegerField(unique=True)),
                ("event_digest", models.CharField(max_length=64)),
                ("previous", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="UnsealedEvent",
            fields=[
                ("event_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditevent",
            trigger=pgtrigger.compiler.Trigger(
                name="waits_for_its_seal",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    INSERT INTO accounts_unsealedevent (event_id, since) VALUES (NEW.id, clock_timestamp());\n                    RETURN NULL;\n                ",
                    hash="36791b30099ca84146792ff8e169f0fd738dece6",
                    operation="INSERT",
                    pgid="pgtrigger_waits_for_its_seal_f5704",
                    table="accounts_auditevent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditseal",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="6a38c436bfdcc5028f7f72764db70fd8307f6626",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_ed234",
                    table="accounts_auditseal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditseal",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'rows of % are kept', TG_TABLE_NAME;",
                    hash="3d678dec1772a26464d3528058d4537e0e719938",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_9a2c4",
                    table="accounts_auditseal",
                    when="BEFORE",
                ),
            ),
        ),
    ]
