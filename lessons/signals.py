"""News for the apps above.  Receivers run inside the transaction of the move."""

from django.dispatch import Signal

#: A lesson made a move.  Sent with `entry` (the LessonMove), `quiet` (an import: nobody is mailed) and `claimer`
#: (who held the claim before the move, or None).
lesson_moved = Signal()

#: A moderator asks what publishing a text would send.  Sent with `text`, a Publication that is complete but not stored
#: (`publishing.complete`); receivers return a `lessons.preview.Mailing`.
mailing_asked = Signal()

#: An edition of the risk register was taken in.  Sent with `edition` (its name), `left` (codes that the edition before
#: had and this one has not, as it was taken in) and `at`.
register_loaded = Signal()
