"""Disks of claims (PVCs) that the EBS CSI driver made.

A claim that outlives its cluster leaves a disk that costs money and that no cluster knows. Where data is kept, each disk becomes a snapshot
before it is deleted; elsewhere it is deleted.

Facts: the EBS CSI driver tags each volume `ebs.csi.aws.com/cluster: true`, and `kubernetes.io/cluster/NAME: owned` with
`--k8s-tag-cluster-id=NAME` (kubernetes-sigs/aws-ebs-csi-driver: `docs/tagging.md`), which EKS's add-on sets, and the claim with
`--extra-create-metadata` (`PVCNameTag`, `PVCNamespaceTag`), which it sets too (a listing of the add-on's v1.28.0 in a public repository).
Read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlinfra.components._context import Layer
from mlinfra.engine.cleanup._place import Place, done, pages, tags_of
from mlinfra.errors import EngineError

BEFORE = Layer.FOUNDATION
LIMIT = 3600.0
SNAPSHOT_OF = "mlinfra:snapshot-of"
"""The tag that says which disk a snapshot was made of: a destroy that was cut off finds it again."""
CLAIM = "kubernetes.io/created-for/pvc/"


def clean(place: Place) -> None:
    """Wait until the disks are free, copy them where data is kept, and delete them."""
    ec2 = place.client("ec2")
    for cluster in place.clusters:
        _of_cluster(place, ec2, cluster)


def _of_cluster(place: Place, ec2: Any, cluster: str) -> None:
    place.until_gone(lambda: [v["VolumeId"] for v in _volumes(ec2, cluster) if v["State"] == "in-use"], "disks")
    volumes = {item["VolumeId"]: item for item in _volumes(ec2, cluster)}
    if place.keep_data and volumes:
        copies = {id_: _snapshot(place, ec2, item) for id_, item in volumes.items()}
        for id_, snapshot in copies.items():
            size = volumes[id_]["Size"]
            place.tell(f"snapshot `{snapshot}` of `{id_}` ({_claim(volumes[id_])}, {size} GiB) stays in the account")
        place.until_gone(lambda: _unfinished(ec2, copies.values()), "snapshots")
    for id_ in volumes:
        done(ec2.delete_volume, "InvalidVolume.NotFound", VolumeId=id_)
    if volumes:
        place.tell(f"{len(volumes)} disks of claims deleted")


def _volumes(ec2: Any, cluster: str) -> list[dict[str, Any]]:
    filters = [
        {"Name": "tag-key", "Values": ["ebs.csi.aws.com/cluster"]},
        {"Name": f"tag:kubernetes.io/cluster/{cluster}", "Values": ["owned"]},
        {"Name": "status", "Values": ["available", "in-use"]},
    ]
    return pages(ec2, "describe_volumes", "Volumes", Filters=filters)


def _snapshot(place: Place, ec2: Any, volume: dict[str, Any]) -> str:
    """The snapshot of a disk; the one that an earlier run began, where there is one."""
    there = pages(
        ec2,
        "describe_snapshots",
        "Snapshots",
        OwnerIds=["self"],
        Filters=[
            {"Name": f"tag:{SNAPSHOT_OF}", "Values": [volume["VolumeId"]]},
            {"Name": "status", "Values": ["pending", "completed"]},
        ],
    )
    if there:
        return str(there[0]["SnapshotId"])
    claim = {key: value for key, value in tags_of(volume).items() if key.startswith(CLAIM)}
    tags = {
        **claim,
        "Name": f"{place.blueprint}-{place.environment} {_claim(volume)}",
        "mlinfra:blueprint": place.blueprint,
        "mlinfra:environment": place.environment,
        SNAPSHOT_OF: volume["VolumeId"],
    }
    made = ec2.create_snapshot(
        VolumeId=volume["VolumeId"],
        Description=f"Kept when {place.blueprint} ({place.environment}) was destroyed",
        TagSpecifications=[
            {"ResourceType": "snapshot", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        ],
    )
    return str(made["SnapshotId"])


def _unfinished(ec2: Any, snapshots: Iterable[str]) -> list[str]:
    """Those that are not whole yet. Raises EngineError where one never will be: its disk must not be deleted."""
    found = pages(ec2, "describe_snapshots", "Snapshots", SnapshotIds=sorted(snapshots))
    for item in found:
        if item["State"] == "error":
            raise EngineError(
                f"snapshot `{item['SnapshotId']}` of `{item['VolumeId']}` failed: {item.get('StateMessage', '')}",
                hint="the disk is still there; run again to make another",
            )
    return [item["SnapshotId"] for item in found if item["State"] != "completed"]


def _claim(volume: dict[str, Any]) -> str:
    tags = tags_of(volume)
    name, namespace = tags.get(f"{CLAIM}name"), tags.get(f"{CLAIM}namespace")
    return f"claim {namespace}/{name}" if name and namespace else "no claim named"
