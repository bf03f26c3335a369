"""Reads ids and numbers that servers send in several forms, and checks their bounds."""

from collections.abc import Iterable

from .limits import MAX_INTEGER
from .messages import Json, identity_or_none


def number(value: Json) -> float:
    """Return a number, also one sent as text (slanger); raises `ValueError` out of range."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    try:
        read = int(value) if isinstance(value, str) else value
    except ValueError:
        read = float(value)
    if not 0 <= read <= MAX_INTEGER:
        raise ValueError
    return read


def integer(value: Json) -> int:
    """Return a whole number from 0 to 2^53; raises `TypeError` or `ValueError` for all else."""
    read = number(value)
    if read != int(read):
        raise ValueError
    return int(read)


def integer_or_none(value: Json) -> int | None:
    """Return a whole number from 0 to 2^53; None for anything else."""
    try:
        return integer(value)
    except TypeError, ValueError:
        return None


def identity(value: Json) -> str:
    """Return a user id as text: servers also send numbers. Raises `TypeError` for all else."""
    text = identity_or_none(value)
    if text is None:
        raise TypeError
    return text


def identities(values: Iterable[Json]) -> list[str]:
    """Return the valid user ids of a list: soketi lists a guest as null."""
    read = map(identity_or_none, values)
    return [user_id for user_id in read if user_id is not None]
