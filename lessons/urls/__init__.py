"""The addresses of the pages about lessons."""

from lessons.urls import attachments, debriefs, exports, foi, reading, review, statistics, writing

urlpatterns = [
    *exports.urlpatterns,
    *reading.urlpatterns,
    *statistics.urlpatterns,
    *writing.urlpatterns,
    *review.urlpatterns,
    *debriefs.urlpatterns,
    *attachments.urlpatterns,
    *foi.urlpatterns,
]
