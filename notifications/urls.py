"""The addresses of the pages about subscriptions."""

from django.urls import path

from notifications import views

urlpatterns = [
    path("subscriptions/", views.subscriptions, name="subscriptions"),
    path("unsubscribe/<uuid:token>/", views.subscriptions, name="unsubscribe"),
]
