"""All that is answered on the host of files (FILES_URL), where there are no sessions and no cookies."""

from django.urls import path

from lessons.attachments.links import ROUTE
from lessons.views import files

urlpatterns = [path("attachments/<str:signed>", files.attachment_by_link, name=ROUTE)]

handler404 = files.link_over
