"""One search by the providers in turn, with retries where they may help, within a time limit."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mood.playlist.providers import PROVIDERS, Provider
from mood.playlist.youtube import UNREADABLE, SearchError, YoutubeTrack, stand_in_address

BUDGET_S = 24.0  # seconds for everything, so that a page never waits longer
MAX_TRIES = 3
BACK_OFF_S = 0.5  # seconds before the second try; twice that before the third


@dataclass(frozen=True)
class SearchResult:
    """The tracks of a provider, best first."""

    provider: str
    tracks: tuple[YoutubeTrack, ...]
    is_complete: bool  # whether YouTube has no more results
    failure: SearchError | None = None  # the reason why the provider gave no more results


def search_providers(
    query: str, is_enough: Callable[[Sequence[YoutubeTrack]], bool], providers: Sequence[Provider] = PROVIDERS
) -> SearchResult:
    """Ask `providers` in turn until one finds something; results are read until `is_enough`.

    Results from before a failure are kept. Raises SearchError, the first provider's, when no provider
    answered. A provider that finds nothing has answered; the next one is asked then.
    """
    stand_in_address()  # raises at once for a wrong setting
    deadline = time.monotonic() + BUDGET_S
    failure: SearchError | None = None
    empty_result: SearchResult | None = None
    for provider in providers:
        try:
            result = _search_with_retries(provider, query, is_enough, deadline)
        except SearchError as error:
            failure = failure or error
            continue
        if result.tracks:
            return result
        empty_result = empty_result or result
    if empty_result:
        return empty_result
    raise failure or SearchError(UNREADABLE)


def _search_with_retries(
    provider: Provider, query: str, is_enough: Callable[[Sequence[YoutubeTrack]], bool], deadline: float
) -> SearchResult:
    """Search with one provider, with further tries where the failure may pass."""
    for attempt in range(1, MAX_TRIES + 1):
        tracks: list[YoutubeTrack] = []
        try:
            for track in provider.results(query, deadline):
                tracks.append(track)
                if is_enough(tracks):
                    return SearchResult(provider.name, tuple(tracks), is_complete=False)
            return SearchResult(provider.name, tuple(tracks), is_complete=True)
        except SearchError as error:
            failure = error
        except Exception as error:  # libraries raise any type on an answer that they cannot read
            failure = SearchError(UNREADABLE)
            failure.__cause__ = error
        if tracks:
            return SearchResult(provider.name, tuple(tracks), is_complete=False, failure=failure)
        pause = BACK_OFF_S * 2 ** (attempt - 1)
        if not failure.can_retry or attempt == MAX_TRIES or time.monotonic() + pause >= deadline:
            raise failure
        time.sleep(pause)
    raise AssertionError("the last try returns or raises")
