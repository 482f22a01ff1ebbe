"""What README and the lock promise about the repository itself."""

import re
from pathlib import Path

from eventhub import environment

ROOT = Path(__file__).parent.parent


def test_readme_documents_every_setting_and_no_other():
    documented = set(
        re.findall(r"^\| `(EVENTHUB_[A-Z_]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    )

    read = {name for name in environment.known() if not name.endswith("_FILE")}
    assert documented == read


def test_locks_pin_every_package_with_hashes_and_name_no_address():
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        assert "://" not in text, lock.name
        for requirement in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]:
            assert "==" in requirement, requirement
            assert "--hash=sha256:" in requirement, requirement


def test_npm_lock_names_no_address_of_a_registry():
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def test_readme_commands_are_targets_of_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"`?make ([a-z-]+)", (ROOT / "README.md").read_text())) <= targets | {"and"}
