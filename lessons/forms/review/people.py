"""Choosing a person by name."""

from collections.abc import Iterable

from django import forms

from accounts.models import User


class PersonField(forms.ModelChoiceField):
    """One of some people, shown by name; `offer` says who they are."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(User.objects.none(), **kwargs)  # type: ignore[arg-type]

    def offer(self, people: Iterable[User]) -> None:
        self.queryset = User.objects.filter(pk__in=[one.pk for one in people]).order_by("name", "pk")

    def label_from_instance(self, obj: User) -> str:
        return obj.get_full_name()
