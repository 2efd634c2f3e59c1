"""A Docker daemon for the tests of this folder, as long as they run."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.subagents.sandbox.docker_command import ALWAYS
from tests.conftest import IN_CI
from tests.core.subagents.docker.daemon import IMAGE, NoDocker, client, daemon, image, lacking


@pytest.fixture(scope="package")
def docker() -> Iterator[str]:
    """Its address, with the image in it; what is started here finds it by the environment."""
    if lack := lacking():
        (pytest.fail if IN_CI else pytest.skip)(lack)
    before = os.environ.get("DOCKER_HOST")
    with tempfile.TemporaryDirectory(prefix="thaw-docker-") as folder:
        try:
            with daemon(Path(folder)) as address:
                client(address, "import", "-", IMAGE, given=image())
                # What the kernel forbids here, it forbids: docs/decisions/0225.
                bounds = ("--memory", "256m", "--memory-swap", "256m", "--pids-limit", "64")
                client(address, *ALWAYS, "--rm", "--user", "5000:5000", *bounds, IMAGE, "-V")
                os.environ["DOCKER_HOST"] = address
                yield address
        except NoDocker as reason:
            pytest.skip(f"Docker cannot run here: {reason}")
        finally:
            os.environ.pop("DOCKER_HOST", None)
            if before is not None:
                os.environ["DOCKER_HOST"] = before
