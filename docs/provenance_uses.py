"""Runs the commands in docs/provenance-uses.md, and puts what they print below each of them.

    .venv/bin/python -m docs.provenance_uses $(.venv/bin/python -m lab.corpus_audio)

Makes calls of a few telephones through real codecs, from licensed speech of speakers that nothing was learnt
from, and runs every `$ silentspam …` of the document's `console` blocks on them, in one folder and in their
order; the first `yaml` block is its claims.yaml. One example of each use: how often such answers are right is
counted elsewhere.
"""

import contextlib
import io
import json
import shlex
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from silentspam.audio import Recording, write_ulaw
from silentspam.cli import main as silentspam
from silentspam.errors import SilentSpamError
from silentspam.training.codecs import open_codec
from silentspam.training.network import Loss, quantised
from silentspam.training.path_drawing import Talk, draw_telephone
from silentspam.training.paths import Hop, Network
from silentspam.training.paths import Path as NetworkPath
from silentspam.training.sources import Split, find_clips

OUT = Path(__file__).parent / "provenance-uses.md"
SEED = 1
SECONDS = 15.0

_PSTN = Hop(network=Network.PSTN, codec="g711u", packet_ms=20)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls in the examples: the path of the calls, and how many there are."""

    hops: tuple[Hop, ...]
    calls: int


CALLERS: Mapping[str, Caller] = {
    "client": Caller(hops=(_PSTN,), calls=5),
    "nurse": Caller(
        hops=(Hop(network=Network.CELLULAR, codec="gsm", packet_ms=20, loss=Loss(share=0.01)), _PSTN), calls=3
    ),
    "stranger": Caller(
        hops=(Hop(network=Network.CELLULAR, codec="amr122", packet_ms=20, loss=Loss(share=0.01)), _PSTN),
        calls=1,
    ),
    "swindler": Caller(
        hops=(Hop(network=Network.VOIP, codec="speex8", packet_ms=20, loss=Loss(share=0.04)), _PSTN), calls=3
    ),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Bring the document up to date."""
    folders = [Path(one) for one in (sys.argv[1:] if argv is None else argv)]
    text = OUT.read_text(encoding="utf-8")
    try:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            make_calls(folders)
            Path("claims.yaml").write_text(text.split("```yaml\n", 1)[1].split("```", 1)[0])
            lines = list(renewed(text.splitlines()))
    except (SilentSpamError, OSError) as error:
        print(f"docs.provenance_uses: {error}", file=sys.stderr)
        return 1
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def make_calls(folders: Sequence[Path]) -> None:
    """NAME1.ulaw and so on of every caller, in this folder, one after the other by another speaker."""
    names = {hop.codec for caller in CALLERS.values() for hop in caller.hops}
    codecs = {name: open_codec(name, folders=folders) for name in names}
    talk = Talk(find_clips(folders), Split.TEST)
    for place, (name, caller) in enumerate(CALLERS.items()):
        telephone = draw_telephone(np.random.default_rng([SEED, place]))
        path = NetworkPath(hops=caller.hops)
        for number in range(caller.calls):
            rng = np.random.default_rng([SEED, place, number])
            speaker = talk.speakers[(place + number) % len(talk.speakers)]
            speech = telephone.send(talk.draw(SECONDS, speaker, rng), rng)
            codes, _ = path.send(quantised(speech), codecs, rng)
            write_ulaw(Path(f"{name}{number + 1}.ulaw"), Recording(codes))


def renewed(lines: Iterable[str]) -> Iterator[str]:
    """The document's lines, each command followed by what it prints now."""
    inside = False
    for line in lines:
        if line.startswith("```"):
            inside = line == "```console"
        if not inside or line.startswith(("```", "$ ")):
            yield line
        if inside and line.startswith("$ "):
            yield from printed(line[2:]).splitlines()


def printed(command: str) -> str:
    """What a command prints; `| jq -c '{…}'` keeps these keys of its JSON, `> FILE` writes it to a file."""
    text, _, keys = command.partition(" | jq -c ")
    text, _, file = text.partition(" > ")
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = silentspam(shlex.split(text)[1:])
        except SystemExit as stop:
            code = int(stop.code or 0)
    told = out.getvalue()
    if keys:
        wanted = [key.strip() for key in keys.strip("'{}").split(",")]
        rows = map(json.loads, told.splitlines())
        told = "".join(json.dumps({key: row[key] for key in wanted}) + "\n" for row in rows)
    if file:
        Path(file).write_text(told)
        told = ""
    return told + err.getvalue() + (f"(exit code {code})\n" if code else "")


if __name__ == "__main__":
    sys.exit(main())
