"""Recovery codes: what is left when the phone is lost.  Apps and passkeys are stored by allauth."""

from django.db import models

from accounts.models.people import User


class RecoveryCode(models.Model):
    """One code, of which only a digest is stored; a used one stays, so that it works once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_is_unique")]

    def __str__(self) -> str:
        return f"recovery code {self.pk}"
