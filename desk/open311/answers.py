"""Answers as GeoReport v2 writes them, in JSON and in XML, errors too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import Response
from lxml import etree

SORTS: Mapping[str, str] = {"json": "application/json", "xml": "text/xml"}
Entry = Mapping[str, Any]
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Refused(Exception):
    """A request that is not taken: an HTTP status, and a sentence for whoever reads the answer."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code, self.description = code, description


def answer(form: str, root: str, name: str, entries: Iterable[Entry], status: int = 200) -> Response:
    """``entries`` as a JSON list, or as ``<root><name>…``; None is left out."""
    found = [{k: v for k, v in entry.items() if v is not None} for entry in entries]
    body = _xml(root, name, found) if form == "xml" else json.dumps(found, ensure_ascii=False).encode()
    return Response(body, status, content_type=f"{SORTS[form]}; charset=utf-8")


def whole(form: str, root: str, value: Entry) -> Response:
    """One object, where GeoReport wants no list (discovery, a service's definition)."""
    if form == "json":
        return Response(json.dumps(value, ensure_ascii=False).encode(), content_type=f"{SORTS[form]}; charset=utf-8")
    body = etree.tostring(_element(root, value), encoding="utf-8", xml_declaration=True)
    return Response(body, content_type=f"{SORTS[form]}; charset=utf-8")


def refusal(form: str, code: int, description: str) -> Response:
    """``[{code, description}]``."""
    return answer(form, "errors", "error", [{"code": code, "description": description}], code)


def _xml(root: str, name: str, entries: Sequence[Entry]) -> bytes:
    tree = etree.Element(root)
    tree.extend([_element(name, entry) for entry in entries])
    return bytes(etree.tostring(tree, encoding="utf-8", xml_declaration=True))


def _element(name: str, value: Any) -> etree._Element:
    """A mapping as its fields, a list as ``<name><singular>…``, anything else as text."""
    element = etree.Element(name)
    if isinstance(value, Mapping):
        element.extend([_element(field, inner) for field, inner in value.items()])
    elif isinstance(value, list | tuple):
        element.extend([_element(_SINGULAR.get(name, "item"), inner) for inner in value])
    elif value is not None:
        element.text = _NOT_XML.sub("", str(value).lower() if isinstance(value, bool) else str(value))
    return element


_SINGULAR = {"endpoints": "endpoint", "formats": "format", "attributes": "attribute", "steps": "step"}
