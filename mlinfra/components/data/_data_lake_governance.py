"""Lake Formation: zones that it watches over, and whom it lets in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from mlinfra.components._grammar import Component
from mlinfra.components.data._data_lake_documents import lake_permissions
from mlinfra.components.data._data_lake_spec import Share


def govern(
    component: Component[Any, Any, Any],
    name: str,
    zones: Mapping[str, tuple[pulumi.Output[str], pulumi.Input[str]]],
    *,
    role_arn: pulumi.Output[str],
    ready: pulumi.Resource,
    shares: Sequence[Share],
) -> None:
    """Register ``zones`` (the bucket's ARN and the database's name of each) as children of ``component``, and share
    them. ``ready`` is what gives the role its rights.
    """
    # Hybrid: whoever is not named by a share goes on with IAM, so that registering a zone locks nobody out.
    registered = {
        zone: aws.lakeformation.Resource(
            f"{name}-{zone}-registered",
            arn=bucket_arn,
            role_arn=role_arn,
            hybrid_access_enabled=True,
            opts=component.child(depends_on=[ready]),
        )
        for zone, (bucket_arn, _) in zones.items()
    }
    for number, given in enumerate(shares, start=1):
        for zone in given.zones:
            options = component.child(depends_on=[registered[zone]])
            _share(f"{name}-{zone}-share-{number}", given, zones[zone][1], options)


def _share(title: str, given: Share, database: pulumi.Input[str], options: pulumi.ResourceOptions) -> None:
    on_database, on_tables = lake_permissions(given.level)
    aws.lakeformation.Permissions(
        f"{title}-database",
        principal=given.principal,
        permissions=on_database,
        database={"name": database},
        opts=options,
    )
    aws.lakeformation.Permissions(
        f"{title}-tables",
        principal=given.principal,
        permissions=on_tables,
        table={"database_name": database, "wildcard": True},
        opts=options,
    )
    aws.lakeformation.OptIn(
        f"{title}-opt-in",
        principals=[{"data_lake_principal_identifier": given.principal}],
        resource_datas=[{"table": {"database_name": database, "wildcard": True}}],
        opts=options,
    )
