"""Writes plain values as YAML or JSON that people can read: short things on one line, long ones one below another.

Numbers are written so that the same bits are read again.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

_WIDTH = 110
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[ -][A-Za-z0-9_]+)*")
_NOT_TEXT = frozenset(["null", "true", "false", "yes", "no", "on", "off", "y", "n"])
_NUMBER_WITHOUT_POINT = re.compile(r"^(-?[0-9]+)(e.*)")


def to_yaml(data: Mapping[str, Any]) -> str:
    """YAML text of plain values; read again by `document`, it gives the same values."""
    return "".join(f"{line}\n" for line in _mapping(data, 0, top=True))


def to_json(data: Mapping[str, Any]) -> str:
    """JSON text of plain values."""
    return _json(data, 0) + "\n"


def _mapping(data: Mapping[str, Any], depth: int, top: bool = False) -> list[str]:
    lines: list[str] = []
    pad = "  " * depth
    for key, value in data.items():
        if top and isinstance(value, dict | list) and lines:
            lines.append("")
        lines += _entry(f"{pad}{_yaml_text(str(key))}:", value, depth)
    return lines


def _entry(start: str, value: Any, depth: int) -> list[str]:
    """A value after its key or its dash, on the same line where it fits."""
    if isinstance(value, str) and "\n" in value and _is_literal(value):
        style = "|" if value.endswith("\n") else "|-"
        pad = "  " * (depth + 1)
        return [f"{start} {style}", *(pad + line if line else "" for line in value.removesuffix("\n").split("\n"))]
    shallow = depth > 0 or not isinstance(value, dict)
    flow = _flow(value, _WIDTH - len(start) if value else 2) if shallow or not value else None
    if flow is not None:
        return [f"{start} {flow}"]
    if isinstance(value, dict):
        return [start, *_mapping(value, depth + 1)]
    pad = "  " * (depth + 1)
    return [start, *(line for entry in value for line in _entry(f"{pad}-", entry, depth + 1))]


def _flow(value: Any, room: int) -> str | None:
    """The value on one line; None when it does not fit into `room` characters."""
    text: str | None
    if isinstance(value, dict):
        parts = [(_yaml_text(str(key)), _flow(entry, room)) for key, entry in value.items()]
        text = None if any(p is None for _, p in parts) else "{" + ", ".join(f"{k}: {p}" for k, p in parts) + "}"
    elif isinstance(value, list):
        entries = [_flow(entry, room) for entry in value[: room // 2 + 1]]
        text = None if None in entries or len(entries) < len(value) else "[" + ", ".join(map(str, entries)) + "]"
    elif isinstance(value, str):
        return None if "\n" in value and _is_literal(value) else _yaml_text(value)
    else:
        return _scalar(value)
    return text if text is not None and len(text) <= room else None


def _scalar(value: Any) -> str:
    if isinstance(value, float):
        if value == int(value) and abs(value) < 1e15:
            return str(int(value))
        # Other readers of YAML take 1e-16 for a text, but 1.0e-16 for a number.
        return _NUMBER_WITHOUT_POINT.sub(r"\1.0\2", repr(value))
    return json.dumps(value)


def _yaml_text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if quoted.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in quoted)


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _is_literal(text: str) -> bool:
    """Whether a text of several lines can stand as a literal block without losing anything."""
    lines = text.removesuffix("\n").split("\n")
    return all(line == line.strip() and line.isprintable() and line for line in lines)


def _json(value: Any, depth: int) -> str:
    flow = json.dumps(value, allow_nan=False) if depth else ""
    if not isinstance(value, dict | list) or (flow and len(flow) + 2 * depth <= _WIDTH):
        return flow
    pad, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict):
        parts = [f"{pad}{json.dumps(str(key))}: {_json(entry, depth + 1)}" for key, entry in value.items()]
        return "{\n" + ",\n".join(parts) + f"\n{outer}}}"
    return "[\n" + ",\n".join(pad + _json(entry, depth + 1) for entry in value) + f"\n{outer}]"
