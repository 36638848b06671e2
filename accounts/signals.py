"""News for the apps above.  Receivers run inside the transaction of the merger."""

from django.dispatch import Signal

#: An organisation went into another.  Sent with `source`, `target` (organisations).
organisations_merged = Signal()

#: A resilience area went into another.  Sent with `source`, `target` (areas).
areas_merged = Signal()
