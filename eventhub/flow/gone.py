"""Gone: a receiver that answers 410 wants no more requests, so its target is disabled, with the reason.

What was attempted is given up; what waits for the target stays pending, until a person has corrected it and
enables it again.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.port import OutcomeState, Settled
from eventhub.models import Target
from eventhub.targets.kind import HttpKind
from eventhub.targets.kinds import kind_of

log = logging.getLogger("eventhub.deliver")

GONE = 410
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def disable_gone(group: Sequence[Settled], keeper: RulebookKeeper) -> None:
    """Disable the targets whose receivers said that they are gone."""
    disabled = [one for one in {_key(one): one for one in group if _says_gone(one)}.values() if _disable(one)]
    for one in disabled:
        fields = {"target": one.claimed.target, "reason": one.reason, "delivery": one.claimed.delivery_id}
        log.warning("target.disabled", extra={"fields": fields})
    if disabled:
        keeper.refresh()  # at once: each further attempt would be one more dead letter


def _key(settled: Settled) -> int:
    return settled.claimed.target_id


def _says_gone(settled: Settled) -> bool:
    attempt = settled.attempt
    return attempt is not None and attempt.status == GONE and settled.state is OutcomeState.DEAD


def _disable(settled: Settled) -> bool:
    assert settled.attempt is not None
    target = Target.objects.filter(pk=settled.claimed.target_id).only("kind").first()
    # Only HTTP gives the number this meaning.
    if target is None or not isinstance(kind_of(target.kind), HttpKind):
        return False
    began = _EPOCH + timedelta(microseconds=settled.attempt.started_at)
    # A target that was changed since then may have another receiver.
    unchanged = Target.objects.filter(pk=target.pk, enabled=True, updated_at__lte=began)
    reason = f"{settled.reason}: it wants no more requests"
    return bool(unchanged.update(enabled=False, disabled_reason=reason[:512]))
