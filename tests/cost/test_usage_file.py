import pytest
from pricing_graphs import amount, graph, node, urn

from mlinfra.cost.usage import resolve
from mlinfra.cost.usage_file import load
from mlinfra.errors import PriceError

BUCKET = "aws:s3/bucket:Bucket"


def written(tmp_path, text):
    path = tmp_path / "usage.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_most_specific_wins_key_by_key(tmp_path):
    path = written(
        tmp_path,
        f"""mlinfra_usage: 1
resources:
  {urn(BUCKET, "lake")}: {{a: 5}}
  "{BUCKET}::lake": {{a: 4, b: 4}}
  "la*": {{a: 3, b: 3, c: 3}}
  "*": {{a: 2, b: 2, c: 2, d: 2}}
  {BUCKET}: {{a: 1, b: 1, c: 1, d: 1, e: {{min: 1, expected: 2, max: 3}}}}
""",
    )
    found = resolve(graph(node(BUCKET, "lake", {"a": 0, "f": 0})), load(path))
    assert found == {
        urn(BUCKET, "lake"): {
            "a": amount(5),
            "b": amount(4),
            "c": amount(3),
            "d": amount(2),
            "e": amount((1, 2, 3)),
            "f": amount(0),
        }
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mlinfra_usage: 2\nresources: {}\n", "1: a usage file has `mlinfra_usage: 1` and `resources:`; this one has mlinfra_usage, resources"),
        ("", "1: the usage file is not a mapping"),
        ("mlinfra_usage: 1\nresources:\n  x:\n    a: much\n", "4: `a` is `much`; allowed: a number, zero or more"),
        ("mlinfra_usage: 1\nresources:\n  x:\n    a: -1\n", "4: `a` is `-1`; allowed: a number, zero or more"),
        ("mlinfra_usage: 1\nresources:\n  x:\n    a: {min: 2, expected: 1, max: 3}\n", "4: `a`: 2, 1, 3 do not ascend from min to max"),
        ("mlinfra_usage: 1\nresources:\n  x:\n    a: {min: 2}\n", "4: `a` has min; allowed: a number, or min, expected and max"),
        ("mlinfra_usage: 1\nresources:\n  x: 3\n", "3: x is not a mapping"),
        ("mlinfra_usage: 1\nresources:\n  x: {a: 1}\n  x: {a: 2}\n", "4: `x` is given twice"),
        ("mlinfra_usage: [\n", "2: not YAML: expected the node content, but found '<stream end>'"),
    ],
)  # fmt: skip
def test_errors_point_at_their_line(tmp_path, text, message):
    path = written(tmp_path, text)
    with pytest.raises(PriceError) as raised:
        load(path)
    assert raised.value.message == f"{path}:{message}"
