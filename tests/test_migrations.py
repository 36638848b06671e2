"""Old code goes on while a new release migrates the database: what would break it comes a release later.

`data/released_migrations.txt` lists those that every running portal has.  Later ones may add; they may not take away
what the code before them uses.  docs/upgrading.md says how a column goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED

ROOT = Path(__file__).resolve().parent.parent
RELEASED = ROOT / "tests" / "data" / "released_migrations.txt"
#: What takes something away that the release before stopped using: `app.name` and why nobody misses it.
LATER: dict[str, str] = {}
TAKES_AWAY = (
    migrations.RemoveField,
    migrations.DeleteModel,
    migrations.RenameField,
    migrations.RenameModel,
    migrations.AlterModelTable,
)


def test_migrations_since_the_last_release_take_nothing_from_the_code_that_runs_meanwhile() -> None:
    loader = MigrationLoader(None)
    ours = {config.partition(".")[0] for config in settings.INSTALLED_APPS if (ROOT / config).is_dir()}
    released = set(RELEASED.read_text().split())
    names = {f"{app}.{name}" for app, name in loader.disk_migrations if app in ours}

    assert not released - names, "a released migration was removed or renamed"
    assert not set(LATER) - (names - released), "LATER names what is released, or is not there"
    for key in sorted(key for key in loader.disk_migrations if key[0] in ours):
        name = ".".join(key)
        if name not in released and name not in LATER:
            found = list(breaks(loader.disk_migrations[key], loader.project_state(key, at_end=False)))
            assert not found, (
                f"{name}: {'; '.join(found)}. See docs/upgrading.md; before a first release, add it to {RELEASED}"
            )


def breaks(migration: migrations.Migration, state: ProjectState) -> Iterator[str]:
    """Yield what of a migration breaks code that does not know it yet.

    :param state: before it
    """
    made = set()
    for operation in migration.operations:
        if isinstance(operation, migrations.CreateModel):
            made.add(operation.name_lower)
        elif getattr(operation, "model_name_lower", None) not in made and (
            reason := _breaks(operation, state, migration)
        ):
            yield f"{operation.describe()}: {reason}"
        operation.state_forwards(migration.app_label, state)


def _breaks(operation: Operation, state: ProjectState, migration: migrations.Migration) -> str:
    if isinstance(operation, TAKES_AWAY):
        return "the running code still asks for it"
    if isinstance(operation, migrations.AddField | migrations.AlterField) and _must_be_given(operation.field):
        fields = state.models[migration.app_label, operation.model_name_lower].fields
        before = fields.get(operation.name)
        if before is None or not _must_be_given(before):
            return "the running code writes rows without it: null=True or db_default, and required a release later"
    if isinstance(operation, migrations.AddConstraint):
        return "the running code may write rows that it forbids: LATER says why not"
    return ""


def _must_be_given(field: models.Field) -> bool:
    return not (field.null or field.many_to_many or field.db_default is not NOT_PROVIDED)


TEXT = models.CharField(max_length=9)
CHECK = models.CheckConstraint(condition=models.Q(name="a"), name="name_is_a")


@pytest.mark.parametrize(
    ("operation", "is_found"),
    [
        (migrations.RemoveField("place", "name"), True),
        (migrations.RenameField("place", "name", "title"), True),
        (migrations.DeleteModel("place"), True),
        (migrations.RenameModel("place", "site"), True),
        (migrations.AddField("place", "more", models.CharField(max_length=9, default="")), True),
        (migrations.AddField("place", "more", models.CharField(max_length=9, db_default="")), False),
        (migrations.AddField("place", "more", models.CharField(max_length=9, null=True)), False),
        (migrations.AlterField("place", "maybe", TEXT), True),
        (migrations.AlterField("place", "name", models.CharField(max_length=20)), False),
        (migrations.AddConstraint("place", CHECK), True),
        (migrations.AddIndex("place", models.Index(fields=["name"], name="place_name")), False),
        (migrations.CreateModel("site", [("id", models.AutoField(primary_key=True)), ("name", TEXT)]), False),
    ],
)
def test_the_rule_finds_what_takes_away_and_lets_pass_what_adds(operation: Operation, is_found: bool) -> None:
    state = ProjectState()
    fields = [
        ("id", models.AutoField(primary_key=True)),
        ("name", TEXT),
        ("maybe", models.CharField(max_length=9, null=True)),
    ]
    migrations.CreateModel("place", fields).state_forwards("places", state)
    migration = migrations.Migration("0002", "places")
    migration.operations = [operation]

    assert bool(list(breaks(migration, state))) is is_found


def test_what_a_migration_makes_itself_it_may_change() -> None:
    migration = migrations.Migration("0001", "places")
    migration.operations = [
        migrations.CreateModel("place", [("id", models.AutoField(primary_key=True))]),
        migrations.AddField("place", "name", TEXT),
        migrations.AddConstraint("place", CHECK),
    ]

    assert not list(breaks(migration, ProjectState()))
