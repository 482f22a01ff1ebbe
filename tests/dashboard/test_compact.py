"""Our JavaScript as it is sent."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from eventhub.dashboard.compact import compact
from eventhub.dashboard.static_files import static_file
from tests.running import ROOT

FILES = sorted((ROOT / "static" / "js").glob("*.js"))
# Prints the first piece of syntax by which what is sent of a module differs from what was written.
COMPARE = """
const ts = require("typescript");
function leaves(name, text) {
  const found = [];
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  found.push(...file.parseDiagnostics.map((one) => `error ${one.messageText}`));
  const walk = (node) => {
    const before = found.length;
    ts.forEachChild(node, walk);
    const isLeaf = found.length === before;
    if (isLeaf) found.push(ts.SyntaxKind[node.kind] + (ts.isBlock(node) ? "" : ` ${node.getText(file)}`));
  };
  walk(file);
  return found;
}
for (const [name, texts] of Object.entries(JSON.parse(require("node:fs").readFileSync(0, "utf8")))) {
  const [written, sent] = texts.map((text) => leaves(name, text));
  const at = written.findIndex((leaf, i) => leaf !== sent[i]);
  if (at >= 0) console.log(`${name}: ${written[at]} became ${sent[at]}`);
}
"""


async def ask(path: str, query: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "path": f"/static/{path}",
        "method": "GET",
        "query_string": query,
        "headers": [
            (name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()
        ],
    }
    await static_file(scope, None, send)
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.mark.asyncio
async def test_a_script_is_sent_without_comments_and_compressed_for_whoever_takes_it() -> None:
    status, headers, body = await ask("js/graph.js", b"v=1f", accept_encoding="br, gzip")
    _, plain_headers, plain = await ask("js/graph.js")

    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert "immutable" in headers["cache-control"]
    assert plain_headers["cache-control"] == "no-cache"
    assert gzip.decompress(body) == plain
    assert b"@param" not in plain
    assert len(plain) < len((ROOT / "static/js/graph.js").read_bytes()) * 0.8


@pytest.mark.asyncio
async def test_a_script_that_the_browser_has_is_not_sent_again() -> None:
    _, headers, _ = await ask("js/graph.js")

    assert (await ask("js/graph.js", if_none_match=headers["etag"]))[::2] == (304, b"")


@pytest.mark.asyncio
async def test_what_is_no_script_of_ours_is_not_found_outside_its_folder() -> None:
    assert (await ask("js/../../manage.py"))[0] == 404
    assert (await ask("js/nothing.js"))[0] == 404
    assert (await ask("css/tokens.css"))[0] == 200


def test_what_is_sent_of_a_script_means_what_was_written() -> None:
    both = {path.name: [path.read_text("utf-8"), _sent(path)] for path in FILES}
    # A blank too many is taken from a template within a template: give the inner one a name.
    compared = subprocess.run(
        [Path(sys.executable).with_name("node"), "-e", COMPARE],
        input=json.dumps(both),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert "graph.js" in both
    assert compared.stdout == ""


def _sent(path: Path) -> str:
    found = compact(f"js/{path.name}")
    assert found is not None
    return found.plain.decode()
