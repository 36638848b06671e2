"""What is known of the words in publications that every responder may read: rarity, spelling, completion.

Nothing here comes from a publication that is marked OFFICIAL-SENSITIVE, meant for some readers only, suspended or
superseded: what is offered or weighed by these tables tells nobody about such a publication.
`lessons/search/counting.py` keeps them.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from lessons.models.publications import Publication


class Word(models.Model):
    """In how many of the counted publications a word stands, as it is written there."""

    word = models.CharField(max_length=100, unique=True)
    documents = models.PositiveIntegerField()
    trigrams = ArrayField(models.CharField(max_length=3), default=list)

    class Meta:
        indexes = [GinIndex(fields=["trigrams"], name="word_trigrams")]

    def __str__(self) -> str:
        return self.word


class Lexeme(models.Model):
    """In how many of the counted publications a lexeme of the index stands."""

    lexeme = models.TextField(primary_key=True)
    documents = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.lexeme


class CountedPublication(models.Model):
    """A publication whose words are in `Word` and `Lexeme`."""

    publication = models.OneToOneField(Publication, on_delete=models.CASCADE, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return f"publication {self.publication_id}"


class Collection(models.Model):
    """How many publications are counted, and how long they are together.  One row."""

    documents = models.PositiveIntegerField()
    length = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(name="collection_is_one_row", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"{self.documents} publications"
