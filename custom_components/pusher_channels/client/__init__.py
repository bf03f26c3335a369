"""A complete asyncio client for Pusher Channels and every server that speaks its protocol.

It knows nothing of Home Assistant: aiohttp carries it, PyNaCl seals, orjson reads and writes.
"""
