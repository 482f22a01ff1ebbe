"""The audit trail, rollback and redaction where both databases are a PostgreSQL."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.running import Running, running_hub

pytestmark = pytest.mark.whole
HOOK = {"kind": "webhook", "url": "http://127.0.0.1:9/in"}
EMAIL = "zoe.marker@example.com"


def ask(hub: Running, method: str, path: str, body: object = None) -> Any:
    request = urllib.request.Request(
        f"{hub.url}/api{path}",
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {hub.key}", "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def test_changes_are_recorded_rolled_back_and_events_redacted(tmp_path: Path, postgres_url: str) -> None:
    with running_hub(tmp_path / "data", EVENTHUB_DATABASE_URL=postgres_url) as hub:
        for name in ("crm", "mail"):
            ask(hub, "POST", "/targets", HOOK | {"name": name, "max_attempts": 1})
        rule = {"bus": "default", "name": "orders", "pattern": {"source": ["shop"]}, "targets": ["crm"]}
        path = f"/rules/{ask(hub, 'POST', '/rules', rule)['id']}"
        ask(hub, "PATCH", path, {"pattern": {"source": ["till"]}, "targets": ["mail"]})

        changed, made = ask(hub, "GET", "/audit?kind=rule")["items"]
        assert (made["action"], changed["action"], changed["who"]) == (
            "created",
            "changed",
            f"key:{hub.key_id}",
        )
        assert [one["path"] for one in changed["differences"]] == [
            "pattern.source",
            "pattern.source",
            "targets[crm]",
            "targets[mail]",
        ]
        ask(hub, "POST", f"/audit/{changed['id']}/rollback", {"reason": "back"})
        assert ask(hub, "GET", path)["targets"] == ["crm"]
        ask(hub, "POST", f"{path}/rollback", {"version": 2})
        assert ask(hub, "GET", path)["version"] == 4
        ask(hub, "DELETE", path)
        [gone] = ask(hub, "GET", "/audit?kind=rule&action=deleted")["items"]
        ask(hub, "POST", f"/audit/{gone['id']}/rollback", {})
        assert [one["name"] for one in ask(hub, "GET", "/rules")["items"]] == ["orders"]
        with pytest.raises(urllib.error.HTTPError, match="409"):
            ask(hub, "POST", f"/audit/{gone['id']}/rollback", {})

        entry = {"source": "till", "detail-type": "t", "detail": {"email": EMAIL, "n": 1.50}}
        ids = [one["id"] for one in ask(hub, "POST", "/buses/default/events", [entry] * 3)["entries"]]
        where = ("--where", f"detail.email={EMAIL}")
        assert hub.manage("redact", *where).startswith("3 events")
        said = hub.manage("redact", *where, "--path", "detail.email", "--apply", "--reason", "r")

        assert said.startswith("Redacted 3 events")
        assert "VACUUM" in said
        shown = ask(hub, "GET", f"/events/{ids[0]}")
        assert shown["detail"] == {"email": "[redacted]", "n": 1.50}
        assert shown["redacted"]["by"] == "command:redact"
        [done] = ask(hub, "GET", "/redactions")["items"]
        assert (done["who"], done["reason"], done["events"]) == ("command:redact", "r", 3)
