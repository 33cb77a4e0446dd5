"""Small arithmetic over names, such as ``2 * width`` or ``abs(generator_loss - discriminator_loss)``.

One evaluator serves sizes in networks (integers) and curves in claims (arrays). Only names, numbers,
``+ - * / // %``, unary minus, ``abs``, ``min`` and ``max`` exist; everything else is an error.
"""

from __future__ import annotations

import ast
import functools
import operator
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmark.registry import did_you_mean
from benchmark.spec import words

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_MAX_LENGTH = 200
#: no width, length or count is near this; larger ones would only overflow elsewhere
_LARGEST_SIZE = 2**31 - 1


def _extreme(name: str, *values: Any) -> Any:
    """Smallest or largest, element by element where a value is an array."""
    if all(isinstance(value, int | float) for value in values):
        return min(values) if name == "min" else max(values)
    return functools.reduce(np.minimum if name == "min" else np.maximum, values)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "min": functools.partial(_extreme, "min"),
    "max": functools.partial(_extreme, "max"),
}


class ExpressionError(ValueError):
    """Text that is not a small arithmetic expression, or names something unknown."""


@functools.lru_cache(maxsize=4096)  # few differ, and every setup of a spec evaluates its own
def parse(text: str) -> ast.expr:
    """Parse ``text``; raise :class:`ExpressionError` naming the first thing that is not allowed."""
    if len(text) > _MAX_LENGTH:
        raise ExpressionError(f"expression longer than {_MAX_LENGTH} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Python warns of odd literals such as "1or 2"
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError, Warning) as error:
        raise ExpressionError(f"'{text}' is not an arithmetic expression") from error
    for node in ast.walk(tree):
        allowed = (
            isinstance(node, ast.Name | ast.BinOp | ast.operator | ast.UnaryOp | ast.USub | ast.expr_context)
            or (isinstance(node, ast.Constant) and type(node.value) in (int, float))
            or (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in _FUNCTIONS
                and not node.keywords
                and (len(node.args) == 1 if node.func.id == "abs" else len(node.args) >= 2)
            )
        )
        if not allowed or (isinstance(node, ast.operator) and type(node) not in _BINARY):
            raise ExpressionError(
                f"'{text}': only names, numbers, + - * / // %, abs(a), min(a, b) and max(a, b) are allowed"
            )
    return tree


def names(text: str) -> set[str]:
    """Names that ``text`` refers to, functions left out."""
    tree = parse(text)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called}


def evaluate(text: str, values: Mapping[str, Any]) -> Any:
    """Evaluate ``text`` with ``values`` for its names; arrays broadcast as NumPy does."""

    def visit(node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            if node.id not in values:
                known = ", ".join(sorted(values)) or "none"
                hint = did_you_mean(node.id, values)
                raise ExpressionError(f"'{text}': unknown name '{node.id}', known: {known}{hint}")
            return values[node.id]
        if isinstance(node, ast.UnaryOp):
            return -visit(node.operand)
        if isinstance(node, ast.BinOp):
            return _BINARY[type(node.op)](visit(node.left), visit(node.right))
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        return _FUNCTIONS[node.func.id](*(visit(argument) for argument in node.args))

    return visit(parse(text))


def in_words(text: str) -> str:
    """An expression as a person says it: ``min(loss, 10)`` is ``loss capped at 10``, ``abs(a - b)`` the gap between."""

    def constant(node: ast.expr) -> float | None:
        sign, inner = (-1, node.operand) if isinstance(node, ast.UnaryOp) else (1, node)
        return sign * float(inner.value) if isinstance(inner, ast.Constant) else None  # type: ignore[arg-type]

    def extreme(name: str, arguments: list[ast.expr]) -> str:
        limits = [limit for limit in map(constant, arguments) if limit is not None]
        rest = [node for node in arguments if constant(node) is None]
        if len(limits) != 1 or len(rest) != 1:
            return f"the {'smaller' if name == 'min' else 'larger'} of {' and '.join(map(say, arguments))}"
        inner = rest[0]
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and {inner.func.id, name} == {"min", "max"}:
            within = [node for node in inner.args if constant(node) is None]
            if len(inner.args) == 2 and len(within) == 1 and -limits[0] in map(constant, inner.args):
                return f"{say(within[0])} capped at \N{PLUS-MINUS SIGN}{words.number(abs(limits[0]))}"
        return f"{say(inner)} {'capped at' if name == 'min' else 'floored at'} {words.number(limits[0])}"

    def say(node: ast.expr) -> str:
        match node:
            case ast.Call(func=ast.Name(id="abs"), args=[ast.BinOp(op=ast.Sub()) as gap]):
                return f"gap between {say(gap.left)} and {say(gap.right)}"
            case ast.Call(func=ast.Name(id="min" | "max" as name), args=arguments):
                return extreme(name, arguments)
            case ast.BinOp(left=ast.Name() as left, op=ast.Sub(), right=ast.Name() as right):
                return f"{say(left)} minus {say(right)}"
            case _:
                return ast.unparse(node)

    return say(parse(text))


def evaluate_size(text: str, sizes: Mapping[str, int]) -> int:
    """Evaluate a size; anything but a positive whole number is an :class:`ExpressionError`."""
    try:
        value = evaluate(text, sizes)
    except ZeroDivisionError as error:
        raise ExpressionError(f"'{text}' divides by zero") from error
    except OverflowError as error:
        raise ExpressionError(f"'{text}' is too large") from error
    if not 1 <= value <= _LARGEST_SIZE or value != int(value):
        raise ExpressionError(f"'{text}' gives {value}, not a positive whole number")
    return int(value)
