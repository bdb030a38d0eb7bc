"""The process behind the wall: loads one entry and answers requests about it, one after another.

    python worker.py SETTINGS

SETTINGS is JSON: `requests` and `replies` (file descriptors), `limits` (null without a wall), `paths` (where modules
lie), `source`, `weights` (a folder) and `folder`, which becomes the working directory. An entry is READ by all, which
says what is left out before any of its lines has run; one worker TRIES it in forked children; then all LOAD it alike.
"""

import json
import os
import sys
import traceback
from contextlib import suppress
from typing import Any, NoReturn

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import wire
from confine import confine

OWN = ("bars", "building", "checks", "devices", "effects", "normalise", "notebook", "sentences", "slicing", "tries")
OWN += ("recording", "units")


class Pipes:
    """Frames in and out."""

    def __init__(self, requests: int, replies: int):
        self._requests, self._replies = requests, replies
        self.nonce = b""

    def receive(self) -> tuple[wire.Header, bytes]:
        """The next request; ends the process when there is no more to come."""
        header = wire.unpack_header(self._read(wire.HEADER.size))
        self.nonce = header.nonce
        return header, self._read(header.length)

    def _read(self, size: int) -> bytes:
        parts = []
        while size:
            part = os.read(self._requests, min(size, 2**20))
            if not part:
                os._exit(0)
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def send(self, frame: bytes) -> None:
        """Write a whole frame."""
        view = memoryview(frame)
        while view:
            view = view[os.write(self._replies, view) :]

    def ask(self, url: str, name: str) -> dict[str, str]:
        """Ask the other side for a file: its `path` here, or the `error`."""
        self.send(wire.pack_text(wire.FETCH, self.nonce, {"url": str(url)[:4000], "name": str(name)[:1000]}))
        return json.loads(self.receive()[1])

    def fetch(self, url: str, name: str) -> str:
        """The path of a file that the other side fetches; raises OSError with the reason."""
        answer = self.ask(url, name)
        if answer["error"]:
            raise OSError(answer["error"])
        return answer["path"]


def main(settings: dict[str, Any]) -> NoReturn:
    """Serve requests until the pipe closes."""
    if settings["limits"]:
        confine(settings["limits"])
    pipes = Pipes(settings["requests"], settings["replies"])
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [os.path.join(here, "served"), *(p for p in sys.path if p != here), *settings["paths"], here]

    import entry

    for name in OWN:  # an entry may have files of these names
        sys.modules.pop(name, None)
    loaded = entry.Entry(settings["source"], settings["weights"], settings["folder"], pipes.fetch)
    while True:
        header, payload = pipes.receive()
        try:
            frame = answer(loaded, header, payload, pipes, settings)
        except entry.Wrong as error:
            frame = wire.pack_text(wire.RAISED, header.nonce, {"name": error.name, "said": str(error)})
        except BaseException as error:  # SystemExit and KeyboardInterrupt too: they are the entry's
            traceback.print_exc()
            said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            name = "out_of_memory" if entry.lacks_memory(error) else "raises"
            frame = wire.pack_text(wire.RAISED, header.nonce, {"name": name, "said": said[:2000]})
        flush()
        pipes.send(frame)


def answer(loaded: Any, header: wire.Header, payload: bytes, pipes: Pipes, settings: dict[str, Any]) -> bytes:
    """The reply to one request."""
    if header.kind == wire.READ:
        return wire.pack_text(wire.TEXT, header.nonce, loaded.read())
    if header.kind == wire.TRY:
        close = (settings["requests"], settings["replies"])
        return wire.pack_text(wire.TEXT, header.nonce, loaded.attempt(pipes.ask, close, json.loads(payload)["seconds"]))
    if header.kind == wire.LOAD:
        return wire.pack_text(wire.TEXT, header.nonce, loaded.load(json.loads(payload)))
    if header.kind == wire.CAPTURE:
        made = loaded.capture(bytearray(payload), header.shape, **settings["capture"])
        if isinstance(made, str):
            return wire.pack_text(wire.TEXT, header.nonce, {"reason": made[:2000]})
        return wire.pack(wire.FILE, header.nonce, made)
    if header.kind == wire.GENERATE:
        array = loaded.generate(**json.loads(payload))
    else:
        function = loaded.encode if header.kind == wire.ENCODE else loaded.decode
        array = function(bytearray(payload), header.shape)
    return wire.pack(wire.ARRAY, header.nonce, array.tobytes(), array.shape)


def flush() -> None:
    """Let out what the entry printed; it may have replaced or closed the streams."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(BaseException):
            stream.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
