"""The Step Functions kind: each event as one execution of a state machine."""

from collections.abc import Mapping
from typing import Any

from eventhub.targets.aws.arn import Arn, ArnShape
from eventhub.targets.aws.kind import CREDENTIALS, AwsKind, arn_field, at_most, text_of
from eventhub.targets.kind import Order

MAX_BYTES = 262_144
SHAPE = ArnShape(
    "states",
    r"stateMachine:[A-Za-z0-9_-]{1,80}(?::[A-Za-z0-9_.-]{1,80})?",
    "arn:aws:states:eu-west-1:111122223333:stateMachine:orders",
)


class StepFunctionsKind(AwsKind):
    """Starts executions named by the delivery, so that a second attempt does not start a second one."""

    name = "step-functions"
    title = "AWS Step Functions"
    summary = "Starts an execution of a state machine with each event; one delivery never starts two."
    service = "stepfunctions"
    operation = "StartExecution"
    shape = SHAPE
    fields = (arn_field(SHAPE, "The state machine; a version or an alias may follow."), *CREDENTIALS)

    def parameters(self, order: Order, arn: Arn) -> dict[str, Any]:
        """Return the execution."""
        at_most(len(order.body), MAX_BYTES, "the input of an execution")
        return {
            "stateMachineArn": order.settings["arn"],
            "name": order.message_id,
            "input": text_of(order.body, "the input of an execution"),
        }

    def hand_over(self, service: Any, parameters: dict[str, Any]) -> Mapping[str, object]:
        """Start the execution; one that an earlier attempt started will do, though its answer was lost."""
        try:
            return {"execution": service.start_execution(**parameters)["executionArn"]}
        except service.exceptions.ExecutionAlreadyExists:
            return {"execution": parameters["name"], "already_started": True}
