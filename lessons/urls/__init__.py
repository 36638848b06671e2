"""The addresses of the pages about lessons."""

from lessons.urls import attachments, debriefs, exports, reading, review, writing

urlpatterns = [
    *exports.urlpatterns,
    *reading.urlpatterns,
    *writing.urlpatterns,
    *review.urlpatterns,
    *debriefs.urlpatterns,
    *attachments.urlpatterns,
]
