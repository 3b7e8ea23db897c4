"""The compose file is one that docker-compose understands; no container engine is needed for that."""

import subprocess
from pathlib import Path

import pytest
import yaml

from lab import debian
from lab.product import REPOSITORY
from silentspam.config import load_config
from silentspam.sections import ServerSection

PROGRAM = "usr/libexec/docker/cli-plugins/docker-compose"


@pytest.fixture(scope="module")
def docker_compose() -> Path:
    # A single static program: its dependencies are the container engine.
    return debian.fetch(["docker-compose"], "forky", closure=False) / PROGRAM


COMPOSE = REPOSITORY / "lab" / "compose"


def test_its_haproxy_is_the_shipped_one_but_for_addresses() -> None:
    """Those two lines apart, and the socket, what is tested in the lab is what runs in containers."""
    of_places = ("    bind ", "    server ", "    stats socket ")

    def kept(path: Path) -> list[str]:
        return [line for line in path.read_text().splitlines() if not line.startswith(of_places)]

    assert kept(COMPOSE / "haproxy.cfg") == kept(REPOSITORY / "config" / "haproxy.cfg")


def test_its_screeners_have_a_configuration_that_can_be_used() -> None:
    config = load_config(COMPOSE / "silentspam.yaml")
    assert config.call_log.postgres
    assert config.server.port == ServerSection().port


def test_every_file_that_is_mounted_is_there() -> None:
    services = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]
    mounted = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", ())]
    files = [place for place in mounted if place.startswith("./")]
    assert len(files) >= 7
    for place in files:
        assert (REPOSITORY / place).exists(), place


@pytest.mark.lab
def test_the_compose_file_is_valid(docker_compose: Path) -> None:
    done = subprocess.run(
        [str(docker_compose), "--file", "docker-compose.yml", "--profile", "serving", "config"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert (REPOSITORY / services["lab"]["build"]["dockerfile"]).is_file()
    assert services["lab"]["network_mode"] == "none"
    assert {"postgres", "screener-1", "screener-2", "haproxy", "prometheus", "grafana"} <= set(services)
    for service in services.values():
        for port in service.get("ports", ()):
            assert port["host_ip"] == "127.0.0.1"
