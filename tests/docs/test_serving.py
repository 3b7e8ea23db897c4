"""docs/serving.md: its tables are the code's, its log lines can be read, its commands and keys are there."""

import json
import re

from docs.serving import FILE, written
from silentspam.cli import VERBS
from silentspam.config import Config
from silentspam.screening import Stage

TEXT = FILE.read_text()


def test_the_tables_are_those_of_the_code_and_the_rules() -> None:
    assert written(TEXT) == TEXT, "python -m docs.serving"


def test_the_log_lines_show_every_stage_of_one_call() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    lines = [json.loads(line) for line in block.splitlines()]
    assert [line["event"] for line in lines] == [*Stage, "ended"]
    assert len({line["call_id"] for line in lines}) == 1


def test_every_command_and_key_that_it_names_is_there() -> None:
    for verb in re.findall(r"`(?:sudo \S*/)?silentspam ([a-z-]+)", TEXT):
        assert verb in VERBS
    config = Config()
    sections = "|".join(name for name in config.__struct_fields__ if name != "mode")
    for section, key in re.findall(rf"`({sections})\.([a-z_]+)", TEXT):
        assert hasattr(getattr(config, section), key), f"{section}.{key}"
