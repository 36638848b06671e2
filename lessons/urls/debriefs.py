"""Pages of debriefs, and the one that a code opens."""

from django.urls import path

from lessons.views import debriefs, points

urlpatterns = [
    path("debriefs/", debriefs.debrief_list, name="debrief_list"),
    path("debriefs/new/", debriefs.debrief_event, name="debrief_event"),
    path("debriefs/new/<int:event>/", debriefs.debrief_open, name="debrief_open"),
    path("debriefs/<int:pk>/", debriefs.debrief, name="debrief"),
    path("debriefs/<int:pk>/share/", debriefs.debrief_share, name="debrief_share"),
    path("debriefs/<int:pk>/promote/", debriefs.debrief_promote, name="debrief_promote"),
    path("debriefs/<int:pk>/sort/", debriefs.debrief_sort, name="debrief_sort"),
    path("debriefs/<int:pk>/add/", debriefs.debrief_note, name="debrief_note"),
    path("debriefs/<int:pk>/points/<int:point>/", debriefs.debrief_reword, name="debrief_reword"),
    path("debriefs/<int:pk>/points/<int:point>/undo/", debriefs.debrief_undo, name="debrief_undo"),
    path("d/", points.debrief_enter, name="debrief_enter"),
    path("d/<slug:code>/", points.debrief_code, name="debrief_code"),
]
