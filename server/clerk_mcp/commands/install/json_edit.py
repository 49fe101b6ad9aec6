"""Edits one member of a JSON document in place: all other text keeps its comments, order and layout.

Comments and trailing commas are read as VS Code and Zed read them. The grammar is tree-sitter's, which gives
the place of every value; where the text changes is decided here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

import tree_sitter_json
from tree_sitter import Language, Node, Parser

_PARSER: Final = Parser(Language(tree_sitter_json.language()))
_INDENT: Final = "  "
"""For a document that shows none of its own."""

Section = tuple[str, ...]
"""The names that lead to the object of entries, from the outermost."""

Edit = tuple[int, int, str]
"""From this byte up to that one, put this text."""


class BrokenFile(ValueError):
    """The text does not hold what its format promises; the message says where."""


class JsonText:
    """A document whose root is an object; somewhere in it is an object of entries, `{"name": value}`."""

    def __init__(self, text: str) -> None:
        """
        Raises:
            BrokenFile: the text is neither empty nor a JSON object.
        """
        self._source = text.encode()
        root = _PARSER.parse(self._source).root_node
        if root.has_error and (wrong := _first_error(root)):
            line, column = wrong.start_point
            raise BrokenFile(f"line {line + 1}, column {column + 1} is not JSON")
        values = _without_comments(root.named_children)
        if len(values) > 1 or (values and values[0].type != "object"):
            raise BrokenFile("its outermost value is not one object")
        self._root = values[0] if values else None
        self._newline = "\r\n" if b"\r\n" in self._source else "\n"

    @cached_property
    def value(self) -> dict[str, Any]:
        """What the document says.

        Raises:
            BrokenFile: a value in it is malformed.
        """
        try:
            return _value(self._root) if self._root else {}
        except (ValueError, RecursionError) as error:
            raise BrokenFile(str(error)) from None

    def put(self, section: Section, name: str, value: Any) -> str:
        """Return the text with `value` as the member `name` of a section; what is missing of these is made.

        Raises:
            BrokenFile: the section is not an object.
        """
        if self._root is None:
            text = self._source.decode()
            return f"{text}{self._dump(_nested((*section, name), value), '')}{self._newline}"
        members, missing = _deepest(self._root, section)
        first, *inner = *missing, name
        old = _member(members, first)
        if old is None:
            return self._with(self._insertion(members, first, _nested(inner, value)))
        place = _child(old, "value")
        return self._with([(place.start_byte, place.end_byte, self._dump(value, self._indent_at(old)))])

    def remove(self, section: Section, name: str) -> str:
        """Return the text without the member `name` of a section, and without its comma.

        Raises:
            BrokenFile: the section is not an object.
        """
        if self._root is None:
            return self._source.decode()
        members, missing = _deepest(self._root, section)
        pair = None if missing else _member(members, name)
        if pair is None:
            return self._source.decode()
        if len(members.named_children) == 1:
            return self._with([(members.start_byte, members.end_byte, "{}")])
        return self._with(self._removal(pair))

    def _insertion(self, target: Node, name: str, value: Any) -> list[Edit]:
        closing = target.end_byte - 1
        children = target.children[1:-1]
        pairs = [child for child in children if child.type == "pair"]
        outer = self._indent_at(target)
        inner = self._indent_at(pairs[0]) if pairs and self._begins_line(pairs[0]) else outer + self._unit
        member = f"{self._newline}{inner}{json.dumps(name)}: {self._dump(value, inner)}"
        end = f"{self._newline}{outer}"
        if not children:
            return [(target.start_byte + 1, closing, member + end)]
        last = children[-1].end_byte
        if self._source[last - 1 : last] == b"\r":
            last -= 1
        edits: list[Edit] = []
        if pairs:
            if _comma_after(pairs[-1]):
                member += ","
            else:
                edits.append((pairs[-1].end_byte, pairs[-1].end_byte, ","))
        stands_alone = b"\n" in self._source[last:closing]
        return [*edits, (last, last, member if stands_alone else member + end)]

    def _removal(self, pair: Node) -> list[Edit]:
        start, end = pair.start_byte, pair.end_byte
        edits: list[Edit] = []
        if comma := _comma_after(pair):
            end = comma.end_byte
        elif comma := _comma_before(pair):
            edits.append((comma.start_byte, comma.end_byte, ""))
        line_end = self._source.find(b"\n", end)
        if self._begins_line(pair) and line_end >= 0 and not self._source[end:line_end].strip():
            start -= len(self._indent_at(pair).encode())
            end = line_end + 1
        return [*edits, (start, end, "")]

    def _with(self, edits: Sequence[Edit]) -> str:
        parts, position = [], 0
        for start, end, text in edits:
            parts += [self._source[position:start], text.encode()]
            position = end
        return b"".join([*parts, self._source[position:]]).decode()

    def _dump(self, value: Any, indent: str) -> str:
        text = json.dumps(value, indent=self._unit, ensure_ascii=False)
        return text.replace("\n", f"{self._newline}{indent}")

    @cached_property
    def _unit(self) -> str:
        first = (
            next((child for child in self._root.children if child.type == "pair"), None)
            if self._root
            else None
        )
        return (self._indent_at(first) if first and self._begins_line(first) else "") or _INDENT

    def _indent_at(self, node: Node) -> str:
        line = self._source[self._source.rfind(b"\n", 0, node.start_byte) + 1 : node.start_byte]
        return line[: len(line) - len(line.lstrip())].decode()

    def _begins_line(self, node: Node) -> bool:
        begin = self._source.rfind(b"\n", 0, node.start_byte) + 1
        return begin > 0 and not self._source[begin : node.start_byte].strip()


def _first_error(node: Node) -> Node | None:
    """Return the first thing that is not JSON, trailing commas aside."""
    if node.is_missing or (node.is_error and not _is_trailing_comma(node)):
        return node
    if not node.has_error or node.is_error:
        return None
    return next((wrong for child in node.children if (wrong := _first_error(child))), None)


def _is_trailing_comma(error: Node) -> bool:
    previous, following = _beside(error, -1), _beside(error, 1)
    return (
        error.text == b","
        and following is not None
        and following.type in ("}", "]")
        and previous is not None
        and previous.type not in ("{", "[", ",", "ERROR")
    )


def _beside(node: Node, step: int) -> Node | None:
    """Return the next or previous sibling that is not a comment."""
    while True:
        sibling = node.next_sibling if step > 0 else node.prev_sibling
        if sibling is None or sibling.type != "comment":
            return sibling
        node = sibling


def _comma_after(pair: Node) -> Node | None:
    following = _beside(pair, 1)
    return following if following and following.text == b"," else None


def _comma_before(pair: Node) -> Node | None:
    previous = _beside(pair, -1)
    return previous if previous and previous.text == b"," else None


def _without_comments(nodes: Sequence[Node]) -> list[Node]:
    return [node for node in nodes if node.type != "comment" and not node.is_error]


def _child(pair: Node, name: str) -> Node:
    node = pair.child_by_field_name(name)
    if node is None:
        raise BrokenFile(f"line {pair.start_point[0] + 1} is not JSON")
    return node


def _deepest(root: Node, section: Section) -> tuple[Node, Section]:
    """Return the innermost object of a section that is there, and the names of those that are not."""
    found = root
    for depth, name in enumerate(section):
        pair = _member(found, name)
        if pair is None:
            return found, section[depth:]
        found = _child(pair, "value")
        if found.type != "object":
            raise BrokenFile(f'"{name}" is not an object')
    return found, ()


def _nested(names: Sequence[str], value: Any) -> Any:
    for name in reversed(names):
        value = {name: value}
    return value


def _member(target: Node, name: str) -> Node | None:
    found = [pair for pair in target.children if pair.type == "pair" and _value(_child(pair, "key")) == name]
    if len(found) > 1:
        raise BrokenFile(f'"{name}" stands there twice')
    return found[0] if found else None


def _value(node: Node) -> Any:
    if node.type == "object":
        pairs = (child for child in node.children if child.type == "pair")
        return {_value(_child(pair, "key")): _value(_child(pair, "value")) for pair in pairs}
    if node.type == "array":
        return [_value(child) for child in _without_comments(node.named_children)]
    return json.loads(node.text or b"")
