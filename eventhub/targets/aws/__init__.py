"""AWS services as targets, each named by its ARN.

::

    order ─► kind: parameters ─► clients: keys (a role assumed), botocore client ─► exchange ─► service
                                                                                       │
    result ◄─ kind: what to keep ◄─ failures: the one table of error codes ◄───────────┘

- ``arn``       reads ARNs strictly: partition and region decide the host, so nothing else may stand there;
- ``kind``      what the eight kinds share: credentials' fields, the size check, the call itself;
- ``clients``   botocore clients, and the keys of assumed roles, kept for the next attempt;
- ``exchange``  the HTTP of every call: address resolved, checked by the guard and pinned; deadline; no proxy;
- ``failures``  which error codes are tried again, and whose fault they are.

botocore builds, signs and reads the messages. It retries nothing, which is the delivery's business, and reads
no environment variable, no ``~/.aws`` and no instance metadata: a target acts under the keys stored with it,
or under a role that these may assume, never as the machine that Eventhub runs on. Otherwise everybody who may
configure a target could do there what the machine may.

Where the calls go: to the service's own endpoint in the ARN's region, over TLS, at an address that passes the
guard (a VPC endpoint has a private one: ``EVENTHUB_ALLOWED_NETWORKS``). ``EVENTHUB_AWS_ENDPOINT_URL``, set by
the operator for an emulator or a gateway, takes all of them instead and is trusted.
"""
