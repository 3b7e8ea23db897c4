"""The compose file is one that docker-compose understands; no container engine is needed for that."""

import subprocess
from pathlib import Path

import pytest
import yaml

from lab import debian
from lab.product import REPOSITORY

PROGRAM = "usr/libexec/docker/cli-plugins/docker-compose"


@pytest.fixture(scope="module")
def docker_compose() -> Path:
    # A single static program: its dependencies are the container engine.
    return debian.fetch(["docker-compose"], "forky", closure=False) / PROGRAM


@pytest.mark.lab
def test_the_compose_file_is_valid(docker_compose: Path) -> None:
    done = subprocess.run(
        [str(docker_compose), "--file", "docker-compose.yml", "config"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert (REPOSITORY / services["lab"]["build"]["dockerfile"]).is_file()
    assert services["lab"]["network_mode"] == "none"
