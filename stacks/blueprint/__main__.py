"""Run one layer of a blueprint; Pulumi.yaml and the stack's configuration say which."""

from mlinfra.program import run_from_config

run_from_config()
