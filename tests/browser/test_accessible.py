"""Every page under axe, in both colour schemes: nothing that WCAG 2.2 AA forbids, nor axe's own advice."""

import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.test_first_event import add_rule, open_flow
from tests.receiver import Receiver
from tests.running import ROOT, Running
from tests.until import until

# Some forty pages, each twice: more than the two minutes of any one test on a machine with other work.
pytestmark = [pytest.mark.whole, pytest.mark.timeout(480)]

DOCS = ROOT / "templates" / "docs"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PAGES = [
    "/flow",
    "/flow?at=1m&win=1440",
    "/events",
    "/events?source=nobody",
    "/events?q=status:failed&payload=1&live=0",
    "/flow?stream=0",
    "/buses",
    "/buses?q=nothing",
    "/buses/default",
    "/buses/default?win=7d&types=all",
    "/archives/new?bus=default",
    "/sources",
    "/sources?state=silent",
    "/targets",
    "/targets?state=open",
    "/targets/1",
    "/targets/2?error=failed",
    "/dead-letters",
    "/dead-letters?show=all&by=error",
    "/dead-letters?target=nobody",
    "/dead-letters/redrive",
    "/rules",
    "/rules?q=nobody",
    "/rules/1",
    "/rules/1/versions",
    "/rules/new",
    "/rules/new?ready=either",
    "/nowhere",
    "/help/keys",
    "/docs/",
    "/docs/flow",
    *sorted(f"/docs/{path.relative_to(DOCS).with_suffix('')}" for path in DOCS.glob("*/[!_]*.html")),
    "/admin/",
    "/admin/eventhub/rule/",
    "/admin/eventhub/rule/add/",
    "/admin/eventhub/target/add/",
    "/admin/eventhub/target/add/?kind=redis-stream",
    "/admin/eventhub/connection/add/?auth=oauth-client-credentials",
    "/admin/eventhub/rule/1/change/",
    "/admin/eventhub/target/",
    "/admin/eventhub/target/add/",
    "/admin/eventhub/target/1/change/",
    "/admin/eventhub/bus/",
    "/admin/eventhub/bus/add/",
    "/admin/eventhub/apikey/",
    "/admin/eventhub/apikey/add/",
    "/admin/eventhub/auditentry/",
    "/admin/eventhub/auditentry/5/change/",
    "/admin/eventhub/auditentry/5/rollback/",
    "/admin/journal/eventrow/",
    "/admin/journal/outcomerow/",
    "/admin/journal/attemptrow/",
    "/admin/journal/deadletterrow/",
    "/admin/journal/outcomerow/?state=loop",
    "/admin/eventhub/rule/?q=nothing-of-the-kind",
    "/admin/eventhub/rule/1/delete/",
    "/admin/auth/user/",
    "/admin/auth/user/1/change/",
    "/admin/password_change/",
]
# What only Django's own templates of the admin could mend: advice about structure, no rule of WCAG's.
DJANGOS = ["region", "landmark-unique", "heading-order", "empty-table-header", "label-title-only"]


@pytest.fixture
def axe() -> str:
    if not AXE.exists():
        if os.environ.get("CI"):
            pytest.fail("axe-core is missing: make lint installs it")
        pytest.skip("needs axe-core: make lint installs it")
    return AXE.read_text()


def test_every_page_is_accessible_in_both_colour_schemes(
    hub: Running, browser: Browser, context: BrowserContext, axe: str
) -> None:
    page = context.new_page()
    open_flow(page, hub)
    found = {"the empty flow": faults(page, axe)}
    with filled(hub) as events:
        first = f"/events/{events[0]}"
        of_events = [
            *(f"/events/{one}" for one in events),
            f"{first}/preview",
            f"{first}?rules=now&show=delivered",
            f"{first}/why/1",
            f"{first}/why/2",
            f"{first}/replay",
            f"/rules/new?from=event:{events[0]}",
        ]
        for address in [*PAGES, *of_events]:
            answer = page.goto(f"{hub.url}{address}")
            assert answer is not None
            assert answer.ok or address == "/nowhere", f"{address}: HTTP {answer.status}"
            found[address] = faults(page, axe, but=DJANGOS if address.startswith("/admin/") else ())
        page.goto(f"{hub.url}/flow")
        page.get_by_role("button", name="List").click()
        found["the list of nodes"] = faults(page, axe)
    stranger = browser.new_page()
    stranger.goto(f"{hub.url}/sign-in")
    found["/sign-in"] = faults(stranger, axe)
    stranger.goto(f"{hub.url}/sign-in/spent")
    found["a spent link"] = faults(stranger, axe)
    stranger.close()

    told = [f"{name}: {fault}" for name, them in found.items() for fault in them]
    assert not told, "\n".join(told)


def faults(page: Page, axe: str, *, but: Iterator[str] | list[str] | tuple[str, ...] = ()) -> list[str]:
    """Return what axe finds on the page as it is, dark and light."""
    rules = {"rules": {name: {"enabled": False} for name in but}}
    found = []
    page.evaluate(axe)  # by the debugger's way in: the content security policy stays as it is
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]  # one of two
        said = page.evaluate("(options) => axe.run(document, options)", rules)
        for fault in said["violations"]:
            places = [node["html"][:160] + " " + node["failureSummary"][:300] for node in fault["nodes"][:3]]
            found.append(f"{scheme} {fault['id']} ({len(fault['nodes'])}): {places}")
    return found


@contextmanager
def filled(hub: Running) -> Iterator[list[str]]:
    """Let one event be delivered, one given up and one match nothing; give their ids."""
    with Receiver() as receiver:
        add_rule(hub, receiver.url())
        gone = {"name": "gone", "kind": "webhook", "url": "http://127.0.0.1:9/in", "max_attempts": 1}
        ask(hub, "targets", gone)
        ask(
            hub,
            "rules",
            {"bus": "default", "name": "lost", "pattern": {"detail-type": ["lost"]}, "targets": ["gone"]},
        )
        ids = [
            ask(hub, "buses/default/events", {"source": source, "detail-type": kind, "detail": {"order": 1}})
            for source, kind in [("shop", "order.paid"), ("cafe", "lost"), ("cafe", "unheard")]
        ]
        until(lambda: ask(hub, "dead-letters")["items"], what="the dead letter")
        ask(hub, "redrives", {"filter": {"target": "nobody"}})  # its card stands on the page
        yield [one["entries"][0]["id"] for one in ids]


def ask(hub: Running, path: str, body: object = None) -> dict[str, list[dict[str, str]]]:
    """Ask the REST API."""
    request = urllib.request.Request(
        f"{hub.url}/api/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {hub.key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)  # type: ignore[no-any-return]  # JSON
