"""Checks of arguments."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any

from .errors import PathSignatureRangeError, PathSignatureTypeError


if TYPE_CHECKING:
    from typing_extensions import TypeIs


def is_mapping(value: Any) -> TypeIs[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def is_whole(value: Any, least: int, most: float = float("inf")) -> bool:
    """Whether a value is a whole number in a range; flags are not."""
    return isinstance(value, Integral) and value is not True and value is not False and least <= int(value) <= most


def check_whole(name: str, value: Any) -> None:
    if not is_whole(value, 1):
        raise PathSignatureRangeError(f"{name.upper()}_INVALID", name, repr(value), "a whole number, at least 1")


def check_one_of(code: str, name: str, value: Any, accepted: tuple[str, ...]) -> None:
    if value not in accepted:
        raise PathSignatureTypeError(code, name, repr(value), f"one of {', '.join(map(repr, accepted))}")
