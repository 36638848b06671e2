"""The OpenAPI description says all that there is to know, and its examples are such as it describes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.test import Client
from jsonschema import Draft4Validator, FormatChecker

from accounts.models import ApiToken
from accounts.tokens import create_token
from lessons.api.base import Deprecation
from lessons.api.deprecations import tell_owners
from lessons.api.reference import ThemeViewSet
from tests.calling import Caller, problem
from tests.factories import person

EMPTY = {"302", "304"}


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    found: dict[str, Any] = Client().get("/api/v1/schema/", {"format": "json"}).json()
    return found


def each_operation(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is sent and what is answered as JSON, each with its schema and examples."""
    answers = {status: answer for status, answer in operation["responses"].items() if status not in EMPTY}
    for name, body in {"request": operation.get("requestBody", {}), **answers}.items():
        for kind, content in body.get("content", {}).items():
            if kind.endswith("json"):
                yield name, content


def examples_of(content: dict[str, Any]) -> list[Any]:
    named = [one["value"] for one in content.get("examples", {}).values()]
    return [*named, *([content["example"]] if "example" in content else [])]


def with_null(schema: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as JSON Schema: `nullable` is a type there."""
    if isinstance(schema, list):
        return [with_null(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: with_null(one) for name, one in schema.items() if name != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain


def test_every_operation_says_what_it_is_for_and_who_may_ask(description: dict[str, Any]) -> None:
    for name, operation in each_operation(description):
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["security"] == [{"token": []}, {"session": []}], name
        for parameter in operation.get("parameters", []):
            # The key of an address is explained by the address.
            assert parameter.get("description") or parameter["in"] == "path", (name, parameter["name"])


def test_every_body_has_an_example_that_its_schema_allows(description: dict[str, Any]) -> None:
    components = with_null(description["components"])

    for name, operation in each_operation(description):
        for which, content in bodies(operation):
            examples = examples_of(content)
            assert examples, f"{name}: {which} has no example"
            schema = with_null(content["schema"]) | {"components": components}
            for example in examples:
                faults = list(Draft4Validator(schema, format_checker=FormatChecker()).iter_errors(example))
                assert not faults, f"{name}: {which}: {faults[0].message}"


@pytest.mark.django_db
def test_an_address_that_goes_says_so_and_is_gone_after_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    going = Deprecation("/api/v1/themes/", date(2026, 1, 2), date(2027, 1, 2), "https://jol.example.org/api/v2/")
    monkeypatch.setattr(ThemeViewSet, "deprecation", going)

    with time_machine.travel(datetime(2027, 1, 1, 23, tzinfo=UTC), tick=False):
        caller = Caller(person())
        answer = caller.get("/api/v1/themes/")
    with time_machine.travel(datetime(2027, 1, 2, tzinfo=UTC), tick=False):
        gone = caller.get("/api/v1/themes/")

    assert answer.status_code == 200
    assert answer.headers["Deprecation"] == "@1767312000"
    assert answer.headers["Sunset"] == "Sat, 02 Jan 2027 00:00:00 GMT"
    assert answer.headers["Link"] == '<https://jol.example.org/api/v2/>; rel="deprecation"'
    problem(gone, 410)


@pytest.mark.django_db
def test_owners_of_tokens_in_use_are_told_at_once_and_three_months_before_the_end(
    monkeypatch: pytest.MonkeyPatch, mailoutbox: list[EmailMessage]
) -> None:
    going = Deprecation("/api/v1/themes/", date(2026, 1, 2), date(2027, 1, 2), "https://jol.example.org/api/v2/")
    first, later, last = (datetime(2026, month, 2, 12, tzinfo=UTC) for month in (1, 2, 11))
    users = {name: person(email=f"{name}@responder.example") for name in ("uses", "used", "begins")}
    for name, at in (("uses", first), ("used", first - timedelta(days=31)), ("begins", None)):
        token, _ = create_token(user=users[name], scopes=["read:published"], at=first)
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)

    assert tell_owners(first) == 0
    monkeypatch.setattr(ThemeViewSet, "deprecation", going)
    told = [tell_owners(first), tell_owners(first)]
    ApiToken.objects.filter(user=users["begins"]).update(last_used_at=later)
    told.append(tell_owners(later))
    ApiToken.objects.update(last_used_at=last)
    told += [tell_owners(last), tell_owners(last), tell_owners(datetime(2027, 1, 2, tzinfo=UTC))]

    assert told == [1, 0, 1, 3, 0, 0]
    assert [mail.to for mail in mailoutbox[:2]] == [[users["uses"].email], [users["begins"].email]]
    assert "/api/v1/themes/ answers until 1 January 2027" in mailoutbox[0].body


def test_a_merged_a_suspended_and_a_missing_reference_are_described(description: dict[str, Any]) -> None:
    answers = description["paths"]["/api/v1/lessons/{reference}/"]["get"]["responses"]

    assert {"302", "404", "410"} <= set(answers)
    assert "Location" in answers["302"]["headers"]
