"""Pages of moderators, and suspension."""

from django.urls import path

from lessons.views.review import queue, suspension, workbench

urlpatterns = [
    path("review/", queue.queue, name="queue"),
    path("review/next/", queue.take_next, name="take_next"),
    path("review/<int:pk>/", workbench.review, name="review"),
    path("review/<int:pk>/claim/", queue.claim, name="claim"),
    path("lessons/<slug:reference>/suspend/", suspension.suspend, name="suspend"),
]
