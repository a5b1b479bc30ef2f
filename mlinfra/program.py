"""A deployment's layers as Pulumi programs: the one place where blueprints become components.

Each layer is a Pulumi project ``<blueprint>-<layer>`` with a stack per environment. What earlier layers give comes through stack references.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pulumi

from mlinfra.components._grammar import Layer, Needs, Outputs, policy
from mlinfra.components._outputs import takes_access
from mlinfra.errors import BlueprintError, MlinfraError, ProgramError, UsageError

if TYPE_CHECKING:
    from mlinfra.blueprint.model import DeployedComponent, Deployment
    from mlinfra.components._spec import OutputPath

RETRIES = 25
"""How often a throttled or failed call to AWS is repeated; the provider's own default."""


def project_name(blueprint: str, layer: Layer) -> str:
    """The Pulumi project of a layer: ``fraud-detection-foundation``."""
    return f"{blueprint}-{layer.label}"


def layer_program(deployment: Deployment, layer: Layer, *, endpoint: str | None = None) -> Callable[[], None]:
    """The Pulumi program of one layer: providers, outputs of earlier layers, components in order, late grants, exports.

    ``endpoint`` is the URL of a server in the place of AWS's, None for the real ones.
    """

    def program() -> None:
        _Building(deployment, layer, endpoint).run()

    return program


@contextmanager
def _at(component: DeployedComponent) -> Iterator[None]:
    """Say of what a component refuses, or fails at, where the blueprint asks for it."""
    from mlinfra.blueprint.problems import Problems

    problems, path = Problems(), ("components", component.name)
    try:
        yield
    except BlueprintError:
        raise
    except MlinfraError as refused:
        problems.error("refused-here", refused.message, component.source, path, refused.hint)
    except Exception as failed:
        what = f"`{component.name}` (kind `{component.kind.name}`) failed: {type(failed).__name__}: {failed}"
        problems.error("component-failed", what, component.source, path)
        raise BlueprintError(problems.found) from failed
    problems.raise_if_any()


class _Building:
    """One run of one layer's program."""

    def __init__(self, deployment: Deployment, layer: Layer, endpoint: str | None = None) -> None:
        self._deployment = deployment
        self._layer = layer
        self._endpoint = endpoint
        self._outputs: dict[str, Outputs] = {}
        self._stacks: dict[Layer, tuple[pulumi.StackReference, Mapping[str, Any]]] = {}
        self._clusters: dict[str, pulumi.ProviderResource | None] = {}

    def run(self) -> None:
        self._aws = self._aws_provider()
        boundary = self._deployment.permissions_boundary_component
        arn = self.outputs(boundary).exports().get("arn") if boundary and boundary not in self._own() else None
        self._context = self._deployment.context(arn)
        for component in self._deployment.layers.get(self._layer, ()):
            if component.existing is None:
                self._outputs[component.name] = self._build(component)
            for field, value in self.outputs(component.name).exports().items():
                pulumi.export(f"{component.name}.{field}", value)
        self._grant_late()

    def _own(self) -> set[str]:
        return {component.name for component in self._deployment.layers.get(self._layer, ())}

    def outputs(self, name: str) -> Outputs:
        """What a component gives: built in this layer, brought along, or exported by an earlier one."""
        if name not in self._outputs:
            component = self._deployment.components[name]
            if component.existing is not None:
                self._outputs[name] = component.kind.outputs.of(**component.existing_values(self.value))
            elif component.layer < self._layer:
                reference, exported = self._stack(component.layer)
                self._outputs[name] = component.kind.outputs.from_stack(reference, name, exported)
            else:
                raise ProgramError(f"`{name}` is used before it is built in layer {self._layer.label}")
        return self._outputs[name]

    def value(self, path: OutputPath) -> Any:
        """The output that a reference names."""
        found: Any = self.outputs(path.component)
        for part in path.path:
            if isinstance(found, Outputs):
                found = getattr(found, part)
            elif isinstance(found, pulumi.Output):
                found = found[int(part) if part.isdigit() else part]
            else:
                found = found[part]
        return found

    def _build(self, component: DeployedComponent) -> Outputs:
        kind, spec = component.kind, component.spec
        assert spec is not None  # noqa: S101 - a component has a spec or is brought along
        options = pulumi.ResourceOptions(
            providers=self._providers(component),
            transformations=[_take_over(component.imports)] if component.imports else None,
        )
        with _at(component):
            made = kind.component(
                component.name,
                spec.resolved(self.value),
                self._needs(component),
                context=self._context.for_component(component.name, component.tags),
                overrides=component.overrides,
                opts=options,
            )
        outputs: Outputs = made.outputs
        return outputs

    def _needs(self, component: DeployedComponent) -> Needs:
        fields = component.kind.need_fields
        given: dict[str, Any] = {
            field: tuple(self.outputs(name) for name in names) if fields[field].many else self.outputs(names[0])
            for field, names in component.bindings.items()
            if names
        }
        if takes_access(component.kind.needs):
            given["access"] = tuple(self._grant(target, level) for target, level in component.access.items())
        return component.kind.needs(**given)

    def _grant(self, target: str, level: str) -> Any:
        grant: Any = getattr(self.outputs(target), "grant")  # noqa: B009 - only some Outputs have it, the compiler checked
        return grant(level)

    def _grant_late(self) -> None:
        import pulumi_aws as aws

        for late in self._deployment.late_grants:
            if late.layer is self._layer:
                aws.iam.RolePolicy(
                    late.name,
                    role=self.outputs(late.holder).exports()["role_name"],
                    policy=policy([self._grant(late.target, late.level)]),
                    opts=pulumi.ResourceOptions(provider=self._aws),
                )

    def _providers(self, component: DeployedComponent) -> list[pulumi.ProviderResource]:
        """AWS, and Kubernetes inside the clusters that the component needs. No Kubernetes object is made in the cluster's own layer."""
        names = (
            [name for bound in component.bindings.values() for name in bound] if self._layer >= Layer.PLATFORM else []
        )
        return [self._aws, *(provider for name in names if (provider := self._cluster(name)) is not None)]

    def _cluster(self, name: str) -> pulumi.ProviderResource | None:
        if name not in self._clusters:
            self._clusters[name] = self.outputs(name).provider(name, pulumi.ResourceOptions())
        return self._clusters[name]

    def _aws_provider(self) -> pulumi.ProviderResource:
        import pulumi_aws as aws

        deployment = self._deployment
        return aws.Provider(
            "aws",
            region=deployment.region,
            allowed_account_ids=None if deployment.account_is_stand_in else [deployment.account],
            assume_roles=[{"role_arn": deployment.assume_role}] if deployment.assume_role else None,
            # Large platforms run into throttling; adaptive mode slows down before AWS refuses.
            retry_mode="adaptive",
            max_retries=RETRIES,
            # The provider itself heeds AWS_ENDPOINT_URL; such servers have no host name for each bucket.
            s3_use_path_style=True if self._endpoint else None,
        )

    def _stack(self, layer: Layer) -> tuple[pulumi.StackReference, Mapping[str, Any]]:
        """An earlier layer's stack, and which outputs it has. The names are needed while the program runs, hence the plain invoke."""
        if layer not in self._stacks:
            project = project_name(self._deployment.blueprint, layer)
            name = f"{pulumi.get_organization()}/{project}/{self._deployment.environment}"
            reference = pulumi.StackReference(layer.label, stack_name=name)
            answer = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": name}).value
            self._stacks[layer] = (reference, (answer or {}).get("outputs") or {})
        return self._stacks[layer]


def _take_over(ids: Mapping[str, str]) -> pulumi.ResourceTransformation:
    """Let the engine import children, by name, instead of creating them."""

    def transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        wanted = ids.get(args.name)
        if wanted is None or args.type_.startswith("mlinfra:"):
            return None
        opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(import_=wanted))
        return pulumi.ResourceTransformationResult(args.props, opts)

    return transform


def run_from_config() -> None:
    """Run a layer as an ordinary Pulumi program: the whole of ``stacks/blueprint/__main__.py``.

    The stack is the environment; the configuration names the rest: ``blueprint`` (a path, from the program's folder), ``layer``, and optionally
    ``sets`` (a list of ``path=value``). Raises BlueprintError, or UsageError for a layer that there is not.
    """
    from pathlib import Path

    from mlinfra.blueprint import load

    config = pulumi.Config()
    wanted = config.require("layer")
    labels = {layer.label: layer for layer in Layer}
    if wanted not in labels:
        raise UsageError(f"`layer` is `{wanted}`", hint=f"one of {', '.join(f'`{label}`' for label in labels)}")
    # A language host inside of another process, as the Automation API's, names no folder: it runs in that of the project.
    path = Path(pulumi.runtime.get_root_directory() or "", config.require("blueprint"))
    sets = tuple(str(item) for item in config.get_object("sets") or ())
    layer_program(load(path, environment=pulumi.get_stack(), sets=sets), labels[wanted])()
