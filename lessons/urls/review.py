"""Pages of moderators."""

urlpatterns: list = []
