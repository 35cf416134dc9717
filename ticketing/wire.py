"""How acts leave over HTTP: one session for each thread, and what the environment says of a site (proxy, netrc) looked up once.

``requests`` itself does both anew for every request, which costs more than all the rest of it. Nothing of one exchange
is carried into the next: no cookie, and no connection, since one that the other side closes just as an act leaves on it
cannot be told from one on which the act arrived.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import default_headers, get_netrc_auth


class _Line(threading.local):
    """What a thread speaks by."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.sites: dict[tuple[str, str], tuple[Any, Mapping[str, Any]]] = {}

    def site(self, url: str) -> tuple[Any, Mapping[str, Any]]:
        """Who we are at the site of ``url``, and by which way it is reached."""
        parts = urlsplit(url)
        site = (parts.scheme, parts.netloc)
        if site not in self.sites:
            self.sites[site] = (get_netrc_auth(url), self.session.merge_environment_settings(url, {}, None, None, None))
        return self.sites[site]


_line = _Line()


def get(
    url: str,
    params: Mapping[str, str] | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    timeout: float | tuple[float, float],
) -> requests.Response:
    """The answer to a question. Raises requests.RequestException."""
    return ask("GET", url, timeout, params=params, headers=headers)


def post(
    url: str,
    data: Mapping[str, str] | bytes | None = None,
    *,
    json: Any = None,
    headers: Mapping[str, str] | None = None,
    timeout: float | tuple[float, float],
) -> requests.Response:
    """The answer to what was handed over. Raises requests.RequestException."""
    return ask("POST", url, timeout, data=data, json=json, headers=headers)


def ask(
    method: str,
    url: str,
    timeout: float | tuple[float, float],
    *,
    headers: Mapping[str, str] | None = None,
    **given: Any,
) -> requests.Response:
    """As ``requests.request``."""
    said = CaseInsensitiveDict({**default_headers(), **(headers or {})})
    if isinstance(given.get("data"), Mapping):  # requests would ask of every field whether it is a file
        given["data"] = urlencode(given["data"])
        said.setdefault("Content-Type", "application/x-www-form-urlencoded")
    prepared = requests.Request(method, url, headers=said, **given).prepare()
    known, way = _line.site(str(prepared.url))
    if known:
        prepared.prepare_auth(known)
    session = _line.session
    try:
        return session.send(prepared, timeout=timeout, **way)
    finally:
        session.close()
        session.cookies.clear()
