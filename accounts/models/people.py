"""People and the memberships that give them roles."""

from collections.abc import Iterable
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models.organisations import Organisation, OrganisationQuerySet, ResilienceArea
from accounts.roles import OWNER_LEADS, Role
from accounts.statements import Statement

#: Keys a token without `read:sensitive` does not hold (docs: the two arrays of codes).
SENSITIVE_PREFIX = "sensitive/"


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def create_user(
        self, email: str, password: str | None = None, *, name: str = "", language: str = settings.LANGUAGE_CODE
    ) -> "User":
        """Make an account; without a password nobody can sign in to it until one is set by the reset link."""
        user = self.model(email=email.strip().lower(), name=name, language=language)  # as sign-in and reset look it up
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save()
        return user


class User(AbstractBaseUser):  # type: ignore[django-manager-missing]  # knox makes the manager of its tokens
    """A person who signs in by email address.

    There are no superusers and no groups of Django's: rights come from memberships (`accounts/roles.py`).
    """

    email = models.EmailField("email address", max_length=254)
    name = models.CharField(max_length=150, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    dormant_at = models.DateTimeField(null=True, blank=True)
    language = models.CharField(max_length=10, default="en-gb")
    joined_at = models.DateTimeField(auto_now_add=True)
    sessions_began = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Counted up to end every session there is."
    )

    is_superuser = False  # Django and guardian say yes to superusers before any backend is asked
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_is_unique",
                violation_error_message=_("This address has an account."),
            ),
        ]

    def __str__(self) -> str:
        return f"user {self.pk}"

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.get_full_name()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must hold to go on: a new password ends it, and so does `sessions.end_sessions`."""
        return f"{super()._get_session_auth_hash(secret)}:{self.sessions_began}"  # type: ignore[misc]  # not in the stubs

    @property
    def may_sign_in(self) -> bool:
        """Whether the account is open, in use, and a membership gives it something to do."""
        return self.is_active and self.dormant_at is None and bool(self.active_memberships)

    def reads_first(self, item: models.Model) -> bool:
        """Whether this was not asked of `item` before, in the life of this object (one request)."""
        read, key = self.__dict__.setdefault("_read", set()), (item._meta.label_lower, item.pk)
        is_first = key not in read
        read.add(key)
        return is_first

    # -- rights -------------------------------------------------------------------------------
    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        """Ask the backends whether this person may do `perm` ("app.codename") to `obj`."""
        from django.contrib.auth import get_backends  # the backends import this module

        return self.is_active and any(
            backend.has_perm(self, perm, obj) for backend in get_backends() if hasattr(backend, "has_perm")
        )

    def has_perms(self, perms: Iterable[str], obj: models.Model | None = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        return False

    @cached_property
    def active_memberships(self) -> list["Membership"]:
        """Memberships in force today, read once for the life of this object (one request)."""
        return _IN_FORCE(user=self.pk)

    @cached_property
    def all_keys(self) -> list[str]:
        """Every key of the view `reader_key`, whatever token is in use.  Read once, and only where they are needed."""
        if not self.active_memberships:  # without one there is no key
            return []
        with connection.cursor() as cursor:
            cursor.execute("SELECT reader_keys(%s)", [self.pk])
            return list(cursor.fetchone()[0])

    #: Set by the API's authentication: a token that may not open OFFICIAL-SENSITIVE.
    without_sensitive = False

    @property
    def keys(self) -> list[str]:
        """The keys that open publications, as the request in hand may use them."""
        if self.without_sensitive:
            return [key for key in self.all_keys if not key.startswith(SENSITIVE_PREFIX)]
        return self.all_keys

    def forget_rights(self) -> None:
        """Drop what was read, for code that changes memberships and asks again (tests, long commands)."""
        for name in ("active_memberships", "all_keys"):
            self.__dict__.pop(name, None)

    def has_role(self, *roles: Role) -> bool:
        return any(m.role in roles for m in self.active_memberships)

    @property
    def leads(self) -> list[int]:
        """Keys of the organisations this person vouches for (SPoC, JOL Lead, Strategic Lead)."""
        return [m.organisation_id for m in self.active_memberships if m.role in OWNER_LEADS]

    @property
    def moderated_areas(self) -> list[int]:
        """Keys of the areas whose items this person moderates."""
        return [m.area_id for m in self.active_memberships if m.role == Role.LRF_MODERATOR and m.area_id]

    @property
    def groups(self) -> OrganisationQuerySet:
        """The organisations of the active memberships: django-guardian asks for `user.groups.all()`."""
        return Organisation.objects.filter(
            pk__in={m.organisation_id for m in self.active_memberships if m.role != Role.SYSTEM_ADMIN}
        )


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self) -> "MembershipQuerySet":
        """Keep what is in force today in London.  The view `active_membership` is the one definition."""
        return self.filter(pk__in=RawSQL("SELECT id FROM active_membership", []))

    def not_over(self) -> "MembershipQuerySet":
        """Keep what is in force or begins later, of accounts that are open or asleep."""
        not_ended = Q(ends_on=None) | Q(ends_on__gte=timezone.localdate())
        return self.filter(not_ended, ended_at=None, user__is_active=True)


class Membership(models.Model):
    """A person works for an organisation in a role; an LRF moderator's also names the area."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    area = models.ForeignKey(ResilienceArea, null=True, blank=True, on_delete=models.PROTECT, related_name="moderators")
    cleared = models.BooleanField(default=False, help_text="Entitled to OFFICIAL-SENSITIVE in this organisation.")
    cleared_at = models.DateTimeField(null=True, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    given_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="given")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Taken away before its last day: at once.")

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="membership_of_a_moderator_names_the_area",
                condition=Q(role="lrf_moderator", area__isnull=False)
                | (~Q(role="lrf_moderator") & Q(area__isnull=True)),
            ),
            models.CheckConstraint(
                name="membership_ends_after_it_starts",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
            ),
            models.UniqueConstraint(
                fields=["user", "organisation", "role", "area"],
                name="membership_is_held_once",
                nulls_distinct=False,
                condition=Q(ends_on__isnull=True, ended_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.user_id} in {self.organisation_id}"


_IN_FORCE: Statement[Membership] = Statement(
    lambda user: Membership.objects.active().filter(user=user).select_related("organisation", "area").order_by("pk")
)
