"""The SMS gateway: it cannot be asked what it sent, and now and then does not say."""

from __future__ import annotations

import time
from collections import Counter
from threading import Lock

from flask import Flask, Response, jsonify, request

from demo.boards.weather import broken
from demo.chance import share
from demo.ledger import Message
from demo.world import World

REFUSED, HUNG = 0.05, 0.01
LONGEST = 2000


def create_app(world: World, hang: float = 1.0) -> Flask:
    """The gateway of ``world``; an accepted message reaches the unit even when its sender is left without an answer."""
    app = Flask(__name__, static_folder=None)
    attempts: Counter[tuple[str, str]] = Counter()
    lock = Lock()

    @app.post("/send")
    def send() -> Response | tuple[Response, int]:
        sent = request.get_json(silent=True)
        to, text = (str(sent.get(k) or "") for k in ("to", "text")) if isinstance(sent, dict) else ("", "")
        if not to or not text or len(text) > LONGEST:
            return jsonify({"code": 1, "message": "to 或 text 不合要求"}), 400
        with lock:
            attempts[to, text] += 1
            chance = share(world.seed, "sms", to, world.plain(text), attempts[to, text])
            if chance < REFUSED:
                return jsonify({"code": 9, "message": "通道拥塞"}), 503
            now, answered = world.clock(), chance >= REFUSED + HUNG
            thread = world.noticed(to, text, now)
            world.ledger.messages.append(Message(to, text, now, answered, thread.key if thread else None))
            id = len(world.ledger.messages)
        if not answered:
            time.sleep(hang)
            return broken()
        return jsonify({"code": 0, "id": id})

    return app
