"""Servers that lie, byte by byte: whatever a test writes goes over the wire."""

import itertools
import socketserver
import threading
import time
from contextlib import contextmanager, suppress

HEAD = b"HTTP/1.1 200 OK\r\n"
# Longer than any test waits: a test of a limit fails if it is not kept.
_LONGEST_S = 30.0


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True


@contextmanager
def lying(*answers):
    """Run a server that answers its first request by the first of `answers`, and so on; the last one stays.

    An answer is bytes, or an iterable of bytes that may pause or not end. Yields the server; its `asked` lists the
    first lines of the requests.
    """
    asked, turn = [], itertools.count()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            began = time.monotonic()
            with suppress(OSError):
                request = self.rfile.readline().decode().strip()
                if not request:
                    return  # the connection was closed before anything was asked
                asked.append(request)
                while self.rfile.readline().strip():
                    pass
                answer = answers[min(next(turn), len(answers) - 1)]
                answer = answer() if callable(answer) else answer
                for part in [answer] if isinstance(answer, bytes) else answer:
                    self.wfile.write(part)
                    if time.monotonic() - began > _LONGEST_S:
                        break

    with _Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        server.url, server.asked = f"http://127.0.0.1:{server.server_address[1]}", asked
        try:
            yield server
        finally:
            server.shutdown()


def dripping(content, pause_s):
    """One byte at a time."""
    for byte in content:
        yield bytes([byte])
        time.sleep(pause_s)


def without_end(part):
    """The same bytes again and again."""
    while True:
        yield part


def with_body(body, *headers):
    """A whole answer with these headers and this body."""
    lines = "".join(f"{header}\r\n" for header in headers).encode()
    return HEAD + b"Content-Length: %d\r\n" % len(body) + lines + b"\r\n" + body


def redirect_to(place):
    """An answer that redirects."""
    return f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()
