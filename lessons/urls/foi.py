"""Pages about requests for information."""

from django.urls import path

from lessons.views import foi

urlpatterns = [
    path("foi/", foi.foi_list, name="foi_list"),
    path("foi/<int:pk>/", foi.foi_request, name="foi_request"),
    path("foi/<int:pk>/consult/", foi.foi_consult, name="foi_consult"),
    path("foi/<int:pk>/consultees/<int:consultee>/", foi.foi_answer, name="foi_answer"),
    path("foi/<int:pk>/close/", foi.foi_close, name="foi_close"),
]
