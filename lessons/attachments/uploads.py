"""Receiving files: no request fills the disk, whatever page it is sent to."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from lessons.attachments.kinds import MOST_BYTES

#: Beyond this a request is not even read to its end.
MOST_REQUEST_BYTES = 3 * MOST_BYTES


class CappedUploadHandler(FileUploadHandler):
    """Drops a file as soon as it grows beyond what may be attached; the form finds `was_too_large` on the request."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - Django's name
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> None:
        if content_length > MOST_REQUEST_BYTES:
            raise RequestDataTooBig("More was sent than any file that may be attached.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > MOST_BYTES:
            self.request.was_too_large = True  # type: ignore[union-attr]
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave it to the handlers behind this one to hand the file on."""
        return
