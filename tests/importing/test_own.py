"""Our own YAML: what is exported is imported as what it was, and no secret is in it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from eventhub.access.caller import Caller, CallerKind
from eventhub.access.scopes import ALL_SCOPES
from eventhub.api.eventbridge.errors import AwsError
from eventhub.api.eventbridge.operations import ANSWERED
from eventhub.api.importing import documents
from eventhub.api.importing.report import ImportRefusedError
from eventhub.flow import as_values, as_yaml
from eventhub.models import ApiDestination, Archive, Bus, Connection, GlobalEndpoint, Rule, RuleTarget, Target
from tests.importing.conftest import Importing

pytestmark = pytest.mark.django_db

HIDDEN = "whsec_" + "B" * 32
PATTERN = '{\n  "detail": {"a": [1.50, 12345678901234567]}\n}'


@pytest.fixture
def everything() -> None:
    """One of everything, with what differs from the defaults."""
    default = Bus.objects.get(name="default")
    orders = Bus.objects.create(name="orders", description="What was ordered: “all”", tags={"team": "shop"})
    connection = Connection(name="partner", auth="basic", config={"user_name": "ann"})
    connection.change_secrets({"password": "hush"})
    connection.save()
    destination = ApiDestination.objects.create(
        name="stock", connection=connection, endpoint="https://example.com/*", rate_per_second=7
    )
    dead = Target.objects.create(name="zz-dead", kind="bus", bus=default)
    webhook = Target(name="crm", url="https://example.com/in", max_attempts=3, dead_letter_target=dead)
    webhook.change_secrets({"signing": [{"secret": HIDDEN, "until": None}]})
    webhook.save()
    stock = Target.objects.create(
        name="stock", kind="api-destination", api_destination=destination, config={"path_parameters": ["7"]}
    )
    rule = Rule.objects.create(bus=orders, name="big", pattern=PATTERN, enabled=False)
    RuleTarget.objects.create(rule=rule, target=webhook, transform={"InputPath": "$.detail"})
    RuleTarget.objects.create(rule=rule, target=stock, identifier="other", told={"RoleArn": "arn:x"})
    Rule.objects.create(bus=default, name="tick", schedule_expression="rate(5 minutes)")
    Archive.objects.create(name="kept", bus=orders, pattern=PATTERN, retention_days=3)


def exported() -> str:
    out = io.StringIO()
    call_command("export_rules", stdout=out)
    return out.getvalue()


def test_what_is_exported_changes_nothing(importing: Importing, everything: None):
    text = exported()

    assert "hush" not in text
    assert HIDDEN not in text
    report = importing(text)
    assert (importing.changes(report), report.refused) == ([], [])
    assert exported() == text


def test_an_empty_installation_becomes_what_was_exported(importing: Importing, everything: None):
    text, before = exported(), as_values.told()
    Rule.objects.all().delete()
    for model in (Archive, Target, ApiDestination, Connection):
        model.objects.order_by("name").delete()
    Bus.objects.get(name="orders").delete()

    refused = importing(text)
    assert {one.text for one in refused.refused} >= {"secrets: wanted password, which no export tells"}
    assert not refused.is_applied
    assert Rule.objects.count() == 0

    document = documents.read(text)
    document["connections"][0]["secrets"] = {"password": "new"}
    document["targets"][0]["secrets"] = {"signing": [{"secret": "whsec_" + "A" * 32, "until": None}]}
    report = importing(as_yaml.write(document))

    assert report.refused == []
    assert as_values.told() == before
    assert Connection.objects.get().secrets() == {"password": "new"}
    assert Rule.objects.get(name="big").versions.get().made_by == "user:ann"
    assert Rule.objects.get(name="big").pattern == PATTERN


def test_a_dry_run_shows_what_would_change_and_changes_nothing(importing: Importing, everything: None):
    text = (
        exported()
        .replace("rate(5 minutes)", "rate(1 hour)")
        .replace("retention_days: 3", "retention_days: 4")
    )

    report = importing(text, apply=False)

    assert importing.changes(report) == ["changed archive kept", "changed rule default/tick"]
    assert report.changes[1].members == {"schedule_expression": ("rate(5 minutes)", "rate(1 hour)")}
    assert "    retention_days: 3 → 4" in list(report.lines())
    assert not report.is_applied
    assert Archive.objects.get().retention_days == 3


def test_prune_removes_what_the_sections_of_the_file_do_not_have(importing: Importing, everything: None):
    Rule.objects.create(bus=Bus.objects.get(name="default"), name="old", pattern='{"source": ["x"]}')
    document = documents.read(exported())
    rules = {"rules": [one for one in document["rules"] if one["name"] == "big"]}

    kept = importing(as_yaml.write(rules))
    report = importing(as_yaml.write(rules), prune=True)

    assert kept.changes == []
    assert importing.changes(report) == ["removed rule default/old", "removed rule default/tick"]
    assert Target.objects.count() == 3
    in_use = importing("targets: []", prune=True)
    assert [one.where for one in in_use.refused] == ["targets crm", "targets stock", "targets zz-dead"]
    assert Target.objects.count() == 3


def test_a_deauthorised_connection_comes_back_as_it_was(importing: Importing, everything: None):
    connection = Connection.objects.get()
    connection.change_secrets(dict.fromkeys(connection.secrets()))
    connection.authorized = False
    connection.save()
    text, before = exported(), as_values.told()

    assert importing(text).changes == []
    document = documents.read(text)
    document["connections"][0]["name"] = "copy"
    assert importing(as_yaml.write({"connections": document["connections"]})).refused == []

    copied = Connection.objects.get(name="copy")
    assert (copied.authorized, copied.secrets()) == (False, {})
    assert as_values.told()["connections"]["partner"] == before["connections"]["partner"]


def test_secrets_that_are_given_authorise_a_connection_and_are_shown_by_name_only(
    importing: Importing, everything: None
):
    text = "connections: [{name: partner, auth: basic, config: {user_name: ann}, secrets: {password: %s}}]"

    dry = importing(text % "other", apply=False)

    assert importing.changes(dry) == ["changed connection partner"]
    assert list(dry.lines()) == [
        "~ connection partner",
        "    secrets.password: sealed → sealed, another one",
    ]
    assert importing(text % "other").changes == dry.changes
    assert Connection.objects.get().secrets() == {"password": "other"}
    Connection.objects.update(authorized=False)
    assert importing(text % "other").changes[0].members == {"authorized": (False, None)}


@pytest.mark.parametrize(
    "text",
    [
        "a\x85b",
        "\x85",
        "a\r\nb",
        " a\n b \n",
        "a\u2028b",
        "\ufeffa",
        "yes",
        "012",
        "~",
        "a: b # c",
        "\t",
        "\x01",
    ],
)
def test_every_text_comes_back_as_it_was(importing: Importing, text: str):
    Bus.objects.create(name="b", description=text, tags={"t": text})
    Rule.objects.create(bus=Bus.objects.get(name="b"), name="r", pattern='{"a": ["\x85é"],\n"b": [1]}')

    written = exported()

    assert importing(written).changes == []
    assert importing.changes(importing("buses: [{name: b}]")) == ["changed bus b"]
    importing(written)
    assert (Bus.objects.get(name="b").description, Bus.objects.get(name="b").tags) == (text, {"t": text})


@pytest.mark.parametrize(
    ("said", "age_seconds"),
    [
        ("", 86_400),
        ("schedule: standard-webhooks", 302_915),
        ("schedule: standard-webhooks, max_age_seconds: 86400", 86_400),
        ("schedule: standard-webhooks, max_age_seconds: 3600", 3600),
        ("schedule: exponential, max_age_seconds: 302915", 302_915),
    ],
)
@pytest.mark.parametrize("is_there", [False, True])
def test_a_schedule_without_an_age_takes_its_usual_one(
    importing: Importing, said: str, age_seconds: int, is_there: bool
):
    if is_there:
        Target.objects.create(name="t", url="https://example.com/in")

    report = importing(f"targets: [{{name: t, url: 'https://example.com/in', {said}}}]")

    assert report.refused == []
    assert Target.objects.get().max_age_seconds == age_seconds
    again = as_yaml.write(as_values.document(as_values.told()))
    assert importing(again).changes == []
    Target.objects.all().delete()
    importing(again)
    assert Target.objects.get().max_age_seconds == age_seconds


STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}


@pytest.mark.parametrize(
    ("changed", "is_taken"),
    [
        ({"Sid": "s", "Principal": {"AWS": ["111122223333"], "Service": "a"}}, True),
        ({"Condition": {"NumericLessThan": {"a": [1.50, 1e300, 10**30]}, "Bool": {"b": True}}}, True),
        ({"Principal": {}}, False),
        ({"NotPrincipal": {"AWS": "1"}}, False),
        ({"Junk": 1}, False),
        ({"Action": [5, "x"]}, False),
        ({"Condition": {"StringEquals": 5}}, False),
        ({"Condition": {"StringEquals": {"a": float("inf")}}}, True),
        ({"Principal": {"AWS": ["a"], "Service": []}}, False),
        ({"Sid": "\0"}, False),
    ],
)
def test_a_policy_that_eventbridge_takes_comes_back(
    importing: Importing, changed: dict[str, Any], is_taken: bool
):
    # 1e999 is a number to JSON; it is kept as its text.
    policy = json.dumps({"Statement": STATEMENT | changed}).replace("Infinity", "1e999")
    caller = Caller(CallerKind.USER, "ann", ALL_SCOPES)
    put = ANSWERED["PutPermission"]
    if not is_taken:
        with pytest.raises(AwsError, match=r"Parameter Policy is not valid\. Reason: statement 1: "):
            put({"Policy": policy}, caller)
        return

    put({"Policy": policy}, caller)
    report = importing(as_yaml.write(as_values.document(as_values.told())))

    assert (report.refused, report.unsupported, report.changes) == ([], [], [])


def test_global_endpoints_are_shown_and_come_back(importing: Importing):
    bus = Bus.objects.create(name="orders")
    endpoint = GlobalEndpoint.objects.create(
        name="both",
        bus=bus,
        secondary_bus="arn:aws:events:us-west-2:000000000000:event-bus/orders",
        health_check="arn:aws:route53:::healthcheck/abc",
    )
    text, before = exported(), as_values.told()
    assert importing(text).changes == []
    endpoint.delete()

    assert importing.changes(importing(text, apply=False)) == ["added global endpoint both"]
    importing(text)
    assert as_values.told() == before


def test_a_bus_of_a_partner_that_is_not_here_is_left_out_with_what_is_on_it(importing: Importing):
    report = importing(
        """
        buses: [{name: aws.partner/example.com/a}]
        targets: [{name: there, kind: bus, bus: aws.partner/example.com/a}]
        rules:
        - {name: r, bus: aws.partner/example.com/a, pattern: {a: [1]}}
        - {name: s, pattern: {a: [1]}, targets: [there]}
        """
    )

    assert (report.refused, report.is_applied) == ([], True)
    assert [one.where for one in report.unsupported] == ["buses[0]", "targets[0]", "rules[0]", "rules[1]"]
    assert importing.changes(report) == ["added rule default/s"]


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("buses: [{name: a, policy: 5}]", "buses[0]", "policy: wanted a list of statements, found int"),
        (
            "buses: [{name: a, policy: {Statement: []}}]",
            "buses[0]",
            "wanted a list of statements, found dict",
        ),
        ("buses: [{name: a, policy: [5]}]", "buses[0]", "policy[0]: wanted an object, found 5"),
        (
            "buses: [{name: a, policy: [{Effect: Allow}]}]",
            "buses[0]",
            'policy[0]: Principal: wanted "*", or an object',
        ),
        ("buses: [{name: a, tags: 5}]", "buses[0]", "tags: wanted an object"),
        (
            "buses: [{name: a, tags: {a: 5}}]",
            "buses[0]",
            "tags: NUMBER_VALUE can not be converted to a String",
        ),
        ("buses: [{name: a, told: 5}]", "buses[0]", "told: wanted an object"),
        ("buses: [{name: a, told: {Policy: x}}]", "buses[0]", "told: unknown: Policy"),
        ("buses: [{name: a}, {name: a}]", "buses[1]", "a is there twice"),
        ("rules: [{name: a, pattern: {a: [1]}, told: 5}]", "rules[0]", "told: wanted an object"),
        ("rules: [{name: a, pattern: {a: [1]}, told: {RoleArn: 5}}]", "rules[0]", "told: NUMBER_VALUE"),
        ("connections: [{name: a, secrets_to_give: 5}]", "connections[0]", "secrets_to_give: wanted a list"),
        ("rules: [{name: a b, pattern: '{}'}]", "rules[0].name", "wanted 1 to 64"),
        ("rules: [{name: a, pattern: '{\"a\": []}'}]", "rules[0].pattern", "at least one value"),
        ("rules: [{name: a, bus: none}]", "rules[0]", "bus: there is none named 'none'"),
        (
            "rules: [{name: a, pattern: '{\"a\": [1]}', targets: [none]}]",
            "rules[0]",
            "targets: there is none",
        ),
        ("rules: [{name: a, colour: red}]", "rules[0]", "unknown: colour; known are: bus, name"),
        ("rules: [a]", "rules[0]", "wanted an object with a name"),
        ("targets: [{name: a, kind: none}]", "targets[0]", "none"),
        ("targets: [{name: a, url: [1]}]", "targets[0]", "wanted"),
        ("targets: [{name: a, max_attempts: many}]", "targets[0]", "many"),
    ],
)
def test_what_is_refused_says_where_and_why(importing: Importing, text: str, where: str, said: str):
    report = importing(text)

    assert report.refused[0].where.startswith(where), report.refused
    assert said.lower() in report.refused[0].text.lower()
    assert not report.is_applied


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1", "wanted an object of buses, connections"),
        ("- 1", "neither a CloudFormation"),
        ("", "neither a CloudFormation"),
        ("rules: &all [1]\ntargets: *all", "line 2, column 10: aliases"),
        ("rules: []\nrules: []", "line 2, column 1: 'rules' is there twice"),
        ('{"rules": [], "rules": []}', "'rules' is there twice"),
        ('{"rules": [', "line 1, column 12"),
        ("rules: [", "line 1"),
        ("? [a]\n: 1", "wanted a text as the name"),
        ("a: !!python/object/apply:os.system ['true']", "line 1"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("rules: " + "[" * 5_000, "nested too deeply"),
        ("rules: {}", "rules: wanted a list, found dict"),
        ("rules: !!int x", "wanted values of the types"),
        ("rules: !!set {a}", "could not determine a constructor"),
        ("rules: .inf", "line 1, column 8: wanted a number"),
        ('{"rules": NaN}', "wanted a number, found NaN"),
        ('{"rules": ' + "9" * 5_000 + "}", "wanted numbers of a reasonable length"),
        ("rules: 0x" + "f" * 6000, "line 1, column 8: wanted a number of at most 1000 digits"),
        ('{"rules": ' + "9" * 6000 + "}", "wanted numbers of a reasonable length"),
        ('rules: ["\\0"]', "rules[0]: wanted a text, found a character with the code 0x0000"),
        ('{"rules": "\\ud800"}', "rules: wanted a text, found a character with the code 0xd800"),
    ],
)
def test_a_text_that_cannot_be_read_says_where(importing: Importing, text: str, said: str):
    with pytest.raises(ImportRefusedError) as refused:
        importing(text)

    assert said in str(refused.value)


def test_the_command_shows_first_and_changes_when_told(tmp_path: Path, everything: None):
    file = tmp_path / "rules.yaml"
    file.write_text(exported().replace("rate(5 minutes)", "rate(1 hour)"))
    out = io.StringIO()

    call_command("import_rules", str(file), stdout=out)
    assert out.getvalue().splitlines() == [
        "~ rule default/tick",
        "    schedule_expression: rate(5 minutes) → rate(1 hour)",
        "1 change; make them with --apply.",
    ]
    out.truncate(0)
    call_command("import_rules", str(file), "--apply", stdout=out)
    assert out.getvalue().endswith("Made 1 change.\n")
    call_command("import_rules", str(file), stdout=out)
    assert out.getvalue().endswith("No change.\n")
    file.write_text("rules: [{name: a b}]")
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("import_rules", str(file), "--apply", stdout=out)
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_rules", str(tmp_path / "none"), stdout=out)
