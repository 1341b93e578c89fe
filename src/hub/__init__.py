"""The Welfare Hub: the application around the library `welfare`.

The library computes; the hub knows who is asking and remembers. Start reading at `order.py`, then `urls.py`.
"""
