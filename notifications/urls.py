"""The addresses of the pages about subscriptions.  Tokens of older mails are UUIDs, newer ones random letters."""

from django.urls import path

from notifications.views import mailboxes, subscriptions, unsubscribing, use_mails

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
    path("unsubscribe/<slug:token>/", unsubscribing.unsubscribe, name="unsubscribe"),
    path("unsubscribe/<slug:token>/undo/", unsubscribing.unsubscribe_undo, name="unsubscribe_undo"),
]
