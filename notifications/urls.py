"""The addresses of the pages about subscriptions."""

from django.urls import path

from notifications import views

urlpatterns = [
    path("subscriptions/", views.subscriptions, name="subscriptions"),
    path("subscriptions/new/", views.subscription_new, name="subscription_new"),
    path("subscriptions/<uuid:token>/", views.subscription_change, name="subscription_change"),
    path("subscriptions/<uuid:token>/end/", views.subscription_end, name="subscription_end"),
    path("subscriptions/<uuid:token>/resume/", views.subscription_resume, name="subscription_resume"),
    path("unsubscribe/<uuid:token>/", views.unsubscribe, name="unsubscribe"),
    path("unsubscribe/<uuid:token>/undo/", views.unsubscribe_undo, name="unsubscribe_undo"),
]
