"""Pages of those who write: new lesson step by step, our lessons, the record of one."""

urlpatterns: list = []
