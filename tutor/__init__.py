"""Tutor: a conversational tutor that answers from a course's own texts and shows the words it relied on."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("course-tutor")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0.0.0"
