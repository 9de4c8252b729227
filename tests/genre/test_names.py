"""Identifiers below the pages are the field's own words, not the private ones of earlier versions."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from genre.paths import REPOSITORY

PRIVATE_WORDS = set(
    [
        "ear",
        "verdict",
        "hear",
        "heard",
        "committee",
        "hiss",
        "telephone",
        "beautify",
        "unite",
        "wish",
        "dreamer",
        "painter",
        "lessons",
        "critic",
        "steered",
        "shown",
        "told",
        "asked",
        "twins",
    ]
)

# A value is called by the noun that it is: n_missing, missing_lines or is_damaged, not missing or damaged.
BARE_PARTICIPLES = re.compile(
    "allowed|arrived|asked|cached|changed|chosen|copied|covered|damaged|done|drawn|dropped|each|existed|expected"
    "|filled|found|gained|given|granted|heard|ignored|inherited|kept|known|listed|lost|made|measured|missing"
    "|mixed|moved|parsed|passed|processed|pushed|received|refused|rejected|removed|renewed|repeated|resolved"
    "|said|seen|selected|shared|shown|skipped|spent|started|stopped|stored|taken|tested|timed|told|tracked"
    "|untimed|used|varied|voiced"
)


def identifiers(path: Path) -> Iterator[str]:
    """The names that a module defines: functions, classes, parameters, variables, attributes."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def words(identifier: str) -> set[str]:
    return {part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)}


def test_no_identifier_has_a_private_word():
    assert words("_sureAbove_EAR_ofTwins2") == {"sure", "above", "ear", "of", "twins"}
    offenders = [
        f"{path.relative_to(REPOSITORY)}: {name}"
        for package in ("genre", "gan", "mood")
        for path in sorted((REPOSITORY / package).rglob("*.py"))
        for name in identifiers(path)
        if words(name) & PRIVATE_WORDS
    ]
    assert not offenders


def test_no_identifier_is_a_bare_participle():
    offenders = [
        f"{path.relative_to(REPOSITORY)}: {name}"
        for package in ("genre", "gan", "mood")
        for path in sorted((REPOSITORY / package).rglob("*.py"))
        for name in identifiers(path)
        if BARE_PARTICIPLES.fullmatch(name.strip("_").lower())
    ]
    assert not offenders
