// Drives Eventhub with Amazon's own client for Node; prints what it was answered as one JSON object.
// The endpoint and the credentials come from the environment, as with any program that uses the client.

import {
  CreateEventBusCommand,
  DeleteRuleCommand,
  DescribeRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  PutEventsCommand,
  PutRuleCommand,
  TestEventPatternCommand,
} from "@aws-sdk/client-eventbridge";

const client = new EventBridgeClient({ maxAttempts: 1 });
const send = async (command) => {
  const { $metadata, ...answer } = await client.send(command);
  return answer;
};
const pattern = JSON.stringify({ source: ["shop"] });
const entry = { Source: "shop", DetailType: "order placed", Detail: '{"order": 19}', Time: new Date(0) };
const answers = {
  bus: await send(new CreateEventBusCommand({ Name: "node" })),
  rule: await send(new PutRuleCommand({ Name: "orders", EventBusName: "node", EventPattern: pattern })),
  described: await send(new DescribeRuleCommand({ Name: "orders", EventBusName: "node" })),
  listed: await send(new ListRulesCommand({ EventBusName: "node" })),
  tried: await send(
    new TestEventPatternCommand({
      EventPattern: pattern,
      Event: JSON.stringify({
        id: "1",
        "detail-type": "order placed",
        source: "shop",
        account: "1",
        time: "2026-01-01T00:00:00Z",
        region: "eu-west-1",
        resources: [],
        detail: {},
      }),
    }),
  ),
  put: await send(new PutEventsCommand({ Entries: [{ ...entry, EventBusName: "node" }] })),
  deleted: await send(new DeleteRuleCommand({ Name: "orders", EventBusName: "node" })),
};
try {
  await send(new DescribeRuleCommand({ Name: "orders", EventBusName: "node" }));
} catch (error) {
  answers.missing = { name: error.name, message: error.message };
}
process.stdout.write(JSON.stringify(answers));
