"""Statements that nearly every page asks, put together once and asked with other values each time.

Django makes the SQL of a query set anew whenever it is asked, which takes longer than PostgreSQL's answer.  A
`Statement` is made of the same query sets as anywhere, so that a rule of access has one home: it is put together with
signs in place of the values, once for each shape of them, and each time the values take the places of the signs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    from accounts.models import User

Row = TypeVar("Row")
#: Shapes of one statement that are kept: people hold few or many keys, and are in one organisation or in five.
MOST_SHAPES = 100


@dataclass(frozen=True)
class ByKeys:
    """A reader, for statements that ask for the keys they hold and for nothing else of them."""

    user: User


@dataclass(frozen=True)
class ByMemberships:
    """A person, for statements that ask for who they are and their memberships and for nothing else of them."""

    user: User


@dataclass(frozen=True)
class AsOne:
    """A list that is one parameter of the statement, however long it is."""

    values: list[str] | list[int]


@dataclass(frozen=True)
class _Made:
    rows: QuerySet[Any, Any]
    compiler: SQLCompiler
    sql: str
    parameters: tuple[Any, ...]
    converters: dict[int, Any]
    signs: list[Any]


class Statement(Generic[Row]):
    """What `build` asks.

    :param build: makes the query set; called with the names and kinds of what the statement is called with, where a
        person is another one, with as many keys and memberships.  It looks at no clock and speaks no language.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Row]]) -> None:
        self.build = build
        self._made: dict[Hashable, _Made | None] = {}

    def __call__(self, **values: Any) -> list[Row]:
        """Ask it.

        :param values: text, numbers, days, times, lists of these, `AsOne`, `ByKeys` or `ByMemberships`
        """
        found = self._fill(values)
        if found is None:
            return []
        made, sql, parameters = found
        compiler: Any = copy(made.compiler)
        compiler.connection = connections[DEFAULT_DB_ALIAS]  # of this thread
        compiler.as_sql = lambda *_, **__: (sql, parameters)
        compiler.get_converters = lambda _: made.converters
        made_of: Any = made.rows.__class__
        rows = made_of(made.rows.model, _Ready(compiler), DEFAULT_DB_ALIAS)
        iterable: Callable[[Any], Iterable[Row]] = made.rows._iterable_class  # type: ignore[assignment]  # noqa: SLF001
        return list(iterable(rows))

    def sql(self, **values: Any) -> tuple[str, tuple[Any, ...]] | None:
        """Return what is asked with these values; None if it would find nothing whatever there is."""
        found = self._fill(values)
        return found and (found[1], found[2])

    def _fill(self, values: dict[str, Any]) -> tuple[_Made, str, tuple[Any, ...]] | None:
        shape: list[Hashable] = []
        given: list[Any] = []
        for name in sorted(values):
            shape.append(name)
            _take_apart(values[name], shape, given)
        key = tuple(shape)
        try:
            made = self._made[key]
        except KeyError:
            if len(self._made) >= MOST_SHAPES:
                self._made.clear()  # another thread may be looking
            made = self._made[key] = self._make(values)
        if made is None:
            return None
        by_sign = dict(zip(made.signs, given, strict=True))
        return made, made.sql, tuple(_put(parameter, by_sign) for parameter in made.parameters)

    def _make(self, values: dict[str, Any]) -> _Made | None:
        signs = _Signs()
        rows = self.build(**{name: signs.for_value(values[name]) for name in sorted(values)})
        compiler = rows.query.get_compiler(DEFAULT_DB_ALIAS)
        try:
            sql, parameters = compiler.as_sql()
        except EmptyResultSet:
            return None
        columns = [column[0] for column in compiler.select[: compiler.col_count]]
        return _Made(rows, compiler, sql, tuple(parameters), compiler.get_converters(columns), signs.given)


class _Ready:
    """Stands for the query of a query set whose compiler has its statement already."""

    def __init__(self, compiler: SQLCompiler) -> None:
        self._compiler = compiler

    def get_compiler(self, *_: Any, **__: Any) -> SQLCompiler:
        return self._compiler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._compiler.query, name)


def _take_apart(value: Any, shape: list[Hashable], given: list[Any]) -> None:
    """Add to `shape` what changes the statement, to `given` what changes its values; as `_Signs` has them."""
    if value is None or isinstance(value, bool):
        shape.append(value)
    elif isinstance(value, list | tuple):
        shape.append(len(value))
        for one in value:
            _take_apart(one, shape, given)
    elif isinstance(value, AsOne):
        shape.append(AsOne)
        given.append(value.values)
    elif isinstance(value, ByKeys):
        shape.append(value.user.without_sensitive)
        _take_apart(value.user.keys, shape, given)
    elif isinstance(value, ByMemberships):
        user, organisations, areas = value.user, _Numbers(), _Numbers()
        memberships = tuple(
            (one.role, organisations.of(one.organisation_id), one.area_id and areas.of(one.area_id))
            for one in user.active_memberships
        )
        shape += [user.is_active, memberships]
        given += [user.pk, *organisations, *areas]
    else:
        shape.append(type(value).__name__)
        given.append(value)


class _Numbers(dict[int, int]):
    """Numbers from 1 for the keys of rows, in the order in which they come."""

    def of(self, key: int) -> int:
        return self.setdefault(key, len(self) + 1)


class _Signs:
    """Values that nobody has, to be found again among the parameters of a statement."""

    def __init__(self) -> None:
        self.given: list[Any] = []
        self._numbers = count(1)

    def for_value(self, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, list | tuple):
            return [self.for_value(one) for one in value]
        if isinstance(value, AsOne):
            return self._new(str)
        if isinstance(value, ByKeys):
            return self._for_keys(value.user)
        if isinstance(value, ByMemberships):
            return self._for_memberships(value.user)
        return self._new(type(value))

    def _new(self, kind: type) -> Any:
        number = next(self._numbers)
        if issubclass(kind, int):
            sign: Any = 2**62 + number
        elif issubclass(kind, str):
            sign = f"\x00sign {number}"
        elif issubclass(kind, datetime):
            sign = datetime(1, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
        elif issubclass(kind, date):
            sign = date(1, 1, 1) + timedelta(days=number)
        else:
            raise TypeError(f"no sign stands for {kind}")
        self.given.append(sign)
        return sign

    def _for_keys(self, user: User) -> User:
        from accounts.models import User  # which has statements of its own

        other = User()
        other.without_sensitive = user.without_sensitive
        other.__dict__["all_keys"] = self.for_value(user.keys)
        return other

    def _for_memberships(self, user: User) -> User:
        from accounts.models import Membership, User  # which has statements of its own

        other = User(pk=self._new(int), is_active=user.is_active)
        memberships = user.active_memberships
        organisations = self._for_each(one.organisation_id for one in memberships)
        areas = self._for_each(one.area_id for one in memberships if one.area_id)
        other.__dict__["active_memberships"] = [
            Membership(
                user_id=other.pk,
                role=one.role,
                organisation_id=organisations[one.organisation_id],
                area_id=one.area_id and areas[one.area_id],
            )
            for one in memberships
        ]
        return other

    def _for_each(self, keys: Iterator[int]) -> dict[int, int]:
        return {key: self._new(int) for key in dict.fromkeys(keys)}


def _put(parameter: Any, by_sign: dict[Any, Any]) -> Any:
    """Return the value in place of a sign, in lists too; anything else as it is."""
    if isinstance(parameter, list):
        return [_put(one, by_sign) for one in parameter]
    return by_sign.get(parameter, parameter) if isinstance(parameter, Hashable) else parameter
