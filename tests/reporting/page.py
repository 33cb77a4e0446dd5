"""A page as a reader's browser would take it apart."""

from __future__ import annotations

from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "img", "wbr", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Tags with their attributes, text by element id, and the text of every element as one string."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[tuple[str, str | None]] = []
        self._said: list[tuple[str, list[str]]] = []
        self.styles = ""
        self.scripts: list[str] = []
        self.wrong: list[str] = []

    @classmethod
    def of(cls, file: Path) -> Page:
        page = cls()
        page.feed(file.read_text())
        page.close()
        return page

    @cached_property
    def text(self) -> str:
        """The text of every element, in reading order."""
        return "".join(text for text, _ in self._said)

    @cached_property
    def by_id(self) -> dict[str, str]:
        """Text by the id of the elements around it."""
        found: dict[str, list[str]] = {}
        for text, identifiers in self._said:
            for identifier in identifiers:
                found.setdefault(identifier, []).append(text)
        return {identifier: "".join(texts) for identifier, texts in found.items()}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if tag not in VOID:
            self.open.append((tag, found.get("id")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            self.wrong.append(f"</{tag}> closes {self.open[-1:]}")
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][0] == "style":
            self.styles += data
            return
        if self.open and self.open[-1][0] == "script":
            self.scripts.append(data)
            return
        text = " ".join(data.split()) + " "
        if text.strip():
            self._said.append((text, [identifier for _, identifier in self.open if identifier is not None]))

    def attributes(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]
