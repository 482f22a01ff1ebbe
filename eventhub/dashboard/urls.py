"""The pages' addresses."""

from django.urls import path

from eventhub.dashboard import (
    dead_letters,
    first_steps,
    flow_page,
    keyboard,
    preview_page,
    redriving,
    reference,
    search_page,
    stream,
    summary,
)
from eventhub.dashboard.buses import archiving, replaying
from eventhub.dashboard.buses import listing as bus_list
from eventhub.dashboard.buses import page as bus_page
from eventhub.dashboard.event import again, why
from eventhub.dashboard.event import page as event_page
from eventhub.dashboard.rules import listing, making, switching, versions
from eventhub.dashboard.rules import page as rule_page
from eventhub.dashboard.scrubber import views as scrubber
from eventhub.dashboard.sources import listing as source_list
from eventhub.dashboard.targets import acting
from eventhub.dashboard.targets import listing as target_list
from eventhub.dashboard.targets import page as target_page

urlpatterns = [
    path("", flow_page.start),
    path("flow", flow_page.flow, name="flow"),
    path("flow/rows", stream.rows, name="flow-rows"),
    path("flow/bars", scrubber.bars, name="flow-bars"),
    path("flow/at", scrubber.at, name="flow-at"),
    path("flow/first-key", first_steps.first_key, name="first-key"),
    path("flow/test-event", first_steps.test_event, name="test-event"),
    path("events", search_page.events, name="events"),
    path("events/previews", summary.previews, name="previews"),
    path("events/<uuid:event_id>", event_page.event, name="event"),
    path("events/<uuid:event_id>/rows", event_page.rows, name="event-rows"),
    path("events/<uuid:event_id>/others", event_page.others, name="event-others"),
    path("events/<uuid:event_id>/overview", event_page.overview, name="event-overview"),
    path("events/<uuid:event_id>/deliveries/<int:seq>", event_page.delivery, name="event-delivery"),
    path(
        "events/<uuid:event_id>/deliveries/<int:seq>/<int:number>", event_page.attempt, name="event-attempt"
    ),
    path("events/<uuid:event_id>/why/<int:rule_id>", why.why, name="why"),
    path("events/<uuid:event_id>/replay", again.again, name="replay-event"),
    path("events/<uuid:event_id>/summary", summary.summary, name="summary"),
    path("events/<uuid:event_id>/preview", preview_page.preview_event, name="preview"),
    path("dead-letters", dead_letters.dead_letters, name="dead-letters"),
    path("dead-letters/redrive", redriving.redrive, name="redrive"),
    path("dead-letters/redrives", redriving.progress, name="redrives"),
    path("dead-letters/redrives/<int:redrive_id>/<str:action>", redriving.steer, name="steer-redrive"),
    path("targets", target_list.targets, name="targets"),
    path("targets/<int:pk>", target_page.target, name="target"),
    path("targets/<int:pk>/now", target_page.now, name="target-now"),
    path("targets/<int:pk>/lately", target_page.lately, name="target-lately"),
    path("targets/<int:pk>/test", acting.test, name="test-target"),
    path("targets/<int:pk>/limits", acting.limits, name="limit-target"),
    path("targets/<int:pk>/<str:action>", acting.act, name="act-on-target"),
    path("help/keys", keyboard.keys, name="keys"),
    path("rules", listing.rules, name="rules"),
    path("rules/switch", switching.switch, name="switch-rules"),
    path("rules/new", making.new_rule, name="new-rule"),
    path("rules/try", making.try_new, name="try-new-rule"),
    path("rules/<int:pk>", rule_page.rule, name="rule"),
    path("rules/<int:pk>/try", rule_page.try_rule, name="try-rule"),
    path("rules/<int:pk>/versions", versions.versions, name="rule-versions"),
    path("rules/<int:pk>/rollback", versions.roll_back, name="roll-back-rule"),
    path("buses", bus_list.buses, name="buses"),
    path("buses/<path:name>", bus_page.bus, name="bus"),
    path("archives/new", archiving.new_archive, name="new-archive"),
    path("replays/new", replaying.new_replay, name="new-replay"),
    path("replays/<int:replay_id>/cancel", replaying.cancel, name="cancel-replay"),
    path("sources", source_list.sources, name="sources"),
    path("docs/", reference.index, name="docs"),
    path("docs/<path:name>", reference.document, name="document"),
]
