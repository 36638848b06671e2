import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0013_records"),
    ]

    operations = [
        migrations.AddField(
            model_name="organisation",
            name="mail_domains",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=253),
                blank=True,
                db_default=[],
                default=list,
                help_text="Of work addresses: nobody else is invited or asks to be let in; empty: any address.",
                size=None,
            ),
        ),
    ]
