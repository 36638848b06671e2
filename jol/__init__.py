"""Composition: settings, urls, API routes, Celery, middleware.  Nothing imports this package."""

from jol.celery import app as celery_app

__all__ = ["celery_app"]
