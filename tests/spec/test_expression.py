from __future__ import annotations

import numpy as np
import pytest

from benchmark.spec.expression import ExpressionError, evaluate, evaluate_size, in_words, names, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("2 * width", 16),
        ("width // 3 + 1", 3),
        ("width % 3", 2),
        ("-width", -8),
        ("abs(width - 10)", 2),
        ("min(width, 3, 5)", 3),
        ("max(width, 3)", 8),
        ("  (width + 2) / 4 ", 2.5),
        ("2 - 3 - 4", -5),
    ],
)
def test_values(text: str, value: float) -> None:
    assert evaluate(text, {"width": 8}) == value


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "  ",
            "2 **",
            "2 ** 3",
            "a.b",
            "a[0]",
            "f(a)",
            "abs(a, b)",
            "min()",
            "min(a)",
            "max(*a)",
            "min(a, key=b)",
        ),
        *("lambda: 1", "a if b else c", "a and b", "not a", "a < b", "~a", "+a", "True", "None", "'a'", "1j", "a; b"),
        *("__import__('os')", "(a := 1)", "[a]", "{a}", "a\nb", "a\x00", "1or 2", "1" * 300, "(" * 150, "f'{a}'"),
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_names_leave_functions_out() -> None:
    assert names("abs(a - b) + min(a, c) * 2") == {"a", "b", "c"}


def test_unknown_name_has_a_hint() -> None:
    with pytest.raises(ExpressionError, match=r"unknown name 'widht', known: width; did you mean 'width'\?"):
        evaluate("widht", {"width": 1})


def test_curves_are_arrays_element_by_element() -> None:
    first, second = np.array([1.0, 5.0, 3.0]), np.array([2.0, 4.0, 3.0])
    values = {"first": first, "second": second}
    np.testing.assert_array_equal(evaluate("abs(first - second)", values), [1, 1, 0])
    np.testing.assert_array_equal(evaluate("min(first, second)", values), [1, 4, 3])
    np.testing.assert_array_equal(evaluate("max(first, second, 3)", values), [3, 5, 3])


@pytest.mark.parametrize(
    "text", ["0", "-1", "1.5", "3 / 2", "1 / 0", "1 % 0", "1e999", "1e999 - 1e999", "2 * 10000000000"]
)
def test_sizes_are_positive_whole_numbers(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate_size(text, {})


def test_size_may_be_a_whole_quotient() -> None:
    size = evaluate_size("width / 2", {"width": 8})
    assert (size, type(size)) == (4, int)


def test_huge_intermediate_numbers_are_errors_not_crashes() -> None:
    with pytest.raises(ExpressionError):
        evaluate_size(f"{'9' * 90} * {'9' * 90} / 3", {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("generator_loss", "generator_loss"),
        ("min(loss, 10)", "loss capped at 10"),
        ("max(-10, min(loss, 10))", "loss capped at ±10"),
        ("max(-1, min(1, a - b))", "a minus b capped at ±1"),
        ("max(-2, min(loss, 10))", "loss capped at 10 floored at -2"),
        ("min(abs(a - b), 0.5)", "gap between a and b capped at 0.5"),
        ("abs(a - 0.622)", "gap between a and 0.622"),
        ("max(a / 0.01, b / 0.05)", "the larger of a / 0.01 and b / 0.05"),
        ("2 * (a + b)", "2 * (a + b)"),
    ],
)
def test_an_expression_in_words(text: str, words: str) -> None:
    assert in_words(text) == words
