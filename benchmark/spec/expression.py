"""Small arithmetic over names, such as ``2 * width`` or ``abs(generator_loss - discriminator_loss)``.

One evaluator serves sizes in networks (integers) and curves in claims (arrays). Only names, numbers,
``+ - * / // %``, unary minus, ``abs``, ``min`` and ``max`` exist; everything else is an error.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {"abs": abs, "min": min, "max": max}
_MAX_LENGTH = 200


class ExpressionError(ValueError):
    """Text that is not a small arithmetic expression, or names something unknown."""


def parse(text: str) -> ast.expr:
    """Parse ``text``; raise :class:`ExpressionError` naming the first thing that is not allowed."""
    if len(text) > _MAX_LENGTH:
        raise ExpressionError(f"expression longer than {_MAX_LENGTH} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
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
            )
        )
        if not allowed or (isinstance(node, ast.operator) and type(node) not in _BINARY):
            raise ExpressionError(f"'{text}': only names, numbers, + - * / // %, abs, min and max are allowed")
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
                raise ExpressionError(f"'{text}': unknown name '{node.id}', known: {', '.join(sorted(values))}")
            return values[node.id]
        if isinstance(node, ast.UnaryOp):
            return -visit(node.operand)
        if isinstance(node, ast.BinOp):
            return _BINARY[type(node.op)](visit(node.left), visit(node.right))
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        return _FUNCTIONS[node.func.id](*(visit(argument) for argument in node.args))

    return visit(parse(text))


def evaluate_size(text: str, sizes: Mapping[str, int]) -> int:
    """Evaluate a size; anything but a positive whole number is an :class:`ExpressionError`."""
    try:
        value = evaluate(text, sizes)
    except ZeroDivisionError as error:
        raise ExpressionError(f"'{text}' divides by zero") from error
    if value != int(value) or value < 1:
        raise ExpressionError(f"'{text}' gives {value}, not a positive whole number")
    return int(value)
