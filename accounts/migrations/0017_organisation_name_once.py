from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0016_open_session")]

    operations = [
        migrations.AlterField(
            model_name="organisation",
            name="name",
            field=models.CharField(max_length=200, unique=True),
        ),
    ]
