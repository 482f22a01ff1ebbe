"""Amazon resource names of our own things, in the shapes that EventBridge gives them."""

DEFAULT_BUS = "default"  # whose rules are named without it


def bus_arn(bus: str, *, region: str, account: str) -> str:
    """Return the name of a bus.

    >>> bus_arn("orders", region="eu-west-1", account="111122223333")
    'arn:aws:events:eu-west-1:111122223333:event-bus/orders'
    """
    return f"arn:aws:events:{region}:{account}:event-bus/{bus}"


def rule_arn(bus: str, rule: str, *, region: str, account: str) -> str:
    """Return the name of a rule.

    >>> rule_arn("default", "all", region="eu-west-1", account="111122223333")
    'arn:aws:events:eu-west-1:111122223333:rule/all'
    >>> rule_arn("orders", "all", region="eu-west-1", account="111122223333")
    'arn:aws:events:eu-west-1:111122223333:rule/orders/all'
    """
    path = rule if bus == DEFAULT_BUS else f"{bus}/{rule}"
    return f"arn:aws:events:{region}:{account}:rule/{path}"


def target_arn(target: str, *, region: str, account: str) -> str:
    """Return the name of a target that has no Amazon name of its own.

    >>> target_arn("crm", region="eu-west-1", account="111122223333")
    'arn:aws:events:eu-west-1:111122223333:target/crm'
    """
    return f"arn:aws:events:{region}:{account}:target/{target}"
