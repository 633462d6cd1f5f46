"""Redaction: known secrets become stable placeholders, everything else stays."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_tui.capabilities.governance.redact import FAMILIES, FOLDED, PLAIN, SecretRedactor, is_suspicious

B = "0123456789abcdefABCDEF0123456789abcd"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA75\nabcd+/==\n-----END RSA PRIVATE KEY-----"
KEYS = [
    ("anthropic", f"sk-ant-api03-{B}"),
    ("openai", f"sk-{B}"),
    ("openai", f"sk-proj-{B}_-x"),
    ("openrouter", f"sk-or-v1-{B}"),
    ("github", f"ghp_{B}"),
    ("github", f"gho_{B}"),
    ("github", f"github_pat_{B}"),
    ("aws", "AKIAIOSFODNN7EXAMPLE"),
    ("google", "AIza" + B[:35]),
    ("slack", "xoxb-123456789012-abcdef"),
    ("stripe", f"sk_live_{B}"),
    ("jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"),
    ("key", PEM),
]
WRAPPED = [
    ("bearer", "Authorization: Bearer {}", "abc123def456ghi789"),
    ("url", "postgres://user:{}@host/db", "hunter2"),
    ("value", "aws_secret_access_key = {}", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("value", "API_KEY={}", "abcd1234efgh"),
    ("value", "{{'password': '{}'}}", "hunter2hunter2"),
    ("value", 'auth_token: "{}"', "abcd1234efgh"),
]


@pytest.mark.parametrize(("name", "secret"), KEYS)
@pytest.mark.parametrize("around", ["{}", "x={} y", "line\n{}\nline", '"{}"', "tab\t{},{}"])
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_key_formats(name: str, secret: str, around: str, depth: int) -> None:
    text = around.replace("{}", secret)
    for _ in range(depth):
        text = json.dumps({"text": text})
    redactor = SecretRedactor()
    clean = redactor.redact(text)
    for line in secret.split("\n"):
        assert line not in clean
    plain: str = clean
    for _ in range(depth):
        plain = json.loads(plain)["text"]
    assert plain == around.replace("{}", f"[SECRET:{name}:1]")
    assert redactor.restore(plain) == around.replace("{}", secret)
    assert redactor.redact(clean) == clean


@pytest.mark.parametrize(("name", "around", "secret"), WRAPPED)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_secrets_known_by_their_surroundings(name: str, around: str, secret: str, depth: int) -> None:
    text = around.format(secret)
    for _ in range(depth):
        text = json.dumps({"text": text})
    redactor = SecretRedactor()
    plain: str = redactor.redact(text)
    for _ in range(depth):
        plain = json.loads(plain)["text"]
    assert plain == around.format(f"[SECRET:{name}:1]")
    assert redactor.restore(plain) == around.format(secret)


def test_placeholders_are_stable() -> None:
    redactor = SecretRedactor()
    one, two = f"sk-{B}", f"sk-{B[::-1]}"
    assert redactor.redact(f"{one} {two} {one}") == "[SECRET:openai:1] [SECRET:openai:2] [SECRET:openai:1]"
    assert redactor.redact(two) == "[SECRET:openai:2]"
    assert redactor.restore("[SECRET:openai:9]") == "[SECRET:openai:9]"


def test_registered_values_in_every_escape() -> None:
    value = 'pass "word"\\ ü\n'
    redactor = SecretRedactor([value, "short"])
    once = json.dumps(value, ensure_ascii=False)
    for text in (value, once, json.dumps(once, ensure_ascii=False)):
        assert "[SECRET:registered:1]" in redactor.redact(text)
    assert redactor.redact("short") == "short"


@pytest.mark.parametrize(
    "text",
    [
        "risk-assessment-2024-for-the-whole-team",
        "sk-learn-is-a-library-with-a-long-name",
        '{"max_tokens": 4096, "key": "call-1", "tokens":123456789}',
        "password = os.environ['X']",
        "https://example.org:8080/path?x=1",
        "see http://a.b/c and mail me@example.org",
        "def f(api_key: str) -> None: ...",
        '{"goal_digest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}',
        "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
        "The bearer of this message is unknown.",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert SecretRedactor().redact(text) == text


@pytest.mark.parametrize("piece", ["sk-", "eyJ", "a_token=", "://:", "-----BEGIN PRIVATE KEY-----", "bearer ", "\\n"])
def test_hostile_text_takes_linear_time(piece: str) -> None:
    redactor = SecretRedactor()
    assert redactor.redact(piece * 20_000)


def test_a_cut_key_leaves_json_whole() -> None:
    body = json.dumps({"arguments": json.dumps({"text": PEM[:60]})})
    clean = SecretRedactor().redact(body)
    assert "MIIEpA" not in clean
    assert json.loads(json.loads(clean)["arguments"])["text"] == "[SECRET:key:1]"


PIECES = (
    *PLAIN,
    *FOLDED,
    *(secret for _, secret in KEYS),
    *(around.format(secret) for _, around, secret in WRAPPED),
    *("ghp_", "ghu_", "xoxe-", "sk_test_", "rk_live_", "github_", "pat_", "password", "token", "u:hunter22@h"),
    *("\N{KELVIN SIGN}ey", "\N{LATIN SMALL LETTER LONG S}", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"),
    *("0123456789abcdefABCD", ": ", " ", "\n", '"', "\\", *"=@_-/IA"),
)
"""What keys are made of, whole and in pieces."""


def in_some_case(piece: str) -> st.SearchStrategy[str]:
    return st.sampled_from((piece, piece.upper(), piece.title(), piece.lower()))


@given(st.lists(st.sampled_from(PIECES).flatmap(in_some_case) | st.characters(codec="utf-8"), max_size=9).map("".join))
@settings(max_examples=1_500, deadline=None)
def test_what_is_let_through_at_a_first_look_holds_no_key(text: str) -> None:
    held = {one for one in PLAIN if one in text} | {one for one in FOLDED if one in text.lower()}

    found = [one.name for one in FAMILIES if not held.isdisjoint(one.literals) and one.pattern.search(text)]

    assert is_suspicious(text) or not found


@pytest.mark.parametrize("secret", [secret for _, secret in KEYS])
@pytest.mark.parametrize("cut", [0, 1, 2])
def test_every_key_is_looked_at_twice_wherever_it_stands(secret: str, cut: int) -> None:
    assert is_suspicious(secret)
    assert is_suspicious(f"-_-kIJ@ {'x_-' * cut}{secret}{'-_k' * cut}")


@pytest.mark.parametrize("around", [around.format(secret) for _, around, secret in WRAPPED])
def test_everything_known_by_its_surroundings_is_looked_at_twice(around: str) -> None:
    assert is_suspicious(around)
    assert is_suspicious(f"-_-kIJ@ {around.upper() if '://' not in around else around} -_k")


def test_a_placeholder_whose_mark_looks_like_a_number_is_not_masked_again() -> None:
    redactor = SecretRedactor(("registered-value",), key=b"k" * 32, personal=True)

    masked = redactor.redact("it is registered-value")

    assert masked == "it is [SECRET:registered:88021153]"
    assert redactor.redact(masked) == masked
    assert redactor.restore(masked) == "it is registered-value"
