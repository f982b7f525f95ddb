"""The one grammar of the command line: ``name:positional,...,key=value``, as in "logistic:breast_cancer,l2=0.1"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sdeopt.core import checks

__all__ = ["allow", "number", "numbers", "split"]


def split(spec: str) -> tuple[str, list[str], dict[str, str]]:
    """Take a spec apart into its name, its positional arguments and its keyword arguments, all still text.

    Case and the choice between "-" and "_" do not matter in the name; keys keep their spelling.

    Parameters
    ----------
    spec : str
        ``name``, ``name:a,b``, ``name:key=value`` or ``name:a,b,key=value``; spaces around the marks are ignored.

    Returns
    -------
    name, args, kwargs : str, list of str, dict of str to str
        The name in lower case with hyphens, and the arguments in the order written.

    Raises
    ------
    TypeError
        If ``spec`` is not a string.
    ValueError
        If the name, an argument, a key or a value is empty, a key comes twice, or a positional follows a keyword.

    Examples
    --------
    >>> from sdeopt.core import spec
    >>> spec.split("logistic:breast_cancer,l2=0.1")
    ('logistic', ['breast_cancer'], {'l2': '0.1'})
    >>> spec.split("Double_Well")
    ('double-well', [], {})
    """
    if not isinstance(spec, str):
        raise TypeError(f"spec must be a string like 'name:1,2,key=value', got {checks.short(spec)}")
    head, colon, tail = spec.partition(":")
    name = head.strip().lower().replace("_", "-")
    args: list[str] = []
    kwargs: dict[str, str] = {}
    for item in tail.split(",") if colon else ():
        key, equals, value = (part.strip() for part in item.partition("="))
        if not key or (equals and not value):
            raise ValueError(f"spec must be 'name:positional,...,key=value', got an empty part in {checks.short(spec)}")
        if equals and key in kwargs:
            raise ValueError(f"spec gives {key!r} twice: {checks.short(spec)}")
        if equals:
            kwargs[key] = value
        elif kwargs:
            raise ValueError(f"spec must give positional arguments before key=value ones, got {checks.short(spec)}")
        else:
            args.append(key)
    if not name:
        raise ValueError(f"spec must begin with a name, got {checks.short(spec)}")
    return name, args, kwargs


def number(name: str, text: str) -> int | float:
    """Return the number that ``text`` spells, an int where it is written as one; ``name`` is used in the error.

    Examples
    --------
    >>> from sdeopt.core import spec
    >>> spec.number("dim", "3"), spec.number("l2", "1e-2")
    (3, 0.01)
    """
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    raise ValueError(f"{name} must be a number, got {text!r}")


def numbers(name: str, texts: Iterable[str]) -> list[float]:
    """Return the floats that ``texts`` spell; ``name`` is used in the error.

    Examples
    --------
    >>> from sdeopt.core import spec
    >>> spec.numbers("H", ["1", "-0.5"])
    [1.0, -0.5]
    """
    return [checks.number(name, number(name, text)) for text in texts]


def allow(
    owner: str, args: list[str], kwargs: Mapping[str, str], *, most: int | None, keys: Iterable[str] = ()
) -> None:
    """Refuse keys that ``owner`` does not have, and more than ``most`` positional arguments (None: any number)."""
    if most is not None and len(args) > most:
        raise ValueError(f"{owner} takes at most {most} positional argument(s), got {', '.join(args)}")
    known = list(keys)
    for key in kwargs:
        if not known:
            raise ValueError(f"{owner} takes no key=value arguments, got {key!r}")
        checks.choice(f"argument of {owner}", key, known)
