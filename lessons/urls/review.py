"""Pages of moderators, and suspension."""

from django.urls import path

from lessons.views.review import around, bulk, merging, moves, previewing, queue, suspension, versions, workbench

urlpatterns = [
    path("review/", queue.queue, name="queue"),
    path("review/next/", queue.take_next, name="take_next"),
    path("review/several/", bulk.several, name="several"),
    path("review/<int:pk>/", workbench.review, name="review"),
    path("review/<int:pk>/present/", around.present, name="present"),
    path("review/<int:pk>/claim/", queue.claim, name="claim"),
    path("review/<int:pk>/new-version/", workbench.new_version, name="new_version"),
    path("review/<int:pk>/give-back/", moves.give_back, name="give_back"),
    path("review/<int:pk>/take-back/", moves.take_back, name="take_back"),
    path("review/<int:pk>/escalate/", moves.escalate, name="escalate"),
    path("review/<int:pk>/reassign/", moves.reassign, name="reassign"),
    path("review/<int:pk>/approve/", moves.approve, name="approve"),
    path("review/<int:pk>/archive/", moves.archive, name="archive"),
    path("review/<int:pk>/restore/", moves.restore, name="restore"),
    path("review/<int:pk>/merge/", merging.merge, name="merge"),
    path("review/<int:pk>/preview/", previewing.preview, name="preview"),
    path("lessons/<slug:reference>/versions/", versions.versions, name="versions"),
    path("lessons/<slug:reference>/suspend/", suspension.suspend, name="suspend"),
]
