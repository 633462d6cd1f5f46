"""What a widget asks of the app by name: an order, with its argument."""

from __future__ import annotations

from textual.message import Message


class OrderAsked(Message):
    """The operator wants an order of `orders.ORDERS` carried out, by a key where it has one."""

    def __init__(self, name: str, argument: str = "") -> None:
        super().__init__()
        self.name = name
        self.argument = argument
