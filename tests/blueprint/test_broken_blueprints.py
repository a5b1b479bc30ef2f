from __future__ import annotations

import re
from pathlib import Path

import pytest
from blueprint.broken import BROKEN
from blueprint.made_up import KINDS

from mlinfra import blueprint as room
from mlinfra import program
from mlinfra.blueprint import load_text
from mlinfra.blueprint.codes import CODES
from mlinfra.errors import BlueprintError, UsageError

HEAD = "mlinfra: 1\nname: demo\nenvironments: {dev: {region: eu-west-1}}\ncomponents:\n"


@pytest.mark.parametrize("case", BROKEN)
def test_everything_wrong_is_said_with_its_place(case: str) -> None:
    text, findings = BROKEN[case]

    with pytest.raises(BlueprintError) as caught:
        load_text(text, kinds=KINDS)

    assert [(d.code, d.line, d.column, d.message) for d in caught.value.diagnostics] == findings


def test_all_errors_come_at_once_in_the_order_of_the_file() -> None:
    with pytest.raises(BlueprintError) as caught:
        load_text(
            "mlinfra: 1\nname: Demo\nenvironments: {dev: {region: mars}}\ncomponents:\n"
            "  a: {kind: net, zones: 9}\n  b: {kind: stroe}\n  c: {kind: job, input: '${a.vpc}', store: x}\n",
            kinds=KINDS,
        )

    assert [(d.code, d.line) for d in caught.value.diagnostics] == [
        ("wrong-format", 2),
        ("unknown-region", 3),
        ("out-of-range", 5),
        ("unknown-kind", 6),
        ("unknown-output", 7),
        ("unknown-component", 7),
    ]


SECRETS = {
    "access key": "AKIA" + "IOSFODNN7EXAMPLE",
    "secret key": "wJalrXUtnFEMI/K7MDENG" + "/bPxRfiCYEXAMPLEKEY",
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "github": "ghp_" + "a1B2" * 9,
    "gitlab": "glpat-" + "a1B2" * 5,
    "slack": "xoxb-" + "1234567890-abcdef",
    "hugging face": "hf_" + "a1B2" * 8,
    "api": "sk-" + "proj-a1B2" * 5,
    "jwt": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0.abc",
    "url": "postgres://user:" + "hunter2@db/x",
}


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize(
    "line",
    ["description: '{}'", "zones: '{}'", "nat: '{}'", "'{}': 1", "tags: {{a: '{}'}}", "description: '${{{}}}'"],
)
def test_credentials_are_refused_wherever_they_stand_and_never_repeated(name: str, line: str) -> None:
    secret = SECRETS[name]

    with pytest.raises(BlueprintError) as caught:
        load_text(HEAD + "  a:\n    kind: net\n    " + line.format(secret) + "\n", kinds=KINDS)

    assert "credential" in {d.code for d in caught.value.diagnostics}
    assert secret not in repr(caught.value.diagnostics) + str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",  # a commit
        "s3://models/llama/weights/of/the/best/model/ever",
        "arn:aws:iam::111111111111:role/AmazonSageMakerExecutionRoleForEveryone",
        "sk-learn-is-a-library-for-python",
        "111111111111.dkr.ecr.eu-west-1.amazonaws.com/training/image:latest",
    ],
)
def test_what_only_resembles_a_credential_is_taken(text: str) -> None:
    found = load_text(HEAD + f"  a: {{kind: net, description: '{text}'}}\n", kinds=KINDS)

    assert found.components["a"].description == text


def test_a_credential_in_an_environment_variable_is_refused() -> None:
    text = (
        HEAD.replace("environments", "variables: {x: {}}\nenvironments") + "  a: {kind: net, description: '${var.x}'}\n"
    )

    with pytest.raises(BlueprintError) as caught:
        load_text(text, kinds=KINDS, environ={"MLINFRA_VAR_x": SECRETS["access key"]})

    assert caught.value.diagnostics[0].code == "credential"
    assert SECRETS["access key"] not in repr(caught.value.diagnostics)


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("setting", ["components.a.description={}", "components.a.tags={{x: '{}'}}", "{}"])
def test_a_credential_on_the_command_line_is_refused_and_never_repeated(name: str, setting: str) -> None:
    with pytest.raises(BlueprintError) as caught:
        load_text(HEAD + "  a: {kind: net}\n", kinds=KINDS, sets=[setting.format(SECRETS[name])])

    assert [d.code for d in caught.value.diagnostics] == ["credential"]
    assert SECRETS[name] not in repr(caught.value.diagnostics) + str(caught.value)


def test_only_keys_that_the_kind_takes_are_offered() -> None:
    def offered(component: str) -> str | None:
        with pytest.raises(BlueprintError) as caught:
            load_text(HEAD + f"  a: {{kind: {component}, qqqq: 1}}\n", kinds=KINDS)
        return caught.value.diagnostics[0].hint

    assert offered("net") == "fields: `description`, `existing`, `nat`, `overrides`, `tags` and `zones`"
    assert "`access`" in str(offered("job"))


def test_codes_in_the_table_are_those_that_the_room_uses() -> None:
    files = [path for path in sorted(Path(room.__file__).parent.glob("*.py")) if path.name != "codes.py"]
    source = "".join(path.read_text("utf-8") for path in (*files, Path(program.__file__)))
    words = set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)*)"', source)) | {"unknown-variable", "unknown-name"}

    assert sorted(code for code in CODES if code not in words) == []
    called = set(re.findall(r'(?:error|warning|note|problem|_error)\(\s*"([a-z0-9]+(?:-[a-z0-9]+)*)"', source)) | {
        code for _, findings in BROKEN.values() for code, *_ in findings
    }
    assert sorted(called - CODES.keys()) == []


@pytest.mark.parametrize(
    ("text", "wanted", "message", "hint"),
    [
        (HEAD, "pord", "there is no environment `pord`", "environments: `dev`"),
        (HEAD.replace("{dev:", "{prod: {region: us-east-1}, dev:"), None, "which environment: `prod` or `dev`?", None),
    ],
)
def test_the_environment_must_be_known(text: str, wanted: str | None, message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        load_text(text + "  a: {kind: net}\n", environment=wanted, kinds=KINDS)

    assert caught.value.message == message
    assert hint is None or caught.value.hint == hint


def test_what_a_kind_refuses_in_an_environment_is_said_where_the_component_stands() -> None:
    text = (
        "mlinfra: 1\nname: demo\nenvironments: {dev: {region: eu-west-1}, prod: {region: eu-west-1, protected: true}}\n"
        "components: {net: {kind: network}, eks: {kind: eks_cluster}}\n"
    )

    assert load_text(text, environment="dev").environment == "dev"
    with pytest.raises(BlueprintError) as caught:
        load_text(text, environment="prod")

    assert [(d.code, d.path, d.line, d.column) for d in caught.value.diagnostics] == [
        ("refused-here", "components.eks", 4, 36)
    ]
