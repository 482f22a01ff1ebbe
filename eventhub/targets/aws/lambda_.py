"""The Lambda kind: each event as one asynchronous invocation of a function."""

from collections.abc import Mapping
from typing import Any

from eventhub.targets.aws.arn import Arn, ArnShape
from eventhub.targets.aws.kind import CREDENTIALS, AwsKind, arn_field, at_most
from eventhub.targets.kind import Order

MAX_BYTES = 2**20
SHAPE = ArnShape(
    "lambda",
    r"function:[A-Za-z0-9_-]{1,140}(?::(?:\$LATEST|[A-Za-z0-9_-]{1,128}))?",
    "arn:aws:lambda:eu-west-1:111122223333:function:orders",
)


class LambdaKind(AwsKind):
    """Invokes functions, as EventBridge does: Lambda queues the event and answers at once."""

    name = "lambda"
    title = "AWS Lambda"
    summary = "Invokes a Lambda function with each event. Lambda takes it over: it runs, and retries, itself."
    service = "lambda"
    operation = "Invoke"
    shape = SHAPE
    fields = (arn_field(SHAPE, "The function; a version or an alias may follow."), *CREDENTIALS)

    def parameters(self, order: Order, arn: Arn) -> dict[str, Any]:
        """Return the invocation."""
        at_most(len(order.body), MAX_BYTES, "an asynchronous invocation of Lambda")
        return {"FunctionName": order.settings["arn"], "InvocationType": "Event", "Payload": order.body}

    def hand_over(self, service: Any, parameters: dict[str, Any]) -> Mapping[str, object]:
        """Invoke the function."""
        answer = service.invoke(**parameters)
        return {"status": answer["StatusCode"], "request_id": answer["ResponseMetadata"].get("RequestId", "")}
