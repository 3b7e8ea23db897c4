"""The document of uses: its commands are run in their order, and their output is put below them."""

import json

import pytest

from docs import provenance_uses
from docs.provenance_uses import printed, renewed

TEXT = """\
# Uses
$ not a command here
```yaml
numbers: []
```
```console
$ silentspam lines list --store none.db
what it printed before
(exit code 1)
$ silentspam lines verb-that-is-none
```
The end."""


def test_every_command_has_what_it_prints_now_below_it(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = list(renewed(TEXT.splitlines()))
    assert lines[:6] == TEXT.splitlines()[:6]
    assert lines[6] == "$ silentspam lines list --store none.db"
    assert "there is no store of lines yet" in lines[7]
    assert lines[8] == "(exit code 1)"
    assert lines[-3:] == ["(exit code 2)", "```", "The end."]
    assert "what it printed before" not in lines
    assert list(renewed(lines)) == lines


@pytest.mark.parametrize("file", ["", " > out.jsonl"])
def test_keys_are_chosen_as_jq_does(tmp_path, monkeypatch, file) -> None:
    monkeypatch.chdir(tmp_path)

    def command(arguments):
        assert arguments == ["lines", "list", "--note", "two words"]
        print(json.dumps({"a": 1, "b": [2], "c": 3}))
        return 0

    monkeypatch.setattr(provenance_uses, "silentspam", command)
    told = printed(f"silentspam lines list --note 'two words'{file}" + ("" if file else " | jq -c '{c, a}'"))
    assert told == ("" if file else '{"c": 3, "a": 1}\n')
    if file:
        assert json.loads((tmp_path / "out.jsonl").read_text())["b"] == [2]
