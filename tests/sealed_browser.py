"""A browser's client that puts the seal of its session into every form it sends, as our pages do."""

from typing import Any

import httpx

from node.web.seal import FIELD, seal_words


class SealedBrowser(httpx.AsyncClient):
    """`sealed = False` makes it a browser whose form did not come from our page."""

    sealed = True

    async def request(self, method: str, url: Any, **given: Any) -> httpx.Response:
        if method == "POST" and self.sealed and given.get("json") is None and given.get("content") is None:
            given["data"] = {**(given.get("data") or {}), **self._seal()}
        return await super().request(method, url, **given)

    def _seal(self) -> dict[str, str]:
        sessions = [
            cookie.value for cookie in self.cookies.jar if "comarca" in cookie.name and "language" not in cookie.name
        ]
        return {FIELD: seal_words(sessions[0])} if sessions and sessions[0] else {}
