"""The measure of how well a publication fits: BM25, from what PostgreSQL's own functions tell.

For one lexeme that stands f times in a text, `ts_rank` with equal weights is r = (1 + 1/4 + … + 1/f²)/ζ.  With
x = ζ·(1/r − 1), 1/f is x·(1 + A·x)/(1 + C·x) within 0.03 per cent.  That turns r into BM25's share f/(f + K), where
K = K1·(1 − B + B·length/average): no vector has to be taken apart.
"""

from math import log, pi

#: How soon more of the same word stops to count, and how much a long text is marked down.
K1 = 1.5
B = 0.75
ZETA = pi**2 / 6
A, C = 0.8316, 0.9396
#: Weighs a position of a vector, whatever its class.
EVEN = "'{1,1,1,1}'::real[]"

#: A lexeme whose share in a text reaches one of these also stands there as `1:lexeme`, `2:lexeme`: common words can
#: be looked up where they matter most.
MARKS = (0.6, 0.75)
#: Every text stands in one of so many samples, as `s:17`.
SAMPLES = 64


def rarity(documents: int, among: int) -> float:
    """Return the weight of a word that stands in `documents` texts of `among` (BM25's idf)."""
    return log(1 + (max(among, documents) - documents + 0.5) / (documents + 0.5))


def saturation(length: str, average: float) -> str:
    """Return the SQL of K for the SQL of a length in words."""
    return f"{K1} * ({1 - B} + {B / max(average, 1)} * {length})"


def mark(level: int, lexeme: str) -> str:
    return f"{level}:{lexeme}"


def share(rank: str, saturation: str) -> str:
    """Return the SQL of the share that a text has of a word, 0 to 1, for the SQL of its `ts_rank` and of K."""
    missing = f"({ZETA} * (1 - {rank}))"
    near = f"({rank} * ({rank} + {C} * {missing}))"
    return f"{near} / ({near} + {saturation} * {missing} * ({rank} + {A} * {missing}))"
