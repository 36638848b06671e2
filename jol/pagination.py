"""How the lists of the API are cut into pages."""

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """Pages that stay right while lessons are published: `{"next", "previous", "results"}`."""

    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = 100
    ordering = ("-published_at", "-pk")
