"""What an endpoint serves: its models and the configuration that names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from mlinfra.components._grammar import Component
from mlinfra.components.network.network import NetworkOutputs
from mlinfra.components.registry.model_registry import ModelRegistryOutputs
from mlinfra.components.serving._endpoint_documents import MAIN, SHADOW, container, package
from mlinfra.components.serving._endpoint_fields import Model, Shadow
from mlinfra.components.serving._instance_types import instance_types

VOLUME_GIB = 30
"""Disk where the blueprint names none: stated, so that an estimate can count it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where models run and what they are given. Without ``rights``, the policy of ``role``, none can be made."""

    component: Component[Any, Any, Any]
    role: aws.iam.Role
    rights: aws.iam.RolePolicy
    registry: ModelRegistryOutputs | None
    network: NetworkOutputs | None
    security_group: aws.ec2.SecurityGroup | None
    key_arn: pulumi.Output[str] | None
    environment: Mapping[str, str | pulumi.Output[str]]
    isolated: bool


@dataclass(frozen=True, slots=True)
class Variant:
    """The fleet behind one model."""

    instance_type: str
    instances: int
    volume_gib: int | None
    startup_seconds: int

    def volume(self, instance_type: str) -> int | None:
        """Size of the disk, GiB; None for types with disks of their own, which refuse a size."""
        return None if instance_types()[instance_type].local_nvme else self.volume_gib or VOLUME_GIB


@dataclass(frozen=True, slots=True)
class Captures:
    """Where requests and answers are kept, and how many of a hundred."""

    uri: pulumi.Output[str]
    percent: int


def model(name: str, wanted: Model, around: Surroundings) -> aws.sagemaker.Model:
    """One model, auto-named: it never changes, and a new one is there before the old one goes."""
    vpc = None
    if around.network and around.security_group:
        vpc = aws.sagemaker.ModelVpcConfigArgs(
            subnets=around.network.private_subnet_ids, security_group_ids=[around.security_group.id]
        )
    return aws.sagemaker.Model(
        name,
        execution_role_arn=around.role.arn,
        primary_container=container(wanted, package(name, wanted, around.registry), around.environment),
        enable_network_isolation=around.isolated,
        vpc_config=vpc,
        # SageMaker looks whether the role may read the artifact when a model is made.
        opts=around.component.child(depends_on=[around.rights]),
    )


def configuration(
    name: str,
    served: Model,
    variant: Variant,
    shadow: Shadow | None,
    *,
    captures: Captures | None,
    around: Surroundings,
) -> aws.sagemaker.EndpointConfiguration:
    """The configuration, auto-named: a change makes a new one, and a fixed name would still be taken."""
    types = [variant.instance_type]
    shadows: list[aws.sagemaker.EndpointConfigurationShadowProductionVariantArgsDict] = []
    if shadow:
        types.append(shadow.instance_type or variant.instance_type)
        shadows.append(
            {
                "variant_name": SHADOW,
                "model_name": model(f"{name}-shadow", shadow.model, around).name,
                "instance_type": types[-1],
                "initial_instance_count": shadow.instances,
                "volume_size_in_gb": variant.volume(types[-1]),
                # Its share of the weight of the main variant is the share of requests that are copied.
                "initial_variant_weight": shadow.percent / 100,
                "container_startup_health_check_timeout_in_seconds": variant.startup_seconds,
                "model_data_download_timeout_in_seconds": variant.startup_seconds,
            }
        )
    # Disks of the machine are encrypted by its hardware, and no key can be chosen for them.
    takes_key = not any(instance_types()[item].local_nvme for item in types)
    return aws.sagemaker.EndpointConfiguration(
        f"{name}-config",
        production_variants=[
            {
                "variant_name": MAIN,
                "model_name": model(f"{name}-model", served, around).name,
                "instance_type": variant.instance_type,
                "initial_instance_count": variant.instances,
                "initial_variant_weight": 1,
                "volume_size_in_gb": variant.volume(variant.instance_type),
                "container_startup_health_check_timeout_in_seconds": variant.startup_seconds,
                "model_data_download_timeout_in_seconds": variant.startup_seconds,
                "routing_configs": [{"routing_strategy": "LEAST_OUTSTANDING_REQUESTS"}],
            }
        ],
        shadow_production_variants=shadows or None,
        kms_key_arn=around.key_arn if takes_key else None,
        data_capture_config=captured(captures, around.key_arn) if captures else None,
        opts=around.component.child(),
    )


def captured(
    captures: Captures, key_arn: pulumi.Output[str] | None
) -> aws.sagemaker.EndpointConfigurationDataCaptureConfigArgsDict:
    """Keep requests and answers; CSV and JSON as text, which the monitors of SageMaker can read."""
    return {
        "enable_capture": True,
        "initial_sampling_percentage": captures.percent,
        "destination_s3_uri": captures.uri,
        "kms_key_id": key_arn,
        "capture_options": [{"capture_mode": "Input"}, {"capture_mode": "Output"}],
        "capture_content_type_header": {
            "csv_content_types": ["text/csv"],
            "json_content_types": ["application/json"],
        },
    }
