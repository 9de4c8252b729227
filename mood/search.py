"""One search: the providers in turn, each tried again where that may help, all within a time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mood.providers import PROVIDERS, Provider
from mood.youtube import UNREADABLE, SearchError, Track, stand_in

BUDGET_S = 24.0  # for everything, so that a page never waits longer
TRIES = 3
BACK_OFF_S = 0.5  # before the second try; twice that before the third


@dataclass(frozen=True)
class Found:
    """What a provider found, as it found it, best first."""

    provider: str
    tracks: tuple[Track, ...]
    complete: bool  # there is no more to be had
    failure: SearchError | None = None  # what kept the provider from giving more


def search(
    query: str,
    enough: Callable[[Sequence[Track]], bool],
    providers: Sequence[Provider] = PROVIDERS,
) -> Found:
    """Ask `providers` in turn until one finds something; its results are read until `enough`.

    What a provider has given before it failed is kept. Raises SearchError, the first provider's,
    when none answered; finding nothing is an answer, and a reason to ask the next one.
    """
    stand_in()  # a setting that is wrong is said at once
    deadline = time.monotonic() + BUDGET_S
    failure: SearchError | None = None
    nothing: Found | None = None
    for provider in providers:
        try:
            found = _patiently(provider, query, enough, deadline)
        except SearchError as error:
            failure = failure or error
            continue
        if found.tracks:
            return found
        nothing = nothing or found
    if nothing:
        return nothing
    raise failure or SearchError(UNREADABLE)


def _patiently(
    provider: Provider, query: str, enough: Callable[[Sequence[Track]], bool], deadline: float
) -> Found:
    """What one provider finds, with another try where the trouble may pass."""
    for tried in range(1, TRIES + 1):
        tracks: list[Track] = []
        try:
            for track in provider.results(query, deadline):
                tracks.append(track)
                if enough(tracks):
                    return Found(provider.name, tuple(tracks), complete=False)
            return Found(provider.name, tuple(tracks), complete=True)
        except SearchError as error:
            failure = error
        except Exception as error:  # whatever a library meets in an answer it does not know
            failure = SearchError(UNREADABLE)
            failure.__cause__ = error
        if tracks:
            return Found(provider.name, tuple(tracks), complete=False, failure=failure)
        pause = BACK_OFF_S * 2 ** (tried - 1)
        if not failure.again or tried == TRIES or time.monotonic() + pause >= deadline:
            raise failure
        time.sleep(pause)
    raise AssertionError("the last try returns or raises")
