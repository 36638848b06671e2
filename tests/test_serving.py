"""How web processes are set up."""

import gc

from jol.serving import set_aside


def test_what_survived_a_look_for_garbage_is_not_looked_through_again() -> None:
    gc.callbacks.append(set_aside)
    before = gc.get_freeze_count()
    try:
        gc.collect(0)
        assert gc.get_freeze_count() == before

        gc.collect()

        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()
        if set_aside in gc.callbacks:  # it ends by itself
            gc.callbacks.remove(set_aside)
