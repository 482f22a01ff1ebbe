"""Amazon resource names of targets, read strictly.

Partition and region become part of a host's name, so only what AWS gives out may stand there.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

# The public partitions: which regions they have, and what their hosts end with.
PARTITIONS = {
    "aws": (re.compile(r"(?:us|eu|ap|sa|ca|me|af|il|mx)-(?!gov-)[a-z]{2,16}-[0-9]{1,2}"), "amazonaws.com"),
    "aws-cn": (re.compile(r"cn-[a-z]{2,16}-[0-9]{1,2}"), "amazonaws.com.cn"),
    "aws-us-gov": (re.compile(r"us-gov-[a-z]{2,16}-[0-9]{1,2}"), "amazonaws.com"),
    "aws-eusc": (re.compile(r"eusc-de-[a-z]{2,16}-[0-9]{1,2}"), "amazonaws.eu"),
}
_ACCOUNT = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True)
class Arn:
    """An ARN in its parts."""

    partition: str
    region: str
    account: str
    resource: str  # with its type, as in function:orders

    @property
    def name(self) -> str:
        """Return the resource's name without its type."""
        return re.split(r"[:/]", self.resource, maxsplit=1)[-1]


@dataclass(frozen=True, slots=True)
class ArnShape:
    """What the ARNs of a service look like."""

    service: str
    resource: str  # a regular expression
    example: str

    def parse(self, text: str) -> Arn:
        """Read an ARN; raises ValueError, saying what was wanted and found.

        >>> queues = ArnShape("sqs", "[a-z]+", "arn:aws:sqs:eu-west-1:111122223333:orders")
        >>> queues.parse("arn:aws:sqs:eu-west-1:111122223333:orders").region
        'eu-west-1'
        """
        return _parsed(self, text)

    def check(self, text: str) -> None:
        """Raise ValueError unless the text is such an ARN."""
        self.parse(text)


@lru_cache(maxsize=1024)
def _parsed(shape: ArnShape, text: str) -> Arn:
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        raise ValueError(f"wanted an ARN such as {shape.example}, found {text!r}")
    _arn, partition, service, region, account, resource = parts
    if partition not in PARTITIONS:
        raise ValueError(f"partition: wanted one of {', '.join(PARTITIONS)}, found {partition!r}")
    if service != shape.service:
        raise ValueError(f"service: wanted {shape.service}, as in {shape.example}, found {service!r}")
    if not PARTITIONS[partition][0].fullmatch(region):
        raise ValueError(f"region: wanted one of partition {partition}, found {region!r}")
    if not _ACCOUNT.fullmatch(account):
        raise ValueError(f"account: wanted 12 digits, found {account!r}")
    if not re.fullmatch(shape.resource, resource, re.ASCII):
        raise ValueError(f"resource: wanted one as in {shape.example}, found {resource!r}")
    return Arn(partition, region, account, resource)


_ROLE = re.compile(r"arn:(?P<partition>[a-z-]+):iam::[0-9]{12}:role/[\w+=,.@/-]{1,576}", re.ASCII)


def check_role(text: str) -> None:
    """Raise ValueError unless the text is the ARN of a role.

    >>> check_role("arn:aws:iam::111122223333:role/eventhub")
    """
    match = _ROLE.fullmatch(text)
    if match is None or match["partition"] not in PARTITIONS:
        raise ValueError(f"wanted an ARN such as arn:aws:iam::111122223333:role/eventhub, found {text!r}")
