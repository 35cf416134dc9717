"""Open311 GeoReport v2 answers (http://wiki.open311.org/GeoReport_v2/), in JSON or XML, as plain mappings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from lxml import etree

MOST = 5000  # entries; nobody is asked for so many


def entries(answer: requests.Response, form: str) -> list[Mapping[str, Any]] | None:
    """The requests of an answer; None when it is not a list of them."""
    return _from_xml(answer.content, "service_requests", "request") if form == "xml" else _from_json(answer)


def description(answer: requests.Response, form: str) -> str:
    """What an answer of error says, at most 200 characters."""
    found = _from_xml(answer.content, "errors", "error") if form == "xml" else _from_json(answer)
    return str(found[0].get("description", ""))[:200] if found else answer.text[:100]


def _from_json(answer: requests.Response) -> list[Mapping[str, Any]] | None:
    try:
        body: Any = answer.json()
    except (ValueError, RecursionError):
        return None
    good = isinstance(body, list) and len(body) <= MOST and all(isinstance(entry, dict) for entry in body)
    return body if good else None


def _from_xml(raw: bytes, root: str, name: str) -> list[Mapping[str, Any]] | None:
    """No entity is expanded and nothing is loaded: the answer is whatever came."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if tree.tag != root or len(tree) > MOST or _deep(tree):
        return None
    return [{str(field.tag): _value(field) for field in entry} for entry in tree.findall(name)]


def _deep(tree: etree._Element) -> bool:
    """Deeper than request/extended_attributes/steps/step/field nothing is read."""
    return bool(tree.xpath("boolean(/*/*/*/*/*/*/*)"))


def _value(field: etree._Element) -> Any:
    """Text; where there are elements inside, a list of those called alike (steps/step), else a mapping."""
    inner = [child for child in field if isinstance(child.tag, str)]
    if field.tag == "steps":
        return [_value(child) for child in inner]
    return {child.tag: _value(child) for child in inner} if inner else (field.text or "").strip()
