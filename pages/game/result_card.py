"""A picture of a game's result to pass on: who has won, the scores, each round as a tick or a cross."""

from dataclasses import dataclass

from pages.shared.sharing.canvas import BOLD, FAINT, MARGIN, SIZE, TEXT, Canvas

PEOPLE_COLOUR, RIVAL_COLOUR = "#1F9C9C", "#D9702E"
RIGHT, WRONG = "#2E8B57", "#B23A3A"
CODE_SIDE = 210  # pixels
CELL, GAP = 58, 11  # pixels of a round, and between two


@dataclass(frozen=True)
class GameResult:
    """The result of a game."""

    who: str  # "You" or "The room"
    rival_name: str  # "The machine" or "The generator"
    people: int  # score
    rival: int  # score
    people_right: tuple[bool, ...]  # by round
    rival_right: tuple[bool, ...]  # by round; empty where no machine guesses
    recorded: tuple[int, int] | None = None  # scores on the recordings alone, where those decide

    @property
    def sides(self) -> tuple[tuple[str, int, tuple[bool, ...], str], ...]:
        """(name, score, rounds, colour) of both."""
        return (
            (self.who, self.people, self.people_right, PEOPLE_COLOUR),
            (self.rival_name, self.rival, self.rival_right, RIVAL_COLOUR),
        )

    @property
    def colour(self) -> str:
        """The winner's colour."""
        people, rival = self.recorded or (self.people, self.rival)
        return PEOPLE_COLOUR if people >= rival else RIVAL_COLOUR

    @property
    def sentence(self) -> str:
        """Say who has won; on the recordings, where the other pieces are the machine's own."""
        people, rival = self.recorded or (self.people, self.rival)
        where = f" {people} to {rival} on real recordings" if self.recorded else ""
        if people > rival:
            return f"{self.who} {'have' if self.who == 'You' else 'has'} won{where}"
        if people < rival:
            where = f" {rival} to {people} on real recordings" if self.recorded else ""
            return f"{self.rival_name} has won{where}"
        where = " on real recordings" if self.recorded else ""
        return f"{self.who} and {self.rival_name.lower()} are level{where}"


def result_card(result: GameResult, link: str = "") -> bytes:
    """Draw a result -> PNG. `link` opens the game."""
    canvas = Canvas(result.colour)
    left = SIZE[0] - MARGIN - CODE_SIDE
    has_code = bool(link) and canvas.paste_code(link, "scan to play", left, 44, CODE_SIDE)
    width = (left - 40 if has_code else SIZE[0] - MARGIN) - MARGIN
    canvas.write((MARGIN, 40), "Guess first: who knows more music?", 34, FAINT, width=width)
    canvas.write_large((MARGIN, 128), result.sentence, 84, result.colour, width)
    for row, (who, score, points, colour) in enumerate(result.sides):
        middle = 320 + 140 * row
        canvas.write((MARGIN, middle), who, 40, TEXT, anchor="lm")
        canvas.write((MARGIN + 350, middle), str(score), 110, colour, weight=BOLD, anchor="rm")
        for number, is_right in enumerate(points):
            _draw_round(canvas, MARGIN + 400 + number * (CELL + GAP), middle, is_right)
    canvas.sign(f"{len(result.people_right)} pieces of music", "played with Earmark")
    return canvas.to_png()


def _draw_round(canvas: Canvas, left: int, middle: int, is_right: bool) -> None:
    box = (left, middle - CELL // 2, left + CELL, middle + CELL // 2)
    canvas.pen.rounded_rectangle(box, 14, RIGHT if is_right else WRONG)
    canvas.draw_symbol((left + 9, middle), "check" if is_right else "close", CELL - 18, "#FFFFFF")
