"""ARNs of resources beside EventBridge's, as far as a template tells their names."""

from collections.abc import Mapping

from django.conf import settings

# By type in CloudFormation and in Terraform: the property that names it, and its ARN.
NAMED: Mapping[str, tuple[str, str]] = {
    "AWS::SQS::Queue": ("QueueName", "arn:aws:sqs:{region}:{account}:{name}"),
    "AWS::SNS::Topic": ("TopicName", "arn:aws:sns:{region}:{account}:{name}"),
    "AWS::Lambda::Function": ("FunctionName", "arn:aws:lambda:{region}:{account}:function:{name}"),
    "AWS::Serverless::Function": ("FunctionName", "arn:aws:lambda:{region}:{account}:function:{name}"),
    "AWS::Kinesis::Stream": ("Name", "arn:aws:kinesis:{region}:{account}:stream/{name}"),
    "AWS::KinesisFirehose::DeliveryStream": (
        "DeliveryStreamName",
        "arn:aws:firehose:{region}:{account}:deliverystream/{name}",
    ),
    "AWS::StepFunctions::StateMachine": (
        "StateMachineName",
        "arn:aws:states:{region}:{account}:stateMachine:{name}",
    ),
    "AWS::Serverless::StateMachine": ("Name", "arn:aws:states:{region}:{account}:stateMachine:{name}"),
    "AWS::Logs::LogGroup": ("LogGroupName", "arn:aws:logs:{region}:{account}:log-group:{name}"),
    "AWS::IAM::Role": ("RoleName", "arn:aws:iam::{account}:role/{name}"),
    "aws_sqs_queue": ("name", "arn:aws:sqs:{region}:{account}:{name}"),
    "aws_sns_topic": ("name", "arn:aws:sns:{region}:{account}:{name}"),
    "aws_lambda_function": ("function_name", "arn:aws:lambda:{region}:{account}:function:{name}"),
    "aws_kinesis_stream": ("name", "arn:aws:kinesis:{region}:{account}:stream/{name}"),
    "aws_kinesis_firehose_delivery_stream": (
        "name",
        "arn:aws:firehose:{region}:{account}:deliverystream/{name}",
    ),
    "aws_sfn_state_machine": ("name", "arn:aws:states:{region}:{account}:stateMachine:{name}"),
    "aws_cloudwatch_log_group": ("name", "arn:aws:logs:{region}:{account}:log-group:{name}"),
    "aws_iam_role": ("name", "arn:aws:iam::{account}:role/{name}"),
}


def arn_for(kind: str, name: str) -> str:
    """Return the ARN of a resource of a type in ``NAMED``, in this installation's account and region."""
    return NAMED[kind][1].format(region=settings.REGION, account=settings.ACCOUNT_ID, name=name)
