"""Archives."""

from eventhub.api.openapi.configured import Resource
from eventhub.api.openapi.operation import Example, Operations, Parameter
from eventhub.api.openapi.parameters import in_path
from eventhub.api.openapi.resources.buses import BUS, NAME
from eventhub.api.openapi.resources.dated import DATED, DATES
from eventhub.api.openapi.resources.rules import PATTERN_IN
from eventhub.api.openapi.shape import anything, name, nullable, obj, some, text, whole
from eventhub.models.archive import MAX_RETENTION_DAYS

TAG = "archives"
SAID = "An archive keeps a copy of each event of a bus that its pattern picks, for its own days."
ARCHIVE = "sales"
SHAPE = obj(
    SAID,
    {
        "name": name("Unlike every other; it stays.", 48),
        "bus": NAME | {"description": "The bus, by name; it stays."},
        "description": text("For people.", maxLength=512),
        "pattern": nullable(anything("Which events it keeps; null for every event.")),
        "retention_days": whole(
            "Days that each is kept; 0: for ever.", minimum=0, maximum=MAX_RETENTION_DAYS
        ),
        "events": whole("How many it holds now.", minimum=0),
        "bytes": whole("How many bytes their texts have.", minimum=0),
        **DATED,
    },
)
RESOURCE = Resource(
    path="/api/archives",
    tag=TAG,
    one="archive",
    many="archives",
    component="Archive",
    shape=SHAPE,
    writable=some(
        SHAPE,
        ["name", "bus", "description", "pattern", "retention_days"],
        required=["name", "bus"],
        pattern=PATTERN_IN,
    ),
    key=in_path("name", "The name of the archive.", name("", 48), ARCHIVE),
    example={
        "name": ARCHIVE,
        "bus": BUS,
        "description": "",
        "pattern": {"source": ["shop.web"]},
        "retention_days": 90,
        "events": 0,
        "bytes": 0,
        **DATES,
    },
    new={
        "some": Example(
            "What a pattern picks", {"name": "refunds", "bus": BUS, "pattern": {"source": ["shop.web"]}}
        ),
        "all": Example("Every event", {"name": "all", "bus": "default", "retention_days": 7}),
    },
    change={"retention_days": 30},
    said=SAID,
    filters=(Parameter("bus", "Only those of this bus.", text(), BUS),),
    deleting="Deletes the archive, and within a minute its copies.",
)
COMPONENTS = RESOURCE.components()
OPERATIONS: Operations = RESOURCE.operations()
