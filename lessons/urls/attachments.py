"""Pages of attachments, and the files themselves."""

from django.urls import path

from lessons.views import attachments, files

urlpatterns = [
    path("records/<int:pk>/attachments/", attachments.lesson_attachments, name="lesson_attachments"),
    path("records/<int:pk>/attachments/<slug:key>/remove/", attachments.attachment_remove, name="attachment_remove"),
    path("records/<int:pk>/attachments/<slug:key>/publish/", attachments.attachment_publish, name="attachment_publish"),
    path("attachments/<slug:key>/", files.attachment, name="attachment"),
]
