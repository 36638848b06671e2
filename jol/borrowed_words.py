"""Words of Django and allauth that our pages show and neither has in Welsh: marked here for the catalogue."""

from django.utils.translation import gettext_noop

BORROWED = (
    # -- allauth
    gettext_noop("The email address and/or password you specified are not correct."),
    gettext_noop("Too many failed login attempts. Try again later."),
    gettext_noop("This account is currently inactive."),
    gettext_noop("Please type your current password."),
    gettext_noop("Incorrect password."),
    gettext_noop("Incorrect code."),
    gettext_noop("You must type the same password each time."),
    gettext_noop("The new value must be different from the current one."),
    gettext_noop("You cannot deactivate two-factor authentication."),
    gettext_noop("Forgot your password?"),
    gettext_noop("Password successfully changed."),
    gettext_noop("Password successfully set."),
    # -- Django
    gettext_noop("Your password can’t be a commonly used password."),
    gettext_noop("Your password can’t be too similar to your other personal information."),
    gettext_noop("This password is too common."),
    gettext_noop("The password is too similar to the %(verbose_name)s."),
    gettext_noop("This field is required."),
)
