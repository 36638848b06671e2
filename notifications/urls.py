"""The addresses of the pages about subscriptions and mail.  Tokens of older mails are UUIDs, newer ones random."""

from django.urls import path

from notifications.views import (
    holds,
    mail,
    mailboxes,
    organisations,
    publications,
    quarters,
    subscriptions,
    unsubscribing,
    use_mails,
)

urlpatterns = [
    path("subscriptions/", subscriptions.subscriptions, name="subscriptions"),
    path("subscriptions/use/", use_mails.use_mails, name="use_mails"),
    path("subscriptions/new/", subscriptions.subscription_new, name="subscription_new"),
    path("subscriptions/mailbox/<slug:code>/", mailboxes.mailbox, name="mailbox"),
    path("subscriptions/mailbox/<slug:code>/ask/", mailboxes.mailbox_ask, name="mailbox_ask"),
    path("subscriptions/mailbox/<slug:code>/usual/", mailboxes.mailbox_usual, name="mailbox_usual"),
    path("mailbox/<str:signed>/", mailboxes.mailbox_confirm, name="mailbox_confirm"),
    path("subscriptions/<slug:token>/", subscriptions.subscription_change, name="subscription_change"),
    path("subscriptions/<slug:token>/end/", subscriptions.subscription_end, name="subscription_end"),
    path("subscriptions/<slug:token>/pause/", subscriptions.subscription_pause, name="subscription_pause"),
    path("subscriptions/<slug:token>/resume/", subscriptions.subscription_resume, name="subscription_resume"),
    path("digests/", quarters.quarters, name="quarters"),
    path("digests/<slug:code>/", quarters.quarter, name="quarter"),
    path("digests/<slug:code>/pdf/", quarters.quarter_pdf, name="quarter_pdf"),
    path("digests/<slug:code>/edit/", quarters.quarter_edit, name="quarter_edit"),
    path("digests/<slug:code>/approve/", quarters.quarter_approve, name="quarter_approve"),
    path("unsubscribe/<slug:token>/", unsubscribing.unsubscribe, name="unsubscribe"),
    path("unsubscribe/<slug:token>/undo/", unsubscribing.unsubscribe_undo, name="unsubscribe_undo"),
    path("mail/", mail.mail, name="mail"),
    path("mail/list/", mail.mail_list, name="mail_list"),
    path("mail/replay/", mail.mail_replay, name="mail_replay"),
    path("mail/release/", holds.mail_release, name="mail_release"),
    path("mail/publications/", publications.mail_publications, name="mail_publications"),
    path("mail/publications/<int:pk>/", publications.mail_publication, name="mail_publication"),
    path("mail/schedule/", publications.mail_schedule, name="mail_schedule"),
    path("mail/bounced/", organisations.bounced, name="bounced"),
    path("mail/bounced/<int:pk>/right/", organisations.bounced_right, name="bounced_right"),
    path("mail/organisation/", organisations.mail_of_organisation, name="mail_of_organisation"),
]
