"""What `test_schema_fuzz` has schemathesis do besides: one check of ours, and which of its findings are none."""

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData

#: Words that stand in the lessons of another person, and their references.
SECRETS: list[str] = json.loads(os.environ["SCHEMA_FUZZ_SECRETS"])
#: Codes that there are.
KNOWN: list[str] = json.loads(os.environ["SCHEMA_FUZZ_KNOWN"])
#: What the portal says of a code or a cursor that there is not.
UNKNOWN = re.compile(
    r"Not known: .*|Select an? .* from the list|Object with code=.* does not exist\.|This cursor is none of ours\..*",
    re.DOTALL,
)

#: What it says of a NUL, in a body and in a filter.
NUL = {"Null characters are not allowed.", "Words has a character that cannot be read: type it again"}


@schemathesis.hook
def after_load_schema(context: Any, schema: Any) -> None:
    schema.validate()  # as a whole: no operation is left out because it cannot be read


@schemathesis.check
def nothing_of_another_person(ctx: Any, response: Any, case: Any) -> None:
    # What was asked may be said again: the cursor and the address of a page, the fault in a field.
    said = str(case.query) + str(case.body) + str(case.path_parameters)
    text = response.content.decode(errors="ignore")  # the words in a workbook are packed
    told = [secret for secret in SECRETS if secret in text and secret not in said]
    assert not told, f"these are another person's: {told}"


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Leave out what the description allows and the portal refuses for a reason that OpenAPI has no words for."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    errors = response.json().get("errors", {})
    wrongly = any((case.query or {}).get(name) in KNOWN for name in errors)
    return wrongly or not all(is_unsayable(words, case) for words in texts(errors))


def is_unsayable(words: str, case: Any) -> bool:
    """Return whether an answer says such a reason, and what was sent gives it.

    Which codes and cursors there are is in the database; one day of two must be the earlier; PostgreSQL stores no NUL;
    patterns have no sign for all that is blank.
    """
    if UNKNOWN.fullmatch(words):
        return set(KNOWN).isdisjoint(re.findall("[a-z0-9-]+", words))
    if words == "It ends before it begins.":
        event = case.body["event"]
        return bool(event["ended_on"] < event["started_on"])
    sent = [*texts(case.query or {}), *texts(case.body)]
    if words in NUL:
        return any("\0" in text for text in sent)
    return words == "This field may not be blank." and any(text and not text.strip() for text in sent)


def texts(value: Any) -> Iterator[str]:
    """Yield each text in what was sent or answered."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)
