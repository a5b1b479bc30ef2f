"""Makes the price tables: ``python mlinfra/cost/prices/build.py FACTS.csv [INSTANCES.csv EKS_VERSIONS.csv]``.

FACTS has the columns service, region, SKU, unit, USD, source, date, in that order; ``sources/read_in_public.csv``
adds rows of the same form. Only the services and SKUs named below are taken. Prices are brought to one unit (per
request, not per thousand), which is exact because all divisors are powers of ten. Two facts about one price: the newer
one counts; the other is reported when it differs.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
COLUMNS = ("region", "sku", "unit", "usd", "source", "as_of", "confidence")
INSTANCE_COLUMNS = (
    "type", "family", "size", "architectures", "vcpus", "memory_mib", "accelerator_kind",
    "accelerator_manufacturer", "accelerator", "accelerator_count", "local_nvme_gb", "current_generation",
    "source", "source_date",
)  # fmt: skip

MILLION, THOUSAND = 10**6, 10**3
WHOLE_SERVICES = {  # facts' service → (table, unit): the SKU is an instance type
    "EC2-OnDemand-Linux-Shared": ("ec2_on_demand", "instance-hour"),
    "EC2-Spot-Linux": ("ec2_spot", "instance-hour"),
    "EC2-CapacityBlock": ("ec2_capacity_block", "instance-hour"),
}
# (facts' service, SKU, unit): (table, SKU, unit, divisor)
TAKEN = {
    ("EBS", "gp3 storage", "GB-month"): ("ebs", "gp3 storage", "GiB-month", 1),
    ("EBS", "gp2 storage", "GB-month"): ("ebs", "gp2 storage", "GiB-month", 1),
    ("EBS", "io1 storage", "GB-month"): ("ebs", "io1 storage", "GiB-month", 1),
    ("EBS", "io2 storage", "GB-month"): ("ebs", "io2 storage", "GiB-month", 1),
    ("EBS", "st1 storage", "GB-month"): ("ebs", "st1 storage", "GiB-month", 1),
    ("EBS", "sc1 storage", "GB-month"): ("ebs", "sc1 storage", "GiB-month", 1),
    ("EBS", "standard storage", "GB-month"): ("ebs", "standard storage", "GiB-month", 1),
    ("EBS", "gp3 provisioned IOPS", "IOPS"): ("ebs", "gp3 iops", "IOPS-month", 1),
    ("EBS", "gp3 provisioned throughput", "MiB/s"): ("ebs", "gp3 throughput", "MiB/s-month", 1),
    ("EBS", "Provisioned IOPS", "IOPS"): ("ebs", "io1 iops", "IOPS-month", 1),
    ("EBS", "io2 provisioned IOPS", "IOPS"): ("ebs", "io2 iops", "IOPS-month", 1),
    ("NAT Gateway", "hour", "hour"): ("nat_gateway", "gateway", "hour", 1),
    ("NAT Gateway", "data processed", "GB"): ("nat_gateway", "data processed", "GiB", 1),
    ("PrivateLink", "interface endpoint ENI", "hour"): ("vpc_endpoint", "interface endpoint", "zone-hour", 1),
    ("PrivateLink", "Endpoint (GatewayLoadBalancer)", "hours"): (
        "vpc_endpoint", "gateway load balancer endpoint", "zone-hour", 1,
    ),
    ("PrivateLink", "Data processed (first 1PB)", "GB"): ("vpc_endpoint", "data, first 1 PiB", "GiB", 1),
    ("PrivateLink", "Data processed (next 4PB)", "GB"): ("vpc_endpoint", "data, next 4 PiB", "GiB", 1),
    ("PrivateLink", "Data processed (over 5PB)", "GB"): ("vpc_endpoint", "data, over 5 PiB", "GiB", 1),
    ("PrivateLink", "Data processed", "GB"): ("vpc_endpoint", "gateway load balancer data", "GiB", 1),
    ("Public IPv4", "in-use or idle address", "hour"): ("public_ipv4", "address", "hour", 1),
    ("ELB", "ALB hour", "hour"): ("load_balancer", "application", "hour", 1),
    ("ELB", "ALB LCU", "LCU-hour"): ("load_balancer", "application capacity", "LCU-hour", 1),
    ("ELB", "NLB hour", "hour"): ("load_balancer", "network", "hour", 1),
    ("ELB", "NLB LCU", "LCU-hour"): ("load_balancer", "network capacity", "LCU-hour", 1),
    ("ELB", "Classic load balancer", "hours"): ("load_balancer", "classic", "hour", 1),
    ("ELB", "Data processed", "GB"): ("load_balancer", "classic data", "GiB", 1),
    ("EKS", "cluster standard support", "cluster-hour"): ("eks", "cluster, standard support", "cluster-hour", 1),
    ("EKS", "cluster extended support total", "cluster-hour"): ("eks", "cluster, extended support", "cluster-hour", 1),
    ("SageMaker-Hosting", "EBS General Purpose-Hosting", "GB-month"): (
        "sagemaker_hosting", "storage", "GiB-month", 1,
    ),
    ("SageMaker-Hosting", "data processed", "GB"): ("sagemaker_hosting", "data processed", "GiB", 1),
    ("SageMaker-Serverless", "inference duration", "GB-second"): (
        "sagemaker_serverless", "inference", "GiB-second", 1,
    ),
    ("S3", "Standard first 50TB", "GB-month"): ("s3", "standard, first 50 TiB", "GiB-month", 1),
    ("S3", "Standard next 450TB", "GB-month"): ("s3", "standard, next 450 TiB", "GiB-month", 1),
    ("S3", "Standard over 500TB", "GB-month"): ("s3", "standard, over 500 TiB", "GiB-month", 1),
    ("S3", "Standard-IA", "GB-month"): ("s3", "infrequent access", "GiB-month", 1),
    ("S3", "Standard - infrequent access/Retrievals", "GB"): ("s3", "infrequent access retrieval", "GiB", 1),
    ("S3", "PUT", "1k requests"): ("s3", "put requests", "request", THOUSAND),
    ("S3", "GET", "1k requests"): ("s3", "get requests", "request", THOUSAND),
    **{
        ("S3", f"transition to {name}", "1k requests"): ("s3", f"transition to {name}", "request", THOUSAND)
        for name in ("STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE")
    },
    ("KMS", "key", "month"): ("kms", "key", "key-month", 1),
    ("KMS", "Requests", "10k requests"): ("kms", "requests", "request", 10 * THOUSAND),
    ("KMS", "Requests (asymmetric)", "10k requests"): ("kms", "asymmetric requests", "request", 10 * THOUSAND),
    ("CloudWatch", "custom metric first 10k", "metric-month"): (
        "cloudwatch", "metric, first 10 000", "metric-month", 1,
    ),
    ("CloudWatch", "dashboard", "dashboard-month"): ("cloudwatch", "dashboard", "dashboard-month", 1),
    ("CloudWatch", "standard alarm", "alarm-month"): ("cloudwatch", "alarm", "alarm-month", 1),
    ("CloudWatch", "high-resolution alarm", "alarm-month"): ("cloudwatch", "high-resolution alarm", "alarm-month", 1),
    ("CloudWatch Logs", "ingestion standard", "GB"): ("cloudwatch_logs", "ingestion", "GiB", 1),
    ("CloudWatch Logs", "ingestion infrequent access", "GB"): (
        "cloudwatch_logs", "ingestion, infrequent access", "GiB", 1,
    ),
    ("CloudWatch Logs", "storage", "GB-month"): ("cloudwatch_logs", "storage", "GiB-month", 1),
    ("ECR", "Storage", "GB"): ("ecr", "storage", "GiB-month", 1),
    ("SNS", "API requests", "1M requests"): ("sns", "requests", "request", MILLION),
    ("SNS", "HTTP notifications", "100k notifications"): ("sns", "http notifications", "notification", 10**5),
    ("SNS", "email notifications", "100k notifications"): ("sns", "email notifications", "notification", 10**5),
    ("Glue", "DPU", "DPU-hour"): ("glue", "processing", "DPU-hour", 1),
    ("Glue", "Storage", "100k objects"): ("glue", "catalogue objects", "object-month", 10**5),
    ("Glue", "Requests", "1M requests"): ("glue", "catalogue requests", "request", MILLION),
    ("Athena", "scanned", "TB"): ("athena", "scanned", "TiB", 1),
    ("AWS Budgets", "budget beyond first 2", "budget-day"): ("budgets", "budget", "budget-day", 1),
    ("Lambda", "requests", "request"): ("lambda", "requests", "request", 1),
    ("Lambda", "duration x86 first 6B", "GB-second"): ("lambda", "duration, x86_64", "GiB-second", 1),
    ("Lambda", "duration arm64 first 6B", "GB-second"): ("lambda", "duration, arm64", "GiB-second", 1),
    ("Lambda", "Ephemeral storage", "GB-seconds"): ("lambda", "ephemeral storage", "GiB-second", 1),
    ("SQS", "standard requests", "1M requests"): ("sqs", "standard requests", "request", MILLION),
    ("SQS", "Requests", "1M requests"): ("sqs", "fifo requests", "request", MILLION),
    ("EventBridge", "custom events", "1M events"): ("eventbridge", "custom events", "event", MILLION),
    ("AMP", "samples ingested first 2B", "10M samples"): ("amp", "samples, first 2 billion", "sample", 10 * MILLION),
    ("AMP", "samples ingested next 250B", "10M samples"): (
        "amp", "samples, next 250 billion", "sample", 10 * MILLION,
    ),
    ("AMP", "storage", "GB-month"): ("amp", "storage", "GiB-month", 1),
    ("AMP", "query samples", "1B samples"): ("amp", "query samples", "sample", 10**9),
    ("AMP", "collector", "hour"): ("amp", "collector", "hour", 1),
    ("Data transfer", "Outbound data transfer to Internet (first 10TB)", "GB"): (
        "data_transfer", "internet, first 10 TiB", "GiB", 1,
    ),
    ("Data transfer", "Outbound data transfer to Internet (next 40TB)", "GB"): (
        "data_transfer", "internet, next 40 TiB", "GiB", 1,
    ),
    ("Data transfer", "Outbound data transfer to Internet (next 100TB)", "GB"): (
        "data_transfer", "internet, next 100 TiB", "GiB", 1,
    ),
    ("Data transfer", "Outbound data transfer to Internet (over 150TB)", "GB"): (
        "data_transfer", "internet, over 150 TiB", "GiB", 1,
    ),
    ("Data transfer", "Intra-region data transfer", "GB"): ("data_transfer", "between zones", "GiB", 1),
    ("Data transfer", "Outbound data transfer to other regions", "GB"): ("data_transfer", "other regions", "GiB", 1),
    ("DataTransfer-InternetEgress", "tier from 153600 GB", "GB"): (
        "data_transfer", "internet, over 150 TiB", "GiB", 1,
    ),
    ("Secrets Manager", "secret", "month"): ("secrets_manager", "secret", "secret-month", 1),
    ("Secrets Manager", "API calls", "10k calls"): ("secrets_manager", "requests", "request", 10 * THOUSAND),
    ("DynamoDB", "on-demand read", "1M RRU"): ("dynamodb", "reads", "request", MILLION),
    ("DynamoDB", "on-demand write", "1M WRU"): ("dynamodb", "writes", "request", MILLION),
    ("DynamoDB", "storage", "GB-month"): ("dynamodb", "storage", "GiB-month", 1),
    ("EFS", "Storage (standard)", "GB"): ("efs", "standard", "GiB-month", 1),
    ("EFS", "Provisioned throughput", "MBps"): ("efs", "provisioned throughput", "MiB/s-month", 1),
    ("FSx Lustre", "Persistent SSD 125 MB/s/TiB", "GB-month"): ("fsx_lustre", "persistent ssd 125", "GiB-month", 1),
    ("Step Functions", "standard state transition", "transition"): ("step_functions", "transition", "transition", 1),
    ("Step Functions", "Requests", "1M requests"): ("step_functions", "express requests", "request", MILLION),
    ("Managed Grafana", "Editor/administrator licenses", "users"): ("grafana", "editor", "user-month", 1),
    ("Managed Grafana", "Viewer licenses", "users"): ("grafana", "viewer", "user-month", 1),
}  # fmt: skip
GLOBAL = {"budgets"}  # billed at one price everywhere: the region of these rows is "global"


class Row(NamedTuple):
    """One price. ``usd`` is for one ``unit``."""

    region: str
    sku: str
    unit: str
    usd: Decimal
    source: str
    as_of: date
    confidence: str


def dated(text: str) -> date | None:
    """The earliest day that a date in the facts can mean; None for one that says nothing."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text)
    if re.fullmatch(r"\d{4}-\d\d", text):
        return date.fromisoformat(f"{text}-01")
    if half := re.match(r"(\d{4})H([12])", text):
        return date(int(half[1]), 1 if half[2] == "1" else 7, 1)
    return date(int(text), 1, 1) if re.fullmatch(r"\d{4}", text) else None


def cited(source: str) -> str:
    """A source as it stands in the tables: the repository and the file's name are enough to find it."""
    repository, _, place = source.partition(":")
    path, note = re.fullmatch(r"([^#\s]*)(.*)", place.strip(), re.DOTALL).groups()  # type: ignore[union-attr]  # matches anything
    return f"{repository}: {path.rsplit('/', 1)[-1]}{note}" if "/" in path else source


def taken(facts: Iterable[list[str]]) -> Iterator[tuple[str, Row]]:
    """Table and row of each fact that we use."""
    for service, region, sku, unit, usd, source, day in facts:
        as_of = dated(day)
        if service in WHOLE_SERVICES:
            table, to_unit = WHOLE_SERVICES[service]
            target: tuple[str, str, str, int] | None = (table, sku, to_unit, 1)
        elif service == "SageMaker-Hosting" and sku.startswith("ml."):
            target = ("sagemaker_hosting", sku, "instance-hour", 1)
        else:
            target = TAKEN.get((service, sku, unit))
        if target is None or as_of is None:
            continue
        table, to_sku, to_unit, divisor = target
        uncertain = as_of.year <= 2020 or table == "ec2_capacity_block" or "stale" in source or "undated" in day
        place = "global" if table in GLOBAL else region
        price = Decimal(usd) / divisor
        yield table, Row(place, to_sku, to_unit, price, cited(source), as_of, "low" if uncertain else "high")


def newest(rows: Iterable[tuple[str, Row]]) -> dict[str, list[Row]]:
    """Rows by table, one per region, SKU and unit: the newest."""
    found: dict[tuple[str, str, str, str], Row] = {}
    for table, row in rows:
        key = (table, row.region, row.sku, row.unit)
        other = found.get(key)
        if other is not None and other.usd != row.usd:
            sys.stderr.write(
                f"{'/'.join(key)}: {other.usd} ({other.as_of}) and {row.usd} ({row.as_of}); the newer counts\n"
            )
        if other is None or other.as_of <= row.as_of:
            found[key] = row
    tables: dict[str, list[Row]] = {}
    for key in sorted(found):
        tables.setdefault(key[0], []).append(found[key])
    return tables


def write(path: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """One CSV file, with Unix line ends."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns)
        out.writerows(rows)


def facts_in(path: Path) -> list[list[str]]:
    """The rows of a facts file, without its header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def select(path: Path, columns: tuple[str, ...]) -> list[list[str]]:
    """Some columns of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [[row[column] for column in columns] for row in csv.DictReader(file)]


def main(facts: Path, *others: Path) -> None:
    """Write all tables; with two more files, the instance and EKS version facts as well."""
    rows = newest(taken(facts_in(facts) + facts_in(HERE / "sources" / "read_in_public.csv")))
    for table, lines in rows.items():
        write(HERE / f"{table}.csv", COLUMNS, ((*r[:3], format(r.usd.normalize(), "f"), *r[4:]) for r in lines))
    if others:
        instances, versions = others
        write(HERE.parent / "data" / "instances.csv", INSTANCE_COLUMNS, select(instances, INSTANCE_COLUMNS))
        kept = ("version", "standard_support_end", "extended_support_end", "source", "source_date")
        write(HERE.parent / "data" / "eks_versions.csv", kept, select(versions, kept))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
