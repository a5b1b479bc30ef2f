"""What claims for volumes cost, wherever they stand: an object, a template of a set, the values of a chart."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlinfra.cost.charges._lines import Free, Item, Unpriced
from mlinfra.cost.charges._nodes import volumes
from mlinfra.cost.charges._quantities import parse_quantity
from mlinfra.cost.charges._reading import Reading, get, inputs
from mlinfra.cost.model import Range
from mlinfra.graph.model import Value

STORAGE_CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
EBS = "ebs.csi.aws.com"
AUTO_EBS = "ebs.csi.eks.amazonaws.com"
GIB = Decimal(1024) ** 3


def claimed(look: Reading, spec: Value, count: Range, name: str = "Volume") -> Iterator[Item]:
    """The EBS volumes of ``count`` claims of one spec: of the class that it names, or of the default one."""
    size = parse_quantity(get(spec, "resources", "requests", "storage"))
    wanted = get(spec, "storageClassName")
    storage_class = _storage_class(look, wanted)
    if get(spec, "volumeName") is not None or wanted == "":
        yield Free("takes a volume that exists already and is priced itself")
        return
    if storage_class is None:
        look.assume("a claim whose storage class is not in the graph gets a gp3 volume")
    provisioner = EBS if storage_class is None else get(storage_class, "provisioner")
    if provisioner not in (EBS, AUTO_EBS):
        yield Unpriced(
            name,
            f"no charge is known for volumes of {provisioner if isinstance(provisioner, str) else 'their provisioner'}",
        )
        return
    parameters = get(storage_class, "parameters") if storage_class is not None else None
    disk: dict[str, Value] = {
        "volumeSize": None if size is None else str(size / GIB),
        "volumeType": get(parameters, "type") or "gp3",
        "iops": get(parameters, "iops"),
        "throughput": get(parameters, "throughput"),
    }
    yield from volumes(name, count, [disk])


def _storage_class(look: Reading, wanted: Value) -> dict[str, Value] | None:
    """The storage class that a claim names, or the default one."""
    for node in look.of_type(STORAGE_CLASS):
        made = inputs(node)
        default = get(made, "metadata", "annotations", "storageclass.kubernetes.io/is-default-class") == "true"
        if (wanted is None and default) or (wanted is not None and wanted == get(made, "metadata", "name")):
            return made
        if look.referred(wanted, STORAGE_CLASS) is node:
            return made
    return None
