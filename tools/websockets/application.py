"""An application of WebSockets, by the library `websockets`. The last segment of the path says what it does."""

import asyncio
import contextlib
import json
from collections import defaultdict
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


class Application:
    def __init__(self):
        self.open = set()
        # How a socket ended, by the name that its client gave it.
        self.ends = defaultdict(asyncio.get_running_loop().create_future)

    async def handle(self, socket):
        url = urlsplit(socket.request.path)
        query = {key: value for key, [value] in parse_qs(url.query).items()}
        self.open.add(socket)
        with contextlib.suppress(ConnectionClosed):
            # Both ways work before anything begins.
            await socket.send(await socket.recv())
            await getattr(self, url.path.rpartition("/")[2])(socket, query)
        await socket.wait_closed()
        self.open.remove(socket)
        received = socket.protocol.close_rcvd
        if "name" in query and received:
            first = "client" if socket.protocol.close_rcvd_then_sent else "application"
            self.ends[query["name"]].set_result({"code": received.code, "reason": received.reason, "first": first})

    async def echo(self, socket, _):
        while True:
            fragments = await receive(socket)
            await socket.send(fragments if len(fragments) > 1 else fragments[0])

    async def fragments(self, socket, _):
        """Says how long the fragments were that came, before they are sent back as they came."""
        fragments = await receive(socket)
        await socket.send(json.dumps([len(fragment) for fragment in fragments]))
        await socket.send(fragments)

    async def agreement(self, socket, _):
        told = {
            "protocol": socket.subprotocol,
            "extensions": socket.response.headers.get("Sec-WebSocket-Extensions", ""),
            "subject": socket.request.headers.get("X-Auth-Subject", ""),
        }
        await socket.send(json.dumps(told))

    async def pings(self, socket, _):
        for number in range(3):
            await (await socket.ping(f"ping {number}"))
        await socket.send("3 pongs")

    async def close(self, socket, query):
        await socket.close(int(query["code"]), query.get("reason", ""))

    async def end(self, socket, query):
        await socket.send(json.dumps(await self.ends[query["of"]]))

    async def count(self, socket, _):
        await socket.send(str(len(self.open)))


async def receive(socket):
    """One message, as it was fragmented; the empty frame is left out with which this library ends one."""
    fragments = [fragment async for fragment in socket.recv_streaming()]
    return fragments if len(fragments) == 1 or fragments[-1] else fragments[:-1]


def choose(_, offered):
    return next((known for known in ("chat.v2", "chat.v1") if known in offered), None)


async def main():
    application = Application()
    limits = {"max_size": 4 << 20, "open_timeout": 30}
    async with serve(application.handle, "127.0.0.1", 0, select_subprotocol=choose, **limits) as server:
        print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
