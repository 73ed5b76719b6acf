"""A client of the Pusher protocol in Python: client.py URL CHANNEL subscribes, pings, and prints each event and its data, which must be texts."""

import asyncio
import json
import sys

import websockets


async def main(url, channel):
    async with websockets.connect(url) as socket:
        for message in (
            {"event": "pusher:subscribe", "data": {"channel": channel}},
            {"event": "pusher:subscribe", "data": {"channel": "private-not-mine"}},
            {"event": "pusher:ping", "data": {}},
        ):
            await socket.send(json.dumps(message))
        try:
            while True:
                message = json.loads(await socket.recv())
                if not isinstance(message["data"], str):
                    raise TypeError(message)
                json.loads(message["data"])
                if message["event"] == "pusher:ping":
                    await socket.send('{"event":"pusher:pong","data":{}}')
                print(message["event"], message["data"], flush=True)
        except websockets.ConnectionClosed as end:
            print("closed", end.rcvd.code, flush=True)


asyncio.run(main(sys.argv[1], sys.argv[2]))
