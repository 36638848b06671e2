"""Pages of those who write: new lesson step by step, our lessons, the record of one."""

from django.urls import path

from lessons.views import own_warnings, paper, partners, record, same_event, sheet, sighting, steps, writing

urlpatterns = [
    path("submit/", writing.submit, name="submit"),
    path("submit/sheet/", sheet.submit_sheet, name="submit_sheet"),
    path("submit/sheet/template/", sheet.submit_sheet_template, name="submit_sheet_template"),
    path("submit/paper/", paper.submit_paper, name="submit_paper"),
    path("submit/<int:pk>/check/", writing.submit_check, name="submit_check"),
    path("submit/<int:pk>/done/", writing.submit_done, name="submit_done"),
    path("submit/<int:pk>/warnings/", own_warnings.submit_warnings, name="submit_warnings"),
    path("submit/<int:pk>/same-event/", same_event.submit_same_event, name="submit_same_event"),
    path("submit/<int:pk>/<slug:step>/", steps.submit_step, name="submit_step"),
    path("submit/<int:pk>/<slug:step>/autosave/", steps.submit_autosave, name="submit_autosave"),
    path("submit/<int:pk>/<slug:step>/beside/", steps.submit_beside, name="submit_beside"),
    path("our-lessons/", record.our_lessons, name="our_lessons"),
    path("records/<int:pk>/", record.lesson_record, name="lesson_record"),
    path("records/<int:pk>/partners/", partners.partners, name="partners"),
    path("records/<int:pk>/withdraw/", record.withdraw, name="withdraw"),
    path("records/<int:pk>/reopen/", record.reopen, name="reopen"),
    path("records/<int:pk>/appeal/", record.appeal, name="appeal"),
    path("records/<int:pk>/edited-text/", sighting.sight, name="sight"),
    path("records/<int:pk>/sign-off/", record.sign_off, name="sign_off"),
    path("records/<int:pk>/send-back/", record.send_back, name="send_back"),
]
