"""Who may do what with a lake: statements for its catalogue and its queries."""

from __future__ import annotations

from typing import Literal

import pulumi

from mlinfra.components._grammar import Statement

CATALOG_READ = (
    "glue:GetDatabase",
    "glue:GetTable",
    "glue:GetTables",
    "glue:GetTableVersion",
    "glue:GetTableVersions",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:BatchGetPartition",
)
CATALOG_WRITE = (
    "glue:CreateTable",
    "glue:UpdateTable",
    "glue:DeleteTable",
    "glue:CreatePartition",
    "glue:BatchCreatePartition",
    "glue:UpdatePartition",
    "glue:BatchUpdatePartition",
    "glue:DeletePartition",
    "glue:BatchDeletePartition",
)
QUERY = (
    "athena:GetWorkGroup",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
    "athena:GetQueryExecution",
    "athena:BatchGetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetQueryResultsStream",
    "athena:ListQueryExecutions",
)
LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey")


def catalog_statement(
    *,
    catalog_arn: pulumi.Output[str],
    database_arn: pulumi.Output[str],
    tables_arn: pulumi.Output[str],
    level: Literal["read", "write"],
) -> Statement:
    """Use of a database and its tables. Glue checks the catalogue and the database along with each table.

    ``tables_arn`` is what stands before ``/<table>`` in the ARN of a table.
    """
    resources = (catalog_arn, database_arn, pulumi.Output.concat(tables_arn, "/*"))
    return Statement(CATALOG_READ if level == "read" else CATALOG_READ + CATALOG_WRITE, resources)


def catalog_of(database_arn: str) -> str:
    """``arn:…:catalog`` of ``arn:…:database/lake_raw``."""
    return database_arn.partition(":database/")[0] + ":catalog"


def tables_of(database_arn: str) -> str:
    """``arn:…:table/lake_raw`` of ``arn:…:database/lake_raw``: tables have ARNs below it."""
    return database_arn.replace(":database/", ":table/", 1)


def query_statement(workgroup_arn: pulumi.Output[str]) -> Statement:
    """Queries in one workgroup, whose limits then hold."""
    return Statement(QUERY, (workgroup_arn,))


def glue_log_statement(groups: pulumi.Output[str]) -> Statement:
    """Glue writes what crawlers and table upkeep say to log groups of its own, which it makes when it first needs
    them.
    """
    return Statement(LOGS, (groups,))
