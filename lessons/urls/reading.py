"""Pages of readers."""

urlpatterns: list = []
