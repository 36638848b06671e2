"""The addresses of the pages about lessons."""

from lessons.urls import debriefs, reading, review, writing

urlpatterns = [*reading.urlpatterns, *writing.urlpatterns, *review.urlpatterns, *debriefs.urlpatterns]
