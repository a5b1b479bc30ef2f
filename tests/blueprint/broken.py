"""Blueprints that are wrong, and everything that is said about each: code, line, column, message."""

from __future__ import annotations

HEAD = "mlinfra: 1\nname: demo\nenvironments: {dev: {region: eu-west-1}}\n"
COMPONENTS = HEAD + "components:\n"
OTHER = "mlinfra: 1\nname: demo\ncomponents:\n  a: {kind: net}\nenvironments:\n"
AFTER = "environments: {dev: {region: eu-west-1}}\ncomponents:\n  a: {kind: net}\n"

Finding = tuple[str, int, int, str]

BROKEN: dict[str, tuple[str, list[Finding]]] = {
    "empty": (
        "",
        [
            ("empty", 1, 1, "the file is empty"),
        ],
    ),
    "only-comment": (
        "# nothing\n",
        [
            ("empty", 1, 1, "the file is empty"),
        ],
    ),
    "only-null": (
        "null\n",
        [
            ("empty", 1, 1, "the file is empty"),
        ],
    ),
    "no-environment": (
        "mlinfra: 1\nname: demo\ncomponents:\n  a: {kind: net}\n",
        [
            ("missing-field", 1, 1, "the blueprint has no environment"),
        ],
    ),
    "empty-environments": (
        "mlinfra: 1\nname: demo\nenvironments: {}\ncomponents:\n  a: {kind: net}\n",
        [
            ("missing-field", 3, 1, "the blueprint has no environment"),
        ],
    ),
    "escaped-control-character": (
        COMPONENTS + '  a: {kind: net, description: "a\\0b"}\n',
        [
            ("control-character", 5, 31, "character U+0000 is not allowed, by an escape neither"),
        ],
    ),
    "scalar": (
        "hello\n",
        [
            ("wrong-type", 1, 1, "a blueprint is a mapping, not `hello`"),
        ],
    ),
    "list": (
        "- a\n- b\n",
        [
            ("wrong-type", 1, 1, "a blueprint is a mapping, not a list"),
        ],
    ),
    "two-documents": (
        COMPONENTS + "  a: {kind: net}\n---\nb: 1\n",
        [
            ("several-documents", 6, 1, "the file holds a second document; one is read"),
        ],
    ),
    "duplicate-key": (
        COMPONENTS + "  a: {kind: net}\n  a: {kind: net}\n",
        [
            ("duplicate-key", 6, 3, "`a` is given twice; first in line 5"),
        ],
    ),
    "duplicate-field": (
        COMPONENTS + "  a: {kind: net, zones: 2, zones: 3}\n",
        [
            ("duplicate-key", 5, 28, "`zones` is given twice; first in line 5"),
        ],
    ),
    "merge-key": (
        COMPONENTS + "  a: &x {kind: net}\n  b:\n    <<: *x\n",
        [
            ("merge-key", 7, 5, "merge keys (`<<`) are not part of the language"),
        ],
    ),
    "unknown-alias": (
        COMPONENTS + "  a: *nothing\n",
        [
            ("bad-alias", 5, 6, "`*nothing` is used before it is defined"),
        ],
    ),
    "self-alias": (
        COMPONENTS + "  a: &x {kind: net, more: *x}\n",
        [
            ("bad-alias", 5, 27, "`*x` is used inside of itself"),
        ],
    ),
    "python-tag": (
        COMPONENTS + "  a: !!python/object:os.system {kind: net}\n",
        [
            (
                "tag",
                5,
                6,
                "the tag `tag:yaml.org,2002:python/object:os.system` is not allowed: values are text, numbers, true, false, null, lists and mappings",
            ),
        ],
    ),
    "complex-key": (
        COMPONENTS + "  ? [a, b]\n  : {kind: net}\n",
        [
            ("complex-key", 5, 5, "a key is a word, not a list, a mapping or an alias of one"),
        ],
    ),
    "tab": (
        COMPONENTS + "  a:\n\tkind: net\n",
        [
            ("tab", 6, 1, "a tab indents this line"),
        ],
    ),
    "unclosed-brace": (
        COMPONENTS + "  a: {kind: net\n",
        [
            ("syntax", 5, 6, "not YAML: did not find expected ',' or '}'"),
        ],
    ),
    "unclosed-quote": (
        COMPONENTS + '  a: {kind: "net}\n',
        [
            ("syntax", 5, 13, "not YAML: found unexpected end of stream"),
        ],
    ),
    "colon-in-text": (
        COMPONENTS + "  a:\n    kind: net\n    description: a: b\n",
        [
            ("syntax", 7, 19, "not YAML: mapping values are not allowed in this context"),
        ],
    ),
    "bad-indent": (
        COMPONENTS + "  a:\n    kind: net\n   zones: 2\n",
        [
            ("syntax", 7, 4, "not YAML: did not find expected key"),
        ],
    ),
    "control": (
        "mlinfra: 1\nname: a\x07b\n",
        [
            ("control-character", 2, 8, "character U+0007 is not allowed in YAML"),
        ],
    ),
    "too-deep": (
        "mlinfra: " + "[" * 60 + "]" * 60 + "\n",
        [
            ("too-deep", 1, 49, "values are nested more than 40 deep"),
        ],
    ),
    "billion-laughs": (
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(6)),
        [
            ("too-many-values", 5, 17, "the file comes to more than 50,000 values, aliases expanded"),
        ],
    ),
    "crlf": (
        "mlinfra: 1\r\nname: demo\r\nenvironments: {dev: {region: eu-west-1}}\r\ncomponents:\r\n  a: {kind: nett}\r\n",
        [
            ("unknown-kind", 5, 13, "there is no kind `nett`"),
        ],
    ),
    "bom": (
        "\ufeffmlinfra: 1\nname: demo\nenvironments: {dev: {region: eu-west-1}}\ncomponents: {a: {kind: nett}}\n",
        [
            ("unknown-kind", 4, 24, "there is no kind `nett`"),
        ],
    ),
    "no-version": (
        "name: demo\n" + AFTER,
        [
            ("missing-field", 1, 1, "a blueprint needs `mlinfra`"),
        ],
    ),
    "wrong-version": (
        "mlinfra: 2\nname: demo\n" + AFTER,
        [
            ("not-allowed", 1, 10, "`mlinfra` takes `1`, not `2`"),
        ],
    ),
    "version-text": (
        'mlinfra: "1"\nname: demo\n' + AFTER,
        [
            ("not-allowed", 1, 10, "`mlinfra` takes `1`, not text `1`"),
        ],
    ),
    "no-name": (
        "mlinfra: 1\n" + AFTER,
        [
            ("missing-field", 1, 1, "a blueprint needs `name`"),
        ],
    ),
    "bad-name": (
        "mlinfra: 1\nname: Fraud_Detection\n" + AFTER,
        [
            ("wrong-format", 2, 7, "`name` looks like `fraud-detection`, not `Fraud_Detection`"),
        ],
    ),
    "no-components": (
        HEAD,
        [
            ("missing-field", 1, 1, "a blueprint needs `components`"),
        ],
    ),
    "empty-components": (
        "mlinfra: 1\nname: demo\nenvironments: {dev: {region: eu-west-1}}\ncomponents: {}\n",
        [
            ("wrong-length", 4, 1, "`components` has at least one entry, and this has none"),
        ],
    ),
    "components-list": (
        "mlinfra: 1\nname: demo\nenvironments: {dev: {region: eu-west-1}}\ncomponents: [a]\n",
        [
            ("wrong-type", 4, 1, "`components` takes a mapping, not a list"),
        ],
    ),
    "unknown-top": (
        "mlinfra: 1\nnmae: demo\n" + AFTER,
        [
            ("missing-field", 1, 1, "a blueprint needs `name`"),
            ("unknown-field", 2, 1, "`nmae` is not a field of a blueprint"),
        ],
    ),
    "misspelled-environments": (
        "mlinfra: 1\nname: demo\nenviroments: {dev: {region: eu-west-1}}\ncomponents:\n  a: {kind: net}\n",
        [
            ("unknown-field", 3, 1, "`enviroments` is not a field of a blueprint"),
        ],
    ),
    "cost-center-number": (
        "mlinfra: 1\nname: demo\ncost_center: 4711\n" + AFTER,
        [
            ("wrong-type", 3, 14, "`cost_center` takes text, not `4711`"),
        ],
    ),
    "reserved-tag": (
        'mlinfra: 1\nname: demo\ntags: {"aws:x": y}\n' + AFTER,
        [
            (
                "wrong-name",
                3,
                8,
                "`aws:x` is not a name here: tags that start with `aws:` or `mlinfra:` are set by AWS and by mlinfra",
            ),
        ],
    ),
    "expression-in-name": (
        "mlinfra: 1\nname: demo\nowner: ${var.x}\n" + AFTER,
        [
            ("expression-not-here", 3, 8, "`owner` takes a value, not an expression"),
        ],
    ),
    "environment-name": (
        OTHER + "  Dev-1: {region: eu-west-1}\n",
        [
            ("wrong-name", 6, 3, "`Dev-1` is not a name here: a name looks like `dev` or `production`"),
        ],
    ),
    "no-region": (
        OTHER + "  dev: {}\n",
        [
            ("missing-field", 6, 3, "environment `dev` needs `region`"),
        ],
    ),
    "null-environment": (
        OTHER + "  dev:\n",
        [
            ("missing-field", 6, 3, "environment `dev` needs `region`"),
        ],
    ),
    "unknown-region": (
        OTHER + "  dev: {region: eu-wset-1}\n",
        [
            ("unknown-region", 6, 17, "there is no region `eu-wset-1`"),
        ],
    ),
    "account-number": (
        OTHER + "  dev: {region: eu-west-1, account: 111111111111}\n",
        [
            ("invalid-value", 6, 37, '`account`: an account is text: put the 12 digits into quotes ("111111111111")'),
        ],
    ),
    "account-short": (
        OTHER + '  dev: {region: eu-west-1, account: "1234"}\n',
        [
            ("invalid-value", 6, 37, "`account`: an account is 12 digits in quotes"),
        ],
    ),
    "protected-yes": (
        OTHER + "  dev: {region: eu-west-1, protected: yes}\n",
        [
            ("wrong-type", 6, 39, "`protected` takes true or false, not text `yes`"),
        ],
    ),
    "environment-key": (
        OTHER + "  dev: {region: eu-west-1, buget: {monthly_usd: 5}}\n",
        [
            ("unknown-field", 6, 28, "`buget` is not a field of an environment"),
        ],
    ),
    "budget-text": (
        OTHER + "  dev: {region: eu-west-1, budget: {monthly_usd: $5}}\n",
        [
            ("invalid-value", 6, 50, "`monthly_usd`: an amount is a number, without currency and quotes"),
        ],
    ),
    "budget-zero": (
        OTHER + "  dev: {region: eu-west-1, budget: {monthly_usd: 0}}\n",
        [
            ("out-of-range", 6, 50, "`monthly_usd` is more than 0, not `0`"),
        ],
    ),
    "state": (
        OTHER + "  dev: {region: eu-west-1, state: ftp://x}\n",
        [
            (
                "wrong-format",
                6,
                35,
                "`state` looks like `s3://my-state/platform?region=eu-west-1` or `https://api.pulumi.com`, not `ftp://x`",
            ),
        ],
    ),
    "secrets": (
        OTHER + "  dev: {region: eu-west-1, secrets: vault}\n",
        [
            (
                "wrong-format",
                6,
                37,
                "`secrets` looks like `passphrase` or `awskms://alias/my-key?region=eu-west-1`, not `vault`",
            ),
        ],
    ),
    "assume-role": (
        OTHER + "  dev: {region: eu-west-1, assume_role: deployer}\n",
        [
            (
                "wrong-format",
                6,
                41,
                "`assume_role` looks like `arn:aws:iam::123456789012:role/deployer`, not `deployer`",
            ),
        ],
    ),
    "boundary": (
        OTHER + "  dev: {region: eu-west-1, permissions_boundary: b}\n",
        [
            ("unknown-component", 6, 50, "`b` is neither the ARN of a policy nor a component"),
        ],
    ),
    "boundary-kind": (
        OTHER + "  dev: {region: eu-west-1, permissions_boundary: a}\n",
        [
            ("wrong-component", 6, 50, "`a` is of kind `net`, not `permissions_boundary`"),
        ],
    ),
    "waiver-reason": (
        OTHER + "  dev: {region: eu-west-1, waivers: [{rule: x, expires: 2027-01-01}]}\n",
        [
            ("missing-field", 6, 38, "`waivers[0]` needs `reason`"),
        ],
    ),
    "waiver-date": (
        OTHER + "  dev: {region: eu-west-1, waivers: [{rule: x, reason: because it is so, expires: soon}]}\n",
        [
            ("invalid-value", 6, 83, "`expires`: a date is written YYYY-MM-DD"),
        ],
    ),
    "overlay-unknown-component-field": (
        OTHER + "  dev: {region: eu-west-1, components: {a: {zone: 2}}}\n",
        [
            ("unknown-field", 6, 45, "`zone` is not a field of kind `net`"),
        ],
    ),
    "overlay-new-without-kind": (
        OTHER + "  dev: {region: eu-west-1, components: {b: {zones: 2}}}\n",
        [
            ("missing-field", 6, 41, "component `b` needs `kind`"),
        ],
    ),
    "expression-in-environment": (
        OTHER + '  dev: {region: "${var.r}"}\n',
        [
            ("expression-not-here", 6, 17, "`region` takes a value, not an expression"),
        ],
    ),
    "other-environment": (
        OTHER + '  dev: {region: eu-west-1}\n  prod: {region: eu-west-1, acount: "1"}\n',
        [
            ("unknown-field", 7, 29, "`acount` is not a field of `prod`"),
        ],
    ),
    "variable-type": (
        "mlinfra: 1\nname: demo\nvariables: {x: {type: text}}\n" + AFTER,
        [
            ("not-allowed", 3, 23, "`type` takes `string`, `integer`, `number`, `boolean` or `list`, not `text`"),
        ],
    ),
    "variable-name": (
        "mlinfra: 1\nname: demo\nvariables: {X-y: {default: a}}\n" + AFTER,
        [
            ("wrong-name", 3, 13, "`X-y` is not a name here: a name looks like `instance_type`"),
        ],
    ),
    "variable-missing": (
        "mlinfra: 1\nname: demo\nvariables: {x: {}}\n" + AFTER,
        [
            ("missing-variable", 3, 13, "variable `x` has no value"),
        ],
    ),
    "variable-default-type": (
        "mlinfra: 1\nname: demo\nvariables: {x: {type: integer, default: many}}\n" + AFTER,
        [
            ("wrong-type", 3, 41, "variable `x` takes a whole number, not `many`"),
        ],
    ),
    "variable-default-number": (
        "mlinfra: 1\nname: demo\nvariables: {x: {default: 1.30}}\n" + AFTER,
        [
            ("wrong-type", 3, 26, "variable `x` takes text, not `1.3`"),
        ],
    ),
    "variable-allowed": (
        "mlinfra: 1\nname: demo\nvariables: {x: {default: c, allowed: [a, b]}}\n" + AFTER,
        [
            ("not-allowed", 3, 26, "variable `x` cannot be `c`"),
        ],
    ),
    "variable-unknown": (
        COMPONENTS + '  a: {kind: net, description: "${var.nothing}"}\n',
        [
            ("unknown-variable", 5, 32, "`${var.nothing}`: there is no variable `nothing`"),
        ],
    ),
    "variable-near": (
        'mlinfra: 1\nname: demo\nvariables: {instance: {default: a}}\nenvironments: {dev: {region: eu-west-1}}\ncomponents:\n  a: {kind: net, description: "${var.instnace}"}\n',
        [
            ("unknown-variable", 6, 32, "`${var.instnace}`: there is no variable `instnace`"),
        ],
    ),
    "variable-of-environment": (
        "mlinfra: 1\nname: demo\nenvironments: {dev: {region: eu-west-1, variables: {y: 1}}}\ncomponents:\n  a: {kind: net}\n",
        [
            ("unknown-variable", 3, 53, "there is no variable `y`"),
        ],
    ),
    "list-in-text": (
        'mlinfra: 1\nname: demo\nvariables: {x: {type: list, default: [a]}}\nenvironments: {dev: {region: eu-west-1}}\ncomponents:\n  a: {kind: net, description: "x ${var.x}"}\n',
        [
            ("list-in-text", 6, 34, "`${var.x}` is a list and cannot stand inside of text"),
        ],
    ),
    "variable-in-integer": (
        'mlinfra: 1\nname: demo\nvariables: {x: {default: many}}\nenvironments: {dev: {region: eu-west-1}}\ncomponents:\n  a: {kind: net, zones: "${var.x}"}\n',
        [
            ("wrong-type", 6, 25, "`zones` takes a whole number, not `many`"),
        ],
    ),
    "component-name": (
        COMPONENTS + "  My-Net: {kind: net}\n",
        [
            ("wrong-name", 5, 3, "`My-Net` is not a name of a component"),
        ],
    ),
    "component-reserved": (
        COMPONENTS + "  env: {kind: net}\n",
        [
            ("reserved-name", 5, 3, "a component cannot be called `env`: the word means something else"),
        ],
    ),
    "component-none": (
        COMPONENTS + "  none: {kind: net}\n",
        [
            ("reserved-name", 5, 3, "a component cannot be called `none`: the word means something else"),
        ],
    ),
    "component-text": (
        COMPONENTS + "  a: net\n",
        [
            ("wrong-type", 5, 3, "component `a` takes a mapping, not `net`"),
        ],
    ),
    "component-null": (
        COMPONENTS + "  a:\n",
        [
            ("wrong-type", 5, 3, "component `a` takes a mapping, not `null`"),
        ],
    ),
    "no-kind": (
        COMPONENTS + "  a: {zones: 2}\n",
        [
            ("missing-field", 5, 3, "component `a` needs `kind`"),
        ],
    ),
    "unknown-kind": (
        COMPONENTS + "  a: {kind: stoer}\n",
        [
            ("unknown-kind", 5, 13, "there is no kind `stoer`"),
        ],
    ),
    "kind-number": (
        COMPONENTS + "  a: {kind: 5}\n",
        [
            ("wrong-type", 5, 13, "`kind` takes the name of a kind, not `5`"),
        ],
    ),
    "kind-expression": (
        COMPONENTS + '  a: {kind: "${var.k}"}\n',
        [
            ("expression-not-here", 5, 13, "`kind` is written out"),
        ],
    ),
    "unknown-field": (
        COMPONENTS + "  a: {kind: net, zoens: 2}\n",
        [
            ("unknown-field", 5, 18, "`zoens` is not a field of kind `net`"),
        ],
    ),
    "integer-text": (
        COMPONENTS + '  a: {kind: net, zones: "2"}\n',
        [
            ("wrong-type", 5, 25, "`zones` takes a whole number, not text `2`"),
        ],
    ),
    "integer-word": (
        COMPONENTS + "  a: {kind: net, zones: two}\n",
        [
            ("wrong-type", 5, 25, "`zones` takes a whole number, not `two`"),
        ],
    ),
    "integer-true": (
        COMPONENTS + "  a: {kind: net, zones: true}\n",
        [
            ("wrong-type", 5, 25, "`zones` takes a whole number, not `true`"),
        ],
    ),
    "integer-range": (
        COMPONENTS + "  a: {kind: net, zones: 9}\n",
        [
            ("out-of-range", 5, 25, "`zones` is at most 6, not `9`"),
        ],
    ),
    "literal": (
        COMPONENTS + "  a: {kind: net, nat: singel}\n",
        [
            ("not-allowed", 5, 23, "`nat` takes `none`, `single` or `per_zone`, not `singel`"),
        ],
    ),
    "literal-null-ok-number": (
        COMPONENTS + "  a: {kind: net, nat: 5}\n",
        [
            ("not-allowed", 5, 23, "`nat` takes `none`, `single` or `per_zone`, not `5`"),
        ],
    ),
    "required-field": (
        COMPONENTS + "  a: {kind: server}\n",
        [
            ("missing-field", 5, 3, "kind `server` needs `instance_type`"),
        ],
    ),
    "nested-unknown": (
        COMPONENTS
        + "  a:\n    kind: store\n    groups:\n      tx: {record_id: id, features: {a: string}, record: 1}\n",
        [
            ("unknown-field", 8, 50, "`record` is not a field of `tx`"),
        ],
    ),
    "nested-missing": (
        COMPONENTS + "  a:\n    kind: store\n    groups:\n      tx: {features: {a: string}}\n",
        [
            ("missing-field", 8, 7, "`tx` needs `record_id`"),
        ],
    ),
    "nested-pattern": (
        COMPONENTS + "  a:\n    kind: store\n    groups:\n      tx: {record_id: ID-1, features: {a: string}}\n",
        [
            ("wrong-format", 8, 23, "`record_id` has the form `^[a-z_]+$`, not `ID-1`"),
        ],
    ),
    "nested-empty": (
        COMPONENTS + "  a:\n    kind: store\n    groups:\n      tx: {record_id: id, features: {}}\n",
        [
            ("wrong-length", 8, 27, "`features` has at least one entry, and this has none"),
        ],
    ),
    "nested-literal": (
        COMPONENTS + "  a:\n    kind: store\n    groups:\n      tx: {record_id: id, features: {a: strng}}\n",
        [
            ("not-allowed", 8, 41, "`a` takes `string` or `fractional`, not `strng`"),
        ],
    ),
    "list-for-mapping": (
        COMPONENTS + "  a: {kind: store, groups: [tx]}\n",
        [
            ("wrong-type", 5, 20, "`groups` takes a mapping, not a list"),
        ],
    ),
    "text-for-list": (
        COMPONENTS + "  a: {kind: store, groups: {}, zones: raw}\n",
        [
            ("wrong-type", 5, 39, "`zones` takes a list, not `raw`"),
        ],
    ),
    "item-type": (
        COMPONENTS + "  a: {kind: store, groups: {}, zones: [raw, 5]}\n",
        [
            ("wrong-type", 5, 45, "`zones` takes text, not `5`"),
        ],
    ),
    "bool-yes": (
        COMPONENTS + "  a: {kind: store, groups: {}, online: yes}\n",
        [
            ("wrong-type", 5, 40, "`online` takes true or false, not text `yes`"),
        ],
    ),
    "bool-one": (
        COMPONENTS + "  a: {kind: store, groups: {}, online: 1}\n",
        [
            ("wrong-type", 5, 40, "`online` takes true or false, not `1`"),
        ],
    ),
    "union": (
        COMPONENTS + "  a: {kind: store, groups: {}, size: {a: b}}\n",
        [
            ("wrong-type", 5, 32, "`size` takes a whole number or a list, not a mapping"),
        ],
    ),
    "union-item": (
        COMPONENTS + "  a: {kind: store, groups: {}, size: [a, 5]}\n",
        [
            ("wrong-type", 5, 42, "`size` takes text, not `5`"),
        ],
    ),
    "range-order": (
        COMPONENTS + "  a: {kind: store, groups: {}, expected: {min: 3, expected: 2, max: 1}}\n",
        [
            ("invalid-value", 5, 32, "`expected`: min 3, expected 2, max 1 must not decrease"),
        ],
    ),
    "range-partial": (
        COMPONENTS + "  a: {kind: store, groups: {}, expected: {min: 3}}\n",
        [
            ("missing-field", 5, 32, "`expected` needs `expected`"),
            ("missing-field", 5, 32, "`expected` needs `max`"),
        ],
    ),
    "version-float": (
        COMPONENTS + "  n: {kind: net}\n  a: {kind: cluster, version: 1.30}\n",
        [
            ("wrong-type", 6, 31, "`version` takes text, not `1.3`"),
        ],
    ),
    "tags-list": (
        COMPONENTS + "  a: {kind: net, tags: [a]}\n",
        [
            ("wrong-type", 5, 18, "`tags` takes a mapping, not a list"),
        ],
    ),
    "overrides-reference": (
        COMPONENTS + '  n: {kind: net}\n  a: {kind: net, overrides: {a: {x: "${n.vpc_id}"}}}\n',
        [
            (
                "reference-not-accepted",
                6,
                37,
                "`overrides` takes values that are known before anything exists, not `${n.vpc_id}`",
            ),
        ],
    ),
    "layer-fixed": (
        COMPONENTS + "  a: {kind: net, layer: cluster}\n",
        [
            ("layer-fixed", 5, 18, "kind `net` is always in layer `foundation`"),
        ],
    ),
    "layer-unknown": (
        COMPONENTS + "  n: {kind: net}\n  c: {kind: cluster}\n  a: {kind: chart, layer: platfrom}\n",
        [
            ("not-allowed", 7, 27, "`layer` takes `platform` or `workloads`, not `platfrom`"),
        ],
    ),
    "access-key": (
        COMPONENTS + "  a: {kind: net, description: AKIA" + "IOSFODNN7EXAMPLE}\n",
        [
            ("credential", 5, 31, "this looks like an AWS access key; a blueprint names secrets, it never holds them"),
        ],
    ),
    "secret-value": (
        COMPONENTS
        + "  a:\n    kind: server\n    instance_type: ml.g5.xlarge\n    token: {secret: hunter2-is-my-token}\n",
        [
            (
                "invalid-value",
                8,
                21,
                "`secret`: a secret is `aws-secretsmanager://name#key` or `env://NAME`, never the value itself",
            ),
        ],
    ),
    "secret-text": (
        COMPONENTS + "  a:\n    kind: server\n    instance_type: ml.g5.xlarge\n    token: plain\n",
        [
            ("wrong-type", 8, 12, "`token` takes a mapping, not `plain`"),
        ],
    ),
    "unclosed": (
        COMPONENTS + '  a: {kind: net, description: "x ${var.x"}\n',
        [
            ("bad-expression", 5, 34, "`${` is not closed"),
        ],
    ),
    "empty-expression": (
        COMPONENTS + '  a: {kind: net, description: "${}"}\n',
        [
            ("bad-expression", 5, 32, "`${}` names nothing"),
        ],
    ),
    "arithmetic": (
        COMPONENTS + '  a: {kind: net, description: "${var.x + 1}"}\n',
        [
            ("bad-expression", 5, 32, "`x + 1` is not a name"),
        ],
    ),
    "double-dot": (
        COMPONENTS + '  a: {kind: net, description: "${var..x}"}\n',
        [
            ("bad-expression", 5, 32, "`var..x` has an empty name"),
        ],
    ),
    "env-name": (
        COMPONENTS + '  a: {kind: net, description: "${env.nmae}"}\n',
        [
            ("unknown-name", 5, 32, "`${env.nmae}`: `env` has no `nmae`"),
        ],
    ),
    "blueprint-name": (
        COMPONENTS + '  a: {kind: net, description: "${blueprint.owner}"}\n',
        [
            ("unknown-name", 5, 32, "`${blueprint.owner}`: `blueprint` has no `owner`"),
        ],
    ),
    "key-expression": (
        COMPONENTS + '  a: {kind: net, tags: {"${env.name}": x}}\n',
        [
            ("expression-not-here", 5, 25, "a key cannot be an expression"),
        ],
    ),
    "unknown-component": (
        COMPONENTS + '  n: {kind: net}\n  a: {kind: job, input: "${m.vpc_id}"}\n',
        [
            ("unknown-component", 6, 26, "`${m.vpc_id}`: there is no component `m`"),
        ],
    ),
    "unknown-output": (
        COMPONENTS + '  n: {kind: net}\n  a: {kind: job, input: "${n.vpc}"}\n',
        [
            ("unknown-output", 6, 26, "`${n.vpc}`: `n` (kind `net`) has no output `vpc`"),
        ],
    ),
    "no-output": (
        COMPONENTS + '  n: {kind: net}\n  a: {kind: job, input: "${n}"}\n',
        [
            ("unknown-output", 6, 26, "`${n}`: say which output of `n` (kind `net`)"),
        ],
    ),
    "output-type": (
        COMPONENTS + '  n: {kind: net}\n  a: {kind: job, input: "${n.subnet_ids}"}\n',
        [
            ("wrong-reference", 6, 25, "`${n.subnet_ids}` gives a list, and this field takes text"),
        ],
    ),
    "output-integer": (
        COMPONENTS + '  n: {kind: net}\n  a: {kind: job, steps: "${n.vpc_id}"}\n',
        [
            ("wrong-reference", 6, 25, "`${n.vpc_id}` gives text, and this field takes a whole number"),
        ],
    ),
    "output-in-text-integer": (
        COMPONENTS + '  n: {kind: net}\n  a: {kind: job, steps: "1${n.vpc_id}"}\n',
        [
            ("wrong-reference", 6, 25, "`1${n.vpc_id}` gives text, and this field takes a whole number"),
        ],
    ),
    "output-below-text": (
        COMPONENTS + '  n: {kind: net}\n  a: {kind: job, input: "${n.vpc_id.x}"}\n',
        [
            ("unknown-output", 6, 26, "`${n.vpc_id.x}`: `vpc_id` is a single value, and nothing is below it"),
        ],
    ),
    "output-key": (
        COMPONENTS
        + '  s: {kind: store, groups: {tx: {record_id: id, features: {a: string}}}}\n  a: {kind: job, input: "${s.groups.tz.name}"}\n',
        [
            ("unknown-output", 6, 26, "`s` has no `tz` in `groups`"),
        ],
    ),
    "output-default-key": (
        COMPONENTS + '  s: {kind: store, groups: {}}\n  a: {kind: job, input: "${s.zones.row.name}"}\n',
        [
            ("unknown-output", 6, 26, "`s` has no `row` in `zones`"),
        ],
    ),
    "output-no-key": (
        COMPONENTS + '  s: {kind: store, groups: {}}\n  a: {kind: job, input: "${s.zones}"}\n',
        [
            ("unknown-output", 6, 26, "`${s.zones}`: `zones` has one entry per key: say which"),
        ],
    ),
    "output-group": (
        COMPONENTS + '  s: {kind: store, groups: {}}\n  a: {kind: job, input: "${s.zones.raw}"}\n',
        [
            ("unknown-output", 6, 26, "`${s.zones.raw}`: `raw` holds several outputs: say which"),
        ],
    ),
    "output-below-group": (
        COMPONENTS + '  s: {kind: store, groups: {}}\n  a: {kind: job, input: "${s.zones.raw.nam}"}\n',
        [
            ("unknown-output", 6, 26, "`${s.zones.raw.nam}`: `s.zones.raw` has no output `nam`"),
        ],
    ),
    "reference-in-plain": (
        COMPONENTS + '  n: {kind: net}\n  a: {kind: job, image: "${n.vpc_id}"}\n',
        [
            (
                "reference-not-accepted",
                6,
                25,
                "`image` takes a value that is known before anything exists, not `${n.vpc_id}`",
            ),
        ],
    ),
    "reference-in-integer": (
        COMPONENTS + '  n: {kind: net}\n  a: {kind: net, zones: "${n.vpc_id}"}\n',
        [
            (
                "reference-not-accepted",
                6,
                25,
                "`zones` takes a value that is known before anything exists, not `${n.vpc_id}`",
            ),
        ],
    ),
    "reference-self": (
        COMPONENTS + '  a: {kind: job, input: "${a.arn}"}\n',
        [
            ("cycle", 5, 25, "`a` uses its own output `a.arn`"),
        ],
    ),
    "reference-cycle": (
        COMPONENTS + '  a: {kind: job, input: "${b.arn}"}\n  b: {kind: job, input: "${a.arn}"}\n',
        [
            ("cycle", 5, 3, "components need each other in a circle: `a` → `b` → `a`"),
        ],
    ),
    "reference-later": (
        COMPONENTS + '  n: {kind: net}\n  c: {kind: cluster}\n  a: {kind: job, input: "${c.name}"}\n',
        [
            ("later-layer", 7, 25, "`c` is in layer `cluster`, which comes after `foundation`, the layer of `a`"),
        ],
    ),
    "missing-need": (
        COMPONENTS + "  a: {kind: cluster}\n",
        [
            ("missing-need", 5, 3, "`a` (kind `cluster`) needs a `network`"),
        ],
    ),
    "ambiguous-need": (
        COMPONENTS + "  n: {kind: net}\n  m: {kind: net}\n  a: {kind: cluster}\n",
        [
            ("ambiguous-need", 7, 3, "`network` of `a` could be `n` or `m`"),
        ],
    ),
    "ambiguous-optional": (
        COMPONENTS + "  n: {kind: net}\n  m: {kind: net}\n  a: {kind: store, groups: {}}\n",
        [
            ("ambiguous-need", 7, 3, "`network` of `a` could be `n` or `m`"),
        ],
    ),
    "need-unknown": (
        COMPONENTS + "  main: {kind: net}\n  a: {kind: cluster, network: mian}\n",
        [
            ("unknown-component", 6, 31, "there is no component `mian`"),
        ],
    ),
    "need-wrong-kind": (
        COMPONENTS + "  n: {kind: net}\n  s: {kind: store, groups: {}}\n  a: {kind: cluster, network: s}\n",
        [
            ("wrong-component", 7, 31, "`network` of kind `cluster` cannot be `s`, which is of kind `store`"),
        ],
    ),
    "need-none": (
        COMPONENTS + "  n: {kind: net}\n  a: {kind: cluster, network: none}\n",
        [
            ("need-required", 6, 31, "`network` cannot be `none`: kind `cluster` needs it"),
        ],
    ),
    "need-null": (
        COMPONENTS + "  n: {kind: net}\n  a: {kind: cluster, network: }\n",
        [
            ("wrong-type", 6, 31, "`network` takes the name of a component, not `null`"),
        ],
    ),
    "need-reference": (
        COMPONENTS + '  n: {kind: net}\n  a: {kind: cluster, network: "${n.vpc_id}"}\n',
        [
            ("wrong-type", 6, 31, "`network` takes the name of a component, not `${n.vpc_id}`"),
        ],
    ),
    "need-list": (
        COMPONENTS + "  n: {kind: net}\n  a: {kind: cluster, network: [n]}\n",
        [
            ("wrong-type", 6, 22, "`network` takes the name of a component, not a list"),
        ],
    ),
    "list-need-text": (
        COMPONENTS + "  n: {kind: net}\n  a: {kind: server, instance_type: ml.g5.xlarge, networks: n}\n",
        [
            ("wrong-type", 6, 60, "`networks` takes a list of components, not `n`"),
        ],
    ),
    "list-need-twice": (
        COMPONENTS + "  n: {kind: net}\n  a: {kind: server, instance_type: ml.g5.xlarge, networks: [n, n]}\n",
        [
            ("named-twice", 6, 50, "`networks` names a component twice"),
        ],
    ),
    "list-need-unknown": (
        COMPONENTS + "  n: {kind: net}\n  a: {kind: server, instance_type: ml.g5.xlarge, networks: [n, m]}\n",
        [
            ("unknown-component", 6, 64, "there is no component `m`"),
        ],
    ),
    "existing-missing": (
        COMPONENTS + "  n: {kind: net, existing: {vpc_id: vpc-1}}\n",
        [
            ("missing-field", 5, 18, "`existing` of kind `net` needs `subnet_ids`"),
        ],
    ),
    "existing-unknown": (
        COMPONENTS + "  n: {kind: net, existing: {vpc_id: vpc-1, subnet_ids: [a], subnets: [b]}}\n",
        [
            ("unknown-field", 5, 61, "`subnets` is not a field of `existing` of kind `net`"),
        ],
    ),
    "existing-type": (
        COMPONENTS + "  n: {kind: net, existing: {vpc_id: 5, subnet_ids: subnet-1}}\n",
        [
            ("wrong-type", 5, 37, "`vpc_id` takes text, not `5`"),
            ("wrong-type", 5, 52, "`subnet_ids` takes a list, not `subnet-1`"),
        ],
    ),
    "existing-beside": (
        COMPONENTS + "  n: {kind: net, zones: 2, existing: {vpc_id: vpc-1, subnet_ids: [a]}}\n",
        [
            ("beside-existing", 5, 18, "`zones` cannot stand beside `existing`: nothing is created"),
        ],
    ),
    "existing-null": (
        COMPONENTS + "  n: {kind: net, existing: }\n",
        [
            ("wrong-type", 5, 28, "`existing` takes a mapping, not `null`"),
        ],
    ),
    "existing-nested": (
        COMPONENTS + "  s: {kind: store, existing: {arn: arn:aws:x:::x, groups: {tx: {name: a}}, zones: {}}}\n",
        [
            ("missing-field", 5, 60, "`tx` needs `count`"),
        ],
    ),
    "existing-requires": (
        COMPONENTS + "  c: {kind: cluster, existing: {name: x}}\n  a: {kind: server, instance_type: ml.g5.xlarge}\n",
        [
            ("existing-lacks", 5, 22, "`existing` of `c` needs `oidc_arn`: `a` (kind `server`) relies on it"),
        ],
    ),
    "existing-optional-used": (
        COMPONENTS
        + '  n: {kind: net, existing: {vpc_id: vpc-1, subnet_ids: [a]}}\n  a: {kind: job, input: "${n.zone_subnets.x}"}\n',
        [
            ("existing-lacks", 6, 26, "`existing` of `n` does not say `zone_subnets`"),
        ],
    ),
    "existing-key": (
        COMPONENTS
        + '  s: {kind: store, existing: {arn: arn:aws:x:::x, groups: {tx: {name: a, count: 1}}, zones: {}}}\n  a: {kind: job, input: "${s.groups.ty.name}"}\n',
        [
            ("unknown-output", 6, 26, "`s` has no `ty` in `groups`"),
        ],
    ),
    "access-unknown": (
        COMPONENTS + "  s: {kind: store, groups: {}}\n  a: {kind: job, access: {t: read}}\n",
        [
            ("unknown-component", 6, 27, "there is no component `t`"),
        ],
    ),
    "access-level": (
        COMPONENTS + "  s: {kind: store, groups: {}}\n  a: {kind: job, access: {s: raed}}\n",
        [
            ("unknown-level", 6, 30, "access to `s` is `read` or `write`, not `raed`"),
        ],
    ),
    "access-no-levels": (
        COMPONENTS + "  n: {kind: net}\n  a: {kind: job, access: {n: read}}\n",
        [
            ("no-levels", 6, 27, "access to `n` (kind `net`) cannot be granted"),
        ],
    ),
    "access-no-role": (
        COMPONENTS + "  s: {kind: store, groups: {}}\n  a: {kind: net, access: {s: read}}\n",
        [
            ("no-role", 6, 18, "kind `net` has no role that `access` could extend"),
        ],
    ),
    "access-self": (
        COMPONENTS + "  a: {kind: job, access: {a: invoke}}\n",
        [
            ("access-to-itself", 5, 27, "`a` cannot be given access to itself"),
        ],
    ),
    "access-late-no-role": (
        COMPONENTS + "  n: {kind: net}\n  c: {kind: cluster}\n  a: {kind: job, access: {c: connect}}\n",
        [
            (
                "late-access",
                7,
                27,
                "`a` cannot be given access to `c`: `c` is in a later layer, and kind `job` names no role to extend afterwards",
            ),
        ],
    ),
    "access-cycle-no-role": (
        COMPONENTS + '  a: {kind: job, access: {b: invoke}}\n  b: {kind: job, input: "${a.arn}"}\n',
        [
            (
                "late-access",
                5,
                27,
                "`a` cannot be given access to `b`: `b` needs `a` itself, and kind `job` names no role to extend afterwards",
            ),
        ],
    ),
    "access-list": (
        COMPONENTS + "  a: {kind: job, access: [b]}\n",
        [
            ("wrong-type", 5, 18, "`access` takes a mapping, not a list"),
        ],
    ),
}
