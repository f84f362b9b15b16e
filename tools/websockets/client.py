"""A client of WebSockets, by the library `websockets`: `client.py BASE TOKEN`."""

import asyncio
import contextlib
import json
import random
import sys
from urllib.parse import urlencode
from uuid import uuid4

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

MEBIBYTE = 1 << 20
PROTOCOLS = ["chat.v0", "chat.v1", "chat.v2"]
CLOSES = [(1000, ""), (4001, "a reason: ü"), (3000, "x" * 123)]


class Client:
    def __init__(self, base, token, compression):
        self.base, self.token, self.compression = base, token, compression
        self.opened = 0

    @contextlib.asynccontextmanager
    async def open(self, what, **query):
        async with await self.connect(what, **query) as socket:
            yield socket

    async def connect(self, what, **query):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        options = {"compression": self.compression, "additional_headers": headers, "subprotocols": PROTOCOLS}
        limits = {"max_size": 4 << 20, "open_timeout": 30, "proxy": None}
        socket = await connect(f"{self.base}/{what}?{urlencode(query)}", **options, **limits)
        self.opened += 1
        await socket.send("hello")
        assert await socket.recv() == "hello"
        return socket

    async def agree(self):
        async with self.open("agreement") as socket:
            told = json.loads(await socket.recv())
            extensions = socket.response.headers.get("Sec-WebSocket-Extensions", "")
            assert (socket.subprotocol, extensions) == (told["protocol"], told["extensions"]), told
            assert (socket.subprotocol, bool(told["subject"])) == ("chat.v2", bool(self.token)), told
            return extensions

    async def echo(self):
        text = ("äöü 😀 " * MEBIBYTE).encode()[: MEBIBYTE - 16].decode(errors="ignore")
        text += "." * (MEBIBYTE - len(text.encode()))
        messages = ["", "hello", "ünïcödé 😀", b"", bytes(range(256)), text, random.randbytes(MEBIBYTE), bytes(MEBIBYTE)]
        async with self.open("echo") as socket:
            for message in messages:
                await socket.send(message)
                assert await socket.recv() == message, f"{type(message)} of {len(message)}"

    async def fragment(self):
        for fragments in (["a", "ü" * 70_000, "", "c"], [b"a", random.randbytes(200_000), b"c"]):
            async with self.open("fragments") as socket:

                async def in_pieces():
                    for fragment in fragments:
                        yield fragment
                        await (await socket.ping())

                await socket.send(in_pieces())
                assert json.loads(await socket.recv()) == [len(fragment) for fragment in fragments]
                came = [fragment async for fragment in socket.recv_streaming()]
                assert came == [*fragments, fragments[0][:0]], [len(fragment) for fragment in came]

    async def ping(self):
        async with self.open("pings") as socket:
            pongs = [await socket.ping(payload) for payload in (b"", b"one", b"x" * 125)]
            await asyncio.gather(*pongs)
            assert await socket.recv() == "3 pongs"

    async def close(self):
        for code, reason in CLOSES:
            name = uuid4().hex
            async with self.open("echo", name=name) as socket:
                await socket.close(code, reason)
                assert (socket.close_code, socket.close_reason) == (code, reason), "as the application answered"
            assert await self.end(name) == {"code": code, "reason": reason, "first": "client"}

    async def be_closed(self):
        for code, reason in CLOSES:
            name = uuid4().hex
            async with self.open("close", name=name, code=code, reason=reason) as socket:
                await socket.wait_closed()
                assert (socket.close_code, socket.close_reason) == (code, reason)
            assert await self.end(name) == {"code": code, "reason": reason, "first": "application"}

    async def end(self, name):
        async with self.open("end", of=name) as socket:
            return json.loads(await socket.recv())

    async def many(self):
        sockets = await asyncio.gather(*(self.connect("echo") for _ in range(50)))
        async with self.open("count") as socket:
            assert int(await socket.recv()) > 50
        await asyncio.gather(*(talk(socket, number) for number, socket in enumerate(sockets)))

    async def be_refused(self):
        try:
            async with Client(self.base, "", self.compression).open("echo"):
                raise AssertionError("it was let through")
        except InvalidStatus as refused:
            assert refused.response.status_code == 401, refused


async def talk(socket, number):
    for turn in range(20):
        await socket.send(f"{number}: {turn}")
        assert await socket.recv() == f"{number}: {turn}"
    await socket.close()
    assert socket.close_code == 1000


async def main(base, token):
    agreed, opened = {}, 0
    for compression in ("deflate", None):
        client = Client(base, token, compression)
        agreed[compression] = await client.agree()
        steps = [client.echo, client.fragment, client.ping, client.close, client.be_closed, client.many]
        for step in [*steps, client.be_refused] if token else steps:
            try:
                await asyncio.wait_for(step(), 30)
            except BaseException:
                print(f"{step.__name__}, compression {compression}:", file=sys.stderr)
                raise
        opened += client.opened
    assert agreed[None] == "", agreed
    print(f"{opened} sockets; {agreed['deflate'] or 'permessage-deflate declined'}: ok")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
