"""Finding publications by words.

`words` takes a query apart, `wishes` gives it lexemes and weights, `matching` decides what is found, `ranking` sorts
it, `finding` puts them together.
`indexing` stores what is searched, `counting` keeps how rare words are.
"""

from lessons.search.finding import best_first, found
from lessons.search.indexing import index, index_all
from lessons.search.text import document, fold, without_accents

__all__ = ["best_first", "document", "fold", "found", "index", "index_all", "without_accents"]
