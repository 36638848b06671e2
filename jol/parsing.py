"""How the API reads what programs send."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "This is more than can be taken at once."
    default_code = "too_large"


class StrictJSONParser(JSONParser):
    """JSON of a bounded size; a name that stands twice, NaN and bottomless nesting are refused."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """:raises ParseError: it is no such JSON
        :raises TooLarge: it is longer than `DATA_UPLOAD_MAX_MEMORY_SIZE`
        """
        most: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE  # Django itself looks at bodies that it reads whole
        body = stream.read(most + 1)
        if len(body) > most:
            raise TooLarge
        try:
            return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse, object_pairs_hook=_once)
        except RecursionError:
            raise ParseError("This JSON is nested too deeply.") from None
        except ValueError as error:  # no UTF-8, no JSON
            raise ParseError(f"This is not JSON as we take it: {error}") from None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a number.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError("a name stands twice in one object.")
    return dict(pairs)
