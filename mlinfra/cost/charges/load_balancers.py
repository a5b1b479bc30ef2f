"""Parts of load balancers that are billed with them."""

from __future__ import annotations

from mlinfra.cost.charges._registry import free

free(
    "billed by the load balancer",
    *(
        f"aws:{module}/{name}:{name[0].upper()}{name[1:]}"
        for module in ("lb", "alb")
        for name in ("listener", "listenerRule", "listenerCertificate", "targetGroup", "targetGroupAttachment")
    ),
)
