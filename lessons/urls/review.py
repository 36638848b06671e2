"""Pages of moderators, and suspension."""

from django.urls import path

from lessons.views import review

urlpatterns = [
    path("review/", review.queue, name="queue"),
    path("review/next/", review.take_next, name="take_next"),
    path("review/<int:pk>/", review.review, name="review"),
    path("review/<int:pk>/claim/", review.claim, name="claim"),
    path("lessons/<slug:reference>/suspend/", review.suspend, name="suspend"),
]
