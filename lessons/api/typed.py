"""Fields that take JSON of the very type that is described: by themselves 7 would be a text, and "no" a truth."""

from typing import Any, TypeVar

from django.db.models import Model
from rest_framework import serializers
from rest_framework.fields import empty

Row = TypeVar("Row", bound=Model)


class _Typed:
    takes: tuple[type, ...] = (str,)

    def to_internal_value(self, data: Any) -> Any:
        """:raises ValidationError: it is of another type"""
        if type(data) not in self.takes:
            self.fail("invalid")  # type: ignore[attr-defined]  # of the field
        return super().to_internal_value(data)  # type: ignore[misc]


class Text(_Typed, serializers.CharField): ...


class Slug(_Typed, serializers.SlugField): ...


class Mailbox(_Typed, serializers.EmailField): ...


class Whole(_Typed, serializers.IntegerField):
    takes = (int, float)  # 3.0 is a whole number in JSON


class Truth(_Typed, serializers.BooleanField):
    takes = (bool,)


class Coded(serializers.SlugRelatedField[Row]):
    """A row by its code.  No code is null; an empty text is none."""

    def run_validation(self, data: Any = empty) -> Any:
        """:raises ValidationError: there is no such row"""
        if data == "":
            self.fail("does_not_exist", slug_name=self.slug_field, value=data)
        return super().run_validation(data)
