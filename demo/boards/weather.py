"""What goes wrong on a board beside its contents: robots.txt for all, two hours of outage, one page cut short."""

from __future__ import annotations

from datetime import timedelta
from threading import Lock

from flask import Flask, Response, request

from demo.chance import share
from demo.world import World

CUT_BOARD, CUT_AFTER = "dahe", timedelta(hours=15)
ROBOTS = "User-agent: *\nDisallow: /admin.php\nDisallow: /login.php\n"


def trouble(app: Flask, world: World, board: str) -> None:
    """Add robots.txt to ``app`` and let it fail where the story says so."""
    lock, cut = Lock(), [board != CUT_BOARD]

    @app.get("/robots.txt")
    def robots() -> Response:
        return Response(ROBOTS, mimetype="text/plain")

    @app.before_request
    def outage() -> Response | None:
        if not world.is_down(board, world.clock()):
            return None
        return broken() if share(world.seed, "outage", request.full_path) < 0.3 else Response("", 503)

    @app.after_request
    def cut_short(answer: Response) -> Response:
        if not cut[0] and world.clock() >= world.start + CUT_AFTER and request.path.startswith("/thread"):
            with lock:
                if not cut[0]:
                    cut[0] = True
                    answer.set_data(answer.get_data()[:900])
        return answer


def broken() -> Response:
    """An answer that promises more than it sends, so that the server closes the connection in the middle."""
    answer = Response("<html>", mimetype="text/html")
    answer.headers["Content-Length"] = "4096"
    answer.automatically_set_content_length = False
    return answer
