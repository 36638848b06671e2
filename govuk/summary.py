"""What the error summary lists."""

from collections.abc import Iterator
from typing import NamedTuple

from django import forms

from govuk.boundfield import GovukBoundField


class Problem(NamedTuple):
    """A message, and the id of the input it is about; messages on the whole form have none."""

    text: str
    target_id: str = ""


def problems_of(source: object) -> Iterator[Problem]:
    """Yield the errors of a form or formset, first those on the whole, then field by field."""
    if isinstance(source, forms.BaseFormSet):
        yield from (Problem(str(error)) for error in source.non_form_errors())
        for form in source:
            yield from problems_of(form)
    elif isinstance(source, forms.BaseForm):
        yield from (Problem(str(error)) for error in source.non_field_errors())
        for field in source:
            yield from _problems_of_field(field)


def _problems_of_field(field: forms.BoundField) -> Iterator[Problem]:
    target_id = field.target_id if isinstance(field, GovukBoundField) and not field.is_hidden else ""
    yield from (Problem(str(error), target_id) for error in field.errors)
