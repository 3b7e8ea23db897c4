"""Lines for standard error: all of them where somebody reads, and nobody held up where nobody does."""

import os
import threading

from silentspam.serve import lines
from silentspam.serve.lines import LineWriter


class Pipe:
    """A pipe whose reading end collects in a thread once `read` is asked for."""

    def __init__(self) -> None:
        self._reading, self.writing = os.pipe()
        self._read = b""

    def fill(self) -> None:
        """Take all the room that there is."""
        os.set_blocking(self.writing, False)
        try:
            while True:
                os.write(self.writing, b"x" * 4096)
        except BlockingIOError:
            os.set_blocking(self.writing, True)

    def start_reading(self) -> threading.Thread:
        thread = threading.Thread(target=self._collect, daemon=True)
        thread.start()
        return thread

    def read(self, thread: threading.Thread) -> str:
        """All that was written, once nobody writes any more."""
        os.close(self.writing)
        thread.join(60)
        os.close(self._reading)
        return self._read.decode()

    def _collect(self) -> None:
        while part := os.read(self._reading, 65536):
            self._read += part


def test_every_line_arrives_in_order() -> None:
    pipe = Pipe()
    reader, writer = pipe.start_reading(), LineWriter(pipe.writing)
    for number in range(5000):
        writer.write(f"{number}\n")
    writer.close(60)
    assert pipe.read(reader).split() == [str(number) for number in range(5000)]


def test_lines_of_many_threads_are_whole() -> None:
    pipe = Pipe()
    reader, writer = pipe.start_reading(), LineWriter(pipe.writing)
    threads = [
        threading.Thread(target=lambda n=n: [writer.write(f"{n}" * 50 + "\n") for _ in range(300)])
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close(60)
    written = pipe.read(reader).splitlines()
    assert sorted(written) == sorted(str(n) * 50 for n in range(8) for _ in range(300))


def test_a_log_that_nobody_reads_holds_nobody_and_says_afterwards_what_is_missing(monkeypatch) -> None:
    monkeypatch.setattr(lines, "WAITING", 50)
    pipe = Pipe()
    pipe.fill()
    writer = LineWriter(pipe.writing)
    for number in range(1000):
        writer.write(f"{number}\n")
    writer.close(0.0)
    reader = pipe.start_reading()
    writer.close(60)
    text = pipe.read(reader).lstrip("x")
    arrived = [line for line in text.splitlines() if line.isdecimal()]
    (said,) = [line for line in text.splitlines() if "lines dropped" in line]
    assert f'"lines": {1000 - len(arrived)}' in said
    assert arrived == sorted(arrived, key=int)


def test_a_log_that_is_gone_ends_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    writer = LineWriter(writing)
    writer.write("to nobody\n")
    writer.close(60)
    os.close(writing)
