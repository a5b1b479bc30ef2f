"""Blueprints of real kinds that are wrong, and everything that is said about each: code, line, column, message."""

from __future__ import annotations

HEAD = "mlinfra: 1\nname: demo\nenvironments: {dev: {region: eu-west-1}}\ncomponents:\n"
PROTECTED = "mlinfra: 1\nname: demo\nenvironments: {prod: {region: eu-west-1, protected: true}}\ncomponents:\n"
CLUSTER = HEAD + "  main: {kind: network}\n  cluster: {kind: eks_cluster, network: main}\n"
SERVICES = CLUSTER + "  services: {kind: cluster_services, cluster: cluster}\n"
SERVING = (
    SERVICES
    + "  gpus: {kind: gpu_pool, cluster: cluster, instance_types: [g6e.xlarge]}\n"
    + "  weights: {kind: bucket}\n"
)
REGISTRY = HEAD + "  models: {kind: model_registry, groups: [fraud]}\n"

Finding = tuple[str, int, int, str]

BROKEN: dict[str, tuple[str, list[Finding]]] = {
    "bucket-type": (
        HEAD + "  lake: {kind: bucket, expire_days: ten}\n",
        [
            ("wrong-type", 5, 37, "`expire_days` takes a whole number, not `ten`"),
        ],
    ),
    "bucket-float": (
        HEAD + "  lake: {kind: bucket, expire_days: 1.5}\n",
        [
            ("wrong-type", 5, 37, "`expire_days` takes a whole number, not `1.5`"),
        ],
    ),
    "bucket-zero": (
        HEAD + "  lake: {kind: bucket, noncurrent_days: 0, expire_days: -1}\n",
        [
            ("out-of-range", 5, 41, "`noncurrent_days` is at least 1, not `0`"),
            ("out-of-range", 5, 57, "`expire_days` is at least 1, not `-1`"),
        ],
    ),
    "bucket-huge": (
        HEAD + "  lake: {kind: bucket, expire_days: 99999999999999999999999999}\n",
        [
            ("out-of-range", 5, 37, "`expire_days` is at most 36500, not `99999999999999999999999999`"),
        ],
    ),
    "bucket-nan2": (
        HEAD + "  lake: {kind: bucket, expected: {stored_gib: NaN, put_requests: Infinity, get_requests: -Infinity}}\n",
        [
            ("out-of-range", 5, 47, "`stored_gib` is a number, not `NaN`"),
            ("out-of-range", 5, 66, "`put_requests` is a number, not `Infinity`"),
            ("out-of-range", 5, 90, "`get_requests` is a number, not `-Infinity`"),
        ],
    ),
    "bucket-hugeamount": (
        HEAD + "  lake: {kind: bucket, expected: {stored_gib: 1e99}}\n",
        [
            ("out-of-range", 5, 47, "`stored_gib` is at most 1000000000000000, not `1E+99`"),
        ],
    ),
    "bucket-hugeamount2": (
        HEAD + "  lake: {kind: bucket, expected: {stored_gib: '1e999999'}}\n",
        [
            ("out-of-range", 5, 47, "`stored_gib` is at most 1000000000000000, not `1E+999999`"),
        ],
    ),
    "bucket-date": (
        HEAD + "  lake: {kind: bucket, expire_days: 2024-01-01}\n",
        [
            ("wrong-type", 5, 37, "`expire_days` takes a whole number, not `2024-01-01`"),
        ],
    ),
    "bucket-amount-text": (
        HEAD + "  lake: {kind: bucket, expected: {stored_gib: lots}}\n",
        [
            ("invalid-value", 5, 47, "`stored_gib`: an amount is a number or `{min, expected, max}`"),
        ],
    ),
    "bucket-amount-list": (
        HEAD + "  lake: {kind: bucket, expected: {stored_gib: [1,2,3]}}\n",
        [
            ("invalid-value", 5, 35, "`stored_gib`: an amount is a number or `{min, expected, max}`"),
        ],
    ),
    "bucket-amount-order": (
        HEAD + "  lake: {kind: bucket, expected: {stored_gib: {min: 5, expected: 2, max: 9}}}\n",
        [
            ("invalid-value", 5, 35, "`stored_gib`: min 5, expected 2, max 9 must not decrease"),
        ],
    ),
    "bucket-amount-missing": (
        HEAD + "  lake: {kind: bucket, expected: {stored_gib: {min: 5}}}\n",
        [
            ("missing-field", 5, 35, "`stored_gib` needs `expected`"),
            ("missing-field", 5, 35, "`stored_gib` needs `max`"),
        ],
    ),
    "bucket-amount-unknown": (
        HEAD + "  lake: {kind: bucket, expected: {stored_gib: {min: 5, expectd: 6, max: 9}}}\n",
        [
            ("missing-field", 5, 35, "`stored_gib` needs `expected`"),
            ("unknown-field", 5, 56, "`expectd` is not a field of `stored_gib`"),
        ],
    ),
    "bucket-amount-neg": (
        HEAD + "  lake: {kind: bucket, expected: {stored_gib: -1}}\n",
        [
            ("out-of-range", 5, 47, "`stored_gib` is at least 0, not `-1`"),
        ],
    ),
    "bucket-amount-unit": (
        HEAD + "  lake: {kind: bucket, expected: {stored_gib: 100 GiB}}\n",
        [
            ("invalid-value", 5, 47, "`stored_gib`: an amount is a number or `{min, expected, max}`"),
        ],
    ),
    "bucket-deletion": (
        HEAD + "  lake: {kind: bucket, deletion: retian}\n",
        [
            ("not-allowed", 5, 34, "`deletion` takes `retain` or `delete`, not `retian`"),
        ],
    ),
    "bucket-deletion-bool": (
        HEAD + "  lake: {kind: bucket, deletion: true}\n",
        [
            ("not-allowed", 5, 34, "`deletion` takes `retain` or `delete`, not `true`"),
        ],
    ),
    "bucket-unknown": (
        HEAD + "  lake: {kind: bucket, versionning: true}\n",
        [
            ("unknown-field", 5, 24, "`versionning` is not a field of kind `bucket`"),
        ],
    ),
    "bucket-key-arn": (
        HEAD + "  lake: {kind: bucket, key: 'arn:aws:kms:eu-west-1:111111111111:key/x'}\n",
        [
            ("unknown-component", 5, 29, "there is no component `arn:aws:kms:eu-west-1:111111111111:key/x`"),
        ],
    ),
    "bucket-key-list": (
        HEAD + "  key: {kind: encryption_key}\n  lake: {kind: bucket, key: [key]}\n",
        [
            ("wrong-type", 6, 24, "`key` takes the name of a component, not a list"),
        ],
    ),
    "bucket-key-ref": (
        HEAD + "  key: {kind: encryption_key}\n  lake: {kind: bucket, key: '${key.arn}'}\n",
        [
            ("wrong-type", 6, 29, "`key` takes the name of a component, not `${key.arn}`"),
        ],
    ),
    "bucket-key-wrong": (
        HEAD + "  net: {kind: network}\n  lake: {kind: bucket, key: net}\n",
        [
            ("wrong-component", 6, 29, "`key` of kind `bucket` cannot be `net`, which is of kind `network`"),
        ],
    ),
    "bucket-key-null": (
        HEAD + "  lake: {kind: bucket, key: null}\n",
        [
            ("wrong-type", 5, 29, "`key` takes the name of a component, not `null`"),
        ],
    ),
    "two-keys": (
        HEAD
        + "  k1: {kind: encryption_key}\n  k2: {kind: encryption_key}\n  lake: {kind: bucket}\n  d: {kind: data_lake}\n",
        [
            ("ambiguous-need", 7, 3, "`key` of `lake` could be `k1` or `k2`"),
            ("ambiguous-need", 8, 3, "`key` of `d` could be `k1` or `k2`"),
        ],
    ),
    "key-window": (
        HEAD + "  key: {kind: encryption_key, deletion_window_days: 31, rotation_days: 89, deletion: keep}\n",
        [
            ("out-of-range", 5, 53, "`deletion_window_days` is at most 30, not `31`"),
            ("out-of-range", 5, 72, "`rotation_days` is at least 90, not `89`"),
            ("not-allowed", 5, 86, "`deletion` takes `retain` or `delete`, not `keep`"),
        ],
    ),
    "net-cidr": (
        HEAD + "  main: {kind: network, cidr: 10.0.0.1/16}\n",
        [
            (
                "invalid-value",
                5,
                31,
                "`cidr`: `10.0.0.1/16` does not start a range of that size; the range around it is `10.0.0.0/16`",
            ),
        ],
    ),
    "net-cidr2": (
        HEAD + "  main: {kind: network, cidr: 8.8.0.0/16}\n",
        [
            (
                "invalid-value",
                5,
                31,
                "`cidr`: `8.8.0.0/16` is a public range; a network lies within one of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10",
            ),
        ],
    ),
    "net-cidr3": (
        HEAD + "  main: {kind: network, cidr: 10.0.0.0/8}\n",
        [
            ("invalid-value", 5, 31, "`cidr`: `10.0.0.0/8` has prefix /8; a VPC takes /16 to /28"),
        ],
    ),
    "net-cidr4": (
        HEAD + "  main: {kind: network, cidr: hello}\n",
        [
            ("invalid-value", 5, 31, "`cidr`: `hello` is not an IPv4 range; write it like `10.0.0.0/16`"),
        ],
    ),
    "net-cidr5": (
        HEAD + "  main: {kind: network, cidr: 172.17.0.0/16}\n",
        [
            (
                "invalid-value",
                5,
                31,
                "`cidr`: `172.17.0.0/16` overlaps 172.17.0.0/16, which SageMaker's containers use; take another range",
            ),
        ],
    ),
    "net-cidr6": (
        HEAD + "  main: {kind: network, cidr: 'fd00::/56'}\n",
        [
            ("invalid-value", 5, 31, "`cidr`: `fd00::/56` is not an IPv4 range; write it like `10.0.0.0/16`"),
        ],
    ),
    "net-cidr7": (
        HEAD + "  main: {kind: network, cidr: 10.0.0.0/27, zones: 6}\n",
        [
            (
                "invalid-value",
                5,
                3,
                "6 private subnets of /28 and 6 public ones of /28 do not fit into `10.0.0.0/27`: take a wider range, fewer zones or longer prefixes",
            ),
        ],
    ),
    "net-zone-region": (
        HEAD + "  main: {kind: network, zones: [us-east-1a, us-east-1b]}\n",
        [
            ("refused-here", 5, 33, "`us-east-1a` is not a zone of `eu-west-1`"),
        ],
    ),
    "net-zone-id-region": (
        HEAD + "  main: {kind: network, zones: [use1-az1]}\n",
        [
            ("refused-here", 5, 33, "`use1-az1` is not a zone of `eu-west-1`"),
        ],
    ),
    "net-zone-missing": (
        HEAD + "  main: {kind: network, zones: [eu-west-1z]}\n",
        [
            ("wrong-format", 5, 33, "`zones` looks like `eu-west-1a` or `use1-az1`, not `eu-west-1z`"),
        ],
    ),
    "net-zone-too-many": (
        HEAD + "  main: {kind: network, zones: 6}\n",
        [
            ("refused-here", 5, 32, "`eu-west-1` has 3 zones, and `zones` is 6"),
        ],
    ),
    "net-zone-zero": (
        HEAD + "  main: {kind: network, zones: 0}\n",
        [
            ("out-of-range", 5, 32, "`zones` is at least 1, not `0`"),
        ],
    ),
    "net-zone-twice": (
        HEAD + "  main: {kind: network, zones: [eu-west-1a, eu-west-1a]}\n",
        [
            ("invalid-value", 5, 3, "`zones` names a zone twice"),
        ],
    ),
    "net-zone-twice-id": (
        HEAD + "  main: {kind: network, zones: []}\n",
        [
            ("wrong-length", 5, 25, "`zones` has at least one entry, and this has none"),
        ],
    ),
    "net-zone-str": (
        HEAD + "  main: {kind: network, zones: three}\n",
        [
            ("wrong-type", 5, 32, "`zones` takes a whole number or a list, not `three`"),
        ],
    ),
    "net-nat": (
        HEAD + "  main: {kind: network, public: false, nat: single}\n",
        [
            ("invalid-value", 5, 3, "`nat: single` stands in public subnets, and `public` is false; say `nat: none`"),
        ],
    ),
    "net-pod": (
        HEAD + "  main: {kind: network, pod_prefix: 20}\n",
        [
            ("invalid-value", 5, 3, "`pod_prefix` divides `pod_cidr`, which is not given"),
        ],
    ),
    "net-pod-overlap": (
        HEAD + "  main: {kind: network, pod_cidr: 10.0.0.0/16}\n",
        [
            ("invalid-value", 5, 3, "`pod_cidr` `10.0.0.0/16` overlaps `cidr` `10.0.0.0/16`"),
        ],
    ),
    "net-pod-other": (
        HEAD + "  main: {kind: network, cidr: 10.0.0.0/16, pod_cidr: 192.168.0.0/16}\n",
        [
            (
                "invalid-value",
                5,
                3,
                "`pod_cidr` `192.168.0.0/16` cannot join `10.0.0.0/16`: take a range within 100.64.0.0/10",
            ),
        ],
    ),
    "net-pod-bad": (
        HEAD + "  main: {kind: network, pod_cidr: 100.64.0.0/8}\n",
        [
            (
                "invalid-value",
                5,
                35,
                "`pod_cidr`: `100.64.0.0/8` does not start a range of that size; the range around it is `100.0.0.0/8`",
            ),
        ],
    ),
    "net-prefix": (
        HEAD + "  main: {kind: network, private_prefix: 12, public_prefix: 29}\n",
        [
            ("out-of-range", 5, 41, "`private_prefix` is at least 16, not `12`"),
            ("out-of-range", 5, 60, "`public_prefix` is at most 28, not `29`"),
        ],
    ),
    "net-prefix-fit": (
        HEAD + "  main: {kind: network, private_prefix: 16}\n",
        [
            (
                "invalid-value",
                5,
                3,
                "3 private subnets of /16 and 3 public ones of /22 do not fit into `10.0.0.0/16`: take a wider range, fewer zones or longer prefixes",
            ),
        ],
    ),
    "net-endpoint2": (
        HEAD + "  main: {kind: network, endpoints: some, extra_endpoints: 'com.amazonaws.eu-west-1.s3'}\n",
        [
            ("not-allowed", 5, 36, "`endpoints` takes `minimal`, `private` or `all`, not `some`"),
            ("wrong-type", 5, 59, "`extra_endpoints` takes a list, not `com.amazonaws.eu-west-1.s3`"),
        ],
    ),
    "net-flow": (
        HEAD + "  main: {kind: network, flow_logs: {retention_days: 31, traffic: accepted, interval_seconds: 61}}\n",
        [
            (
                "not-allowed",
                5,
                53,
                "`retention_days` takes `1`, `3`, `5`, `7`, `14`, `30`, `60`, `90`, `120`, `150`, `180` or 11 more, not `31`",
            ),
            ("not-allowed", 5, 66, "`traffic` takes `all`, `rejected` or `none`, not `accepted`"),
            ("not-allowed", 5, 94, "`interval_seconds` takes `60` or `600`, not `61`"),
        ],
    ),
    "net-flow-false": (
        HEAD + "  main: {kind: network, flow_logs: false}\n",
        [
            ("wrong-type", 5, 36, "`flow_logs` takes a mapping, not `false`"),
        ],
    ),
    "lake-zones-dup": (
        HEAD + "  lake: {kind: data_lake, zones: [raw, raw]}\n",
        [
            ("invalid-value", 5, 27, "`zones`: zones are named twice: raw"),
        ],
    ),
    "lake-zones-name": (
        HEAD + "  lake: {kind: data_lake, zones: [Raw Zone]}\n",
        [
            ("wrong-name", 5, 27, "`Raw Zone` is not a name here: a name looks like `raw` or `daily_orders`"),
        ],
    ),
    "lake-zones-empty": (
        HEAD + "  lake: {kind: data_lake, zones: []}\n",
        [
            ("wrong-length", 5, 27, "`zones` has at least one entry, and this has none"),
        ],
    ),
    "lake-zones-int": (
        HEAD + "  lake: {kind: data_lake, zones: 3}\n",
        [
            ("wrong-type", 5, 34, "`zones` takes a mapping, not `3`"),
        ],
    ),
    "lake-zone-field": (
        HEAD + "  lake: {kind: data_lake, zones: {raw: {expire: 5}}}\n",
        [
            ("unknown-field", 5, 41, "`expire` is not a field of `raw`"),
        ],
    ),
    "lake-zone-days": (
        HEAD + "  lake: {kind: data_lake, zones: {raw: {infrequent_days: 30, archive_days: 40, expire_days: 20}}}\n",
        [
            (
                "invalid-value",
                5,
                35,
                "`raw`: `archive_days` is 40; S3 allows it from 60, 30 days after `infrequent_days`",
            ),
        ],
    ),
    "lake-zone-days2": (
        HEAD + "  lake: {kind: data_lake, zones: {raw: {infrequent_days: 3}}}\n",
        [
            ("out-of-range", 5, 58, "`infrequent_days` is at least 30, not `3`"),
        ],
    ),
    "lake-cron": (
        HEAD + "  lake: {kind: data_lake, zones: {raw: {crawl: {schedule: every day}}}}\n",
        [
            ("wrong-format", 5, 59, "`schedule` looks like `cron(0 3 * * ? *)`, not `every day`"),
        ],
    ),
    "lake-column": (
        HEAD + "  lake: {kind: data_lake, zones: {raw: {tables: {t: {columns: {a: strng}}}}}}\n",
        [
            ("wrong-format", 5, 67, "`a` looks like `string`, `long`, `timestamp` or `decimal(12, 2)`, not `strng`"),
        ],
    ),
    "lake-partition": (
        HEAD
        + "  lake: {kind: data_lake, zones: {raw: {tables: {t: {columns: {a: string}, partition_by: [day(a)]}}}}}\n",
        [
            ("invalid-value", 5, 50, "`t`: `day(a)` needs a date or a timestamp, and `a` is string"),
        ],
    ),
    "lake-partition2": (
        HEAD
        + "  lake: {kind: data_lake, zones: {raw: {tables: {t: {columns: {a: string}, partition_by: [b, 'fortnight(a)']}}}}}\n",
        [
            ("invalid-value", 5, 50, "`t`: `partition_by` names `b`, which is not among the columns: a"),
        ],
    ),
    "lake-shares": (
        HEAD + "  lake: {kind: data_lake, shares: [{principal: 'arn:aws:iam::111111111111:role/a', zones: [raw]}]}\n",
        [
            (
                "invalid-value",
                5,
                3,
                "`shares` are Lake Formation's; say `governance: lake_formation`, or use `access` of the component that reads",
            ),
        ],
    ),
    "lake-shares2": (
        HEAD
        + "  lake: {kind: data_lake, governance: lake_formation, shares: [{principal: nobody, zones: [foo], level: admin}]}\n",
        [
            (
                "wrong-format",
                5,
                76,
                "`principal` looks like `arn:aws:iam::123456789012:role/analyst` or `123456789012`, not `nobody`",
            ),
            ("not-allowed", 5, 105, "`level` takes `read` or `write`, not `admin`"),
        ],
    ),
    "lake-ref-zone": (
        HEAD
        + "  lake: {kind: data_lake}\n  models: {kind: model_registry, groups: [a]}\n  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: a, version: 1}, environment: {A: '${lake.zones.rw.bucket_name}'}}\n",
        [
            ("unknown-output", 7, 101, "`lake` has no `rw` in `zones`"),
        ],
    ),
    "lake-ref-short": (
        HEAD
        + "  lake: {kind: data_lake}\n  models: {kind: model_registry, groups: [a]}\n  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: a, version: 1}, environment: {A: '${lake.zones}', B: '${lake.zones.raw}', C: '${lake}', D: '${lake.foo}', E: '${lak.name}'}}\n",
        [
            ("unknown-output", 7, 101, "`${lake.zones}`: `zones` has one entry per key: say which"),
            ("unknown-output", 7, 121, "`${lake.zones.raw}`: `raw` holds several outputs: say which"),
            ("unknown-output", 7, 145, "`${lake}`: say which output of `lake` (kind `data_lake`)"),
            ("unknown-output", 7, 159, "`${lake.foo}`: `lake` (kind `data_lake`) has no output `foo`"),
            ("unknown-component", 7, 177, "`${lak.name}`: there is no component `lak`"),
        ],
    ),
    "registry-name": (
        HEAD + "  images: {kind: container_registry, repositories: [Train, 'a//b', train, train]}\n",
        [
            ("wrong-format", 5, 53, "`repositories` looks like `training` or `feature-server`, not `Train`"),
            ("wrong-format", 5, 60, "`repositories` looks like `training` or `feature-server`, not `a//b`"),
        ],
    ),
    "registry-empty": (
        HEAD + "  images: {kind: container_registry, repositories: []}\n",
        [
            ("wrong-length", 5, 38, "`repositories` has at least one entry, and this has none"),
        ],
    ),
    "registry-missing": (
        HEAD + "  images: {kind: container_registry}\n",
        [
            ("missing-field", 5, 3, "kind `container_registry` needs `repositories`"),
        ],
    ),
    "registry-share": (
        HEAD + "  images: {kind: container_registry, repositories: [a], shared_with: [333333333333, '12']}\n",
        [
            ("wrong-type", 5, 71, "`shared_with` takes text, not `333333333333`"),
            ("wrong-format", 5, 85, "`shared_with` looks like `123456789012`, not `12`"),
        ],
    ),
    "registry-tags": (
        HEAD + "  images: {kind: container_registry, repositories: [a], mutable_tags: ['a b', '']}\n",
        [
            ("wrong-format", 5, 72, "`mutable_tags` looks like `latest` or `cache-*`, not `a b`"),
            ("wrong-format", 5, 79, "`mutable_tags` looks like `latest` or `cache-*`, not empty text"),
        ],
    ),
    "mr-groups": (
        HEAD + "  models: {kind: model_registry, groups: [a_b, 'x y', a, a]}\n",
        [
            ("wrong-format", 5, 48, "`groups` looks like `fraud` or `churn-by-month`, not `x y`"),
        ],
    ),
    "ep-type": (
        REGISTRY + "  ep: {kind: endpoint, instance_type: ml.m99.large, model: {group: fraud, version: 1}}\n",
        [
            (
                "invalid-value",
                6,
                39,
                "`instance_type`: `ml.m99.large` is not an instance type of SageMaker endpoints; similar: `ml.m5.large`, `ml.m8g.large`, `ml.m7i.large`",
            ),
        ],
    ),
    "ep-type2": (
        REGISTRY + "  ep: {kind: endpoint, instance_type: m5.large, model: {group: fraud, version: 1}}\n",
        [
            (
                "invalid-value",
                6,
                39,
                "`instance_type`: `m5.large` is not an instance type of SageMaker endpoints; similar: `ml.r5.large`, `ml.m5.large`, `ml.c5.large`",
            ),
        ],
    ),
    "ep-group": (
        REGISTRY + "  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: frud, version: 1}}\n",
        [
            ("does-not-fit", 6, 67, "the model registry has no group `frud`; it has `fraud`"),
        ],
    ),
    "ep-noversion": (
        REGISTRY + "  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud}}\n",
        [
            ("invalid-value", 6, 52, "`model`: `group` and `version` come together"),
        ],
    ),
    "ep-version": (
        REGISTRY + "  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud, version: latest}}\n",
        [
            ("wrong-format", 6, 83, "`version` looks like `3`, not `latest`"),
        ],
    ),
    "ep-nomodel": (
        REGISTRY + "  ep: {kind: endpoint, instance_type: ml.m5.large}\n",
        [
            ("missing-field", 6, 3, "kind `endpoint` needs `model`"),
        ],
    ),
    "ep-emptymodel": (
        REGISTRY + "  ep: {kind: endpoint, instance_type: ml.m5.large, model: {}}\n",
        [
            ("invalid-value", 6, 52, "`model`: a model is either `group` and `version`, or `image`"),
        ],
    ),
    "ep-both": (
        REGISTRY + "  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud, version: 1, image: x}}\n",
        [
            (
                "wrong-format",
                6,
                93,
                "`image` looks like `123456789012.dkr.ecr.eu-west-1.amazonaws.com/serving:1.4.2`, not `x`",
            ),
        ],
    ),
    "ep-noregistry": (
        HEAD + "  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud, version: 1}}\n",
        [
            ("missing-need", 5, 3, "`ep` (kind `endpoint`) needs a `registry`: `fraud` is served from it"),
        ],
    ),
    "ep-image": (
        HEAD + "  ep: {kind: endpoint, instance_type: ml.m5.large, model: {image: nginx:latest}}\n",
        [
            (
                "wrong-format",
                5,
                67,
                "`image` looks like `123456789012.dkr.ecr.eu-west-1.amazonaws.com/serving:1.4.2`, not `nginx:latest`",
            ),
        ],
    ),
    "ep-artifact": (
        HEAD
        + "  ep: {kind: endpoint, instance_type: ml.m5.large, model: {image: 111111111111.dkr.ecr.eu-west-1.amazonaws.com/a:1, artifact: http://x/y, artifact_folder: s3://a/b}}\n",
        [
            ("wrong-format", 5, 127, "`artifact` looks like `s3://my-models/fraud/model.tar.gz`, not `http://x/y`"),
            ("wrong-format", 5, 156, "`artifact_folder` looks like `s3://my-models/fraud/`, not `s3://a/b`"),
        ],
    ),
    "ep-instances": (
        REGISTRY
        + "  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud, version: 1}, instances: {min: 4, max: 2}}\n",
        [
            ("invalid-value", 6, 87, "`instances`: `min` 4 is above `max` 2"),
        ],
    ),
    "ep-instances2": (
        REGISTRY
        + "  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud, version: 1}, instances: 3}\n",
        [
            ("wrong-type", 6, 98, "`instances` takes a mapping, not `3`"),
        ],
    ),
    "ep-volume": (
        REGISTRY
        + "  ep: {kind: endpoint, instance_type: ml.g5.xlarge, model: {group: fraud, version: 1}, volume_gib: 100}\n",
        [
            ("invalid-value", 6, 3, "`ml.g5.xlarge` has disks of its own; leave `volume_gib` out"),
        ],
    ),
    "ep-env-num": (
        REGISTRY
        + "  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud, version: 1}, environment: {A: 1, B: true, C: null, 'a b': x}}\n",
        [
            ("wrong-type", 6, 104, "`A` takes text, not `1`"),
            ("wrong-type", 6, 110, "`B` takes text, not `true`"),
            ("wrong-type", 6, 119, "`C` takes text, not `null`"),
        ],
    ),
    "ep-canary-one": (
        REGISTRY
        + "  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud, version: 1}, instances: {min: 1, max: 1}, deployment: {strategy: canary}}\n",
        [
            ("refused-here", 6, 139, "there is one instance, which `canary` cannot divide"),
        ],
    ),
    "ep-rolling": (
        REGISTRY
        + "  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud, version: 1}, deployment: {strategy: rolling, keep_old_seconds: 60, step_percent: 60}}\n",
        [
            ("out-of-range", 6, 155, "`step_percent` is at most 50, not `60`"),
        ],
    ),
    "ep-access-level": (
        REGISTRY
        + "  lake: {kind: bucket}\n  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud, version: 1}, access: {lake: admin, nothing: read, ep: invoke}}\n",
        [
            ("unknown-level", 7, 102, "access to `lake` is `read` or `write`, not `admin`"),
            ("unknown-component", 7, 109, "there is no component `nothing`"),
            ("access-to-itself", 7, 124, "`ep` cannot be given access to itself"),
        ],
    ),
    "ep-access-list": (
        REGISTRY
        + "  lake: {kind: bucket}\n  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud, version: 1}, access: [lake]}\n",
        [
            ("wrong-type", 7, 87, "`access` takes a mapping, not a list"),
        ],
    ),
    "bucket-access": (
        HEAD + "  a: {kind: bucket}\n  b: {kind: bucket, access: {a: read}}\n",
        [
            ("no-role", 6, 21, "kind `bucket` has no role that `access` could extend"),
        ],
    ),
    "access-network": (
        REGISTRY
        + "  main: {kind: network}\n  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud, version: 1}, access: {main: read}}\n",
        [
            ("no-levels", 7, 96, "access to `main` (kind `network`) cannot be granted"),
        ],
    ),
    "alerts-email": (
        HEAD + "  watch: {kind: alerts, email: nobody}\n",
        [
            ("wrong-format", 5, 32, "`email` looks like `ml-team@example.com`, not `nobody`"),
        ],
    ),
    "alerts-email2": (
        HEAD + "  watch: {kind: alerts, email: [a@b.com, a@b.com, 5]}\n",
        [
            ("wrong-type", 5, 51, "`email` takes text, not `5`"),
        ],
    ),
    "alerts-slack": (
        HEAD + "  watch: {kind: alerts, slack: {workspace_id: '#ml', channel_id: ml-alerts}}\n",
        [
            ("wrong-format", 5, 47, "`workspace_id` looks like `T0123ABCD`, not `#ml`"),
            ("wrong-format", 5, 66, "`channel_id` looks like `C0123ABCD`, not `ml-alerts`"),
        ],
    ),
    "alerts-none": (
        HEAD + "  watch: {kind: alerts}\n",
        [
            ("invalid-value", 5, 3, "alerts need somebody to tell: `email`, `slack`, or both"),
        ],
    ),
    "alerts-critical": (
        HEAD + "  watch: {kind: alerts, email: a@b.com, critical: {}}\n",
        [
            ("invalid-value", 5, 3, "`critical` needs somebody to tell: `email`, `slack`, or both"),
        ],
    ),
    "budget-nobody": (
        HEAD + "  s: {kind: budget, monthly_usd: 5}\n",
        [
            (
                "missing-need",
                5,
                3,
                "`s` (kind `budget`) needs a `alerts`: it tells nobody without, unless `email` is given",
            ),
        ],
    ),
    "budget-neg": (
        HEAD + "  s: {kind: budget, monthly_usd: -5, email: a@b.com}\n",
        [
            ("out-of-range", 5, 34, "`monthly_usd` is more than 0, not `-5`"),
        ],
    ),
    "budget-text": (
        HEAD + "  s: {kind: budget, monthly_usd: '500 USD', email: a@b.com}\n",
        [
            ("wrong-type", 5, 34, "`monthly_usd` takes a number, not `500 USD`"),
        ],
    ),
    "budget-nan": (
        HEAD + "  s: {kind: budget, monthly_usd: NaN, email: a@b.com}\n",
        [
            ("out-of-range", 5, 34, "`monthly_usd` is a number, not `NaN`"),
        ],
    ),
    "budget-huge": (
        HEAD + "  s: {kind: budget, monthly_usd: 1e60, email: a@b.com}\n",
        [
            ("out-of-range", 5, 34, "`monthly_usd` has at most 14 digits, not `1e+60`"),
        ],
    ),
    "budget-comp": (
        HEAD + "  s: {kind: budget, monthly_usd: 5, email: a@b.com, components: {nothere: 5}}\n",
        [
            ("unknown-component", 5, 66, "there is no component `nothere`"),
        ],
    ),
    "budget-percent": (
        HEAD
        + "  s: {kind: budget, monthly_usd: 5, email: a@b.com, actual_percent: [0, 50, 50, 2000], forecast_percent: 100}\n",
        [
            ("out-of-range", 5, 70, "`actual_percent` is at least 1, not `0`"),
            ("out-of-range", 5, 81, "`actual_percent` is at most 1000, not `2000`"),
            ("wrong-type", 5, 106, "`forecast_percent` takes a list, not `100`"),
        ],
    ),
    "budget-emails": (
        HEAD
        + "  s: {kind: budget, monthly_usd: 5, email: [a1@b.com,a2@b.com,a3@b.com,a4@b.com,a5@b.com,a6@b.com,a7@b.com,a8@b.com,a9@b.com,a10@b.com,a11@b.com]}\n",
        [
            ("invalid-value", 5, 3, "AWS Budgets mails to at most 10 addresses; use `alerts` for more"),
        ],
    ),
    "budget-manypct": (
        HEAD + "  s: {kind: budget, monthly_usd: 5, email: a@b.com, actual_percent: [1,2,3,4,5,6,7,8,9,10,11]}\n",
        [
            (
                "invalid-value",
                5,
                3,
                "12 percentages in `actual_percent` and `forecast_percent` together; AWS takes 1 to 10",
            ),
        ],
    ),
    "eks-version": (
        HEAD + "  main: {kind: network}\n  c: {kind: eks_cluster, version: '1.99'}\n",
        [
            (
                "invalid-value",
                6,
                35,
                "`version`: EKS does not offer Kubernetes `1.99`; it offers 1.32, 1.33, 1.34, 1.35, 1.36",
            ),
        ],
    ),
    "eks-version-old": (
        HEAD + "  main: {kind: network}\n  c: {kind: eks_cluster, version: '1.20'}\n",
        [
            (
                "invalid-value",
                6,
                35,
                "`version`: EKS does not offer Kubernetes `1.20`; it offers 1.32, 1.33, 1.34, 1.35, 1.36",
            ),
        ],
    ),
    "eks-version-float": (
        HEAD + "  main: {kind: network}\n  c: {kind: eks_cluster, version: 1.34}\n",
        [
            (
                "invalid-value",
                6,
                35,
                "`version`: a version is text: write it in quotes, or `1.30` is read as the number 1.3",
            ),
        ],
    ),
    "eks-nonet": (
        HEAD + "  c: {kind: eks_cluster}\n",
        [
            ("missing-need", 5, 3, "`c` (kind `eks_cluster`) needs a `network`"),
        ],
    ),
    "eks-net-none": (
        HEAD + "  main: {kind: network}\n  c: {kind: eks_cluster, network: none}\n",
        [
            ("need-required", 6, 35, "`network` cannot be `none`: kind `eks_cluster` needs it"),
        ],
    ),
    "eks-onezone": (
        HEAD + "  main: {kind: network, zones: 1}\n  c: {kind: eks_cluster}\n",
        [
            ("does-not-fit", 6, 3, "a cluster takes a network with at least two zones, and this one has one"),
        ],
    ),
    "eks-admin": (
        PROTECTED + "  main: {kind: network}\n  c: {kind: eks_cluster}\n",
        [
            (
                "refused-here",
                6,
                3,
                "nobody would be administrator of the cluster: no access entry has `policy: cluster_admin`",
            ),
        ],
    ),
    "eks-nodekey": (
        HEAD + "  main: {kind: network}\n  c: {kind: eks_cluster, encrypt_nodes_with_key: true}\n",
        [
            ("missing-need", 6, 3, "`c` (kind `eks_cluster`) needs a `key`: `encrypt_nodes_with_key` is true"),
        ],
    ),
    "eks-system": (
        HEAD + "  main: {kind: network}\n  c: {kind: eks_cluster, system_pool: {instance_types: [m7i.lrge]}}\n",
        [
            (
                "invalid-value",
                6,
                40,
                "`instance_types`: `m7i.lrge` is not an EC2 instance type; sizes of `m7i` are large, xlarge, 2xlarge, 4xlarge, 8xlarge, 12xlarge, 16xlarge, 24xlarge, 48xlarge, metal-24xl, metal-48xl",
            ),
        ],
    ),
    "eks-system-gpu": (
        HEAD + "  main: {kind: network}\n  c: {kind: eks_cluster, system_pool: {instance_types: [g6e.xlarge]}}\n",
        [
            ("invalid-value", 6, 40, "`instance_types`: `g6e.xlarge` has accelerators: give it to a `gpu_pool`"),
        ],
    ),
    "eks-system-mix": (
        HEAD
        + "  main: {kind: network}\n  c: {kind: eks_cluster, system_pool: {instance_types: [m7i.large, m7g.large]}}\n",
        [
            (
                "invalid-value",
                6,
                26,
                "`system_pool`: the instance types are of two architectures, and one image cannot start both",
            ),
        ],
    ),
    "eks-system-sizes": (
        HEAD
        + "  main: {kind: network}\n  c: {kind: eks_cluster, system_pool: {min_size: 5, desired_size: 3, max_size: 4}}\n",
        [
            ("invalid-value", 6, 26, "`system_pool`: min_size 5, desired_size 3, max_size 4 must not decrease"),
        ],
    ),
    "eks-addon": (
        HEAD
        + "  main: {kind: network}\n  c: {kind: eks_cluster, addons: [vpc-cni, foo], addon_versions: {foo: v1, vpc-cni: '1.2'}}\n",
        [
            (
                "not-allowed",
                6,
                35,
                "`addons` takes `amazon-cloudwatch-observability`, `aws-efs-csi-driver`, `aws-fsx-csi-driver`, `aws-mountpoint-s3-csi-driver`, `eks-node-monitoring-agent` or `snapshot-controller`, not `vpc-cni`",
            ),
            (
                "not-allowed",
                6,
                44,
                "`addons` takes `amazon-cloudwatch-observability`, `aws-efs-csi-driver`, `aws-fsx-csi-driver`, `aws-mountpoint-s3-csi-driver`, `eks-node-monitoring-agent` or `snapshot-controller`, not `foo`",
            ),
            (
                "invalid-value",
                6,
                50,
                "`addon_versions`: there is no add-on `foo` here; there are amazon-cloudwatch-observability, aws-ebs-csi-driver, aws-efs-csi-driver, aws-fsx-csi-driver, aws-mountpoint-s3-csi-driver, coredns, eks-node-monitoring-agent, eks-pod-identity-agent, kube-proxy, snapshot-controller, vpc-cni",
            ),
        ],
    ),
    "eks-cidr": (
        HEAD
        + "  main: {kind: network}\n  c: {kind: eks_cluster, service_cidr: 10.0.0.0/16, public_access_cidrs: [0.0.0.0/0, 10.0.0.0/8, x]}\n",
        [
            ("invalid-value", 6, 98, "`public_access_cidrs`: `x` is not a range of addresses such as `203.0.113.0/24`"),
        ],
    ),
    "eks-access": (
        HEAD
        + "  main: {kind: network}\n  c: {kind: eks_cluster, access_entries: {team: {principal_arn: x, policy: god, namespaces: [a]}}}\n",
        [
            ("not-allowed", 6, 76, "`policy` takes `cluster_admin`, `admin`, `edit` or `view`, not `god`"),
        ],
    ),
    "eks-access2": (
        HEAD
        + "  main: {kind: network}\n  c: {kind: eks_cluster, access_entries: {team: {principal_arn: 'arn:aws:iam::111111111111:role/team', policy: cluster_admin, namespaces: [a]}}}\n",
        [
            (
                "invalid-value",
                6,
                43,
                "`team`: `cluster_admin` holds for the whole cluster; with `namespaces` say `admin`",
            ),
        ],
    ),
    "eks-access3": (
        HEAD
        + "  main: {kind: network}\n  c: {kind: eks_cluster, access_entries: {t1: {principal_arn: 'arn:aws:iam::111111111111:role/team'}, t2: {principal_arn: 'arn:aws:iam::111111111111:role/team', policy: view}}}\n",
        [
            (
                "invalid-value",
                6,
                26,
                "`access_entries`: `t1` and `t2` are about the same principal, and EKS takes one entry for each",
            ),
        ],
    ),
    "eks-log": (
        HEAD
        + "  main: {kind: network}\n  c: {kind: eks_cluster, log_types: [api, everything], log_retention_days: 91, control_plane_tier: xl}\n",
        [
            (
                "not-allowed",
                6,
                43,
                "`log_types` takes `api`, `audit`, `authenticator`, `controllerManager` or `scheduler`, not `everything`",
            ),
            (
                "not-allowed",
                6,
                76,
                "`log_retention_days` takes `1`, `3`, `5`, `7`, `14`, `30`, `60`, `90`, `120`, `150`, `180` or 10 more, not `91`",
            ),
            (
                "not-allowed",
                6,
                100,
                "`control_plane_tier` takes `standard`, `tier-xl`, `tier-2xl`, `tier-4xl` or `tier-8xl`, not `xl`",
            ),
        ],
    ),
    "pool-type": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: [g9.xlarge]}\n",
        [
            (
                "invalid-value",
                7,
                23,
                "`instance_types`: `g9.xlarge` is not an instance type with NVIDIA GPUs, Inferentia or Trainium; families are g4dn, g5, g5g, g6, g6e, g6f, g7, g7e, gr6, gr6f, inf1, inf2, p4d, p4de, p5, p5e, p5en, p6-b200, p6-b300, trn1, trn1n, trn2, trn2u",
            ),
        ],
    ),
    "pool-cpu": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: [m7i.large]}\n",
        [
            (
                "invalid-value",
                7,
                23,
                "`instance_types`: `m7i.large` is not an instance type with NVIDIA GPUs, Inferentia or Trainium; families are g4dn, g5, g5g, g6, g6e, g6f, g7, g7e, gr6, gr6f, inf1, inf2, p4d, p4de, p5, p5e, p5en, p6-b200, p6-b300, trn1, trn1n, trn2, trn2u",
            ),
        ],
    ),
    "pool-mix": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: [g6e.xlarge, trn1.32xlarge]}\n",
        [
            (
                "invalid-value",
                7,
                23,
                "`instance_types`: `g6e.xlarge` and `trn1.32xlarge` need different node images: make two pools",
            ),
        ],
    ),
    "pool-mix-arch": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: [g5g.xlarge, g5.xlarge]}\n",
        [
            (
                "invalid-value",
                7,
                23,
                "`instance_types`: `g5g.xlarge` and `g5.xlarge` need different node images: make two pools",
            ),
        ],
    ),
    "pool-empty": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: []}\n",
        [
            ("wrong-length", 7, 23, "`instance_types` has at least one entry, and this has none"),
        ],
    ),
    "pool-str": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: g6e.xlarge}\n",
        [
            ("wrong-type", 7, 39, "`instance_types` takes a list, not `g6e.xlarge`"),
        ],
    ),
    "pool-spot-res": (
        CLUSTER
        + "  g: {kind: gpu_pool, instance_types: [p5.48xlarge], capacity: spot, reservation_id: cr-0123456789abcdef0}\n",
        [
            (
                "invalid-value",
                7,
                3,
                "`reservation_id` goes with `capacity: reservation` or `capacity: capacity_block`, and they need it",
            ),
        ],
    ),
    "pool-res-noid": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: [p5.48xlarge], capacity: reservation}\n",
        [
            (
                "invalid-value",
                7,
                3,
                "`reservation_id` goes with `capacity: reservation` or `capacity: capacity_block`, and they need it",
            ),
        ],
    ),
    "pool-res-badid": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: [p5.48xlarge], capacity: reservation, reservation_id: foo}\n",
        [
            ("wrong-format", 7, 93, "`reservation_id` looks like `cr-0123456789abcdef0`, not `foo`"),
        ],
    ),
    "pool-cb-karp": (
        CLUSTER
        + "  k: {kind: karpenter}\n  g: {kind: gpu_pool, provisioner: karpenter, instance_types: [p5.48xlarge], capacity: capacity_block}\n",
        [
            (
                "invalid-value",
                8,
                3,
                "`reservation_id` goes with `capacity: reservation` or `capacity: capacity_block`, and they need it",
            ),
        ],
    ),
    "pool-cb-g6": (
        CLUSTER
        + "  g: {kind: gpu_pool, instance_types: [g6e.xlarge], capacity: capacity_block, reservation_id: cr-0123456789abcdef0}\n",
        [
            ("invalid-value", 7, 3, "`g6e.xlarge` is not sold as capacity-block; it is sold as on-demand, spot"),
        ],
    ),
    "pool-nokarp": (
        CLUSTER + "  g: {kind: gpu_pool, provisioner: karpenter, instance_types: [g6e.xlarge]}\n",
        [
            ("missing-need", 7, 3, "`g` (kind `gpu_pool`) needs a `karpenter`: it starts the nodes"),
        ],
    ),
    "pool-karpnone": (
        CLUSTER
        + "  k: {kind: karpenter}\n  g: {kind: gpu_pool, provisioner: karpenter, karpenter: none, instance_types: [g6e.xlarge]}\n",
        [
            ("missing-need", 8, 58, "`g` (kind `gpu_pool`) needs a `karpenter`: it starts the nodes"),
        ],
    ),
    "pool-managed-karp": (
        CLUSTER + "  k: {kind: karpenter}\n  g: {kind: gpu_pool, karpenter: k, instance_types: [g6e.xlarge]}\n",
        [
            ("later-layer", 8, 34, "`k` is in layer `platform`, which comes after `cluster`, the layer of `g`"),
        ],
    ),
    "pool-karp-min": (
        CLUSTER
        + "  k: {kind: karpenter}\n  g: {kind: gpu_pool, provisioner: karpenter, instance_types: [g6e.xlarge], min_size: 2, desired_size: 3}\n",
        [
            ("invalid-value", 8, 3, "Karpenter starts nodes when pods wait: leave out `min_size` and `desired_size`"),
        ],
    ),
    "pool-managed-karpfields": (
        CLUSTER
        + "  g: {kind: gpu_pool, instance_types: [g6e.xlarge], empty_minutes: 5, expire_days: 3, ami_version: v20260810}\n",
        [
            ("invalid-value", 7, 3, "EKS chooses the image of a managed pool; `ami_version` is for Karpenter"),
        ],
    ),
    "pool-sizes": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: [g6e.xlarge], min_size: 5, max_size: 3}\n",
        [
            ("invalid-value", 7, 3, "min_size 5, desired_size 5, max_size 3 must not decrease"),
        ],
    ),
    "pool-efa": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: [g6e.xlarge], efa: true}\n",
        [
            (
                "invalid-value",
                7,
                3,
                "`g6e.xlarge` has no EFA; these have: g6e.12xlarge, g6e.16xlarge, g6e.24xlarge, g6e.48xlarge, g6e.8xlarge",
            ),
        ],
    ),
    "pool-efa-two": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: [p5.48xlarge, p4d.24xlarge], efa: true}\n",
        [
            ("invalid-value", 7, 3, "with EFA a pool has one instance type: jobs must not span different networks"),
        ],
    ),
    "pool-mig": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: [g6e.xlarge], sharing: {mode: mig, profile: 1g.5gb}}\n",
        [
            ("invalid-value", 7, 3, "the GPU of `g6e.xlarge` cannot be cut by MIG; time_slicing and mps work on it"),
        ],
    ),
    "pool-mig2": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: [p4d.24xlarge], sharing: {mode: mig, profile: 9g.5gb}}\n",
        [
            ("wrong-format", 7, 85, "`profile` looks like `1g.10gb` or `3g.40gb`, not `9g.5gb`"),
        ],
    ),
    "pool-mig3": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: [p4d.24xlarge], sharing: {mode: mig}}\n",
        [
            ("invalid-value", 7, 55, "`sharing`: `profile` goes with `mode: mig`, which needs it"),
        ],
    ),
    "pool-share": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: [g6e.xlarge], sharing: {mode: time_slicing}}\n",
        [
            (
                "invalid-value",
                7,
                53,
                "`sharing`: `replicas` goes with `mode: time_slicing` or `mode: mps`, and they need it",
            ),
        ],
    ),
    "pool-share2": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: [g6e.xlarge], sharing: {replicas: 4}}\n",
        [
            (
                "invalid-value",
                7,
                53,
                "`sharing`: `replicas` goes with `mode: time_slicing` or `mode: mps`, and they need it",
            ),
        ],
    ),
    "pool-share-neuron": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: [inf2.xlarge], sharing: {mode: mps, replicas: 4}}\n",
        [
            ("invalid-value", 7, 3, "`sharing` is for NVIDIA GPUs, and `inf2.xlarge` has none"),
        ],
    ),
    "pool-taint": (
        CLUSTER
        + "  g: {kind: gpu_pool, instance_types: [g6e.xlarge], taints: [{key: 'a b'}, {value: x}, {key: a, effect: Never}], labels: {'kubernetes.io/x': y, 'a b': c, n: 5}}\n",
        [
            ("wrong-format", 7, 68, "`key` looks like `team` or `example.com/team`, not `a b`"),
            ("missing-field", 7, 76, "`taints[1]` needs `key`"),
            ("not-allowed", 7, 105, "`effect` takes `NoSchedule`, `PreferNoSchedule` or `NoExecute`, not `Never`"),
            ("wrong-name", 7, 145, "`a b` is not a name here: a name looks like `team` or `example.com/team`"),
            ("wrong-type", 7, 158, "`n` takes text, not `5`"),
        ],
    ),
    "pool-noclust": (
        HEAD + "  g: {kind: gpu_pool, instance_types: [g6e.xlarge]}\n",
        [
            ("missing-need", 5, 3, "`g` (kind `gpu_pool`) needs a `cluster`"),
        ],
    ),
    "pool-bottlerocket": (
        CLUSTER + "  g: {kind: gpu_pool, instance_types: [g6e.xlarge], os: bottlerocket, ami_version: v20260810}\n",
        [
            (
                "invalid-value",
                7,
                3,
                "`v20260810` is not a release of bottlerocket: al2023 has `v20260810`, bottlerocket `1.40.0`",
            ),
        ],
    ),
    "gop-operator-br": (
        CLUSTER + "  g: {kind: gpu_operator, mode: none, dcgm_exporter: true}\n",
        [
            ("invalid-value", 7, 3, "with `mode: none` say `neuron: true` or `efa: true`, or nothing is installed"),
        ],
    ),
    "ms-noservices": (
        CLUSTER
        + "  g: {kind: gpu_pool, instance_types: [g6e.xlarge]}\n  weights: {kind: bucket}\n  chat: {kind: model_server, model: {name: a, prefix: a/, size_gib: 1}, scaling: {max: 4}, ingress: {}}\n",
        [
            (
                "missing-need",
                9,
                3,
                "`chat` (kind `model_server`) needs a `cluster_services`: its services do the work of `scaling` and `ingress`",
            ),
            (
                "missing-need",
                9,
                3,
                "`chat` (kind `model_server`) needs a `metrics`: `scaling` asks its Prometheus how much there is to do",
            ),
        ],
    ),
    "ms-nokeda": (
        CLUSTER
        + "  s: {kind: cluster_services, keda: false, load_balancer_controller: false}\n  m: {kind: metrics}\n  g: {kind: gpu_pool, instance_types: [g6e.xlarge]}\n  weights: {kind: bucket}\n  chat: {kind: model_server, model: {name: a, prefix: a/, size_gib: 1}, scaling: {max: 4}, ingress: {}}\n",
        [
            (
                "does-not-fit",
                11,
                73,
                "`scaling` uses `keda`, which is switched off in the cluster's services; say `keda: true` in the component of kind `cluster_services`",
            ),
            (
                "does-not-fit",
                11,
                92,
                "`ingress` uses `load_balancer_controller`, which is switched off in the cluster's services; say `load_balancer_controller: true` in the component of kind `cluster_services`",
            ),
        ],
    ),
    "ms-nometrics": (
        SERVING + "  chat: {kind: model_server, model: {name: a, prefix: a/, size_gib: 1}, scaling: {max: 4}}\n",
        [
            (
                "missing-need",
                10,
                3,
                "`chat` (kind `model_server`) needs a `metrics`: `scaling` asks its Prometheus how much there is to do",
            ),
        ],
    ),
    "ms-nopool": (
        SERVICES
        + "  weights: {kind: bucket}\n  chat: {kind: model_server, model: {name: a, prefix: a/, size_gib: 1}}\n",
        [
            ("missing-need", 9, 3, "`chat` (kind `model_server`) needs a `pool`: `gpus: 1` run on the nodes of a pool"),
        ],
    ),
    "ms-gpus": (
        SERVING + "  chat: {kind: model_server, gpus: 8, model: {name: a, prefix: a/, size_gib: 1}}\n",
        [
            ("does-not-fit", 10, 36, "a replica takes 8 GPUs, and a node of the pool has at most 1"),
        ],
    ),
    "ms-noweights": (
        SERVICES
        + "  gpus: {kind: gpu_pool, instance_types: [g6e.xlarge]}\n  chat: {kind: model_server, model: {name: a, prefix: a/, size_gib: 1}}\n",
        [
            (
                "missing-need",
                9,
                3,
                "`chat` (kind `model_server`) needs a `weights`: `model.prefix` is a folder of that bucket",
            ),
        ],
    ),
    "ms-nomodel": (
        SERVING + "  chat: {kind: model_server}\n",
        [
            ("invalid-value", 10, 3, "`engine: vllm` needs `model`"),
        ],
    ),
    "ms-both": (
        SERVING + "  chat: {kind: model_server, model: {name: a, prefix: a/, hub: b/c, size_gib: 1}}\n",
        [
            ("invalid-value", 10, 30, "`model`: a model comes from `prefix` (a bucket) or from `hub`: say one"),
        ],
    ),
    "ms-neither": (
        SERVING + "  chat: {kind: model_server, model: {name: a, size_gib: 1}}\n",
        [
            ("invalid-value", 10, 30, "`model`: a model comes from `prefix` (a bucket) or from `hub`: say one"),
        ],
    ),
    "ms-custom-noimage": (
        SERVING + "  chat: {kind: model_server, engine: custom}\n",
        [
            ("invalid-value", 10, 3, "`engine: custom` needs `image`"),
        ],
    ),
    "ms-public-noingress": (
        SERVING + "  chat: {kind: model_server, public_ingress: true, model: {name: a, prefix: a/, size_gib: 1}}\n",
        [
            ("invalid-value", 10, 3, "`public_ingress` needs `ingress` with `certificate_arn` and `inbound_cidrs`"),
        ],
    ),
    "ms-public-nocert": (
        SERVING
        + "  chat: {kind: model_server, public_ingress: true, ingress: {}, model: {name: a, prefix: a/, size_gib: 1}}\n",
        [
            ("invalid-value", 10, 3, "`public_ingress` needs `ingress` with `certificate_arn` and `inbound_cidrs`"),
        ],
    ),
    "ms-public-open": (
        SERVING
        + "  chat: {kind: model_server, public_ingress: true, ingress: {certificate_arn: 'arn:aws:acm:eu-west-1:111111111111:certificate/x', host: a.example.com, inbound_cidrs: [0.0.0.0/0]}, model: {name: a, prefix: a/, size_gib: 1}}\n",
        [
            (
                "invalid-value",
                10,
                3,
                "a model server does not check who calls: `inbound_cidrs` cannot be the whole internet",
            ),
        ],
    ),
    "ms-canary": (
        SERVING + "  chat: {kind: model_server, canary: {percent: 10}, model: {name: a, prefix: a/, size_gib: 1}}\n",
        [
            ("invalid-value", 10, 3, "`canary` needs `ingress`: the load balancer splits the calls"),
        ],
    ),
    "ms-scaling-replicas": (
        SERVING
        + "  m: {kind: metrics}\n  chat: {kind: model_server, replicas: 3, scaling: {min: 5, max: 4, metric: query}, model: {name: a, prefix: a/, size_gib: 1}}\n",
        [
            ("invalid-value", 11, 43, "`scaling`: max 4 is below min 5"),
        ],
    ),
    "ms-scaling-gpu": (
        SERVING
        + "  m: {kind: metrics, gpu: false}\n  chat: {kind: model_server, scaling: {max: 4, metric: gpu, query: x}, model: {name: a, prefix: a/, size_gib: 1}}\n",
        [
            ("invalid-value", 11, 30, "`scaling`: `metric: query` takes `query` and `target`; only it takes `query`"),
        ],
    ),
    "ms-namespace": (
        SERVING + "  chat: {kind: model_server, namespace: Kube System, model: {name: a, prefix: a/, size_gib: 1}}\n",
        [
            ("wrong-format", 10, 41, "`namespace` looks like `chat` or `team-a`, not `Kube System`"),
        ],
    ),
    "ms-shm": (
        SERVING
        + "  chat: {kind: model_server, memory_gib: 4, shared_memory_gib: 8, model: {name: a, prefix: a/, size_gib: 100}}\n",
        [
            ("invalid-value", 10, 3, "`shared_memory_gib` 8 is a part of `memory_gib`, which is 4"),
        ],
    ),
    "ms-custom-vllm-fields": (
        SERVING
        + "  chat: {kind: model_server, engine: custom, image: a/b:1, max_model_len: 1000, gpu_memory_utilization: 0.5}\n",
        [
            ("invalid-value", 10, 3, "`gpu_memory_utilization` is vLLM's; an image of your own takes `args`"),
        ],
    ),
    "ms-vllm-fields": (
        SERVING
        + "  chat: {kind: model_server, command: [x], metrics_path: /m, model: {name: a, prefix: a/, size_gib: 1}}\n",
        [
            ("invalid-value", 10, 3, "`command` and `metrics_path` are for `engine: custom`"),
        ],
    ),
    "ms-two-pools": (
        SERVING
        + "  g2: {kind: gpu_pool, instance_types: [g6e.xlarge]}\n  w2: {kind: bucket}\n  chat: {kind: model_server, model: {name: a, prefix: a/, size_gib: 1}}\n",
        [
            ("ambiguous-need", 12, 3, "`pool` of `chat` could be `gpus` or `g2`"),
            ("ambiguous-need", 12, 3, "`weights` of `chat` could be `weights` or `w2`"),
        ],
    ),
    "ms-other-cluster": (
        SERVING
        + "  net2: {kind: network, cidr: 10.1.0.0/16}\n  c2: {kind: eks_cluster, network: net2}\n  chat: {kind: model_server, cluster: c2, model: {name: a, prefix: a/, size_gib: 1}}\n",
        [
            (
                "missing-need",
                12,
                3,
                "`chat` (kind `model_server`) needs a `pool`: `gpus: 1` run on the nodes of a pool",
            ),
        ],
    ),
    "two-nets": (
        HEAD + "  n1: {kind: network}\n  n2: {kind: network}\n  c: {kind: eks_cluster}\n",
        [
            ("ambiguous-need", 7, 3, "`network` of `c` could be `n1` or `n2`"),
        ],
    ),
    "svc-two": (
        SERVICES + "  s2: {kind: cluster_services}\n",
        [
            (
                "does-not-fit",
                8,
                3,
                "`cluster` has a component of kind `cluster_services` already, `services`, and can hold only one",
            ),
        ],
    ),
    "svc-dns": (
        CLUSTER
        + "  s: {kind: cluster_services, external_dns: {zone_arns: [Z123], domains: ['*.example.com', not a domain]}}\n",
        [
            (
                "wrong-format",
                7,
                58,
                "`zone_arns` looks like `arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ`, not `Z123`",
            ),
            ("wrong-format", 7, 75, "`domains` looks like `example.com` or `ml.example.com`, not `*.example.com`"),
            ("wrong-format", 7, 92, "`domains` looks like `example.com` or `ml.example.com`, not `not a domain`"),
        ],
    ),
    "svc-sc": (
        CLUSTER + "  s: {kind: cluster_services, storage_class: true}\n",
        [
            ("wrong-type", 7, 46, "`storage_class` takes a mapping or `false`, not `true`"),
        ],
    ),
    "svc-sc2": (
        CLUSTER
        + "  s: {kind: cluster_services, storage_class: {name: GP3, iops: 1, throughput_mibps: 1, key_arn: foo}}\n",
        [
            ("wrong-format", 7, 53, "`name` looks like `gp3` or `fast`, not `GP3`"),
            ("out-of-range", 7, 64, "`iops` is at least 3000, not `1`"),
            ("out-of-range", 7, 85, "`throughput_mibps` is at least 125, not `1`"),
        ],
    ),
    "svc-ns": (
        CLUSTER
        + "  s: {kind: cluster_services, namespaces: {kube-system: {}, Team: {gpus: -1, pod_security: none}}}\n",
        [
            ("wrong-name", 7, 61, "`Team` is not a name here: a name looks like `research` or `team-a`"),
            ("out-of-range", 7, 74, "`gpus` is at least 0, not `-1`"),
            ("not-allowed", 7, 92, "`pod_security` takes `baseline` or `restricted`, not `none`"),
        ],
    ),
    "metrics-x": (
        CLUSTER
        + "  m: {kind: metrics, alert_rules: [gpu, all], grafana: false, grafana_admin_secret: x, storage_class: 'A B'}\n",
        [
            ("not-allowed", 7, 41, "`alert_rules` takes `gpu`, `serving` or `scaling`, not `all`"),
        ],
    ),
    "metrics-nostorage": (
        CLUSTER + "  s: {kind: cluster_services, storage_class: false}\n  m: {kind: metrics}\n",
        [
            ("does-not-fit", 8, 3, "the cluster's services have no storage class: say which the volumes take"),
        ],
    ),
    "karp-x": (
        CLUSTER
        + "  k: {kind: karpenter, os: bottlerocket, ami_version: v20260810, default_pool: {categories: [], architectures: [x86], capacity: [reserved]}}\n",
        [
            ("wrong-length", 7, 81, "`categories` has at least one entry, and this has none"),
            ("not-allowed", 7, 113, "`architectures` takes `x86_64` or `arm64`, not `x86`"),
            ("not-allowed", 7, 130, "`capacity` takes `on_demand` or `spot`, not `reserved`"),
        ],
    ),
    "karp-two": (
        CLUSTER + "  k: {kind: karpenter}\n  k2: {kind: karpenter}\n",
        [
            ("does-not-fit", 8, 3, "`cluster` has a component of kind `karpenter` already, `k`, and can hold only one"),
        ],
    ),
    "helm-version": (
        CLUSTER + "  h: {kind: helm_chart, chart: x, repository: 'https://example.com', version: '>1', namespace: a}\n",
        [
            ("wrong-format", 7, 79, "`version` looks like `1.4.2`, not `>1`"),
        ],
    ),
    "helm-norepo": (
        CLUSTER + "  h: {kind: helm_chart, chart: x, version: 1.2.3, namespace: a}\n",
        [
            (
                "invalid-value",
                7,
                3,
                "where chart `x` comes from is not said: give `repository: https://…`, or the whole address, `chart: oci://…`",
            ),
        ],
    ),
    "helm-both": (
        CLUSTER
        + "  h: {kind: helm_chart, chart: 'oci://x/y', repository: 'https://example.com', version: 1.2.3, namespace: a}\n",
        [
            (
                "invalid-value",
                7,
                3,
                "`chart` is a whole address, `oci://x/y`, and `repository` is given too; leave one out",
            ),
        ],
    ),
    "helm-layer": (
        CLUSTER
        + "  h: {kind: helm_chart, layer: foundation, chart: x, repository: 'https://example.com', version: 1.2.3, namespace: a}\n",
        [
            ("not-allowed", 7, 32, "`layer` takes `platform` or `workloads`, not `foundation`"),
        ],
    ),
    "helm-ver-float": (
        CLUSTER + "  h: {kind: helm_chart, chart: x, repository: 'https://example.com', version: 1.2, namespace: a}\n",
        [
            ("wrong-type", 7, 79, "`version` takes text, not `1.2`"),
        ],
    ),
    "manifest-none": (
        CLUSTER + "  m: {kind: manifest}\n",
        [
            ("invalid-value", 7, 3, "a manifest takes `objects` or `file`, and neither is given"),
        ],
    ),
    "manifest-file": (
        CLUSTER + "  m: {kind: manifest, file: /nope/x.yaml}\n",
        [
            ("invalid-value", 7, 3, "there is no file `/nope/x.yaml`; a path is relative to where `mlinfra` runs"),
        ],
    ),
    "manifest-bad": (
        CLUSTER
        + "  m: {kind: manifest, objects: [{kind: Foo}, 5, {apiVersion: v1, kind: Secret, metadata: {name: a}, data: {x: y}}, {apiVersion: v1, kind: ConfigMap, metadata: {}}]}\n",
        [
            ("wrong-type", 7, 46, "`objects` takes a mapping, not `5`"),
        ],
    ),
    "manifest-dup": (
        CLUSTER
        + "  m: {kind: manifest, objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}, {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}]}\n",
        [
            ("invalid-value", 7, 3, "object 2 repeats a ConfigMap called a"),
        ],
    ),
    "manifest-ref-kind": (
        CLUSTER
        + "  m: {kind: manifest, objects: [{apiVersion: v1, kind: '${cluster.name}', metadata: {name: '${main.vpc_id}'}}]}\n",
        [
            ("invalid-value", 7, 3, "object 1 has no `kind`"),
        ],
    ),
    "python-missing": (
        HEAD + "  p: {kind: python, module: no_such_module}\n",
        [
            ("refused-here", 5, 29, "there is no module `no_such_module`"),
        ],
    ),
    "python-missing-attr": (
        HEAD + "  p: {kind: python, module: 'mlinfra.components.data.bucket:Foo'}\n",
        [
            ("refused-here", 5, 29, "module `mlinfra.components.data.bucket` has no Component or function `Foo`"),
        ],
    ),
    "python-args": (
        HEAD
        + "  p: {kind: python, module: 'mlinfra.components.data.bucket', arguments: {expire_dayz: 5, noncurrent_days: x}}\n",
        [
            (
                "refused-here",
                5,
                3,
                "`Bucket` cannot take these arguments: `noncurrent_days`: Input should be a valid integer, unable to parse string as an integer; `expire_dayz`: Extra inputs are not permitted",
            ),
        ],
    ),
    "python-none": (
        HEAD + "  p: {kind: python, module: 'json'}\n",
        [
            ("refused-here", 5, 29, "module `json` holds 5 Components or functions, and one is run"),
        ],
    ),
    "python-needs": (
        HEAD + "  p: {kind: python, module: 'mlinfra.components.compute.eks_cluster'}\n",
        [
            ("refused-here", 5, 3, "`EksCluster` needs other components: network"),
        ],
    ),
    "cycle": (
        REGISTRY
        + "  e1: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud, version: 1}, environment: {X: '${e2.name}'}}\n  e2: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud, version: 1}, environment: {X: '${e1.name}'}}\n",
        [
            ("cycle", 6, 3, "components need each other in a circle: `e1` → `e2` → `e1`"),
        ],
    ),
    "cycle-self": (
        REGISTRY
        + "  e1: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud, version: 1}, environment: {X: '${e1.name}'}}\n",
        [
            ("cycle", 6, 104, "`e1` uses its own output `e1.name`"),
        ],
    ),
    "later": (
        HEAD
        + "  main: {kind: network}\n  c: {kind: eks_cluster, access_entries: {a: {principal_arn: 'arn:aws:iam::111111111111:role/x', policy: view, namespaces: ['${h.namespace}']}}}\n  h: {kind: helm_chart, chart: x, repository: 'https://example.com', version: 1.2.3, namespace: a}\n",
        [
            ("later-layer", 6, 125, "`h` is in layer `platform`, which comes after `cluster`, the layer of `c`"),
            (
                "reference-not-accepted",
                6,
                125,
                "`namespaces` takes a value that is known before anything exists, not `${h.namespace}`",
            ),
        ],
    ),
    "ex-missing": (
        HEAD + "  lake: {kind: bucket, existing: {name: x}}\n",
        [
            ("missing-field", 5, 24, "`existing` of kind `bucket` needs `arn`"),
        ],
    ),
    "ex-unknown": (
        HEAD + "  lake: {kind: bucket, existing: {name: x, arn: 'arn:aws:s3:::x', foo: 1}}\n",
        [
            ("unknown-field", 5, 67, "`foo` is not a field of `existing` of kind `bucket`"),
        ],
    ),
    "ex-badarn": (
        HEAD + "  lake: {kind: bucket, existing: {name: x, arn: x}}\n",
        [
            (
                "wrong-format",
                5,
                49,
                "`arn` looks like `arn:aws:iam::123456789012:role/training` or `arn:aws:s3:::my-models`, not `x`",
            ),
        ],
    ),
    "ex-beside": (
        HEAD + "  lake: {kind: bucket, expire_days: 5, existing: {name: x, arn: 'arn:aws:s3:::x'}}\n",
        [
            ("beside-existing", 5, 24, "`expire_days` cannot stand beside `existing`: nothing is created"),
        ],
    ),
    "ex-true": (
        HEAD + "  lake: {kind: bucket, existing: true}\n",
        [
            ("wrong-type", 5, 34, "`existing` takes a mapping, not `true`"),
        ],
    ),
    "ex-type": (
        HEAD
        + "  main: {kind: network, existing: {vpc_id: vpc-1, cidr: 10.0.0.0/16, private_subnet_ids: subnet-1, public_subnet_ids: [5], zones: {a: b}}}\n",
        [
            ("wrong-type", 5, 90, "`private_subnet_ids` takes a list, not `subnet-1`"),
            ("wrong-type", 5, 120, "`public_subnet_ids` takes text, not `5`"),
            ("wrong-type", 5, 124, "`zones` takes a list, not a mapping"),
        ],
    ),
    "ex-registry-group": (
        HEAD
        + "  models: {kind: model_registry, existing: {groups: {fraud: {name: f, arn: 'arn:aws:sagemaker:eu-west-1:111111111111:model-package-group/f'}}, bucket_name: b, bucket_arn: 'arn:aws:s3:::b'}}\n  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: frud, version: 1}}\n",
        [
            ("does-not-fit", 6, 67, "the model registry has no group `frud`; it has `fraud`"),
        ],
    ),
    "override-missing": (
        HEAD + "  lake: {kind: bucket, overrides: {lake-foo: {x: 1}}}\n",
        [
            ("refused-here", 5, 3, "`overrides` of `lake` names `lake-foo`, which it does not make"),
        ],
    ),
    "override-type": (
        HEAD + "  lake: {kind: bucket, overrides: {lake: 5}}\n",
        [
            ("wrong-type", 5, 42, "`lake` takes a mapping, not `5`"),
        ],
    ),
    "override-ref": (
        HEAD + "  key: {kind: encryption_key}\n  lake: {kind: bucket, overrides: {lake: {bucket: '${key.arn}'}}}\n",
        [
            (
                "reference-not-accepted",
                6,
                51,
                "`overrides` takes values that are known before anything exists, not `${key.arn}`",
            ),
        ],
    ),
    "secretword": (
        REGISTRY
        + "  ep: {kind: endpoint, instance_type: ml.m5.large, model: {group: fraud, version: 1}, environment: {DB_PASSWORD: hunter2}}\n",
        [
            (
                "invalid-value",
                6,
                87,
                "`environment`: `DB_PASSWORD` is the name of a secret, and all who may look at the model could read it; let the container fetch it, by the role's `access`",
            ),
        ],
    ),
    "tag-aws": (
        HEAD + "  lake: {kind: bucket, tags: {'aws:x': y, 'mlinfra:x': z, 'a;b': c, n: 5}}\n",
        [
            (
                "wrong-name",
                5,
                31,
                "`aws:x` is not a name here: tags that start with `aws:` or `mlinfra:` are set by AWS and by mlinfra",
            ),
            (
                "wrong-name",
                5,
                43,
                "`mlinfra:x` is not a name here: tags that start with `aws:` or `mlinfra:` are set by AWS and by mlinfra",
            ),
            ("wrong-name", 5, 59, "`a;b` is not a name here: a name looks like `team` or `example.com/team`"),
            ("wrong-type", 5, 72, "`n` takes text, not `5`"),
        ],
    ),
    "tag-long": (
        HEAD
        + "  lake: {kind: bucket, tags: {a: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}}\n",
        [
            ("wrong-length", 5, 34, "`a` has at most 256 characters, and this has 300"),
        ],
    ),
    "tag-many": (
        HEAD
        + "  lake: {kind: bucket, tags: {t0: x, t1: x, t2: x, t3: x, t4: x, t5: x, t6: x, t7: x, t8: x, t9: x, t10: x, t11: x, t12: x, t13: x, t14: x, t15: x, t16: x, t17: x, t18: x, t19: x, t20: x, t21: x, t22: x, t23: x, t24: x, t25: x, t26: x, t27: x, t28: x, t29: x, t30: x, t31: x, t32: x, t33: x, t34: x, t35: x, t36: x, t37: x, t38: x, t39: x, t40: x, t41: x, t42: x, t43: x, t44: x, t45: x, t46: x, t47: x, t48: x, t49: x, t50: x, t51: x, t52: x, t53: x, t54: x, t55: x, t56: x, t57: x, t58: x, t59: x}}\n",
        [
            ("wrong-length", 5, 24, "`tags` has at most 40 entries, and this has 60"),
        ],
    ),
    "region-unknown": (
        "mlinfra: 1\nname: demo\nenvironments: {dev: {region: eu-wst-1}}\ncomponents:\n  lake: {kind: bucket}\n",
        [
            ("unknown-region", 3, 30, "there is no region `eu-wst-1`"),
        ],
    ),
    "region-missing": (
        "mlinfra: 1\nname: demo\nenvironments: {dev: {}}\ncomponents:\n  lake: {kind: bucket}\n",
        [
            ("missing-field", 3, 16, "environment `dev` needs `region`"),
        ],
    ),
    "no-env": (
        "mlinfra: 1\nname: demo\ncomponents:\n  lake: {kind: bucket}\n",
        [
            ("missing-field", 1, 1, "the blueprint has no environment"),
        ],
    ),
    "account-int": (
        "mlinfra: 1\nname: demo\nenvironments: {dev: {region: eu-west-1, account: 111111111111}}\ncomponents:\n  lake: {kind: bucket}\n",
        [
            ("invalid-value", 3, 50, '`account`: an account is text: put the 12 digits into quotes ("111111111111")'),
        ],
    ),
    "name-long": (
        "mlinfra: 1\nname: a234567890123456789012345678901\nenvironments: {thisnameistoolong: {region: eu-west-1}}\ncomponents:\n  this_name_is_really_too_long_for_it: {kind: bucket}\n",
        [
            ("wrong-format", 2, 7, "`name` looks like `fraud-detection`, not `a234567890123456789012345678901`"),
            ("wrong-name", 3, 16, "`thisnameistoolong` is not a name here: a name looks like `dev` or `production`"),
            ("wrong-name", 5, 3, "`this_name_is_really_too_long_for_it` is not a name of a component"),
        ],
    ),
    "name-caps": (
        "mlinfra: 1\nname: Demo_X\nenvironments: {Dev-1: {region: eu-west-1}}\ncomponents:\n  My-Lake: {kind: bucket}\n",
        [
            ("wrong-format", 2, 7, "`name` looks like `fraud-detection`, not `Demo_X`"),
            ("wrong-name", 3, 16, "`Dev-1` is not a name here: a name looks like `dev` or `production`"),
            ("wrong-name", 5, 3, "`My-Lake` is not a name of a component"),
        ],
    ),
    "boundary": (
        "mlinfra: 1\nname: demo\nenvironments: {dev: {region: eu-west-1, permissions_boundary: 'foo', state: 'ftp://x', secrets: yes, assume_role: me, budget: {monthly_usd: x}}}\ncomponents:\n  lake: {kind: bucket}\n",
        [
            (
                "wrong-format",
                3,
                77,
                "`state` looks like `s3://my-state/platform?region=eu-west-1` or `https://api.pulumi.com`, not `ftp://x`",
            ),
            (
                "wrong-format",
                3,
                97,
                "`secrets` looks like `passphrase` or `awskms://alias/my-key?region=eu-west-1`, not `yes`",
            ),
            ("wrong-format", 3, 115, "`assume_role` looks like `arn:aws:iam::123456789012:role/deployer`, not `me`"),
            ("invalid-value", 3, 141, "`monthly_usd`: an amount is a number, without currency and quotes"),
        ],
    ),
    "waiver-comp": (
        "mlinfra: 1\nname: demo\nenvironments: {dev: {region: eu-west-1, waivers: [{rule: xy, component: lakee, reason: because of this thing, expires: 2027-01-01}]}}\ncomponents:\n  lake: {kind: bucket}\n",
        [
            ("unknown-component", 3, 73, "there is no component `lakee`"),
        ],
    ),
    "version2": (
        "mlinfra: 2\nname: demo\nenvironments: {dev: {region: eu-west-1}}\ncomponents:\n  lake: {kind: bucket}\n",
        [
            ("not-allowed", 1, 10, "`mlinfra` takes `1`, not `2`"),
        ],
    ),
    "var-unknown": (
        HEAD + "  lake: {kind: bucket, expire_days: '${var.days}'}\n",
        [
            ("unknown-variable", 5, 38, "`${var.days}`: there is no variable `days`"),
        ],
    ),
    "var-missing": (
        "mlinfra: 1\nname: demo\nvariables: {d: {type: integer}}\nenvironments: {dev: {region: eu-west-1, variables: {e: 5}}}\ncomponents:\n  lake: {kind: bucket, expire_days: '${var.d}'}\n",
        [
            ("missing-variable", 3, 13, "variable `d` has no value"),
            ("unknown-variable", 4, 53, "there is no variable `e`"),
        ],
    ),
    "comp-null": (
        HEAD + "  lake:\n",
        [
            ("wrong-type", 5, 3, "component `lake` takes a mapping, not `null`"),
        ],
    ),
    "kind-close": (
        HEAD + "  lake: {kind: Bucket}\n  m: {kind: eks-cluster}\n  n: {kind: s3}\n  o: {kind: }\n  p: {}\n",
        [
            ("unknown-kind", 5, 16, "there is no kind `Bucket`"),
            ("unknown-kind", 6, 13, "there is no kind `eks-cluster`"),
            ("unknown-kind", 7, 13, "there is no kind `s3`"),
            ("wrong-type", 8, 13, "`kind` takes the name of a kind, not `null`"),
            ("missing-field", 9, 3, "component `p` needs `kind`"),
        ],
    ),
    "all-at-once": (
        HEAD
        + "  lake: {kind: bucket, expire_days: ten, key: nokey}\n  main: {kind: network, cidr: 1.2.3.4/5}\n  c: {kind: eks_cluster, version: '9'}\n  g: {kind: gpu_pool, instance_types: [q]}\n  s: {kind: budget, monthly_usd: 3}\n",
        [
            ("wrong-type", 5, 37, "`expire_days` takes a whole number, not `ten`"),
            ("unknown-component", 5, 47, "there is no component `nokey`"),
            (
                "invalid-value",
                6,
                31,
                "`cidr`: `1.2.3.4/5` does not start a range of that size; the range around it is `0.0.0.0/5`",
            ),
            (
                "invalid-value",
                7,
                35,
                "`version`: EKS does not offer Kubernetes `9`; it offers 1.32, 1.33, 1.34, 1.35, 1.36",
            ),
            (
                "invalid-value",
                8,
                23,
                "`instance_types`: `q` is not an instance type with NVIDIA GPUs, Inferentia or Trainium; families are g4dn, g5, g5g, g6, g6e, g6f, g7, g7e, gr6, gr6f, inf1, inf2, p4d, p4de, p5, p5e, p5en, p6-b200, p6-b300, trn1, trn1n, trn2, trn2u",
            ),
            (
                "missing-need",
                9,
                3,
                "`s` (kind `budget`) needs a `alerts`: it tells nobody without, unless `email` is given",
            ),
        ],
    ),
    "svc-noalb": (
        CLUSTER
        + "  s: {kind: cluster_services, load_balancer_controller: false}\n  gpus: {kind: gpu_pool, instance_types: [g6e.xlarge]}\n  weights: {kind: bucket}\n  chat: {kind: model_server, ingress: {}, model: {name: a, prefix: a/, size_gib: 1}}\n",
        [
            (
                "does-not-fit",
                10,
                30,
                "`ingress` uses `load_balancer_controller`, which is switched off in the cluster's services; say `load_balancer_controller: true` in the component of kind `cluster_services`",
            ),
        ],
    ),
}
