"""What can go wrong, as one tree; each message is one line that says what was wrong and what to do.

TutorError
├── InputError            400  the request cannot be used as it is
│   ├── UnreadableSource  422  a document that cannot become a source
│   ├── OtherRequest      422  an idempotency key that came with another request
│   ├── ForbiddenAddress  400  a server that the tutor does not call
│   └── TooLarge          413  more than the limit allows
├── Unauthorised          401  nobody said who asks, or it is not true
├── Forbidden             403  this is for others to do
├── NotFound              404  no such course, source, version or conversation
├── Conflict              409  the thing exists, but not in a state that allows this
├── TooMany               429  more than the limit allows in this time
├── NotReady              503  the models, the store or the disk cannot serve now
├── Stopped               499  whoever asked wants no answer any more
├── Unreachable           502  another server did not answer as it should
└── SetupError            500  the installation is incomplete or settings are wrong
"""

from __future__ import annotations


class TutorError(Exception):
    """Base of every expected failure; ``status`` is its HTTP status and ``title`` its short public name.

    Where a student can meet it, ``key`` is what the page calls it in each of its languages, with ``values``. Where
    another process told it, ``request_id`` finds the request in its log.
    """

    status = 500
    title = "Something went wrong"
    request_id = ""

    def __init__(self, message: str, key: str = "", **values: str | int) -> None:
        super().__init__(message)
        self.key = key
        self.values = values


class InputError(TutorError):
    """The request cannot be used as it is."""

    status = 400
    title = "The request cannot be used"


class UnreadableSource(InputError):
    """A document that cannot become a source; the message names the file."""

    status = 422
    title = "The document cannot be read"


class OtherRequest(InputError):
    """An idempotency key that came with another request."""

    status = 422
    title = "Another request"


class ForbiddenAddress(InputError):
    """A server that the tutor does not call, such as one inside the school's network."""

    title = "The address cannot be called"


class TooLarge(InputError):
    """More than the limit allows."""

    status = 413
    title = "Too large"


class Unauthorised(TutorError):
    """Nobody said who asks, or it is not true."""

    status = 401
    title = "Not signed in"


class Forbidden(TutorError):
    """This is for others to do."""

    status = 403
    title = "Not allowed"


class NotFound(TutorError):
    """No such course, source, version or conversation."""

    status = 404
    title = "Not found"


class Conflict(TutorError):
    """The thing exists, but not in a state that allows this."""

    status = 409
    title = "Conflict"


class TooMany(TutorError):
    """More than the limit allows in this time; ``seconds`` is how long to wait."""

    status = 429
    title = "Too many requests"

    def __init__(self, message: str, key: str = "", seconds: int = 1, **values: str | int) -> None:
        super().__init__(message, key, seconds=seconds, **values)
        self.seconds = seconds


class NotReady(TutorError):
    """The models, the store or the disk cannot serve now."""

    status = 503
    title = "Not ready"


class Stopped(TutorError):
    """Whoever asked wants no answer any more; nothing of it is stored."""

    status = 499
    title = "Stopped"


class Unreachable(TutorError):
    """Another server did not answer as it should; later it may."""

    status = 502
    title = "Another server did not answer"


class SetupError(TutorError):
    """The installation is incomplete or a setting is wrong."""

    title = "Set-up problem"
