"""A kind of mail: the question whether a mailbox wants to be one."""

from django.db import migrations, models

from notifications.models import DeliveryKind


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_narrower_subscriptions_and_tokens")]

    operations = [
        migrations.AlterField("delivery", "kind", models.CharField(choices=DeliveryKind.choices, max_length=30)),
    ]
