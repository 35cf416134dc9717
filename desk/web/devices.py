"""Browsers a user has come in with before: wrong passwords given elsewhere do not lock the user out of these.

The method is OWASP's device cookies: after a login the browser keeps a signed mark, good for that name only.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from flask import current_app, request
from itsdangerous import BadSignature, Signer
from werkzeug.wrappers import Response

KEPT = timedelta(days=180)


def mark(name: str) -> str:
    """The mark that ``name`` left in this browser; empty where there is none, or it was not given out here."""
    try:
        return _signer(name).unsign(request.cookies.get(_cookie(name), "")).decode()
    except BadSignature:
        return ""


def remember(response: Response, name: str) -> Response:
    """Leave a mark with the answer to a login."""
    signed = _signer(name).sign(mark(name) or secrets.token_hex(8)).decode()
    response.set_cookie(_cookie(name), signed, max_age=KEPT, secure=request.is_secure, httponly=True, samesite="Lax")
    return response


def _cookie(name: str) -> str:
    """Its own for each user, for clerks share machines; the cookie does not say whose it is."""
    return f"liandong-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _signer(name: str) -> Signer:
    return Signer(current_app.config["SECRET_KEY"], salt=f"device/{name}", digest_method=hashlib.sha256)
