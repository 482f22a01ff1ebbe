"""The secret key and the directory that it is written to."""

from pathlib import Path

from eventhub.secret import secret_key


def test_new_data_directory_is_closed_to_other_users(tmp_path: Path) -> None:
    first = secret_key("", tmp_path / "data", may_create=True)

    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "secret-key").stat().st_mode & 0o777 == 0o600
    assert secret_key("", tmp_path / "data", may_create=True) == first
