"""The measure of how well a publication fits: BM25, from what PostgreSQL's own functions tell.

For one lexeme that stands f times in a text, `ts_rank` with equal weights is (1 + 1/4 + … + 1/f²)/ζ, and ζ·(1/rank − 1)
is 1/f within six per cent.  So rank/(rank·(1 − k) + k) is the share f/(f + K) of BM25, where k = ζ·K and
K = K1·(1 − B + B·length/average): no vector has to be taken apart.
"""

from math import log, pi

#: How soon more of the same word stops to count, and how much a long text is marked down.
K1 = 1.5
B = 0.75
ZETA = pi**2 / 6
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
