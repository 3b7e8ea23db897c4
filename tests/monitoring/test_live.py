"""A real Prometheus beside a real server: calls are counted, every panel has its answer, and alerts fire."""

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes import Switch, noise, tone
from tests.monitoring.prometheus import FOLDER, RULES, program
from tests.monitoring.test_dashboard import EXPRESSIONS, without_variables
from tests.serve.resident import Resident, eventually, free_port


class Prometheus:
    """A server of its own folder and port, to be asked."""

    def __init__(self, port: int) -> None:
        self.port = port

    def is_ready(self) -> bool:
        """Whether it answers queries yet."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=10):
                return True
        except OSError:
            return False

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """The samples that answer an expression."""
        query = urllib.parse.urlencode({"query": expression})
        address = f"http://127.0.0.1:{self.port}/api/v1/query?{query}"
        with urllib.request.urlopen(address, timeout=10) as page:
            return json.load(page)["data"]["result"]  # type: ignore[no-any-return]

    def value(self, expression: str) -> float | None:
        samples = self.ask(expression)
        return float(samples[0]["value"][1]) if samples else None


@contextmanager
def scraping(folder: Path, target: str) -> Iterator[Prometheus]:
    """Prometheus as it ships, but for the target and the pace; alerts wait for nothing."""
    rules = yaml.safe_load(RULES.read_text())
    for group in rules["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule.pop("for", None)
    configuration = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    configuration["scrape_configs"][0]["static_configs"] = [{"targets": [target]}]
    folder.mkdir()
    (folder / "silentspam.rules.yml").write_text(yaml.safe_dump(rules))
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    port = free_port()
    options = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program("prometheus"), *options, f"--web.listen-address=127.0.0.1:{port}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
        )  # fmt: skip
    try:
        prometheus = Prometheus(port)
        eventually(prometheus.is_ready)
        yield prometheus
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_prometheus_sees_the_calls_of_a_real_server_and_raises_its_alerts(
    tmp_path: Path, model_folder: Path
) -> None:
    program("prometheus")
    with (
        Resident(tmp_path, model_folder) as site,
        scraping(tmp_path / "prometheus", f"127.0.0.1:{site.metrics_port}") as prometheus,
    ):
        eventually(lambda: prometheus.value('up{job="silentspam"}') == 1)
        for opening in (tone(), noise(level=4), tone()):
            site.call(Switch(opening=opening.codes.tobytes()))
        eventually(lambda: prometheus.value("sum(silentspam_screened_total)") == 3)
        eventually(lambda: prometheus.value('silentspam_stage_seconds_count{stage="judge"}') == 3)
        for expression in EXPRESSIONS:
            prometheus.ask(without_variables(expression))
        assert prometheus.value('silentspam_switch{state="ON"}') == 1
        assert prometheus.ask('ALERTS{alertname="SilentspamDown"}') == []
        site.stop()
        eventually(lambda: prometheus.value('ALERTS{alertname="SilentspamDown",alertstate="firing"}') == 1)
