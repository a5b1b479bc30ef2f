"""Blueprints of real kinds that are odd and right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Odd:
    """A blueprint, and what is said outside of its file."""

    text: str
    environment: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)


HEAD = "mlinfra: 1\nname: odd\nenvironments: {dev: {region: eu-west-1}}\ncomponents:\n"

ODD: dict[str, Odd] = {
    "two-networks": Odd(
        HEAD
        + """\
  a: {kind: network, cidr: 10.1.0.0/16}
  b: {kind: network, cidr: 10.2.0.0/16, zones: [eu-west-1a, euw1-az2], nat: none, endpoints: private}
  c: {kind: eks_cluster, network: b}
  models: {kind: model_registry, groups: [x]}
  e: {kind: endpoint, network: a, instance_type: ml.m5.large, model: {group: x, version: 7}}
  f: {kind: endpoint, network: none, instance_type: ml.g5.xlarge, model: {group: x, version: "7"}}
"""
    ),
    "two-clusters": Odd(
        HEAD + "  n: {kind: network}\n"
        "  c1: {kind: eks_cluster, network: n}\n"
        "  c2: {kind: eks_cluster, network: n, system_pool: {instance_types: [m8g.large]}}\n"
        "  s1: {kind: cluster_services, cluster: c1}\n"
        "  s2: {kind: cluster_services, cluster: c2}\n"
        "  k1: {kind: karpenter, cluster: c1}\n"
        "  k2: {kind: karpenter, cluster: c2}\n"
        "  m1: {kind: metrics, cluster: c1, cluster_services: s1}\n"
        "  m2: {kind: metrics, cluster: c2, cluster_services: s2}\n"
        "  p1: {kind: gpu_pool, cluster: c1, instance_types: [g6.xlarge]}\n"
        "  p2: {kind: gpu_pool, cluster: c2, provisioner: karpenter, karpenter: k2, instance_types: [g6.xlarge]}\n"
        "  o1: {kind: gpu_operator, cluster: c1}\n"
        "  o2: {kind: gpu_operator, cluster: c2}\n"
        "  w: {kind: bucket}\n"
        "  a: {kind: model_server, cluster: c1, pool: p1, cluster_services: s1, metrics: m1, model: {name: a, prefix: a/, size_gib: 2}, scaling: {max: 3}, ingress: {}}\n"
        "  b: {kind: model_server, cluster: c2, pool: p2, cluster_services: s2, metrics: m2, model: {name: a, prefix: a/, size_gib: 2}, scaling: {max: 3}, ingress: {}}\n"
    ),
    "two-clusters-inferred": Odd(
        HEAD
        + """\
  n: {kind: network}
  c1: {kind: eks_cluster, network: n}
  c2: {kind: eks_cluster, network: n, system_pool: {instance_types: [m8g.large]}}
  s1: {kind: cluster_services, cluster: c1}
  s2: {kind: cluster_services, cluster: c2}
  k1: {kind: karpenter, cluster: c1}
  k2: {kind: karpenter, cluster: c2}
  m1: {kind: metrics, cluster: c1, cluster_services: s1}
  m2: {kind: metrics, cluster: c2, cluster_services: s2}
  p1:  {kind: gpu_pool, cluster: c1, instance_types: [g6.xlarge]}
  p2: {kind: gpu_pool, cluster: c2, provisioner: karpenter, karpenter: k2, instance_types: [g6.xlarge]}
  o1: {kind: gpu_operator, cluster: c1}
  o2: {kind: gpu_operator, cluster: c2}
  w: {kind: bucket}
  a: {kind: model_server, cluster: c1, model: {name: a, prefix: a/, size_gib: 2}, scaling: {max: 3}, ingress: {}}
  b: {kind: model_server, cluster: c2, model: {name: a, prefix: a/, size_gib: 2}}
"""
    ),
    "unicode": Odd("""\
mlinfra: 1
name: odd
description: "Plattform für Müller & Söhne — 機械学習 🚀 العربية"
owner: équipe données
environments: {dev: {region: eu-west-1, tags: {größe: "groß"}}}
components:
  lake: {kind: bucket, description: "Größe: 東京 🗼", tags: {équipe: données, 団体: 研究}}
"""),
    "unicode-values": Odd(
        HEAD + "  m: {kind: model_registry, groups: [g]}\n"
        '  e: {kind: endpoint, instance_type: ml.m5.large, model: {group: g, version: 1}, environment: {GREETING: "grüße 🎉 東京", QUOTE: "a\'b\\"c\\\\d", BRACES: "$${not} {x} %d $x", NL: "a\\nb"}}\n'
    ),
    "existing-everywhere": Odd(
        HEAD
        + '  key: {kind: encryption_key, existing: {arn: "arn:aws:kms:eu-west-1:111111111111:key/11111111-2222-3333-4444-555555555555"}}\n'
        "  net: {kind: network, existing: {vpc_id: vpc-0123456789abcdef0, cidr: 10.0.0.0/16, private_subnet_ids: [subnet-1, subnet-2], public_subnet_ids: [], zones: [eu-west-1a, eu-west-1b]}}\n"
        '  lake: {kind: bucket, existing: {name: old, arn: "arn:aws:s3:::old"}}\n'
        '  watch: {kind: alerts, existing: {topic_arn: "arn:aws:sns:eu-west-1:111111111111:t"}}\n'
        '  models: {kind: model_registry, existing: {groups: {fraud: {name: fraud, arn: "arn:aws:sagemaker:eu-west-1:111111111111:model-package-group/fraud"}}, bucket_name: b, bucket_arn: "arn:aws:s3:::b"}}\n'
        '  images: {kind: container_registry, existing: {repositories: {serve: {name: serve, arn: "arn:aws:ecr:eu-west-1:111111111111:repository/serve", url: 111111111111.dkr.ecr.eu-west-1.amazonaws.com/serve}}}}\n'
        '  dl: {kind: data_lake, existing: {zones: {raw: {bucket_name: r, bucket_arn: "arn:aws:s3:::r"}}}}\n'
        '  c: {kind: eks_cluster, existing: {name: c, endpoint: "https://x.eks.amazonaws.com", certificate_authority: TEtB, version: "1.34", security_group_id: sg-1, node_role_arn: "arn:aws:iam::111111111111:role/n", node_role_name: n, vpc_id: vpc-0123456789abcdef0, private_subnet_ids: [subnet-1, subnet-2], region: eu-west-1}}\n'
        '  s: {kind: cluster_services, existing: {load_balancer_controller: 1.0.0, keda: 2.0.0, storage_class: gp3, external_secrets: 1.0.0, external_secrets_role_arn: "arn:aws:iam::111111111111:role/x", secret_role_path: /x/}}\n'
        '  mt: {kind: metrics, existing: {namespace: monitoring, prometheus_url: "http://p.monitoring.svc:9090"}}\n'
        '  k: {kind: karpenter, existing: {cluster_name: c, namespace: kube-system, version: 1.0.0, node_role_arn: "arn:aws:iam::111111111111:role/n", node_role_name: n, instance_profile_name: p, queue_arn: "arn:aws:sqs:eu-west-1:111111111111:q"}}\n'
        "  g: {kind: gpu_operator, existing: {cluster_name: c, namespace: gpu, mode: operator}}\n"
        "  p: {kind: gpu_pool, existing: {name: p, cluster_name: c, resource_name: nvidia.com/gpu, accelerators_per_node: 4, efa_interfaces: 0, node_selector: {pool: gpu}, tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]}}\n"
        "  spend: {kind: budget, monthly_usd: 10}\n"
        "  files: {kind: bucket}\n"
        '  e: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud, version: 1}, access: {lake: read, files: write, dl: read, images: pull}, environment: {L: "${lake.name}", Z: "${dl.zones.raw.bucket_name}", I: "${images.repositories.serve.url}", S: "${net.vpc_id}"}}\n'
        '  chat: {kind: model_server, weights: lake, gpus: 4, model: {name: a, prefix: a/, size_gib: 60}, scaling: {max: 2}, ingress: {}, access: {lake: read, e: invoke}, secrets: {HF_TOKEN: {secret: "aws-secretsmanager://hf#token"}}}\n'
    ),
    "existing-platform": Odd(
        HEAD
        + '  key: {kind: encryption_key, existing: {arn: "arn:aws:kms:eu-west-1:111111111111:key/11111111-2222-3333-4444-555555555555"}}\n'
        "  net: {kind: network, existing: {vpc_id: vpc-0123456789abcdef0, cidr: 10.0.0.0/16, private_subnet_ids: [subnet-1, subnet-2], public_subnet_ids: [], zones: [eu-west-1a, eu-west-1b]}}\n"
        '  lake: {kind: bucket, existing: {name: old, arn: "arn:aws:s3:::old"}}\n'
        '  watch: {kind: alerts, existing: {topic_arn: "arn:aws:sns:eu-west-1:111111111111:t"}}\n'
        '  models: {kind: model_registry, existing: {groups: {fraud: {name: fraud, arn: "arn:aws:sagemaker:eu-west-1:111111111111:model-package-group/fraud"}}, bucket_name: b, bucket_arn: "arn:aws:s3:::b"}}\n'
        '  images: {kind: container_registry, existing: {repositories: {serve: {name: serve, arn: "arn:aws:ecr:eu-west-1:111111111111:repository/serve", url: 111111111111.dkr.ecr.eu-west-1.amazonaws.com/serve}}}}\n'
        '  dl: {kind: data_lake, existing: {zones: {raw: {bucket_name: r, bucket_arn: "arn:aws:s3:::r"}}}}\n'
        '  c: {kind: eks_cluster, existing: {name: c, endpoint: "https://x.eks.amazonaws.com", certificate_authority: TEtB, version: "1.34", security_group_id: sg-1, node_role_arn: "arn:aws:iam::111111111111:role/n", node_role_name: n, vpc_id: vpc-0123456789abcdef0, private_subnet_ids: [subnet-1, subnet-2], region: eu-west-1}}\n'
        '  s: {kind: cluster_services, existing: {load_balancer_controller: 1.0.0, keda: 2.0.0, storage_class: gp3, external_secrets: 1.0.0, external_secrets_role_arn: "arn:aws:iam::111111111111:role/x", secret_role_path: /x/}}\n'
        '  mt: {kind: metrics, existing: {namespace: monitoring, prometheus_url: "http://p.monitoring.svc:9090"}}\n'
        '  k: {kind: karpenter, existing: {cluster_name: c, namespace: kube-system, version: 1.0.0, node_role_arn: "arn:aws:iam::111111111111:role/n", node_role_name: n, instance_profile_name: p, queue_arn: "arn:aws:sqs:eu-west-1:111111111111:q"}}\n'
        "  g: {kind: gpu_operator, existing: {cluster_name: c, namespace: gpu, mode: operator}}\n"
        "  p: {kind: gpu_pool, instance_types: [g6e.12xlarge], provisioner: karpenter}\n"
        "  p0: {kind: gpu_pool, instance_types: [g6.xlarge]}\n"
        '  h: {kind: helm_chart, chart: x, repository: "https://example.com", version: 1.2.3, namespace: a, values: {a: "${lake.name}", b: ["${net.private_subnet_ids}"]}}\n'
        "  chat: {kind: model_server, pool: p, weights: lake, gpus: 4, model: {name: a, prefix: a/, size_gib: 60}, scaling: {max: 2}}\n"
    ),
    "existing-only": Odd(
        HEAD
        + '  key: {kind: encryption_key, existing: {arn: "arn:aws:kms:eu-west-1:111111111111:key/11111111-2222-3333-4444-555555555555"}}\n'
        "  net: {kind: network, existing: {vpc_id: vpc-0123456789abcdef0, cidr: 10.0.0.0/16, private_subnet_ids: [subnet-1, subnet-2], public_subnet_ids: [], zones: [eu-west-1a, eu-west-1b]}}\n"
        '  lake: {kind: bucket, existing: {name: old, arn: "arn:aws:s3:::old"}}\n'
        '  watch: {kind: alerts, existing: {topic_arn: "arn:aws:sns:eu-west-1:111111111111:t"}}\n'
        '  models: {kind: model_registry, existing: {groups: {fraud: {name: fraud, arn: "arn:aws:sagemaker:eu-west-1:111111111111:model-package-group/fraud"}}, bucket_name: b, bucket_arn: "arn:aws:s3:::b"}}\n'
        '  images: {kind: container_registry, existing: {repositories: {serve: {name: serve, arn: "arn:aws:ecr:eu-west-1:111111111111:repository/serve", url: 111111111111.dkr.ecr.eu-west-1.amazonaws.com/serve}}}}\n'
        '  dl: {kind: data_lake, existing: {zones: {raw: {bucket_name: r, bucket_arn: "arn:aws:s3:::r"}}}}\n'
        '  c: {kind: eks_cluster, existing: {name: c, endpoint: "https://x.eks.amazonaws.com", certificate_authority: TEtB, version: "1.34", security_group_id: sg-1, node_role_arn: "arn:aws:iam::111111111111:role/n", node_role_name: n, vpc_id: vpc-0123456789abcdef0, private_subnet_ids: [subnet-1, subnet-2], region: eu-west-1}}\n'
        '  s: {kind: cluster_services, existing: {load_balancer_controller: 1.0.0, keda: 2.0.0, storage_class: gp3, external_secrets: 1.0.0, external_secrets_role_arn: "arn:aws:iam::111111111111:role/x", secret_role_path: /x/}}\n'
        '  mt: {kind: metrics, existing: {namespace: monitoring, prometheus_url: "http://p.monitoring.svc:9090"}}\n'
        '  k: {kind: karpenter, existing: {cluster_name: c, namespace: kube-system, version: 1.0.0, node_role_arn: "arn:aws:iam::111111111111:role/n", node_role_name: n, instance_profile_name: p, queue_arn: "arn:aws:sqs:eu-west-1:111111111111:q"}}\n'
        "  g: {kind: gpu_operator, existing: {cluster_name: c, namespace: gpu, mode: operator}}\n"
    ),
    "existing-endpoint-others": Odd(
        HEAD
        + '  e: {kind: endpoint, existing: {name: e, arn: "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/e", role_name: r}}\n'
        "  b: {kind: budget, existing: {name: b}}\n"
        "  n: {kind: network}\n"
        "  c: {kind: eks_cluster}\n"
        '  x: {kind: model_server, existing: {url: "http://x", service_name: x, namespace: x, role_name: r}}\n'
        "  h: {kind: helm_chart, existing: {release_name: a, namespace: b, version: 1.0.0}}\n"
        "  m: {kind: manifest, existing: {names: [a]}}\n"
        "  p: {kind: python, existing: {values: {a: b}}}\n"
        '  h2: {kind: helm_chart, layer: workloads, chart: x, repository: "https://example.com", version: 1.2.3, namespace: a, values: {u: "${x.url}", n: "${m.names}", p: "${p.values.a}", e: "${e.name}", h: "x-${h.version}"}}\n'
    ),
    "existing-ref": Odd(
        HEAD
        + """\
  n: {kind: network}
  lake: {kind: bucket}
  old: {kind: bucket, existing: {name: "${lake.name}", arn: "${lake.arn}"}}
  models: {kind: model_registry, groups: [g]}
  e: {kind: endpoint, instance_type: ml.m5.large, model: {group: g, version: 1}, access: {old: read}}
"""
    ),
    "helm-manifest-python": Odd(
        HEAD + "  n: {kind: network}\n"
        "  c: {kind: eks_cluster}\n"
        "  lake: {kind: data_lake}\n"
        '  h: {kind: helm_chart, chart: "oci://ghcr.io/a/b", version: v1.2.3-rc.1, namespace: a, values: {deep: [{x: "${lake.zones.raw.bucket_name}", y: "s3://${lake.zones.raw.bucket_name}/${env.name}"}], n: 1.5, t: true, z: null}}\n'
        '  m: {kind: manifest, objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: x, labels: {v: "${h.version}"}}, data: {a: "${h.release_name}"}}, {apiVersion: example.com/v1, kind: Widget, metadata: {name: y}, spec: {b: "${lake.zones.raw.bucket_arn}"}}]}\n'
        '  p: {kind: python, module: "mlinfra.components.data.bucket:Bucket", arguments: {expire_days: 7, expected: {stored_gib: 5}}}\n'
        "  q: {kind: python, layer: platform, module: mlinfra.components.security.encryption_key}\n"
        '  m2: {kind: manifest, layer: workloads, objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: z}, data: {a: "${p.values.name}", b: "${q.values.arn}"}}]}\n'
    ),
    "overlay-files": Odd(
        """\
mlinfra: 1
name: odd
environments:
  dev: {region: eu-west-1}
components:
  key: {kind: encryption_key}
  lake: {kind: bucket, expire_days: 5, tags: {a: b}}
  gone: {kind: bucket}
  watch: {kind: alerts, email: [a@example.com, b@example.com]}
""",
        environment="dev",
        files={
            "environments/dev.yaml": "protected: true\ncomponents:\n  lake: {expire_days: 9, tags: {a: null, c: d}}\n  gone: null\n  extra: {kind: bucket}\n  watch: {email: [c@example.com]}\n",
            "environments/prod.yaml": 'region: eu-central-1\naccount: "111111111111"\n',
            "environments/empty.yaml": "\n",
        },
    ),
    "overlay-file-prod": Odd(
        """\
mlinfra: 1
name: odd
environments:
  dev: {region: eu-west-1}
components:
  key: {kind: encryption_key}
  lake: {kind: bucket, expire_days: 5, tags: {a: b}}
  gone: {kind: bucket}
  watch: {kind: alerts, email: [a@example.com, b@example.com]}
""",
        environment="prod",
        files={
            "environments/prod.yaml": 'region: eu-central-1\naccount: "111111111111"\ncomponents: {gone: {existing: {name: x, arn: "arn:aws:s3:::x"}}}\n'
        },
    ),
    "overlay-null-field": Odd("""\
mlinfra: 1
name: odd
environments:
  dev: {region: eu-west-1, components: {lake: {expire_days: null}, gone: null}}
components:
  key: {kind: encryption_key}
  lake: {kind: bucket, expire_days: 5, tags: {a: b}}
  gone: {kind: bucket}
  watch: {kind: alerts, email: [a@example.com, b@example.com]}
"""),
    "sets": Odd(
        """\
mlinfra: 1
name: odd
environments:
  dev: {region: eu-west-1}
components:
  key: {kind: encryption_key}
  lake: {kind: bucket, expire_days: 5, tags: {a: b}}
  gone: {kind: bucket}
  watch: {kind: alerts, email: [a@example.com, b@example.com]}
""",
        sets=(
            "components.lake.expire_days=11",
            "components.gone=null",
            "components.watch.email=[x@example.com]",
            'components.lake.tags={z: "1"}',
            "region=us-east-2",
            "protected=true",
            'components.lake.tags."a.b"=c',
            "tags.team=ml",
            'account="222222222222"',
            "components.new={kind: bucket}",
            "components.key.deletion=delete",
            "budget.monthly_usd=50.5",
        ),
    ),
    "variables": Odd(
        (
            "mlinfra: 1\n"
            "name: odd\n"
            "variables:\n"
            '  s: {type: string, default: "a b: c", description: x}\n'
            "  i: {type: integer, default: 7, allowed: [7, 8]}\n"
            "  n: {type: number, default: 0.5}\n"
            "  b: {type: boolean, default: false}\n"
            "  l: {type: list, default: [raw, curated]}\n"
            "  e: {type: list, default: [a@example.com]}\n"
            '  empty: {type: string, default: ""}\n'
            "environments: {dev: {region: eu-west-1, variables: {i: 8}}}\n"
            "components:\n"
            '  lake: {kind: data_lake, zones: "${var.l}"}\n'
            '  b: {kind: bucket, expire_days: "${var.i}", description: "${var.s} ${var.n} ${var.b} ${var.i} ${blueprint.name} ${env.account}", expected: {stored_gib: "${var.n}"}}\n'
            '  w: {kind: alerts, email: "${var.e}"}\n'
            '  n: {kind: network, public: "${var.b}", nat: none}\n'
        ),
        environ={"MLINFRA_VAR_i": "7"},
    ),
    "late-grants": Odd(
        HEAD
        + """\
  n: {kind: network}
  m: {kind: model_registry, groups: [g]}
  lake: {kind: bucket}
  a: {kind: endpoint, instance_type: ml.m5.large, model: {group: g, version: 1}, access: {b: invoke, lake: read}}
  b: {kind: endpoint, instance_type: ml.m5.large, model: {group: g, version: 1}, access: {a: invoke, lake: write}}
"""
    ),
    "region-eu-central-1": Odd(
        "mlinfra: 1\n"
        "name: odd\n"
        "environments: {dev: {region: eu-central-1}}\n"
        "components:\n"
        "  key: {kind: encryption_key}\n"
        "  n: {kind: network, zones: 2, endpoints: private}\n"
        "  c: {kind: eks_cluster}\n"
        "  lake: {kind: data_lake}\n"
        "  s: {kind: cluster_services}\n"
        "  mt: {kind: metrics}\n"
        "  p: {kind: gpu_pool, instance_types: [g5.xlarge]}\n"
        "  m: {kind: model_registry, groups: [g]}\n"
        "  w: {kind: alerts, email: a@example.com}\n"
        "  sp: {kind: budget, monthly_usd: 100}\n"
        "  e: {kind: endpoint, instance_type: ml.m5.large, model: {group: g, version: 1}, access: {lake: read}}\n"
        "  i: {kind: container_registry, repositories: [a]}\n"
        "  b: {kind: bucket}\n"
        "  chat: {kind: model_server, pool: p, weights: b, model: {name: a, prefix: a/, size_gib: 1}, ingress: {}, scaling: {max: 2}}\n"
        "  k: {kind: karpenter}\n"
        "  g: {kind: gpu_operator}\n"
    ),
    "region-ap-southeast-2": Odd(
        "mlinfra: 1\n"
        "name: odd\n"
        "environments: {dev: {region: ap-southeast-2}}\n"
        "components:\n"
        "  key: {kind: encryption_key}\n"
        "  n: {kind: network, zones: 2, endpoints: private}\n"
        "  c: {kind: eks_cluster}\n"
        "  lake: {kind: data_lake}\n"
        "  s: {kind: cluster_services}\n"
        "  mt: {kind: metrics}\n"
        "  p: {kind: gpu_pool, instance_types: [g5.xlarge]}\n"
        "  m: {kind: model_registry, groups: [g]}\n"
        "  w: {kind: alerts, email: a@example.com}\n"
        "  sp: {kind: budget, monthly_usd: 100}\n"
        "  e: {kind: endpoint, instance_type: ml.m5.large, model: {group: g, version: 1}, access: {lake: read}}\n"
        "  i: {kind: container_registry, repositories: [a]}\n"
        "  b: {kind: bucket}\n"
        "  chat: {kind: model_server, pool: p, weights: b, model: {name: a, prefix: a/, size_gib: 1}, ingress: {}, scaling: {max: 2}}\n"
        "  k: {kind: karpenter}\n"
        "  g: {kind: gpu_operator}\n"
    ),
    "region-us-gov-west-1": Odd(
        "mlinfra: 1\n"
        "name: odd\n"
        "environments: {dev: {region: us-gov-west-1}}\n"
        "components:\n"
        "  key: {kind: encryption_key}\n"
        "  n: {kind: network, zones: 2, endpoints: private}\n"
        "  c: {kind: eks_cluster}\n"
        "  lake: {kind: data_lake}\n"
        "  s: {kind: cluster_services}\n"
        "  mt: {kind: metrics}\n"
        "  p: {kind: gpu_pool, instance_types: [g5.xlarge]}\n"
        "  m: {kind: model_registry, groups: [g]}\n"
        "  w: {kind: alerts, email: a@example.com}\n"
        "  sp: {kind: budget, monthly_usd: 100}\n"
        "  e: {kind: endpoint, instance_type: ml.m5.large, model: {group: g, version: 1}, access: {lake: read}}\n"
        "  i: {kind: container_registry, repositories: [a]}\n"
        "  b: {kind: bucket}\n"
        "  chat: {kind: model_server, pool: p, weights: b, model: {name: a, prefix: a/, size_gib: 1}, ingress: {}, scaling: {max: 2}}\n"
        "  k: {kind: karpenter}\n"
        "  g: {kind: gpu_operator}\n"
    ),
    "region-cn-north-1": Odd(
        "mlinfra: 1\n"
        "name: odd\n"
        "environments: {dev: {region: cn-north-1}}\n"
        "components:\n"
        "  key: {kind: encryption_key}\n"
        "  n: {kind: network, zones: 2, endpoints: minimal}\n"
        "  c: {kind: eks_cluster}\n"
        "  lake: {kind: data_lake}\n"
        "  s: {kind: cluster_services}\n"
        "  mt: {kind: metrics}\n"
        "  p: {kind: gpu_pool, instance_types: [g5.xlarge]}\n"
        "  m: {kind: model_registry, groups: [g]}\n"
        "  w: {kind: alerts, email: a@example.com}\n"
        "  sp: {kind: budget, monthly_usd: 100}\n"
        "  e: {kind: endpoint, instance_type: ml.m5.large, model: {group: g, version: 1}, access: {lake: read}}\n"
        "  i: {kind: container_registry, repositories: [a]}\n"
        "  b: {kind: bucket}\n"
        "  chat: {kind: model_server, pool: p, weights: b, model: {name: a, prefix: a/, size_gib: 1}, ingress: {}, scaling: {max: 2}}\n"
        "  k: {kind: karpenter}\n"
        "  g: {kind: gpu_operator}\n"
    ),
    "max-names": Odd(
        "mlinfra: 1\n"
        "name: a2345678901234567890123456789\n"
        "environments: {productioneu: {region: ap-southeast-2, protected: true, account: '111111111111'}}\n"
        "components:\n"
        "  k23456789012345678901234: {kind: encryption_key}\n"
        "  n23456789012345678901234: {kind: network}\n"
        "  b23456789012345678901234: {kind: bucket}\n"
        "  d23456789012345678901234: {kind: data_lake, zones: [a23456789012345678901234], query: {}}\n"
        "  r23456789012345678901234: {kind: container_registry, repositories: [a234567890123456789012345678901234567890123456789012345678901234]}\n"
        "  m23456789012345678901234: {kind: model_registry, groups: [a234567890123456789012345678901234567890]}\n"
        "  w23456789012345678901234: {kind: alerts, email: a@example.com, slack: {workspace_id: T0123ABCD, channel_id: C0123ABCD}, critical: {email: b@example.com}}\n"
        "  s23456789012345678901234: {kind: budget, monthly_usd: 99999999.99}\n"
        '  c23456789012345678901234: {kind: eks_cluster, access_entries: {a: {principal_arn: "arn:aws:iam::111111111111:role/x", policy: cluster_admin}}}\n'
        "  v23456789012345678901234: {kind: cluster_services, external_secrets: true}\n"
        "  x23456789012345678901234: {kind: metrics}\n"
        "  y23456789012345678901234: {kind: karpenter}\n"
        "  z23456789012345678901234: {kind: gpu_operator}\n"
        "  p23456789012345678901234: {kind: gpu_pool, instance_types: [p5.48xlarge], efa: true}\n"
        "  e23456789012345678901234: {kind: endpoint, instance_type: ml.m5.large, model: {group: a234567890123456789012345678901234567890, version: 999999999}, capture_percent: 5}\n"
        '  q23456789012345678901234: {kind: model_server, weights: b23456789012345678901234, model: {name: a, prefix: a/, size_gib: 1}, ingress: {}, scaling: {max: 2, min: 2}, secrets: {HF_TOKEN: {secret: "aws-secretsmanager://x"}}}\n'
    ),
    "anchors": Odd(
        """\
mlinfra: 1
name: odd
environments:
  dev: &d {region: eu-west-1}
  prod: *d
components:
  a: &b {kind: bucket, expected: &e {stored_gib: 5}}
  c: *b
  l: {kind: data_lake, expected: *e}
""",
        environment="prod",
    ),
    "json": Odd(
        '{"mlinfra": 1, "name": "odd", "environments": {"dev": {"region": "eu-west-1"}}, "components": {"lake": {"kind": "bucket", "expire_days": 5, "tags": {"a": "b"}}}}'
    ),
    "crlf": Odd(
        "mlinfra: 1\r\nname: odd\r\nenvironments: {dev: {region: eu-west-1}}\r\ncomponents:\r\n  lake:\r\n    kind: bucket\r\n    description: |\r\n      two\r\n      lines\r\n"
    ),
    "bom": Odd(
        "\ufeffmlinfra: 1\nname: odd\nenvironments: {dev: {region: eu-west-1}}\ncomponents:\n  lake: {kind: bucket}\n"
    ),
    "document-marks": Odd("""\
%YAML 1.2
---
mlinfra: 1
name: odd
environments: {dev: {region: eu-west-1}}
components:
  lake: {kind: bucket}
...
"""),
    "boundary-arn": Odd(
        "mlinfra: 1\n"
        "name: odd\n"
        "environments: {dev: {region: eu-west-1, account: '111111111111', permissions_boundary: 'arn:aws:iam::111111111111:policy/b', assume_role: 'arn:aws:iam::111111111111:role/deploy', state: 's3://a/b?region=eu-west-1', secrets: passphrase, waivers: [{rule: x.y, component: lake, reason: because it is fine, expires: \"2030-01-01\"}]}}\n"
        "components:\n"
        "  lake: {kind: data_lake, zones: {raw: {crawl: {}}}}\n"
        "  n: {kind: network}\n"
        "  c: {kind: eks_cluster}\n"
        "  k: {kind: karpenter}\n"
        "  s: {kind: cluster_services}\n"
        "  mt: {kind: metrics}\n"
        "  m: {kind: model_registry, groups: [g]}\n"
        "  e: {kind: endpoint, instance_type: ml.m5.large, model: {group: g, version: 1}}\n"
    ),
    "overrides": Odd(
        HEAD
        + "  lake: {kind: bucket, overrides: {lake: {force_destroy: true}, lake-versions: {versioning_configuration: {status: Suspended}}}}\n"
        "  n: {kind: network, overrides: {n: {enable_dns_support: false}}}\n"
    ),
    "empty-mappings": Odd("""\
mlinfra: 1
name: od
variables: {}
tags: {}
environments: {dev: {region: eu-west-1, components: {}, variables: {}, waivers: [], tags: {}}}
components:
  a: {kind: bucket, tags: {}, overrides: {}, expected: {}}
"""),
    "reverse-order": Odd(
        HEAD
        + """\
  z: {kind: model_server, model: {name: a, prefix: a/, size_gib: 1}}
  y: {kind: gpu_pool, instance_types: [g6.xlarge]}
  x: {kind: bucket}
  c: {kind: eks_cluster}
  b: {kind: network}
  a: {kind: encryption_key}
"""
    ),
    "public-false-nat-default": Odd("""\
mlinfra: 1
name: odd
environments: {dev: {region: eu-west-1, protected: true}}
components:
  n: {kind: network, public: false}
"""),
    "names-like-words": Odd(
        HEAD + "  output: {kind: bucket}\n"
        "  kind: {kind: bucket}\n"
        "  null_: {kind: bucket}\n"
        "  true1: {kind: bucket}\n"
        "  components: {kind: bucket}\n"
        "  m: {kind: model_registry, groups: [g]}\n"
        '  e: {kind: endpoint, instance_type: ml.m5.large, model: {group: g, version: 1}, environment: {A: "${kind.name}", B: "${components.arn}"}}\n'
    ),
    "late-role": Odd(
        HEAD + "  n: {kind: network}\n"
        "  c: {kind: eks_cluster}\n"
        "  w: {kind: bucket}\n"
        "  lake: {kind: bucket}\n"
        "  s: {kind: model_server, weights: none, gpus: 0, engine: custom, image: a/b:1, access: {t: invoke, lake: read}, environment: {U: x}}\n"
        "  m: {kind: model_registry, groups: [g]}\n"
        '  t: {kind: endpoint, instance_type: ml.m5.large, model: {group: g, version: 1}, environment: {U: "${s.url}"}}\n'
    ),
}
