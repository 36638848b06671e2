"""What can be refused, each with words for the user.  On the web and in the API these answer 409."""


class LessonError(Exception):
    """A rule of the workflow was broken.  The message is written for the user."""


class WrongStatus(LessonError):
    """The move cannot be made from where the lesson is now."""


class OnHold(LessonError):
    """A legal hold keeps it as it is."""


class NotYourClaim(LessonError):
    """The mover does not hold the claim, or it lapsed."""


class OwnLesson(LessonError):
    """The mover wrote the lesson, or saved its owner's text."""


class NotYourTier(LessonError):
    """The lesson is decided by the national tier."""


class SecondPersonMissing(LessonError):
    """Another person has to approve exactly this text first."""


class NotSeenByOwner(LessonError):
    """The owning organisation wants to see an edited text first, and has not agreed to this one."""


class ReasonMissing(LessonError):
    """The move needs a reason, a note, or somebody or something named."""


class TooLate(LessonError):
    """The time in which the move may be made is over."""


class AlreadyAppealed(LessonError):
    """A lesson is appealed once."""


class StaleText(LessonError):
    """Somebody else saved in between.

    :ivar theirs: the fields as they are stored now
    :ivar yours: the fields that were not saved
    :ivar row_version: the version to save on next
    """

    def __init__(self, message: str, *, theirs: dict[str, object], yours: dict[str, object], row_version: int) -> None:
        super().__init__(message)
        self.theirs, self.yours, self.row_version = theirs, yours, row_version


class NotReady(LessonError):
    """The text is not complete, or wider than its owner wished.

    :ivar problems: field name -> what to do
    """

    def __init__(self, message: str, problems: dict[str, str]) -> None:
        super().__init__(f"{message} {' '.join(problems.values())}".strip())
        self.problems = problems
