"""How a verdict looks: each state has a word, a symbol and a tone, so that colour alone never carries meaning."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class State:
    """One state of a verdict. ``tone`` names its colour in the style sheet; ``means`` explains it in the legend."""

    word: str
    symbol: str
    tone: str
    means: str

    def __str__(self) -> str:
        return f"{self.symbol} {self.word}"


_INCONCLUSIVE = State("INCONCLUSIVE", "?", "open", "the seeds at hand do not decide")
_INTERIM = State(
    "INTERIM", "\N{HORIZONTAL ELLIPSIS}", "open", "fewer seeds than planned, and no bound for early looks passed"
)
_NOT_MEASURED = State("NOT MEASURED", "\N{WHITE CIRCLE}", "idle", "runs are there, this quantity of them is not")
_NOT_COMPARABLE = State(
    "NOT COMPARABLE", "\N{NOT ALMOST EQUAL TO}", "apart", "another protocol, a proxy score, or a reduced tier"
)
_NOT_RUN = State("NOT RUN", "\N{WHITE CIRCLE}", "idle", "nothing was measured; the reason is given")
_NOT_ASSESSABLE = State("NOT ASSESSABLE", "\N{EM DASH}", "idle", "no measurement can decide it as the paper words it")

CLAIM_STATES: dict[str, State] = {
    state.word: state
    for state in (
        State("HOLDS", "\N{CHECK MARK}", "good", "decided in the claim's favour over training seeds"),
        State("HOLDS IN PART", "\N{CIRCLE WITH LEFT HALF BLACK}", "partly", "some parts hold, others are opposed"),
        State("REVERSED IN PART", "\N{CIRCLE WITH LEFT HALF BLACK}", "partly", "parts are opposed, the rest undecided"),
        State("REVERSED", "\N{BALLOT X}", "bad", "decided against the whole claim over training seeds"),
        _INTERIM,
        _INCONCLUSIVE,
        _NOT_COMPARABLE,
        _NOT_MEASURED,
        _NOT_RUN,
        _NOT_ASSESSABLE,
        State("VERIFIED BY TEST", "\N{WHITE SQUARE CONTAINING BLACK SMALL SQUARE}", "test", "of the method, not of "
              "measurements: a test of this repository checks it"),
    )
}  # fmt: skip
CELL_STATES: dict[str, State] = {
    state.word: state
    for state in (
        State("REPRODUCED", "\N{CHECK MARK}", "good", "the interval lies within the margin around the published value"),
        State(
            "REPRODUCED IF",
            "\N{CHECK MARK}?",
            "good",
            "within the margin, if the paper measured as is assumed where it is silent",
        ),
        State("NOT REPRODUCED", "\N{BALLOT X}", "bad", "the interval lies beyond the margin on the worse side"),
        State(
            "NOT REPRODUCED IF",
            "\N{BALLOT X}?",
            "bad",
            "beyond the margin, if the paper measured as is assumed where it is silent",
        ),
        State("BETTER THAN PUBLISHED", "\N{BLACK UP-POINTING TRIANGLE}", "better", "beyond the margin, better side"),
        _INTERIM,
        _INCONCLUSIVE,
        _NOT_COMPARABLE,
        _NOT_MEASURED,
        _NOT_RUN,
        _NOT_ASSESSABLE,
        State("QUOTED", "\N{REFERENCE MARK}", "idle", "the paper copied this number from another one"),
    )
}
