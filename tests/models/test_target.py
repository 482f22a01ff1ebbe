"""Targets: what their kind asks for."""

import pytest
from django.core.exceptions import ValidationError

from eventhub.models import Bus, Target

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "URL is required"),
        ("ftp://files.example/", "wanted http"),
        ("http://", "wanted http"),
        ("http://a.example:99999/", "wanted http"),
        ("http://ann:secret@a.example/", "without a user name and password"),
        ("http://a.example/with space", "wanted http"),
    ],
)
def test_a_url_that_we_could_not_post_to_is_refused_at_the_field(url: str, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Target(name="t", url=url).full_clean()

    assert message in refused.value.message_dict["url"][0]


def test_a_bus_target_needs_a_bus_and_has_no_url() -> None:
    target = Target(name="t", kind="bus", url="http://a.example/")
    with pytest.raises(ValidationError, match="a bus target needs a bus"):
        target.full_clean()

    target.bus = Bus.objects.get()
    target.full_clean()

    assert target.url == ""


@pytest.mark.parametrize(
    ("field", "value"), [("max_attempts", 0), ("max_age_seconds", 59), ("timeout_seconds", 61)]
)
def test_a_figure_out_of_range_is_refused_with_the_range(field: str, value: int) -> None:
    with pytest.raises(ValidationError) as refused:
        Target(name="t", url="http://a.example/", **{field: value}).full_clean()

    assert f"found {value}" in refused.value.message_dict[field][0]
