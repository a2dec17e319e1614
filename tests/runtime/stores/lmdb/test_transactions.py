"""Transactions of LMDB, and what has to come between them."""

from __future__ import annotations

import threading
import time

from tilewright_runtime.stores.lmdb.transactions import Transactions


def test_none_is_open_while_they_are_held_off() -> None:
    """Threads that begin and end without a pause never overlap with what holds them off."""
    transactions = Transactions()
    open_now: list[int] = []
    overlaps: list[int] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            with transactions:
                open_now.append(1)
                time.sleep(0)
                open_now.pop()

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for _ in range(200):
        transactions.hold_off()
        overlaps.append(len(open_now))
        transactions.resume()
    is_over.set()
    for reader in readers:
        reader.join(timeout=90)
    assert overlaps == [0] * 200
    assert not any(reader.is_alive() for reader in readers)


def test_one_that_is_open_is_waited_for() -> None:
    """What holds off begins once the open transaction has ended, and not before."""
    transactions = Transactions()
    order: list[str] = []

    def change() -> None:
        transactions.hold_off()
        order.append("changed")
        transactions.resume()

    with transactions:
        changing = threading.Thread(target=change)
        changing.start()
        changing.join(timeout=0.1)
        order.append("read")
    changing.join(timeout=90)
    assert order == ["read", "changed"]
