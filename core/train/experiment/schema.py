"""Values as YAML gives them, as frozen dataclasses: unknown keys and wrong types are refused by name (method
section 6.1).
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass, replace
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ...errors import InputError

Settings = TypeVar("Settings")

KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


class BadConfig(InputError):
    code = "train.bad_config"


def updated(base: Settings, values: Any, source: str, where: str = "") -> Settings:
    """`base` with `values` in place of what they name; sections are dataclasses inside dataclasses.

    Args:
        base: a dataclass; what `values` does not mention stays as it is there.
        values: a nested mapping, as read from YAML.
        source: what to call the origin of the values in an error.
        where: dotted key of `base` itself.

    Raises:
        BadConfig: a key is unknown or a value has the wrong type; names the key and what is allowed.
    """
    if values is None:  # a section that is named and left empty
        return base
    if not isinstance(values, Mapping):
        raise BadConfig(f"Give {where or 'the settings'} in {source} as keys with values, not {values!r}.")
    hints = get_type_hints(type(base))
    names = [field.name for field in fields(base)]  # type: ignore[arg-type]
    changes: dict[str, Any] = {}
    for name, value in values.items():
        key = f"{where}.{name}" if where else str(name)
        if name not in names:
            raise BadConfig(
                f"Correct or remove {key} in {source}: the keys {f'of {where} ' if where else ''}"
                f"are {', '.join(names)}."
            )
        present = getattr(base, name)
        if is_dataclass(present):
            changes[name] = updated(present, value, source, key)
        else:
            changes[name] = converted(hints[name], value, key, source)
    return replace(base, **changes)  # type: ignore[type-var]


def converted(hint: Any, value: Any, key: str, source: str) -> Any:
    """`value` as the type `hint`: a plain type, a Literal, tuple[type, ...], or one of them or None.

    YAML's own readings are undone where they surprise: ``off`` is a word here where a word is wanted, and
    ``5e-5`` a number.

    Raises:
        BadConfig: it is something else.
    """
    origin, options = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = next(option for option in options if option is not type(None))
        return None if value is None else converted(inner, value, key, source)
    if origin is Literal:
        word = ("off" if value is False else "on") if isinstance(value, bool) else value
        if word in options:
            return word
        raise BadConfig(
            f"Set {key} in {source} to one of {', '.join(map(str, options))}; {value!r} is not known."
        )
    if origin is tuple:
        if isinstance(value, list | tuple):
            return tuple(converted(options[0], item, key, source) for item in value)
        raise BadConfig(f"Set {key} in {source} to a list, such as [a, b]; it is {value!r}.")
    if hint is float and isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    if isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    raise BadConfig(f"Set {key} in {source} to {KINDS[hint]}; it is {value!r}.")


def flat(settings: Any) -> dict[str, Any]:
    """Dotted keys and plain values of a dataclass of dataclasses, ready for JSON."""

    def walk(values: Mapping[str, Any], where: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in values.items():
            if isinstance(value, Mapping):
                found |= walk(value, f"{where}{name}.")
            else:
                found[where + name] = list(value) if isinstance(value, tuple) else value
        return found

    return walk(asdict(settings), "")
