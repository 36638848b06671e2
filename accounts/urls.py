"""Sign-in, sign-out, the password, the second factor; API tokens.  Of allauth only what is listed here.

There is no open registration.
"""

from allauth.account import views
from allauth.mfa.base.views import authenticate, reauthenticate
from allauth.mfa.webauthn.views import reauthenticate_webauthn
from django.urls import path, re_path

from accounts.rates import KEYS_SHOWN, MAILS_ASKED_FOR, limited
from accounts.views import (
    access,
    addresses,
    audit,
    domains,
    languages,
    merging,
    oidc,
    people,
    records,
    second_factor,
    security,
    sessions,
    tokens,
)

urlpatterns = [
    path("", security.security, name="security"),
    path("sign-out-everywhere/", security.sign_out_everywhere, name="sign_out_everywhere"),
    path("sessions/", sessions.sessions, name="sessions"),
    path("sessions/others/end/", sessions.end_others, name="end_other_sessions"),
    path("sessions/<int:pk>/end/", sessions.end_one, name="end_session"),
    path("session/", security.session, name="session"),
    path("language/", languages.language, name="language"),
    path("address/", limited(MAILS_ASKED_FOR)(addresses.address), name="address"),
    path("address/<str:signed>/", addresses.address_confirm, name="address_confirm"),
    path("reauthenticate/elsewhere/", security.sign_in_again, name="sign_in_again"),
    path("access/", access.access, name="access"),
    path("request/", limited(MAILS_ASKED_FOR)(access.access_request), name="access_request"),
    path("request/done/", access.access_request_done, name="access_request_done"),
    path("sponsorships/", access.sponsorships, name="sponsorships"),
    path("sponsorships/<int:pk>/end/", access.sponsorship_end, name="sponsorship_end"),
    path("merge/<slug:what>/", merging.merge, name="merge_places"),
    path("people/", people.people, name="people"),
    path("people/organisation/<slug:code>/work-addresses/", domains.mail_domains, name="mail_domains"),
    path("people/<slug:kind>/<slug:code>/", people.people_of, name="people_of"),
    path("people/<slug:kind>/<slug:code>/invite/", people.people_invite, name="people_invite"),
    path("people/<slug:kind>/<slug:code>/requests/<int:pk>/", people.people_request, name="people_request"),
    path("people/<slug:kind>/<slug:code>/<int:pk>/", people.people_person, name="people_person"),
    path("audit/", audit.audit, name="audit"),
    path("audit/download/", audit.audit_download, name="audit_download"),
    path("audit/<int:pk>/", audit.audit_event, name="audit_event"),
    path("records/", records.records, name="records"),
    path("records/periods/<slug:code>/", records.records_period, name="records_period"),
    path("records/holds/", records.records_holds, name="records_holds"),
    path("records/holds/<int:pk>/lift/", records.records_lift, name="records_lift"),
    path("records/person/", records.records_person, name="records_person"),
    path("records/person/erase/", records.records_erase, name="records_erase"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<slug:token_key>/revoke/", tokens.revoke, name="token_revoke"),
    path("second-factor/", second_factor.second_factor, name="second_factor"),
    path("second-factor/app/", second_factor.second_factor_app, name="second_factor_app"),
    path("second-factor/passkey/", second_factor.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("second-factor/<int:pk>/remove/", second_factor.remove_factor, name="remove_factor"),
    path("second-factor/recovery-codes/", second_factor.recovery_codes, name="recovery_codes"),
    path("oidc/cancelled/", oidc.oidc_cancelled, name="socialaccount_login_cancelled"),
    path("oidc/<slug:provider_id>/", oidc.oidc_login, name="openid_connect_login"),
    path("oidc/<slug:provider_id>/unlink/", oidc.oidc_unlink, name="oidc_unlink"),
    path("oidc/<slug:provider_id>/callback/", oidc.oidc_callback, name="openid_connect_callback"),
    path("login/", oidc.Login.as_view(), name="account_login"),
    path("login/code/", authenticate, name="mfa_authenticate"),
    path("logout/", views.logout, name="account_logout"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("reauthenticate/code/", reauthenticate, name="mfa_reauthenticate"),
    path("reauthenticate/passkey/", reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("signup/", views.signup, name="account_signup"),
    path("password/change/", security.password_change, name="account_change_password"),
    path("password/reset/", limited(MAILS_ASKED_FOR)(views.password_reset), name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        limited(KEYS_SHOWN)(views.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
