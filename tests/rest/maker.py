"""Makes rows of every list, one after the other, while pages of it are read."""

from typing import Any

from eventhub.journal.port import NewReplay, OutcomeState, Selection
from tests.journal.build import now_us
from tests.live.world import World
from tests.rest.conftest import Api

ANYTHING = {"source": [{"exists": True}]}
SECONDARY = "arn:aws:events:us-west-2:000000000000:event-bus/default"
HEALTH = "arn:aws:route53:::healthcheck/abc"

CONFIGURED = {
    "buses": "name",
    "rules": "id",
    "targets": "name",
    "connections": "name",
    "api-destinations": "name",
    "archives": "name",
    "global-endpoints": "name",
    "partner-sources": "name",
    "keys": "id",
}
HAPPENED = ["events", "buses/default/events", "deliveries", "attempts", "dead-letters"]
NUMBERED = ["redrives", "replays"]


class Maker:
    """Makes one more row of a list at each call."""

    def __init__(self, api: Api, world: World) -> None:
        self.api, self.world, self.number = api, world, 0

    def configured(self, kind: str) -> Any:
        """Make a row over REST; return what it is in the list."""
        self.number += 1
        name = f"{'zxyab'[self.number % 5]}{self.number:03}"  # the order of names is not that of making
        members: dict[str, Any] = {
            "rules": {"bus": "default", "pattern": ANYTHING},
            "targets": {"url": "http://till.example/in"},
            "connections": {"auth": "basic", "config": {"user_name": "u"}, "secrets": {"password": "p"}},
            "api-destinations": {"connection": "crm", "endpoint": "https://crm.example/in"},
            "archives": {"bus": "default"},
            "global-endpoints": {"bus": "default", "secondary_bus": SECONDARY, "health_check": HEALTH},
            "keys": {"scopes": ["events:put"]},
            "partner-sources": {"account": "000000000000"},
        }.get(kind, {})
        if kind == "api-destinations" and self.number == 1:
            self._post("connections", name="crm", **self._basic())
        if kind == "partner-sources":
            name = f"aws.partner/example.com/{name}/events"
        return self._post(kind, name=name, **members)

    def happened(self) -> None:
        """Accept, route and give up one event: a row of each list of what happened."""
        self.world.accept()
        self.world.route((self.world.paid, self.world.mail))
        self.world.settle(self.world.claim(), OutcomeState.DEAD)

    def numbered(self, kind: str) -> None:
        """Begin a redrive or a replay."""
        self.number += 1
        if kind == "redrives":
            self.world.journal.start_redrive(Selection(), per_second=1, now=now_us(), who="test")
            return
        bus = self.world.default
        order = NewReplay(f"r{self.number}", 1, "a", bus.pk, bus.name, 0, 1, 1.0, now_us(), "test")
        assert self.world.journal.start_replay(order)

    def _basic(self) -> dict[str, Any]:
        return {"auth": "basic", "config": {"user_name": "u"}, "secrets": {"password": "p"}}

    def _post(self, path: str, **body: Any) -> Any:
        response = self.api("POST", f"/{path}", body)
        assert response.status_code == 201, response.content
        return response.json()
