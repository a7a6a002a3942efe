"""Described: what the OpenAPI document says beside the types."""

from __future__ import annotations

from fastapi import FastAPI


def describe(app: FastAPI) -> None:
    """Put examples of every body into the OpenAPI document of ``app``."""
