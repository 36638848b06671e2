"""Whether one audience lies within another, against a world of every kind of responder."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from accounts.models import ResilienceArea
from lessons.models import Audience, Lesson, Publication
from lessons.models.wording import Wording
from lessons.readiness import is_within

AREAS = ("avon", "borders", "clyde")
SECTORS = ("fire", "utilities", "voluntary")
#: Category, sector and area of everybody there can be: of areas and sectors, too, that no audience below names.
RESPONDERS = list(product(("1", "2"), (*SECTORS, "health"), (*AREAS, "dyfed")))

audiences = st.fixed_dictionaries(
    {
        "audience": st.sampled_from([choice for choice in Audience if choice]),
        "audience_sectors": st.lists(st.sampled_from(SECTORS), min_size=1, unique=True),
        "audience_areas": st.lists(st.sampled_from(AREAS), min_size=1, unique=True),
    }
)


def heard_by(text: Wording, own_area: str) -> set[tuple[str, str, str]]:
    """Return the responders in the audience of `text`, by MODEL section 4."""
    return {
        (category, sector, area)
        for category, sector, area in RESPONDERS
        if {
            "all_responders": True,
            "category_1": category == "1",
            "sectors": sector in text.audience_sectors,
            "areas": area in text.audience_areas,
            "own_area": area == own_area,
            "national_team": False,
        }[text.audience]
    }


@given(chosen=audiences, written=audiences, own_area=st.sampled_from(AREAS))
def test_an_audience_is_within_another_exactly_if_nobody_in_it_is_outside(
    chosen: dict[str, object], written: dict[str, object], own_area: str
) -> None:
    lesson = Lesson(area=ResilienceArea(code=own_area), **chosen)
    text = Publication(lesson=lesson, **written)

    assert is_within(text, lesson) == (heard_by(text, own_area) <= heard_by(lesson, own_area))
