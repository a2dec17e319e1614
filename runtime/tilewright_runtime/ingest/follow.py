"""Following: inputs are read on as they grow.

It goes on until somebody stops it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from ..errors import InputError
from ..readers import Input
from ..readers.follow import Signature, signature
from .passes import Taker, end_pass
from .tails import Tail, Trouble

#: How long nothing is asked of inputs in which nothing was new.
POLL_S = 0.1
#: An input that cannot be read may only be unfinished: how long until that is told.
_PATIENCE_S = 2.0
_LONGEST_SLEEP_S = 0.5
#: Files that are kept open, to be read on without reading their beginning again.
_MOST_OPEN = 32


class Feed(Protocol):
    """What names the inputs that there are, which change."""

    @property
    def is_ended(self) -> bool:
        """Whether nothing can come any more."""

    def now(self) -> list[Input]:
        """List the inputs that are there."""

    def give_up(self, item: Input) -> None:
        """Note that one cannot be read.

        What ends lists it no more.
        """


class Follower:
    """Follows inputs for some plans."""

    def __init__(
        self,
        takers: Sequence[Taker],
        feeds: Sequence[Feed],
        pipes: Sequence[Input],
        on_trouble: Callable[[InputError], None],
        again: bool = False,
    ) -> None:
        self._all = list(takers)
        self._feeds = feeds
        self._pipes = {item.uri for item in pipes}
        self._tails = {item.uri: Tail(item) for item in pipes}
        self._on_trouble = on_trouble
        self._again = again

    @property
    def waiting(self) -> dict[str, int]:
        """Bytes that wait for their newline, by input."""
        tails = self._tails.values()
        return {tail.item.name: tail.waiting_bytes for tail in tails if tail.waiting_bytes}

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Follow until it is to stop.

        It ends earlier if all inputs have ended, or all plans have failed.
        """
        try:
            while not should_stop() and self._takers and not self._is_ended:
                begun_s = time.monotonic()
                is_new = self._pass(should_stop)
                passed_s = time.monotonic() - begun_s
                if is_new:
                    time.sleep(max(0.0, POLL_S - passed_s))
                else:  # a pass over many files takes a while, and must not take all of it
                    time.sleep(min(max(POLL_S, 4 * passed_s), _LONGEST_SLEEP_S))
            end_pass(self._takers)
        finally:
            for tail in self._tails.values():
                tail.close()
                if tail.trouble is not None and not tail.trouble.is_told:
                    self._tell(tail.trouble)

    @property
    def _is_ended(self) -> bool:
        return not self._tails and all(feed.is_ended for feed in self._feeds)

    @property
    def _takers(self) -> list[Taker]:
        return [taker for taker in self._all if taker.failure is None]

    def _pass(self, should_stop: Callable[[], bool]) -> bool:
        """Read a batch of each input.

        Tells whether there was any.
        """
        items = [item for feed in self._feeds for item in feed.now()]
        now = {item.uri: signature(item.path) for item in items if item.path is not None}
        for uri, tail in list(self._tails.items()):
            if tail.is_renamed(now.get(uri)):
                self._let_go(tail)
            elif tail.is_other(now.get(uri)):
                tail.close()
        self._begin([item for item in items if item.uri not in self._tails])
        for uri in self._tails.keys() - {item.uri for item in items} - self._pipes:
            if not self._tails[uri].is_file:
                self._tails.pop(uri).close()
        is_new = False
        for uri, tail in list(self._tails.items()):
            if should_stop():
                break
            is_new |= self._read(tail, now.get(uri))
        self._limit_open()
        return is_new

    def _begin(self, items: Sequence[Input]) -> None:
        """Follow more inputs, once there is something in them."""
        new = [item for item in items if _is_begun(item)]
        if new:
            self._move(new)
            self._look_again()
        self._tails |= {item.uri: Tail(item) for item in new}

    def _move(self, items: Sequence[Input]) -> None:
        """Move the positions of files that have new names."""
        if not self._again:
            for taker in self._takers:
                taker.begin(items)

    def _let_go(self, tail: Tail) -> None:
        """Read a renamed file to its end."""
        try:
            while self._step(tail):
                pass
        except InputError as error:
            self._tell(Trouble(error, 0.0, 0.0))
        for reading in tail.readings:
            for taker, cursor in zip(reading.takers, reading.cursors, strict=True):
                with taker.failing():
                    cursor.leave()
        tail.close()
        del self._tails[tail.item.uri]

    def _read(self, tail: Tail, now: Signature | None) -> bool:
        """Read a batch of an input, if there is any."""
        if tail.is_file and now == tail.seen:
            self._lose_patience(tail)
            return False
        if tail.trouble is not None and not tail.trouble.is_to_be_tried:
            return False
        if tail.is_file and now is None and not tail.readings:
            del self._tails[tail.item.uri]
            return False
        try:
            if not tail.readings:
                if not tail.item.is_begun():
                    return False
                if tail.trouble is not None:
                    self._move([tail.item])
                tail.open(self._takers, self._again)
            is_new = self._step(tail)
        except (InputError, OSError) as wrong:
            self._note(tail, _as_input_error(tail, wrong))
            tail.seen = now
            return False
        if is_new or tail.is_file or tail.is_quiet:
            self._settle(tail)
        if is_new:
            tail.read_s = time.monotonic()
        else:
            tail.seen = now
        return is_new

    def _step(self, tail: Tail) -> bool:
        """Write the next batch of an input, if any."""
        is_new = False
        for reading in list(tail.readings):
            batch = reading.step()
            if batch is None:
                reading.close()
                tail.readings.remove(reading)
            elif batch.is_idle:
                tail.waiting_bytes = batch.waiting_bytes
            else:
                is_new = True
        if not tail.readings:
            tail.close()
            if tail.item.uri in self._pipes:
                del self._tails[tail.item.uri]
        return is_new

    def _limit_open(self) -> None:
        """Close files in which nothing was new for longest."""
        held = [tail for tail in self._tails.values() if tail.is_file and tail.readings]
        held.sort(key=lambda tail: tail.read_s)
        for tail in held[: max(0, len(held) - _MOST_OPEN)]:
            tail.close()

    # What cannot be read may be half written: it is tried again, and told if it stays so.

    def _note(self, tail: Tail, error: InputError) -> None:
        tail.close()
        at_s, known = time.monotonic(), tail.trouble
        if known is None:
            self._look_again()
            tail.trouble = Trouble(error, at_s, at_s)
            return
        known.tried_s = at_s
        if not known.is_told:
            known.error = error
        self._lose_patience(tail)

    def _lose_patience(self, tail: Tail) -> None:
        trouble = tail.trouble
        if trouble is None or trouble.is_told:
            return
        if time.monotonic() - trouble.since_s >= _PATIENCE_S:
            self._tell(trouble)
            for feed in self._feeds:
                feed.give_up(tail.item)

    def _tell(self, trouble: Trouble) -> None:
        trouble.is_told = True
        self._on_trouble(trouble.error)
        for taker in self._takers:
            taker.report.errors.append(trouble.error)

    def _settle(self, tail: Tail) -> None:
        """Take back an error once its input can be read."""
        if tail.trouble is None:
            return
        for taker in self._takers:
            if tail.trouble.error in taker.report.errors:
                taker.report.errors.remove(tail.trouble.error)
        tail.trouble = None
        self._look_again()

    def _look_again(self) -> None:
        """Try files again whose trouble may be over.

        A copy is none any more once the first is cut, and the first may begin anew then.
        """
        for tail in self._tails.values():
            if tail.trouble is not None:
                tail.seen = None


def _as_input_error(tail: Tail, wrong: InputError | OSError) -> InputError:
    if isinstance(wrong, InputError):
        return wrong
    return InputError(f"{tail.item.name}: cannot be opened ({wrong.strerror}).")


def _is_begun(item: Input) -> bool:
    try:
        return item.is_begun()
    except OSError:  # it is gone again
        return False
    except InputError:
        return True  # reading it says why
