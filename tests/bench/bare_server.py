"""The ceiling of the HTTP part: the same server with an application that reads the body and answers 202, and no more."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from tests.bench.children import LOOPBACK, end_with_input

_ANSWER = b'{"result":"stored"}'
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(_ANSWER)).encode())]


async def application(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    assert scope["type"] == "http"
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 202, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _ANSWER})


if __name__ == "__main__":
    end_with_input()
    uvicorn.run(
        application,
        host=LOOPBACK,
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        backlog=2048,
    )
