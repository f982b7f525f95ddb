"""The server of the page: on this machine only, and only for pages that it served itself."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np

from sdeopt.explore import panel

__all__ = ["Server"]

LOOPBACK = "127.0.0.1"
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"
ANSWERS: dict[str, Callable[[dict[str, str]], Any]] = {
    "/choices": lambda _: panel.choices(),
    "/picture": panel.picture,
    "/judged": panel.judge,
}


class Server(ThreadingHTTPServer):
    """Serves the page on a port of the loopback interface, any free one by default; one run at a time.

    Raises
    ------
    OSError
        If the port is taken.
    """

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__((LOOPBACK, port), Handler)
        self.turn = threading.Lock()

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{LOOPBACK}:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    """Answers with the page, or with JSON."""

    server: Server

    def do_GET(self) -> None:  # noqa: N802  (the name that http.server calls)
        """Answer one request."""
        url = urlsplit(self.path)
        here = {f"{name}:{self.server.server_port}" for name in (LOOPBACK, "localhost")}
        if self.headers.get("Host") not in here:  # a page of another site that has a name for this address
            self.send_error(403)
        elif url.path == "/":
            page = Path(__file__).with_name("page.html").read_bytes()
            self._send(page, "text/html; charset=utf-8")
        elif url.path in ANSWERS:
            with self.server.turn:
                answer = ANSWERS[url.path](dict(parse_qsl(url.query, keep_blank_values=True)))
            self._send(json.dumps(_plain(answer), allow_nan=False).encode(), "application/json")
        else:
            self.send_error(404)

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        for name, value in (
            ("Content-Type", kind), ("Content-Length", str(len(body))), ("Content-Security-Policy", POLICY),
            ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
        ):  # fmt: skip
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal is for what the user is told."""


def _plain(value: Any) -> Any:
    """``value`` for JSON, numbers to six digits; null for what is not finite."""
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if np.isfinite(value) else None
    return value
