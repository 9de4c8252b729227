"""The rooms of a server: a game that a screen shows and phones vote in. In memory alone, and not for long.

room = rooms.open(make_rounds(GENRE, seed))     the screen
player = room.join("Ada")                       a phone, which knows the room's code
room.vote(player, "jazz")
room.close_round(machine)                       nobody votes any more
room.next_round()
"""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from pages.game.machine import MachineAnswer
from pages.game.rounds import Round

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"  # none that is taken for another
CODE_CHARS = 4
MAX_ROOMS, MAX_PLAYERS = 20, 200
MAX_NAME_CHARS, MAX_HANDS = 20, 999
IDLE_S = 1800.0  # seconds without a touch after which a room, its names and its votes are forgotten
VOTING, ANSWER, OVER = "voting", "answer", "over"


class RoomError(ValueError):
    """What cannot be done in a room; a sentence that says what to do next."""


@dataclass
class Player:
    """Somebody with a phone."""

    name: str
    votes: dict[int, str] = field(default_factory=dict)  # by round


class Room:
    """One game. Several visits use it at once."""

    def __init__(self, code: str, rounds: list[Round]) -> None:
        self.code, self.rounds = code, rounds
        self.number = 0  # of the present round
        self.phase = VOTING
        self.players: dict[str, Player] = {}
        self.hands: dict[int, dict[str, int]] = {}  # counted by the screen, by round
        self.machine: dict[int, MachineAnswer | None] = {}  # by round; None where no machine guesses
        self.touched_s = time.monotonic()
        self._lock = threading.RLock()

    @property
    def round(self) -> Round:
        """The present round."""
        return self.rounds[self.number]

    def join(self, name: str) -> str:
        """Let somebody in -> the player's id. Raises RoomError when the room is full."""
        with self._lock:
            if len(self.players) >= MAX_PLAYERS:
                raise RoomError(f"{MAX_PLAYERS} people play already: raise your hand instead.")
            player = secrets.token_hex(8)
            self.players[player] = Player(self._free_name(name))
            return player

    def _free_name(self, name: str) -> str:
        name = " ".join("".join(c for c in name if c.isprintable()).split())[:MAX_NAME_CHARS].strip()
        name = name or f"Player {len(self.players) + 1}"
        names, free, number = {player.name for player in self.players.values()}, name, 1
        while free in names:
            number += 1
            free = f"{name} {number}"
        return free

    def vote(self, player: str, option: str) -> None:
        """Take a player's vote; a later one in the same round replaces it. Raises RoomError."""
        with self._lock:
            if player not in self.players:
                raise RoomError("You are not in this game any more: join it again.")
            if option not in self.round.options:
                raise RoomError("This is another round by now: look again.")
            if self.phase != VOTING:
                raise RoomError("This round is over. The next one comes in a moment.")
            self.players[player].votes[self.number] = option

    def count_hands(self, counts: dict[str, int]) -> None:
        """Take the hands that were raised for each answer."""
        with self._lock:
            self.hands[self.number] = {
                option: min(MAX_HANDS, max(0, counts.get(option, 0))) for option in self.round.options
            }

    def close_round(self, machine: MachineAnswer | None) -> None:
        """End the vote; the answer may be shown."""
        with self._lock:
            if self.phase == VOTING:
                self.machine[self.number] = machine
                self.phase = ANSWER

    def next_round(self) -> None:
        """Go on, or end the game after the last round."""
        with self._lock:
            if self.phase != ANSWER:
                return
            if self.number + 1 < len(self.rounds):
                self.number, self.phase = self.number + 1, VOTING
            else:
                self.phase = OVER

    def end(self) -> bool:
        """End the game after the rounds that have been answered -> whether there is any."""
        with self._lock:
            n_over = self.number + (self.phase != VOTING)
            if n_over:
                self.rounds, self.number, self.phase = self.rounds[:n_over], n_over - 1, OVER
            return bool(n_over)

    def n_voted(self) -> int:
        """The number of players who have voted in the present round."""
        with self._lock:
            return sum(self.number in player.votes for player in self.players.values())

    def tally(self, number: int) -> dict[str, int]:
        """Count the votes of a round by answer, of phones and of hands."""
        with self._lock:
            votes = Counter(player.votes.get(number) for player in self.players.values())
        hands = self.hands.get(number, {})
        return {option: votes[option] + hands.get(option, 0) for option in self.rounds[number].options}

    def people_choice(self, number: int) -> str | None:
        """What most people said in a round; None without votes, or where two answers have as many."""
        tally = self.tally(number)
        most = max(tally.values())
        leaders = [option for option, votes in tally.items() if votes == most]
        return leaders[0] if most and len(leaders) == 1 else None

    def points(self, number: int) -> tuple[bool, bool]:
        """Whether (people, the machine) have the point of a round: who got it right.

        Where no machine guesses, it is the generator that has the point when people took one for the other,
        so that tossing a coin is worth as much to both.
        """
        truth, answer, choice = (
            self.rounds[number].truth,
            self.machine.get(number),
            self.people_choice(number),
        )
        if answer:
            return choice == truth, answer.choice == truth
        return choice == truth, choice is not None and choice != truth

    def score(self) -> tuple[int, int]:
        """Count the points of (people, the machine) in the rounds that are over."""
        points = [self.points(number) for number in range(self.number + (self.phase != VOTING))]
        return sum(people for people, _ in points), sum(machine for _, machine in points)

    def player_score(self, player: str) -> int:
        """Count what one player got right, of the rounds that are over."""
        n_over = self.number + (self.phase != VOTING)
        votes = self.players[player].votes if player in self.players else {}
        return sum(votes.get(number) == self.rounds[number].truth for number in range(n_over))

    def ranking(self) -> list[tuple[str, int]]:
        """List (name, right answers), the best first."""
        with self._lock:
            scores = [(player.name, self.player_score(key)) for key, player in self.players.items()]
        return sorted(scores, key=lambda entry: -entry[1])


class Rooms:
    """All rooms of a server."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._rooms: dict[str, Room] = {}
        self._lock = threading.Lock()
        self._clock = clock

    def __len__(self) -> int:
        return len(self._rooms)

    def open(self, rounds: list[Round]) -> Room:
        """Open a room. Raises RoomError when there are too many."""
        with self._lock:
            self._forget_idle()
            if len(self._rooms) >= MAX_ROOMS:
                raise RoomError("As many games as fit are played here just now: try again in a while.")
            code = self._new_code()
            room = self._rooms[code] = Room(code, rounds)
            room.touched_s = self._clock()
            return room

    def find(self, code: str) -> Room | None:
        """Find a room by its code, however it is typed, and keep it from being forgotten."""
        with self._lock:
            self._forget_idle()
            room = self._rooms.get(code.strip().upper()[: 2 * CODE_CHARS])
            if room:
                room.touched_s = self._clock()
            return room

    def close(self, code: str) -> None:
        """Forget a room with its names and votes."""
        with self._lock:
            self._rooms.pop(code, None)

    def _new_code(self) -> str:
        while True:
            code = "".join(secrets.choice(LETTERS) for _ in range(CODE_CHARS))
            if code not in self._rooms:
                return code

    def _forget_idle(self) -> None:
        now_s = self._clock()
        self._rooms = {code: room for code, room in self._rooms.items() if now_s - room.touched_s < IDLE_S}
