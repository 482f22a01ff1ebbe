"""Settings that would be unsafe, and what is said of each."""

import os
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from eventhub.checks import check_settings

OUTSIDE = {"HOST": "0.0.0.0", "LISTENS_ON_LOOPBACK": False}
PROXY = {"TRUSTED_PROXIES": [ip_network("10.0.0.1/32")]}


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({**OUTSIDE, "PUBLIC_URL": "http://127.0.0.1:8000"}, ["eventhub.E001"]),
        ({**OUTSIDE, "PUBLIC_URL": "http://events.example.com"}, ["eventhub.E002"]),
        ({**OUTSIDE, "PUBLIC_URL": "http://192.168.1.5:8000"}, ["eventhub.W001"]),
        ({**OUTSIDE, "PUBLIC_URL": "http://eventhub:8000"}, ["eventhub.W001"]),
        ({**OUTSIDE, "PUBLIC_URL": "https://events.example.com"}, ["eventhub.E003"]),
        ({**OUTSIDE, **PROXY, "PUBLIC_URL": "https://events.example.com"}, []),
        ({"TRUSTED_PROXIES": [ip_network("0.0.0.0/0")]}, ["eventhub.E004"]),
        (
            {**OUTSIDE, **PROXY, "PUBLIC_URL": "https://e.example.com", "ADMIN_PASSWORD": "secret"},
            ["eventhub.E005"],
        ),
        ({"ADMIN_PASSWORD": "secret"}, []),  # on loopback: a newcomer trying it out
    ],
)
def test_unsafe_settings_are_named(changed: dict[str, Any], found: list[str], settings: Settings) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)

    assert [message.id for message in check_settings()] == found


def test_djangos_own_deployment_checks_find_nothing_behind_https(tmp_path: Path) -> None:
    settings = {
        "EVENTHUB_DATA_DIR": str(tmp_path),
        "EVENTHUB_PUBLIC_URL": "https://events.example.com",
        "EVENTHUB_TRUSTED_PROXIES": "10.0.0.1/32",
    }

    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=Path(__file__).parents[1],
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout
